"""A training loop: the steps of one optimizer in one execution, as one activity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any
from weakref import ref

from provkg.capture.hooks.numbers import result_of
from provkg.capture.hooks.settings import setting
from provkg.capture.hooks.torch.describing import (
    module_settings,
    optimizer_settings,
    parameters_of,
    scheduler_settings,
)
from provkg.capture.hooks.torch.history import History, measured
from provkg.capture.hooks.torch.seeds import is_unseeded
from provkg.capture.hooks.torch.watch import watch
from provkg.capture.kinds import type_name
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import (
    Activity,
    ActivityKind,
    Evidence,
    Result,
    Role,
    SeriesBy,
    Setting,
    SplitRole,
    Status,
    Use,
)

if TYPE_CHECKING:
    from provkg.capture.hooks.torch.loaders import Loader, Pass

__all__ = ["Loop"]

_MAX_STATES = 1000


class _Trained:
    """A module in training, and the states of it that something was done with."""

    def __init__(self, session: Session, module: Any, label: str) -> None:
        self.module = ref(module)
        self.label = label
        self.states: list[Node] = []
        self.parameters = frozenset(parameters_of(module))
        self._session = session
        self.renew({})

    def renew(self, data: Mapping[Node, tuple[Role, Evidence]]) -> None:
        """Begin a new state, that has learnt from data."""
        module = self.module()
        if module is None or len(self.states) >= _MAX_STATES:
            return
        tracker = self._session.values.tracker
        revise = tracker.revise if tracker.find(module) is not None else tracker.derive
        state = revise(module, (), self.label)
        if state is None:
            return
        self.states.append(state)
        for node, (_, evidence) in data.items():
            tracker.extend(state, (node,), self.label, evidence)


class Loop:
    """The steps that an optimizer made in one execution.

    Parameters:
        trained: the modules that hold its parameters.
        others: modules that have some of them, and so change too.
    """

    def __init__(
        self,
        session: Session,
        optimizer: Any,
        trained: Sequence[Any],
        others: Sequence[Any],
        schedulers: Sequence[Any],
    ) -> None:
        self.session = session
        self.optimizer = ref(optimizer)
        self.function = f"{type_name(type(optimizer))}.step"
        self.line = session.values.line()
        self.crowded = session.crowds(self.function, self.line)
        self.id = session.next_activity() if not self.crowded else ""
        self.started = datetime.now(UTC)
        self._began = self.last = perf_counter()
        self.touched = False
        """Whether something was done with the models as they are now, besides training them."""
        self.drawn: Pass | None = None
        self._drawn_count = 0
        self.steps = 0
        self.doubtful: list[Node] = []
        """Data that was there in one step, as noise is that is made for each."""
        self.history = History()
        self._validations: dict[Node, History] = {}
        self._loaders: dict[Loader, int] = {}
        self._data: dict[Node, tuple[Role, Evidence]] = {}
        self._loss: tuple[Setting, ...] = ()
        self._batch: int | None = None
        self.implementation = type_name(type(trained[0])) if len(trained) == 1 else ""
        self._modules = tuple(ref(module) for module in trained)
        self._settings = (
            ()
            if self.crowded
            else (
                *optimizer_settings(optimizer),
                *scheduler_settings(optimizer, schedulers),
                *module_settings(trained),
            )
        )
        self._rates = [group.get("lr") for group in optimizer.param_groups]
        self.trained = [_Trained(session, module, self.function) for module in trained]
        self._others = [ref(module) for module in others if session.values.tracker.find(module) is not None]

    def trains(self, module: Any) -> bool:
        """Whether a module changes with the steps."""
        return any(each.module() is module for each in self.trained) or any(
            other() is module for other in self._others
        )

    # --- what is seen ---

    def take_losses(self) -> None:
        """Take the losses of steps that were only counted."""
        self.last = perf_counter()
        self.history.add(watch.losses)
        watch.losses.clear()

    def is_fresh(self, drawn: Pass) -> bool:
        """Whether something was drawn since the last step that was looked at."""
        return drawn is not self.drawn or drawn.count != self._drawn_count

    def draws_from(self, drawn: Pass) -> bool:
        """A step was made with what a data loader drew; tells whether that is a loader not met before."""
        self._drawn_count = drawn.count
        if drawn is self.drawn:
            return False
        if self.drawn is not None:
            self.history.end_epoch()
        self.drawn = drawn
        known = any(drawn.loader.data == each.data for each in self._loaders)
        self._loaders.setdefault(drawn.loader, drawn.loader.epochs)
        return not known

    def learn_from(self, nodes: Iterable[Node], role: Role, evidence: Evidence = Evidence.OBSERVED) -> None:
        """The models learn from data."""
        for given in nodes:
            for node, known in _recorded_or_named(given, evidence):
                if node in self._data:
                    continue
                self._data[node] = (role, known)
                if not self.crowded:
                    self.session.values.keep_state(node)  # while it is there to be described
                for each in self.trained:
                    for state in each.states:
                        if not state.id:
                            self.session.values.tracker.extend(state, (node,), self.function, known)

    @property
    def has_data(self) -> bool:
        """Whether it is known what the models learn from."""
        return any(role is Role.DATA for role, _ in self._data.values())

    def judged_by(self, settings: tuple[Setting, ...]) -> None:
        """The loss is known."""
        self._loss = self._loss or settings

    def fed(self, rows: int | None) -> None:
        """A model was called in training with a batch."""
        self._batch = self._batch or rows

    def renew(self) -> None:
        """Begin a new state of the models, where the one before was used for something."""
        if self.touched:
            self.touched = False
            for history in self._validations.values():
                history.end_epoch()
            for each in self.trained:
                each.renew(self._data)

    def validated(self, data: Node, loss: Any) -> None:
        """A loss was computed on data without learning from it."""
        self._validations.setdefault(data, History()).add((measured(loss),))

    # --- the end ---

    def finish(self, status: Status) -> None:
        """Record the training."""
        values = self.session.values
        self.history.end()
        if self._loaders:
            self.history.end_epoch()
        modules = [each.states[-1] for each in self.trained if each.states]
        for other in self._others:
            module = other()
            if module is not None:
                values.tracker.revise(module, modules, self.function)
        if self.crowded:
            return
        if self.steps == 1:
            self.learn_from([node for node in self.doubtful if not node.dead], Role.DATA)
        used = self._used()
        for each in self.trained:
            for state in each.states[-1:]:
                values.keep_state(state)
        model = modules[0].id if len(modules) == 1 else ""
        results = tuple(self._results(model, used))
        self.session.add(self._activity(status, used, results))

    def so_far(self) -> Activity:
        """The training as it is known while it is at work."""
        return self._activity(Status.INTERRUPTED, self._used(), ())

    def _used(self) -> tuple[Use, ...]:
        keep = self.session.values.keep_state
        told = ((keep(node), role, evidence) for node, (role, evidence) in self._data.items())
        return tuple(Use(entity=name, role=role, evidence=known) for name, role, known in told if name)

    def _activity(self, status: Status, used: tuple[Use, ...], results: tuple[Result, ...]) -> Activity:
        return Activity(
            id=self.id,
            kind=ActivityKind.TRAINING,
            function=self.function,
            implementation=self.implementation,
            package="torch",
            started_at=self.started,
            duration=round(self.last - self._began, 6),
            used=used,
            generated=tuple(state.id for each in self.trained for state in each.states if state.id),
            settings=self._all_settings(),
            results=results,
            unseeded=self._is_unseeded(),
            status=status,
            line=self.line,
        )

    def _all_settings(self) -> tuple[Setting, ...]:
        found = [*self._settings, *self._loss]
        loader = next(iter(self._loaders), None)
        if loader is not None:
            found += loader.settings
            found.append(_count("epochs", self._epochs()))
        elif self._batch is not None:
            found.append(_count("batch_size", self._batch))
            data = [node for node, (role, _) in self._data.items() if role is Role.DATA]
            if data and all(node.shape[:1] == (self._batch,) for node in data):
                found.append(_count("epochs", self.steps))
        found.append(_count("steps", self.steps))
        optimizer = self.optimizer()
        if self.history.count not in (0, self.steps):
            found.append(_count("losses", self.history.count))
        if optimizer is not None:
            rates = [group.get("lr") for group in optimizer.param_groups]
            if rates != self._rates and rates:
                found.append(setting("lr_at_end", rates[0]))
        for name, curve in (
            ("losses_per_point", self.history.steps),
            ("epochs_per_point", self.history.epochs),
        ):
            if curve.stride > 1:
                found.append(_count(name, curve.stride))
        return tuple(found)

    def _epochs(self) -> int:
        counts: Counter[tuple[int, int]] = Counter()
        for loader, before in self._loaders.items():
            counts[loader.data] += loader.epochs - before
        return max(counts.values())

    def _results(self, model: str, used: Sequence[Use]) -> Iterable[Result]:
        data = tuple(use.entity for use in used if use.role is Role.DATA and use.entity)
        inferred = any(use.evidence is Evidence.INFERRED for use in used)
        about: dict[str, Any] = {
            "model": model,
            "data": data,
            "role": SplitRole.TRAINING,
            "evidence": Evidence.INFERRED if inferred else Evidence.OBSERVED,
        }
        yield from self._losses(self.history, about)
        for node, history in self._validations.items():
            history.end_epoch()
            about = {"model": model, "data": (self.session.values.keep_state(node),), "role": node.role}
            if node in self._data:
                about["role"] = SplitRole.TRAINING
            elif about["role"] is None:
                about["role"] = SplitRole.VALIDATION
            yield from self._losses(history, about)

    def _losses(self, history: History, about: dict[str, Any]) -> Iterable[Result]:
        """One result for each way to go through the numbers."""
        steps, epochs = history.steps.series(), history.epochs.series()
        session = self.session
        if epochs:
            yield result_of(session, "loss", epochs[-1], series=epochs, series_by=SeriesBy.EPOCH, **about)
        if epochs and history is self.history:
            yield result_of(session, "step_loss", None, series=steps, series_by=SeriesBy.STEP, **about)
        elif steps and not epochs:
            yield result_of(session, "loss", history.last, series=steps, series_by=SeriesBy.STEP, **about)

    def _is_unseeded(self) -> bool:
        modules = [module for reference in self._modules if (module := reference()) is not None]
        return is_unseeded(modules, shuffled=any(each.draws_unseeded for each in self._loaders))


def _recorded_or_named(node: Node, evidence: Evidence) -> Iterable[tuple[Node, Evidence]]:
    """A state; or in place of a batch, of which the text alone tells what it was cut from, that data."""
    named = [edge for edge in node.edges if edge.evidence is Evidence.INFERRED]
    if node.id or not named or len(named) != len(node.edges):
        return [(node, evidence)]
    return [(edge.parent, Evidence.INFERRED) for edge in named if isinstance(edge.parent, Node)]


def _count(name: str, number: int) -> Setting:
    return Setting(name=name, value=number, type="int")
