"""Hooks on random generators: which were seeded."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.settings import scalar
from provkg.capture.hooks.wrap import follow
from provkg.records import Seed

__all__ = ["AFTER_IMPORT", "seeding"]

NUMPY = "numpy.random"
PYTHON = "random"
TORCH = "torch"


def seeding(generator: str, names: tuple[str, ...]) -> Callable[[tuple[Any, ...], dict[str, Any], Any], None]:
    """A follower of calls that seed a generator."""

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
