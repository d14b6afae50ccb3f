"""Hooks on what stores and loads Python objects and arrays: joblib, pickle, NumPy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.loading import Loading, Saving
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.wrap import step

__all__ = ["AFTER_IMPORT"]


def _patch(
    names: dict[str, Callable[[tuple[Any, ...], dict[str, Any]], Any]],
) -> AfterImport:
    def hook(module: ModuleType) -> None:
        for name, begin in names.items():
            replace(module, name, partial(step, begin=begin))

    return hook


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {
    "joblib": (
        _patch(
            {
                "dump": Saving.of("joblib.dump", "joblib", value=0, target=1),
                "load": Loading.of("joblib.load", "joblib"),
            }
        ),
    ),
    "pickle": (
        _patch(
            {
                "dump": Saving.of("pickle.dump", "", value=0, target=1),
                "load": Loading.of("pickle.load", ""),
            }
        ),
    ),
    "numpy": (
        _patch(
            {
                "save": Saving.of("numpy.save", "numpy", value=1, target=0),
                "savetxt": Saving.of("numpy.savetxt", "numpy", value=1, target=0),
                "load": Loading.of("numpy.load", "numpy"),
                "loadtxt": Loading.of("numpy.loadtxt", "numpy"),
                "genfromtxt": Loading.of("numpy.genfromtxt", "numpy"),
                "fromfile": Loading.of("numpy.fromfile", "numpy"),
            }
        ),
    ),
}
