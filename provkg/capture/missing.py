"""How many entries of the columns of a pandas table are missing, where that is quickly told.

Above `MAX_ELEMENTS` nothing is counted: a pass over all numbers would cost as much as their fingerprint. Of
texts and other objects, which are looked at one by one, fewer are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Final

__all__ = ["MAX_ELEMENTS", "missing_in", "missing_in_columns"]

MAX_ELEMENTS: Final = 1_000_000
_MAX_OBJECTS: Final = 20_000
_TOGETHER: Final = 4
"""From so many columns on it is quicker to ask for all at once."""


def missing_in(values: Any) -> int | None:
    """The missing entries of a column's array; None where it is not known."""
    numpy = sys.modules["numpy"]
    kind = type(values)
    if kind is numpy.ndarray:
        return _in_array(values, numpy)
    if str(kind.__module__).partition(".")[0] != "pandas":
        return None
    if hasattr(kind, "categories"):
        return int(numpy.count_nonzero(values.codes == -1))
    if (mask := getattr(values, "_mask", None)) is not None:
        return int(numpy.count_nonzero(mask))
    if (held := getattr(values, "_pa_array", None)) is not None:
        return int(held.null_count)
    held = getattr(values, "_ndarray", None)
    return _in_array(held, numpy) if type(held) is numpy.ndarray else None


def missing_in_columns(table: Any, limit: int) -> dict[int, int | None]:
    """The missing entries of a table's first columns by their places; of a large table none are counted."""
    if table.shape[0] * table.shape[1] > MAX_ELEMENTS:
        return {}
    manager = table._mgr
    found: dict[int, int | None] = dict(_in_blocks(manager))
    for place in range(min(table.shape[1], limit)):
        if place not in found:
            found[place] = missing_in(manager.iget_values(place))
    return found


def _in_blocks(manager: Any) -> Iterator[tuple[int, int]]:
    """The places and missing entries of columns of numbers that pandas keeps together."""
    numpy = sys.modules["numpy"]
    for block in getattr(manager, "blocks", ()):
        values = block.values
        if type(values) is not numpy.ndarray or values.dtype.kind not in "iubf" or len(values) < _TOGETHER:
            continue
        places = block.mgr_locs.as_array.tolist()
        if values.dtype.kind != "f" or not values.size:
            yield from ((place, 0) for place in places)
            continue
        with numpy.errstate(invalid="ignore"):
            incomplete = numpy.isnan(values.min(axis=1)).tolist()
        for place, column, is_incomplete in zip(places, values, incomplete, strict=True):
            yield place, int(numpy.isnan(column).sum()) if is_incomplete else 0


def _in_array(array: Any, numpy: Any) -> int | None:
    code = array.dtype.kind
    if code in "iub":
        return 0
    if code == "f":
        # The smallest of numbers is not a number where one of them is none, and found in a third of the time.
        with numpy.errstate(invalid="ignore"):
            return int(numpy.isnan(array).sum()) if array.size and numpy.isnan(array.min()) else 0
    if code in "mM":
        return int(numpy.isnat(array).sum())
    if code == "O" and array.size <= _MAX_OBJECTS:
        return int(sys.modules["pandas"].isna(array).sum())
    return None
