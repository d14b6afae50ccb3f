"""Compares runs, or executions of cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from provkg.errors import JournalError
from provkg.journal import get_object
from provkg.views.comparison.code import Cell, cell_rows, code_differences
from provkg.views.comparison.data import data_differences, undigested, written_differences
from provkg.views.comparison.explaining import EXPLAINED_AT_MOST, explain
from provkg.views.comparison.found import Found
from provkg.views.comparison.matching import Row
from provkg.views.comparison.measures import Measured, measured
from provkg.views.comparison.model import Comparison, Explanation, Measure
from provkg.views.comparison.outputs import Read, output_differences, pictures_of
from provkg.views.comparison.sides import Side
from provkg.views.comparison.steps import seed_differences, step_differences
from provkg.views.comparison.surroundings import environment_differences, outcome_differences
from provkg.views.references import find_execution

if TYPE_CHECKING:
    from provkg.config import Home
    from provkg.queries import Source

__all__ = ["compare", "compare_sides"]


def compare(store: Source, home: Home, words: Sequence[str]) -> Comparison:
    """In what runs, or executions of cells, differ from the first of them, and why their results do.

    A word is one for a run (see `provkg.queries.find_run`), or for an execution of a cell: ``[3]``,
    ``latest~1/[3]``. An execution is compared together with those that it depends on.

    Raises:
        NotFoundError: nothing answers to a word, or several things do.
        JournalError: a run's journal cannot be read.
    """
    found = [find_execution(store, home, word) for word in words]
    sides = [Side(inventory, execution.order if execution else None) for inventory, execution in found]

    def read(digest: str) -> bytes | None:
        try:
            return get_object(home, digest)
        except JournalError:  # not kept, or damaged: what it is an output of is compared by its digest
            return None

    return compare_sides(sides, read)


def compare_sides(sides: Sequence[Side], read: Read) -> Comparison:
    """In what all differ from the first, and why their results do.

    Parameters:
        read: gives the content of a digest, where it is kept.
    """
    cells = cell_rows(sides)
    found = _differences(sides, cells)
    rows = measured(sides)
    outputs = tuple(output_differences(sides, cells, read))
    measures = tuple(measure for measure, _ in rows)
    return Comparison(
        compared=tuple(side.compared for side in sides),
        same=not found and not outputs and all(one.same for one in measures),
        explanations=tuple(_explanations(sides, found, rows)),
        measures=measures,
        differences=tuple(one.difference for one in found),
        outputs=outputs,
        notes=tuple(_notes(sides, sum(not one.same for one in measures))),
        pictures=pictures_of(outputs, read),
    )


def _differences(sides: Sequence[Side], cells: Sequence[Row[Cell]]) -> list[Found]:
    """All differences, each once: many steps may have the same setting changed."""
    found = chain(
        outcome_differences(sides),
        data_differences(sides),
        step_differences(sides),
        seed_differences(sides),
        code_differences(sides, cells),
        environment_differences(sides),
        written_differences(sides),
    )
    once: dict[object, Found] = {}
    for one in found:
        difference = one.difference
        key = (difference.aspect, difference.item, difference.values) if not difference.diffs else id(one)
        once[key] = once[key].together(one) if key in once else one
    return list(once.values())


def _explanations(
    sides: Sequence[Side], found: Sequence[Found], rows: Sequence[tuple[Measure, Row[Measured]]]
) -> Iterator[Explanation]:
    for number, side in enumerate(sides[1:], 1):
        changed = [
            (position, first, second)
            for position, (measure, row) in enumerate(rows)
            if (first := row[0]) and (second := row[number]) and not measure.same and _differ(first, second)
        ]
        if changed:
            pair = sides[0], side
            between = found if len(sides) == 2 else _differences(pair, cell_rows(pair))
            yield from explain(pair, between, changed, (0, number))


def _differ(first: Measured, second: Measured) -> bool:
    return (first.result.value, first.result.series) != (second.result.value, second.result.series) or (
        first.result.value is None and first.text != second.text
    )


def _notes(sides: Sequence[Side], changed: int) -> Iterator[str]:
    """What could not be compared or explained."""
    if changed > EXPLAINED_AT_MOST:
        yield f"of {changed:,} results that changed, the first {EXPLAINED_AT_MOST} were looked at for causes"
    yield from undigested(sides)
    for side in sides:
        if side.run.environment is None:
            yield f"the environment of run {side.run.id[:8]} is not recorded"
        if side.run.finished is None:
            yield f"run {side.run.id[:8]} is not known to have ended: what came after is missing"
    if len({side.run.started.code.path if side.run.started.code else "" for side in sides}) > 1:
        yield "they are of different documents: cells are matched by their texts"
