"""What a run used, held against what is on this machine now."""

from __future__ import annotations

import hashlib
import re
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["difference"]


def difference(kind: str, words: Mapping[str, str]) -> str:
    """How what a row tells differs from what is here; empty when it does not, or cannot be told.

    Parameters:
        kind: ``file``, of a row with ``path``, ``digest`` and perhaps ``size``; ``package``, of one with
            ``package`` and ``version``.
    """
    if kind == "file":
        return _file(Path(words.get("path", "")), words.get("digest", ""), words.get("size", ""))
    return _package(words.get("package", ""), words.get("version", ""))


def _file(path: Path, digest: str, size: str) -> str:
    try:
        if not path.exists():
            return "is not there any more"
        if not digest or not path.is_file():
            return ""
        if size and path.stat().st_size != int(size):
            return "has other content now"  # however large it is: nothing of it is read
        with path.open("rb") as file:
            now = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if now == digest else "has other content now"


def _package(name: str, version: str) -> str:
    try:
        now = metadata.version(name)
    except (metadata.PackageNotFoundError, ValueError):
        return "is not installed here"
    return "" if _public(now) == _public(version) else f"is here {now}"


def _public(version: str) -> str:
    """A version without what tells builds of it apart (``2.1+cpu``)."""
    return re.sub(r"\+.*", "", version)
