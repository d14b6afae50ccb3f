"""A live kernel as a notebook editor drives it: messages in, messages out, and what was recorded of them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.manager import KernelManager

from provkg.config import Home
from provkg.journal import read_run, runs
from provkg.records import Run

EXTENSION = "--IPKernelApp.extra_extensions=provkg"
SECONDS = 60
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Done:
    """What a request was answered with."""

    reply: Mapping[str, Any]
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return bool(self.reply.get("status") == "ok")

    def all_of(self, *kinds: str) -> Iterator[Mapping[str, Any]]:
        return (message["content"] for message in self.messages if message["msg_type"] in kinds)

    @property
    def text(self) -> str:
        """What was printed and shown as plain text."""
        streams = [content["text"] for content in self.all_of("stream")]
        shown = [
            content["data"].get("text/plain", "") for content in self.all_of("display_data", "execute_result")
        ]
        return "".join([*streams, *shown])


class LiveKernel:
    """One kernel and the client that talks to it."""

    def __init__(self, home: Home, *arguments: str, kernel: str = "python3", **variables: str) -> None:
        self.home = home
        self.manager = KernelManager(kernel_name=kernel, transport_encryption="auto")
        environment = {**os.environ, "PROVKG_HOME": str(home.path), **variables}
        environment.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
        self.manager.start_kernel(extra_arguments=list(arguments), env=environment, cwd=str(home.path.parent))
        self.client: Any = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=SECONDS)

    def send(self, source: str, cell_id: str = "", subshell: str = "", **content: Any) -> str:
        """Ask for an execution, as JupyterLab does; returns the request's id."""
        asked = {
            "code": source,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        metadata = {"cellId": cell_id, "deletedCells": [], "recordTiming": False} if cell_id else {}
        message = self.client.session.msg("execute_request", {**asked, **content}, metadata=metadata)
        if subshell:
            message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def wait(self, request: str) -> Done:
        """What a request was answered with, up to where the kernel is idle again."""
        messages = []
        while True:
            message = self.client.get_iopub_msg(timeout=SECONDS)
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
            messages.append(message)
        return Done(self.reply(request), messages)

    def reply(self, request: str) -> Mapping[str, Any]:
        while True:
            message = self.client.get_shell_msg(timeout=SECONDS)
            if message["parent_header"].get("msg_id") == request:
                content: Mapping[str, Any] = message["content"]
                return content

    def run(self, source: str, cell_id: str = "", **content: Any) -> Done:
        return self.wait(self.send(source, cell_id, **content))

    def interrupt(self) -> None:
        self.manager.interrupt_kernel()

    def restart(self) -> None:
        self.client.stop_channels()
        self.manager.restart_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=SECONDS)

    def shut_down(self) -> None:
        if self.manager.has_kernel and not self.manager.context.closed:
            self.client.stop_channels()
            self.manager.shutdown_kernel()

    def wait_until_dead(self) -> None:
        until = time.monotonic() + SECONDS
        while self.manager.is_alive() and time.monotonic() < until:
            time.sleep(0.02)
        self.client.stop_channels()
        self.manager.cleanup_resources()

    def recorded(self) -> list[Run]:
        """The runs in the home, oldest first."""
        found = [run for identifier in runs(self.home) if (run := read_run(self.home, identifier))]
        return sorted(found, key=lambda run: run.started.started_at or NEVER)

    def run_of(self) -> Run:
        [run] = self.recorded()
        return run


def drain(client: Any) -> None:
    """Take what the kernel still says."""
    while True:
        try:
            client.get_iopub_msg(timeout=0.2)
        except Empty:
            return


def folder_of(home: Home) -> Path:
    return home.path.parent
