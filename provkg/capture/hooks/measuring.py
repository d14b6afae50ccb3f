"""Metrics: numbers, curves and reports for predictions against a truth."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks.calls import Begin, Call, arguments
from provkg.capture.hooks.numbers import number, result_of
from provkg.capture.hooks.scorers import metric_name
from provkg.capture.hooks.settings import setting
from provkg.capture.kinds import kind_of
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import ActivityKind, Evidence, Role, ValueKind

__all__ = ["Measuring", "is_metric", "text_of"]

_PREDICTION = ("y_pred", "y_score", "y_prob", "y_proba", "pred_decision")
_PAIRS = {("y_true", name) for name in _PREDICTION} | {
    ("labels_true", "labels_pred"),
    ("X", "labels"),
    ("x", "y"),  # auc
    ("y1", "y2"),  # cohen_kappa_score
    ("a", "b"),  # consensus_score
}
_PARTS = {
    "class_likelihood_ratios": ("positive_likelihood_ratio", "negative_likelihood_ratio"),
    "homogeneity_completeness_v_measure": ("homogeneity", "completeness", "v_measure"),
    "precision_recall_fscore_support": ("precision", "recall", "fscore", "support"),
}
"""What the numbers are that some functions return several of."""
_AVERAGES = {f"{kind} avg": kind for kind in ("macro", "micro", "weighted", "samples")}
_MAX_SERIES = 1000
_MAX_NUMBERS = 400
_MAX_CLASSES = 100


def is_metric(function: Callable[..., Any]) -> bool:
    """Whether a function compares a truth with a prediction, by the names of its first two parameters."""
    try:
        names = tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return False
    return names[:2] in _PAIRS


class Measuring(Call):
    """A metric function: a number, several numbers, or a curve."""

    kind = ActivityKind.EVALUATION

    def __init__(
        self,
        session: Session,
        function: Any,
        signature: inspect.Signature,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        module = "sklearn.metrics" if "metrics" in function.__module__ else function.__module__
        super().__init__(session, f"{module}.{function.__name__}", "scikit-learn")
        self.metric = metric_name(function.__name__)
        given = arguments(signature, args, kwargs)
        names = list(signature.parameters)
        self.truth: Node | None = None
        self.prediction: Node | None = None
        truth, predicted = given.get(names[0]), given.get(names[1])
        if predicted is None and "y_pred" in names[2:]:
            predicted = given.get("y_pred")  # the parameter's former name
        if truth is not None:
            role = {"X": Role.DATA, "x": Role.INPUT}.get(names[0], Role.TRUTH)
            self.truth = self.use(truth, role, names[0], (predicted,))
        if predicted is not None:
            self.prediction = self.use(predicted, Role.PREDICTION, names[1], (truth,))
        if self.crowded:
            return
        self.settings = tuple(
            setting(name, given.get(name, parameter.default), parameter.default)
            for name, parameter in list(signature.parameters.items())[2:]
            if kind_of(given.get(name)) is None and parameter.kind is not inspect.Parameter.VAR_KEYWORD
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
        """What the metric gives is known."""
        average = next((each for each in self.settings if each.name == "average" and each.explicit), None)
        suffix = f"_{average.value}" if average is not None and isinstance(average.value, str) else ""
        name = self.function.rpartition(".")[2]
        if name == "classification_report":
            for metric, label, value in _report_lines(result):
                self._add(metric, value, label=label)
        elif name in _PARTS and isinstance(result, (tuple, dict)):
            values = result.values() if isinstance(result, dict) else result
            for metric, value in zip(_PARTS[name], values, strict=False):
                self._number(f"{metric}{suffix}" if metric != "support" else metric, value)
        elif isinstance(result, tuple):
            for part in result:
                self._derived(part)
            arrays = [part for part in result if kind_of(part) is ValueKind.DATASET]
            self._add(self.metric, None, text=text_of(arrays))
        else:
            self._number(f"{self.metric}{suffix}", result)
        self.add(seconds)

    def _number(self, metric: str, result: Any) -> None:
        """A number, or an array of numbers."""
        if number(result)[1]:
            self._add(metric, result)
        elif kind_of(result) is not ValueKind.DATASET:
            return
        elif getattr(result, "ndim", 0) == 1 and len(result) <= _MAX_SERIES:
            self._add(metric, None, series=tuple(number(each)[0] for each in result))
        else:
            self._derived(result)
            self._add(metric, None, text=text_of([result])[1:-1])

    def _derived(self, result: Any) -> None:
        """An array that is more than a number is a value of its own."""
        if kind_of(result) is ValueKind.DATASET:
            nodes = [node for node in (self.prediction, self.truth) if node is not None]
            made = self.tracker.derive(result, nodes, self.function, kind=ValueKind.OTHER)
            judged = self._judged()
            if made is not None and judged is not None:
                made.model, made.data, made.trust = judged.model, judged.data, judged.trust
            self.make(made, result)

    def _add(self, metric: str, value: Any, **more: Any) -> None:
        if self.crowded:
            return
        prediction = self._judged()
        model = prediction.model if prediction is not None else None
        data = prediction.data if prediction is not None else None
        role = prediction.role if prediction is not None else None
        if role is None and data is not None:
            role = data.role
        if role is None and self.truth is not None:
            role = self.truth.role
        keep = self.session.values.keep_state
        model_id, on = keep(model), keep(data if data is not None else self.truth)
        self.results.append(
            result_of(
                self.session,
                metric,
                value,
                model=model_id,
                data=(on,) if on else (),
                role=role,
                evidence=prediction.trust if prediction is not None else Evidence.OBSERVED,
                **more,
            )
        )

    def _judged(self) -> Node | None:
        """The state that the metric judges, also where the truth was given in its place."""
        states = (self.prediction, self.truth)
        predicted = [state for state in states if state and state.kind is ValueKind.PREDICTION]
        if not predicted:
            predicted = [state for state in states if state and state.model is not None]
        return predicted[0] if len(predicted) == 1 else self.prediction


def text_of(arrays: list[Any]) -> str:
    """The numbers of small arrays as JSON; empty for large ones and for what JSON cannot hold."""
    if sum(getattr(array, "size", _MAX_NUMBERS + 1) for array in arrays) > _MAX_NUMBERS:
        return ""
    try:
        return json.dumps([array.tolist() for array in arrays])
    except (TypeError, AttributeError):
        return ""


def _report_lines(report: Any) -> Iterator[tuple[str, str, Any]]:
    """The numbers of a classification report: metric, class, and value."""
    rows = report.items() if isinstance(report, dict) else _parsed(str(report))
    for label, numbers in islice(rows, _MAX_CLASSES):
        if not isinstance(numbers, dict):
            yield label, "", numbers
            continue
        average = _AVERAGES.get(label, "")
        for name, value in numbers.items():
            metric = metric_name(name.replace("-", "_"))
            if average and metric != "support":
                yield f"{metric}_{average}", "", value
            elif not average:
                yield metric, label, value


def _parsed(report: str) -> Iterator[tuple[str, Any]]:
    """The rows of a printed report; its numbers are rounded as they were shown."""
    header, *lines = report.strip("\n").splitlines()
    names = header.split()
    for line in lines:
        label, *numbers = line.rsplit(maxsplit=len(names)) or ("",)
        if label.strip() == "accuracy" and len(numbers) == 2:
            yield "accuracy", float(numbers[0])
        elif len(numbers) == len(names):
            yield label.strip(), dict(zip(names, map(float, numbers), strict=True))
