"""Random generators: which were seeded, and which calls drew from the global one without a seed.

An estimator or splitter without a ``random_state`` draws from NumPy's global generator, whose state then
differs after the call. That is observed, so a solver that needs no random numbers is not accused.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.settings import scalar
from provkg.capture.hooks.wrap import follow
from provkg.capture.threads import others_at_work
from provkg.records import Seed

__all__ = ["AFTER_IMPORT", "drew_since", "global_state"]

NUMPY = "numpy.random"
PYTHON = "random"
TORCH = "torch"


def global_state() -> tuple[int, bytes] | None:
    """The state of NumPy's global generator, for `drew_since`.

    None while it is not imported, or while another thread of the user's may draw from it.
    """
    session = gate.session
    if session is None or others_at_work(session.files.is_packaged):
        return None
    module = sys.modules.get("numpy.random.mtrand")
    generator = getattr(module, "_rand", None)
    if generator is None:
        return None
    state = generator._bit_generator.state["state"]
    return (state["pos"], state["key"].tobytes()) if isinstance(state, dict) and "pos" in state else None


def drew_since(before: tuple[int, bytes] | None) -> bool:
    """Whether the calling thread drew from NumPy's global generator since it had that state."""
    now = global_state() if before is not None else None
    return now is not None and now != before


def seeding(generator: str, names: tuple[str, ...]) -> Callable[[tuple[Any, ...], dict[str, Any], Any], None]:
    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session = gate.session
        if session is None or not session.values.called_by_user(session.files.is_packaged):
            return
        given = args[0] if args else next((kwargs[name] for name in names if name in kwargs), None)
        value, _ = scalar(given)
        session.seeded(Seed(generator=generator, value=value, line=session.values.line()))

    return observe


def _patch(generator: str, function: str, *names: str) -> AfterImport:
    def hook(module: ModuleType) -> None:
        replace(module, function, lambda original: follow(original, seeding(generator, names)))

    return hook


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {
    "random": (_patch(PYTHON, "seed", "a"),),
    "numpy.random": (
        _patch(NUMPY, "seed", "seed"),
        _patch("numpy.random.default_rng", "default_rng", "seed"),
    ),
    "torch": (_patch(TORCH, "manual_seed", "seed"),),
}
