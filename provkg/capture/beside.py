"""Executions in a subshell of the kernel, while the cell of another request is at work.

Both run in one namespace at one time: which of them did what cannot be told apart. So of such an execution
its code, time and outcome are recorded and nothing else, and the variables that its text names are not
claimed for the other.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from provkg.analysis import analyse
from provkg.capture.session import Session
from provkg.identity import sha256
from provkg.records import CellExecution, CellFinished, CellStarted, Error, Notice, Status

__all__ = ["Beside"]

_NOTICE = Notice(where="subshell", message="it ran beside another cell: what it did is not recorded")


class Beside:
    """The executions that run beside the one of a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._running: dict[int, tuple[Any, CellExecution]] = {}

    def begin(self, info: Any) -> None:
        """An execution begins; ``info`` is IPython's description of it."""
        execution = CellExecution(
            order=self._session.next_order(),
            source=info.raw_cell,
            sha256=sha256(info.raw_cell.encode("utf-8", "backslashreplace")),
            started_at=datetime.now(UTC),
            cell_id=str(info.cell_id or ""),
        )
        self._running[id(info)] = (info, execution)
        self._session.write(CellStarted(execution=execution))
        code = analyse(info.transformed_cell or info.raw_cell, transformed=True)
        self._session.share({*code.defines, *code.changes})
        self._session.notice(
            "subshell", "another cell ran beside it: what that one names is not claimed here"
        )

    def end(self, info: Any, error: Error | None, count: int | None) -> bool:
        """Write the end of an execution; returns whether it was one of these."""
        _, execution = self._running.pop(id(info), (None, None))
        if execution is None:
            return False
        fields = {name: getattr(execution, name) for name in execution.__struct_fields__}
        fields |= {
            "ended_at": datetime.now(UTC),
            "status": Status.SUCCEEDED if error is None else Status.FAILED,
            "error": error,
            "execution_count": count,
            "notices": (_NOTICE,),
        }
        self._session.write(CellFinished(execution=CellExecution(**fields)))
        return True
