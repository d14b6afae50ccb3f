"""What variables hold that cannot be followed by itself: lists, numbers, texts, objects of other classes.

Python gives no weak reference to most of these. So they are known by the variable that holds them: as long as
it does, their identity is theirs alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provkg.capture.scopes import ABSENT, contents_of, is_container
from provkg.capture.states import Node

__all__ = ["PlainValues"]

_ENDS = 50


class _Held:
    """What one variable held when it was last looked at."""

    __slots__ = ("identity", "node", "signature")

    def __init__(self, value: Any, node: Node | None) -> None:
        self.identity = id(value)
        self.signature = _signature(value)
        self.node = node


class PlainValues:
    """The plain values in the variables of the notebook, with the states of those that hold data."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}
        self.has_data = False
        """Whether a variable has held data."""

    def begin(self, namespace: Mapping[str, Any]) -> None:
        """An execution begins: forget what variables do not hold any more."""
        gone = [name for name, held in self._held.items() if id(namespace.get(name, ABSENT)) != held.identity]
        for name in gone:
            del self._held[name]

    def hold(self, name: str, value: Any, node: Node | None) -> None:
        """A variable holds a value, in this state if it holds data."""
        self._held[name] = _Held(value, node)
        self.has_data = self.has_data or node is not None

    def of_name(self, name: str) -> Node | None:
        """The state that a variable held when the execution at work began, or held last."""
        held = self._held.get(name)
        return held.node if held is not None else None

    def of_container(self, value: Any) -> Node | None:
        """The state of a container that some variable holds."""
        identity = id(value)
        for held in self._held.values():
            if held.identity == identity and held.node is not None:
                return held.node
        return None

    def is_changed(self, name: str, value: Any) -> bool:
        """Whether a variable's container has other elements than before."""
        held = self._held.get(name)
        return held is not None and held.identity == id(value) and held.signature != _signature(value)

    def sharing(self, name: str, value: Any) -> Iterator[str]:
        """The other variables that hold the same object."""
        for other, held in self._held.items():
            if other != name and held.identity == id(value):
                yield other


def _signature(value: Any) -> tuple[int, ...]:
    """The length of a container and the identities of its first and last elements."""
    if not is_container(value):
        return ()
    if type(value) is list or type(value) is tuple:
        ends = value if len(value) <= 2 * _ENDS else [*value[:_ENDS], *value[-_ENDS:]]
    else:
        ends = contents_of(value, 2 * _ENDS)
    return (len(value), *map(id, ends))
