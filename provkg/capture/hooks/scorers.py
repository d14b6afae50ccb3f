"""scikit-learn's scorers: what they measure, and calls of them."""

from __future__ import annotations

from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks.calls import Call
from provkg.capture.hooks.numbers import number, result_of
from provkg.capture.kinds import is_estimator, type_name
from provkg.capture.session import Session
from provkg.records import ActivityKind, Role

__all__ = ["ScorerCall", "default_metric", "metric_name", "metric_of"]

_DEFAULTS = {"classifier": "accuracy", "regressor": "r2"}


def metric_name(function: str) -> str:
    """The metric that a function computes: ``accuracy_score`` computes accuracy.

    >>> metric_name("accuracy_score"), metric_name("mean_squared_error"), metric_name("log_loss")
    ('accuracy', 'mean_squared_error', 'log_loss')
    """
    return function.removesuffix("_score") if function != "score" else function


def default_metric(estimator: Any) -> str:
    """The metric that an estimator's ``score`` computes."""
    scoring = getattr(estimator, "scoring", None)
    if scoring is not None and not isinstance(scoring, (dict, list, tuple, set)):
        return metric_of(scoring, None)
    kind = getattr(estimator, "_estimator_type", None)
    if kind is None:
        tags = getattr(estimator, "__sklearn_tags__", None)
        kind = getattr(tags(), "estimator_type", None) if callable(tags) else None
    return _DEFAULTS.get(str(kind), "score")


def metric_of(scoring: Any, estimator: Any) -> str:
    """The metric that a ``scoring`` argument stands for, by the name that scikit-learn gives its scorer.

    Parameters:
        scoring: a name, a scorer, a function, or None for what the estimator's own ``score`` computes.
    """
    if isinstance(scoring, str):
        return scoring
    function = getattr(scoring, "_score_func", None)
    if function is None:
        if scoring is None:
            return default_metric(estimator) if estimator is not None else "score"
        return str(getattr(scoring, "__name__", "score"))
    name = metric_name(getattr(function, "__name__", type(function).__name__))
    average = (getattr(scoring, "_kwargs", None) or {}).get("average")
    if isinstance(average, str):
        name = f"{name}_{average}"
    return name if getattr(scoring, "_sign", 1) > 0 else f"neg_{name}"


class ScorerCall(Call):
    """A scorer is called with a model, data and truth: one number, or one for each of several metrics."""

    kind = ActivityKind.EVALUATION

    def __init__(
        self, session: Session, scorer: Any, estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        function = getattr(scorer, "_score_func", None)
        name = getattr(function, "__name__", "check_scoring")
        super().__init__(session, f"sklearn.metrics.{name}", "scikit-learn")
        self.estimator = estimator
        self.implementation = type_name(type(estimator))
        self._scorer = scorer
        data = args[0] if args else kwargs.get("X")
        truth = args[1] if len(args) > 1 else kwargs.get("y_true", kwargs.get("y"))
        self._model = self.use(estimator, Role.MODEL, "estimator")
        self._data = self.use(data, Role.DATA, "X", (truth,)) if data is not None else None
        if truth is not None:
            self.use(truth, Role.TRUTH, "y_true", (data,))

    @classmethod
    def begin(cls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> ScorerCall | None:
        """A call of a scorer begins."""
        session = gate.session
        if session is None or len(args) < 2 or not is_estimator(args[1]):
            return None
        return cls(session, args[0], args[1], args[2:], kwargs)

    def succeeded(self, result: Any, seconds: float) -> None:
        """The score is known."""
        if isinstance(result, dict):
            several = getattr(self._scorer, "_scorers", {})
            for key, score in result.items():
                self._score(metric_of(several.get(key, key), self.estimator), score)
        else:
            self._score(metric_of(self._scorer, self.estimator), result)
        self.add(seconds)

    def _score(self, metric: str, score: Any) -> None:
        if number(score)[1]:
            self.results.append(
                result_of(
                    self.session,
                    metric,
                    score,
                    model=self._model.id if self._model is not None else "",
                    data=(self._data.id,) if self._data is not None and self._data.id else (),
                    role=self._data.role if self._data is not None else None,
                )
            )
