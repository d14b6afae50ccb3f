"""What a file holds, as a record says it: its digest and size, and why there is no digest where none is.

Files up to a limit are read whole. Of a larger one a part from its beginning is digested, and the record says
that it is a part; what is no regular file is not read at all, as that would take its content away.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import NamedTuple, Protocol

from provkg.capture.locks import opened
from provkg.records import Digest

__all__ = ["Book", "Content", "Stamp", "content_of", "media_type", "quiet", "silence", "stamp_of"]

_CHUNK = 1 << 20
_TICK = 50_000_000
"""Nanoseconds in which a file system may give two changes the same time."""
quiet: set[int] = set()
"""The threads in which files are being opened by us, which is not the user's doing."""


class Stamp(NamedTuple):
    """What changes when a file does, asked of the file system without reading the file."""

    size: int
    modified: int
    changed: int
    inode: int
    device: int
    regular: bool

    def is_settled(self) -> bool:
        """Whether a change from now on would show in the times."""
        return time.time_ns() - max(self.modified, self.changed) > _TICK


def stamp_of(path: str) -> Stamp | None:
    """The stamp of a file or pipe; None for what is neither, and for what is not there."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    regular = stat.S_ISREG(found.st_mode)
    if not regular and not stat.S_ISFIFO(found.st_mode):
        return None
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev, regular)


class Content(NamedTuple):
    """A file's digest and size, how much the digest covers, and why that is not all."""

    sha256: str
    size: int | None
    covers: Digest
    reason: str
    known: bool = False
    """Whether the digest is from an earlier session, since when the file has not changed."""


class Book(Protocol):
    """Digests from earlier sessions."""

    def find(self, stamp: Stamp) -> str:
        """The SHA-256 of the file that has this stamp; empty where it is not known for sure."""

    def add(self, before: Stamp, after: Stamp | None, sha256: str) -> None:
        """A file was digested that had these stamps before and after that."""


def content_of(path: str, limit: int, part: int, book: Book | None = None) -> Content:
    """What a file holds now.

    Parameters:
        limit: the largest file that is read whole, in bytes.
        part: how many bytes from its beginning are digested of a larger one; 0 for none.
        book: what is known from earlier sessions.
    """
    stamp = stamp_of(path)
    if stamp is not None and not stamp.regular:
        return Content("", None, Digest.NONE, "a pipe, whose content is gone once it is read")
    try:
        if stamp is None:
            os.stat(path)
            return Content("", None, Digest.NONE, "not a file")
        if stamp.size <= limit:
            return _whole(path, stamp, book)
        reason = f"larger than the limit of {limit} bytes"
        if not part:
            return Content("", stamp.size, Digest.NONE, reason)
        return Content(_sha256(path, part), stamp.size, Digest.PARTIAL, f"{reason}: the first {part} bytes")
    except OSError as error:
        size = stamp.size if stamp is not None else None
        return Content("", size, Digest.NONE, error.strerror or type(error).__name__)


def _whole(path: str, stamp: Stamp, book: Book | None) -> Content:
    known = book.find(stamp) if book is not None else ""
    if known:
        return Content(known, stamp.size, Digest.FULL, "", known=True)
    digest = _sha256(path, None)
    if book is not None:
        book.add(stamp, stamp_of(path), digest)
    return Content(digest, stamp.size, Digest.FULL, "")


def _sha256(path: str, length: int | None) -> str:
    with silence(), opened(path) as descriptor:
        digest, place = hashlib.sha256(), 0
        end = length if length is not None else 1 << 62
        while place < end and (chunk := os.pread(descriptor, min(_CHUNK, end - place), place)):
            digest.update(chunk)
            place += len(chunk)
        return digest.hexdigest()


@contextmanager
def silence() -> Iterator[None]:
    """While files are opened that are not the user's business; for the calling thread."""
    thread = get_ident()
    silent = thread in quiet
    quiet.add(thread)
    try:
        yield
    finally:
        if not silent:
            quiet.discard(thread)


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
    "sqlite": "application/vnd.sqlite3",
    "svg": "image/svg+xml",
    "tsv": "text/tab-separated-values",
    "txt": "text/plain",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
    "zip": "application/zip",
}
"""Those of data files; `mimetypes` reads the system's lists when first used, for milliseconds."""


def media_type(path: str) -> str:
    """The media type that a file's name tells, or an empty text.

    >>> media_type("/data/a.CSV"), media_type("/data/a")
    ('text/csv', '')
    """
    return _MEDIA_TYPES.get(os.path.splitext(path)[1].lstrip(".").lower(), "")
