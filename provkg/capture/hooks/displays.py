"""Displays of scikit-learn: an evaluation and its figure in one call."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.calls import Begin, Call, arguments
from provkg.capture.hooks.drawing import figures_in
from provkg.capture.hooks.measuring import text_of
from provkg.capture.hooks.numbers import number, result_of
from provkg.capture.hooks.scorers import metric_of
from provkg.capture.hooks.settings import setting
from provkg.capture.hooks.wrap import is_replacement, step
from provkg.capture.kinds import is_estimator, kind_of, type_name
from provkg.capture.session import Session
from provkg.capture.states import Node
from provkg.records import ActivityKind, Role, SeriesBy, SplitRole

__all__ = ["AFTER_IMPORT", "Displaying"]

_ROLES = {
    "estimator": Role.MODEL,
    "X": Role.DATA,
    "y": Role.TRUTH,
    "y_true": Role.TRUTH,
    "y_pred": Role.PREDICTION,
    "y_score": Role.PREDICTION,
    "y_prob": Role.PREDICTION,
}
_NUMBERS = ("roc_auc", "average_precision")
_MAKERS = ("from_estimator", "from_predictions", "from_cv_results")


class Displaying(Call):
    """``SomeDisplay.from_estimator`` and its relatives."""

    kind = ActivityKind.EVALUATION

    def __init__(self, session: Session, owner: type, method: str, given: dict[str, Any]) -> None:
        super().__init__(session, f"{type_name(owner)}.{method}", "scikit-learn")
        self._nodes_by_name: dict[str, Node] = {}
        self.estimator = given.get("estimator")
        self._scoring = given.get("scoring")
        if is_estimator(self.estimator):
            self.implementation = type_name(type(self.estimator))
        values = [given[name] for name in _ROLES if given.get(name) is not None]
        for name, role in _ROLES.items():
            value = given.get(name)
            node = self.use(value, role, name, tuple(values)) if value is not None else None
            if node is not None:
                self._nodes_by_name[name] = node
        self.settings = tuple(
            setting(name, value)
            for name, value in given.items()
            if name not in _ROLES and name not in ("ax", "kwargs", "cv_results") and kind_of(value) is None
        )

    @classmethod
    def of(cls, function: Any, method: str) -> Begin:
        """A beginner for calls of a display's maker."""
        signature = inspect.signature(function)

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Displaying | None:
            session = gate.session
            if session is None or not args:
                return None
            return cls(session, args[0], method, arguments(signature, args, kwargs))

        return begin

    def succeeded(self, result: Any, seconds: float) -> None:
        """The display is there, with the figure and sometimes a number."""
        for figure in figures_in(result):
            self.session.figures.drew(figure, self._nodes_by_name.values(), self.function)
        for metric in _NUMBERS:
            score = getattr(result, metric, None)
            if number(score)[1]:
                self._add(metric, score)
        matrix = getattr(result, "confusion_matrix", None)
        if matrix is not None:
            self._add("confusion_matrix", None, text=text_of([matrix])[1:-1])
        for part, role in (("train", SplitRole.TRAINING), ("test", SplitRole.VALIDATION)):
            scores = getattr(result, f"{part}_scores", None)
            if getattr(scores, "ndim", 0) == 2:
                self._curve(scores, role, "Validation" in type(result).__name__)
        self.add(seconds)

    def _curve(self, scores: Any, role: SplitRole, by_setting: bool) -> None:
        """The mean scores of a learning or validation curve."""
        self._add(
            metric_of(self._scoring, self.estimator),
            None,
            series=tuple(number(each)[0] for each in scores.mean(axis=1)),
            series_by=SeriesBy.CANDIDATE if by_setting else None,
            role=role,
        )

    def _add(self, metric: str, value: Any, **more: Any) -> None:
        nodes = self._nodes_by_name
        judged = next((nodes[name] for name in ("y_pred", "y_score", "y_prob") if name in nodes), None)
        model = nodes.get("estimator") or (judged.model if judged is not None else None)
        data = nodes.get("X") or (judged.data if judged is not None else None) or nodes.get("y_true")
        role = next((node.role for node in (judged, data) if node is not None and node.role), None)
        fields: dict[str, Any] = {
            "model": model.id if model is not None else "",
            "data": (data.id,) if data is not None and data.id else (),
            "role": role,
        }
        self.results.append(result_of(self.session, metric, value, **{**fields, **more}))


def _patch(module: ModuleType) -> None:
    for owner in [value for value in vars(module).values() if isinstance(value, type)]:
        if not owner.__name__.endswith("Display") or owner.__module__ != module.__name__:
            continue
        for name in _MAKERS:
            found = owner.__dict__.get(name)
            if isinstance(found, classmethod) and not is_replacement(found.__func__):
                setattr(owner, name, classmethod(step(found.__func__, Displaying.of(found.__func__, name))))


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = dict.fromkeys(
    (
        "sklearn.calibration",
        "sklearn.inspection._plot.decision_boundary",
        "sklearn.inspection._plot.partial_dependence",
        "sklearn.metrics._plot.confusion_matrix",
        "sklearn.metrics._plot.det_curve",
        "sklearn.metrics._plot.precision_recall_curve",
        "sklearn.metrics._plot.regression",
        "sklearn.metrics._plot.roc_curve",
        "sklearn.model_selection._plot",
    ),
    (_patch,),
)
