"""The trials of a study that end while one activity is at work, as parts of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from msgspec.structs import replace

from provkg.capture.hooks.numbers import number, result_of
from provkg.capture.hooks.settings import setting
from provkg.capture.kinds import label_text
from provkg.capture.session import Session
from provkg.records import Activity, ActivityKind, Result, SeriesBy, Setting, Status

__all__ = ["MAX_TRIALS", "Trials"]

MAX_TRIALS = 1000
"""Trials of one call, or of one execution that tells of them itself, that are recorded one by one."""
_MAX_SERIES = 100_000
_STATUS = {"COMPLETE": Status.SUCCEEDED, "PRUNED": Status.INTERRUPTED, "FAIL": Status.FAILED}


class Trials:
    """The trials of a study.

    Parameters:
        parent: the activity that they are parts of; empty where they are not recorded.
    """

    def __init__(self, session: Session, study: Any, parent: str) -> None:
        self._session = session
        self._parent = parent
        self._names = _metric_names(study)
        self._series: list[list[float | int | None]] = [[] for _ in self._names]
        self._count = 0
        self.recorded: dict[int, str] = {}
        """Identifiers of activities by the rank of the trial in the study."""

    def begun(self, rank: int) -> str:
        """A trial begins: its identifier, or that of the whole where it will not be recorded."""
        if self._parent and rank not in self.recorded and len(self.recorded) < MAX_TRIALS:
            self.recorded[rank] = self._session.next_activity()
        return self.recorded.get(rank, self._parent)

    def ended(self, frozen: Any, function: str, line: int | None) -> None:
        """A trial ended, of which Optuna tells a frozen copy."""
        self._count += 1
        values = frozen.values or (None,) * len(self._names)
        for series, value in zip(self._series, values, strict=False):
            if len(series) < _MAX_SERIES:
                series.append(number(value)[0])
        identifier = self.begun(frozen.number)
        if identifier == self._parent:
            return
        started, ended = frozen.datetime_start, frozen.datetime_complete
        self._add(
            identifier,
            function,
            line,
            settings=tuple(_chosen(frozen.params)),
            results=tuple(self._measured(frozen)),
            status=_STATUS.get(frozen.state.name, Status.FAILED),
            started_at=started.astimezone(UTC) if started is not None else None,
            duration=(ended - started).total_seconds() if started is not None and ended is not None else None,
        )

    def broken(self, rank: int, params: Mapping[str, Any], function: str, line: int | None) -> None:
        """A trial raised what ends the study: Optuna tells nothing of it."""
        self._count += 1
        if rank in self.recorded:
            settings = tuple(_chosen(params))
            self._add(self.recorded[rank], function, line, settings=settings, status=Status.FAILED)

    def _add(self, identifier: str, function: str, line: int | None, **fields: Any) -> None:
        self._session.add(
            Activity(
                id=identifier,
                kind=ActivityKind.TUNING,
                function=function,
                package=self._session.package_of("optuna"),
                parent=self._parent,
                line=line,
                **fields,
            )
        )

    def _measured(self, frozen: Any) -> Iterator[Result]:
        """The values of a trial; of the only one of an objective also those reported on the way."""
        steps = frozen.intermediate_values if len(self._names) == 1 else {}
        series = tuple(number(steps[step])[0] for step in sorted(steps))
        values = frozen.values or (None,) * (1 if series else 0)
        for name, value in zip(self._names, values, strict=False):
            yield result_of(self._session, name, value, series=series, series_by=SeriesBy.STEP)

    def results(self, best: Any) -> Iterator[Result]:
        """The values of all trials as they ended, with that of the best where there is one objective."""
        value = best.value if best is not None else None
        for name, series in zip(self._names, self._series, strict=True):
            if series:
                yield result_of(self._session, name, value, series=tuple(series), series_by=SeriesBy.TRIAL)

    def say_what_is_left_out(self, function: str) -> None:
        """Note how many trials there were, where not all are recorded."""
        if self._parent and self._count > len(self.recorded):
            message = f"of {self._count} trials the first {MAX_TRIALS} are recorded one by one"
            self._session.notice(function, message)


def _metric_names(study: Any) -> list[str]:
    names = study.metric_names
    if names:
        return [label_text(name) for name in names]
    count = len(study.directions)
    return ["objective"] if count == 1 else [f"objective_{rank}" for rank in range(count)]


def _chosen(values: Mapping[str, Any]) -> Iterator[Setting]:
    for name, value in values.items():
        yield replace(setting(label_text(name), value), explicit=True)
