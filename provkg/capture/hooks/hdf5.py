"""Hooks on h5py: arrays read from and written to data sets in HDF5 files, which C opens unseen."""

from __future__ import annotations

import os
import sys
from functools import partial
from types import ModuleType
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.known import known_class
from provkg.capture.hooks.loading import Loading, Saving, argument
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.wrap import follow, step
from provkg.capture.kinds import kind_of
from provkg.capture.session import Session
from provkg.capture.targets import named_path
from provkg.records import FileMode

__all__ = ["AFTER_IMPORT"]

_IN_MEMORY = "core"


class _Opening:
    """A call that opens a file: it is told before, as opening may empty the file."""

    def __init__(self, session: Session, path: str, mode: str) -> None:
        self._session = session
        self._path = path
        exists = os.path.exists(path)
        if exists and (mode in ("r", "r+", "a")):
            session.files.opened(path, FileMode.READ)
        if mode != "r":
            session.files.opened(path, FileMode.WRITTEN, keeps=mode in ("r+", "a") and exists)

    def succeeded(self, result: Any, seconds: float) -> None:
        """The file is open."""

    def failed(self, error: BaseException, seconds: float) -> None:
        """It could not be opened; whether it was written shows when the execution ends."""


def _opening(args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Opening | None:
    """For ``File(name, mode, driver)``."""
    session, path = gate.session, named_path(argument(args, kwargs, 1, ("name",)))
    mode, driver = argument(args, kwargs, 2, ("mode",)), argument(args, kwargs, 3, ("driver",))
    if session is None or not path or driver == _IN_MEMORY:
        return None
    return _Opening(session, path, mode if type(mode) is str else "r")


def _path_of(held: Any) -> str:
    """The path of the file that a data set or group is in; what is in memory only has one to nowhere."""
    name = sys.modules["h5py"].h5f.get_name(held.id)
    return os.path.abspath(os.fsdecode(name)) if type(name) in (str, bytes) else ""


def _reading(label: str, attribute: str = "") -> Any:
    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Loading | None:
        session = gate.session
        path = _path_of(getattr(args[0], attribute) if attribute else args[0])
        if session is None or not path:
            return None
        state = session.files.current(path)
        return Loading(session, label, "h5py", None, known=[state]) if state is not None else None

    return begin


def _read_into(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """For ``read_direct(destination)``, which fills an array."""
    session, array = gate.session, argument(args, kwargs, 1, ("dest",))
    path = _path_of(args[0])
    state = session.files.current(path) if session is not None and path else None
    if session is not None and state is not None and kind_of(array) is not None:
        session.values.tracker.revise(array, [state], "h5py.Dataset.read_direct")


def _writing(label: str, place: int, *names: str) -> Any:
    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Saving | None:
        session, value = gate.session, argument(args, kwargs, place, names)
        path = _path_of(args[0]) if kind_of(value) is not None else ""
        if session is None or not os.path.exists(path):
            return None
        return Saving(session, label, "h5py", [value], path)

    return begin


def _patch(module: ModuleType) -> None:
    file: Any = known_class(module, "File")
    group: Any = known_class(module, "Group", "create_dataset")
    dataset: Any = known_class(module, "Dataset", "read_direct", "write_direct")
    replace(file, "__init__", partial(step, begin=_opening))
    for name in ("__getitem__", "__array__"):
        replace(dataset, name, partial(step, begin=_reading(f"h5py.Dataset.{name}")))
    replace(dataset, "read_direct", partial(follow, observe=_read_into))
    replace(dataset, "__setitem__", partial(step, begin=_writing("h5py.Dataset.__setitem__", 2, "val")))
    replace(dataset, "write_direct", partial(step, begin=_writing("h5py.Dataset.write_direct", 1, "source")))
    replace(group, "create_dataset", partial(step, begin=_writing("h5py.Group.create_dataset", 4, "data")))
    replace(group, "__setitem__", partial(step, begin=_writing("h5py.Group.__setitem__", 2, "obj")))


def _patch_views(module: ModuleType) -> None:
    """What is read through ``dataset.astype()``, ``asstr()`` and ``fields()``."""
    for name in ("AstypeWrapper", "AsTypeView", "AsStrWrapper", "AsStrView", "FieldsWrapper", "FieldsView"):
        view: Any = getattr(module, name, None)
        if view is not None and "__getitem__" in view.__dict__:
            attribute = "_dset" if hasattr(view, "__init__") else ""
            replace(view, "__getitem__", partial(step, begin=_reading("h5py.Dataset", attribute)))


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {"h5py": (_patch,), "h5py._hl.dataset": (_patch_views,)}
