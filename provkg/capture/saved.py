"""The saved notebook of a live session, read as plain JSON so that a kernel need not load nbformat."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

from provkg.identity import sha256
from provkg.records import Document, DocumentCell, DocumentSeen

__all__ = ["saved_document"]

_MAX_BYTES = 100_000_000


def saved_document(path: str) -> DocumentSeen | None:
    """The cells of a notebook file as it was last saved; None for what is not a readable notebook."""
    try:
        if os.stat(path).st_size > _MAX_BYTES:
            return None
        with open(path, "rb") as file:
            content = file.read()
        cells = json.loads(content)["cells"]
        saved = datetime.fromtimestamp(os.stat(path).st_mtime, UTC)
        seen = tuple(_cell(index, cell) for index, cell in enumerate(cells))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return DocumentSeen(at=saved, document=Document(cells=seen, sha256=sha256(content)))


def _cell(index: int, cell: dict[str, Any]) -> DocumentCell:
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(source)
    return DocumentCell(
        id=str(cell.get("id") or f"cell-{index}"),
        index=index,
        type=str(cell.get("cell_type", "")),
        sha256=sha256(text.encode("utf-8", "backslashreplace")),
    )
