"""What the hooks on boosting libraries share: trainings with their evaluation sets and histories, settings in
force, models in files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from provkg.capture.ending import status_of
from provkg.capture.gate import gate
from provkg.capture.hooks.calls import Begin, Call
from provkg.capture.hooks.loading import Saving
from provkg.capture.hooks.numbers import number, result_of
from provkg.capture.hooks.settings import scalar, setting
from provkg.capture.kinds import kind_of, label_text, type_name
from provkg.capture.session import Session
from provkg.capture.targets import named_path
from provkg.capture.values import FileNode, Node
from provkg.records import (
    ActivityKind,
    FileMode,
    Result,
    Role,
    SeriesBy,
    Setting,
    SplitRole,
    Use,
    ValueKind,
)

__all__ = [
    "MAX_RESULTS",
    "MAX_SETS",
    "Best",
    "EvaluationSet",
    "History",
    "Learning",
    "Restoring",
    "Updating",
    "add_history",
    "filled_in",
    "given_settings",
    "go_on_from",
    "measured_on",
    "saving",
    "use_target",
]

History = Mapping[str, Mapping[str, Sequence[Any]]]
"""Values by round, by evaluation set and metric."""
MAX_RESULTS = 200
MAX_SETS = 50


class EvaluationSet(NamedTuple):
    """Data that a training measured itself on, and what it is set aside for."""

    data: Node | None
    role: SplitRole


class Best(NamedTuple):
    """The best round of a training, where evaluation sets had a say in the model.

    ``rank`` counts from 0 in this training, ``told`` is the number that the library gives it. ``judge`` is
    the set that decided, where it was one of them, and ``how`` says what it decided. The model may be that of
    the last round nevertheless, if it is not ``kept`` at the best.
    """

    rank: int
    told: int
    judge: str = ""
    how: str = "early stopping"
    kept: bool = True


class Learning(Call):
    """A training by a function, or a method that is not an estimator's ``fit``."""

    kind = ActivityKind.TRAINING

    def __init__(self, session: Session, function: str, package: str) -> None:
        super().__init__(session, function, session.package_of(package))
        self.sources: list[Node | FileNode] = []
        self.sets: dict[str, EvaluationSet] = {}

    def learn_from(self, value: Any, role: Role, argument: str) -> Node | None:
        """Use a value that the model learns from; of a matrix, its target too."""
        node = self.use(value, role, argument)
        if node is None:
            return None
        self.sources.append(node)
        if role is Role.DATA:
            use_target(self, self.sources, node, argument)
        return node

    def measure_on(self, name: str, data: Any, argument: str, learnt: Node | None) -> None:
        """Use a value that the training measures itself on."""
        if len(self.sets) >= MAX_SETS:
            return
        self.sets[name] = measured_on(self, data, argument, learnt)

    def finish(self, model: Any, seconds: float, history: History, best: Best | None) -> None:
        """The model is known, with the history of its training."""
        fitted = self.tracker.derive(model, self.sources, self.function)
        self.make(fitted, model)
        add_history(self, fitted, self.sets, history, best)
        self.add(seconds)


class Updating(Learning):
    """One round more of a booster, in a loop of the user's own."""

    def __init__(
        self,
        session: Session,
        function: str,
        package: str,
        booster: Any,
        data: Any,
        in_force: Callable[[Any], Mapping[str, Any]],
    ) -> None:
        super().__init__(session, function, package)
        self.implementation = type_name(type(booster))
        self.booster = booster
        self.in_force = in_force
        self.learn_from(data, Role.DATA, "")

    def succeeded(self, result: Any, seconds: float) -> None:
        """The booster is in a new state."""
        if not self.crowded:
            self.settings = given_settings({}, self.in_force(self.booster))
        self.make(self.tracker.revise(self.booster, self.sources, self.function), self.booster)
        self.add(seconds)


def use_target(call: Call, sources: list[Node | FileNode], matrix: Node, argument: str) -> None:
    """Use the target values in a matrix."""
    if matrix.target is not None and matrix.target.id:
        sources.append(matrix.target)
        call.use_state(matrix.target, Role.TARGET, argument)


def go_on_from(call: Call, sources: list[Node | FileNode], earlier: Any, argument: str) -> None:
    """Use a model, or the file of one, that a training goes on from."""
    path = named_path(earlier)
    if path:
        file = call.session.files.read(path, named=True)
        if file is not None:
            sources.append(file)
            call.used.append(Use(entity=file.id, role=Role.FILE, argument=argument))
    elif kind_of(earlier) is ValueKind.MODEL:
        node = call.use(earlier, Role.MODEL, argument)
        if node is not None:
            sources.append(node)


def measured_on(
    call: Call, data: Any, argument: str, learnt: Node | None, target: Any = None
) -> EvaluationSet:
    """Use data that a training measures itself on: for validation, unless it is known to be for more."""
    node = call.session.values.resolve(data, others=(target,))
    if node is not None and node is learnt:
        return EvaluationSet(node, SplitRole.TRAINING)
    call.use(data, Role.VALIDATION, argument)
    if target is not None:
        call.use(target, Role.VALIDATION, argument, (data,))
    return EvaluationSet(node, (node.role if node is not None else None) or SplitRole.VALIDATION)


def add_history(
    call: Call,
    fitted: Node | None,
    sets: Mapping[str, EvaluationSet],
    history: History,
    best: Best | None,
) -> None:
    """Record what a training measured round by round, and which data had a say in when it stopped."""
    if call.crowded:
        return
    model = fitted.id if fitted is not None else ""
    call.results += histories(call.session, history, sets, model, best)
    if best is None or not history:
        return
    for name, value in (("best_iteration", best.told), ("rounds", _rounds(history))):
        call.results.append(result_of(call.session, name, value, model=model))
    judges = [each for name, each in sets.items() if best.judge in ("", name)]
    nodes = (each.data for each in judges if each.role is not SplitRole.TRAINING)
    call.session.values.link(model, tuple(node for node in nodes if node is not None), best.how)


def _rounds(history: History) -> int:
    return max((len(values) for metrics in history.values() for values in metrics.values()), default=0)


def histories(
    session: Session, history: History, sets: Mapping[str, EvaluationSet], model: str, best: Best | None
) -> Iterator[Result]:
    """One result for each evaluation set and metric: the value of the round that the model is of, and those
    of all rounds.
    """
    kept = best.rank if best is not None and best.kept else -1
    pairs = [(name, metric) for name, metrics in history.items() for metric in metrics]
    for name, metric in pairs[:MAX_RESULTS]:
        series = tuple(number(value)[0] for value in history[name][metric])
        if not series:
            continue
        measured = sets.get(name)
        on = measured.data if measured is not None else None
        yield result_of(
            session,
            label_text(metric),
            history[name][metric][kept if kept < len(series) else -1],
            series=series,
            series_by=SeriesBy.ROUND,
            model=model,
            data=(on.id,) if on is not None and on.id else (),
            role=measured.role if measured is not None else None,
        )


def given_settings(given: Mapping[str, Any], in_force: Mapping[str, Any]) -> tuple[Setting, ...]:
    """The settings that the user gave, and those in force that were not given."""
    found = [
        replace(setting(name, value), explicit=True)
        for name, value in given.items()
        if kind_of(value) is None and isinstance(name, str)
    ]
    found += [setting(name, value, value) for name, value in in_force.items() if name not in given]
    return tuple(found)


def filled_in(
    settings: tuple[Setting, ...], in_force: Mapping[str, Any], same: Mapping[str, str], prefix: str
) -> tuple[Setting, ...]:
    """Settings of an estimator, with the values in force where it was given None.

    Parameters:
        same: other names of settings in force.
        prefix: what the names of the estimator's settings begin with.
    """

    def value_of(each: Setting) -> Setting:
        name = each.name.removeprefix(prefix)
        name = name if name in in_force else same.get(name, name)
        if each.value is not None or not each.name.startswith(prefix) or name not in in_force:
            return each
        value, kind = scalar(in_force[name])
        return Setting(name=each.name, value=value, type=kind, explicit=False)

    return tuple(value_of(each) for each in settings)


def saving(function: str, package: str, *, unseen: bool = True) -> Begin:
    """A beginner for methods by which a model writes itself to a file.

    Parameters:
        unseen: whether the library opens the file in a way that Python does not tell.
    """

    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        session = gate.session
        published = session.package_of(package) if session is not None else ""
        return Saving.of(function, published, unseen=unseen)(args, kwargs)

    return begin


class Restoring(Call):
    """A call that fills a model from a file."""

    kind = ActivityKind.LOADING

    def __init__(self, session: Session, function: str, package: str, model: Any, source: Any) -> None:
        super().__init__(session, function, session.package_of(package))
        self.model = model
        self.source = source
        self.path = named_path(source)
        self.mark = session.files.mark()

    def succeeded(self, result: Any, seconds: float) -> None:
        """The model is what the file held, or another model."""
        states = {state.id: state for state in self.session.files.since(self.mark, FileMode.READ)}
        state = self.session.files.read(self.path, named=True) if self.path else None
        if state is not None:
            states[state.id] = state
        sources: list[Node | FileNode] = list(states.values())
        if kind_of(self.source) is ValueKind.MODEL:
            node = self.session.values.resolve(self.source)
            sources += [node] if node is not None else []
        made = self.tracker.replace(self.model, sources, self.function)
        if states:
            self.used += [Use(entity=entity, role=Role.FILE) for entity in states]
            self.make(made, self.model)
            self.add(seconds)

    def failed(self, error: BaseException, seconds: float) -> None:
        """The call raised; which file it could not read is still told."""
        states = self.session.files.since(self.mark, FileMode.READ)
        if states:
            self.used += [Use(entity=state.id, role=Role.FILE) for state in states]
            self.add(seconds, status_of(error))
