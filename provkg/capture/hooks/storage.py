"""Hooks on what stores and loads objects and arrays: joblib, pickle, NumPy with its archives and maps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import FunctionType, ModuleType
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.loading import Loading, Saving, argument
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.wrap import follow, is_replacement, step
from provkg.capture.kinds import kind_of
from provkg.capture.targets import named_path

__all__ = ["AFTER_IMPORT"]


def _patch(
    names: dict[str, Callable[[tuple[Any, ...], dict[str, Any]], Any]],
) -> AfterImport:
    def hook(module: ModuleType) -> None:
        for name, begin in names.items():
            replace(module, name, partial(step, begin=begin))

    return hook


def _saving_arrays(label: str) -> Callable[[tuple[Any, ...], dict[str, Any]], Any]:
    """For functions that write any number of arrays, some of them under names."""

    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Saving | None:
        session, where = gate.session, argument(args, kwargs, 0, ("file",))
        if session is None or where is None:
            return None
        arrays = [*args[1:], *(value for name, value in kwargs.items() if name not in _NO_ARRAYS)]
        return Saving(session, label, "numpy", arrays, where)

    return begin


_NO_ARRAYS = ("file", "allow_pickle")
_NEW_MAPS = ("w+", "write")


def _member_read(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    session = gate.session
    if session is not None and kind_of(result) is not None:
        session.values.tracker.derive(result, session.files.holders.held(args[0]), "numpy.load")


def _mapping(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Loading | None:
    """For ``memmap.__new__(class, filename, dtype, mode)``."""
    session, mode = gate.session, argument(args, kwargs, 3, ("mode",))
    if session is None or mode in _NEW_MAPS:
        return None
    return Loading(session, "numpy.memmap", "numpy", argument(args, kwargs, 1, ("filename",)))


def _mapped(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    session, path = gate.session, named_path(argument(args, kwargs, 1, ("filename",)))
    if session is not None and path and result.flags.writeable and result.mode != "c":
        began = None if result.mode == "w+" else session.files.read(path)
        session.files.maps.add(path, result, began)


def _patch_archives(numpy: ModuleType) -> None:
    archive: Any = getattr(numpy.lib.npyio, "NpzFile", None)
    if archive is not None:
        replace(archive, "__getitem__", partial(follow, observe=_member_read))
    make = numpy.memmap.__dict__.get("__new__")
    if type(make) is FunctionType and not is_replacement(make):
        make = staticmethod(make)
    if type(make) is staticmethod and not is_replacement(make.__func__):
        replacement = follow(step(make.__func__, _mapping), _mapped)
        numpy.memmap.__new__ = staticmethod(replacement)


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {
    "joblib": (
        _patch(
            {
                "dump": Saving.of("joblib.dump", "joblib", value_names=("value",)),
                "load": Loading.of("joblib.load", "joblib"),
            }
        ),
    ),
    "pickle": (
        _patch(
            {
                "dump": Saving.of("pickle.dump", "", value_names=("obj",)),
                "load": Loading.of("pickle.load", ""),
            }
        ),
    ),
    "numpy": (
        _patch(
            {
                "save": Saving.of("numpy.save", "numpy", value=1, target=0, value_names=("arr",)),
                "savetxt": Saving.of("numpy.savetxt", "numpy", value=1, target=0, value_names=("X",)),
                "savez": _saving_arrays("numpy.savez"),
                "savez_compressed": _saving_arrays("numpy.savez_compressed"),
                "load": Loading.of("numpy.load", "numpy"),
                "loadtxt": Loading.of("numpy.loadtxt", "numpy"),
                "genfromtxt": Loading.of("numpy.genfromtxt", "numpy"),
                "fromfile": Loading.of("numpy.fromfile", "numpy"),
            }
        ),
        _patch_archives,
    ),
}
