"""What earlier executions left running: threads and tasks that bind variables while another cell is at work.

Which variables those are is read off their code, so that the cell is not said to have bound them.
"""

from __future__ import annotations

import dis
import sys
import threading
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any

from provkg.capture.namespace import global_names

__all__ = ["bound_in_background"]

_MAX_FUNCTIONS = 50


def bound_in_background(namespace: Mapping[str, Any]) -> set[str]:
    """The variables that threads and tasks of the user's may bind from now on."""
    names: set[str] = set()
    pending: list[CodeType] = [*_threads(namespace), *_tasks(namespace)]
    seen: set[CodeType] = set()
    while pending and len(seen) < _MAX_FUNCTIONS:
        code = pending.pop()
        if code in seen:
            continue
        seen.add(code)
        names |= _stored(code)
        called: list[Any] = [namespace.get(name) for name in global_names(code)]
        pending += [each.__code__ for each in called if _is_users(each, namespace)]
    return names


def _is_users(function: Any, namespace: Mapping[str, Any]) -> bool:
    return type(function) is FunctionType and function.__globals__ is namespace


def _stored(code: CodeType) -> set[str]:
    """The global names that code binds, nested functions included."""
    names = {
        str(instruction.argval)
        for instruction in dis.get_instructions(code)
        if instruction.opname in ("STORE_GLOBAL", "DELETE_GLOBAL")
    }
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _stored(constant)
    return names


def _threads(namespace: Mapping[str, Any]) -> Iterator[CodeType]:
    for thread in threading.enumerate():
        if type(thread) is threading.Thread or type(thread) is threading.Timer:
            target: Any = getattr(thread, "_target", None) or getattr(thread, "function", None)
        else:
            target = type(thread).__dict__.get("run")
        target = getattr(target, "__func__", target)
        if _is_users(target, namespace):
            yield target.__code__


def _tasks(namespace: Mapping[str, Any]) -> Iterator[CodeType]:
    asyncio = sys.modules.get("asyncio")
    try:
        tasks = asyncio.all_tasks() if asyncio is not None else set()
    except RuntimeError:  # no event loop is at work here
        return
    for task in tasks:
        frame = getattr(task.get_coro(), "cr_frame", None)
        if frame is not None and frame.f_globals is namespace:
            yield frame.f_code
