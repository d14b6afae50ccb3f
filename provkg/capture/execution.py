"""What is gathered while one execution runs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from provkg.capture.energy import Meter
from provkg.capture.namespace import Snapshot
from provkg.capture.progress import Progress
from provkg.records import Activity, CellExecution, Error, Notice, Seed, Status

__all__ = ["MAX_CALLS_OF_A_LINE", "Execution", "Notices"]

MAX_CALLS_OF_A_LINE = 100


class Notices:
    """What capture could not do, each with how often."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, where: str, error: BaseException | str) -> None:
        """Note something once more."""
        message = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
        key = (where, message[:500].encode("utf-8", "backslashreplace").decode())
        self._counts[key] = self._counts.get(key, 0) + 1

    def take(self) -> tuple[Notice, ...]:
        """All that was noted, which is then forgotten."""
        counts, self._counts = self._counts, {}
        return tuple(
            Notice(where=where, message=message, count=count) for (where, message), count in counts.items()
        )

    def move_to(self, other: Notices) -> None:
        """Hand all that was noted on."""
        counts, self._counts = self._counts, {}
        other._counts = counts | other._counts


class Execution:
    """One execution at work.

    Parameters:
        record: what was known when it began.
        snapshot: the variables before it.
        states: the recorded states that variables held before it.
        patience: seconds after which it is told of while it is at work.
    """

    def __init__(
        self, record: CellExecution, snapshot: Snapshot, states: dict[str, str], patience: float
    ) -> None:
        self.record = record
        self.snapshot = snapshot
        self.states = states
        self.progress = Progress(record.order, patience)
        self.activities: list[Activity] = []
        self.seeds: list[Seed] = []
        self.notices = Notices()
        self.shared: set[str] = set()
        """Variables that another execution may have bound while this one was at work."""
        self.left: Snapshot | None = None
        """The variables after it, where they have been looked at."""
        self.closing: list[Callable[[Error | None, bool], None]] = []
        self.error: Error | None = None
        """What it ended with."""
        self.cpu = time.process_time()
        self.overhead = 0.0
        self.meter = Meter()
        self._calls: Counter[tuple[str, int | None, str]] = Counter()

    def add(self, activity: Activity, file: str, within: str) -> None:
        """Record an activity.

        Parameters:
            file: the module of the user's that it happens in, if not the cell or script.
            within: the activity that it is a part of, where it does not say that itself.
        """
        self.activities.append(
            replace(activity, parent=activity.parent or within, file=file or activity.file)
            if file or within
            else activity
        )

    def finished(
        self,
        fields: dict[str, Any],
        began: float,
        error: Error | None,
        execution_count: int | None,
        *,
        interrupted: bool,
    ) -> CellExecution:
        """The record of the execution, which has ended.

        Parameters:
            fields: what was looked up when it ended.
            began: the processor time when that began.
        """
        status = Status.SUCCEEDED
        if error is not None:
            status = Status.INTERRUPTED if interrupted else Status.FAILED
        now = time.process_time()
        return replace(
            self.record,
            **fields,
            ended_at=datetime.now(UTC),
            execution_count=execution_count,
            status=status,
            error=error,
            activities=tuple(sorted(self.activities, key=_rank)),
            seeds=tuple(self.seeds),
            notices=self.notices.take(),
            cpu=round(now - self.cpu, 6),
            overhead=round(self.overhead + now - began, 6),
            energy=self.meter.joules(),
        )

    def crowds(self, function: str, line: int | None, file: str) -> bool:
        """Whether a line has called a function so often that further calls are counted, not recorded."""
        self._calls[function, line, file] += 1
        if self._calls[function, line, file] <= MAX_CALLS_OF_A_LINE:
            return False
        where = f"line {line} of {file}" if file else f"line {line}"
        self.notices.add(
            function, f"calls on {where} beyond the first {MAX_CALLS_OF_A_LINE} are not recorded"
        )
        return True


def _rank(activity: Activity) -> int:
    """Activities are numbered as they begin, and recorded when they end."""
    return int(activity.id[1:])
