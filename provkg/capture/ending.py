"""How a script or block ended, by the exception that left it."""

from __future__ import annotations

import sys
from types import TracebackType

from provkg.capture.outputs import error_of
from provkg.records import Error, Status

__all__ = ["ending_of", "status_of"]


def ending_of(
    error: BaseException | None, traceback: TracebackType | None, document: str
) -> tuple[Status, Error | None]:
    """The status that an exception makes of a run, and its record.

    Parameters:
        traceback: that of the exception, without frames of ours.
        document: the file name that the code carries: its line is the one that counts.
    """
    if error is None:
        return Status.SUCCEEDED, None
    if isinstance(error, SystemExit):
        code = error.code
        if code is None or (isinstance(code, int) and code == 0):
            return Status.SUCCEEDED, None
        return Status.FAILED, Error(name="SystemExit", message=str(code))
    from traceback import format_exception

    line = error.lineno if isinstance(error, SyntaxError) and error.filename == document else None
    entry = traceback
    while entry is not None:
        if entry.tb_frame.f_code.co_filename == document:
            line = entry.tb_lineno
        entry = entry.tb_next
    text = "".join(format_exception(type(error), error, traceback))
    return status_of(error), error_of(error, text, line)


def status_of(error: BaseException) -> Status:
    """How what an exception left ended: broken off from outside, or failed."""
    cancelled = getattr(sys.modules.get("asyncio"), "CancelledError", ())
    stopped = isinstance(error, (KeyboardInterrupt, GeneratorExit, cancelled))
    return Status.INTERRUPTED if stopped else Status.FAILED
