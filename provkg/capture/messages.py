"""Records the cells of a kernel that does not record itself by what its messages show, and nothing more.

Kernels of other languages, and Pythons in which provkg is not installed: their code, order, times, outputs
and errors are seen by whoever executes the notebook. What the code did with data is not, and is not claimed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from provkg.capture.environment import describe_foreign
from provkg.capture.outputs import OutputWatch
from provkg.config import Home
from provkg.errors import JournalError
from provkg.identity import sha256
from provkg.journal import put_object
from provkg.media import without_colour
from provkg.records import (
    CellExecution,
    CellFinished,
    CellStarted,
    EnvironmentSeen,
    Error,
    Event,
    Notice,
    Output,
    OutputKind,
    Status,
)

__all__ = ["MessageRecorder"]

_STREAMS = {"stdout": OutputKind.STDOUT, "stderr": OutputKind.STDERR}
_KINDS = {"display_data": OutputKind.DISPLAY, "execute_result": OutputKind.RESULT}
_INTERRUPTED = re.compile("interrupt", re.IGNORECASE)


class MessageRecorder:
    """Writes the executions of one run as whoever asked for them saw them.

    Parameters:
        append: writes one event to the journal.
        home: where contents of outputs are kept.
    """

    def __init__(self, append: Callable[[Event], None], home: Home) -> None:
        self._append = append
        self._home = home
        self._order = 0
        self._at_work: CellExecution | None = None
        self._notices: list[Notice] = []
        limits = home.limits
        self._outputs = OutputWatch(self._put, limits.output_characters, limits.object_bytes)

    def _put(self, content: bytes) -> tuple[str, bool]:
        if not self._home.capture.outputs:
            return sha256(content), False
        try:
            return put_object(self._home, content)
        except JournalError as error:
            self._notices.append(Notice(where="objects", message=error.message))
            return sha256(content), False

    def see_environment(self, info: Mapping[str, Any]) -> None:
        """Write what the kernel says of itself (the content of its ``kernel_info_reply``)."""
        self._append(EnvironmentSeen(environment=describe_foreign(info)))

    def begin(self, source: str, *, cell_id: str, index: int, tags: Sequence[str]) -> None:
        """An execution is asked for."""
        self._order += 1
        self._at_work = CellExecution(
            order=self._order,
            source=source,
            sha256=sha256(source.encode("utf-8", "backslashreplace")),
            started_at=datetime.now(UTC),
            cell_id=cell_id,
            index=index,
            tags=tuple(tags),
        )
        self._append(CellStarted(execution=self._at_work))

    def end(self, shown: Sequence[Mapping[str, Any]], count: int | None, *, broken_off: bool) -> None:
        """The execution has ended.

        Parameters:
            shown: its outputs, as a notebook holds them.
            count: the kernel's own count.
            broken_off: whether it was stopped from outside.
        """
        execution, self._at_work = self._at_work, None
        if execution is None:
            return
        error = _error(shown)
        status = Status.SUCCEEDED if error is None else Status.FAILED
        if broken_off or (error is not None and _INTERRUPTED.search(error.name)):
            status = Status.INTERRUPTED
        fields = {name: getattr(execution, name) for name in execution.__struct_fields__}
        fields |= {
            "ended_at": datetime.now(UTC),
            "status": status,
            "execution_count": count,
            "error": error,
            "outputs": self._shown(shown, error),
            "notices": tuple(self._notices),
        }
        self._notices = []
        self._append(CellFinished(execution=CellExecution(**fields)))

    def _shown(self, shown: Sequence[Mapping[str, Any]], error: Error | None) -> tuple[Output, ...]:
        for output in shown:
            kind = output.get("output_type")
            if kind == "stream":
                self._outputs.wrote(_STREAMS.get(output.get("name", ""), OutputKind.STDOUT), output["text"])
            elif kind in _KINDS:
                self._outputs.displayed(_KINDS[kind], output.get("data", {}))
        return self._outputs.end_cell(error)


def _error(shown: Sequence[Mapping[str, Any]]) -> Error | None:
    for output in shown:
        if output.get("output_type") == "error":
            lines = [str(line) for line in output.get("traceback", ())]
            name, message = (without_colour(str(output.get(key, ""))) for key in ("ename", "evalue"))
            return Error(name=name, message=message, traceback=without_colour("\n".join(lines)))
    return None
