"""Whether a training drew random numbers from torch's global generator without a seed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any
from weakref import ref

from provkg.capture.hooks.replacing import is_late
from provkg.capture.hooks.torch.describing import modules_in

__all__ = ["import_seen", "is_unseeded", "state_loaded"]

_first_seed: int | None = None
_loaded: dict[int, ref[Any]] = {}


def import_seen(torch: ModuleType) -> None:
    """Torch was imported a moment ago: its generator has the seed that nobody chose."""
    global _first_seed
    _first_seed = None if is_late() else int(torch.initial_seed())


def state_loaded(module: Any) -> None:
    """A module was given parameters that were made before: how they began does not matter any more."""
    identity = id(module)
    _loaded[identity] = ref(module, lambda _: _loaded.pop(identity, None))


def _is_loaded(module: Any) -> bool:
    known = _loaded.get(id(module))
    return known is not None and known() is module


def is_unseeded(modules: Iterable[Any], *, shuffled: bool) -> bool:
    """Whether what a training drew from the global generator has no seed, as far as is known.

    Drawn are the first parameters of modules, the order of data, and what dropout leaves out.

    Parameters:
        shuffled: whether the order of the data came from the global generator.
    """
    if _first_seed is None or sys.modules["torch"].initial_seed() != _first_seed:
        return False
    return shuffled or any(not _is_loaded(module) or _drops_out(module) for module in modules)


def _drops_out(module: Any) -> bool:
    parts = modules_in(module)
    return any("Dropout" in type(part).__name__ and getattr(part, "p", 0) for part in parts)
