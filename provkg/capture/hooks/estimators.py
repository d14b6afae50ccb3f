"""The steps of one estimator: fit, transform, predict, score."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from provkg.capture.columns import Columns
from provkg.capture.gate import gate
from provkg.capture.hooks.calls import Begin, Call
from provkg.capture.hooks.features import features_told, predicted_of
from provkg.capture.hooks.numbers import number, result_of
from provkg.capture.hooks.scorers import default_metric
from provkg.capture.hooks.settings import part_types
from provkg.capture.kinds import is_estimator, kind_of, type_name
from provkg.capture.session import Session
from provkg.capture.values import FileNode, Node
from provkg.records import ActivityKind, Role, ValueKind

__all__ = [
    "ADDITIONS",
    "MAX_INSIDE",
    "Addition",
    "EstimatorCall",
    "Fitting",
    "Predicting",
    "Scoring",
    "Transforming",
]


class Addition(Protocol):
    """What the estimators of a library have besides those of scikit-learn."""

    def fitted(self, fitting: Fitting, node: Node) -> None:
        """The training is done, and the estimator in this new state."""


ADDITIONS: dict[str, Callable[[Fitting, Any, str], Addition]] = {}
"""By the name of the library: makes one when a training begins, of the training, the library's estimator in
it, and the prefix that tells its arguments and settings from those of a pipeline around it (``model__``).
"""
MAX_INSIDE = 20
"""Steps inside one fit that are recorded, such as those of a pipeline or the members of an ensemble."""


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
    """``fit`` and its relatives: a new state of the estimator, made from the data.

    Of an estimator that has others for settings, such as a pipeline, it is told of their fits too.
    """

    is_search = False

    def __init__(self, session: Session, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__(session, method, args, kwargs)
        transformer = kind_of(self.estimator) is ValueKind.TRANSFORMER
        self.kind = ActivityKind.PREPROCESSING if transformer else ActivityKind.TRAINING
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
        self._made_inside: list[Node] = []
        self._count = 0
        self._part_types: frozenset[type] = frozenset()
        if not self.crowded:
            self.settings = self.read_settings(self.estimator)
            self._part_types = part_types(self.estimator)
        self.addition = self._addition() if ADDITIONS and not self.is_search else None
        self.begins()
        if not self.crowded and (self._part_types or type(self.estimator).__module__ == "__main__"):
            gate.own.host = self

    def _addition(self) -> Addition | None:
        """What the library of the estimator, or of the last one of a pipeline, adds."""
        if isinstance(self.within, Fitting) and self.within.addition is not None:
            return None  # the pipeline around it tells of it
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

    # --- what happens inside ---

    def inside(self, begin: Begin, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A part is fitted: that is a step of its own, up to a limit."""
        if args and args[0] is self.estimator:
            gate.own.host = self  # one of its methods calls another one
            return None
        if not args or not self._is_part(args[0]):
            return None
        top: Fitting = self
        while isinstance(top.within, Fitting):
            top = top.within
        top._count += 1
        if top._count > MAX_INSIDE:
            self.session.notice(self.function, f"steps inside beyond the first {MAX_INSIDE} are not recorded")
            return None
        gate.within = self
        try:
            return begin(args, kwargs)
        finally:
            gate.within = None

    def _is_part(self, estimator: Any) -> bool:
        """Whether an estimator is one of those that this one was given, and no tool of the library's own."""
        own = type(self.estimator).__module__ == "__main__"
        return own or kind_of(estimator) is ValueKind.MODEL or type(estimator) in self._part_types

    def splits(self, splitter: Any) -> None:
        """How a part divides its data is its own matter."""

    # --- what comes of it ---

    def succeeded(self, result: Any, seconds: float) -> None:
        """The estimator has learnt: it is in a new state."""
        tracker, sources = self.tracker, [*self.sources, *self._made_inside]
        if self.method == "partial_fit" or tracker.find(self.estimator) is not None:
            fitted = tracker.revise(self.estimator, sources, self.function)
        else:
            fitted = tracker.derive(self.estimator, sources, self.function)
        self.make(fitted, self.estimator)
        if fitted is not None:
            self._follow_parts(fitted)
            if isinstance(self.within, Fitting):
                self.within._made_inside.append(fitted)
        if result is not self.estimator and kind_of(result) is not None and fitted is not None:
            self._follow_result(result, fitted)
        self.learnt(fitted)
        if self.addition is not None and fitted is not None:
            try:
                self.addition.fitted(self, fitted)
            except Exception as error:
                self.session.notice(f"training of {self.implementation}", error)
        self.add(seconds)

    def learnt(self, fitted: Node | None) -> None:
        """Say more of a fit that succeeded."""

    def _follow_result(self, result: Any, fitted: Node) -> None:
        """``fit_transform`` and ``fit_predict`` also return data, made by the new state."""
        data = self.argument(0, *self.data_names)[1]
        told = predicted_of(self.data, data)
        if self.method != "fit_predict":
            told = features_told(self.estimator, self.data, data, result)
        made = self.tracker.derive(result, (fitted, *self.sources[:1]), self.function, columns=told)
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
            told: dict[Node, Columns] = {}
            if self.method == "transform":
                data = self.argument(0, *self.data_names)[1]
                told = features_told(self.estimator, self.data, data, result)
            self.make(self.tracker.derive(result, sources, self.function, columns=told), result)
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
            told = predicted_of(self.data, self.argument(0, *self.data_names)[1])
            made = self.tracker.derive(
                result, sources, self.function, kind=ValueKind.PREDICTION, columns=told
            )
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
