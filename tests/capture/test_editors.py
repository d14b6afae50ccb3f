"""What editors send: JupyterLab through a real Jupyter server, VS Code by its handles and its variable."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import nbformat
import pytest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from provkg.config import Home
from provkg.journal import read_run, runs
from provkg.jupyter.kernelspec import install
from provkg.queries import ask
from provkg.records import Evidence, Run, Status
from provkg.results import Solutions, to_frame
from provkg.store import open_store
from tests.capture.conftest import StartKernel
from tests.capture.live import EXTENSION, NEVER

TOKEN = uuid4().hex


class Server:
    """A Jupyter server and one notebook in it, driven by the requests and messages that JupyterLab sends."""

    def __init__(self, url: str, path: str) -> None:
        self.url = url
        self.path = path
        self.cells: dict[str, str] = {}
        self.deleted: list[str] = []

    def ask(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}api/{path}",
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": f"token {TOKEN}"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def save(self) -> None:
        notebook = nbformat.v4.new_notebook()
        notebook.cells = [nbformat.v4.new_code_cell(text, id=name) for name, text in self.cells.items()]
        self.ask("PUT", f"contents/{self.path}", {"type": "notebook", "content": notebook})

    async def open(self) -> None:
        model = {"path": self.path, "name": self.path, "type": "notebook", "kernel": {"name": "provkg"}}
        loop = asyncio.get_running_loop()
        session = await loop.run_in_executor(None, self.ask, "POST", "sessions", model)
        self.kernel = session["kernel"]["id"]
        await self._connect()

    async def _connect(self) -> None:
        where = self.url.replace("http", "ws")
        address = f"{where}api/kernels/{self.kernel}/channels?session_id={uuid4().hex}&token={TOKEN}"
        self.socket: WebSocketClientConnection = await websocket_connect(address)

    async def close(self) -> None:
        self.socket.close()
        while await self.socket.read_message() is not None:
            continue

    async def restart(self) -> None:
        await self.close()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self.ask, "POST", f"kernels/{self.kernel}/restart")
        await self._connect()

    async def run(self, *names: str) -> list[str]:
        """Execute cells, all asked for at once as *Run all* does; returns how each was answered."""
        asked = [await self._send(self.cells[name], name) for name in names]
        replies: dict[str, str] = {}
        while len(replies) < len(asked):
            text = await self.socket.read_message()
            assert isinstance(text, str)
            message = json.loads(text)
            if message["header"]["msg_type"] == "execute_reply":
                replies[message["parent_header"]["msg_id"]] = message["content"]["status"]
        return [replies[request] for request in asked]

    async def _send(self, code: str, cell_id: str) -> str:
        identifier = uuid4().hex
        header = {"msg_id": identifier, "msg_type": "execute_request", "username": "", "session": "s",
                  "date": "2026-01-01T00:00:00Z", "version": "5.2"}  # fmt: skip
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {},
                   "allow_stdin": True, "stop_on_error": True}  # fmt: skip
        metadata = {"trusted": True, "cellId": cell_id, "deletedCells": self.deleted, "recordTiming": False}
        message = {"channel": "shell", "header": header, "parent_header": {}, "metadata": metadata,
                   "content": content, "buffers": []}  # fmt: skip
        await self.socket.write_message(json.dumps(message))
        return identifier


@pytest.fixture
def server(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    pytest.importorskip("jupyter_server")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "env" / "share" / "jupyter"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    install(prefix=str(tmp_path / "env"))
    (tmp_path / "work").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyter_server", "--allow-root", f"--ServerApp.port={port}", "--no-browser",
        "--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={tmp_path / 'work'}",
    ]  # fmt: skip
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log, cwd=tmp_path)
    served = Server(f"http://127.0.0.1:{port}/", "lab.ipynb")
    try:
        wait_for(served, process)
        yield served
    finally:
        process.terminate()
        process.communicate(timeout=60)


def wait_for(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            server.ask("GET", "status")
        except OSError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


def recorded(home: Home) -> list[Run]:
    found = [run for identifier in runs(home) if (run := read_run(home, identifier))]
    return sorted(found, key=lambda run: run.started.started_at or NEVER)


def gone(home: Home, run: Run) -> set[str]:
    with open_store(home) as store:
        result = ask(store, "which_executed_cells_are_gone", {"run": run.id}).result
        assert isinstance(result, Solutions)
        return set(to_frame(result)["cell"])


def test_a_session_of_a_jupyter_server_is_told_as_it_went(server: Server, home: Home, tmp_path: Path) -> None:
    async def work() -> None:
        server.cells = {"a": "x = 1", "b": "y = x + 1", "c": "print(y)", "d": "scratch = 0"}
        server.save()
        await server.open()
        assert await server.run("a", "b", "c", "d") == ["ok"] * 4
        server.cells["a"] = "x = 10"
        assert await server.run("a", "c") == ["ok"] * 2
        del server.cells["d"]
        server.deleted.append("d")
        server.cells["fails"] = "1 / 0"
        assert await server.run("fails", "c") == ["error", "aborted"]
        del server.cells["fails"]
        server.save()
        server.cells["late"] = "z = 1"
        await server.run("late")
        await server.restart()
        assert await server.run("c") == ["error"]
        server.ask("PATCH", "contents/lab.ipynb", {"path": "renamed.ipynb"})
        server.path = "renamed.ipynb"
        server.save()
        await server.close()
        server.ask("DELETE", f"kernels/{server.kernel}")

    asyncio.run(work())
    first, second = recorded(home)
    assert first.started.code is not None
    assert first.started.code.path == str(tmp_path / "work" / "lab.ipynb")
    cells = [execution.cell_id for execution in first.executions]
    assert cells == ["a", "b", "c", "d", "a", "c", "fails", "late"]
    assert [execution.source for execution in first.executions if execution.cell_id == "a"] == [
        "x = 1",
        "x = 10",
    ]
    assert {execution.cell_evidence for execution in first.executions} == {Evidence.OBSERVED}
    assert first.executions[5].outputs[0].text == "2\n"
    assert first.document is not None
    assert [cell.id for cell in first.document.cells] == ["a", "b", "c"]
    assert first.status is Status.SUCCEEDED
    # Of what was executed after the notebook was last saved it is not known whether it is there.
    assert gone(home, first) == {"d", "fails"}
    assert [(execution.cell_id, execution.status) for execution in second.executions] == [
        ("c", Status.FAILED)
    ]
    # It was renamed meanwhile.
    assert second.started.code is not None
    assert second.started.code.path == str(tmp_path / "work" / "renamed.ipynb")
    assert second.document is not None
    assert [cell.id for cell in second.document.cells] == ["a", "b", "c", "late"]


def test_handles_of_an_editor_are_placed_by_the_texts_of_the_saved_notebook(
    kernels: StartKernel, home: Home, tmp_path: Path
) -> None:
    path = tmp_path / "code.ipynb"

    def handle(number: int) -> str:
        return f"vscode-notebook-cell:{path}#W{number}sZmlsZQ%3D%3D"

    kernel = kernels(EXTENSION)
    kernel.run(f"__vsc_ipynb_file__ = {str(path)!r}", silent=True)
    for number, source in (
        (0, "x = 1"),
        (1, "y = x"),
        (2, "z = 1"),
        (0, "x = 2"),
        (3, "z = 1"),
        (4, "w = 1"),
    ):
        assert kernel.run(source, handle(number)).ok
    notebook = nbformat.v4.new_notebook()
    texts = {"first": "x = 2", "second": "y = x", "twin": "z = 1", "other twin": "z = 1", "new": "v = 1"}
    notebook.cells = [
        nbformat.v4.new_code_cell(text, id=name.replace(" ", "-")) for name, text in texts.items()
    ]
    nbformat.write(notebook, path)
    kernel.shut_down()
    run = kernel.run_of()
    assert run.started.code is not None
    assert run.started.code.path == str(path)
    assert [execution.cell_id for execution in run.executions] == [
        "first",
        "second",
        handle(2),  # two cells have this text
        "first",
        handle(3),
        handle(4),
    ]
    evidence = [execution.cell_evidence is Evidence.INFERRED for execution in run.executions]
    assert evidence == [True, True, False, True, False, False]
    # A handle says nothing of the document: no cell is said to be gone.
    assert gone(home, run) == set()


def test_a_client_that_names_no_cells_is_placed_too(kernels: StartKernel, tmp_path: Path) -> None:
    path = tmp_path / "old.ipynb"
    kernel = kernels(EXTENSION, JPY_SESSION_NAME=str(path))
    for source in ("a = 1", "b = 2", "a = 1"):
        kernel.run(source)
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(text, id=f"c{text[0]}") for text in ("a = 1", "b = 3")]
    nbformat.write(notebook, path)
    kernel.shut_down()
    assert [execution.cell_id for execution in kernel.run_of().executions] == ["ca", "", "ca"]
