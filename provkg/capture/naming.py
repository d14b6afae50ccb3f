"""What variables of functions call the recorded states: they are gone when an execution ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from types import FrameType, FunctionType, ModuleType
from typing import Any

from provkg.capture.kinds import kind_of
from provkg.capture.namespace import element_names, locals_of
from provkg.capture.values import Node, Tracker

__all__ = ["name_states"]

Kept = dict[str, tuple[Node, tuple[str, ...]]]
_MOST = 100
_NO_INSTANCES = (ModuleType, FunctionType, type)


def name_states(
    frame: FrameType | None, value: object, kept: Kept, nameless: dict[str, Node], tracker: Tracker
) -> None:
    """Give names to the nameless states that variables hold where the user's code is at work.

    What a call returned had no name yet when it was recorded, and may never be used itself again.

    Parameters:
        value: what is at hand; the variables of a notebook or script are searched for nothing else.
        kept: the recorded states with their names; brought up to date.
        nameless: those of them that have none; brought up to date.
    """
    if frame is None or not nameless:
        return
    found: dict[str, list[str]] = {}
    local: Mapping[str, Any] = locals_of(frame)
    everything = local is not frame.f_globals
    for name, held in local.items():
        if name.startswith("_") or (held is not value and not everything):
            continue
        for expression, part in _reached(name, held):
            node = tracker.find(part)
            if node is not None and node.id in nameless:
                found.setdefault(node.id, []).append(expression)
    for identifier, names in found.items():
        kept[identifier] = nameless.pop(identifier), tuple(names)
    if len(nameless) > _MOST:
        for identifier in [identifier for identifier, node in nameless.items() if node.dead]:
            del nameless[identifier]


def _reached(name: str, held: Any) -> Iterator[tuple[str, Any]]:
    """A variable's value, and what its attributes and their elements hold, without running anything."""
    yield name, held
    yield from element_names(name, held)
    # The class is asked of `type`: an object may answer to `__class__` with code of its own.
    if issubclass(type(held), _NO_INSTANCES) or kind_of(held) is not None:
        return
    try:
        attributes = object.__getattribute__(held, "__dict__")
    except AttributeError:
        return
    if type(attributes) is dict:
        for attribute, part in islice(list(attributes.items()), _MOST):
            if type(attribute) is str and not attribute.startswith("_"):
                yield f"{name}.{attribute}", part
                yield from element_names(f"{name}.{attribute}", part)
