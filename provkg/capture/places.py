"""Joins executions to cells of the saved notebook by their texts, where the client did not name the cells.

VS Code names cells by handles that hold for one session of the editor; some clients send no name at all. When
the session ends, an execution is placed where the text last executed under its handle stands in exactly one
cell of the notebook. That is inferred, and the record says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from provkg.capture.saved import SavedNotebook
from provkg.records import CellPlace, CellsPlaced, is_handle

__all__ = ["Unplaced", "place"]


@dataclass(frozen=True, slots=True)
class Unplaced:
    """An execution whose cell in the notebook is not known: its rank, handle, and digest of the source."""

    order: int
    handle: str
    sha256: str

    @property
    def key(self) -> str:
        """What all executions of one cell have in common, as far as that is known."""
        return self.handle or f"{self.order}"


def place(executed: Sequence[Unplaced], notebook: SavedNotebook) -> CellsPlaced | None:
    """The executions that can be placed; None where there are none."""
    last = {one.key: one.sha256 for one in executed}
    texts = Counter(cell.sha256 for cell in notebook.cells if cell.is_recorded)
    cells = {cell.sha256: cell for cell in notebook.cells if cell.is_recorded and texts[cell.sha256] == 1}
    handles = Counter(sha256 for key, sha256 in last.items() if is_handle(key))
    places = [
        CellPlace(order=one.order, cell_id=cell.id, index=cell.index, tags=cell.tags)
        for one in executed
        if (cell := cells.get(last[one.key])) is not None and handles[last[one.key]] <= 1
    ]
    return CellsPlaced(cells=tuple(places)) if places else None
