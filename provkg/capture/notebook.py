"""Runs a notebook in a fresh kernel with capture on, and survives what goes wrong in it.

This is the runner's side; what happens inside the kernel is recorded by `provkg.capture.ipython`.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import zmq
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbclient.util import ensure_async
from nbformat import NotebookNode

from provkg import __version__
from provkg.capture.document import (
    document_of,
    is_code,
    notebook_bytes,
    read_notebook,
    title_of,
    with_parameters,
    write_notebook,
)
from provkg.capture.environment import agent
from provkg.capture.git import commit_of
from provkg.config import Home
from provkg.errors import JournalError, KernelError
from provkg.identity import sha256
from provkg.journal import Journal, journal_path, put_object, read_events, read_run
from provkg.record import (
    CellStarted,
    Code,
    CodeKind,
    DocumentSeen,
    EnvironmentSeen,
    Error,
    Event,
    RunFinished,
    RunKind,
    RunStarted,
    Scalar,
    Setting,
    Status,
)

__all__ = ["RunReport", "run_notebook"]

OnEvent = Callable[..., None]
_EXTENSION = "provkg.capture.ipython"
_MAY_FAIL = "raises-exception"
_GRACE = 5.0
"""Seconds that an interrupted cell gets to end and be recorded."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """How a run ended.

    ``order`` is the rank of the execution that failed, or 0; ``seconds`` is wall time; ``output`` is
    where the executed notebook was written.
    """

    run: str
    status: Status
    error: Error | None
    order: int
    output: Path | None
    seconds: float


def run_notebook(
    path: str | os.PathLike[str],
    home: Home,
    *,
    parameters: Mapping[str, Scalar] | None = None,
    output: str | os.PathLike[str] | None = None,
    timeout: float | None = None,
    kernel: str = "",
    allow_errors: bool = False,
    on_event: OnEvent = lambda kind, **details: None,
    command: tuple[str, ...] = (),
) -> RunReport:
    """Execute a notebook in a fresh kernel and record the run.

    Parameters:
        path: the notebook; it is not changed.
        home: where the run is recorded.
        parameters: values set in a cell behind the one tagged ``parameters``.
        output: where the executed notebook is written, also after a failure; by default nowhere.
        timeout: seconds that one cell may take.
        kernel: name of the kernel; by default the one the notebook names.
        allow_errors: go on after a failing cell.
        on_event: told of progress: ``on_event("cell-started", index=…, total=…, source=…)`` and so on.
        command: the command line, for the record.

    Raises:
        NotebookError: the file is not a notebook, or the executed one cannot be written.
        KernelError: the kernel cannot be found, started or captured.
        JournalError: the home cannot be written.
    """
    source = Path(path).resolve()
    notebook, content = read_notebook(source)
    notebook = with_parameters(notebook, parameters or {})
    name = _kernel_name(notebook, kernel)
    run = str(uuid4())
    began = time.monotonic()
    with Journal(home, run) as journal:
        digest, _ = put_object(home, content) if home.capture.outputs else (sha256(content), False)
        journal.append(_started(run, source, digest, len(content), notebook, home, parameters or {}, command))
        journal.append(DocumentSeen(at=datetime.now(UTC), document=document_of(notebook, digest)))
        client = _Client(
            notebook,
            name,
            source.parent,
            home,
            run,
            timeout=timeout,
            allow_errors=allow_errors,
            on_event=on_event,
        )
        status, error = Status.FAILED, None
        try:
            status, error = client.run()
        except BaseException as failure:
            error = Error(
                name=type(failure).__name__, message=str(failure).splitlines()[0] if str(failure) else ""
            )
            if isinstance(failure, KeyboardInterrupt | SystemExit):
                status = Status.INTERRUPTED
            raise
        finally:
            order = _failed_order(home, run, status)
            executed = notebook_bytes(notebook)
            finished = RunFinished(ended_at=datetime.now(UTC), status=status, error=error, order=order)
            _append_quietly(journal, _left(home, notebook, executed), on_event)
            _append_quietly(journal, finished, on_event)
    if output is not None:
        write_notebook(executed, Path(output))
    return RunReport(
        run=run,
        status=status,
        error=error,
        order=order,
        output=Path(output) if output is not None else None,
        seconds=time.monotonic() - began,
    )


def _started(
    run: str,
    path: Path,
    digest: str,
    size: int,
    notebook: NotebookNode,
    home: Home,
    parameters: Mapping[str, Scalar],
    command: tuple[str, ...],
) -> RunStarted:
    return RunStarted(
        run=run,
        kind=RunKind.NOTEBOOK,
        started_at=datetime.now(UTC),
        recorder=f"provkg {__version__}",
        code=Code(
            path=os.fsencode(path).decode("utf-8", "backslashreplace"),
            kind=CodeKind.NOTEBOOK,
            sha256=digest,
            size=size,
            title=title_of(notebook),
            notebook_id=str(notebook.metadata.get("id", "")),
        ),
        agent=agent() if home.capture.person else None,
        commit=commit_of(path.parent),
        command=command,
        folder=os.fsencode(path.parent).decode("utf-8", "backslashreplace"),
        parameters=tuple(
            Setting(name=name, value=value, type=type(value).__name__, explicit=True)
            for name, value in parameters.items()
        ),
    )


def _left(home: Home, notebook: NotebookNode, executed: bytes) -> DocumentSeen:
    digest = sha256(executed)
    if home.capture.outputs:
        with contextlib.suppress(JournalError):
            digest, _ = put_object(home, executed)
    return DocumentSeen(at=datetime.now(UTC), document=document_of(notebook, digest))


def _append_quietly(journal: Journal, event: Event, on_event: OnEvent) -> None:
    """The run's outcome is worth more than the complaint that its end could not be written."""
    try:
        journal.append(event)
    except JournalError as error:
        on_event("warning", message=error.message)


def _failed_order(home: Home, run: str, status: Status) -> int:
    """The rank of the first execution that failed without being expected to, or 0."""
    recorded = read_run(home, run) if status is not Status.SUCCEEDED else None
    for execution in recorded.executions if recorded is not None else ():
        expected = execution.status is Status.FAILED and _MAY_FAIL in execution.tags
        if execution.status is not Status.SUCCEEDED and not expected:
            return execution.order
    return 0


def _kernel_name(notebook: NotebookNode, asked: str) -> str:
    name = asked or notebook.metadata.get("kernelspec", {}).get("name") or "python3"
    manager = KernelSpecManager()
    known = sorted(manager.find_kernel_specs())
    try:
        spec = manager.get_kernel_spec(name)
    except NoSuchKernel as error:
        raise KernelError(
            f"There is no kernel {name!r}; there are {', '.join(known) or 'none'}.",
            f"Choose one with --kernel, as in `--kernel {known[0] if known else 'python3'}`.",
        ) from error
    if (spec.language or "python").lower() != "python":
        raise KernelError(
            f"The kernel {name!r} runs {spec.language}; only Python kernels can be captured yet.",
            "Choose a Python kernel with --kernel, if the notebook is Python.",
        )
    return str(name)


class _Client(NotebookClient):
    """Executes one notebook: tells the kernel which cell runs, and tells a listener how it goes."""

    def __init__(
        self,
        notebook: NotebookNode,
        kernel: str,
        folder: Path,
        home: Home,
        run: str,
        *,
        timeout: float | None,
        allow_errors: bool,
        on_event: OnEvent,
    ) -> None:
        super().__init__(
            notebook,
            kernel_name=kernel,
            timeout=timeout,
            allow_errors=allow_errors,
            resources={"metadata": {"path": str(folder)}},
            extra_arguments=[f"--IPKernelApp.extra_extensions={_EXTENSION}"],
            record_timing=False,
        )
        self._home = home
        self._run = run
        self._tell = on_event
        self._stopped = False
        self._total = sum(is_code(cell) for cell in notebook.cells)
        self._position = 0
        self.log.disabled = True

    def run(self) -> tuple[Status, Error | None]:
        """Execute all cells; returns how it ended and what stopped it."""
        return asyncio.run(self._execute_all())

    async def _execute_all(self) -> tuple[Status, Error | None]:
        environment = {**os.environ, "PROVKG_HOME": str(self._home.path), "PROVKG_RUN": self._run}
        environment.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
        first: Error | None = None
        try:
            async with self.async_setup_kernel(env=environment):
                self._take_signals()
                await self._language()
                self._check_recording()
                self._mark_requests()
                self._tell("kernel-started", kernel=self.kernel_name, total=self._total)
                for index, cell in enumerate(self.nb.cells):
                    if self._stopped:
                        break
                    error = await self._execute_one(index, cell)
                    first = first or error
        except CellExecutionError as failure:
            if failure.ename == "KeyboardInterrupt":
                return Status.INTERRUPTED, Error(name=failure.ename, message="the cell was interrupted")
            return Status.FAILED, Error(name=failure.ename, message=failure.evalue)
        except CellTimeoutError:
            return Status.INTERRUPTED, Error(
                name="CellTimeoutError", message=f"the cell took longer than {self.timeout} seconds"
            )
        except DeadKernelError:
            if self._stopped:
                return Status.INTERRUPTED, Error(name="KeyboardInterrupt", message="the run was interrupted")
            return Status.FAILED, Error(name="DeadKernelError", message="the kernel died while the cell ran")
        except (KernelError, asyncio.CancelledError):
            raise
        except (RuntimeError, OSError, NoSuchKernel) as failure:
            reason = str(failure).strip() or type(failure).__name__
            raise KernelError(
                f"The kernel {self.kernel_name!r} did not start: {reason}",
                "Try `jupyter kernelspec list`, and `provkg doctor`.",
            ) from failure
        finally:
            atexit.unregister(self._cleanup_kernel)
        if self._stopped:
            return Status.INTERRUPTED, Error(name="KeyboardInterrupt", message="the run was interrupted")
        return (Status.FAILED if first else Status.SUCCEEDED), first

    async def _execute_one(self, index: int, cell: NotebookNode) -> Error | None:
        """Execute one cell; returns its error where errors are allowed."""
        if not is_code(cell):
            return None
        self._position += 1
        self._tell("cell-started", index=self._position, total=self._total, cell=index, source=cell.source)
        self._current = (index, list(cell.metadata.get("tags", [])), cell.get("id", ""))
        began = time.monotonic()
        status = Status.FAILED
        try:
            await self.async_execute_cell(cell, index)
            errors = [output for output in cell.outputs if output.output_type == "error"]
            status = Status.FAILED if errors else Status.SUCCEEDED
            if not errors or _MAY_FAIL in cell.metadata.get("tags", []):
                return None
            return Error(name=errors[0].ename, message=errors[0].evalue)
        finally:
            self._tell(
                "cell-finished",
                index=self._position,
                total=self._total,
                cell=index,
                status=status,
                seconds=time.monotonic() - began,
            )

    # --- kernel ---

    def create_kernel_manager(self) -> Any:
        """A manager that encrypts the connection where the kernel can."""
        manager = super().create_kernel_manager()
        if manager.has_trait("transport_encryption") and zmq.has("curve"):
            manager.transport_encryption = "auto"
        return manager

    def _kernel_client(self) -> Any:
        return self.kc

    async def _language(self) -> None:
        """Ask the kernel what it is, as executed notebooks say it."""
        reply = await self.async_wait_for_reply(await ensure_async(self._kernel_client().kernel_info()))
        if reply is not None and "language_info" in reply["content"]:
            self.nb.metadata["language_info"] = reply["content"]["language_info"]

    def _check_recording(self) -> None:
        events = read_events(journal_path(self._home, self._run))
        if not any(isinstance(event, EnvironmentSeen) for event, _ in events):
            raise KernelError(
                f"The kernel {self.kernel_name!r} started, but provkg is not recording in it.",
                "Install provkg in the environment of that kernel (`python -m pip install provkg`), "
                "or choose another with --kernel.",
            )

    def _mark_requests(self) -> None:
        """Send the cell's id with each request, as JupyterLab does and nbclient does not."""
        session: Any = self._kernel_client().session
        make = session.msg

        def msg(msg_type: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
            message: dict[str, Any] = make(msg_type, *args, **kwargs)
            if msg_type == "execute_request":
                index, tags, identifier = self._current
                message["metadata"].update(cellId=identifier, provkg={"index": index, "tags": tags})
            return message

        session.msg = msg

    # --- stopping ---

    def _take_signals(self) -> None:
        """The first interrupt ends the cell so that it is recorded, the second ends the kernel."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, self._interrupted)
            except (NotImplementedError, RuntimeError, ValueError):
                return

    def _interrupted(self) -> None:
        again, self._stopped = self._stopped, True
        manager: Any = self.km
        stop = manager.shutdown_kernel(now=True) if again else manager.interrupt_kernel()
        self._stopping = asyncio.ensure_future(stop)

    async def _async_handle_timeout(self, timeout: int, cell: NotebookNode | None = None) -> None:
        """Interrupt the cell that took too long, give it a moment to be recorded, and give up."""
        manager: Any = self.km
        await manager.interrupt_kernel()
        deadline = time.monotonic() + _GRACE
        while time.monotonic() < deadline:
            if self._cell_ended():
                break
            await asyncio.sleep(0.1)
        else:
            self.shutdown_kernel = "immediate"
        assert cell is not None
        raise CellTimeoutError.error_from_timeout_and_cell("Cell execution timed out", timeout, cell)

    def _cell_ended(self) -> bool:
        running = False
        for event, _ in read_events(journal_path(self._home, self._run)):
            running = isinstance(event, CellStarted)
        return not running
