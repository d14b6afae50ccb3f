"""The lock file of a store: one process at a time has it open."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from pathlib import Path

from provkg.errors import StoreBusyError

__all__ = ["Lock"]

_PAUSE = 0.02
"""Seconds between two attempts."""


class Lock:
    """Held from its making to `release`, or to the end of the process that made it.

    It lies beside the store's folder rather than in it, so that it also guards the folder's replacement.

    Parameters:
        path: the lock file; it is made where there is none, and says who holds the lock.
        timeout: how long to wait for another holder, in seconds.

    Raises:
        StoreBusyError: another process, or another store in this process, still holds it.
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path, timeout: float) -> None:
        self._descriptor: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            self._take(self._descriptor, path, time.monotonic() + timeout)
        except BaseException:
            self.release()
            raise

    @staticmethod
    def _take(descriptor: int, path: Path, deadline: float) -> None:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise _busy(path) from None
                time.sleep(_PAUSE)
        command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]]) if sys.argv else ""
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {command}\n".encode("utf-8", "backslashreplace"), 0)

    def release(self) -> None:
        """Lets the next one have it; releasing it again does nothing."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)


def _busy(path: Path) -> StoreBusyError:
    holder, _, command = path.read_text(encoding="utf-8", errors="replace").strip().partition(" ")
    if holder == str(os.getpid()):
        return StoreBusyError(
            f"The store in {path.parent} is already open in this process.", "Close it first."
        )
    name = f"process {holder}" if holder else "another process"
    return StoreBusyError(
        f"The store in {path.parent} is open in {name}{f' ({command})' if command else ''}.",
        "Wait until it is done, or end it.",
    )
