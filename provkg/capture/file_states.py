"""The states of files as a session keeps them while it runs."""

from __future__ import annotations

import os
from typing import NamedTuple, Protocol

from provkg.capture.digests import Stamp
from provkg.capture.values import FileNode
from provkg.records import File, FileMode, Link

__all__ = ["TELLING", "Arriving", "Ended", "FileState", "Policy", "display_path"]

TELLING = 64
"""Contents of less than so many bytes may be the same by accident."""


def display_path(path: str) -> str:
    r"""A path as text that JSON can hold: bytes that are not UTF-8 become escapes.

    >>> display_path("/data/\udcff.csv")
    '/data/\\xff.csv'
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


class Policy(NamedTuple):
    """How much of files is recorded.

    ``digest_bytes`` and ``part_bytes`` are those of `content_of`; ``most_files`` is of one execution;
    ``leave_out`` has the patterns of `LeftOut`.
    """

    digest_bytes: int = 1_000_000_000
    part_bytes: int = 16_000_000
    most_files: int = 10_000
    leave_out: tuple[str, ...] = ()


class Arriving(Protocol):
    """What comes from an address on the network while it is being read."""

    def record(self) -> File:
        """What is known of it now."""


class FileState(FileNode):
    """One content of one file, as read or written, or of an address on the network.

    ``record`` is None while it is being written. ``before`` is the stamp of what a write began on, ``base``
    the state that it adds to or changes; ``claimed`` tells that an activity made it; ``arriving`` knows what
    came so far from an address.
    """

    __slots__ = ("arriving", "base", "before", "claimed", "mode", "path", "record", "settled", "stamp", "url")

    def __init__(self, identifier: str, path: str, mode: FileMode, url: str = "") -> None:
        super().__init__(identifier)
        self.path = path
        self.url = url
        self.mode = mode
        self.stamp: Stamp | None = None
        self.settled = True
        self.before: Stamp | None = None
        self.base: FileState | None = None
        self.claimed = False
        self.arriving: Arriving | None = None
        self.record: File | None = None


class Ended(NamedTuple):
    """What one execution did to files: the states first seen in it, those it read and wrote, and links."""

    new: list[File]
    read: list[FileState]
    written: list[FileState]
    links: list[Link]
