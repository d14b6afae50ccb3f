"""Hooks on the loaders of scikit-learn that fetch data sets, and on those of its file format."""

from __future__ import annotations

import inspect
from functools import partial
from types import ModuleType

from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.loading import Loading, Saving
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.wrap import step

__all__ = ["AFTER_IMPORT"]

_NO_ARGUMENT = 99
"""None names the file: it is opened by the loader."""
_FORMAT = "sklearn.datasets._svmlight_format_io"
_FETCHING = (
    "sklearn.datasets._california_housing",
    "sklearn.datasets._covtype",
    "sklearn.datasets._kddcup99",
    "sklearn.datasets._lfw",
    "sklearn.datasets._olivetti_faces",
    "sklearn.datasets._openml",
    "sklearn.datasets._rcv1",
    "sklearn.datasets._species_distributions",
    "sklearn.datasets._twenty_newsgroups",
)


def _patch(module: ModuleType) -> None:
    for name, found in list(vars(module).items()):
        if name.startswith("fetch_") and inspect.isfunction(found) and found.__module__ == module.__name__:
            begin = Loading.of(f"sklearn.datasets.{name}", "scikit-learn", target=_NO_ARGUMENT, names=())
            replace(module, name, partial(step, begin=begin))


def _patch_format(module: ModuleType) -> None:
    for name in ("load_svmlight_file", "load_svmlight_files"):
        begin = Loading.of(f"sklearn.datasets.{name}", "scikit-learn", names=("f", "files"))
        replace(module, name, partial(step, begin=begin))
    saving = Saving.of("sklearn.datasets.dump_svmlight_file", "scikit-learn", target=2, value_names=("X",))
    replace(module, "dump_svmlight_file", partial(step, begin=saving))


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {
    **dict.fromkeys(_FETCHING, (_patch,)),
    _FORMAT: (_patch_format,),
}
