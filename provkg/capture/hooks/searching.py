"""Searches for settings: one activity, with each candidate that was tried as an activity inside it.

What a candidate scored is taken from the search's own table of results, so it is known too where the fits
took place in other processes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from provkg.capture.hooks.calls import Begin
from provkg.capture.hooks.estimators import Fitting
from provkg.capture.hooks.numbers import number, result_of
from provkg.capture.hooks.scorers import metric_of
from provkg.capture.hooks.settings import settings_of, splitter_settings
from provkg.capture.kinds import type_name
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import (
    Activity,
    ActivityKind,
    Result,
    Role,
    SeriesBy,
    SplitRole,
    Status,
    Use,
)

__all__ = ["MAX_CANDIDATES", "Searching", "is_search"]

MAX_CANDIDATES = 100
"""Candidates of one search that are recorded; the one it chose always is."""


def is_search(estimator: Any) -> bool:
    """Whether an estimator searches for settings in scikit-learn's way."""
    return any(parent.__name__ == "BaseSearchCV" for parent in type(estimator).__mro__)


class Searching(Fitting):
    """``fit`` of a search: many fits of one estimator with different settings."""

    is_search = True

    def __init__(self, session: Session, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__(session, method, args, kwargs)
        self.kind = ActivityKind.TUNING
        self._began: list[datetime] = []

    def inside(self, begin: Begin, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A candidate is fitted to a fold, or the chosen one to all data: only the time is noted."""
        if args and args[0] is self.estimator:
            return super().inside(begin, args, kwargs)
        if args and type(args[0]) is type(getattr(self.estimator, "estimator", None)):
            self._began.append(datetime.now(UTC))
        return None

    def splits(self, splitter: Any) -> None:
        """The splitter in use is known, whatever ``cv`` says."""
        if not any(each.name == "splitter" for each in self.settings):
            self.settings += splitter_settings(splitter)

    def learnt(self, fitted: Node | None) -> None:
        """The candidates, their scores, and the best."""
        table = getattr(self.estimator, "cv_results_", None)
        if not isinstance(table, Mapping) or "params" not in table:
            self.fits = len(self._began)
            return
        folds = int(getattr(self.estimator, "n_splits_", 0))
        candidates = len(table["params"])
        refit = int(bool(getattr(self.estimator, "refit", False)))
        self.fits = candidates * folds + refit
        best = getattr(self.estimator, "best_index_", None)
        self._result(fitted, table)
        if self.crowded:
            return
        in_order = len(self._began) == self.fits
        for rank in range(candidates):
            if rank < MAX_CANDIDATES or rank == best:
                began = self._began[rank * folds] if in_order and folds else None
                activity = self._candidate(table, rank, folds, began)
                self.parts.append(activity)
                if rank == best:
                    self.best = activity.id
        if candidates > MAX_CANDIDATES:
            self.session.notice(
                self.function,
                f"of {candidates} candidates the first {MAX_CANDIDATES} and the chosen one are recorded",
            )

    def _metrics(self, table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """The keys that the table has for metrics, with the metrics' names."""
        scoring = getattr(self.estimator, "scoring", None)
        for column in table:
            if column.startswith("mean_test_"):
                key = column.removeprefix("mean_test_")
                if key != "score":
                    given = scoring.get(key) if isinstance(scoring, dict) else None
                    yield key, metric_of(given, None) if given is not None else key
                else:
                    yield key, metric_of(scoring, getattr(self.estimator, "estimator", None))

    def _result(self, fitted: Node | None, table: Mapping[str, Any]) -> None:
        """The best score, with the scores of all candidates in order."""
        score, refit = getattr(self.estimator, "best_score_", None), getattr(self.estimator, "refit", None)
        if score is None or fitted is None:
            return
        metrics = dict(self._metrics(table))
        key = refit if isinstance(refit, str) and refit in metrics else "score"
        if key not in metrics:
            return
        self.results.append(
            result_of(
                self.session,
                metrics[key],
                score,
                series=tuple(number(each)[0] for each in table[f"mean_test_{key}"]),
                series_by=SeriesBy.CANDIDATE,
                model=fitted.id,
                data=self._data(),
                role=SplitRole.VALIDATION,
            )
        )

    def _data(self) -> tuple[str, ...]:
        return (self.data.id,) if self.data is not None and self.data.id else ()

    def _candidate(self, table: Mapping[str, Any], rank: int, folds: int, began: datetime | None) -> Activity:
        estimator = getattr(self.estimator, "estimator", None)
        name = type_name(type(estimator))
        results = tuple(self._scores(table, rank, folds))
        seconds = [table[f"mean_{part}_time"][rank] * folds for part in ("fit", "score")]
        used = [use for use in self.used if use.role in (Role.DATA, Role.TARGET)]
        return Activity(
            id=self.session.next_activity(),
            kind=ActivityKind.TRAINING,
            function=f"{name}.fit",
            package=self.session.package_of(type(estimator).__module__.partition(".")[0]),
            implementation=name,
            started_at=began,
            duration=round(float(sum(seconds)), 6),
            used=tuple(Use(entity=use.entity, role=use.role) for use in used),
            settings=settings_of(estimator, table["params"][rank]),
            results=results,
            parent=self.id,
            fits=folds,
            status=Status.SUCCEEDED if any(each.text != "nan" for each in results) else Status.FAILED,
            line=self.line,
        )

    def _scores(self, table: Mapping[str, Any], rank: int, folds: int) -> Iterator[Result]:
        """The mean of each metric, with its folds in order."""
        for key, metric in self._metrics(table):
            for part, role in (("test", SplitRole.VALIDATION), ("train", SplitRole.TRAINING)):
                if f"mean_{part}_{key}" not in table:
                    continue
                scores = (table.get(f"split{fold}_{part}_{key}") for fold in range(folds))
                yield result_of(
                    self.session,
                    metric,
                    table[f"mean_{part}_{key}"][rank],
                    series=tuple(number(each[rank])[0] for each in scores if each is not None),
                    series_by=SeriesBy.FOLD,
                    data=self._data(),
                    role=role,
                )
