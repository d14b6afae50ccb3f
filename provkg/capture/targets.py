"""What the argument of a call that reads or writes names: paths, open files, connections, bytes in memory."""

from __future__ import annotations

import glob
import io
import os
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote, urlsplit

from provkg.capture.digests import stamp_of

__all__ = ["bytes_of", "named_path", "paths_below", "paths_of"]

_FILE_MODULES = frozenset({"_io", "io", "tempfile", "gzip", "bz2", "lzma", "zipfile", "tarfile"})
_INNER = ("buffer", "raw", "fileobj", "_fileobj", "_file", "fp", "file")
_LAYERS = 8
_LONGEST = 4096
_MOST_FILES = 10_000
_MOST_BYTES = 100_000_000


def paths_of(target: Any, *, patterns: bool = False) -> list[str]:
    """The absolute paths of the files that an argument of a reading call names; of a folder all files in it.

    Parameters:
        patterns: whether the call takes ``*`` for any name.
    """
    if type(target) in (list, tuple):
        return [path for each in target[:_MOST_FILES] for path in paths_of(each, patterns=patterns)]
    path = named_path(target)
    if path and os.path.isdir(path):
        return list(paths_below(path))
    if patterns and path and glob.has_magic(path) and not os.path.lexists(path):
        found = glob.iglob(path, recursive=True)
        return [os.path.abspath(each) for each, _ in zip(found, range(_MOST_FILES), strict=False)]
    return [path] if path else []


def named_path(target: Any) -> str:
    """The absolute path that an argument names: a string, a path, an open file; empty for anything else."""
    # Of what is none of these, nothing is asked: its attributes may be code of the user's.
    kind = type(target)
    if kind in (str, bytes) or issubclass(kind, PurePath):
        return _path_in(os.fsdecode(target))
    if _module(target) in _FILE_MODULES:
        return _path_of_open(target)
    if _module(target).partition(".")[0] == "pandas" and hasattr(kind, "__fspath__"):
        return named_path(os.fspath(target))
    return ""


def _path_in(text: str) -> str:
    if "\n" in text or "\0" in text or not 0 < len(text) <= _LONGEST:
        return ""
    if text.startswith("file://"):
        text = unquote(urlsplit(text).path)
    return "" if "://" in text else os.path.abspath(os.path.expanduser(text))


def _path_of_open(file: Any) -> str:
    """The path of an open file, also of one inside an archive, by its descriptor: it may have been moved."""
    for _ in range(_LAYERS):
        if _module(file) not in _FILE_MODULES:
            return ""
        try:
            descriptor = file.fileno()
        except Exception:
            inner = next((found for name in _INNER if (found := getattr(file, name, None)) is not None), None)
            if inner is None or isinstance(inner, str):
                return _path_of_closed(file)
            file = inner
            continue
        return _path_of_descriptor(descriptor, file)
    return ""


def _path_of_descriptor(descriptor: int, file: Any) -> str:
    name = getattr(file, "name", "")
    path = os.path.abspath(name) if type(name) is str else ""
    stamp, held = stamp_of(path) if path else None, os.fstat(descriptor)
    if stamp is not None and (stamp.inode, stamp.device) == (held.st_ino, held.st_dev):
        return path
    try:
        found = os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""
    return found.removesuffix(" (deleted)") if found.startswith("/") else ""


def _path_of_closed(file: Any) -> str:
    name = getattr(file, "name", "")
    return os.path.abspath(name) if type(name) is str and os.path.exists(name) else ""


def paths_below(folder: str) -> Iterator[str]:
    """The files in a folder and the folders in it, but for hidden ones."""
    left = _MOST_FILES
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        for name in sorted(names):
            if not name.startswith((".", "_")):
                left -= 1
                yield os.path.join(where, name)
            if not left:
                return


def bytes_of(target: Any) -> bytes | None:
    """The content of a text, of bytes or of a file in memory; None for anything else, and if it is large."""
    if type(target) in (io.BytesIO, io.StringIO):
        if target.closed:
            return None
        target = target.getvalue()
    if type(target) not in (str, bytes) or len(target) > _MOST_BYTES:
        return None
    return target if type(target) is bytes else target.encode("utf-8", "surrogatepass")


def _module(target: Any) -> str:
    module = type(target).__module__
    return module if type(module) is str else ""
