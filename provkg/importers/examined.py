"""What checks of a saved notebook look at, and how they say what they found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from provkg.analysis import CellCode
from provkg.importers.saved import SavedCell
from provkg.importers.timing import Times
from provkg.importers.written import Written
from provkg.records import Finding

__all__ = ["Execution", "Kind", "about", "edited_since", "listed", "sentence", "where"]

_MOST = 20
"""Cells named in one finding."""


class Kind:
    """The names of the kinds of findings."""

    NOT_EXECUTED = "nothing executed"
    NO_COUNT = "outputs without a count"
    TWICE = "count twice"
    GAP = "gap in counts"
    OUT_OF_ORDER = "out of order"
    TIMES = "times against counts"
    OTHER_COUNT = "result of another execution"
    NO_CODE = "outputs without code"
    SILENT = "output of silent code"
    NO_RESULT = "result without an expression"
    MISSING = "output missing"
    OTHER_CODE = "error of other code"
    NOT_PYTHON = "code that cannot have run"
    UNSET = "name that nothing sets"
    SET_LATER = "name that is set later"
    SAME_ID = "cell id twice"
    EDITED = "edited since"
    STALE_PARAMETERS = "stale parameters"
    UNFINISHED = "unfinished papermill run"
    SESSIONS = "sessions recorded as one"
    UNRECORDED = "execution that was not recorded"


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution with what is known of its cell."""

    order: int
    cell: SavedCell
    code: CellCode
    text: Written | None
    """None where the text could not be parsed."""
    times: Times
    failed: bool = False
    """Whether an error ended it."""


def where(execution: Execution) -> str:
    """How a message calls a cell; of one that was deleted only its count is left.

    >>> where(Execution(1, SavedCell(4, "code", "", execution_count=7), CellCode(), None, Times()))
    'cell 5 [7]'
    """
    count = execution.cell.execution_count
    place = f"cell {execution.cell.index + 1}" if execution.cell.index >= 0 else "a deleted cell"
    return f"{place} [{' ' if count is None else count}]"


def edited_since(index: int) -> Finding:
    """The finding that a cell is not as it was when it was last executed."""
    message = f"Cell {index + 1} was edited after its last execution that is on record."
    return Finding(kind=Kind.EDITED, message=message, cells=(index,))


def listed(executions: Sequence[Execution]) -> str:
    """The cells of some executions, a few by name."""
    shown = ", ".join(where(one) for one in executions[:5])
    return f"{shown} and {len(executions) - 5} more" if len(executions) > 5 else shown


def sentence(text: str) -> str:
    """A text with its first letter made large."""
    return text[:1].upper() + text[1:]


def about(kind: str, message: str, executions: Iterable[Execution]) -> Finding:
    """A finding about some executions."""
    found = list(executions)
    return Finding(
        kind=kind,
        message=sentence(message),
        orders=tuple(one.order for one in found[:_MOST]),
        cells=tuple(one.cell.index for one in found[:_MOST] if one.cell.index >= 0),
    )
