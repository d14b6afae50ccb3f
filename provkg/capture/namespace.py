"""The notebook's variables before and after an execution: what was bound, changed, deleted, read.

Bindings are compared by identity. Objects are not held between executions.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator, Mapping, Sequence
from inspect import CO_OPTIMIZED
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from provkg.capture.kinds import type_name

__all__ = ["Snapshot", "element_names", "global_names", "locals_of", "short_text", "variables"]

_MAX_ELEMENTS = 200
_MAX_TEXT = 200
_INTERACTIVE = frozenset({"In", "Out", "get_ipython", "exit", "quit", "open", "display"})


class Snapshot:
    """Which object each variable was bound to, by identity.

    Parameters:
        held: the variables with what they held.
    """

    def __init__(self, held: Sequence[tuple[str, Any]]) -> None:
        self._bound = {name: id(value) for name, value in held}

    def changes(
        self, held: Sequence[tuple[str, Any]], bound_by_text: frozenset[str] | set[str]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The variables bound since, with their values, and the names deleted since.

        A name that the text binds counts although its object is the same as before.
        """
        before = self._bound
        bound = {
            name: value for name, value in held if before.get(name) != id(value) or name in bound_by_text
        }
        deleted = tuple(sorted(before.keys() - dict(held).keys()))
        return bound, deleted

    def rebound_since(self, earlier: Snapshot) -> tuple[str, ...]:
        """The names of an earlier snapshot that are bound to another object now, or to none."""
        return tuple(name for name, identity in earlier._bound.items() if self._bound.get(name) != identity)


def variables(namespace: Mapping[str, Any], hidden: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The user's own variables: not those of IPython, nor names that begin with an underscore."""
    # In one piece, because a long session has thousands of names that IPython keeps outputs by.
    return [
        (name, value)
        for name, value in list(namespace.items())
        if name[:1] != "_"
        and (name not in hidden or (name not in _INTERACTIVE and hidden[name] is not value))
    ]


def element_names(name: str, value: object) -> Iterator[tuple[str, Any]]:
    """The elements of a small container in a variable, by the expression that reaches them.

    >>> list(element_names("models", {"tree": 1}))
    [("models['tree']", 1)]
    """
    # Only exact types: looking into a subclass may run the user's own code.
    if type(value) is dict:
        for key, element in list(value.items())[:_MAX_ELEMENTS]:
            if type(key) in (str, int):
                yield f"{name}[{key!r}]"[:_MAX_TEXT], element
    elif type(value) is list or type(value) is tuple:
        for index, element in enumerate(value[:_MAX_ELEMENTS]):
            yield f"{name}[{index}]", element


def short_text(value: object) -> str:
    """The text of a number, string or truth value, cut to a limit; empty for anything else."""
    kind = type(value)
    if kind is str:
        text = str(value)
    elif value is None or kind is bool or kind is int or kind is float or _is_numpy_number(kind):
        text = repr(value)
    else:
        return ""
    return text[:_MAX_TEXT].encode("utf-8", "backslashreplace").decode()


def _is_numpy_number(kind: type) -> bool:
    return kind.__module__ == "numpy" and (issubclass(kind, float) or issubclass(kind, int))


def variable_type(value: object) -> str:
    """What a variable holds: the class of an instance, else ``module``, ``function`` or ``class``."""
    # The class is asked of `type`: an object may answer to `__class__` with code of its own.
    if issubclass(type(value), ModuleType):
        return "module"
    if type(value) is FunctionType:
        return "function"
    if issubclass(type(value), type):
        return "class"
    return type_name(type(value))


_globals: dict[CodeType, frozenset[str]] = {}


def global_names(code: CodeType) -> frozenset[str]:
    """The global names that a function's body reads, nested functions included."""
    if code not in _globals:
        names = {
            str(instruction.argval)
            for instruction in dis.get_instructions(code)
            if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME")
        }
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                names |= global_names(constant)
        _globals[code] = frozenset(names)
    return _globals[code]


_SHOWING_LOCALS = frozenset({"locals", "vars", "dir", "eval", "exec"})


def locals_of(frame: FrameType) -> Mapping[str, Any]:
    """The local variables of a frame, read so that nobody can tell.

    Before Python 3.13 a function's ``f_locals`` is a dictionary that lives as long as the frame: it is what
    ``locals()`` returned there, and holds what has been deleted since. So it is emptied again, and left alone
    where the function may have asked for it.
    """
    code = frame.f_code
    if not code.co_flags & CO_OPTIMIZED or sys.version_info >= (3, 13):
        return frame.f_locals
    if not _SHOWING_LOCALS.isdisjoint(global_names(code)):
        return {}
    held = dict(frame.f_locals)
    frame.f_locals.clear()
    return held
