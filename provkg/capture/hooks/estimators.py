"""The steps of one estimator: fit, transform, predict, score."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from provkg.capture.gate import gate
from provkg.capture.hooks.calls import Begin, Call
from provkg.capture.hooks.numbers import number, result_of
from provkg.capture.kinds import is_estimator, kind_of, type_name
from provkg.capture.session import Session
from provkg.capture.values import FileNode, Node
from provkg.records import ActivityKind, Role, SplitRole, ValueKind

__all__ = [
    "ADDITIONS",
    "Addition",
    "EstimatorCall",
    "Fitting",
    "Predicting",
    "Scoring",
    "Transforming",
    "default_metric",
]


class Addition(Protocol):
    """What the estimators of a library have besides those of scikit-learn."""

    def fitted(self, fitting: Fitting, node: Node) -> None:
        """The training is done, and the estimator in this new state."""


ADDITIONS: dict[str, Callable[[Fitting, Any, str], Addition]] = {}
"""By the name of the library: makes one when a training begins, of the training, the library's estimator in
it, and the prefix that tells its arguments and settings from those of a pipeline around it (``model__``).
"""
_SEARCHES = ("BaseSearchCV",)
_REGRESSION_SCORE = "r2"
_CLASSIFICATION_SCORE = "accuracy"


class EstimatorCall(Call):
    """A method call on an estimator."""

    data_names: tuple[str, ...] = ("X", "raw_documents", "y")
    """What the first parameter is called."""

    def __init__(self, session: Session, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        kind = type(args[0])
        super().__init__(
            session, f"{type_name(kind)}.{method}", session.package_of(kind.__module__.partition(".")[0])
        )
        self.method = method
        self.estimator = args[0]
        self.implementation = type_name(kind)
        self.positional = args[1:]
        self.named = kwargs

    @classmethod
    def of(cls, method: str) -> Begin:
        """A beginner for calls of a method."""

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> EstimatorCall | None:
            session = gate.session
            if session is None or not args or not is_estimator(args[0]):
                return None
            return cls(session, method, args, kwargs)

        return begin

    def argument(self, position: int, *names: str) -> tuple[str, Any]:
        """The argument at a position or of one of the names, and the name it is known by."""
        if len(self.positional) > position:
            return names[0], self.positional[position]
        return next(((name, self.named[name]) for name in names if name in self.named), (names[0], None))

    def use_data(self, others: tuple[Any, ...] = ()) -> Node | None:
        """Use the first argument as data."""
        name, data = self.argument(0, *self.data_names)
        if data is None:
            return None
        return self.use(data, Role.DATA, name, (self.estimator, *others))


class Fitting(EstimatorCall):
    """``fit`` and its relatives: a new state of the estimator, made from the data."""

    def __init__(self, session: Session, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__(session, method, args, kwargs)
        self.is_search = any(parent.__name__ in _SEARCHES for parent in type(self.estimator).__mro__)
        transformer = kind_of(self.estimator) is ValueKind.TRANSFORMER
        self.kind = ActivityKind.PREPROCESSING if transformer else ActivityKind.TRAINING
        if self.is_search:
            self.kind = ActivityKind.TUNING
            gate.counting, gate.depth, gate.fits = True, 0, 0
        target_name, target = self.argument(1, "y", "Y")
        self.sources: list[Node | FileNode] = []
        self.data = self.use_data((target,))
        if self.data is not None:
            self.sources.append(self.data)
        if target is not None:
            node = self.use(target, Role.TARGET, target_name, (self.estimator, self.argument(0, "X")[1]))
            if node is not None:
                self.sources.append(node)
        for name, value in self.named.items():
            if name not in ("X", "y", "Y") and kind_of(value) is ValueKind.DATASET:
                self.use(value, Role.INPUT, name)
        if not self.crowded:
            self.settings = self.read_settings(self.estimator)
        self.addition = self._addition() if ADDITIONS and not self.is_search else None
        if not self.crowded:
            session.tell(training=True)

    def _addition(self) -> Addition | None:
        """What the library of the estimator, or of the last one of a pipeline, adds."""
        estimator, prefix = self.estimator, ""
        while (steps := getattr(estimator, "__dict__", {}).get("steps")) and type(steps) is list:
            name, estimator = steps[-1][:2]
            prefix += f"{name}__"
        libraries = (str(parent.__module__).partition(".")[0] for parent in type(estimator).__mro__)
        make = next((ADDITIONS[library] for library in libraries if library in ADDITIONS), None)
        try:
            return make(self, estimator, prefix) if make is not None else None
        except Exception as error:
            self.session.notice(f"training of {self.implementation}", error)
            return None

    def succeeded(self, result: Any, seconds: float) -> None:
        """The estimator has learnt: it is in a new state."""
        tracker = self.tracker
        self.fits = gate.fits if self.is_search else 0
        label = self.function
        if self.method == "partial_fit" or tracker.find(self.estimator) is not None:
            fitted = tracker.revise(self.estimator, self.sources, label)
        else:
            fitted = tracker.derive(self.estimator, self.sources, label)
        self.make(fitted, self.estimator)
        if fitted is not None:
            self._follow_parts(fitted)
        if result is not self.estimator and kind_of(result) is not None and fitted is not None:
            self._follow_result(result, fitted)
        if self.is_search:
            self._results(fitted)
        if self.addition is not None and fitted is not None:
            try:
                self.addition.fitted(self, fitted)
            except Exception as error:
                self.session.notice(f"training of {self.implementation}", error)
        self.add(seconds)

    def _follow_result(self, result: Any, fitted: Node) -> None:
        """``fit_transform`` and ``fit_predict`` also return data, made by the new state."""
        label = self.function
        made = self.tracker.derive(result, (fitted, *self.sources[:1]), label)
        if made is not None and self.method == "fit_predict":
            made.kind = ValueKind.PREDICTION
            made.model, made.data = fitted, self.data
        self.make(made, result)

    def _follow_parts(self, fitted: Node) -> None:
        """Estimators inside a fitted one are known to come from it, should they be used by themselves."""
        parts = [("best_estimator_", getattr(self.estimator, "best_estimator_", None))]
        for attribute in ("steps", "transformers_", "estimators_", "named_estimators_"):
            held = getattr(self.estimator, attribute, None)
            if isinstance(held, list) and len(held) <= 50:
                parts += [(attribute, part) for item in held for part in _elements(item)]
        for attribute, part in parts:
            if is_estimator(part):
                self.tracker.derive(part, (fitted,), f"{type_name(type(self.estimator))}.{attribute}")
        best = parts[0][1]
        if best is not None and hasattr(best, "steps"):
            for item in best.steps:
                for part in _elements(item):
                    if is_estimator(part):
                        self.tracker.derive(part, (fitted,), "best_estimator_.steps")

    def _results(self, fitted: Node | None) -> None:
        """The best score of a search, with the scores of all its candidates in order."""
        score = getattr(self.estimator, "best_score_", None)
        if score is None or fitted is None:
            return
        scoring = getattr(self.estimator, "scoring", None)
        metric = scoring if isinstance(scoring, str) else default_metric(self.estimator)
        history = getattr(self.estimator, "cv_results_", {}).get("mean_test_score", ())
        self.results.append(
            result_of(
                self.session,
                metric,
                score,
                series=tuple(number(each)[0] for each in history),
                model=fitted.id,
                data=(self.data.id,) if self.data is not None else (),
                role=SplitRole.VALIDATION,
            )
        )


def _elements(item: Any) -> tuple[Any, ...]:
    return item if isinstance(item, tuple) else (item,)


class Transforming(EstimatorCall):
    """``transform``: new data from data, by a fitted transformer."""

    kind = ActivityKind.PREPROCESSING

    def __init__(self, session: Session, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__(session, method, args, kwargs)
        self.transformer = self.use(self.estimator, Role.MODEL)
        self.data = self.use_data()

    def succeeded(self, result: Any, seconds: float) -> None:
        """The transformed data is known."""
        if kind_of(result) is not None:
            sources = [node for node in (self.transformer, self.data) if node is not None]
            self.make(self.tracker.derive(result, sources, self.function), result)
        self.add(seconds)


class Predicting(EstimatorCall):
    """``predict`` and its relatives: predictions from data, by a model."""

    kind = ActivityKind.PREDICTION

    def __init__(self, session: Session, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__(session, method, args, kwargs)
        self.model = self.use(self.estimator, Role.MODEL)
        self.data = self.use_data()

    def succeeded(self, result: Any, seconds: float) -> None:
        """The predictions are known, and remember their model and data."""
        if kind_of(result) is not None:
            sources = [node for node in (self.model, self.data) if node is not None]
            made = self.tracker.derive(result, sources, self.function, kind=ValueKind.PREDICTION)
            if made is not None:
                made.model, made.data = self.model, self.data
                made.role = self.data.role if self.data is not None else None
            self.make(made, result)
        self.add(seconds)


class Scoring(EstimatorCall):
    """``score``: one number for a model on data."""

    kind = ActivityKind.EVALUATION

    def __init__(self, session: Session, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__(session, method, args, kwargs)
        target_name, target = self.argument(1, "y")
        self.model = self.use(self.estimator, Role.MODEL)
        self.data = self.use_data((target,))
        if target is not None:
            self.use(target, Role.TRUTH, target_name, (self.estimator, self.argument(0, "X")[1]))

    def succeeded(self, result: Any, seconds: float) -> None:
        """The score is known."""
        if number(result)[1]:
            self.results.append(
                result_of(
                    self.session,
                    default_metric(self.estimator),
                    result,
                    model=self.model.id if self.model is not None else "",
                    data=(self.data.id,) if self.data is not None and self.data.id else (),
                    role=self.data.role if self.data is not None else None,
                )
            )
        self.add(seconds)


def default_metric(estimator: Any) -> str:
    """The metric that an estimator's ``score`` computes."""
    scoring = getattr(estimator, "scoring", None)
    if isinstance(scoring, str):
        return scoring
    kind = getattr(estimator, "_estimator_type", None)
    if kind is None:
        tags = getattr(estimator, "__sklearn_tags__", None)
        kind = getattr(tags(), "estimator_type", None) if callable(tags) else None
    return {"classifier": _CLASSIFICATION_SCORE, "regressor": _REGRESSION_SCORE}.get(str(kind), "score")
