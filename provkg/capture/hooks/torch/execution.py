"""What torch does in one execution: which modules are called with which data, which optimizers make steps.

A call belongs to a training when the loss that ``backward`` starts from was computed from what it returned;
that is looked up in torch's own graph, during the first steps of a loop and whenever something is new.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import Any, TypeAlias
from weakref import ref

from provkg.capture.hooks.settings import setting
from provkg.capture.hooks.torch.describing import called_here, in_sight, loss_settings, trained_by, unwrapped
from provkg.capture.hooks.torch.graph import functions_of, name_of
from provkg.capture.hooks.torch.history import Measured, measured
from provkg.capture.hooks.torch.loops import Loop
from provkg.capture.hooks.torch.predicting import Predictions
from provkg.capture.hooks.torch.tensors import state_of, tensors_in
from provkg.capture.hooks.torch.watch import watch
from provkg.capture.kinds import element_type_of, kind_of, shape_of
from provkg.capture.memory import is_tensor
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import Error, Evidence, Role, Status, ValueKind

__all__ = ["Execution", "Site"]

Site: TypeAlias = tuple[int, int]
"""Where a call stands: which module is called, from which position in the caller's code."""
_LEARNING = 2
_MAX_CALLS = 50
_MAX_IDLE = 3


class _Call:
    """A call of a module by the user while gradients are recorded."""

    __slots__ = ("confirmed", "functions", "inputs", "is_loss", "module", "outputs", "rows", "site")

    def __init__(self, module: Any, site: Site, inputs: Sequence[Node], results: Sequence[Any]) -> None:
        self.module = ref(module)
        self.site = site
        self.inputs = inputs
        # By their numbers: to hold the functions themselves would keep all that was computed.
        made_by = (result.grad_fn for result in results)
        self.functions = {function._sequence_nr() for function in made_by if function is not None}
        self.outputs: Sequence[Node] = ()
        self.is_loss = False
        self.rows: int | None = None
        self.confirmed = False
        """Whether a loss was computed from what it returned."""


class Execution:
    """What is known of torch in one execution."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.order = session.order
        self.loops: dict[int, Loop] = {}
        self.loaders: dict[int, Any] = {}
        self.predictions = Predictions(session)
        self.learning = _LEARNING
        """How many further steps are looked at closely."""
        self._calls: list[_Call] = []
        self._calls_before: list[_Call] = []
        self._steps_with: Counter[Node] = Counter()
        self._idle: dict[Site, int] = {}
        self._losses_at: dict[Site, ref[Any]] = {}
        self._validating: dict[Site, tuple[Loop, Node]] = {}
        self._losses_before: list[Measured] = []
        self._stepped_on: list[Loop] = []
        self._function: tuple[str, tuple[Node, ...]] = ("", ())

    # --- calls of modules ---

    def called(
        self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any, site: Site
    ) -> None:
        """The user's code called a module."""
        self.speak()
        recording = sys.modules["torch"].is_grad_enabled() and module.training
        if not recording and is_tensor(result) and not kwargs:
            if len(args) == 1 and self.predictions.again(module, args[0], result, site):
                watch.tensors = site not in watch.passing
                return
            known = self._losses_at.get(site)
            if known is not None and known() is module:
                self._measured(site, args, result)
                return
        model = unwrapped(module)
        given = [tensor for _, tensor in tensors_in((*args, *kwargs.values()), 3)]
        outputs = [tensor for _, tensor in tensors_in(result)]
        if kind_of(model) is not ValueKind.MODEL:
            self._called_function(model, given, outputs, site, recording=recording)
            return
        inputs = self._inputs(model, given, site)
        loops = [loop for loop in self.loops.values() if loop.trains(model)]
        made = self.predictions.made(module, model, inputs, outputs, site, loops, recording=recording)
        watch.tensors = True
        if recording:
            call = _Call(model, site, inputs, outputs)
            call.outputs = made
            for tensor in given:
                node = self.session.values.tracker.find(tensor)
                if node is not None and not node.id:
                    node.shape = shape_of(tensor)  # it may be gone when it is recorded
                    node.element_type = element_type_of(tensor)
            call.rows = next((int(tensor.shape[0]) for tensor in given if tensor.dim()), None)
            self._remember(call)

    def _called_function(
        self, module: Any, given: Sequence[Any], outputs: Sequence[Any], site: Site, *, recording: bool
    ) -> None:
        """A module without parameters was called: a loss, or a function of tensors."""
        if any(parent.__module__.startswith("torchmetrics.") for parent in type(module).__mro__):
            return
        states = [state_of(self.session, tensor) for tensor in given]
        if len(outputs) == 1 and not outputs[0].dim():
            if recording:
                call = _Call(module, site, [state for state in states[1:] if state is not None], outputs)
                call.is_loss = True
                self._remember(call)
            else:
                self._losses_at[site] = ref(module)
                self._measured(site, given, outputs[0])
            return
        sources = tuple(dict.fromkeys(state for state in states if state is not None))
        if sources:
            for output in outputs:
                self.session.values.tracker.derive(output, sources, type(module).__name__)

    def _measured(self, site: Site, given: Sequence[Any], loss: Any) -> None:
        """A loss was computed of predictions that nothing is learnt from."""
        if not self.loops:
            return
        if watch.passing and site in self._validating:
            loop, data = self._validating[site]
            loop.validated(data, loss)
            return
        for tensor in given:
            known = self.session.values.tracker.light.glimpse(tensor)
            if known is not None and known.model is not None and known.data is not None:
                for loop in self.loops.values():
                    if any(known.model in each.states[-1:] for each in loop.trained):
                        loop.validated(known.data, loss)
                        self._validating[site] = loop, known.data
                return

    def _inputs(self, model: Any, given: Sequence[Any], site: Site) -> tuple[Node, ...]:
        found = [state_of(self.session, tensor) for tensor in given]
        if not any(found) and not self.predictions.knows(model, site):
            found = [self._look_up(tensor) for tensor in given]
        return tuple(dict.fromkeys(node for node in found if node is not None))

    def _look_up(self, tensor: Any) -> Node | None:
        """The state of a tensor, or else what the text of the user's cells says of its variable."""
        node = state_of(self.session, tensor)
        if node is None and kind_of(tensor) and called_here(self.session):
            node = self.session.values.resolve_named(tensor)
            if node is not None:
                _drop_row_numbers(node, tensor)
        return node

    def _remember(self, call: _Call) -> None:
        """Find out whether a call belongs to a training, unless it has never done so."""
        if len(self._calls) < _MAX_CALLS and self._idle.get(call.site, 0) <= _MAX_IDLE:
            self._calls.append(call)
            self.learning = max(self.learning, 1)
            self.speak()
            watch.quiet = watch.counting = False

    def models(self) -> list[Any]:
        """The models in training."""
        found = [each.module() for loop in self.loops.values() for each in loop.trained]
        return [module for module in found if module is not None]

    def touched(self, models: Sequence[Any]) -> None:
        """Something was done with the models as they are now."""
        watch.passing.clear()
        self.speak()
        for loop in self.loops.values():
            loop.touched = loop.touched or any(loop.trains(model) for model in models)

    # --- losses ---

    def look_at(self, loss: Any) -> None:
        """``backward`` is about to start from a loss: find out which calls that was computed from."""
        start = loss.grad_fn
        if start is None:
            return
        waiting: dict[int, list[_Call]] = {}
        for call in (*self._calls, *self._calls_before):
            if not call.confirmed:
                for number in call.functions:
                    waiting.setdefault(number, []).append(call)
        self._function = self._function_of(start)
        for function in functions_of(start):
            for call in waiting.pop(function._sequence_nr(), ()):
                call.confirmed = True
            if not waiting:
                break

    def _function_of(self, start: Any) -> tuple[str, tuple[Node, ...]]:
        """The function that made a loss, as torch's graph names it, and the targets that it keeps."""
        for function in functions_of(start, 4):
            target = getattr(function, "_saved_target", None)
            if target is not None:
                state = self._look_up(target)
                return name_of(function), (state,) if state is not None else ()
        return name_of(start), ()

    def lost(self, loss: Any) -> None:
        """``backward`` was called on a loss."""
        scaled = watch.scaled
        if scaled is not None and scaled[0]() is loss:
            watch.losses.append(scaled[1])
        elif loss.numel() == 1:
            watch.losses.append(measured(loss))

    # --- steps of optimizers ---

    def stepped(self, optimizer: Any) -> None:
        """An optimizer made a step."""
        watch.passing.clear()
        self.speak()
        loop = self.loops.get(id(optimizer))
        if loop is None or loop.optimizer() is not optimizer:
            loop = self._begin(optimizer)
        loop.steps += 1
        loop.last = perf_counter()
        drawn = watch.drawn
        fresh = drawn is not None and not drawn.is_over and loop.is_fresh(drawn)
        if drawn is not None and fresh:
            drawn.stepped = True
            if loop.draws_from(drawn):
                self.learning = _LEARNING
        if watch.losses:
            self._losses_before = watch.losses.copy()
            watch.losses.clear()
            self._stepped_on = [loop]
            loop.history.add(self._losses_before)
        elif loop not in self._stepped_on:  # a second optimizer that makes a step on the same losses
            self._stepped_on.append(loop)
            loop.history.add(self._losses_before)
        if self.learning:
            self._learn(loop, drawn_from=fresh)
            self.learning -= 1
            if loop.steps == 1 and not loop.crowded:
                self.session.tell(loop.so_far)
        if loop.touched:
            loop.renew()
        watch.tensors = self.learning > 0
        if not self.learning:
            self._be_quiet(loop)

    def _be_quiet(self, loop: Loop) -> None:
        """The training is known: count its steps from now on."""
        watch.quiet = True
        watch.counting = watch.scaled is None and all(type(loss) is float for loss in self._losses_before)
        if len(self.loops) == 1 and watch.counting:
            watch.loop = loop

    def speak(self) -> None:
        """Something else than a known step happened: take account of the steps that were only counted."""
        loop, watch.loop = watch.loop, None
        if loop is not None:
            loop.take_losses()
            self._stepped_on = [loop]

    def _begin(self, optimizer: Any) -> Loop:
        former = self.loops.pop(id(optimizer), None)
        if former is not None:
            former.finish(Status.SUCCEEDED)  # its optimizer is gone, and another one in its place
        seen, schedulers = in_sight()
        called = [call.module() for call in (*self._calls_before, *self._calls) if call.confirmed]
        models = [module for module in called if module is not None and kind_of(module) is ValueKind.MODEL]
        trained, others = trained_by(optimizer, models, seen)
        loop = self.loops[id(optimizer)] = Loop(self.session, optimizer, trained, others, schedulers)
        self.learning = _LEARNING
        watch.settled.clear()
        return loop

    def _learn(self, loop: Loop, *, drawn_from: bool) -> None:
        """Take what the calls since the last step tell about a training."""
        name, targets = self._function
        self._steps_with.update({node for call in self._calls for node in call.inputs} | set(targets))
        for call in (*self._calls_before, *self._calls):
            module = call.module()
            if not call.confirmed or module is None:
                continue
            watch.settled.add(call.site)
            if call.is_loss:
                if call in self._calls:
                    loop.judged_by(loss_settings(module))
                    loop.learn_from(self._steady(call.inputs), Role.TARGET)
            elif loop.trains(module):
                loop.fed(call.rows)
                loop.learn_from(self._steady(call.inputs), Role.DATA)
                loop.doubtful = [node for node in _data(call.inputs) if not self._is_steady(node)]
                self._learn_through(loop, call.inputs)
                self.predictions.forget(call.outputs)
        if name:
            loop.judged_by((setting("loss", name),))
            loop.learn_from(self._steady(targets), Role.TARGET)
        if drawn_from and not loop.has_data and watch.drawn is not None:
            state = watch.drawn.state(None)
            if state is not None:
                # Batches were drawn between the steps; what the models were given was made of them unseen.
                loop.learn_from((state,), Role.DATA, Evidence.INFERRED)
        for call in self._calls_before:
            if not call.confirmed:
                self._idle[call.site] = self._idle.get(call.site, 0) + 1
        self._calls_before, self._calls = self._calls, []

    def _learn_through(self, loop: Loop, inputs: Sequence[Node]) -> None:
        """What a model was given came out of another one, which is not in training itself."""
        for node in inputs:
            model = node.model
            if model is None or any(model.object is state.object for state in self._in_training()):
                continue
            loop.learn_from((model,), Role.MODEL)
            if node.data is not None:
                loop.learn_from(_data((node.data,)), Role.DATA)

    def _steady(self, nodes: Sequence[Node]) -> Iterator[Node]:
        return (node for node in _data(nodes) if self._is_steady(node))

    def _is_steady(self, node: Node) -> bool:
        """Whether data is not made anew for each step, as noise is: it came from elsewhere, or stays."""
        return bool(node.id or node.edges) or self._steps_with[node] > 1

    def _in_training(self) -> Iterator[Node]:
        for loop in self.loops.values():
            for each in loop.trained:
                yield from each.states[-1:]

    # --- the end ---

    def finish(self, error: Error | None, interrupted: bool) -> None:
        """The execution ended: what was seen becomes activities."""
        self.speak()
        self._follow_last_batch()
        watch.forget()
        for loop in self.loops.values():
            cut = error is not None and self.session.values.texts.together(loop.line, error.line)
            status = (Status.INTERRUPTED if interrupted else Status.FAILED) if cut else Status.SUCCEEDED
            loop.finish(status)
        self.predictions.finish()

    def _follow_last_batch(self) -> None:
        """The variables of a loop hold what was drawn last."""
        for reference in watch.batch if watch.drawn is not None else ():
            tensor = reference()
            if kind_of(tensor) is not None and self.session.values.tracker.find(tensor) is None:
                data = state_of(self.session, tensor)
                if data is not None:
                    self.session.values.tracker.derive(tensor, (data,), "torch.utils.data.DataLoader")


def _drop_row_numbers(node: Node, tensor: Any) -> None:
    """Of what the text names for a batch, leave what such rows can be of, and not the numbers of the rows."""
    like = []
    for edge in node.edges:
        parent = edge.parent
        reference = parent.object.reference if isinstance(parent, Node) and not parent.selects else None
        held: Any = reference() if reference is not None else None
        if is_tensor(held) and held.dtype == tensor.dtype and held.shape[1:] == tensor.shape[1:]:
            like.append(edge)
    if like and all(edge.evidence is Evidence.INFERRED for edge in node.edges):
        node.edges = tuple(like)


def _data(nodes: Sequence[Node]) -> Iterator[Node]:
    """What is data, not computed by a model."""
    return (node for node in nodes if node.kind is not ValueKind.PREDICTION)
