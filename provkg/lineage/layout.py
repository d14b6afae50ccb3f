"""Places for the things of a lineage in a picture: by layers, with few crossings (after Sugiyama)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

__all__ = ["Layout", "arrange"]

_SWEEPS = 12

_Mark: TypeAlias = tuple[str, int] | str
"""A thing, or the place where a long step passes a layer."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The layer and the row of each thing, and those that long steps pass, from source to target."""

    places: Mapping[str, tuple[int, float]]
    bends: Mapping[tuple[str, str], tuple[tuple[int, float], ...]]
    layers: int
    height: float


def arrange(things: Sequence[str], steps: Sequence[tuple[str, str]]) -> Layout:
    """A layout of ``steps`` from source to target; sources stand in earlier layers.

    Steps that close a circle are drawn and not obeyed.
    """
    forward = _without_circles(things, steps)
    layer = _layers(things, forward)
    columns: list[list[_Mark]] = [[] for _ in range(max(layer.values(), default=0) + 1)]
    for thing in things:
        columns[layer[thing]].append(thing)
    before: dict[_Mark, list[_Mark]] = defaultdict(list)
    after: dict[_Mark, list[_Mark]] = defaultdict(list)
    passing: dict[tuple[str, str], list[_Mark]] = {}
    for source, target in forward:
        marks: list[_Mark] = [
            (f"{source} {target}", between) for between in range(layer[source] + 1, layer[target])
        ]
        for between, mark in enumerate(marks, layer[source] + 1):
            columns[between].append(mark)
        passing[source, target] = marks
        chain: list[_Mark] = [source, *marks, target]
        for one, other in pairwise(chain):
            after[one].append(other)
            before[other].append(one)
    _order(columns, before, after)
    rows = _rows(columns, before, after)
    height = max(rows.values(), default=0.0) + 1
    return Layout(
        places={thing: (layer[thing], rows[thing]) for thing in things},
        bends={
            step: tuple((layer[step[0]] + n, rows[mark]) for n, mark in enumerate(marks, 1))
            for step, marks in passing.items()
        },
        layers=len(columns),
        height=height,
    )


def _without_circles(things: Sequence[str], steps: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    targets: dict[str, list[str]] = defaultdict(list)
    for source, target in dict.fromkeys(steps):
        if source != target:
            targets[source].append(target)
    closed: set[tuple[str, str]] = set()
    state: dict[str, int] = {}
    for first in things:
        stack = [(first, iter(targets[first]))] if first not in state else []
        state.setdefault(first, 1)
        while stack:
            thing, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[thing] = 2
                stack.pop()
            elif following not in state:
                state[following] = 1
                stack.append((following, iter(targets[following])))
            elif state[following] == 1:
                closed.add((thing, following))
    return [
        (source, target) for source in targets for target in targets[source] if (source, target) not in closed
    ]


def _layers(things: Sequence[str], steps: Sequence[tuple[str, str]]) -> dict[str, int]:
    """As far from the sources as the longest way, then as near to the first target as can be."""
    targets: dict[str, list[str]] = defaultdict(list)
    open_: dict[str, int] = dict.fromkeys(things, 0)
    for source, target in steps:
        targets[source].append(target)
        open_[target] += 1
    layer = dict.fromkeys(things, 0)
    ready = [thing for thing in things if not open_[thing]]
    for thing in ready:
        for target in targets[thing]:
            layer[target] = max(layer[target], layer[thing] + 1)
            open_[target] -= 1
            if not open_[target]:
                ready.append(target)
    for thing in reversed(ready):
        if targets[thing]:
            layer[thing] = min(layer[target] for target in targets[thing]) - 1
    return layer


def _order(
    columns: list[list[_Mark]], before: Mapping[_Mark, list[_Mark]], after: Mapping[_Mark, list[_Mark]]
) -> None:
    """Sort each column by the mean place of its neighbours, to and fro."""
    for sweep in range(_SWEEPS):
        forth = sweep % 2 == 0
        for number in range(1, len(columns)) if forth else range(len(columns) - 2, -1, -1):
            beside = columns[number - 1 if forth else number + 1]
            columns[number] = _sorted(columns[number], beside, before if forth else after)


def _sorted(
    column: Sequence[_Mark], beside: Sequence[_Mark], neighbours: Mapping[_Mark, Sequence[_Mark]]
) -> list[_Mark]:
    rank = {mark: place for place, mark in enumerate(beside)}
    middles = {}
    for place, mark in enumerate(column):
        near = [rank[one] for one in neighbours.get(mark, ()) if one in rank]
        middles[mark] = sum(near) / len(near) if near else float(place)
    return sorted(column, key=middles.__getitem__)


def _rows(
    columns: list[list[_Mark]], before: Mapping[_Mark, list[_Mark]], after: Mapping[_Mark, list[_Mark]]
) -> dict[_Mark, float]:
    """A row for each mark: near the mean of its neighbours, in the column's order, one apart."""
    rows = {mark: float(place) for column in columns for place, mark in enumerate(column)}
    for _ in range(_SWEEPS):
        for column in columns:
            wished = []
            for mark in column:
                near = [rows[one] for one in (*before.get(mark, ()), *after.get(mark, ()))]
                wished.append(sum(near) / len(near) if near else rows[mark])
            rows.update(zip(column, _apart(wished), strict=True))
    lowest = min(rows.values(), default=0.0)
    return {mark: row - lowest for mark, row in rows.items()}


def _apart(wished: Sequence[float]) -> list[float]:
    """Rows at least one apart and as near to the wished ones as possible (pool adjacent violators)."""
    blocks: list[tuple[float, int]] = []
    for place, row in enumerate(wished):
        mean, size = row - place, 1
        while blocks and blocks[-1][0] >= mean:
            other, others = blocks.pop()
            mean, size = (other * others + mean * size) / (others + size), others + size
        blocks.append((mean, size))
    free = [mean for mean, size in blocks for _ in range(size)]
    return [row + place for place, row in enumerate(free)]
