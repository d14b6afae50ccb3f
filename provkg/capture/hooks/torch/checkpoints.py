"""Models, their parameters and tensors as they are stored and loaded.

A dictionary of parameters is known by the memory of its tensors: that of a model's parameters when it was
taken from the model, that which a file was read into when it was loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from weakref import ref

from provkg.capture.gate import gate
from provkg.capture.holders import Source
from provkg.capture.hooks import loading
from provkg.capture.hooks.torch.describing import in_sight, is_module, parameters_of, unwrapped
from provkg.capture.hooks.torch.seeds import state_loaded as remember
from provkg.capture.hooks.torch.watch import at_work, watch
from provkg.capture.kinds import kind_of
from provkg.capture.memory import is_tensor, storage_of
from provkg.capture.session import Session
from provkg.capture.values import FileNode
from provkg.records import ValueKind

__all__ = ["Loading", "Saving", "state_loaded"]

_MAX_TENSORS = 20_000
_MAX_DEPTH = 6
_MAX_PARTS = 100
_read: dict[int, tuple[ref[Any], FileNode]] = {}
"""The memory that files were read into, by its address."""


def _contents(value: Any, depth: int = _MAX_DEPTH) -> Iterator[Any]:
    """The tensors and modules in what is stored, in dictionaries, lists and tuples."""
    if hasattr(type(value), "untyped_storage") or is_module(value):
        yield value
    elif isinstance(value, dict) and depth:
        for held in list(dict.values(value))[:_MAX_TENSORS]:
            yield from _contents(held, depth - 1)
    elif type(value) in (list, tuple) and depth:
        for held in value[:_MAX_TENSORS]:
            yield from _contents(held, depth - 1)


def _addresses(tensors: Any) -> set[int]:
    found = set()
    for tensor in tensors:
        try:
            found.add(tensor.untyped_storage()._cdata)
        except (RuntimeError, NotImplementedError):
            continue
    return found


def _models_of(session: Session, tensors: list[Any]) -> list[Any]:
    """The models whose parameters, or their memory, are among tensors: those that have most of them."""
    wanted = _addresses(tensors)
    if not wanted:
        return []
    seen, _ = in_sight()
    if watch.execution is not None:
        seen += watch.execution.models()
    held = {id(model): (model, _addresses(parameters_of(model).values())) for model in seen}
    whole = [(model, own) for model, own in held.values() if own and own <= wanted]
    return [model for model, own in whole if not any(own < other for _, other in whole)]


class Saving(loading.Saving):
    """``torch.save``: of a model, its parameters, a checkpoint, or tensors."""

    @staticmethod
    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Saving | None:
        """A call begins."""
        session = gate.session
        if session is None:
            return None
        given = dict(zip(("obj", "f"), args, strict=False)) | kwargs
        contents = list(_contents(given.get("obj")))
        models = [unwrapped(each) for each in contents if is_module(each)]
        tensors = [each for each in contents if not is_module(each)]
        models += _models_of(session, tensors)
        watch.of(session).touched(models)
        values = models or [each for each in tensors[:_MAX_PARTS] if kind_of(each) is not None]
        return Saving(session, "torch.save", "torch", values, given.get("f"), unseen=True)


class Loading(loading.Loading):
    """``torch.load``: of the same things."""

    _file: FileNode | None = None

    @staticmethod
    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Loading | None:
        """A call begins."""
        session = gate.session
        target = args[0] if args else kwargs.get("f")
        return Loading(session, "torch.load", "torch", _opened(target)) if session is not None else None

    def _sources(self, *, succeeded: bool = False) -> tuple[Source, ...]:
        sources = super()._sources(succeeded=succeeded)
        self._file = next((each for each in sources if isinstance(each, FileNode)), None)
        return sources

    def succeeded(self, result: Any, seconds: float) -> None:
        """What was loaded is known; parameters are remembered, but are no values by themselves."""
        modules = [each for each in _contents(result) if is_module(each) and kind_of(each) is not None]
        for module in modules:
            remember(module)
        if kind_of(result) is not None:
            super().succeeded(result, seconds)
            return
        # A state dictionary is of a class of its own.
        held = list(result.values()) if type(result) is dict else result if type(result) is list else ()
        tensors = [each for each in held if is_tensor(each) and kind_of(each) is not None]
        super().succeeded((*modules, *tensors[:_MAX_PARTS]), seconds)
        if self._file is not None:
            _remember_memory(result, self._file)


def _opened(target: Any) -> Any:
    """What an argument names; of files opened by fsspec, as Lightning opens them, the path."""
    if type(target).__module__.startswith("fsspec.") and type(getattr(target, "path", None)) is str:
        return target.path
    return target


def _remember_memory(loaded: Any, file: FileNode) -> None:
    for each in _contents(loaded):
        storage = storage_of(each)
        if storage is not None:
            _read[storage._cdata] = ref(storage, partial(_forget, storage._cdata)), file


def _forget(address: int, dead: ref[Any]) -> None:
    if address in _read and _read[address][0] is dead:
        del _read[address]


def state_loaded(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """``Module.load_state_dict`` returned: the module is as the file or model that the parameters are of."""
    session = at_work()
    if session is None or not args:
        return
    model = unwrapped(args[0])
    remember(model)
    given = args[1] if len(args) > 1 else kwargs.get("state_dict")
    tensors = [each for each in _contents(given) if not is_module(each)]
    parents: dict[Any, None] = {}
    for tensor in tensors:
        storage = storage_of(tensor)
        known = _read.get(storage._cdata) if storage is not None else None
        if known is not None and known[0]() is storage:
            parents[known[1]] = None
    tracker = session.values.tracker
    if not parents:
        nodes = [tracker.node(each) for each in _models_of(session, tensors) if each is not model]
        parents = dict.fromkeys(node for node in nodes if node is not None)
    if kind_of(model) is ValueKind.MODEL:
        tracker.revise(model, tuple(parents), "torch.nn.Module.load_state_dict")
        watch.of(session).touched([model])
