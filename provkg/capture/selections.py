"""Rows that the user's code selected with row numbers that are followed, such as those of a fold.

NumPy's indexing cannot be watched. But what the text names can be tried: the rows of an array that the
numbers select are the value in question, or they are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from provkg.capture.states import Node

__all__ = ["selected"]

_MAX_BYTES = 100_000_000
_CHUNK_BYTES = 1_000_000


def selected(value: Any, sources: Iterable[Node]) -> list[Node]:
    """The array and the row numbers that a value was selected with; empty where there are no such.

    Parameters:
        sources: the states that the text names for it.
    """
    nodes = list(sources)
    if not any(node.selects for node in nodes) or not _is_array(value) or value.nbytes > _MAX_BYTES:
        return []
    for numbers in nodes:
        rows = _object(numbers)
        if not numbers.selects or not _is_array(rows) or rows.shape != value.shape[:1]:
            continue
        for node in nodes:
            array = _object(node)
            if not node.selects and _is_array(array) and _are_rows(value, array, rows):
                return [node, numbers]
    return []


def _object(node: Node) -> Any:
    """The object that is in a state, while it is."""
    reference = node.object.reference
    return reference() if reference is not None and node.object.newest is node else None


def _is_array(value: Any) -> bool:
    return type(value).__name__ == "ndarray" and type(value).__module__ == "numpy"


def _are_rows(value: Any, array: Any, rows: Any) -> bool:
    """Whether a value holds those rows of an array, bit for bit."""
    if array.dtype != value.dtype or array.shape[1:] != value.shape[1:] or not len(rows):
        return False
    if rows.dtype.kind not in "iu" or rows.max() >= len(array) or value.dtype.hasobject:
        return False
    step = max(1, _CHUNK_BYTES * len(rows) // max(1, value.nbytes))
    return all(
        value[start : start + step].tobytes() == array[rows[start : start + step]].tobytes()
        for start in range(0, len(rows), step)
    )
