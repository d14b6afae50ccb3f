"""Runs a notebook in a fresh kernel with capture on, and survives what goes wrong in it.

This is the runner's side; what happens inside the kernel is recorded by `provkg.capture.ipython`.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from nbformat import NotebookNode

from provkg import __version__
from provkg.capture.client import CapturingClient, OnEvent
from provkg.capture.document import (
    document_of,
    notebook_bytes,
    output_size,
    read_notebook,
    title_of,
    with_parameters,
    write_notebook,
)
from provkg.capture.environment import agent
from provkg.capture.git import commit_of
from provkg.capture.saved import MAY_FAIL
from provkg.confidential import MARK, cleaned_command, is_secret_setting
from provkg.config import Home
from provkg.errors import JournalError, KernelError
from provkg.identity import sha256
from provkg.journal import Journal, journal_path, put_object, read_run
from provkg.records import (
    Code,
    CodeKind,
    DocumentSeen,
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
    name, language = _kernel(notebook, kernel)
    notebook = with_parameters(notebook, parameters or {}, language)
    run = str(uuid4())
    began = time.monotonic()
    with Journal(home, run) as journal:
        digest, _ = put_object(home, content) if home.capture.outputs else (sha256(content), False)
        journal.append(_started(run, source, digest, len(content), notebook, home, parameters or {}, command))
        journal.append(DocumentSeen(at=datetime.now(UTC), document=document_of(notebook, digest)))
        client = CapturingClient(
            notebook,
            name,
            source.parent,
            home,
            run,
            journal.append,
            language=language,
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
            finished = RunFinished(
                ended_at=datetime.now(UTC),
                status=status,
                error=error,
                order=order,
                notices=tuple(client.notices),
            )
            _append_quietly(journal, finished, on_event)
            # A notebook that nobody keeps is not written out when its outputs are huge.
            wanted = output is not None or output_size(notebook) <= home.limits.object_bytes
            executed = notebook_bytes(notebook) if wanted else b""
            _append_quietly(journal, _left(home, notebook, executed), on_event)
    if not journal_path(home, run).exists():
        on_event("warning", message=f"The record of this run is gone: {home.journal_folder} was removed.")
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
        command=cleaned_command(command),
        folder=os.fsencode(path.parent).decode("utf-8", "backslashreplace"),
        parameters=tuple(
            Setting(
                name=name,
                value=MARK if is_secret_setting(name) else value,
                type=type(value).__name__,
                explicit=True,
            )
            for name, value in parameters.items()
        ),
    )


def _left(home: Home, notebook: NotebookNode, executed: bytes) -> DocumentSeen:
    digest = sha256(executed) if executed else ""
    if executed and home.capture.outputs:
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
    recorded = None
    if status is not Status.SUCCEEDED and journal_path(home, run).exists():
        recorded = read_run(home, run)
    for execution in recorded.executions if recorded is not None else ():
        expected = execution.status is Status.FAILED and MAY_FAIL in execution.tags
        if execution.status is not Status.SUCCEEDED and not expected:
            return execution.order
    return 0


def _kernel(notebook: NotebookNode, asked: str) -> tuple[str, str]:
    """The name of the kernel to run in, and its language in lower case."""
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
    return str(name), (spec.language or "python").lower()
