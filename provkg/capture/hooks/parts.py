"""Which columns of predictions a pandas call gives to a table, and the states that they come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provkg.capture.kinds import is_table
from provkg.capture.predictions import mix
from provkg.capture.states import Label, Parts
from provkg.capture.values import Node, Tracker

__all__ = ["columns_given", "columns_set"]

_RENAMING = frozenset({"rename", "set_axis", "add_prefix", "add_suffix"})
_COLUMNS = 0
"""The number by which pandas' own setters call the columns of a table."""


def columns_given(tracker: Tracker, label: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Parts:
    """The columns that a public method or function is given one by one.

    Parameters:
        label: its qualified name.
    """
    method = label.rpartition(".")[2]
    given: Mapping[Any, Any] = {}
    data = args[0] if args else kwargs.get("data", kwargs.get("objs"))
    if method == "assign":
        given = kwargs
    elif method == "__init__":
        given = data if isinstance(data, dict) and type(data) is dict else {}
    elif method == "insert":
        named = dict(zip(("loc", "column", "value"), args[1:], strict=False)) | kwargs
        given = {named.get("column"): named.get("value")}
    elif method == "concat" and kwargs.get("axis") in (1, "columns"):
        parts = data if isinstance(data, list | tuple) else ()
        given = {part.name: part for part in parts if type(part).__name__ == "Series"}
    elif method in _RENAMING:
        table = tracker.find(args[0])
        return dict.fromkeys(table.parts) if table is not None else {}
    return {name: tracker.find(value) for name, value in given.items() if type(name) in (str, int)}


def columns_set(tracker: Tracker, setter: str, table: Any, args: tuple[Any, ...]) -> Parts:
    """The columns that one of pandas' own setters changed: what they hold now, where that is one thing."""
    if not is_table(table):
        return {}
    old = tracker.find(table)
    before = dict(old.parts) if old is not None else {}
    if setter == "_set_item":
        return {args[1]: tracker.find(args[2])} if type(args[1]) in (str, int) else {}
    if setter == "_setitem_with_indexer":
        return _partly_set(tracker, before, table, args[1], args[2])
    if setter == "_set_axis":
        return dict.fromkeys(before) if args[1] == _COLUMNS else {}
    return dict.fromkeys(before) if setter != "inplace" else {}


def _partly_set(tracker: Tracker, before: Parts, table: Any, where: Any, value: Any) -> Parts:
    """Some rows of one column: still of one model when the others are of the same or of none."""
    column = where[1] if type(where) is tuple and len(where) == 2 else None
    if type(column) is dict and "key" in column:
        label: Label = column["key"]  # a new column
    elif isinstance(column, int):
        label = table.columns[column]
    else:
        return dict.fromkeys(before)
    if type(label) not in (str, int):
        return {}
    source: Node | None = tracker.find(value)
    if label in before:
        held = before[label]
        source = mix(held, source) if source is not None and source.model is not None else held
    return {label: source}
