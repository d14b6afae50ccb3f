"""What is wrong with a saved notebook as a whole: gaps in its counts, its order, its ids.

A finding states what the file shows and what follows from it, never more. Each kind is explained in
``docs/ingest.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provkg.importers.contradictions import contradictions
from provkg.importers.examined import Execution, Kind, about, listed, sentence
from provkg.importers.saved import SavedCell
from provkg.importers.timing import Times
from provkg.importers.unset import unset_names
from provkg.records import Finding

__all__ = ["findings_of"]


def findings_of(
    cells: Sequence[SavedCell], executions: Sequence[Execution], *, newest: bool
) -> Iterator[Finding]:
    """All that a look at a notebook finds.

    Parameters:
        cells: the cells with code, in document order.
        executions: those that were executed, in that order.
        newest: whether the code is in a version of Python that the parser here knows.
    """
    if cells and not executions:
        yield Finding(
            kind=Kind.NOT_EXECUTED, message="No cell shows that it was executed: no counts and no outputs."
        )
    yield from _counts(executions)
    yield from _order(executions)
    yield from contradictions(cells, executions, newest=newest)
    yield from unset_names(cells, executions)
    yield from _ids(cells)


# --- counts and times -------------------------------------------------------------------------------


def _counts(executions: Sequence[Execution]) -> Iterator[Finding]:
    uncounted = [one for one in executions if one.cell.execution_count is None]
    without = [one for one in uncounted if one.times == Times()]
    if without:
        told = f"{listed(without)} shows outputs but no count: whether and when it ran is not known."
        yield about(Kind.NO_COUNT, sentence(told), without)
    by_count: dict[int, list[Execution]] = {}
    for one in executions:
        if one.cell.execution_count is not None:
            by_count.setdefault(one.cell.execution_count, []).append(one)
    twice = [one for same in by_count.values() if len(same) > 1 for one in same]
    if twice:
        message = f"{listed(twice)} share a count: they ran in different sessions, or one is a copy."
        yield about(Kind.TWICE, sentence(message), twice)
    missing = _gaps(sorted(by_count))
    if sum(high - low + 1 for low, high in missing) > len(uncounted) - len(without):  # more than those can be
        single = len(missing) == 1 and missing[0][0] == missing[0][1]
        what = f"{'Execution' if single else 'Executions'} {_ranges(missing)} {'is' if single else 'are'}"
        yield Finding(
            kind=Kind.GAP, message=f"{what} not shown: cells were executed again, edited, or deleted."
        )


def _gaps(counts: Sequence[int]) -> list[tuple[int, int]]:
    """The first and the last of the numbers that are missing between 1 and the last count, gap by gap.

    >>> _gaps([3, 4, 7])
    [(1, 2), (5, 6)]
    """
    before = zip((0, *counts), counts, strict=False)
    return [(low + 1, high - 1) for low, high in before if high > low + 1]


def _ranges(gaps: Sequence[tuple[int, int]]) -> str:
    """Gaps as people list them.

    >>> _ranges([(1, 3), (7, 7)])
    '1 to 3, 7'
    """
    texts = [f"{low} to {high}" if high > low else str(low) for low, high in gaps[:6]]
    return ", ".join([*texts, "…"] if len(gaps) > 6 else texts)


def _order(executions: Sequence[Execution]) -> Iterator[Finding]:
    last: Execution | None = None
    behind = []
    for one in executions:
        if one.cell.index < 0:  # it was deleted: where it stood is not known
            continue
        if last is not None and one.cell.index < last.cell.index:
            behind.append(one)
        else:
            last = one
    if behind:
        told = f"{listed(behind)} ran after a cell further down: from top to bottom the notebook may differ."
        yield about(Kind.OUT_OF_ORDER, sentence(told), behind)
    timed = [one for one in executions if one.times.start and one.cell.execution_count is not None]
    before = 0
    against = []
    for one in timed:
        if (one.cell.execution_count or 0) < before:
            against.append(one)
        before = one.cell.execution_count or 0
    if against:
        told = f"{listed(against)} ran later than cells of a higher count: the kernel was restarted before."
        yield about(Kind.TIMES, sentence(told), against)


def _ids(cells: Sequence[SavedCell]) -> Iterator[Finding]:
    seen: dict[str, SavedCell] = {}
    for cell in cells:
        first = seen.setdefault(cell.id, cell) if cell.id else cell
        if first is not cell:
            message = f"Cells {first.index + 1} and {cell.index + 1} have the same id."
            yield Finding(kind=Kind.SAME_ID, message=message, cells=(first.index, cell.index))
