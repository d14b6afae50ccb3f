"""The notebooks that paths stand for: files as they are named, and those below folders."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = ["notebooks_in"]

_SUFFIX = ".ipynb"
_EXPORT = re.compile(r"mlpr?ovlab.*\.json", re.IGNORECASE)
"""The file that MLProvLab exports, as it names it and as people do."""


def notebooks_in(paths: Iterable[Path]) -> tuple[list[Path], list[tuple[str, str]]]:
    """The notebook files, absolute, each once and in order, and what could not be looked into with why.

    A path that is no folder is taken as it is. In folders, those hidden (`.ipynb_checkpoints`) are left out,
    and links to folders are not followed.
    """
    found: dict[str, None] = {}
    problems: list[tuple[str, str]] = []

    def complain(error: OSError) -> None:
        problems.append((str(error.filename), error.strerror or type(error).__name__))

    for path in paths:
        try:
            place = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "links in a circle"
            problems.append((str(path), reason or type(error).__name__))
            continue
        if place.is_dir():
            for below in _below(place, complain):
                found[below] = None
        else:
            found[str(place)] = None
    return [Path(one) for one in found], problems


def _below(folder: Path, complain: object) -> Iterator[str]:
    for above, folders, files in os.walk(folder, onerror=complain):  # type: ignore[arg-type]
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if (name.lower().endswith(_SUFFIX) or _EXPORT.fullmatch(name)) and not name.startswith("."):
                path = Path(above, name)
                leads = path.is_symlink() and path.exists()
                yield os.path.realpath(path) if leads else str(path)
