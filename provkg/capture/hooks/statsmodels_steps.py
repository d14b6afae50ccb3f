"""The steps of a model of statsmodels: it is made with its data, estimated, and predicts."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from msgspec.structs import replace

from provkg.capture.hooks.calls import Call, Given
from provkg.capture.hooks.numbers import result_of
from provkg.capture.hooks.settings import setting
from provkg.capture.hooks.statsmodels_measures import measures
from provkg.capture.kinds import kind_of, type_name
from provkg.capture.namespace import locals_of
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import ActivityKind, Role, Setting, SplitRole, ValueKind

__all__ = ["Building", "Estimating", "Extending", "Predicting"]

_PACKAGE = "statsmodels"
_NOT_SETTINGS = frozenset({"args", "cls", "data", "disp", "endog", "exog", "kwargs", "kwds", "self"})
_OF_SERIES = frozenset({"start", "steps"})
"""What methods that go on beyond the data ask for."""

_PREDICTED = ("predicted", "predicted_mean", "_predicted_mean")
"""What objects that have predictions with their intervals hold the predictions in."""


class _Built(NamedTuple):
    """What a model was made with."""

    uses: tuple[tuple[Node, Role, str], ...]
    settings: tuple[Setting, ...]


_built: WeakKeyDictionary[Any, _Built] = WeakKeyDictionary()
_states: WeakKeyDictionary[Any, Node] = WeakKeyDictionary()
"""The state of the results that the user has, by the inner results that predict."""


def _flat(named: dict[str, Any]) -> dict[str, Any]:
    """Arguments with those that were taken by ``**kwargs``."""
    extra = named.get("kwargs", named.get("kwds"))
    return {**named, **extra} if isinstance(extra, dict) else named


def _settings(signature: inspect.Signature, named: dict[str, Any]) -> tuple[Setting, ...]:
    """The settings among arguments, defaults included."""
    defaults = {
        name: parameter.default
        for name, parameter in signature.parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    given = {**defaults, **named}
    found = [
        setting(name, value, defaults.get(name, inspect.Parameter.empty))
        for name, value in given.items()
        if name not in _NOT_SETTINGS and kind_of(value) is None
    ]
    return tuple(replace(each, explicit=True) if each.explicit is None else each for each in found)


class Building(Call):
    """A model is made with its data, from arrays and tables or from a formula and a table."""

    def __init__(self, session: Session, signature: inspect.Signature, given: Given) -> None:
        subject = given.args[0]
        self.of_formula = isinstance(subject, type)
        kind = subject if isinstance(subject, type) else type(subject)
        label = f"{type_name(kind)}.from_formula" if self.of_formula else type_name(kind)
        super().__init__(session, label, session.package_of(_PACKAGE))
        self.model = None if self.of_formula else subject
        self.named = _flat(given.named)
        self.settings = _settings(signature, self.named)

    def succeeded(self, result: Any, seconds: float) -> None:
        """The model is made; nothing is estimated yet."""
        model = result if self.of_formula else self.model
        uses = tuple(self._uses())
        self.tracker.derive(model, [node for node, _, _ in uses], self.function)
        _built[model] = _Built(uses, self.settings)

    def _uses(self) -> Iterator[tuple[Node, Role, str]]:
        for name, value in self.named.items():
            role = self._role(name)
            if role is Role.INPUT and kind_of(value) is not ValueKind.DATASET:
                continue
            node = self.session.values.resolve(value)
            if node is not None:
                if not self.crowded:
                    self.session.values.keep(node, value)
                yield node, role, name

    def _role(self, name: str) -> Role:
        if self.of_formula:
            return Role.DATA if name == "data" else Role.INPUT
        if name == "endog" and self.named.get("exog") is not None:
            return Role.TARGET
        return Role.DATA if name in ("endog", "exog") else Role.INPUT

    def failed(self, error: BaseException, seconds: float) -> None:
        """The call raised; there is no model."""


class Estimating(Call):
    """``fit`` and its relatives: results, which are the fitted model."""

    kind = ActivityKind.TRAINING

    def __init__(self, session: Session, method: str, signature: inspect.Signature, given: Given) -> None:
        model = given.args[0]
        self.implementation = type_name(type(model))
        super().__init__(session, f"{self.implementation}.{method}", session.package_of(_PACKAGE))
        self.implementation = type_name(type(model))
        built = _built.get(model) or _Built(tuple(_found(session, model)), ())
        self.sources = [node for node, _, _ in built.uses]
        for node, role, name in built.uses:
            self.use_state(node, role, name)
        state = self.use(model, Role.MODEL)
        self.sources += [state] if state is not None else []
        if not self.crowded:
            self.settings = built.settings + _settings(signature, _flat(given.named))
        self.begins()

    def succeeded(self, result: Any, seconds: float) -> None:
        """The results are known, with what they say about the fit."""
        fitted = _follow(self, result, self.sources)
        if fitted is not None and not self.crowded:
            data = [use.entity for use in self.used if use.role is Role.DATA]
            for name, value in measures(_inner(result)):
                measured = result_of(
                    self.session, name, value, model=fitted.id, data=tuple(data), role=SplitRole.TRAINING
                )
                self.results += [measured] if measured.text else []
        self.add(seconds)


def _found(session: Session, model: Any) -> Iterator[tuple[Node, Role, str]]:
    """The data of a model that was made unseen: the objects that it holds, where they are followed."""
    data = getattr(model, "data", None)
    for name, role in (("exog", Role.DATA), ("endog", Role.TARGET)):
        value = getattr(data, f"orig_{name}", None)
        node = session.values.tracker.find(value) if value is not None else None
        if node is not None:
            session.values.keep(node, value)
            yield node, role, name


def _inner(results: Any) -> Any:
    """The results inside the object that statsmodels gives to users, or the object itself."""
    return vars(results).get("_results", results)


def _follow(call: Call, results: Any, sources: list[Node]) -> Node | None:
    """Follow new results, which the user and the methods of statsmodels know by different objects."""
    if kind_of(results) is not ValueKind.MODEL:
        return None
    state = call.tracker.derive(results, sources, call.function)
    call.make(state, results)
    if state is not None:
        _states[_inner(results)] = state
    return state


class Extending(Call):
    """``append``, ``apply`` and their relatives: other results from results, with more or other data."""

    def __init__(self, session: Session, method: str, signature: inspect.Signature, given: Given) -> None:
        kind = type_name(type(_inner(given.args[0])))
        super().__init__(session, f"{kind}.{method}", session.package_of(_PACKAGE))
        self.kind = ActivityKind.TRAINING
        self.implementation = kind
        state = _state_of(session, given.args[0])
        self.use_state(state, Role.MODEL)
        self.sources = [state] if state is not None else []
        for name in ("endog", "exog"):
            node = self.use(given.named.get(name), Role.DATA, name)
            self.sources += [node] if node is not None else []
        if not self.crowded:
            self.settings = _settings(signature, _flat(given.named))

    def succeeded(self, result: Any, seconds: float) -> None:
        """The other results are known."""
        if _follow(self, result, self.sources) is not None:
            self.add(seconds)


class Predicting(Call):
    """``predict``, ``forecast`` and their relatives."""

    kind = ActivityKind.PREDICTION

    def __init__(self, session: Session, method: str, signature: inspect.Signature, given: Given) -> None:
        results = given.args[0]
        model = _inner(results).model
        label = f"{type_name(type(_inner(results)))}.{method}"
        super().__init__(session, label, session.package_of(_PACKAGE))
        self.implementation = type_name(type(model))
        self.state = _state_of(session, results)
        self.use_state(self.state, Role.MODEL)
        self.data: Node | None = None
        name = "exog" if given.named.get("exog") is not None else "y"
        if given.named.get(name) is not None:
            self.data = self.use(given.named[name], Role.DATA, name)
        elif _OF_SERIES.isdisjoint(signature.parameters):
            uses = _built[model].uses if model in _built else ()
            self.data = next((node for node, role, _ in uses if role is Role.DATA), None)
            self.use_state(self.data, Role.DATA)

    def succeeded(self, result: Any, seconds: float) -> None:
        """The predictions, or the object that has them with their intervals, are known."""
        sources = [node for node in (self.state, self.data) if node is not None]
        made = self.tracker.derive(result, sources, self.function, kind=ValueKind.PREDICTION)
        if made is not None:
            made.model, made.data = self.state, self.data
            made.role = self.data.role if self.data is not None else None
        self.make(made, result)
        if made is not None and kind_of(result) is ValueKind.PREDICTION:
            for name in _PREDICTED:
                self.tracker.derive(
                    vars(_inner(result)).get(name), (made,), f"{self.function}.predicted_mean"
                )
        self.add(seconds)


def _state_of(session: Session, results: Any) -> Node | None:
    """The state of the results that a method was called on, as the user knows them."""
    tracker = session.values.tracker
    known = tracker.find(results) or _states.get(results)
    if known is not None:
        return known
    frame = session.values.frame()
    for held in (*locals_of(frame).values(), *frame.f_globals.values()) if frame is not None else ():
        if kind_of(held) is ValueKind.MODEL and getattr(held, "__dict__", {}).get("_results") is results:
            return _kept(session, tracker.node(held), held)
    return _kept(session, tracker.node(results), results)


def _kept(session: Session, state: Node | None, value: Any) -> Node | None:
    session.values.keep(state, value)
    return state
