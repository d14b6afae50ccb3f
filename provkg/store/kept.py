"""What was read of a store, kept until the store is written next."""

from __future__ import annotations

import os
import re
import threading
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Kept"]

_CHECKSUM = 4
_NAME = re.compile(r"[a-z0-9-]+")


class Kept:
    """Contents by name, in a folder of the store's own or, without one, in memory.

    Whoever writes the store calls `forget` before: so nothing is kept that the store does not say any more,
    also where the writing is killed. A file that is damaged counts as none, and one that cannot be written is
    not kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._memory: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._writes = 0

    def get(self, name: str, make: Callable[[], bytes]) -> bytes:
        """What is kept under a name; else what `make` reads from the store, which is kept from then on."""
        if (content := self._read(name)) is not None:
            return content
        writes = self._writes
        content = make()
        with self._lock:
            if writes == self._writes:  # what was read before another thread wrote is not kept
                self._write(name, content)
        return content

    def forget(self) -> None:
        """Keep nothing any more; the files are gone from the disk when this returns."""
        with self._lock:
            self._writes += 1
            self._memory.clear()
            if self._folder is None or not self._folder.is_dir():
                return
            for path in self._folder.iterdir():
                path.unlink(missing_ok=True)
            _settle(self._folder)

    def _read(self, name: str) -> bytes | None:
        if self._folder is None:
            return self._memory.get(name)
        try:
            whole = (self._folder / _checked(name)).read_bytes()
        except OSError:
            return None
        content = whole[_CHECKSUM:]
        return content if whole[:_CHECKSUM] == _checksum(content) else None

    def _write(self, name: str, content: bytes) -> None:
        if self._folder is None:
            self._memory[name] = content
            return
        path = self._folder / _checked(name)
        draft = path.with_suffix(".new")
        try:
            self._folder.mkdir(exist_ok=True)
            draft.write_bytes(_checksum(content) + content)
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name what is kept")
    return name


def _checksum(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(_CHECKSUM, "big")


def _settle(folder: Path) -> None:
    """Wait until the disk has the entries of a folder, where the system lets folders be opened for that."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
