"""The notebook's variables before and after an execution: what was bound, changed, deleted, read.

Bindings are compared by identity. Objects are not held between executions.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

from provkg.capture.fingerprints import type_name

__all__ = ["Snapshot", "element_names", "global_names", "is_plain", "short_text", "variables"]

_MAX_ELEMENTS = 200
_MAX_TEXT = 200
_INTERACTIVE = frozenset({"In", "Out", "get_ipython", "exit", "quit", "open", "display"})


class Snapshot:
    """Which object each variable was bound to, by identity."""

    def __init__(self, namespace: Mapping[str, Any], hidden: Mapping[str, Any] | None = None) -> None:
        self._hidden = hidden or {}
        self._bound = {name: id(value) for name, value in variables(namespace, self._hidden)}

    def changes(
        self, namespace: Mapping[str, Any], bound_by_text: frozenset[str] | set[str]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The variables bound since, with their values, and the names deleted since.

        A name that the text binds counts although its object is the same as before.
        """
        now = dict(variables(namespace, self._hidden))
        bound = {
            name: value
            for name, value in now.items()
            if self._bound.get(name) != id(value) or name in bound_by_text
        }
        deleted = tuple(sorted(name for name in self._bound if name not in now))
        return bound, deleted


def variables(namespace: Mapping[str, Any], hidden: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The user's own variables: not those of IPython, nor names that begin with an underscore."""
    for name, value in list(namespace.items()):
        if name.startswith("_") or (name in _INTERACTIVE and name in hidden):
            continue
        if hidden.get(name, _ABSENT) is value:
            continue
        yield name, value


_ABSENT = object()


def element_names(name: str, value: object) -> Iterator[tuple[str, Any]]:
    """The elements of a small container in a variable, by the expression that reaches them.

    >>> list(element_names("models", {"tree": 1}))
    [("models['tree']", 1)]
    """
    # Only exact types: looking into a subclass may run the user's own code.
    if isinstance(value, dict) and type(value) is dict:
        for key, element in list(value.items())[:_MAX_ELEMENTS]:
            if type(key) in (str, int):
                yield f"{name}[{key!r}]"[:_MAX_TEXT], element
    elif isinstance(value, list | tuple) and type(value) in (list, tuple):
        for index, element in enumerate(value[:_MAX_ELEMENTS]):
            yield f"{name}[{index}]", element


def is_plain(value: object) -> bool:
    """Whether a value is a number, string or truth value that can stand in a record as text."""
    return value is None or isinstance(value, bool | int | float | str)


def short_text(value: object) -> str:
    """The text of a plain value, cut to a limit; empty for anything else."""
    if not is_plain(value):
        return ""
    text = value if isinstance(value, str) else repr(value)
    return text[:_MAX_TEXT].encode("utf-8", "backslashreplace").decode()


def variable_type(value: object) -> str:
    """What a variable holds: the class of an instance, else ``module``, ``function`` or ``class``."""
    if isinstance(value, ModuleType):
        return "module"
    if isinstance(value, FunctionType):
        return "function"
    if isinstance(value, type):
        return "class"
    return type_name(type(value))


_globals: dict[CodeType, frozenset[str]] = {}


def global_names(function: FunctionType) -> frozenset[str]:
    """The global names that a function's body reads, nested functions included."""
    return _global_names(function.__code__)


def _global_names(code: CodeType) -> frozenset[str]:
    if code not in _globals:
        names = {
            str(instruction.argval)
            for instruction in dis.get_instructions(code)
            if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME")
        }
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                names |= _global_names(constant)
        _globals[code] = frozenset(names)
    return _globals[code]
