"""Sees which files a run opens, by Python's audit events, and says what they held.

The audit hook cannot be removed once added, so it is added once for the process and looks at the gate
first. Files of the interpreter, of packages, and of caches are not data; a file that ships in a package
counts only while a data loader is at work (`FileWatch.loading`).
"""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
from collections.abc import Callable
from threading import get_ident
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.values import FileNode
from provkg.records import Digest, File, FileMode

__all__ = ["FileState", "FileWatch", "display_path"]

_CHUNK = 1 << 20
_CODE = (".py", ".pyc", ".pyi", ".so", ".pyd", ".dylib", ".dll", ".pth", ".egg-link")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT
_SYSTEM = ("/proc/", "/sys/", "/dev/", "/etc/", "/usr/share/zoneinfo", "/usr/share/fonts", "/usr/share/mime")
_CACHES = (".cache", ".config", ".ipython", ".jupyter", ".matplotlib", ".fonts", ".local/share/jupyter")


def display_path(path: str) -> str:
    r"""A path as text that JSON can hold: bytes that are not UTF-8 become escapes.

    >>> display_path("/data/\udcff.csv")
    '/data/\\xff.csv'
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


class FileState(FileNode):
    """One content of one file, as read or written; digested when that is safe."""

    __slots__ = ("mode", "path", "record", "stamp")

    def __init__(self, identifier: str, path: str, mode: FileMode) -> None:
        super().__init__(identifier)
        self.path = path
        self.mode = mode
        self.stamp: tuple[int, int, int] | None = None
        self.record: File | None = None


def _no_package(module: str) -> str:
    return ""


class FileWatch:
    """The files of one session.

    Parameters:
        ignored: folders whose files are never data, such as the home folder of provkg.
        limit: files larger than this many bytes are recorded without a digest.
        package_of: the distribution that provides a module.
        enabled: whether files are recorded at all.
    """

    def __init__(
        self,
        ignored: tuple[str, ...] = (),
        limit: int = 1 << 33,
        package_of: Callable[[str], str] = _no_package,
        *,
        enabled: bool = True,
    ) -> None:
        self.enabled = enabled
        self.loading = 0
        """How many data loaders are at work."""
        self._package_of = package_of
        self._limit = limit
        self._count = 0
        self._opened: list[tuple[str, FileMode]] = []
        self._states: dict[str, FileState] = {}
        self._known: dict[tuple[str, str], FileState] = {}
        self._ended: list[FileState] = []
        home = os.path.expanduser("~")
        self._ignored = (*_SYSTEM, *ignored, *(os.path.join(home, name) + os.sep for name in _CACHES))
        self._packages = _package_folders()

    # --- seeing ---

    def opened(self, path: Any, mode: Any, flags: Any) -> None:
        """Take one ``open`` audit event."""
        if isinstance(path, int) or path is None:
            return
        text = os.fsdecode(path)
        if text.endswith(_CODE):
            return
        full = os.path.abspath(text)
        if full.startswith(self._ignored):
            return
        if not self.loading and full.startswith(self._packages):
            return
        written = _writes(mode, flags)
        # A temporary file is opened by the name of its folder first.
        if not (written and os.path.isdir(full)):
            self._opened.append((full, FileMode.WRITTEN if written else FileMode.READ))

    def is_packaged(self, path: str) -> bool:
        """Whether a file belongs to the interpreter or an installed package."""
        return path.startswith((*self._packages, "<frozen"))

    def mark(self) -> int:
        """A place in the list of opened files, for `since`."""
        return len(self._opened)

    def since(self, mark: int, mode: FileMode) -> list[FileState]:
        """The files opened in a mode since a mark; files read are digested now."""
        paths = dict.fromkeys(path for path, how in self._opened[mark:] if how is mode)
        if mode is FileMode.READ:
            return [state for path in paths if (state := self.read(path)) is not None]
        return [self.written(path) for path in paths]

    def forget(self, mark: int) -> None:
        """Drop what was opened since a mark: it was not data."""
        del self._opened[mark:]

    # --- naming ---

    def read(self, path: str, mode: FileMode = FileMode.READ) -> FileState | None:
        """The state of a file that is being read or imported; None when there is no such regular file."""
        path = os.path.abspath(path)
        stamp = _stamp(path) if self.enabled else None
        if stamp is None:
            return None
        known = self._states.get(path)
        if known is not None and known.stamp == stamp and known.record is not None:
            return known
        if known is not None and known.mode is FileMode.WRITTEN and known.record is None:
            self._digest(known)
            return known
        record = self._record("", path, mode)
        same = self._known.get((path, record.sha256)) if record.sha256 else None
        if same is not None:
            same.stamp = stamp
            self._states[path] = same
            return same
        state = self._new(path, mode)
        state.stamp = stamp
        self._keep(state, record)
        return state

    def written(self, path: str) -> FileState:
        """A new state of a file that is being written; digested when the cell ends."""
        path = os.path.abspath(path)
        known = self._states.get(path)
        if known is not None and known.mode is FileMode.WRITTEN and known.record is None:
            return known
        return self._new(path, FileMode.WRITTEN)

    def end_cell(self, used: set[str]) -> tuple[list[File], list[FileState], list[FileState]]:
        """The files first seen in this cell, and all that were read and written by plain opening.

        Files written and gone again are left out (libraries probe folders so), but for those ``used`` by
        an activity.
        """
        opened, self._opened = self._opened, []
        read: dict[str, FileState] = {}
        written: dict[str, FileState] = {}
        for path, mode in opened:
            if mode is FileMode.WRITTEN:
                state = self.written(path)
                if state.id in used or os.path.lexists(path):
                    written[state.id] = state
                else:
                    del self._states[path]
            elif path not in self._states or self._states[path].record is not None:
                seen = self.read(path)
                if seen is not None:
                    read[seen.id] = seen
        for state in list(self._states.values()):
            if state.record is None:
                self._digest(state)
        ended, self._ended = self._ended, []
        return [state.record for state in ended if state.record], list(read.values()), list(written.values())

    def so_far(self) -> list[FileState]:
        """The states first seen in this cell, and those that are being written."""
        return [*self._ended, *(state for state in self._states.values() if state.record is None)]

    # --- digesting ---

    def _new(self, path: str, mode: FileMode) -> FileState:
        self._count += 1
        state = FileState(f"f{self._count}", path, mode)
        self._states[path] = state
        return state

    def _digest(self, state: FileState) -> None:
        state.stamp = _stamp(state.path)
        self._keep(state, self._record(state.id, state.path, state.mode))

    def _keep(self, state: FileState, record: File) -> None:
        fields = {name: getattr(record, name) for name in record.__struct_fields__}
        state.record = File(**{**fields, "id": state.id})
        if record.sha256:
            self._known[(state.path, record.sha256)] = state
        self._ended.append(state)

    def _package(self, path: str) -> str:
        """The distribution that ships a file, by the top-level module whose folder it is in."""
        folder = next((folder for folder in self._packages if path.startswith(folder)), None)
        return self._package_of(path[len(folder) :].split(os.sep, maxsplit=1)[0]) if folder else ""

    def _record(self, identifier: str, path: str, mode: FileMode) -> File:
        sha256, size, reason = "", None, ""
        try:
            size = os.stat(path).st_size
            if size > self._limit:
                reason = f"larger than the limit of {self._limit} bytes"
            else:
                sha256 = _sha256(path)
        except OSError as error:
            reason = error.strerror or type(error).__name__
        return File(
            id=identifier,
            path=display_path(path),
            mode=mode,
            sha256=sha256,
            size=size,
            covers=Digest.FULL if sha256 else Digest.NONE,
            media_type=_media_type(path),
            package=self._package(path),
            reason=reason,
        )


def _sha256(path: str) -> str:
    # Unbuffered and below the audit hook's notice: this is not the user's reading.
    values, gate.values = gate.values, False
    activities, gate.activities = gate.activities, False
    descriptor = -1
    try:
        _quiet.add(get_ident())
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
        digest = hashlib.sha256()
        while chunk := os.read(descriptor, _CHUNK):
            digest.update(chunk)
        return digest.hexdigest()
    finally:
        _quiet.discard(get_ident())
        if descriptor >= 0:
            os.close(descriptor)
        gate.values, gate.activities = values, activities


_MEDIA_TYPES = {
    "arrow": "application/vnd.apache.arrow.file",
    "csv": "text/csv",
    "feather": "application/vnd.apache.arrow.file",
    "gif": "image/gif",
    "h5": "application/x-hdf5",
    "hdf5": "application/x-hdf5",
    "html": "text/html",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "md": "text/markdown",
    "npy": "application/x-npy",
    "parquet": "application/vnd.apache.parquet",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "tsv": "text/tab-separated-values",
    "txt": "text/plain",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
    "zip": "application/zip",
}
"""Those of data files; `mimetypes` reads the system's lists when first used, for milliseconds."""


def _media_type(path: str) -> str:
    """The media type that a file's name tells, or an empty text.

    >>> _media_type("/data/a.CSV"), _media_type("/data/a")
    ('text/csv', '')
    """
    return _MEDIA_TYPES.get(os.path.splitext(path)[1].lstrip(".").lower(), "")


_quiet: set[int] = set()


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    if not os.path.isfile(path):
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def _writes(mode: Any, flags: Any) -> bool:
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return bool(isinstance(flags, int) and flags & _WRITING)


def _package_folders() -> tuple[str, ...]:
    paths = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths |= {path for path in sys.path if path.endswith(("site-packages", "dist-packages"))}
    return tuple(sorted((path + os.sep for path in paths if path), key=len, reverse=True))


_watch: FileWatch | None = None
_hooked = False


def watch_with(watch: FileWatch | None) -> None:
    """Send the audit events of the recorded thread to ``watch``, or to nobody."""
    global _watch, _hooked
    _watch = watch
    if watch is not None and not _hooked:
        _hooked = True
        sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "open" or _watch is None or not gate.recording:
        return
    thread = get_ident()
    if thread in _quiet:
        return
    _quiet.add(thread)
    try:
        _watch.opened(*arguments)
    except Exception as error:
        if gate.session is not None:
            gate.session.notice("audit hook", error)
    finally:
        _quiet.discard(thread)
