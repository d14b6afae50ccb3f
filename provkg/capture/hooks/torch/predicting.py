"""Calls of models that belong to no training: what they were given, and what came out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from weakref import ref

from provkg.capture.hooks.torch.describing import called_here
from provkg.capture.hooks.torch.tensors import state_of
from provkg.capture.hooks.torch.watch import watch
from provkg.capture.kinds import kind_of, type_name
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import Activity, ActivityKind, Role, Use, ValueKind

if TYPE_CHECKING:
    from provkg.capture.hooks.torch.execution import Site
    from provkg.capture.hooks.torch.loops import Loop

__all__ = ["Predictions"]

_MAX_OUTPUTS = 50
_MAX_FOLLOWED = 20
"""How many outputs are followed that one state of a model makes at one place from one pass over data."""


class _Predicted:
    """All predictions that one state of a model made at one place of the text."""

    def __init__(self, session: Session, module: Any, model: Any, state: Node) -> None:
        self.state = state
        self.module = ref(module)
        self.function = type_name(type(model))
        self.package = session.package_of(type(model).__module__.partition(".")[0])
        self.line = session.values.line()
        self.started = datetime.now(UTC)
        self.crowded = session.crowds(self.function, self.line)
        self.data: dict[Node, None] = {}
        self.outputs: list[Node] = []
        self.calls = 0
        self.loops: Sequence[Loop] = ()
        """Those of the same execution that train the model."""


class Predictions:
    """The predictions of one execution."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._made: dict[tuple[Node, Site], _Predicted] = {}
        self._last: dict[Site, _Predicted] = {}

    def knows(self, model: Any, site: Site) -> bool:
        """Whether the model in its present state has made predictions at a place."""
        state = self._session.values.tracker.find(model)
        return state is not None and (state, site) in self._made

    def made(
        self,
        module: Any,
        model: Any,
        inputs: Sequence[Node],
        outputs: Sequence[Any],
        site: Site,
        loops: Sequence[Loop],
        *,
        recording: bool,
    ) -> list[Node]:
        """A model was called, perhaps to predict: its output is followed until it is known better.

        Parameters:
            module: what was called: the model, or what compiles it or spreads it over devices.
            loops: the loops of this execution that train the model.
            recording: whether gradients are recorded, as if to train.
        """
        made: list[Node] = []
        tracker = self._session.values.tracker
        state = tracker.node(model)
        if state is None:
            return made
        for loop in loops:
            loop.touched = True
        known = self._made.get((state, site))
        if known is None:
            known = self._made[state, site] = _Predicted(self._session, module, model, state)
        if not recording:
            self._last[site] = known
        known.calls += 1
        known.loops = loops
        known.data.update(dict.fromkeys(inputs))
        for output in outputs:
            if kind_of(output) is None or tracker.find(output) is not None:
                continue
            label = known.function
            node = tracker.derive(output, (state, *inputs), label, kind=ValueKind.PREDICTION)
            if node is None:
                continue
            node.model = state
            node.data = inputs[0] if inputs else None
            node.role = node.data.role if node.data is not None else None
            made.append(node)
            if known.calls == 1 and called_here(self._session):
                self._session.values.made_here(node, frozenset((state, *inputs)))
            if len(known.outputs) < _MAX_OUTPUTS:
                known.outputs.append(node)
            if known.calls == 1 and not (loops or recording or watch.batch or known.crowded):
                for data in inputs:
                    self._session.values.keep_state(data)
                self._session.values.keep(node, output)
        return made

    def again(self, module: Any, given: Any, output: Any, site: Site) -> bool:
        """A model was called as it was a moment ago, with the next batch; False where it is not so."""
        known = self._last.get(site)
        if known is None or known.module() is not module or known.state.object.newest is not known.state:
            return False
        known.calls += 1
        for loop in known.loops:
            loop.touched = True
        data = state_of(self._session, given)
        parents: tuple[Node, ...] = (known.state,)
        if data is not None:
            parents = known.state, data
            known.data[data] = None
        light = self._session.values.tracker.light
        light.follow(output, parents, known.function, known.state, data)
        if known.calls >= _MAX_FOLLOWED and watch.drawn is not None and watch.place_of(given) is not None:
            watch.passing.add(site)  # what is left of this pass comes to the same
            watch.tensors = False
        return True

    def forget(self, outputs: Iterable[Node]) -> None:
        """What was taken for predictions belongs to a training."""
        nodes = set(outputs)
        self._made = {key: each for key, each in self._made.items() if nodes.isdisjoint(each.outputs)}

    def finish(self) -> None:
        """Record the predictions of models as they are now, and others that something was made of."""
        values = self._session.values
        for known in self._made.values():
            alive = [node for node in known.outputs if not node.dead]
            is_recorded = any(node.id for node in known.outputs)
            in_loop = known.state.object.newest is not known.state
            if not is_recorded and (in_loop or (known.loops and not alive)):
                continue
            if not in_loop and known.calls == 1 and not known.crowded:
                for node in alive:
                    values.keep_state(node)
            if not known.crowded:
                self._add(known)

    def _add(self, known: _Predicted) -> None:
        values, session = self._session.values, self._session
        used = [Use(entity=values.keep_state(known.state), role=Role.MODEL)]
        used += [Use(entity=values.keep_state(data), role=Role.DATA) for data in known.data]
        session.add(
            Activity(
                id=session.next_activity(),
                kind=ActivityKind.PREDICTION,
                function=known.function,
                implementation=known.function,
                package=known.package,
                started_at=known.started,
                used=tuple(use for use in used if use.entity),
                generated=tuple(node.id for node in known.outputs if node.id),
                line=known.line,
            )
        )
