"""When saved cells were executed, as far as their metadata tells, and in which order.

JupyterLab and nbclient write `execution`, papermill `papermill`, the execute_time extension and ProvBook
`ExecuteTime` and `ExecutionTime`, Colab `executionInfo` (whose time is the end of the execution).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from provkg.importers.saved import Metadata, SavedCell, section

__all__ = ["Times", "executed", "moment", "span_of", "times_of"]

_EARLIEST = datetime(2001, 1, 1, tzinfo=UTC)
_LONGEST = timedelta(days=1)
"""How far ahead of us the clock that wrote a notebook may be."""
_MOST_SECONDS = 1e8
_BEGINNINGS = ("iopub.execute_input", "shell.execute_reply.started", "iopub.status.busy")
_ENDS = ("shell.execute_reply", "iopub.status.idle")
"""What JupyterLab and nbclient note of the messages of an execution, the closest to it first."""


class Times(NamedTuple):
    """When an execution began and ended; None where that is not known."""

    start: datetime | None = None
    end: datetime | None = None


def moment(value: Any) -> datetime | None:
    """A time as ISO 8601 text, or None where it is none or makes no sense; without a zone it is UTC.

    >>> moment("2023-10-14T15:22:43.010183187Z").isoformat()
    '2023-10-14T15:22:43.010183+00:00'
    >>> moment("soon"), moment(None)
    (None, None)
    """
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    return time if _EARLIEST <= time <= datetime.now(UTC) + _LONGEST else None


def times_of(metadata: Metadata) -> Times:
    """When the cell with this metadata was last executed."""
    if not metadata:
        return Times()
    execution = section(metadata, "execution")
    if execution:
        return _ordered(_first(execution, _BEGINNINGS), _first(execution, _ENDS))
    for name in ("papermill", "ExecuteTime", "ExecutionTime"):
        if name in metadata:
            return span_of(section(metadata, name))
    return _colab(section(metadata, "executionInfo"))


def span_of(told: Metadata) -> Times:
    """When what `start_time`, `end_time` and `duration` in seconds tell of began and ended.

    >>> span_of({"start_time": "2024-05-01T10:00:00Z", "duration": 1.5}).end.isoformat()
    '2024-05-01T10:00:01.500000+00:00'
    """
    times = _ordered(moment(told.get("start_time")), moment(told.get("end_time")))
    took = told.get("duration")
    if times.start is None or times.end is not None or told.get("end_time") is not None:
        return times
    if not isinstance(took, int | float) or isinstance(took, bool) or not 0 <= took < _MOST_SECONDS:
        return times
    return Times(times.start, times.start + timedelta(seconds=took))


def _first(told: Metadata, names: Sequence[str]) -> datetime | None:
    """The first of some times that is one."""
    return next((time for name in names if (time := moment(told.get(name))) is not None), None)


def _ordered(began: datetime | None, ended: datetime | None) -> Times:
    return Times(began, ended if began is None or ended is None or began <= ended else None)


def _colab(told: Metadata) -> Times:
    stamp, elapsed = told.get("timestamp"), told.get("elapsed")
    if not isinstance(stamp, int | float) or not isinstance(elapsed, int | float) or elapsed < 0:
        return Times()
    try:
        end = datetime.fromtimestamp(stamp / 1000, UTC)
        start = end - timedelta(milliseconds=elapsed)
    except (ValueError, OverflowError, OSError):
        return Times()
    return Times(start, end) if _EARLIEST <= start <= datetime.now(UTC) + _LONGEST else Times()


def executed(cells: Sequence[SavedCell], times: Sequence[Times]) -> list[int]:
    """The positions in ``cells`` of those that show that they were executed, in the order in which they were.

    Where all have times, these decide, since counts begin anew with every kernel; else the counts. A cell
    with outputs and no count is taken to have followed the one before it. What papermill notes as executed
    was, also where neither is left.

    Parameters:
        cells: cells with code, in document order.
        times: when each was executed.
    """
    shown = [
        n
        for n, cell in enumerate(cells)
        if cell.execution_count is not None or cell.outputs or _ran_in_papermill(cell)
    ]
    starts = {n: time for n in shown if (time := times[n].start) is not None}
    if len(shown) > 1 and len(starts) == len(shown):
        return sorted(shown, key=lambda n: (starts[n], cells[n].execution_count or 0, n))
    before, keys = 0, {}
    for n in shown:
        count = cells[n].execution_count
        keys[n] = (before if count is None else count, n)
        before = before if count is None else count
    return sorted(shown, key=keys.__getitem__)


def _ran_in_papermill(cell: SavedCell) -> bool:
    told = section(cell.metadata, "papermill")
    return told.get("status") in ("completed", "failed") and moment(told.get("start_time")) is not None
