"""The audit events of Python that tell what is done to files, handed to the watch of the session.

The hook cannot be removed once added, so it is added once for the process, and looks at the gate first.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import PurePath
from threading import get_ident
from typing import Any

from provkg.capture import locks
from provkg.capture.digests import quiet
from provkg.capture.file_states import FileState
from provkg.capture.files import FileWatch
from provkg.capture.gate import gate, own
from provkg.records import FileMode

__all__ = ["watch_with"]

_NO_FOLDER = -1
_watch: FileWatch | None = None
_hooked = False


def watch_with(watch: FileWatch | None) -> None:
    """Send the events of recorded executions to ``watch``, or to nobody."""
    global _watch, _hooked
    _watch = watch
    if watch is not None and not _hooked:
        _hooked = True
        sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    # What a hook raises, the opening raises; and at the end of a process its own names may be gone.
    try:
        handle = _HANDLERS.get(event)
        if handle is None or _watch is None or not (gate.recording or event in _ALWAYS):
            return
        thread = get_ident()
        if thread not in quiet:
            quiet.add(thread)
            try:
                handle(_watch, *arguments)
            finally:
                quiet.discard(thread)
    except Exception as error:
        _report(error)


def _report(error: Exception) -> None:
    with suppress(Exception):
        if gate.session is not None:
            gate.session.notice("audit hook", error)


def _opened(watch: FileWatch, path: Any, mode: Any, flags: Any) -> None:
    if mode is None and _is_below_another_folder(path):
        return
    full = _full(path)
    if not full or watch.noise.is_noise(full):
        return
    reads, writes, keeps = _intent(mode, flags)
    if reads:
        _tell(watch.opened(full, FileMode.READ))
    if writes:
        watch.opened(full, FileMode.WRITTEN, keeps=keeps)


def _tell(state: FileState | None) -> None:
    """Tell the session of a file that the user's code may have opened, outside of hooked calls."""
    session = gate.session
    if state is None or session is None or not (own.values and get_ident() == gate.thread):
        return
    held = gate.enter()
    if held is not None:
        try:
            session.values.opened_here(state, state.path)
        finally:
            held.release()


def _is_below_another_folder(path: Any) -> bool:
    """Whether a relative path may be meant from another folder than the working one.

    The event does not tell; but it is these modules that walk through folders so.
    """
    caller = sys._getframe(2).f_back
    name = caller.f_globals.get("__name__") if caller is not None else ""
    return name in ("os", "shutil") and not (type(path) is str and os.path.isabs(path))


def _intent(mode: Any, flags: Any) -> tuple[bool, bool, bool]:
    """Whether an opening reads what is there, writes, and keeps what is there while it writes."""
    if isinstance(mode, str):
        writes = any(letter in mode for letter in "wax+")
        return "r" in mode, writes, "r" in mode or "a" in mode
    flags = flags if isinstance(flags, int) else 0
    access = flags & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR)
    keeps = not flags & os.O_TRUNC
    return access != os.O_WRONLY and keeps, access != os.O_RDONLY, keeps


def _connecting(watch: FileWatch, name: Any) -> None:
    path = watch.connections.opening(get_ident(), name)
    if path and gate.recording and not watch.noise.is_noise(path):
        _tell(watch.opened(path, FileMode.READ))
        watch.opened(path, FileMode.WRITTEN, keeps=True)


def _connected(watch: FileWatch, connection: Any) -> None:
    watch.connections.opened(get_ident(), connection)


def _moved(watch: FileWatch, old: Any, new: Any, folder: int, other: int) -> None:
    before, after = _full(old), _full(new)
    if before and after and folder == other == _NO_FOLDER:
        watch.moving(before, after)


def _copying(watch: FileWatch, old: Any, new: Any) -> None:
    before, after = _full(old), _full(new)
    if before and after:
        watch.copying(before, after)


def _removed(watch: FileWatch, path: Any, *_: Any) -> None:
    below = _full(path)
    if below:
        watch.settle(below)


def _left_to_another(watch: FileWatch, *_: Any) -> None:
    watch.settle()


def _locked(watch: FileWatch, *_: Any) -> None:
    locks.in_use = True


def _full(path: Any) -> str:
    """An absolute path; empty for what is none, or names its file by code of the user's."""
    if type(path) not in (str, bytes) and not issubclass(type(path), PurePath):
        return ""
    try:
        return os.path.abspath(os.fsdecode(path))
    except OSError:  # the working folder is gone
        return ""


_HANDLERS: dict[str, Callable[..., None]] = {
    "open": _opened,
    "os.rename": _moved,
    "os.remove": _removed,
    "shutil.copyfile": _copying,
    "shutil.rmtree": _removed,
    "sqlite3.connect": _connecting,
    "sqlite3.connect/handle": _connected,
    "fcntl.fcntl": _locked,
    "fcntl.lockf": _locked,
    "os.exec": _left_to_another,
    "os.posix_spawn": _left_to_another,
    "os.system": _left_to_another,
    "subprocess.Popen": _left_to_another,
}
_ALWAYS = frozenset({"sqlite3.connect", "sqlite3.connect/handle", "fcntl.fcntl", "fcntl.lockf"})
"""Told outside of executions too: a connection must not be taken for the one that had its identity before."""
