"""Where the lineage of results is incomplete, so that a cause may be hidden."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Sequence

from provkg.records import Digest, Evidence, File, FileMode, RunKind, Status, Value
from provkg.views.comparison.sides import Side
from provkg.views.comparison.slices import Slice

__all__ = ["gaps"]

_SHOWN = 6
_HOW = {
    Evidence.INFERRED: "read from the text",
    Evidence.DECLARED: "declared",
    Evidence.IMPORTED: "told by an imported record",
}
_GIVEN = frozenset({"In", "Out", "get_ipython", "display", "exit", "quit", "_", "__name__", "__file__"})


def gaps(sides: tuple[Side, Side], slices: Sequence[tuple[Slice, Slice]]) -> list[str]:
    """What is not known of the lineages of some results, in sentences, each once."""
    found: dict[str, None] = {}
    for pair in slices:
        for side, part in zip(sides, pair, strict=True):
            for gap in _of_slice(side, part):
                found.setdefault(gap)
    sentences = list(found)
    more = len(sentences) - _SHOWN
    return [*sentences[:_SHOWN], f"and {more} more"] if more > 0 else sentences


def _of_slice(side: Side, part: Slice) -> Iterator[str]:
    inventory = side.inventory
    result = inventory.name(part.result)
    things = [inventory.things[name] for name in part.ways if name in inventory.things]
    if len(things) < 2:
        yield f"what {result} was measured on is not recorded"
    for thing in things:
        if isinstance(thing, Value) and thing.found:
            yield f"{inventory.name(thing.id)} was there when recording began: what made it is not known"
        if isinstance(thing, File) and thing.mode is FileMode.READ and thing.covers != Digest.FULL:
            why = f": {thing.reason}" if thing.reason else ""
            yield f"{side.near(thing.place)} has no digest of its whole content{why}"
    for name, way in part.ways.items():
        if way.evidence is not Evidence.OBSERVED and {name, way.to} <= inventory.things.keys():
            how = _HOW[way.evidence]
            yield f"that {inventory.name(way.to)} came from {inventory.name(name)} is {how}, not observed"
    unknown = sorted(part.unknown - _GIVEN - set(dir(builtins)))
    if unknown:
        yield f"no recorded execution set {', '.join(unknown[:_SHOWN])}"
    yield from _of_executions(side, part)


def _of_executions(side: Side, part: Slice) -> Iterator[str]:
    for order, counted in part.lines.items():
        execution = side.inventory.executions[order]
        where = side.place(order)
        if counted.whole:
            yield f"the text of {where} could not be looked into"
        for notice in execution.notices:
            yield f"not recorded in {where}: {notice.message}"
        if execution.status is Status.INTERRUPTED:
            yield f"{where} was interrupted"
    if side.run.started.kind is RunKind.IMPORTED:
        yield f"run {side.run.id[:8]} was not observed: its record was imported"
