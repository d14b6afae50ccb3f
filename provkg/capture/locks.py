"""Opens files to read them without letting go of the locks that this process holds on them.

A lock of POSIX (fcntl) is lost as soon as its process closes any descriptor of the file, whoever opened it.
Databases protect their files so. What is opened here while such a lock is held is therefore left open, and
read through the same descriptor the next time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["opened"]

in_use = False
"""Whether Python code of this process has locked files."""

_kept: dict[tuple[int, int], int] = {}
_HEAD = 16


@contextmanager
def opened(path: str) -> Iterator[int]:
    """A descriptor of a file for reading at given places; it raises what `os.open` does."""
    found = os.stat(path)
    identity = found.st_dev, found.st_ino
    if identity in _kept:
        yield _kept[identity]
        return
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        yield descriptor
    finally:
        if (in_use or _is_database(descriptor)) and _is_locked(descriptor):
            _kept[identity] = descriptor
        else:
            os.close(descriptor)


def _is_database(descriptor: int) -> bool:
    head = os.pread(descriptor, _HEAD, 0)
    return head.startswith(b"SQLite format 3") or head[8:12] == b"DUCK" or not head


def _is_locked(descriptor: int) -> bool:
    """Whether this process holds a lock on a file; True where the system does not tell."""
    inode, process = str(os.fstat(descriptor).st_ino), str(os.getpid())
    try:
        with open("/proc/locks", encoding="ascii") as told:
            return any(_names(line.split(), process, inode) for line in told)
    except OSError:
        return True


def _names(fields: list[str], process: str, inode: str) -> bool:
    """Whether a line such as ``1: POSIX ADVISORY WRITE 123 08:01:456 0 EOF`` is of a process and a file."""
    fields = [field for field in fields if field != "->"]
    return (
        len(fields) > 5 and "POSIX" in fields[1] and fields[4] == process and fields[5].endswith(f":{inode}")
    )
