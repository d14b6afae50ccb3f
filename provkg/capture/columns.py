"""Which columns of one value came from which columns of another, as far as an operation tells.

Columns are called by the text of their labels. A value without columns, such as a series, an array or a
model, is one column called ``""`` here: `WHOLE`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["NONE", "SAME", "WHOLE", "Columns", "compose", "together", "whole_of"]

WHOLE: Final = ""
_FEW = 50
_NONE: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class Columns:
    """How the columns of a target came from those of a source.

    Parameters:
        named: the columns of the source that a column of the target came from; none of them where the tuple
            is empty.
        same: whether any other column of the target came from the column of the same name, if there is one.
        left_open: columns of the target of which it is not known what else they came from.
    """

    __slots__ = ("left_open", "named", "same")

    def __init__(
        self,
        named: Mapping[str, tuple[str, ...]] = _NONE,
        *,
        same: bool = False,
        left_open: frozenset[str] = frozenset(),
    ) -> None:
        self.named = named
        self.same = same
        self.left_open = left_open

    def of(self, target: str) -> tuple[str, ...]:
        """The columns of the source that a column of the target came from."""
        found = self.named.get(target)
        if found is not None:
            return found
        return (target,) if self.same else ()

    def key(self) -> object:
        """Equal for equal columns, as far as that is quickly told."""
        return (self.same, self.left_open, *self.named.items()) if len(self.named) <= _FEW else id(self)

    def __bool__(self) -> bool:
        return self.same or bool(self.left_open) or any(self.named.values())


NONE: Final = Columns()
"""It came from no column: rows were chosen by it."""
SAME: Final = Columns(same=True)
"""Every column came from the one of the same name."""


def whole_of(labels: Iterable[str]) -> Columns:
    """A value without columns came from these columns."""
    return Columns({WHOLE: tuple(dict.fromkeys(labels))})


def compose(later: Columns | None, earlier: Columns | None) -> Columns | None:
    """From a target past a value between to its source; None where that is not known."""
    if later is not None and earlier is None and not later.same:
        reached = {target: () for target, between in later.named.items() if between}
        return Columns(reached, left_open=later.left_open | frozenset(reached))
    if later is None or earlier is None:
        return None
    if later is SAME:
        return earlier
    if earlier is SAME:
        return later
    # Chains of small changes to wide tables are composed: of what stays a copy is taken as a whole.
    named = dict(earlier.named) if later.same else {}
    for target, between in later.named.items():
        named[target] = _all(earlier, between)
    return Columns(named, same=later.same and earlier.same, left_open=_open(later, earlier))


def together(one: Columns | None, other: Columns | None) -> Columns | None:
    """What two ways from a target to one source tell together."""
    if one is None or other is None or one is other:
        return one or other
    if other.same:
        named = {label: _union(one.of(label), other.of(label)) for label in {**one.named, **other.named}}
    else:
        named = dict(one.named)
        for label, found in other.named.items():
            named[label] = _union(one.of(label), found)
    return Columns(named, same=one.same or other.same, left_open=one.left_open | other.left_open)


def _open(later: Columns, earlier: Columns) -> frozenset[str]:
    """A column is open that came from an open one."""
    if not earlier.left_open:
        return later.left_open
    through = {target for target, between in later.named.items() if not earlier.left_open.isdisjoint(between)}
    kept = {label for label in earlier.left_open if label not in later.named} if later.same else set()
    return later.left_open | through | kept


def _all(columns: Columns, labels: Iterable[str]) -> tuple[str, ...]:
    found: tuple[str, ...] = ()
    for label in labels:
        further = columns.of(label)
        found = _union(found, further) if found else further
    return found


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return one if one == other or not other else tuple(dict.fromkeys((*one, *other)))
