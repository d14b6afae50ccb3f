"""What the paths and addresses in source text stand for, and which content is there now."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Sequence
from fnmatch import translate
from pathlib import Path

from provkg.addresses import clean_url

__all__ = ["Contents", "Places"]

_DRIVE = r"[A-Za-z]:[\\/]"
_ELSEWHERE = re.compile(rf"{_DRIVE}|\\\\|~|%|\$")
"""Paths of Windows, and those that begin in somebody's own folder or with a variable of the shell."""
_UNREADABLE = re.compile(r"[\x00\r\n]")
_LONGEST = 4096
_NO_FILES = ("/proc/", "/sys/", "/dev/", "//")
"""What is no file to look at, or is on another machine."""
_MOST = 10_000


class Places:
    """Resolves what the cells of one notebook name, as the kernel did: from the notebook's folder.

    Parameters:
        folder: where the notebook lies.
        leave_out: patterns of paths that are not recorded.
        windows: whether the kernel ran on Windows, as far as that is known.
    """

    def __init__(self, folder: Path, leave_out: Sequence[str] = (), *, windows: bool = False) -> None:
        self._folder = folder
        self._windows = windows
        self._leave_out = re.compile("|".join(map(translate, leave_out))) if leave_out else None
        self.moved = False
        """Whether a cell changed the working folder: then relative paths stay as they are."""

    def __call__(self, text: str) -> tuple[str, str]:
        """The path and the address that a text stands for; one of them is empty, or both."""
        if not text or len(text) > _LONGEST or _UNREADABLE.search(text):
            return "", ""
        if "://" in text and not text.startswith("file://"):
            return "", clean_url(text)
        place = self._resolved(text.removeprefix("file://"))
        return ("" if self._leave_out is not None and self._leave_out.match(place) else place), ""

    def _resolved(self, text: str) -> str:
        if re.match(_DRIVE, text) or (self._windows and not text.startswith("\\\\")):
            # Windows takes both ways to separate, and Python code uses both for one file.
            text = text.replace("\\", "/")
        if _ELSEWHERE.match(text):
            return text
        return os.path.normpath(text if self.moved else self._folder / text)


class Contents:
    """Digests of files as they are now, each content read once.

    Parameters:
        limit: larger files are not read, in bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: dict[tuple[str, int, int], str] = {}

    def of(self, path: str) -> tuple[str, int | None]:
        """SHA-256 and size of the file at a path; empty and None where there is none to be read."""
        if not path.startswith("/") or path.startswith(_NO_FILES):
            return "", None
        try:
            found = Path(path).stat()
            if not stat.S_ISREG(found.st_mode) or found.st_size > self._limit:
                return "", None
            key = (path, found.st_mtime_ns, found.st_size)
            if key not in self._known:
                if len(self._known) >= _MOST:
                    self._known.clear()
                with open(path, "rb") as file:
                    self._known[key] = hashlib.file_digest(file, "sha256").hexdigest()
            return self._known[key], found.st_size
        except (OSError, ValueError):
            return "", None
