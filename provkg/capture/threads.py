"""Other threads of the process: which may run code of the user's unseen, and for whom those seen work."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from threading import Thread, get_ident
from types import FrameType
from typing import Any

from provkg.capture.gate import gate, is_hidden

__all__ = ["is_handed_on", "others_at_work", "steps_at_work"]

_POOLS = frozenset({"concurrent.futures.thread", "multiprocessing.pool"})
"""Modules whose threads run what they are given."""
_CARRIERS = frozenset({"provkg", "threading", "concurrent", "multiprocessing", "asyncio", "joblib"})
"""Packages whose threads run what the user's own code hands them."""


def others_at_work(is_packaged: Callable[[str], bool]) -> bool:
    """Whether there is another thread that may be running the user's code.

    Parameters:
        is_packaged: whether a file belongs to the interpreter or an installed package.
    """
    current, main = threading.current_thread(), threading.main_thread()
    return any(
        thread is main or _runs_own(thread, is_packaged)
        for thread in threading.enumerate()
        if thread is not current
    )


def _runs_own(thread: Thread, is_packaged: Callable[[str], bool]) -> bool:
    function: Any = thread.__dict__.get("_target") or thread.__dict__.get("function") or type(thread).run
    while hasattr(function, "func"):  # functools.partial
        function = function.func
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    if getattr(function, "__module__", "") in _POOLS:
        return True
    return code is not None and not is_packaged(code.co_filename)


def is_handed_on() -> bool:
    """Whether the calling thread works for a library, whose pool it is of, not for the user's own code.

    What such a thread does may be a part of a call that another thread made.
    """
    if get_ident() == gate.thread or gate.session is None:
        return False
    frame: FrameType | None = sys._getframe(1)
    outermost = None
    while frame is not None:
        module = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if not is_hidden(frame.f_code) and module not in _CARRIERS:
            outermost = frame
        frame = frame.f_back
    if outermost is None or outermost.f_globals is gate.session.namespace:
        return False
    if gate.session.files.is_packaged(outermost.f_code.co_filename):
        gate.elsewhere = True
        return True
    return False


def steps_at_work() -> bool:
    """Whether a thread that the execution has started is in the midst of a step that is being recorded."""
    others = {**sys._current_frames()}
    for thread in (gate.thread, *gate.background):
        others.pop(thread, None)
    return any(map(_in_step, others.values()))


def _in_step(frame: FrameType | None) -> bool:
    while frame is not None:
        code = frame.f_code
        if is_hidden(code) and "seen" in code.co_varnames and frame.f_locals.get("seen") is not None:
            return True
        frame = frame.f_back
    return False
