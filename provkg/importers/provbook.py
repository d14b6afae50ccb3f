"""ProvBook's record in the metadata of cells: every execution of a cell, with its text, outputs and times.

It does not say where the life of a kernel ended. The counts beside results tell: where they go back, another
kernel was at work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from provkg.identity import digest
from provkg.importers.examined import edited_since
from provkg.importers.saved import SavedCell, SavedNotebook, output_of, text_of
from provkg.importers.shown import is_same
from provkg.importers.timing import span_of
from provkg.importers.told import Ran, Told, saved_environment, saved_state
from provkg.records import Notice

__all__ = ["history"]

_TOOL = "ProvBook"
_MOST_SESSIONS = 1000
_NOT_TOLD = "where one session ended and the next began is not recorded: counts that go back tell it"


def history(notebook: SavedNotebook) -> tuple[Told, ...]:
    """The runs that ProvBook recorded, and what the document shows beside; empty where it has none."""
    ran: list[tuple[datetime, int, Ran]] = []
    last: dict[int, SavedCell] = {}
    for cell in notebook.code_cells:
        for entry in _entries(cell):
            one = _ran(cell, entry)
            last[cell.index] = one.cell
            if one.times.start is not None or one.cell.outputs:
                ran.append((one.times.start or datetime.min.replace(tzinfo=UTC), cell.index, one))
    if not ran:
        return ()
    ran.sort(key=lambda each: each[:2])
    told = [_told(part, number) for number, part in enumerate(_sessions([one for _, _, one in ran]), 1)]
    edited = [
        cell.index
        for cell in notebook.code_cells
        if cell.index in last and last[cell.index].source != cell.source
    ]
    told[-1] = replace(told[-1], findings=tuple(map(edited_since, edited)))
    shown = saved_state(notebook)
    if not all(one.cell.index in last and _shows(last[one.cell.index], one.cell) for one in shown):
        told.append(Told(ran=shown, part="shown", name="as saved"))
    return tuple(replace(one, environment=saved_environment(notebook)) for one in told)


def _shows(recorded: SavedCell, cell: SavedCell) -> bool:
    """Whether what a cell shows is of the last execution that is on record."""
    same = recorded.execution_count in (None, cell.execution_count) or cell.execution_count is None
    return same and is_same(recorded, cell)


def _told(ran: Sequence[Ran], number: int) -> Told:
    first = ran[0]
    key = (str(first.times.start), str(first.cell.index), first.cell.source)
    name = f"session {number}"
    return Told(
        ran=tuple(ran),
        part=name,
        name=name,
        identity=digest([*key]) if first.times.start is not None else "",
        origin=_TOOL,
        started_at=first.times.start,
        notices=(Notice(where=_TOOL, message=_NOT_TOLD),),
    )


def _sessions(ran: Sequence[Ran]) -> list[list[Ran]]:
    """The executions by kernel: an execution with the count n has at most n - 1 before it in its session.

    Where there would be very many, these are no counts.
    """
    bounds = [0]
    before, known = 0, 0
    for rank, one in enumerate(ran):
        count = one.cell.execution_count
        if count is None:
            continue
        if count <= before:
            bounds.append(max(known + 1, rank - count + 1))
        before, known = count, rank
    if len(bounds) > _MOST_SESSIONS:
        return [list(ran)]
    return [list(ran[low:high]) for low, high in zip(bounds, [*bounds[1:], len(ran)], strict=True)]


def _entries(cell: SavedCell) -> list[dict[str, Any]]:
    told = cell.metadata.get("provenance")
    entries = [entry for entry in told if isinstance(entry, dict)] if isinstance(told, list) else []
    return [entry for entry in entries if "source" in entry and ("outputs" in entry or "start_time" in entry)]


def _ran(cell: SavedCell, entry: dict[str, Any]) -> Ran:
    outputs = tuple(output_of(output) for output in _outputs(entry.get("outputs")))
    counts = {output.execution_count for output in outputs if output.kind == "execute_result"}
    return Ran(
        SavedCell(
            index=cell.index,
            kind="code",
            source=text_of(entry.get("source")),
            id=cell.id,
            execution_count=counts.pop() if len(counts) == 1 else None,
            outputs=outputs,
            tags=cell.tags,
        ),
        span_of(entry),
    )


def _outputs(value: Any) -> Iterator[dict[str, Any]]:
    """A list, or the object with positions as keys that jQuery makes of one."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (item for item in items if isinstance(item, dict))
