"""The IPython extension: records what the kernel executes.

Loaded by the kernel's own start arguments (``--IPKernelApp.extra_extensions=provkg``), so that it is there
before the first import, or by ``%load_ext provkg`` at any time. The environment tells it where to:
``PROVKG_HOME``, and ``PROVKG_RUN`` when a runner has begun the run already.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from datetime import UTC, datetime
from threading import get_ident
from types import FrameType
from typing import Any

from provkg.capture.beside import Beside
from provkg.capture.gate import gate
from provkg.capture.outputs import error_of
from provkg.capture.own import is_own
from provkg.capture.recording import Recording
from provkg.capture.saved import MAY_FAIL
from provkg.capture.shell import watch_callbacks, watch_displays, watch_tracebacks
from provkg.capture.whereabouts import Whereabouts
from provkg.config import Home, ensure_home
from provkg.media import without_colour
from provkg.records import Error, Evidence, RunKind, Status

__all__ = ["RUN_VARIABLE", "Recorder", "load_ipython_extension", "recorder", "unload_ipython_extension"]

RUN_VARIABLE = "PROVKG_RUN"
_MAX_STATE = 5_000_000
"""Bytes of an estimator that are looked at before the callback of a widget runs."""
_recorder: Recorder | None = None
_refused = ""
"""Why recording did not begin."""


class Recorder:
    """Joins one IPython shell to one `Recording`.

    Parameters:
        shell: the `InteractiveShell` of the kernel.
        home: where the journal is written.
        run: the run that a runner has begun, or empty: then the run begins with the first execution.
    """

    def __init__(self, shell: Any, home: Home, run: str = "") -> None:
        self.shell = shell
        self.recording = Recording(home, shell.user_ns, hidden=shell.user_ns_hidden, run=run)
        self.session = self.recording.session
        self.paused: datetime | None = None
        """Since when recording is off; None while it is on."""
        self.leaving = False
        """Whether recording stops when the cell at work has ended."""
        self.whereabouts = Whereabouts(shell.user_ns)
        self._doubtful = False
        self.skipped = 0
        """How many cells have run since recording was switched off."""
        self._open: Any = None
        self._request = ""
        self._must_succeed = False
        """Whether the cell at work is one of a notebook that a program plays from top to bottom."""
        self._failure: tuple[Status, Error, int] | None = None
        """How the last of such cells that did not succeed ended, and its rank."""
        self._beside = Beside(self.session)
        self._traceback = ""

    # --- beginning and ending ---

    def start(self) -> None:
        """Begin to watch the shell."""
        self.recording.start()
        undo = self.recording.undo
        undo += watch_displays(self.shell, self.session)
        undo += watch_tracebacks(self.shell, self.session, self._keep_traceback)
        undo += watch_callbacks(self.shell, self._called_back)
        for event, callback in (("pre_run_cell", self.before), ("post_run_cell", self.after)):
            self.shell.events.register(event, callback)
            undo.append(lambda e=event, c=callback: self.shell.events.unregister(e, c))  # type: ignore[misc]
        atexit.register(self.stop)
        os.register_at_fork(after_in_child=lambda: atexit.unregister(self.stop))
        if self.session.has_variables():
            self.session.take_stock()
        if self.recording.begun:
            self.recording.see_environment(_kernel())
            # The runner's kernel is fresh: what exists now is machinery that lives as long as the process.
            # Passing over it in every full garbage collection saves more than capture's own objects cost.
            gc.freeze()
        running = self.running()
        if running is not None:
            self.before(running)

    def stop(self) -> None:
        """Stop watching; the run ends if it began."""
        atexit.unregister(self.stop)
        self.recording.stop()
        if self.recording.begun:
            for seen in self.whereabouts.left(self.recording.since):
                self.session.write(seen)
            self.session.finish(*self._failure or ())
        self.recording.close()

    def running(self) -> Any:
        """What IPython knows of the cell it is running; None between cells."""
        result = getattr(self.shell.displayhook, "exec_result", None)
        return getattr(result, "info", None)

    def pause(self) -> None:
        """Record nothing from the next cell on."""
        self.paused = self.paused or datetime.now(UTC)

    def resume(self) -> None:
        """Record again from the next cell on; nothing is claimed of what was done meanwhile."""
        self.paused = None

    def _begin_run(self, first: str) -> None:
        """A live session begins with its first execution."""
        code, playback = self.whereabouts.begin(first)
        if playback is None:
            self.recording.begin_run(RunKind.NOTEBOOK, _kernel(), code)
            return
        self.recording.begin_run(
            RunKind.NOTEBOOK,
            _kernel(),
            code,
            command=playback.command,
            parameters=playback.parameters(),
        )
        self.session.write(playback.notebook.document())

    def _keep_traceback(self, text: str) -> None:
        self._traceback = text

    def _called_back(self) -> None:
        """A widget's callback is about to run."""
        try:
            if self.recording.begun and not self._doubtful and not self.skipped:
                self._doubtful = True
                if self._open is None:
                    self.session.remember(_MAX_STATE)
        except Exception as error:
            self.session.notice("callback", error)

    # --- executions ---

    def before(self, info: Any) -> None:
        """IPython is about to run a cell."""
        try:
            if info.silent or not info.store_history or is_own(info.raw_cell):
                return
            if self.paused is not None:
                self.whereabouts.skip(info.raw_cell)
                if not self.skipped:
                    self.session.remember()
                self.skipped += 1
                return
            if not self.recording.begun:
                self._begin_run(info.raw_cell)
            if self.skipped:
                self._go_on()
            elif self._doubtful:
                self.session.check()
            self._doubtful = False
            request = self._asked_by()
            if self._open is not None and gate.thread != get_ident():
                self._beside.begin(info)
                return
            if self._open is not None and request and request == self._request:
                return  # a cell that the one at work runs is part of it
            if self._open is not None:
                self.session.end(error=Error(name="", message="its end was not seen"), interrupted=True)
            self._open, self._request, self._traceback = info, request, ""
            self.session.outputs.request = request
            meta = getattr(info, "cell_meta", None)
            place = self.whereabouts.cell(
                self.session.order + 1,
                info.raw_cell,
                str(info.cell_id or ""),
                meta if isinstance(meta, dict) else {},
            )
            played = place.get("cell_evidence") is Evidence.INFERRED
            self._must_succeed = played and MAY_FAIL not in place["tags"]
            self.session.begin(info.raw_cell, info.transformed_cell or info.raw_cell, **place)
        except Exception as error:
            self.session.notice("beginning of a cell", error)

    def after(self, result: Any) -> None:
        """IPython has run a cell; there is no result when its task was cancelled."""
        try:
            info = result.info if result is not None else self._open
            raised = result.error_before_exec or result.error_in_exec if result is not None else None
            count = result.execution_count if result is not None else None
            if self._beside.end(info, error_of(raised, "", None) if raised else None, count):
                pass
            elif info is not None and (info is self._open or self._replaces_open(info)):
                self._open = None
                if result is None:
                    raised = KeyboardInterrupt("the cell was interrupted")
                error = self._error(raised) if raised is not None else None
                interrupted = isinstance(raised, KeyboardInterrupt) or _is_cancelled(raised)
                if error is not None and self._must_succeed:
                    status = Status.INTERRUPTED if interrupted else Status.FAILED
                    self._failure = (status, error, self.session.order)
                self.session.end(error=error, interrupted=interrupted, execution_count=count)
            if self.leaving and self._open is None:
                _leave()
        except Exception as error:
            self.session.notice("end of a cell", error)

    def _go_on(self) -> None:
        cells = "1 cell" if self.skipped == 1 else f"{self.skipped} cells"
        self.skipped = 0
        self.session.take_stock()
        self.session.notice("pause", f"recording was off for {cells} before this one")

    def _replaces_open(self, info: Any) -> bool:
        """IPython tells of a cell that was broken off from outside by a new description of it."""
        return (
            self._open is not None
            and self._asked_by() == self._request
            and (info.raw_cell == self._open.raw_cell and info.store_history == self._open.store_history)
        )

    def _asked_by(self) -> str:
        """The message that asked for the execution at work; empty in a terminal."""
        header = getattr(self.shell.display_pub, "parent_header", None)
        return str(header.get("msg_id", "")) if isinstance(header, dict) else ""

    def _error(self, raised: BaseException) -> Error:
        at = raised.lineno if isinstance(raised, SyntaxError) else None
        offset = self.session.values.texts.cell().offset
        traceback = raised.__traceback__
        while traceback is not None:
            frame = traceback.tb_frame
            # Of a cell magic such as ``%%time`` the call comes first and then its body, from line 1.
            if frame.f_globals is self.shell.user_ns and (at is None or (offset and _is_cell(frame))):
                at = traceback.tb_lineno + (offset if at is not None else 0)
            traceback = traceback.tb_next
        return error_of(raised, without_colour(self._traceback), at)


def _is_cancelled(raised: BaseException | None) -> bool:
    return type(raised).__name__ == "CancelledError"


def _is_cell(frame: FrameType) -> bool:
    return frame.f_code.co_name == "<module>"


def _kernel() -> str:
    module = sys.modules.get("ipykernel")
    if module is not None:
        return f"ipykernel {module.__version__}"
    import IPython

    return f"ipython {IPython.__version__}"


def recorder() -> Recorder | None:
    """What records this process; None when nothing does."""
    return _recorder


def refusal() -> str:
    """Why recording did not begin; empty when it did."""
    return _refused


def load_ipython_extension(shell: Any) -> None:
    """Begin to record (the name that ``%load_ext`` looks for)."""
    global _recorder, _refused
    if _recorder is not None:
        _recorder.leaving = False
        return
    try:
        home = ensure_home()
        _recorder = Recorder(shell, home, os.environ.pop(RUN_VARIABLE, ""))
        _recorder.start()
        _refused = ""
    except Exception as error:
        _recorder, _refused = None, str(error)
        # Whoever loads it by hand sees a cell's output; what a starting kernel prints goes to its log.
        at_work = getattr(shell.displayhook, "exec_result", None) is not None
        stream = sys.stderr if at_work else sys.__stderr__
        print(f"provkg does not record this session: {error}", file=stream)


def unload_ipython_extension(shell: Any) -> None:
    """Stop recording, when the cell that asks for it has ended."""
    if _recorder is not None:
        _recorder.leaving = True
        if _recorder.running() is None:
            _leave()


def _leave() -> None:
    global _recorder
    if _recorder is not None:
        _recorder.stop()
        _recorder = None
