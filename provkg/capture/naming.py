"""What variables of functions call the recorded states: they are gone when an execution ends."""

from __future__ import annotations

from collections.abc import Mapping
from types import FrameType
from typing import Any

from provkg.capture.namespace import locals_of
from provkg.capture.values import Node, Tracker

__all__ = ["name_states"]

Kept = dict[str, tuple[Node, tuple[str, ...]]]
_MOST = 100


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
        node = tracker.find(held)
        if node is not None and node.id in nameless:
            found.setdefault(node.id, []).append(name)
    for identifier, names in found.items():
        kept[identifier] = nameless.pop(identifier), tuple(names)
    if len(nameless) > _MOST:
        for identifier in [identifier for identifier, node in nameless.items() if node.dead]:
            del nameless[identifier]
