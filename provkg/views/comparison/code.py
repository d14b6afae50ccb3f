"""In what the code of runs differs: cells matched by id, text and likeness, the user's modules, commits."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher, unified_diff

from provkg.analysis.parsing import parse
from provkg.records import CellExecution, FileMode, is_handle
from provkg.views.comparison.found import Found, Lines, anchor
from provkg.views.comparison.matching import Pairs, Row, align, by_keys, by_likeness, moved
from provkg.views.comparison.model import Aspect, Change, Detail, Difference, change_of
from provkg.views.comparison.sides import Side

__all__ = ["Cell", "cell_rows", "code_differences", "diff_text", "match_cells"]

_ALIKE, _SAME_ID = 0.6, 0.3
_LONGEST_DIFF = 2_000


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it was executed in a run: its executions in order, each with the text it had then."""

    id: str
    place: str
    index: int | None
    focus: bool = False
    executions: list[tuple[int, str]] = field(default_factory=list)

    @property
    def source(self) -> str:
        """The text that was executed last."""
        return self.executions[-1][1]

    @property
    def order(self) -> int:
        """The rank of the last execution."""
        return self.executions[-1][0]

    @property
    def texts(self) -> frozenset[str]:
        """All texts that were executed."""
        return frozenset(source for _, source in self.executions)


def cells_of(side: Side) -> list[Cell]:
    """The executed cells of a run in the order of their last execution."""
    cells: dict[object, Cell] = {}
    for execution in side.executions:
        known = execution.cell_id if not is_handle(execution.cell_id) else ""
        focus = execution.order == side.focus
        key = "focus" if focus else _key(execution)
        found = cells.pop(key, None)
        history = found.executions if found else []
        cells[key] = Cell(known, side.place(execution.order), execution.index, focus, history)
        history.append((execution.order, execution.source))
    return list(cells.values())


def _key(execution: CellExecution) -> object:
    """What executions of one cell have in common; without id and position, the text."""
    if execution.cell_id:
        return execution.cell_id
    return execution.source if execution.index is None else execution.index


def match_cells(first: Sequence[Cell], second: Sequence[Cell]) -> Pairs:
    """Which cells are one cell: by id where their texts are alike, by text, by likeness, by id alone."""
    pairs: Pairs = []
    left, right = dict(enumerate(first)), dict(enumerate(second))

    def take(found: Pairs) -> None:
        for a, b in found:
            if a in left and b in right:
                pairs.append((a, b))
                del left[a], right[b]

    take([(a, b) for a, cell in left.items() for b, other in right.items() if cell.focus and other.focus])
    ids = {cell.id: b for b, cell in right.items() if cell.id}
    same_id = [(a, ids[cell.id]) for a, cell in left.items() if cell.id in ids]
    take([(a, b) for a, b in same_id if _alike(first[a], second[b])])
    names = list(left), list(right)
    matched = by_keys(_text)(list(left.values()), list(right.values()))
    take([(names[0][a], names[1][b]) for a, b in matched])
    names = list(left), list(right)
    texts = [cell.source for cell in left.values()], [cell.source for cell in right.values()]
    take([(names[0][a], names[1][b]) for a, b in by_likeness(*texts, _ALIKE)])
    take(same_id)
    return sorted(pairs)


def _text(cell: Cell) -> str:
    return cell.source.strip()


def _alike(cell: Cell, other: Cell) -> bool:
    if cell.texts & other.texts:
        return True
    return bool(by_likeness([cell.source], [other.source], _SAME_ID))


def cell_rows(sides: Sequence[Side]) -> list[Row[Cell]]:
    """The cells of all runs, those that are one cell in one row."""
    return align([cells_of(side) for side in sides], match_cells)


def code_differences(sides: Sequence[Side], rows: Sequence[Row[Cell]]) -> Iterator[Found]:
    """Cells that were edited, moved, added or left out; modules of the user's own; commits."""
    displaced = _displaced(rows)
    for row in rows:
        present = [cell for cell in row if cell]
        if len(present) < len(row) or len({cell.texts for cell in present}) > 1:
            yield _edited(sides, row)
        elif id(row) in displaced:
            yield _found(sides, row, Change.MOVED, ())
        elif len({len(cell.executions) for cell in present}) > 1:
            yield _found(sides, row, Change.REPEATED, ())
    yield from _modules(sides)
    yield from _commits(sides)


def _edited(sides: Sequence[Side], row: Row[Cell]) -> Found:
    values = [cell.source if cell else None for cell in row]
    change = change_of(values)
    texts = [value for value in values if value is not None]
    if change is Change.CHANGED and all(_means_the_same(texts[0], text) for text in texts[1:]):
        change = Change.REFORMATTED
    return _found(sides, row, change, tuple(_diff(row, other) for other in row[1:]))


def _diff(row: Row[Cell], other: Cell | None) -> str:
    """What differs in a text from that of the first; where the last ones are equal, in earlier ones."""
    before, after = (row[0].source if row[0] else ""), (other.source if other else "")
    if before == after and row[0] and other:
        before = next((text for _, text in row[0].executions if text not in other.texts), before)
        after = next((text for _, text in other.executions if text not in row[0].texts), after)
    return diff_text(before, after)


def diff_text(before: str, after: str) -> str:
    r"""A unified diff without its head.

    >>> diff_text("a\nb", "a\nc")
    '@@ -1,2 +1,2 @@\n a\n-b\n+c'
    """
    lines = unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    kept = [line for number, line in enumerate(lines) if number >= 2]
    if len(kept) > _LONGEST_DIFF:
        kept = [*kept[:_LONGEST_DIFF], f"… and {len(kept) - _LONGEST_DIFF:,} more lines"]
    return "\n".join(kept)


def _found(sides: Sequence[Side], row: Row[Cell], change: Change, diffs: tuple[str, ...]) -> Found:
    named = next(cell for cell in row if cell)
    item = named.place if not named.place.startswith("the ") else "script"
    lines = tuple(_changed_lines(cell, [other for other in row if other is not cell]) for cell in row)
    if change in (Change.MOVED, Change.REPEATED):
        lines = tuple({order: _all_lines(text) for order, text in cell.executions} for cell in row if cell)
    if change is Change.REFORMATTED:
        lines = tuple({} for _ in row)
    difference = Difference(
        aspect=Aspect.CODE,
        item=item,
        change=change,
        values=tuple(cell.source if cell else None for cell in row),
        places=tuple(cell.place if cell else "" for cell in row),
        details=tuple(_details(row, change)),
        diffs=diffs,
    )
    return Found(
        difference,
        tuple(frozenset(anchor("execution", order) for order in by_order) for by_order in lines),
        lines,
    )


def _details(row: Row[Cell], change: Change) -> Iterator[Detail]:
    if change is Change.MOVED:
        yield Detail("executed as", tuple(f"number {cell.order}" if cell else None for cell in row))
    if change is Change.REPEATED:
        yield Detail("executed", tuple(_times(len(cell.executions)) if cell else None for cell in row))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _changed_lines(cell: Cell | None, others: Sequence[Cell | None]) -> Lines:
    """The lines of each execution's text that the others have not, counted as the analysis counts them."""
    if cell is None:
        return {}
    found: dict[int, frozenset[int]] = {}
    for order, text in cell.executions:
        changed: set[int] = set()
        for other in others:
            if other is None:
                changed |= _all_lines(text)
            elif text not in other.texts:
                changed |= _lines_not_in(other.source, text)
        if changed:
            found[order] = frozenset(changed)
    return found


def _lines_not_in(other: str, text: str) -> set[int]:
    """The lines that differ; those around a gap where lines of the other are missing."""
    mine, theirs = text.lstrip("\n").splitlines(), other.lstrip("\n").splitlines()
    changed: set[int] = set()
    for tag, _, _, start, end in SequenceMatcher(None, theirs, mine).get_opcodes():
        if tag != "equal":
            changed.update(range(start + 1, end + 1))
    return changed


def _all_lines(text: str) -> frozenset[int]:
    return frozenset(range(1, text.count("\n") + 2))


def _means_the_same(text: str, other: str) -> bool:
    """Whether two texts differ in comments and blanks only."""
    trees = [parse(each, transformed=False).tree for each in (text, other)]
    try:
        return None not in trees and len({ast.dump(tree) for tree in trees if tree}) == 1
    except RecursionError:
        return False


def _displaced(rows: Sequence[Row[Cell]]) -> set[int]:
    """Rows whose cell stands or was executed at another place among those that all have."""
    whole = [(row, [cell for cell in row if cell]) for row in rows if all(row)]
    found: set[int] = set()
    for number in range(1, len(rows[0]) if rows else 0):
        for rank in (_executed, _stands):
            known = [pair for pair in whole if all(rank(cell) >= 0 for cell in pair[1])]
            ordered = sorted(known, key=lambda pair: rank(pair[1][0]))
            places = moved([rank(cells[number]) for _, cells in ordered])
            found |= {id(ordered[position][0]) for position in places}
            if found:
                break
    return found


def _executed(cell: Cell) -> int:
    return cell.order


def _stands(cell: Cell) -> int:
    """The position in the document from 0, or less where it is not known."""
    return -1 if cell.index is None else cell.index


def _modules(sides: Sequence[Side]) -> Iterator[Found]:
    """Modules of the user's own, by their path as seen from the run's folder."""
    digests = []
    for side in sides:
        files = {side.near(file.path): file for file in side.files(FileMode.IMPORTED) if file.sha256}
        digests.append(files)
    for path in dict.fromkeys(path for files in digests for path in files):
        found = [files.get(path) for files in digests]
        values = [file.sha256 if file else None for file in found]
        if len(set(values)) > 1:
            yield Found(
                Difference(
                    aspect=Aspect.CODE,
                    item=f"module {path}",
                    change=change_of(values),
                    values=tuple(value and f"sha256 {value[:12]}" for value in values),
                ),
                tuple(frozenset({anchor("module", file.path)} if file else ()) for file in found),
            )


def _commits(sides: Sequence[Side]) -> Iterator[Found]:
    commits = [side.run.started.commit for side in sides]
    values = [
        f"{commit.hash[:12]}{' with uncommitted changes' if commit.dirty else ''}" if commit else None
        for commit in commits
    ]
    if len(set(values)) > 1:
        yield Found(Difference(Aspect.CODE, "commit", change_of(values), tuple(values)))
