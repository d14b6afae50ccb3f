"""Which model made the numbers in a value: handed on from value to value, in tables column by column.

A table that holds predictions of two models, or predictions beside the truth, was made by neither. So a table
remembers for each column that holds predictions the state they came from, and a column taken out of it again
is asked for by its name. A column of mixed origin remembers that it is mixed, and leads to no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from provkg.capture.kinds import is_table
from provkg.capture.states import Label, Node, Parts, weakest
from provkg.records import Evidence, ValueKind

__all__ = ["inherit", "mix"]

_PREDICTION = ValueKind.PREDICTION


def inherit(
    node: Node, value: Any, data: Sequence[Node], evidence: Evidence, given: Mapping[Label, Node | None]
) -> None:
    """Hand on to a state which model made it, or its columns, from the states it came from.

    Parameters:
        value: the object whose state it is.
        data: the data it came from.
        given: columns that were set, with the states they came from; None for one that is not followed.
    """
    if is_table(value):
        _inherit_columns(node, value, data, evidence, given)
        return
    named = hasattr(value, "_mgr") or type(value).__module__.startswith("polars.series")
    label = getattr(value, "name", None) if named else None
    sources = [each if _is_made(each) else _column(each, label) for each in data]
    _take(node, [each for each in sources if each is not None and _is_made(each)], evidence)
    if node.kind is ValueKind.DATASET and sources and all(s and s.kind is _PREDICTION for s in sources):
        node.kind = _PREDICTION


def _is_made(state: Node) -> bool:
    """Whether a state holds numbers that one or several models made."""
    return state.model is not None or state.data is not None


def _column(state: Node, label: object) -> Node | None:
    """The state that a column of a table came from; a state that is no table with predictions stays."""
    if not state.parts:
        return state
    return state.parts.get(label) if isinstance(label, str | int) else None


def _inherit_columns(
    node: Node, table: Any, data: Sequence[Node], evidence: Evidence, given: Mapping[Label, Node | None]
) -> None:
    parts: Parts = {}
    if data and not given and all(each.model is not None for each in data):
        _take(node, data, evidence)
        if node.model is not None:
            node.kind = _PREDICTION
            parts = dict.fromkeys((label for label in table.columns if type(label) in (str, int)), data[0])
    for each in data:
        for label, part in each.parts.items():
            parts[label] = mix(parts[label], part) if label in parts else part
    for label, source in given.items():
        parts.pop(label, None)
        part = source.parts.get(label, source) if source is not None else None
        if part is not None and part.model is not None:
            parts[label] = part
    node.parts = {label: part for label, part in parts.items() if label in table.columns} if parts else parts


def mix(one: Node | None, other: Node | None) -> Node | None:
    """What a column came from that holds parts of two: the one state if both are of the same model."""
    if one is None or other is None or one.model is not other.model:
        return None
    return one


def _take(node: Node, sources: Sequence[Node], evidence: Evidence) -> None:
    """Take over the model that all sources have, and the data that all their models were given."""
    if not sources:
        return
    first = sources[0]
    node.model = first.model if all(each.model is first.model for each in sources) else None
    node.data = first.data if all(each.data is first.data for each in sources) else None
    node.trust = weakest((node.trust, evidence, *(each.trust for each in sources)))
