"""Which tensor came from what: made of tables and arrays, drawn by a data loader, computed from predictions.

Within the steps of a training loop nothing is followed: `Watch.tensors` tells.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from threading import get_ident
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks.torch.describing import called_here
from provkg.capture.hooks.torch.watch import watch
from provkg.capture.hooks.wrap import dress, hide, report
from provkg.capture.kinds import kind_of
from provkg.capture.lightly import Light
from provkg.capture.memory import is_tensor
from provkg.capture.session import Session
from provkg.capture.values import Node

__all__ = ["following", "row_numbers", "state_of", "tensors_in"]

_MAX_ELEMENTS = 10_000
_MAX_PARTS = 50


def following(label: str) -> Callable[[Any], Any]:
    """What makes a replacement for a function of tensors that tells what its result came from."""

    def make(original: Any) -> Any:
        def replacement(*args: Any, **kwargs: Any) -> Any:
            if (
                not (watch.tensors and gate.own.values and gate.belongs() == gate.openings)
                or get_ident() != gate.thread
            ):
                try:
                    return original(*args, **kwargs)
                except BaseException as failure:
                    BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
                    raise
            gate.own.values = False
            try:
                result = original(*args, **kwargs)
                try:
                    _derived(label, args, kwargs, result)
                except RecursionError:
                    gate.exhausted = True
                except Exception as error:
                    report(original, error)
                return result
            except BaseException as failure:
                BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
                raise
            finally:
                gate.own.values = True

        return dress(replacement, original)

    hide(make)
    return make


def row_numbers(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """``torch.randperm`` returned: what is selected with it does not come from it."""
    session = gate.session
    node = session.values.tracker.node(result) if session is not None and watch.tensors else None
    if node is not None:
        node.selects = True


def _derived(label: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    session = gate.session
    if session is None:
        return
    made = [each for each in _parts(result) if kind_of(each) is not None]
    if not made:
        return
    tracker = session.values.tracker
    light = tracker.light.glimpse(args[0]) if args and is_tensor(args[0]) else None
    if isinstance(light, Light) and all(is_tensor(each) for each in made):
        for each in made:
            if each is not args[0]:
                tracker.light.follow(each, (light,), label)
        return
    sources = tuple(dict.fromkeys(_sources(session, (*args, *kwargs.values()))))
    if sources:
        for each in made:
            if not any(each is given for given in args):
                tracker.derive(each, sources, label)


def _parts(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)


def _sources(session: Session, values: tuple[Any, ...], depth: int = 2) -> Iterator[Node]:
    """The states of the tensors, tables and arrays among arguments, also inside containers."""
    for value in values:
        if type(value) in (list, tuple) and depth and len(value) <= _MAX_ELEMENTS:
            if value and (kind_of(value[0]) is not None or type(value[0]) in (list, tuple)):
                yield from _sources(session, tuple(value), depth - 1)
        elif is_tensor(value):
            node = state_of(session, value)
            if node is not None:
                yield node
        elif kind_of(value) is not None:
            node = session.values.resolve(value, text=called_here(session))
            if node is not None:
                yield node


def state_of(session: Session, tensor: Any) -> Node | None:
    """The state of a tensor, or of the data that it is drawn from or a view of."""
    tracker = session.values.tracker
    node = tracker.find(tensor)
    if node is not None:
        return node
    if watch.drawn is not None:
        place = watch.place_of(tensor)
        if place is not None:
            return watch.drawn.state(place)
    return tracker.sharing(tensor)


def tensors_in(value: Any, depth: int = 2) -> Iterator[tuple[Any, Any]]:
    """The tensors in a batch, or in what a module was given or returned, with their place in it."""
    if is_tensor(value):
        yield 0, value
    elif depth and isinstance(value, list | tuple):
        for place, each in enumerate(value[:_MAX_PARTS]):
            for _, tensor in tensors_in(each, depth - 1):
                yield place, tensor
    elif depth and isinstance(value, dict):
        for key in list(dict.keys(value))[:_MAX_PARTS]:
            for _, tensor in tensors_in(dict.__getitem__(value, key), depth - 1):
                yield key, tensor
