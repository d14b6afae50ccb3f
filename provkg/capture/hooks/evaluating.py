"""Cross-validation and its relatives: one activity, with the fit to each fold as an activity inside it."""

from __future__ import annotations

import inspect
from typing import Any

from provkg.capture.ending import status_of
from provkg.capture.gate import gate
from provkg.capture.hooks.calls import Begin, Call, arguments
from provkg.capture.hooks.numbers import number, result_of
from provkg.capture.hooks.scorers import metric_of
from provkg.capture.hooks.settings import scalar, splitter_settings
from provkg.capture.kinds import is_estimator, kind_of, type_name
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import ActivityKind, Result, Role, SeriesBy, Setting, SplitRole, Status, ValueKind

__all__ = ["MAX_FOLDS", "CrossValidating"]

MAX_FOLDS = 20
"""Fits inside one cross-validation that are recorded, the first ones."""
_BY_FOLD = frozenset({"cross_val_score", "cross_validate", "cross_val_predict"})
"""The functions that fit once to each fold, in order."""
_ARGUMENTS = (
    "cv",
    "scoring",
    "n_repeats",
    "n_permutations",
    "param_name",
    "param_range",
    "train_sizes",
    "random_state",
)


class CrossValidating(Call):
    """``cross_val_score``, ``permutation_importance`` and their relatives: one activity, whatever number of
    fits and predictions it makes.
    """

    kind = ActivityKind.EVALUATION

    def __init__(
        self,
        session: Session,
        function: Any,
        signature: inspect.Signature,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        super().__init__(session, _public_name(function), "scikit-learn")
        given = arguments(signature, args, kwargs)
        self.name = function.__name__
        self.estimator = given.get("estimator")
        self.scoring = given.get("scoring")
        self.data: Node | None = None
        self.model: Node | None = None
        if is_estimator(self.estimator):
            self.implementation = type_name(type(self.estimator))
            self.package = session.package_of(type(self.estimator).__module__.partition(".")[0])
            self.model = self.use(self.estimator, Role.MODEL, "estimator")
            self.settings = self.read_settings(self.estimator) if not self.crowded else ()
        if given.get("X") is not None:
            self.data = self.use(given["X"], Role.DATA, "X", (given.get("y"),))
        if given.get("y") is not None:
            self.use(given["y"], Role.TARGET, "y", (given.get("X"),))
        for name in _ARGUMENTS:
            if name in signature.parameters:
                value, kind = scalar(given.get(name, signature.parameters[name].default))
                self.settings += (Setting(name=name, value=value, type=kind, explicit=name in given),)
        self._fits: list[FoldFit] = []
        gate.own.host = self

    @classmethod
    def of(cls, function: Any) -> Begin:
        """A beginner for calls of a cross-validating function."""
        signature = inspect.signature(function)

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> CrossValidating | None:
            session = gate.session
            return cls(session, function, signature, args, kwargs) if session is not None else None

        return begin

    # --- what happens inside ---

    def inside(self, begin: Begin, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A copy of the estimator is fitted to a fold; what else is fitted is the library's own matter."""
        if not args or type(args[0]) is not type(self.estimator):
            return None
        self.fits += 1
        if self.name not in _BY_FOLD or self.crowded or not is_estimator(args[0]):
            return None
        if self.fits > MAX_FOLDS:
            self.session.notice(self.function, f"fits beyond the first {MAX_FOLDS} are not recorded")
            return None
        gate.within = self
        try:
            self._fits.append(FoldFit(self.session, args, kwargs, self.fits))
        finally:
            gate.within = None
        return self._fits[-1]

    def splits(self, splitter: Any) -> None:
        """The splitter in use is known, whatever ``cv`` says."""
        if not any(each.name == "splitter" for each in self.settings):
            self.settings += splitter_settings(splitter)

    # --- what comes of it ---

    def succeeded(self, result: Any, seconds: float) -> None:
        """The scores of all folds, or a prediction for every row, are known."""
        if self.name == "cross_val_predict":
            self._predicted(result)
        elif isinstance(result, dict):
            self._table(result)
        elif isinstance(result, tuple):
            self._curve(result)
        elif kind_of(result) is not None:
            self._scores(self._metric(), result)
        self._end(seconds, Status.SUCCEEDED)

    def failed(self, error: BaseException, seconds: float) -> None:
        """The call raised; the fits before are told."""
        self._end(seconds, status_of(error))

    def _end(self, seconds: float, status: Status) -> None:
        for fit in self._fits:
            fit.tell()
        self.add(seconds, status)

    def _table(self, result: dict[str, Any]) -> None:
        for name, scores in result.items():
            part, _, metric = name.partition("_")
            if part in ("test", "train") and hasattr(scores, "mean"):
                role = SplitRole.VALIDATION if part == "test" else SplitRole.TRAINING
                self._scores(self._metric(metric), scores, role)
        for fit, estimator in zip(self._fits, result.get("estimator", ()), strict=False):
            fit.keep(estimator)
        if "importances_mean" in result:
            series = tuple(number(each)[0] for each in result["importances_mean"])
            measured_on = self.data.role if self.data is not None else None
            self.results.append(self._result("permutation_importance", None, measured_on, series=series))

    def _predicted(self, result: Any) -> None:
        self.kind = ActivityKind.PREDICTION
        sources = [node for node in (self.model, self.data) if node is not None]
        made = self.tracker.derive(result, sources, self.function, kind=ValueKind.PREDICTION)
        if made is not None:
            made.model, made.data, made.role = self.model, self.data, SplitRole.VALIDATION
        self.make(made, result)

    def _curve(self, result: tuple[Any, ...]) -> None:
        """``learning_curve`` and its like: scores by size or setting; ``permutation_test_score``: a score."""
        if number(result[0])[1]:
            self.results.append(self._result(self._metric(), result[0], SplitRole.VALIDATION))
            self.results.append(self._result("permutation_test_p_value", result[-1], None))
            return
        tables = [each for each in result if getattr(each, "ndim", 0) == 2][:2]
        for scores, role in zip(tables, (SplitRole.TRAINING, SplitRole.VALIDATION), strict=False):
            means = tuple(number(each)[0] for each in scores.mean(axis=1))
            by = SeriesBy.CANDIDATE if self.name == "validation_curve" else None
            self.results.append(self._result(self._metric(), None, role, series=means, series_by=by))
        if tables and not self.fits:
            self.fits = int(tables[0].size)  # they took place in other processes

    def _metric(self, key: str = "score") -> str:
        if key == "score":
            return metric_of(self.scoring, self.estimator)
        given = self.scoring.get(key) if isinstance(self.scoring, dict) else None
        return metric_of(given, self.estimator) if given is not None else key

    def _scores(self, metric: str, scores: Any, role: SplitRole = SplitRole.VALIDATION) -> None:
        """One result: the mean over folds, with the folds in order."""
        series = tuple(number(each)[0] for each in scores)
        self.fits = self.fits or len(series)  # those in other processes are not seen
        self.results.append(self._result(metric, scores.mean(), role, series=series, series_by=SeriesBy.FOLD))
        for fit, score in zip(self._fits, scores, strict=False):
            fit.results.append(self._result(metric, score, role))

    def _result(self, metric: str, value: Any, role: SplitRole | None, **more: Any) -> Result:
        return result_of(
            self.session,
            metric,
            value,
            model=self.model.id if self.model is not None else "",
            data=(self.data.id,) if self.data is not None and self.data.id else (),
            role=role,
            **more,
        )


class FoldFit(Call):
    """The fit of a copy of the estimator to the training part of one fold."""

    kind = ActivityKind.TRAINING

    def __init__(self, session: Session, args: tuple[Any, ...], kwargs: dict[str, Any], fold: int) -> None:
        kind = type(args[0])
        super().__init__(
            session, f"{type_name(kind)}.fit", session.package_of(kind.__module__.partition(".")[0])
        )
        self.implementation = type_name(kind)
        self._fold = fold
        self._seconds = 0.0
        self._status = Status.FAILED
        self._unseeded = False
        self._fitted: Node | None = None
        self._sources = [
            node
            for position, (name, role) in enumerate((("X", Role.DATA), ("y", Role.TARGET)), 1)
            if (node := self._use(args, kwargs, position, name, role)) is not None
        ]

    def _use(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], position: int, name: str, role: Role
    ) -> Node | None:
        value = args[position] if len(args) > position else kwargs.get(name)
        return self.use(value, role, name) if value is not None else None

    def handed_on(self, value: Any, role: Role, within: Call) -> Node | None:
        """What is fitted to is the training part of this fold."""
        known = self.tracker.find(value) is not None
        node = super().handed_on(value, role, within)
        if node is not None and not known:
            node.role, node.fold = SplitRole.TRAINING, self._fold
        return node

    def succeeded(self, result: Any, seconds: float) -> None:
        """The copy has learnt; it is followed, as it may be handed to the user at the end."""
        self._seconds, self._status = seconds, Status.SUCCEEDED
        self._unseeded = super().unseeded(result)
        self._fitted = self.tracker.derive(result, self._sources, self.function)

    def failed(self, error: BaseException, seconds: float) -> None:
        """The fit raised."""
        self._seconds = seconds

    def unseeded(self, estimator: Any) -> bool:
        """As it was when the fit ended, not when it is told of."""
        return self._unseeded

    def keep(self, estimator: Any) -> None:
        """The copy is handed to the user."""
        if self.tracker.find(estimator) is self._fitted:
            self.make(self._fitted, estimator)

    def tell(self) -> None:
        """Record the fit, now that its scores are known."""
        self.add(self._seconds, self._status)


def _public_name(function: Any) -> str:
    parts = [part for part in function.__module__.split(".") if not part.startswith("_")]
    return ".".join([*parts, function.__name__])
