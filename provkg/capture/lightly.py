"""Objects that are made again and again, such as the output for one batch of many.

What is known of them is kept until somebody asks, and only then made a state. Most are never asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from provkg.capture.states import Node, Object
from provkg.records import ValueKind

if TYPE_CHECKING:
    from provkg.capture.values import Tracker

__all__ = ["Light", "LightValues"]

_MOST = 2000


class Light:
    """What is known of one such object: what it was made of, and by which model from which data."""

    __slots__ = ("data", "label", "model", "node", "parents", "reference", "type")

    def __init__(
        self,
        value: object,
        parents: tuple[Node | Light, ...],
        label: str,
        model: Node | None,
        data: Node | None,
    ) -> None:
        self.reference: ref[Any] = ref(value)
        self.type = type(value)
        self.parents = parents
        self.label = label
        self.model = model
        self.data = data
        self.node: Node | None = None


class LightValues:
    """The newest of them, in one session.

    Parameters:
        tracker: the followed objects, to which those belong that are asked for.
    """

    __slots__ = ("_known", "_tracker")

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._known: dict[int, Light] = {}

    def __len__(self) -> int:
        return len(self._known)

    def follow(
        self,
        tensor: object,
        parents: tuple[Node | Light, ...],
        label: str,
        model: Node | None = None,
        data: Node | None = None,
    ) -> None:
        """Keep what is known of a tensor; what is gone is forgotten, and the oldest.

        Parameters:
            model: the model that it is a prediction of, made from ``data``.
        """
        if len(self._known) >= _MOST:
            alive = [(key, each) for key, each in self._known.items() if each.reference() is not None]
            self._known = dict(alive[-_MOST // 2 :])
        light = self._known[id(tensor)] = Light(tensor, parents, label, model, data)
        self._tracker.tensors.remember(tensor, light)

    def glimpse(self, value: object) -> Node | Light | None:
        """What is known of an object, without making a state of it."""
        light = self._known.get(id(value))
        if light is not None and light.reference() is value:
            return light
        return self._tracker.find(value)

    def state(self, value: object) -> Node | None:
        """The state of an object, made of what is known of it."""
        light = self._known.get(id(value))
        return self.settle(light) if light is not None and light.reference() is value else None

    def settle(self, light: Light) -> Node:
        """Make a state of what is known of an object, also when it is gone."""
        if light.node is not None:
            return light.node
        value = light.reference()
        if self._known.get(id(value)) is light:
            del self._known[id(value)]
        parents = [self.settle(each) if isinstance(each, Light) else each for each in light.parents]
        kind = ValueKind.DATASET if light.model is None else ValueKind.PREDICTION
        node = self._tracker.derive(value, parents, light.label, kind=kind) if value is not None else None
        if node is None:
            node = Node(Object(light.type, 0), kind)
            node.dead = True
            self._tracker.extend(node, parents, light.label)
        if light.model is not None:
            node.model, node.data = light.model, light.data
            node.role = light.data.role if light.data is not None else None
        light.node = node
        return node
