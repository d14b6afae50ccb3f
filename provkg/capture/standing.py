"""What still stands after a time in which nothing was recorded.

When recording is switched off, variables and estimators are remembered, by weak references and digests;
when it goes on, what is the same is taken for what it was, and nothing is claimed of the rest.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from weakref import ref

from provkg.capture.namespace import variables

__all__ = ["Standing", "state_of"]

_MAX_BYTES = 100_000_000


class _UnreadableError(Exception):
    """A state cannot be told without running code of the user's, or is too large."""


class Standing:
    """What was there at one time.

    Parameters:
        namespace: the variables of the user's code.
        hidden: variables that are not the user's.
        estimators: objects whose state is remembered.
        is_packaged: whether a file belongs to the interpreter or an installed package.
        limit: states of more than this many bytes are not remembered.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        hidden: Mapping[str, Any],
        estimators: Iterable[Any],
        is_packaged: Callable[[str], bool],
        limit: int = _MAX_BYTES,
    ) -> None:
        self._is_packaged = is_packaged
        self._limit = limit
        self._bound: dict[str, ref[Any]] = {}
        for name, value in variables(namespace, hidden):
            try:
                self._bound[name] = ref(value)
            except TypeError:
                continue
        self._states = {id(value): state_of(value, is_packaged, limit) for value in estimators}

    def binds(self, name: str, value: Any) -> bool:
        """Whether a variable was bound to this very object."""
        return name in self._bound and self._bound[name]() is value

    def is_unchanged(self, value: Any) -> bool:
        """Whether an estimator is known to be as it was; its identity is the caller's matter."""
        state = self._states.get(id(value), "")
        return bool(state) and state == state_of(value, self._is_packaged, self._limit)


def state_of(value: Any, is_packaged: Callable[[str], bool], limit: int = _MAX_BYTES) -> str:
    """A digest of an object's state; empty where only code of the user's could tell it."""
    digest = _Digest(limit)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _Reader(digest, is_packaged).dump(value)
    except Exception:
        return ""
    return digest.digest.hexdigest()


class _Digest(io.RawIOBase):
    def __init__(self, limit: int) -> None:
        self.digest = hashlib.sha256()
        self._left = limit

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._left -= len(data)
        if self._left < 0:
            raise _UnreadableError
        self.digest.update(data)
        return len(data)


class _Reader(pickle.Pickler):
    """Reads objects of installed packages only."""

    def __init__(self, file: Any, is_packaged: Callable[[str], bool]) -> None:
        super().__init__(file, protocol=5)
        self._is_packaged = is_packaged

    def reducer_override(self, obj: Any) -> Any:
        """Refuse what would be reduced by code of the user's."""
        name = type(obj).__module__
        module = sys.modules.get(name) if type(name) is str else None
        file = getattr(module, "__file__", None)
        if module is None or not (
            name in sys.builtin_module_names if file is None else self._is_packaged(file)
        ):
            raise _UnreadableError
        return NotImplemented
