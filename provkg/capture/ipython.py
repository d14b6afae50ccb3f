"""The IPython extension: records what the kernel executes.

Loaded by the kernel's own start arguments (``--IPKernelApp.extra_extensions=provkg.capture.ipython``), so
that it is there before the first import, or by ``%load_ext provkg.capture.ipython``. The environment tells
it where to: ``PROVKG_HOME``, and ``PROVKG_RUN`` when a runner has begun the run already.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from provkg.capture.outputs import error_of, without_colour
from provkg.capture.recording import Recording
from provkg.capture.saved import saved_document
from provkg.capture.tracebacks import without_hooks
from provkg.config import Home, ensure_home
from provkg.records import Code, CodeKind, Error, OutputKind, RunKind

__all__ = ["RUN_VARIABLE", "Recorder", "load_ipython_extension", "unload_ipython_extension"]

RUN_VARIABLE = "PROVKG_RUN"
_recorder: Recorder | None = None


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
        self._notebook = ""
        self._traceback = ""

    # --- beginning and ending ---

    def start(self) -> None:
        """Begin to watch the shell."""
        self.recording.start()
        undo = self.recording.undo
        self._watch_displays()
        self._watch_tracebacks()
        for event, callback in (("pre_run_cell", self.before), ("post_run_cell", self.after)):
            self.shell.events.register(event, callback)
            undo.append(lambda e=event, c=callback: self.shell.events.unregister(e, c))  # type: ignore[misc]
        atexit.register(self.stop)
        os.register_at_fork(after_in_child=lambda: atexit.unregister(self.stop))
        if self.recording.begun:
            self.recording.see_environment(_kernel())
            # The runner's kernel is fresh: what exists now is machinery that lives as long as the process.
            # Passing over it in every full garbage collection saves more than capture's own objects cost.
            gc.freeze()

    def stop(self) -> None:
        """Stop watching; the run ends if it began."""
        atexit.unregister(self.stop)
        self.recording.stop()
        if self.recording.begun:
            document = saved_document(self._notebook) if self._notebook else None
            if document is not None and document.at >= self.recording.since:
                self.session.write(document)
            self.session.finish()
        self.recording.close()

    def _begin_run(self) -> None:
        """A live session begins with its first execution."""
        path = os.environ.get("JPY_SESSION_NAME", "")
        self._notebook = os.path.abspath(path) if path.endswith(".ipynb") else ""
        code = Code(path=self._notebook, kind=CodeKind.NOTEBOOK) if self._notebook else None
        self.recording.begin_run(RunKind.NOTEBOOK, _kernel(), code)

    # --- watching ---

    def _watch_displays(self) -> None:
        for publisher, kind in (
            (self.shell.display_pub, OutputKind.DISPLAY),
            (self.shell.displayhook, OutputKind.RESULT),
        ):
            register = getattr(publisher, "register_hook", None)
            if register is None:
                continue
            hook = self._display_hook(kind)
            register(hook)
            self.recording.undo.append(lambda p=publisher, h=hook: p.unregister_hook(h))  # type: ignore[misc]

    def _display_hook(self, kind: OutputKind) -> Callable[[dict[str, Any]], dict[str, Any]]:
        def hook(message: dict[str, Any]) -> dict[str, Any]:
            try:
                if message.get("msg_type") in ("display_data", "execute_result"):
                    self.session.outputs.displayed(kind, message["content"]["data"])
            except Exception as error:
                self.session.notice("display", error)
            return message

        return hook

    def _watch_tracebacks(self) -> None:
        """Hide our frames from the tracebacks shown, and keep the text of the one shown last."""
        shell = self.shell
        get_exc_info, show = shell._get_exc_info, shell._showtraceback

        def _get_exc_info(exc_tuple: Any = None) -> Any:
            kind, value, traceback = get_exc_info(exc_tuple)
            self.session.settle_imports()
            shown = without_hooks(traceback)
            if value is not None and value.__traceback__ is traceback:
                value.__traceback__ = shown
            return kind, value, shown

        def _showtraceback(etype: Any, evalue: Any, stb: list[str]) -> Any:
            self._traceback = "\n".join(stb)
            self.session.ignore_imports()
            return show(etype, evalue, stb)

        shell._get_exc_info, shell._showtraceback = _get_exc_info, _showtraceback
        self.recording.undo.append(lambda: delattr(shell, "_get_exc_info"))
        self.recording.undo.append(lambda: delattr(shell, "_showtraceback"))

    # --- executions ---

    def before(self, info: Any) -> None:
        """IPython is about to run a cell."""
        try:
            if info.silent or not info.store_history:
                return
            if not self.recording.begun:
                self._begin_run()
            self._traceback = ""
            given = (getattr(info, "cell_meta", None) or {}).get("provkg", {})
            self.session.begin(
                info.raw_cell,
                info.transformed_cell or info.raw_cell,
                cell_id=info.cell_id or "",
                index=given.get("index"),
                tags=tuple(given.get("tags", ())),
            )
        except Exception as error:
            self.session.notice("beginning of a cell", error)

    def after(self, result: Any) -> None:
        """IPython has run a cell."""
        try:
            info = result.info
            if info is None or info.silent or not info.store_history:
                return
            raised = result.error_before_exec or result.error_in_exec
            self.session.end(
                error=self._error(raised) if raised is not None else None,
                interrupted=isinstance(raised, KeyboardInterrupt),
                execution_count=result.execution_count,
            )
        except Exception as error:
            self.session.notice("end of a cell", error)

    def _error(self, raised: BaseException) -> Error:
        line = raised.lineno if isinstance(raised, SyntaxError) else None
        offset = self.session.values.texts.cell().offset
        traceback = raised.__traceback__
        while traceback is not None:
            frame = traceback.tb_frame
            # Of a cell magic such as ``%%time`` the call comes first and then its body, from line 1.
            if frame.f_globals is self.shell.user_ns and (line is None or (offset and _is_cell(frame))):
                line = traceback.tb_lineno + (offset if line is not None else 0)
            traceback = traceback.tb_next
        return error_of(raised, without_colour(self._traceback), line)


def _is_cell(frame: FrameType) -> bool:
    return frame.f_code.co_name == "<module>"


def _kernel() -> str:
    module = sys.modules.get("ipykernel")
    if module is not None:
        return f"ipykernel {module.__version__}"
    import IPython

    return f"ipython {IPython.__version__}"


def load_ipython_extension(shell: Any) -> None:
    """Begin to record (the name that ``%load_ext`` looks for)."""
    global _recorder
    if _recorder is not None:
        return
    try:
        home = ensure_home()
        _recorder = Recorder(shell, home, os.environ.pop(RUN_VARIABLE, ""))
        _recorder.start()
    except Exception as error:
        _recorder = None
        print(f"provkg does not record this session: {error}", file=sys.__stderr__)


def unload_ipython_extension(shell: Any) -> None:
    """Stop recording."""
    global _recorder
    if _recorder is not None:
        _recorder.stop()
        _recorder = None
