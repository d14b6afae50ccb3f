"""Which objects share memory with torch tensors, and what torch objects hold. Torch is not imported here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any
from weakref import ref

__all__ = ["Memory", "held_in", "is_dataset", "is_tensor", "rows_of", "storage_of"]

_MAX_HELD = 1000
_MAX_DEPTH = 4


def is_tensor(value: object) -> bool:
    """Whether a value is a plain torch tensor; a subclass may compute its shape by code of the user's."""
    return type(value) is getattr(sys.modules.get("torch"), "Tensor", ())


def is_dataset(kind: type) -> bool:
    """Whether a class is one of torch's data sets."""
    base = getattr(sys.modules.get("torch.utils.data.dataset"), "Dataset", None)
    return base is not None and issubclass(kind, base)


def rows_of(dataset: Any) -> tuple[int, ...]:
    """The number of examples of torch's own data sets; a user's would have to be asked for it."""
    held = object.__getattribute__(dataset, "__dict__")
    if type(dataset).__name__ == "Subset" and type(held.get("indices")) in (list, range):
        return (len(held["indices"]),)
    if type(dataset).__name__ == "TensorDataset" and type(held.get("tensors")) is tuple:
        return (len(held["tensors"][0]),)
    return ()


def storage_of(value: Any) -> Any:
    """The memory that a tensor, or a NumPy array made of one, is a view of; None where there is none."""
    while type(value).__name__ in ("ndarray", "memmap") and type(value).__module__ == "numpy":
        value = value.base
    if not is_tensor(value):
        return None
    try:
        return value.untyped_storage()
    except (RuntimeError, NotImplementedError):  # sparse, fake, and others without memory of their own
        return None


class Memory:
    """Who came first to each piece of memory that tensors are views of."""

    __slots__ = ("_addresses", "_owners")

    def __init__(self) -> None:
        self._owners: dict[int, tuple[ref[Any], Any]] = {}
        self._addresses: dict[int, int] = {}

    def remember(self, tensor: Any, owner: Any) -> None:
        """The memory of a tensor is known by an owner from now on, unless it has one."""
        storage = storage_of(tensor)
        if storage is None:
            return
        address, owners = storage._cdata, self._owners
        if address in owners and owners[address][0]() is storage:
            return

        def forget(dead: ref[Any]) -> None:
            known = owners.get(address)
            if known is not None and known[0] is dead:
                del owners[address]
                self._addresses.pop(id(known[1]), None)

        owners[address] = ref(storage, forget), owner
        self._addresses[id(owner)] = address

    def hand_on(self, owner: Any, heir: Any) -> None:
        """An owner is gone, but not the memory."""
        address = self._addresses.pop(id(owner), None)
        known = self._owners.get(address) if address is not None else None
        if address is not None and known is not None and known[1] is owner:
            self._owners[address] = known[0], heir

    def owner(self, value: Any) -> Any:
        """The owner of the memory that a tensor or array is a view of; None where it has none."""
        storage = storage_of(value) if self._owners else None
        known = self._owners.get(storage._cdata) if storage is not None else None
        return known[1] if known is not None and known[0]() is storage else None


def held_in(value: object, depth: int = _MAX_DEPTH) -> Iterator[Any]:
    """What a torch data set holds in its attributes, also in small containers and in data sets within it."""
    if not is_dataset(type(value)):
        return
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return
    for held in list(attributes.values())[:_MAX_HELD]:
        yield from _inside(held, depth)


def _inside(held: Any, depth: int) -> Iterator[Any]:
    yield held
    if not depth:
        return
    if type(held) in (list, tuple) and len(held) <= _MAX_HELD:
        for each in held:
            yield from _inside(each, depth - 1)
    elif type(held) is dict and len(held) <= _MAX_HELD:
        for each in held.values():
            yield from _inside(each, depth - 1)
    else:
        yield from held_in(held, depth - 1)
