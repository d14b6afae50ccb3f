"""Objects that are made again and again, such as the output for one batch of many.

What is known of them is kept until somebody asks, and only then made a state. Most are never asked for.
"""

from __future__ import annotations

from typing import Any
from weakref import ref

from provkg.capture.states import Node

__all__ = ["Light", "LightValues"]

_MOST = 2000


class Light:
    """What is known of one such object: what it was made of, and by which model from which data."""

    __slots__ = ("data", "label", "model", "node", "parents", "reference")

    def __init__(
        self,
        value: object,
        parents: tuple[Node | Light, ...],
        label: str,
        model: Node | None,
        data: Node | None,
    ) -> None:
        self.reference: ref[Any] = ref(value)
        self.parents = parents
        self.label = label
        self.model = model
        self.data = data
        self.node: Node | None = None


class LightValues:
    """The newest of them."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[int, Light] = {}

    def __len__(self) -> int:
        return len(self._known)

    def add(self, value: object, light: Light) -> None:
        """Keep what is known of an object; what is gone is forgotten, and the oldest."""
        if len(self._known) >= _MOST:
            alive = [(key, each) for key, each in self._known.items() if each.reference() is not None]
            self._known = dict(alive[-_MOST // 2 :])
        self._known[id(value)] = light

    def find(self, value: object) -> Light | None:
        """What is known of an object."""
        light = self._known.get(id(value))
        return light if light is not None and light.reference() is value else None

    def take(self, light: Light) -> Any:
        """The object, if it is still there; it is not followed lightly any more."""
        value = light.reference()
        if self._known.get(id(value)) is light:
            del self._known[id(value)]
        return value
