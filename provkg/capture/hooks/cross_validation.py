"""Cross-validations of boosting libraries: one activity, with the means by round and the folds at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from provkg.capture.hooks.calls import Call
from provkg.capture.hooks.numbers import number, result_of
from provkg.capture.session import Session
from provkg.records import ActivityKind, Role, SeriesBy, SplitRole, ValueKind

__all__ = ["FoldRounds"]

_ROLES = {"train": SplitRole.TRAINING, "test": SplitRole.VALIDATION, "valid": SplitRole.VALIDATION}


class FoldRounds(Call):
    """A ``cv`` of a boosting library. It seeds the folds that it draws by itself."""

    kind = ActivityKind.EVALUATION
    seeded = True
    at_work: ClassVar[FoldRounds | None] = None
    """The one whose rounds are heard of."""

    def __init__(self, session: Session, function: str, package: str, data: Any, argument: str) -> None:
        super().__init__(session, function, session.package_of(package))
        self.data = self.use(data, Role.DATA, argument)
        self.use_state(self.data.target if self.data is not None else None, Role.TARGET, argument)
        self.rounds: list[Any] = []
        FoldRounds.at_work = self

    @staticmethod
    def hear(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """One round was measured on every fold."""
        if FoldRounds.at_work is not None and args:
            FoldRounds.at_work.rounds.append(args[0])

    def means(self, result: Any) -> Iterator[tuple[str, str, list[float]]]:
        """Part of the data, metric, and the means over the folds by round, as the library returned them."""
        raise NotImplementedError

    def folds(self, heard: Any) -> Iterator[tuple[str, str, float]]:
        """Part of the data, metric and value of each fold, of one round; none where they are not heard of."""
        yield from ()

    def succeeded(self, result: Any, seconds: float) -> None:
        """The means of all rounds are known."""
        FoldRounds.at_work = None
        rounds, self.rounds = self.rounds, []
        series = {(part, metric): values for part, metric, values in self.means(result)}
        last = max((len(values) for values in series.values()), default=0)
        folds: dict[tuple[str, str], list[float]] = {}
        for part, metric, value in self.folds(rounds[last - 1]) if 0 < last <= len(rounds) else ():
            folds.setdefault((part, metric), []).append(value)
        for (part, metric), values in series.items():
            of_folds = folds.get((part, metric))
            if of_folds:
                self._add(part, metric, values[-1], of_folds, SeriesBy.FOLD)
            self._add(part, metric, None if of_folds else values[-1], values, SeriesBy.ROUND)
        self.fits = max((len(values) for values in folds.values()), default=self.fits)
        if self.data is not None:
            self.make(self.tracker.derive(result, (self.data,), self.function, kind=ValueKind.OTHER), result)
        self.add(seconds)

    def _add(self, part: str, metric: str, value: Any, series: list[float], by: SeriesBy) -> None:
        if self.crowded:
            return
        self.results.append(
            result_of(
                self.session,
                metric,
                value,
                series=tuple(number(each)[0] for each in series),
                series_by=by,
                data=(self.data.id,) if self.data is not None and self.data.id else (),
                role=_ROLES.get(part),
            )
        )

    def failed(self, error: BaseException, seconds: float) -> None:
        """The call raised."""
        FoldRounds.at_work = None
        super().failed(error, seconds)
