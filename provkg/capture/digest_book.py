"""Digests of large files from earlier sessions, so that a file which has not changed is not read again.

That a file has not changed is told by its device, inode, size and its times of modification and of change.
The time of change cannot be set by programs: whatever writes to the file sets it to now. As git does with
its index, a digest is only kept of a file that had been left alone for a while when it was taken: a later
change then has another time, however coarse the clock of the file system is.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from uuid import uuid4

from provkg.capture.digests import Stamp, silence

__all__ = ["DigestBook"]

_LEAST = 1_000_000
"""Bytes of the smallest file that is worth it."""
_AGE = 60_000_000_000
"""Nanoseconds for which a file must have been left alone."""
_LINE = re.compile(r"(\d+ \d+ \d+ -?\d+ -?\d+) ([0-9a-f]{64})")
_MOST = 10_000
"""Lines that are kept; the newest, when there are twice as many."""


class DigestBook:
    """The digests that the sessions of one home know, one line each, the newest last.

    Parameters:
        path: the file they are in; lines that make no sense are passed over.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._digests: dict[str, str] | None = None

    def find(self, stamp: Stamp) -> str:
        """The SHA-256 of the file that has this stamp; empty where it is not known for sure."""
        if stamp.size < _LEAST or not _tells_changes():
            return ""
        if self._digests is None:
            self._digests = self._read()
        return self._digests.get(_key(stamp), "")

    def add(self, before: Stamp, after: Stamp | None, sha256: str) -> None:
        """A file was digested.

        Parameters:
            before: its stamp before that.
            after: its stamp when that was done.
        """
        alone = time.time_ns() - max(before.modified, before.changed) > _AGE
        if before.size < _LEAST or before != after or not alone or not _tells_changes():
            return
        if self._digests is not None:
            self._digests[_key(before)] = sha256
        with suppress(OSError), silence():
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                os.write(descriptor, f"\n{_key(before)} {sha256}\n".encode())
            finally:
                os.close(descriptor)

    def _read(self) -> dict[str, str]:
        try:
            with silence(), open(self._path, encoding="ascii", errors="replace") as file:
                found = map(_LINE.fullmatch, file.read().split("\n"))
                lines = [(line[1], line[2]) for line in found if line]
        except OSError:
            return {}
        if len(lines) > 2 * _MOST:
            lines = lines[-_MOST:]
            self._write(lines)
        return dict(lines)

    def _write(self, lines: list[tuple[str, str]]) -> None:
        """Begin the file anew; what another process adds meanwhile may be lost, and is found again."""
        draft = f"{self._path}.{uuid4().hex}"
        with suppress(OSError), silence():
            with open(draft, "x", encoding="ascii") as file:
                file.writelines(f"{key} {sha256}\n" for key, sha256 in lines)
            os.replace(draft, self._path)


def _key(stamp: Stamp) -> str:
    return f"{stamp.device} {stamp.inode} {stamp.size} {stamp.modified} {stamp.changed}"


def _tells_changes() -> bool:
    """Whether this system has a time of change: on Windows that field is the time of creation."""
    return os.name == "posix"
