"""The part of a large value that its partial fingerprint covers: rows in blocks, spread evenly over all rows.

What is digested of a part tells that two contents differ, where it differs, and never that they are the same.
Which rows are taken depends on types and shape alone, so that of equal contents it is the same part.
"""

from __future__ import annotations

from typing import Any

from provkg.capture.kinds import shape_of

__all__ = ["blocks_of"]

_BLOCKS = 64


def blocks_of(value: Any, size: int) -> tuple[slice, ...]:
    """The rows of an array, table or column that take about ``size`` bytes; none where it has no such rows.

    The first block is at the beginning, the last one at the end. Elements of tables count as eight bytes, as
    equal texts may take different room.
    """
    item = getattr(value, "itemsize", 8)
    width = item if type(item) is int else 8
    count, *others = shape_of(value) or (0,)
    for length in others:
        width *= length
    block = size // max(width, 1) // _BLOCKS
    if not 0 < block * _BLOCKS < count:
        return ()
    begins = ((count - block) * number // (_BLOCKS - 1) for number in range(_BLOCKS))
    return tuple(slice(begin, begin + block) for begin in begins)
