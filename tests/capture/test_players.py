"""Programs that play a notebook in the kernel of `provkg kernel install`: nbclient, papermill, nbconvert."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from provkg.capture.notebook import run_notebook
from provkg.config import Home
from provkg.journal import read_run, runs
from provkg.jupyter.kernelspec import install
from provkg.mapping import nquads
from provkg.records import Evidence, Run, Status
from tests.mapping.graphs import graph_of, rows

CELLS = {
    "title": "# A title",
    "load": "# begin\n%load_ext provkg",
    "defaults": "alpha = 1\nname = 'a'",
    "work": "import os\nbeta = alpha * 2\nprint(name, beta)",
    "empty": "   ",
    "again": "beta = alpha * 2",
    "same": "beta = alpha * 2",
}

KERNEL = {"name": "provkg", "display_name": "Python (provkg)", "language": "python"}


@pytest.fixture
def recording(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A fresh home, and a kernel that records into it, known to Jupyter by the name of provkg."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "env" / "share" / "jupyter"))
    install(prefix=str(tmp_path / "env"), environment={"PROVKG_HOME": str(home.path)})
    return home


def write_notebook(path: Path, **cells: str) -> Path:
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL})
    for name, source in (cells or CELLS).items():
        if name == "title":
            cell = nbformat.v4.new_markdown_cell(source, id=name)
        else:
            cell = nbformat.v4.new_code_cell(source, id=name)
        cell.metadata["tags"] = ["parameters"] if name == "defaults" else []
        notebook.cells.append(cell)
    nbformat.write(notebook, path)
    return path


def play(folder: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def only_run(home: Home) -> Run:
    [identifier] = runs(home)
    run = read_run(home, identifier)
    assert run is not None
    assert run.status is Status.SUCCEEDED
    assert nquads(run, home.base)
    return run


def placed(run: Run) -> list[tuple[str, int | None]]:
    return [(execution.cell_id, execution.index) for execution in run.executions]


def test_nbclient_plays_a_notebook_that_nothing_names(recording: Home, tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "a.ipynb")
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, kernel_name="provkg").execute(cwd=str(tmp_path))
    run = only_run(recording)
    # The kernel is told no cell and no notebook; nothing is made up.
    assert placed(run) == [("", None)] * 4
    assert run.started.code is None
    assert run.document is None
    [described] = {execution.source for execution in run.executions if "print" in execution.source}
    assert described == CELLS["work"]


@pytest.mark.parametrize(
    "command",
    [
        ("jupyter", "nbconvert", "--to", "notebook", "--execute", "in/a.ipynb"),
        ("jupyter", "execute", "in/a.ipynb"),
    ],
    ids=["nbconvert", "execute"],
)
def test_programs_that_name_the_notebook_are_followed_through_it(
    recording: Home, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "in").mkdir()
    path = write_notebook(tmp_path / "in" / "a.ipynb")
    write_notebook(tmp_path / "other.ipynb", other="1")
    play(tmp_path, *command)
    run = only_run(recording)
    assert placed(run) == [("defaults", 2), ("work", 3), ("again", 5), ("same", 6)]
    assert {execution.cell_evidence for execution in run.executions} == {Evidence.INFERRED}
    assert run.executions[0].tags == ("parameters",)
    assert run.started.code is not None
    assert run.started.code.path == str(path)
    assert run.started.code.sha256
    assert run.started.parameters == ()
    assert run.started.command[1:][-1:] == (command[-1],)
    assert run.document is not None
    assert [cell.id for cell in run.document.cells] == list(CELLS)
    how = rows(graph_of(run), "SELECT DISTINCT ?how { ?e a provkg:CellExecution ; provkg:cellEvidence ?how }")
    assert len(how) == 1


def test_a_notebook_that_a_program_could_not_play_to_its_end_failed(recording: Home, tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "a.ipynb", first="x = 1", fails="x / 0", last="x + 1")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        play(tmp_path, "jupyter", "nbconvert", "--to", "notebook", "--execute", path.name)
    [identifier] = runs(recording)
    run = read_run(recording, identifier)
    assert run is not None
    assert [execution.status for execution in run.executions] == [Status.SUCCEEDED, Status.FAILED]
    assert run.finished is not None
    assert (run.finished.status, run.finished.order) == (Status.FAILED, 2)
    assert run.finished.error is not None
    assert run.finished.error.name == "ZeroDivisionError"


def test_the_runner_gets_along_with_a_kernel_that_records_by_itself(recording: Home, tmp_path: Path) -> None:
    cells = {
        "first": "x = 1",
        "off": "%provkg off",
        "hidden": "y = 2\n1 / 0",
        "on": "%provkg on",
        "shows": "%provkg show",
        "last": "x + y",
    }
    path = write_notebook(tmp_path / "a.ipynb", **cells)
    report = run_notebook(path, recording, allow_errors=True, output=tmp_path / "out.ipynb")
    assert report.status is Status.FAILED
    run = read_run(recording, report.run)
    assert run is not None
    assert len(runs(recording)) == 1
    assert placed(run) == [("first", 0), ("last", 5)]
    assert {execution.cell_evidence for execution in run.executions} == {Evidence.OBSERVED}
    assert {read.name: read.definer for read in run.executions[-1].reads} == {"x": 0, "y": 0}
    shown = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[4].outputs
    assert "a.ipynb" in shown[0].data["text/plain"]


def test_papermill_gives_its_parameters_and_its_notebook(recording: Home, tmp_path: Path) -> None:
    pytest.importorskip("papermill")
    path = write_notebook(tmp_path / "a.ipynb")
    options = ("-p", "alpha", "0.5", "-r", "name", "b", "-p", "api_key", "hush", "-y", "l: [1]")
    play(tmp_path, "papermill", "a.ipynb", "out.ipynb", *options)
    run = only_run(recording)
    given = {setting.name: (setting.value, setting.type) for setting in run.started.parameters}
    assert "hush" not in {*given.pop("api_key"), *run.started.command}
    assert "0.5" in run.started.command
    assert given == {"alpha": (0.5, "float"), "name": ("b", "str"), "l": ("[1]", "list")}
    assert run.started.code is not None
    assert run.started.code.path == str(path)
    assert [index for _, index in placed(run)] == [2, 3, 4, 6, 7]
    assert [name for name, _ in placed(run) if name in CELLS] == ["defaults", "work", "again", "same"]
    assert run.executions[1].tags == ("injected-parameters",)
    assert run.executions[2].outputs[0].text == "b 1.0\n"
    assert run.document is not None
    assert [cell.id for cell in run.document.cells if cell.id in CELLS] == list(CELLS)
    assert {execution.cell_id for execution in run.executions} <= {cell.id for cell in run.document.cells}


def test_parameters_of_an_earlier_papermill_are_not_given_again(recording: Home, tmp_path: Path) -> None:
    papermill = pytest.importorskip("papermill")
    write_notebook(tmp_path / "a.ipynb")
    papermill.execute_notebook(
        str(tmp_path / "a.ipynb"),
        str(tmp_path / "b.ipynb"),
        {"alpha": 3},
        prepare_only=True,
        progress_bar=False,
    )
    play(tmp_path, "papermill", "b.ipynb", "c.ipynb")
    run = only_run(recording)
    assert run.started.parameters == ()
    assert run.executions[1].source.startswith("# Parameters")
    assert run.executions[1].tags == ("injected-parameters",)
