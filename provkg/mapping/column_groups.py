"""The columns of a run's values in groups with one history each: what keeps the graph small.

Of a table with 400 columns that is filtered, split and trained on, each column came from the one of the same
name. One node for all of these, at each state, says so as well as 400 would. Groups are as fine as they must
be for that: a column is apart as soon as anything was made of it alone, or it of anything else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provkg.records import ActivityKind, Evidence, Role, ValueKind

if TYPE_CHECKING:
    from provkg.records import Link, Run, Use, Value

__all__ = ["ColumnGroup", "Hop", "column_groups"]

_WHOLE: Final = ""
_ALONE = (_WHOLE,)
_MODELS = (ValueKind.MODEL, ValueKind.TRANSFORMER)
_KEPT: Final = None
"""Of a column: that it came from the one of the same name."""
_FITTED_TO = (Role.DATA, Role.TARGET)
_FITTING = (ActivityKind.TRAINING, ActivityKind.TUNING, ActivityKind.PREPROCESSING)

_Origin = tuple[str, ...] | None
_Labels = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Hop:
    """From a group of columns to one that it came from.

    ``kept`` says that each column came from the one of the same name, and that there is one of each name.
    Otherwise every column of the one came from all columns of the other.
    """

    value: str
    rank: int
    kept: bool
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class ColumnGroup:
    """Columns of one value that have a history in common.

    ``names`` is empty for a value without columns, such as an array, whose whole is a group. ``unknown``
    names the values that it came from too, of which it is not known which columns.
    """

    value: str
    rank: int
    names: tuple[str, ...]
    hops: tuple[Hop, ...] = ()
    unknown: tuple[str, ...] = ()


class _Way:
    """What is known of how the columns of one value came from those of another."""

    def __init__(self, source: str, evidence: Evidence, *, is_cut: bool) -> None:
        self.source = source
        self.is_cut = is_cut
        """Whether not all columns of the source are named."""
        self.evidence = evidence
        self.named: dict[str, tuple[str, ...]] = {}
        self.further: set[str] = set()
        self.same = self.told = False

    def take(self, link: Link) -> None:
        """Add what a link says."""
        for one in link.columns:
            self.named[one.target] = tuple(dict.fromkeys((*self.named.get(one.target, ()), *one.sources)))
            if one.further:
                self.further.add(one.target)
        self.same = self.same or link.same_columns
        self.told = self.told or link.same_columns or bool(link.columns)

    def origin(self, label: str, here: tuple[str, ...], there: tuple[str, ...]) -> _Origin:
        """The columns of the source that one of the target came from."""
        found = self.named.get(label, self.named.get(_WHOLE))
        if found is not None:
            return _among(found, there)
        if not self.told or not self.same:
            return there if not self.told else ()
        if label in there:
            return _KEPT
        return there if len(here) == len(there) == 1 or here == _ALONE else ()

    def leaves_open(self, label: str) -> bool:
        """Whether a column came from further ones, too, whose names are not known."""
        if label == _WHOLE and self.same and _WHOLE not in self.named:
            return self.is_cut  # it came from all
        return label in self.further or (_WHOLE in self.further and label not in self.named)


def _among(found: tuple[str, ...], there: tuple[str, ...]) -> tuple[str, ...]:
    """Labels that the source has; its whole is all of them."""
    return there if _WHOLE in found else tuple(label for label in there if label in set(found))


def column_groups(run: Run) -> list[ColumnGroup]:
    """The groups of all values that have columns, or came from such, in the order of the record.

    Values without columns that came from none have no group, unless something was fitted to them.
    """
    labels = _labels(run)
    ways = _ways(run, labels)
    order = _newest_first(labels, ways)
    known = {value: [way for way in ways[value] if _is_known(way, value, labels)] for value in order}
    groups = _partition(order, labels, known)
    ranks = {value: _ranks(each) for value, each in groups.items()}
    wanted = _wanted(order, labels, ways, _fitted_to(run))
    found = []
    for value in labels:
        if value not in wanted:
            continue
        for rank, group in enumerate(groups.get(value, [labels[value]]), 1):
            hops = tuple(
                Hop(way.source, there, kept, way.evidence)
                for way in known.get(value, ())
                if way.source in wanted
                for kept, there in _hops(way, group, labels[value], labels[way.source], ranks[way.source])
            )
            unknown = tuple(
                way.source
                for way in ways[value]
                if way not in known.get(value, ()) or way.leaves_open(group[0])
            )
            names = group if labels[value] != _ALONE else ()
            found.append(ColumnGroup(value, rank, names, hops, unknown))
    return found


def _ranks(groups: list[tuple[str, ...]]) -> dict[str, int]:
    return {label: rank for rank, group in enumerate(groups, 1) for label in group}


def _labels(run: Run) -> dict[str, tuple[str, ...]]:
    """The columns of each value that is data."""
    return {
        value.id: _names(value)
        for execution in run.executions
        for value in execution.values
        if value.kind not in _MODELS
    }


def _names(value: Value) -> tuple[str, ...]:
    return tuple(dict.fromkeys(column.name for column in value.columns)) or _ALONE


def _ways(run: Run, labels: Mapping[str, object]) -> dict[str, list[_Way]]:
    """What links say, one way for each two values."""
    cut = {
        value.id
        for execution in run.executions
        for value in execution.values
        if len(value.shape) == 2 and 0 < len(value.columns) < value.shape[1]
    }
    found: dict[str, dict[str, _Way]] = defaultdict(dict)
    for execution in run.executions:
        for link in execution.links:
            if link.target in labels and link.source in labels and link.target != link.source:
                new = _Way(link.source, link.evidence, is_cut=link.source in cut)
                found[link.target].setdefault(link.source, new).take(link)
    linked = set(found)
    for target, use in _through_activities(run):
        if target in labels and target not in linked and use.entity in labels and use.entity != target:
            new = _Way(use.entity, use.evidence, is_cut=use.entity in cut)
            found[target].setdefault(use.entity, new)
    return defaultdict(list, {target: list(ways.values()) for target, ways in found.items()})


def _through_activities(run: Run) -> Iterator[tuple[str, Use]]:
    """What activities made, with each thing that they used; of columns nothing is told by that."""
    for execution in run.executions:
        for activity in execution.activities:
            for target in activity.generated:
                for use in activity.used:
                    yield target, use


def _is_known(way: _Way, value: str, labels: _Labels) -> bool:
    """Whether it is told of columns, or there is but one column on each side."""
    here, there = labels[value], labels[way.source]
    if there == _ALONE and len(here) > 1 and not way.named:
        return False  # no columns of it have the same names
    return way.told or len(here) == len(there) == 1


def _newest_first(labels: _Labels, ways: dict[str, list[_Way]]) -> list[str]:
    """Every value before those that it came from; what came from itself, as only a forged record says, is
    left out.
    """
    came = dict.fromkeys(labels, 0)
    for value in labels:
        for way in ways[value]:
            came[way.source] += 1
    pending = [value for value, count in came.items() if not count]
    order = []
    while pending:
        value = pending.pop()
        order.append(value)
        for way in ways[value]:
            came[way.source] -= 1
            if not came[way.source]:
                pending.append(way.source)
    left = set(labels) - set(order)
    for value in order:
        ways[value] = [way for way in ways[value] if way.source not in left]
    for value in left:
        ways[value] = []
    return order


def _partition(
    order: list[str], labels: _Labels, known: Mapping[str, list[_Way]]
) -> dict[str, list[tuple[str, ...]]]:
    """Columns that came from the same, and of which the same came, are together."""
    marks: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    groups: dict[str, list[tuple[str, ...]]] = {}
    count = 0
    for value in order:
        here = labels[value]
        together: dict[object, list[str]] = defaultdict(list)
        for label in here:
            origins = tuple(
                (way.origin(label, here, labels[way.source]), way.leaves_open(label)) for way in known[value]
            )
            together[origins, tuple(marks[value][label])].append(label)
        groups[value] = [tuple(each) for each in together.values()]
        del marks[value]
        for group in groups[value]:
            for way in known[value]:
                there = labels[way.source]
                origin = way.origin(group[0], here, there)
                apart = group if origin is _KEPT else origin
                if 0 < len(apart) < len(there):
                    count += 1
                    for label in apart:
                        marks[way.source][label].append(count)
    return groups


def _hops(
    way: _Way, group: tuple[str, ...], here: tuple[str, ...], there: tuple[str, ...], ranks: Mapping[str, int]
) -> list[tuple[bool, int]]:
    """The groups of the source that a group came from, each with whether columns keep their names."""
    origin = way.origin(group[0], here, there)
    came_from = group if origin is _KEPT else origin
    return [(origin is _KEPT, rank) for rank in dict.fromkeys(ranks[label] for label in came_from)]


def _fitted_to(run: Run) -> set[str]:
    """What models and transformers were fitted to."""
    return {
        use.entity
        for execution in run.executions
        for activity in execution.activities
        for use in activity.used
        if use.role in _FITTED_TO and activity.kind in _FITTING
    }


def _wanted(order: list[str], labels: _Labels, ways: Mapping[str, list[_Way]], fitted: set[str]) -> set[str]:
    """What something was fitted to, the values with columns of which others came, and what came of these."""
    linked = {way.source for value in order for way in ways[value]} | {v for v in order if ways[v]}
    found: set[str] = set()
    for value in reversed(order):
        has_columns = labels[value] != _ALONE or any(way.source in found for way in ways[value])
        if value in fitted or (value in linked and has_columns):
            found.add(value)
    return found
