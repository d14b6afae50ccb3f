"""Which model made the numbers in a value: handed on from value to value, in tables column by column.

A table that holds predictions of two models, or predictions beside the truth, was made by neither. So a table
remembers for each column that holds predictions the state they came from, and a column taken out of it again
is asked for by its name. A column of mixed origin remembers that it is mixed, and leads to no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from provkg.records import Evidence, ValueKind

if TYPE_CHECKING:
    from provkg.capture.values import Node

__all__ = ["RANK", "Label", "Parts", "inherit", "is_table", "mix"]

Label: TypeAlias = str | int
Parts: TypeAlias = dict[Label, "Node | None"]
"""The states that columns came from, by label; None for a column of mixed origin."""
_PREDICTION = ValueKind.PREDICTION
RANK = {Evidence.OBSERVED: 0, Evidence.DECLARED: 1, Evidence.IMPORTED: 2, Evidence.INFERRED: 3}


def is_table(value: Any) -> bool:
    """Whether a followed value is a pandas table."""
    return type(getattr(value, "_mgr", None)).__module__.startswith("pandas.") and value.ndim == 2


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
    label = getattr(value, "name", None) if hasattr(value, "_mgr") else None
    sources = [each if each.model is not None else _column(each, label) for each in data]
    made = [each for each in sources if each is not None and each.model is not None]
    _take(node, made, evidence)
    if node.kind is ValueKind.DATASET and sources and all(s and s.kind is _PREDICTION for s in sources):
        node.kind = _PREDICTION


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
    """Take over the model and its data where all sources that have a model have the same one."""
    if len({id(each.model) for each in sources}) != 1:
        return
    node.model = sources[0].model
    same = all(each.data is sources[0].data for each in sources)
    node.data = sources[0].data if same else None
    node.trust = max(node.trust, evidence, *(each.trust for each in sources), key=RANK.__getitem__)
