"""Finds the user's own classes that have the methods of a model, and no library's class for a base.

Such a class is looked at when it is made, in executions whose text defines a ``fit``, and otherwise when a
variable holds it as an execution begins.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Mapping
from threading import get_ident
from types import FunctionType
from typing import Any
from weakref import WeakSet

from provkg.capture.gate import gate, is_hidden
from provkg.capture.hooks.wrap import dress, hide

__all__ = ["OwnClasses"]

_USES = ("predict", "transform")


class OwnClasses:
    """The user's classes of one session.

    Parameters:
        namespace: the variables of the notebook or script.
        is_packaged: whether a file belongs to the interpreter or an installed package.
    """

    def __init__(self, namespace: Mapping[str, Any], is_packaged: Callable[[str], bool]) -> None:
        self._namespace = namespace
        self._is_packaged = is_packaged
        self._known: WeakSet[type] = WeakSet()
        self._original: Any = None

    def begin(self, source: str, variables: Iterable[tuple[str, Any]]) -> None:
        """An execution begins, of this text."""
        for _, value in variables:
            if type(value) is type and value not in self._known:
                self.look_at(value)
        if "def fit" in source and self._original is None:
            self._original = builtins.__build_class__
            builtins.__build_class__ = _watching(self._original, self)

    def end(self) -> None:
        """The execution ended."""
        if self._original is not None:
            builtins.__build_class__ = self._original
            self._original = None

    def look_at(self, kind: type) -> None:
        """Hook a class, if it is the user's and has the methods of a model."""
        self._known.add(kind)
        fit = kind.__dict__.get("fit")
        if type(fit) is not FunctionType or is_hidden(fit.__code__) or not self._is_own(kind):
            return
        if any(type(getattr(kind, name, None)) is FunctionType for name in _USES):
            from provkg.capture.hooks.own_models import hook_class

            hook_class(kind)

    def _is_own(self, kind: type) -> bool:
        """Whether a class and all that it is derived from are the user's."""
        return all(parent is object or self._is_defined_here(parent) for parent in kind.__mro__)

    def _is_defined_here(self, kind: type) -> bool:
        functions = [value for value in kind.__dict__.values() if type(value) is FunctionType]
        return bool(functions) and all(
            function.__globals__ is self._namespace
            or is_hidden(function.__code__)
            or not self._is_packaged(function.__code__.co_filename)
            for function in functions
        )


def _watching(original: Any, watch: OwnClasses) -> Any:
    def build_class(*args: Any, **kwargs: Any) -> Any:
        made = original(*args, **kwargs)
        if gate.recording and get_ident() == gate.thread and type(made) is type:
            try:
                watch.look_at(made)
            except Exception as error:
                if gate.session is not None:
                    gate.session.notice("classes", error)
        return made

    return dress(build_class, original)


hide(_watching)
