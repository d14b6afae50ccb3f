from __future__ import annotations

import json
import os
import pty
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from provkg import journal
from provkg.records import CellStarted, Run, Status

if TYPE_CHECKING:
    from provkg.config import Home
    from tests.cli.conftest import Command

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
PROVKG = (sys.executable, "-m", "provkg")

TRAINS = """
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
flowers = pd.read_csv("flowers.csv")
train, test = flowers[:40], flowers[40:]
model = LogisticRegression(C=0.5).fit(train[["width"]], train["kind"])
accuracy_score(test["kind"], model.predict(test[["width"]]))
"""


@pytest.fixture
def notebook(home: Home, tmp_path: Path) -> Path:
    """A notebook that trains a model on a file beside it."""
    rows = [f"{number / 10},{int(number % 3 == 0)}" for number in range(50)]
    (tmp_path / "flowers.csv").write_text("\n".join(["width,kind", *rows]))
    path = tmp_path / "flowers.ipynb"
    cell: dict[str, object] = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    cells = [{**cell, "source": TRAINS.strip()}]
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}))
    return path


def copied(name: str, folder: Path) -> str:
    shutil.copy(NOTEBOOKS / f"{name}.ipynb", folder)
    return f"{name}.ipynb"


def only_run(home: Home) -> Run:
    (identifier,) = journal.runs(home)
    run = journal.read_run(home, identifier)
    assert run is not None
    return run


def test_a_run_ends_with_a_summary_of_what_it_did(provkg: Command, home: Home, notebook: Path) -> None:
    done = provkg("run", notebook.name)
    shown = " ".join(done.out.split())
    run = only_run(home)
    assert (done.code, done.err) == (0, "")
    for part in (
        "flowers.ipynb succeeded in",
        f"run {run.id[:8]}",
        "Data read flowers.csv",
        "50 rows",
        "from flowers.csv)",
        "model LogisticRegression C=0.5",
        "accuracy",
        "pandas",
        "Ask more $ provkg",
    ):
        assert part in shown
    assert run.status is Status.SUCCEEDED


@pytest.mark.parametrize("name", ["flowers", "failing"])
def test_every_command_the_summary_suggests_works(
    provkg: Command, notebook: Path, tmp_path: Path, name: str
) -> None:
    path = notebook.name if name == "flowers" else copied(name, tmp_path)
    out = provkg("run", path).out
    suggested = [line.split("$ provkg ")[1] for line in out.splitlines() if "$ provkg " in line]
    assert len(suggested) >= 2
    for command in suggested:
        done = provkg(*shlex.split(command))
        assert (done.code, done.err) == (0, "")
        assert done.out


def test_a_failing_cell_is_shown_with_its_line_and_exit_code_1(
    provkg: Command, home: Home, tmp_path: Path
) -> None:
    done = provkg("run", copied("failing", tmp_path))
    assert done.code == 1
    assert "Failed in cell [2], the notebook's cell 2" in done.out
    assert "ZeroDivisionError: division by zero" in done.out
    assert ">   4  total / parts" in done.out
    assert only_run(home).status is Status.FAILED


def test_parameters_reach_the_notebook_as_what_they_look_like(
    provkg: Command, home: Home, tmp_path: Path
) -> None:
    given = ("depth=7", "rate=2.5e-3", "name=7up", "shuffle=true", "limit=None")
    done = provkg("run", copied("parameters", tmp_path), *(part for one in given for part in ("-p", one)))
    assert done.code == 0
    assert "with depth=7, rate=0.0025, name=7up, shuffle=True, limit=None" in done.out
    outputs = [output.text for execution in only_run(home).executions for output in execution.outputs]
    assert outputs == ["7 0.0025 7up True ['a', 'b'] None\n"]


def test_the_executed_notebook_is_written_where_asked_and_the_source_left_alone(
    provkg: Command, tmp_path: Path
) -> None:
    source = tmp_path / copied("streams", tmp_path)
    before = source.read_bytes()
    done = provkg("run", source.name, "-o", "executed.ipynb")
    executed = json.loads((tmp_path / "executed.ipynb").read_text())
    assert done.err == "Executed notebook: executed.ipynb\n"
    assert any("to standard output" in str(cell["outputs"]) for cell in executed["cells"])
    assert source.read_bytes() == before


def test_quiet_prints_only_the_id_of_the_run(provkg: Command, home: Home, tmp_path: Path) -> None:
    done = provkg("run", "--quiet", copied("empty", tmp_path))
    assert (done.code, done.out, done.err) == (0, f"{only_run(home).id}\n", "")


def test_a_time_limit_stops_the_cell_and_exits_with_1(provkg: Command, home: Home, tmp_path: Path) -> None:
    done = provkg("run", copied("endless", tmp_path), "--timeout", "1")
    assert done.code == 1
    assert "longer than 1" in done.out
    assert only_run(home).status is Status.INTERRUPTED


def test_what_is_no_notebook_is_told_in_one_line(provkg: Command, tmp_path: Path) -> None:
    done = provkg("run", copied("not_json", tmp_path))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("provkg: ")
    assert "not_json.ipynb" in done.err.splitlines()[0]


def test_an_interrupt_is_recorded_and_exits_with_130(home: Home, tmp_path: Path) -> None:
    running = subprocess.Popen(
        [*PROVKG, "run", copied("endless", tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    with running:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not _in_second_cell(home):
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert running.returncode == 130, err
    assert b"Traceback" not in err
    assert b"interrupted" in out
    run = only_run(home)
    assert run.status is Status.INTERRUPTED
    assert [execution.status for execution in run.executions] == [Status.SUCCEEDED, Status.INTERRUPTED]


def _in_second_cell(home: Home) -> bool:
    return any(
        isinstance(event, CellStarted) and event.execution.order == 2
        for run in journal.runs(home)
        for event, _ in journal.read_events(journal.journal_path(home, run))
    )


def test_progress_is_shown_on_a_terminal_and_nowhere_else(home: Home, tmp_path: Path) -> None:
    screen, terminal = pty.openpty()
    running = subprocess.Popen(
        [*PROVKG, "run", copied("streams", tmp_path)],
        stdout=subprocess.PIPE,
        stderr=terminal,
        cwd=tmp_path,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(terminal)
    assert running.stdout is not None
    with running:
        shown = _all_of(screen)
        out = running.stdout.read()
    assert "streams.ipynb" in shown
    assert "4/4" in shown
    assert b"\x1b" not in out, "a pipe gets plain text"
    assert b"succeeded" in out


def test_nothing_but_the_summary_reaches_standard_output(home: Home, tmp_path: Path) -> None:
    # One of its cells starts a program that writes to the kernel's own standard output.
    done = subprocess.run(
        [*PROVKG, "run", copied("streams", tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert done.stdout.startswith("streams.ipynb  succeeded")
    assert done.stderr == ""


def _all_of(screen: int) -> str:
    text = b""
    with os.fdopen(screen, "rb", buffering=0) as reader:
        while True:
            try:
                part = reader.read(65536)
            except OSError:  # Linux reports a terminal nobody holds open any more as an I/O error
                break
            if not part:
                break
            text += part
    return text.decode()
