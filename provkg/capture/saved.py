"""Saved notebooks, read as plain JSON so that a kernel need not load nbformat."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from provkg.capture.own import is_own
from provkg.identity import sha256
from provkg.records import Document, DocumentCell, DocumentSeen

__all__ = ["MAY_FAIL", "SavedCell", "SavedNotebook", "read_saved"]

MAY_FAIL = "raises-exception"
"""The tag of cells whose errors do not stop those who play a notebook."""
_MAX_BYTES = 100_000_000
_SKIPPED = "skip-execution"


@dataclass(frozen=True, slots=True)
class SavedCell:
    """One cell: its id, position from 0, type, source and tags."""

    id: str
    index: int
    type: str
    source: str
    tags: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """The digest of its source."""
        return sha256(self.source.encode("utf-8", "backslashreplace"))

    @property
    def is_recorded(self) -> bool:
        """Whether a client that runs the notebook from top to bottom executes it, and that is recorded."""
        executed = self.type == "code" and bool(self.source.strip()) and _SKIPPED not in self.tags
        return executed and not is_own(self.source)


@dataclass(frozen=True, slots=True)
class SavedNotebook:
    """A notebook file as it was saved at a time."""

    path: str
    at: datetime
    sha256: str
    size: int
    cells: tuple[SavedCell, ...]
    papermill: dict[str, Any]
    """What papermill wrote into the metadata."""

    def document(self) -> DocumentSeen:
        """The record of its cells."""
        cells = (
            DocumentCell(id=one.id, index=one.index, type=one.type, sha256=one.sha256) for one in self.cells
        )
        return DocumentSeen(at=self.at, document=Document(cells=tuple(cells), sha256=self.sha256))


def read_saved(path: str, *, holding: str = "") -> SavedNotebook | None:
    """A notebook file; None for what is not a readable notebook.

    Parameters:
        holding: a line that it must hold, which is looked for before it is parsed.
    """
    try:
        state = os.stat(path)
        if state.st_size > _MAX_BYTES or not stat.S_ISREG(state.st_mode):
            return None
        with open(path, "rb") as file:
            content = file.read()
        if holding.isascii() and json.dumps(holding)[1:-1].encode() not in content:
            return None
        data = json.loads(content)
        metadata = data.get("metadata", {}).get("papermill", {})
        return SavedNotebook(
            path=path,
            at=datetime.fromtimestamp(state.st_mtime, UTC),
            sha256=sha256(content),
            size=len(content),
            cells=tuple(_cell(index, cell) for index, cell in enumerate(data["cells"])),
            papermill=metadata if isinstance(metadata, dict) else {},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _cell(index: int, cell: dict[str, Any]) -> SavedCell:
    source = cell.get("source", "")
    tags = cell.get("metadata", {}).get("tags", [])
    return SavedCell(
        id=str(cell.get("id") or f"cell-{index}"),
        index=index,
        type=str(cell.get("cell_type", "")),
        source=source if isinstance(source, str) else "".join(source),
        tags=tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
    )
