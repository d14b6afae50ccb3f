"""Where the files of ``ontology/`` and ``queries/`` are: in an installed package, or beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

__all__ = ["folder"]


def folder(name: Literal["ontology", "queries"]) -> Path:
    """The folder of one kind of resources.

    >>> folder("queries").is_dir()
    True
    """
    package = Path(__file__).parent
    installed = package / "_data" / name
    return installed if installed.is_dir() else package.parent / name
