"""Which execution set each variable, as far as that was seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provkg.capture.following import Following
from provkg.capture.kinds import kind_of
from provkg.capture.namespace import Snapshot
from provkg.capture.standing import Standing

__all__ = ["Definers"]


def _always(value: Any) -> bool:
    return True


def _never(value: Any) -> bool:
    return False


class Definers(dict[str, int]):
    """The rank of the execution that set each variable; a variable set unseen has none."""

    def __init__(self) -> None:
        super().__init__()
        self._left: Snapshot | None = None
        self._standing: Standing | None = None

    def begin(self, now: Snapshot) -> None:
        """An execution begins: what a callback or a thread bound since the one before none of them set."""
        for name in now.rebound_since(self._left) if self._left is not None else ():
            self.pop(name, None)

    def end(self, now: Snapshot) -> None:
        """The execution ended."""
        self._left = now

    def remember(self, standing: Standing) -> None:
        """Nothing is seen from now on."""
        self._standing = standing

    def check(self, values: Following, hidden: Mapping[str, Any]) -> None:
        """Callbacks ran since the execution before: of what they changed in place nothing is claimed."""
        before, self._standing = self._standing, None
        same = values.take_stock(hidden, before.is_unchanged if before is not None else _always)
        for name in list(self):
            if name not in same and kind_of(values.namespace.get(name)) is not None:
                del self[name]

    def go_on(self, values: Following, hidden: Mapping[str, Any]) -> None:
        """Recording begins late or goes on: of what is there now only what still stands is claimed."""
        before, self._standing, self._left = self._standing, None, None
        same = values.take_stock(hidden, before.is_unchanged if before is not None else _never)
        for name in list(self):
            value = values.namespace.get(name)
            bound = before is not None and before.binds(name, value)
            if not bound or not (name in same or kind_of(value) is None):
                del self[name]
