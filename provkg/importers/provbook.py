"""ProvBook's record in the metadata of cells: every execution of a cell, with its text, outputs and times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from provkg.importers.examined import edited_since
from provkg.importers.saved import SavedCell, SavedNotebook, output_of, text_of
from provkg.importers.timing import Times, moment
from provkg.importers.told import Ran, Told
from provkg.records import Notice

__all__ = ["history"]


def history(notebook: SavedNotebook) -> Told | None:
    """The run that ProvBook recorded, all sessions in one; None where it recorded none."""
    ran: list[tuple[datetime, int, Ran]] = []
    edited = []
    for cell in notebook.code_cells:
        entries = _entries(cell)
        for rank, entry in enumerate(entries):
            last = rank == len(entries) - 1
            one = _ran(cell, entry, cell.execution_count if last else None)
            if one.times.start is not None or one.cell.outputs:
                ran.append((one.times.start or datetime.min.replace(tzinfo=UTC), cell.index, one))
        if entries and text_of(entries[-1].get("source")) != cell.source:
            edited.append(cell.index)
    if not ran:
        return None
    ran.sort(key=lambda each: each[:2])
    return Told(
        ran=tuple(one for _, _, one in ran),
        part="history",
        started_at=next((start for start, _, one in ran if one.times.start is not None), None),
        findings=tuple(map(edited_since, edited)),
        notices=(
            Notice(where="ProvBook", message="where one session ended and the next began is not recorded"),
        ),
    )


def _entries(cell: SavedCell) -> list[dict[str, Any]]:
    told = cell.metadata.get("provenance")
    entries = [entry for entry in told if isinstance(entry, dict)] if isinstance(told, list) else []
    return [entry for entry in entries if "source" in entry and ("outputs" in entry or "start_time" in entry)]


def _ran(cell: SavedCell, entry: dict[str, Any], count: int | None) -> Ran:
    start, end = moment(entry.get("start_time")), moment(entry.get("end_time"))
    return Ran(
        SavedCell(
            index=cell.index,
            kind="code",
            source=text_of(entry.get("source")),
            id=cell.id,
            execution_count=count,
            outputs=tuple(output_of(output) for output in _outputs(entry.get("outputs"))),
            tags=cell.tags,
        ),
        Times(start, end if start is None or end is None or start <= end else None),
    )


def _outputs(value: Any) -> Iterator[dict[str, Any]]:
    """A list, or the object with positions as keys that jQuery makes of one."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (item for item in items if isinstance(item, dict))
