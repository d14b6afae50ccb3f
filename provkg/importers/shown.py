"""What a notebook shows beside the executions that MLProvLab recorded of it.

It records nothing of what ran without it, and keeps the outputs that had come when the kernel answered, which
need not be all. What the document shows is more of the same sessions, or another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from msgspec.structs import replace

from provkg.importers.examined import Kind, edited_since
from provkg.importers.mlprovlab import TOOL
from provkg.importers.saved import SavedCell, SavedNotebook, SavedOutput, text_of
from provkg.importers.timing import Times
from provkg.importers.told import Ran, Told, saved_environment, saved_state
from provkg.records import Finding, Notice

__all__ = ["is_same", "with_shown"]

_SLACK = timedelta(seconds=3)
"""A record has whole seconds, of the clock of the browser."""


def with_shown(told: Sequence[Told], notebook: SavedNotebook) -> tuple[Told, ...]:
    """The recorded runs, completed by what the document shows; another one where it shows another session."""
    *earlier, last = told
    shown = saved_state(notebook)
    places = {_place(ran): rank for rank, ran in enumerate(last.ran)}
    known: dict[tuple[int, int | None], list[Ran]] = {}
    for ran in (ran for run in earlier for ran in run.ran):
        known.setdefault(_place(ran), []).append(ran)
    merged, unknown = list(last.ran), []
    edited, more = [], 0
    for ran in shown:
        rank = places.get(_place(ran))
        if rank is not None and is_same(last.ran[rank].cell, ran.cell):
            kept = last.ran[rank].cell
            if list(map(_as_text, kept.outputs)) != list(map(_as_text, ran.cell.outputs or kept.outputs)):
                more += 1
                merged[rank] = replace(last.ran[rank], cell=replace(kept, outputs=ran.cell.outputs))
            if not _same_text(kept, ran.cell):
                edited.append(ran)
            elif _is_of(ran.times, last.ran[rank].times):
                merged[rank] = replace(merged[rank], times=ran.times)
        elif not any(is_same(one.cell, ran.cell) for one in known.get(_place(ran), ())):
            unknown.append(ran)
    if not unknown:
        return (*earlier, _completed(last, merged, edited, more))
    counts = {ran.cell.execution_count for ran in last.ran} | {None}
    if len(unknown) < len(shown) and all(ran.cell.execution_count not in counts for ran in unknown):
        merged += unknown
        merged.sort(key=lambda ran: ran.cell.execution_count or 0)
        message = f"{len(unknown)} executions are in the document alone: MLProvLab did not record them."
        finding = Finding(
            kind=Kind.UNRECORDED, message=message, cells=tuple(ran.cell.index for ran in unknown[:20])
        )
        completed = _completed(last, merged, edited, more)
        return (*earlier, replace(completed, findings=(*completed.findings, finding)))
    later = Told(ran=shown, part="shown", name="as saved", environment=saved_environment(notebook))
    return (*told, later)


def _place(ran: Ran) -> tuple[int, int | None]:
    """Which cell it was of, and the kernel's count."""
    return ran.cell.index, ran.cell.execution_count


def is_same(recorded: SavedCell, shown: SavedCell) -> bool:
    """Whether the document shows the execution that was recorded; its text may have been edited since."""
    if not shown.outputs:
        return True
    before, now = list(map(_as_text, recorded.outputs)), list(map(_as_text, shown.outputs))
    return _begins(before, now) if _same_text(recorded, shown) else before == now


def _is_of(shown: Times, recorded: Times) -> bool:
    """Whether the times that JupyterLab noted with a cell are those of a recorded execution."""
    if shown.start is None or shown.end is None or recorded.end is None:
        return False
    return abs(shown.end - recorded.end) <= _SLACK


def _as_text(output: SavedOutput) -> SavedOutput:
    """An output with its texts in one piece: files have them in lines, and records as they came."""
    data = {
        name: value if name.endswith("json") or not isinstance(value, list) else text_of(value)
        for name, value in output.data.items()
    }
    return replace(output, data=data)


def _completed(told: Told, ran: list[Ran], edited: Sequence[Ran], more: int) -> Told:
    findings = tuple(edited_since(one.cell.index) for one in edited)
    notices = told.notices
    if more:
        message = "outputs that came after its record was made were taken from the document"
        notices = (*notices, Notice(where=TOOL, message=message, count=more))
    return replace(told, ran=tuple(ran), findings=(*told.findings, *findings), notices=notices)


def _begins(recorded: list[SavedOutput], shown: list[SavedOutput]) -> bool:
    """Whether the shown outputs are the recorded ones and perhaps more."""
    if not recorded:
        return True
    *whole, last = recorded
    if len(shown) < len(recorded) or shown[: len(whole)] != whole:
        return False
    then = shown[len(whole)]
    grown = last.kind == then.kind == "stream" and last.name == then.name and then.text.startswith(last.text)
    return grown or last == then


def _same_text(one: SavedCell, other: SavedCell) -> bool:
    return one.source.strip() == other.source.strip()
