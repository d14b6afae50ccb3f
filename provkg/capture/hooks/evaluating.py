"""Splitting data, computing metrics, cross-validating."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks.calls import Begin, Call, arguments
from provkg.capture.hooks.estimators import default_metric
from provkg.capture.hooks.numbers import number, result_of
from provkg.capture.hooks.settings import scalar, setting
from provkg.capture.kinds import is_estimator, kind_of, type_name
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import ActivityKind, Evidence, Role, Setting, SplitRole, ValueKind

__all__ = ["CrossValidating", "Measuring", "Splitting", "is_metric"]

_TRUTH = ("y_true", "labels_true", "X")
_PREDICTION = ("y_pred", "y_score", "y_prob", "y_proba", "pred_decision", "labels_pred", "labels")
_PAIRS = {("y_true", name) for name in _PREDICTION} | {("labels_true", "labels_pred"), ("X", "labels")}
_SUFFIXES = ("_score", "_loss", "_error")


def is_metric(function: Callable[..., Any]) -> bool:
    """Whether a function compares a truth with a prediction, by the names of its first two parameters."""
    try:
        names = tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return False
    return names[:2] in _PAIRS


def metric_name(function: str) -> str:
    """The metric that a function computes: ``accuracy_score`` computes accuracy.

    >>> metric_name("accuracy_score"), metric_name("mean_squared_error"), metric_name("log_loss")
    ('accuracy', 'mean_squared_error', 'log_loss')
    """
    return function.removesuffix("_score") if function != "score" else function


class Splitting(Call):
    """``train_test_split``: parts of data with their roles."""

    kind = ActivityKind.SPLITTING

    def __init__(
        self, session: Session, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        super().__init__(session, f"sklearn.model_selection.{function.__name__}", "scikit-learn")
        self.arrays = args
        self.nodes = [self.use(array, Role.DATA, "arrays", _others(args, array)) for array in args]
        defaults = inspect.signature(function).parameters
        self.settings = tuple(
            setting(name, kwargs.get(name, parameter.default), parameter.default)
            for name, parameter in defaults.items()
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY and name != "stratify"
        )
        stratify = kwargs.get("stratify")
        if stratify is None:
            self.settings += (setting("stratify", None, None),)
        else:
            name = next(iter(session.values.names_in_frame(stratify)), "given")
            self.settings += (
                Setting(name="stratify", value=name, type=type_name(type(stratify)), explicit=True),
            )

    @classmethod
    def of(cls, function: Any) -> Begin:
        """A beginner for calls of a splitting function."""

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Splitting | None:
            return cls(gate.session, function, args, kwargs) if gate.session is not None else None

        return begin

    def succeeded(self, result: Any, seconds: float) -> None:
        """Each array was divided in two."""
        for position, node in enumerate(self.nodes):
            roles = _roles(node)
            for part, role in zip(result[2 * position : 2 * position + 2], roles, strict=False):
                if kind_of(part) is None:
                    continue
                parents = (node,) if node is not None else ()
                made = self.tracker.derive(part, parents, self.function)
                if made is not None:
                    made.role = role
                self.make(made, part)
        self.add(seconds)


def _others(args: Sequence[Any], array: Any) -> tuple[Any, ...]:
    return tuple(other for other in args if other is not array)


def _roles(node: Node | None) -> tuple[SplitRole | None, SplitRole | None]:
    """The roles of the two parts: what is held out of training data is for validation.

    Of a test part that is divided again, one half usually serves validation; which one is not known.
    """
    if node is not None and node.role is SplitRole.TRAINING:
        return SplitRole.TRAINING, SplitRole.VALIDATION
    if node is not None and node.role is SplitRole.TEST:
        return None, None
    return SplitRole.TRAINING, SplitRole.TEST


class Measuring(Call):
    """A metric function: a number for predictions against a truth."""

    kind = ActivityKind.EVALUATION

    def __init__(
        self,
        session: Session,
        function: Any,
        signature: inspect.Signature,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        super().__init__(session, f"sklearn.metrics.{function.__name__}", "scikit-learn")
        self.metric = metric_name(function.__name__)
        given = arguments(signature, args, kwargs)
        names = list(signature.parameters)
        self.prediction: Node | None = None
        truth_role = Role.TRUTH if names[0] != "X" else Role.DATA
        truth, predicted = given.get(names[0]), given.get(names[1])
        self.truth = self.use(truth, truth_role, names[0], (predicted,)) if truth is not None else None
        if predicted is not None:
            self.prediction = self.use(predicted, Role.PREDICTION, names[1], (truth,))
        self.settings = tuple(
            setting(name, given.get(name, parameter.default), parameter.default)
            for name, parameter in list(signature.parameters.items())[2:]
            if parameter.default is not inspect.Parameter.empty and kind_of(given.get(name)) is None
        )

    @classmethod
    def of(cls, function: Any) -> Begin:
        """A beginner for calls of a metric function."""
        signature = inspect.signature(function)

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Measuring | None:
            session = gate.session
            return cls(session, function, signature, args, kwargs) if session is not None else None

        return begin

    def succeeded(self, result: Any, seconds: float) -> None:
        """The number, or the array or text that the metric is, is known."""
        prediction = self._judged()
        model = prediction.model if prediction is not None else None
        data = prediction.data if prediction is not None else None
        role = prediction.role if prediction is not None else None
        if role is None and data is not None:
            role = data.role
        if role is None and self.truth is not None:
            role = self.truth.role
        on = data if data is not None else self.truth
        settings = {each.name: each for each in self.settings}
        average = settings.get("average")
        metric = self.metric
        if average is not None and average.explicit and isinstance(average.value, str):
            metric = f"{metric}_{average.value}"
        fields: dict[str, Any] = {
            "model": model.id if model is not None else "",
            "data": (on.id,) if on is not None and on.id else (),
            "role": role,
            "evidence": prediction.trust if prediction is not None else Evidence.OBSERVED,
        }
        if number(result)[1]:
            self.results.append(result_of(self.session, metric, result, **fields))
        elif kind_of(result) is ValueKind.DATASET and getattr(result, "ndim", 0) == 1 and len(result) <= 1000:
            series = tuple(number(each)[0] for each in result)
            self.results.append(result_of(self.session, metric, None, series=series, **fields))
        elif kind_of(result) is ValueKind.DATASET:
            nodes = [node for node in (self.prediction, self.truth) if node is not None]
            self.make(self.tracker.derive(result, nodes, self.function, kind=ValueKind.OTHER), result)
        self.add(seconds)

    def _judged(self) -> Node | None:
        """The state that the metric judges, also where the truth was given in its place."""
        states = (self.prediction, self.truth)
        predicted = [state for state in states if state and state.kind is ValueKind.PREDICTION]
        return predicted[0] if len(predicted) == 1 else self.prediction


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
        self.estimator = given.get("estimator")
        self.scoring = given.get("scoring")
        self.data: Node | None = None
        self.model: Node | None = None
        if is_estimator(self.estimator):
            self.implementation = type_name(type(self.estimator))
            self.package = session.package_of(type(self.estimator).__module__.partition(".")[0])
            self.model = self.use(self.estimator, Role.MODEL, "estimator")
            self.settings = self.read_settings(self.estimator)
        if given.get("X") is not None:
            self.data = self.use(given["X"], Role.DATA, "X", (given.get("y"),))
        if given.get("y") is not None:
            self.use(given["y"], Role.TARGET, "y", (given.get("X"),))
        for name in ("cv", "scoring", "n_repeats"):
            if name not in signature.parameters:
                continue
            value, kind = scalar(given.get(name))
            self.settings += (Setting(name=name, value=value, type=kind, explicit=name in given),)
        gate.counting, gate.depth, gate.fits = True, 0, 0

    @classmethod
    def of(cls, function: Any) -> Begin:
        """A beginner for calls of a cross-validating function."""
        signature = inspect.signature(function)

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> CrossValidating | None:
            session = gate.session
            return cls(session, function, signature, args, kwargs) if session is not None else None

        return begin

    def succeeded(self, result: Any, seconds: float) -> None:
        """The scores of all folds, or a prediction for every row, are known."""
        self.fits = gate.fits
        if isinstance(result, dict):
            for name, scores in result.items():
                if name.startswith("test_"):
                    metric = name.removeprefix("test_")
                    self._scores(self._metric() if metric == "score" else metric, scores)
                elif name.startswith("train_"):
                    metric = name.removeprefix("train_")
                    self._scores(self._metric() if metric == "score" else metric, scores, SplitRole.TRAINING)
            if "importances_mean" in result:
                series = tuple(number(each)[0] for each in result["importances_mean"])
                self._add_result("permutation_importance", None, series, self._role())
        elif self.function.endswith("cross_val_predict") and kind_of(result) is not None:
            sources = [node for node in (self.model, self.data) if node is not None]
            made = self.tracker.derive(result, sources, self.function, kind=ValueKind.PREDICTION)
            if made is not None:
                made.model, made.data, made.role = self.model, self.data, SplitRole.VALIDATION
            self.make(made, result)
            self.kind = ActivityKind.PREDICTION
        elif kind_of(result) is not None:
            self._scores(self._metric(), result)
        self.add(seconds)

    def _metric(self) -> str:
        if isinstance(self.scoring, str):
            return self.scoring
        return default_metric(self.estimator) if self.estimator is not None else "score"

    def _scores(self, metric: str, scores: Any, role: SplitRole = SplitRole.VALIDATION) -> None:
        """One result: the mean over folds, with the folds in order."""
        self._add_result(metric, scores.mean(), tuple(number(each)[0] for each in scores), role)

    def _role(self) -> SplitRole | None:
        return self.data.role if self.data is not None else None

    def _add_result(
        self, metric: str, value: Any, series: tuple[float | int | None, ...], role: SplitRole | None
    ) -> None:
        self.results.append(
            result_of(
                self.session,
                metric,
                value,
                series=series,
                model=self.model.id if self.model is not None else "",
                data=(self.data.id,) if self.data is not None and self.data.id else (),
                role=role,
            )
        )


def _public_name(function: Any) -> str:
    parts = [part for part in function.__module__.split(".") if not part.startswith("_")]
    return ".".join([*parts, function.__name__])
