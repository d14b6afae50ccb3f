"""Data loaders and the data they draw from."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any
from weakref import ref

from provkg.capture.gate import gate
from provkg.capture.hooks.settings import setting
from provkg.capture.hooks.torch.tensors import state_of, tensors_in
from provkg.capture.hooks.torch.watch import at_work, watch
from provkg.capture.hooks.wrap import dress, hide, report
from provkg.capture.kinds import kind_of, type_name
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import Setting, ValueKind

__all__ = ["Loader", "Pass", "begun", "drawing"]

_WHOLE = frozenset({"SequentialSampler", "RandomSampler"})


class Loader:
    """A data loader, as far as it has drawn in this execution; it may itself be gone while it draws."""

    def __init__(self, session: Session, loader: Any) -> None:
        self.session = session
        self.loader = ref(loader)
        self.epochs = 0
        """How many times it was drawn from to the end by a training."""
        self._states: dict[Any, Node | None] = {}
        dataset, sampler = getattr(loader, "dataset", None), getattr(loader, "sampler", None)
        self.data = (id(dataset), id(sampler) if type(sampler).__name__ not in _WHOLE else 0)
        """Tells apart what loaders draw from."""
        self._dataset, self._sampler = _weak(dataset), _weak(sampler)
        name = type(sampler).__name__
        self.draws_unseeded = name != "SequentialSampler" and (
            getattr(loader, "generator", None) is None and getattr(sampler, "generator", None) is None
        )
        """Whether the order comes from torch's global generator."""
        self.settings: tuple[Setting, ...] = (
            setting("batch_size", getattr(loader, "batch_size", None), 1),
            setting("shuffle", name == "RandomSampler", False),
            setting("drop_last", getattr(loader, "drop_last", False), False),
        )
        if name not in _WHOLE:
            self.settings += (setting("sampler", name),)

    def state(self, place: Any) -> Node | None:
        """The state of the data that one part of the batches is drawn from."""
        if place not in self._states:
            self._states[place] = self._find(place)
        return self._states[place]

    def _find(self, place: Any) -> Node | None:
        dataset, sampler = self._dataset(), self._sampler()
        whole = type(sampler).__name__ in _WHOLE
        if type(dataset).__name__ == "TensorDataset" and whole and type(place) is int:
            tensors = dataset.tensors if type(dataset).__module__.startswith("torch.") else ()
            node = state_of(self.session, tensors[place]) if place < len(tensors) else None
            if node is not None:
                return node
        if kind_of(dataset) is None:
            return None
        values = self.session.values
        node = values.resolve(dataset)
        if whole or node is None or sampler is None:
            return node
        # Of the same data, samplers draw different parts.
        return (
            values.tracker.derive(sampler, (node,), type_name(type(sampler)), kind=ValueKind.DATASET) or node
        )


def _weak(value: Any) -> Callable[[], Any]:
    try:
        return ref(value)
    except TypeError:
        return lambda: None


class Pass:
    """One pass over a data loader."""

    __slots__ = ("count", "is_over", "iterator", "loader", "stepped")

    def __init__(self, loader: Loader, iterator: Any) -> None:
        self.loader = loader
        self.iterator = ref(iterator)
        self.count = 0
        """How many batches were drawn."""
        self.is_over = False
        self.stepped = False
        """Whether an optimizer made a step with what was drawn."""

    def state(self, place: Any) -> Node | None:
        """The state of the data that one part of the batches is drawn from."""
        return self.loader.state(place)

    def drew(self, batch: Any) -> None:
        """A batch was drawn."""
        self.count += 1
        if watch.drawn is not self:
            watch.drawn = self
            watch.passing.clear()
            if watch.execution is not None:
                watch.execution.speak()
        if type(batch) is list or type(batch) is tuple:
            try:
                watch.batch, watch.places = [*map(ref, batch)], None
            except TypeError:
                pass
            else:
                return
        found = list(tensors_in(batch, 3))
        watch.batch = [ref(tensor) for _, tensor in found]
        watch.places = [place for place, _ in found]

    def ended(self) -> None:
        """There are no more batches."""
        watch.open = True
        watch.passing.clear()
        if watch.execution is not None:
            watch.execution.speak()
        self.loader.epochs += self.stepped
        self.stepped = False
        self.is_over = True
        watch.passes.pop(id(self.iterator()), None)


def begun(args: tuple[Any, ...], kwargs: dict[str, Any], iterator: Any) -> None:
    """``DataLoader.__iter__`` returned."""
    session = at_work()
    if session is None:
        return
    loaders = watch.of(session).loaders
    known = loaders.get(id(args[0]))
    if known is None or known.loader() is not args[0]:
        known = loaders[id(args[0])] = Loader(session, args[0])
    watch.passes[id(iterator)] = Pass(known, iterator)


def drawing(original: Callable[[Any], Any]) -> Any:
    """A replacement for ``__next__`` of the iterators of data loaders."""

    # What a data set does for each example is not followed but for the first: there are too many of them.
    def replacement(self: Any) -> Any:
        known = watch.passes.get(id(self))
        if known is None or at_work() is None:
            try:
                return original(self)
            except BaseException as failure:
                BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
                raise
        values, calls = gate.own.values, watch.open
        gate.own.values = watch.open = False
        gate.own.activities = known.count == 0
        try:
            batch = original(self)
            try:
                known.drew(batch)
            except Exception as error:
                report(original, error)
            return batch
        except BaseException as failure:
            BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
            if type(failure) is StopIteration:
                known.ended()
            raise
        finally:
            gate.own.values, gate.own.activities, watch.open = values, True, calls

    return dress(replacement, original)


hide(drawing)
