"""Executes a notebook's cells in a kernel: marks each request, reports progress, and stops in good order."""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbclient.util import ensure_async
from nbformat import NotebookNode

from provkg.capture.document import is_code
from provkg.capture.messages import MessageRecorder
from provkg.capture.saved import MAY_FAIL
from provkg.config import Home
from provkg.errors import KernelError
from provkg.journal import journal_path, read_events
from provkg.records import CellStarted, EnvironmentSeen, Error, Event, Notice, Status

__all__ = ["CapturingClient", "OnEvent"]

OnEvent = Callable[..., None]
_EXTENSION = "provkg"
_GRACE = 5.0
"""Seconds that an interrupted cell gets to end and be recorded."""


class CapturingClient(NotebookClient):
    """Executes one notebook: tells the kernel which cell runs, and tells a listener how it goes."""

    def __init__(
        self,
        notebook: NotebookNode,
        kernel: str,
        folder: Path,
        home: Home,
        run: str,
        append: Callable[[Event], None],
        *,
        language: str,
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
            extra_arguments=[f"--IPKernelApp.extra_extensions={_EXTENSION}"] if language == "python" else [],
            record_timing=False,
        )
        self._home = home
        self._run = run
        self._tell = on_event
        self._append = append
        self._messages: MessageRecorder | None = None
        self.notices: list[Notice] = []
        """What is worth knowing of the run as a whole."""
        self._stopped = False
        self._total = sum(is_code(cell) for cell in notebook.cells)
        self._position = 0
        self.log.disabled = True

    def run(self) -> tuple[Status, Error | None]:
        """Execute all cells; returns how it ended and what stopped it."""
        return asyncio.run(self._execute_all())

    async def _execute_all(self) -> tuple[Status, Error | None]:
        environment = {**os.environ}
        if self.extra_arguments:
            environment |= {"PROVKG_HOME": str(self._home.path), "PROVKG_RUN": self._run}
            environment.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
        first: Error | None = None
        try:
            # What a cell's child processes print is in its outputs, and is not for our own standard output.
            async with self.async_setup_kernel(env=environment, stdout=subprocess.DEVNULL):
                self._take_signals()
                info = await self._language()
                self._see_whether_it_records(info)
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
        tags = list(cell.metadata.get("tags", []))
        if not is_code(cell) or self.skip_cells_with_tag in tags:
            return None
        self._position += 1
        self._tell("cell-started", index=self._position, total=self._total, cell=index, source=cell.source)
        self._current = (index, tags, cell.get("id", ""))
        began = time.monotonic()
        status = Status.FAILED
        if self._messages is not None:
            self._messages.begin(cell.source, cell_id=cell.get("id", ""), index=index, tags=tags)
        broken_off = True
        try:
            await self.async_execute_cell(cell, index)
            broken_off = self._stopped
            errors = [output for output in cell.outputs if output.output_type == "error"]
            status = Status.FAILED if errors else Status.SUCCEEDED
            if not errors or MAY_FAIL in tags:
                return None
            return Error(name=errors[0].ename, message=errors[0].evalue)
        except CellExecutionError:
            broken_off = self._stopped
            raise
        finally:
            if self._messages is not None:
                self._messages.end(cell.outputs, cell.get("execution_count"), broken_off=broken_off)
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

    async def _language(self) -> Mapping[str, Any]:
        """Ask the kernel what it is, as executed notebooks say it."""
        reply = await self.async_wait_for_reply(await ensure_async(self._kernel_client().kernel_info()))
        info: Mapping[str, Any] = reply["content"] if reply is not None else {}
        if "language_info" in info:
            self.nb.metadata["language_info"] = info["language_info"]
        return info

    def _see_whether_it_records(self, info: Mapping[str, Any]) -> None:
        """Record by messages alone where the kernel does not record itself."""
        events = read_events(journal_path(self._home, self._run))
        if any(isinstance(event, EnvironmentSeen) for event, _ in events):
            return
        self._messages = MessageRecorder(self._append, self._home)
        self._messages.see_environment(info)
        language = (info.get("language_info") or {}).get("name", "")
        if self.extra_arguments:
            why = (
                f"provkg does not record in the kernel {self.kernel_name!r}: of its cells only code, times, "
                "outputs and errors are recorded, and nothing of data and models. Install provkg in its "
                "environment (`python -m pip install provkg`), or choose another kernel with --kernel."
            )
        else:
            why = (
                f"The kernel {self.kernel_name!r} runs {language or 'another language'}: of its cells only "
                "code, times, outputs and errors are recorded, and nothing of data and models."
            )
        self.notices.append(Notice(where="kernel", message=why))
        self._tell("warning", message=why)

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
            if self._messages is not None or self._cell_ended():
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
