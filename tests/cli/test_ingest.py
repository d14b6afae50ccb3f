"""`provkg ingest`: folders of saved notebooks, what in them cannot be read, stopped half-way and again."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from provkg import journal
from provkg.records import ActivityKind, Evidence, Run, RunKind

if TYPE_CHECKING:
    from provkg.config import Home
    from tests.cli.conftest import Command

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
PROVKG = (sys.executable, "-m", "provkg")

IMPORTS = """\
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split"""
TRAINS = (
    IMPORTS,
    "flowers = pd.read_csv('flowers.csv')\nX, y = flowers[['width']], flowers['kind']",
    "X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3)",
    "model = LogisticRegression(C=0.5).fit(X_train, y_train)",
    "print('accuracy', accuracy_score(y_test, model.predict(X_test)))",
)


def cell(source: str, count: int | None, printed: str = "") -> dict[str, Any]:
    outputs = [{"output_type": "stream", "name": "stdout", "text": printed}] if printed else []
    return {
        "cell_type": "code",
        "metadata": {},
        "source": source,
        "execution_count": count,
        "outputs": outputs,
    }


def saved(path: Path, *cells: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": list(cells)}
    path.write_text(json.dumps(document))
    return path


def trained(path: Path, accuracy: str = "0.93") -> Path:
    """A notebook that trains a model, saved with its outputs."""
    sources = list(enumerate(TRAINS, 1))
    cells = [cell(text, count, f"accuracy {accuracy}\n" if count == 5 else "") for count, text in sources]
    return saved(path, *cells)


def recorded(home: Home) -> list[Run]:
    found = [journal.read_run(home, run) for run in journal.runs(home)]
    return [run for run in found if run is not None]


def test_a_notebook_is_recorded_without_being_run(provkg: Command, home: Home, tmp_path: Path) -> None:
    trained(tmp_path / "flowers.ipynb")
    done = provkg("ingest", "flowers.ipynb")
    assert done.code == 0
    assert "flowers.ipynb  imported" in done.out
    assert "LogisticRegression" in done.out
    assert "0.93" in done.out
    (run,) = recorded(home)
    assert run.started.kind is RunKind.IMPORTED
    assert run.started.started_at is None
    activities = [activity for execution in run.executions for activity in execution.activities]
    assert [activity.kind for activity in activities] == [
        ActivityKind.LOADING,
        ActivityKind.SPLITTING,
        ActivityKind.TRAINING,
        ActivityKind.PREDICTION,
        ActivityKind.EVALUATION,
    ]
    assert {activity.evidence for activity in activities} == {Evidence.INFERRED}


def test_questions_are_asked_of_it_like_of_any_run(provkg: Command, home: Home, tmp_path: Path) -> None:
    trained(tmp_path / "flowers.ipynb")
    saved(tmp_path / "odd.ipynb", cell("total += share", 1), cell("total = 0", 3))
    assert provkg("ingest", "flowers.ipynb", "odd.ipynb").code == 0
    scores = json.loads(
        provkg(
            "ask", "which_score_did_estimator_reach", "-p", "estimator=LogisticRegression", "-f", "json"
        ).out
    )
    assert [row["value"]["value"] for row in scores["results"]["bindings"]] == ["0.93"]
    sources = provkg("ask", "which_data_sources_were_used", "-p", "run=flowers.ipynb")
    assert "flowers.csv" in sources.out
    assert "inferred" in sources.out
    findings = provkg("ask", "which_findings_were_made", "-p", "notebook=odd.ipynb").out
    for kind in ("name that nothing sets", "name that is set later", "gap in counts"):
        assert kind in findings
    assert "nothing" not in provkg("ask", "which_findings_were_made", "-p", "notebook=flowers.ipynb").out
    assert "imported" in provkg("runs").out
    assert "accuracy" in provkg("show", "flowers.ipynb").out


def test_saved_notebooks_are_compared(provkg: Command, home: Home, tmp_path: Path) -> None:
    for name, accuracy in (("first", "0.93"), ("second", "0.95")):
        path = trained(tmp_path / f"{name}.ipynb", accuracy)
        path.write_text(path.read_text().replace("C=0.5", "C=0.5" if name == "first" else "C=2.0"))
        assert provkg("ingest", path.name).code == 0
    found = provkg("compare", "first.ipynb", "second.ipynb")
    assert found.code == 0
    for value in ("0.5", "2.0", "0.93", "0.95"):
        assert value in found.out


def test_the_same_file_again_changes_nothing_and_a_changed_one_is_another_run(
    provkg: Command, home: Home, tmp_path: Path
) -> None:
    trained(tmp_path / "work" / "flowers.ipynb")
    saved(tmp_path / "work" / "other.ipynb", cell("x = 1", 1))
    assert "Ingested 2 notebooks: 2 runs, 6 executions, 0 findings." in provkg("ingest", "work").out
    before = {path: path.stat().st_mtime_ns for path in home.journal_folder.iterdir()}
    again = provkg("ingest", "work", "work/flowers.ipynb", str(tmp_path / "work"))
    assert "Ingested 0 notebooks" in again.out
    assert "left alone: 2 notebooks" in again.out
    assert {path: path.stat().st_mtime_ns for path in home.journal_folder.iterdir()} == before
    trained(tmp_path / "work" / "flowers.ipynb", "0.95")
    assert "Ingested 1 notebook: 1 run" in provkg("ingest", "work").out
    assert len(recorded(home)) == 3


def test_a_journal_that_was_cut_short_is_written_anew(provkg: Command, home: Home, tmp_path: Path) -> None:
    trained(tmp_path / "flowers.ipynb")
    provkg("ingest", "flowers.ipynb")
    (path,) = home.journal_folder.iterdir()
    lines = path.read_bytes().splitlines(keepends=True)
    for rest in (b"", lines[0], b"".join(lines[:-1]), b"".join(lines)[:-1], b"\0" * 100):
        path.write_bytes(rest)
        assert provkg("ingest", "flowers.ipynb").code == 0
        (run,) = recorded(home)
        assert len(run.executions) == 5
        assert run.examined is not None


def hostile(folder: Path) -> dict[str, str]:
    """Files that are no notebooks, each with a word of the reason."""
    folder.mkdir()
    depth = 100_000
    (folder / "deep.ipynb").write_text('{"nbformat": 4, "cells": ' + "[" * depth + "]" * depth + "}")
    (folder / "empty.ipynb").touch()
    (folder / "list.ipynb").write_text("[1, 2]")
    (folder / "torn.ipynb").write_text('{"nbformat": 4, "cells": [{"cell_type": "co')
    (folder / "newer.ipynb").write_text('{"nbformat": 99, "cells": []}')
    (folder / "binary.ipynb").write_bytes(os.urandom(1000) + b"\xff\xfe")
    (folder / "folder.ipynb").mkdir()
    os.mkfifo(folder / "pipe.ipynb")
    (folder / "nowhere.ipynb").symlink_to(folder / "missing")
    (folder / "circle.ipynb").symlink_to(folder / "circle.ipynb")
    with (folder / "large.ipynb").open("wb") as large:
        large.truncate(200_000_000)
    return {
        "deep.ipynb": "nested too deeply",
        "empty.ipynb": "empty",
        "list.ipynb": "not a notebook",
        "torn.ipynb": "not valid JSON",
        "newer.ipynb": "nbformat 99",
        "binary.ipynb": "not",
        "pipe.ipynb": "not a file",
        "nowhere.ipynb": "No such file",
        "circle.ipynb": "symbolic links",
        "large.ipynb": "limits.notebook_bytes",
    }


def test_what_cannot_be_read_is_listed_and_stops_nothing(provkg: Command, home: Home, tmp_path: Path) -> None:
    reasons = hostile(tmp_path / "work")
    trained(tmp_path / "work" / "deep" / "er" / "flowers.ipynb")
    (tmp_path / "work" / "deep" / "round").symlink_to(tmp_path / "work")
    shutil.copytree(tmp_path / "work" / "deep" / "er", tmp_path / "work" / ".ipynb_checkpoints")
    done = provkg("ingest", "work", "elsewhere")
    assert done.code == 1
    assert "Ingested 1 notebook: 1 run, 5 executions" in done.out
    for name, reason in {**reasons, "elsewhere": "No such file"}.items():
        (line,) = (line for line in done.err.splitlines() if f"{name}: " in line)
        assert reason in line, line
    assert len(done.err.splitlines()) == len(reasons) + 1
    assert len(recorded(home)) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_listed(provkg: Command, tmp_path: Path) -> None:
    secret = trained(tmp_path / "work" / "secret.ipynb")
    secret.chmod(0)
    closed = tmp_path / "work" / "closed"
    closed.mkdir(mode=0)
    try:
        done = provkg("ingest", "work")
    finally:
        closed.chmod(0o700)
    assert done.code == 1
    assert done.err.count("Permission denied") == 2


def test_hostile_notebooks_are_read_as_far_as_they_go(provkg: Command, home: Home, tmp_path: Path) -> None:
    odd: dict[str, Any] = {
        "cell_type": "code",
        "id": "../../../etc/passwd\u0000<script>",
        "metadata": {"tags": [1, {"a": 2}], "papermill": [], "execution": "x", "provenance": {"epochs": 7}},
        "source": ["x = '\ud800'\n", 7, None],
        "execution_count": "1e999",
        "outputs": [
            1,
            {"output_type": "stream", "name": "\u0007", "text": {"a": 1}},
            {"output_type": "display_data", "data": {"image/png": "%%%", "text/\n": [1], "": None}},
            {"output_type": "error", "ename": ["\ud800"], "evalue": None, "traceback": "x"},
            {"output_type": "?" * 1000},
        ],
    }
    long = cell("x = " + "(" * 5000 + ")" * 5000, 2**70)
    many = cell("\n".join(f"a{n} = a{n - 1} + 1" for n in range(1, 3000)), -5, "\x1b[2J" + "y" * 1_000_000)
    for number in range(4):
        saved(tmp_path / "work" / f"{number}.ipynb", odd, long, many, odd)
    name = os.fsdecode(b"\xff\x1b[31m.ipynb")
    saved(tmp_path / "work" / name, cell("x = 1", 1))
    done = provkg("ingest", "work", "-j", "2")
    assert (done.code, done.err) == (0, "")
    runs = recorded(home)
    assert len(runs) == 5
    assert max(len(run.executions) for run in runs) == 3
    assert provkg("runs").code == 0
    assert provkg("rebuild").code == 0
    assert "\x1b" not in provkg("show").out


def test_the_answer_as_json_tells_of_each_file(provkg: Command, tmp_path: Path) -> None:
    path = trained(tmp_path / "flowers.ipynb")
    (tmp_path / "torn.ipynb").write_text("{")
    told = json.loads(provkg("ingest", ".", "-f", "json").out)
    assert [(row["path"], row["added"], row["executions"]) for row in told] == [
        (str(path), 1, 5),
        (str(tmp_path / "torn.ipynb"), 0, 0),
    ]
    assert told[1]["problem"].startswith("not valid JSON")
    assert len(told[0]["runs"]) == 1


def test_a_mistake_in_the_knowledge_file_is_told_before_anything_is_read(
    provkg: Command, home: Home, tmp_path: Path
) -> None:
    trained(tmp_path / "flowers.ipynb")
    (home.path / "knowledge.toml").write_text('schema = 1\n\n[[call]]\nfunctions = ["a.b"]\ndoes = ["eat"]\n')
    done = provkg("ingest", "flowers.ipynb")
    assert done.code == 2
    assert "knowledge.toml" in done.err
    assert "line 5" in done.err
    assert recorded(home) == []


def test_calls_that_the_own_knowledge_file_tells_of_are_recognised(
    provkg: Command, home: Home, tmp_path: Path
) -> None:
    (home.path / "knowledge.toml").write_text(
        'schema = 1\n\n[[call]]\nfunctions = ["fastdata.slurp"]\ndoes = ["load"]\npath = { position = 0 }\n'
    )
    saved(tmp_path / "own.ipynb", cell("import fastdata\ntable = fastdata.slurp('a.fast')", 1))
    provkg("ingest", "own.ipynb")
    (run,) = recorded(home)
    (activity,) = run.executions[0].activities
    assert (activity.kind, activity.function) == (ActivityKind.LOADING, "fastdata.slurp")
    assert [file.path for file in run.executions[0].files] == [str(tmp_path / "a.fast")]


def test_the_notebooks_of_the_tests_are_read(provkg: Command, home: Home) -> None:
    done = provkg("ingest", str(NOTEBOOKS))
    assert done.code == 1
    refused = {line.partition(".ipynb: ")[0].rpartition("/")[2] for line in done.err.splitlines()}
    assert refused == {"empty_file", "list", "not_a_notebook", "not_json", "not_text", "torn", "version99"}
    assert len(recorded(home)) == len(list(NOTEBOOKS.glob("*.ipynb"))) - len(refused)


def test_after_a_kill_half_way_the_rest_is_done_and_nothing_twice(home: Home, tmp_path: Path) -> None:
    for number in range(400):
        trained(tmp_path / "work" / f"{number}.ipynb", f"0.{number}")
    command = [*PROVKG, "--home", str(home.path), "ingest", "-j", "2", str(tmp_path / "work")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while len(journal.runs(home)) < 20 and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.5)  # its processes end when they notice
    done = journal.runs(home)
    assert 20 <= len(done) < 400
    before = {run: journal.journal_path(home, run).stat().st_mtime_ns for run in done}
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"left alone: {len(done)} notebooks" in again.stdout
    assert len(journal.runs(home)) == 400
    assert {run: journal.journal_path(home, run).stat().st_mtime_ns for run in done} == before
    assert {len(run.executions) for run in recorded(home)} == {5}


def test_a_process_that_dies_takes_one_notebook_along(home: Home, tmp_path: Path) -> None:
    for number in range(400):
        trained(tmp_path / "work" / f"{number}.ipynb", f"0.{number}")
    command = [*PROVKG, "--home", str(home.path), "ingest", "-j", "2", str(tmp_path / "work")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while len(journal.runs(home)) < 20:
        time.sleep(0.002)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    readers = [pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(readers) == 2
    os.kill(int(readers[0]), signal.SIGKILL)
    out, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.endswith("the process that read it died (SIGKILL)\n")
    assert len(said.splitlines()) == 1
    assert "Ingested 399 notebooks" in out
    assert len(journal.runs(home)) >= 399


def test_an_interrupt_stops_it_and_keeps_what_was_done(home: Home, tmp_path: Path) -> None:
    for number in range(400):
        trained(tmp_path / "work" / f"{number}.ipynb", f"0.{number}")
    command = [*PROVKG, "--home", str(home.path), "ingest", "-j", "2", str(tmp_path / "work")]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while len(journal.runs(home)) < 20:
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said.strip() == "provkg: interrupted"
    assert {len(run.executions) for run in recorded(home)} == {5}


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_an_interrupt_is_told_in_one_line_while_processes_are_starting(home: Home, tmp_path: Path) -> None:
    for number in range(20):
        trained(tmp_path / "work" / f"{number}.ipynb", f"0.{number}")
    command = [*PROVKG, "--home", str(home.path), "ingest", "-j", "4", str(tmp_path / "work")]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not any(b"spawn_main" in _command_of(child) for child in children.read_text().split()):
        pass
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said.strip()) == (130, "provkg: interrupted")


def _command_of(process: str) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_bar_is_shown_where_a_terminal_is(home: Home, tmp_path: Path) -> None:
    for number in range(5):
        trained(tmp_path / "work" / f"{number}.ipynb", f"0.{number}")
    ours, theirs = pty.openpty()
    command = [*PROVKG, "--home", str(home.path), "ingest", str(tmp_path / "work")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:
        pass
    os.close(ours)
    assert process.wait() == 0
    assert b"Reading notebooks" in shown
    assert b"5/5" in shown
