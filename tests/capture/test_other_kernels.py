"""Kernels that do not record themselves: what their messages show is recorded, and nothing beyond that."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager

from provkg.capture.document import assignment
from provkg.capture.notebook import run_notebook
from provkg.config import Home
from provkg.errors import NotebookError
from provkg.journal import read_run
from provkg.mapping import nquads
from provkg.records import Code, OutputKind, Run, Status

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
BASH = [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"]
# A Python that cannot import provkg.
BARE = [
    sys.executable,
    "-c",
    "import sys; sys.modules['provkg'] = None; from ipykernel.kernelapp import main; main()",
    "-f",
    "{connection_file}",
]


@pytest.fixture
def jupyter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of kernels that Jupyter knows."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    return tmp_path / "jupyter" / "kernels"


def make_kernel(folder: Path, name: str, argv: list[str], language: str) -> None:
    (folder / name).mkdir(parents=True)
    spec = {"argv": argv, "display_name": name, "language": language}
    (folder / name / "kernel.json").write_text(json.dumps(spec))


def execute(home: Home, kernel: str, *cells: str, **options: object) -> tuple[Run, list[str]]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    for index, cell in enumerate(notebook.cells):
        cell.id = f"c{index}"
        cell.metadata["tags"] = ["raises-exception"] if "no-such-command" in cell.source else []
    path = home.path.parent / "other.ipynb"
    nbformat.write(notebook, path)
    warnings: list[str] = []

    def listen(kind: str, **details: object) -> None:
        if kind == "warning":
            warnings.append(str(details["message"]))

    report = run_notebook(path, home, kernel=kernel, on_event=listen, **options)  # type: ignore[arg-type]
    run = read_run(home, report.run)
    assert run is not None
    assert nquads(run, home.base)
    assert isinstance(run.started.code, Code)
    return run, warnings


def test_a_notebook_in_another_language_is_recorded_by_its_messages(home: Home, jupyter: Path) -> None:
    pytest.importorskip("bash_kernel")
    make_kernel(jupyter, "bash", BASH, "bash")
    run, warnings = execute(
        home,
        "bash",
        "x=5\necho hello $x $greeting",
        "no-such-command",
        "sleep 0.2; echo $x > out.txt",
        parameters={"greeting": "it's me"},
    )
    assert run.status is Status.SUCCEEDED
    environment = run.environment
    assert environment is not None
    assert (environment.language, environment.python) == ("bash", "")
    assert environment.kernel.startswith("bash_kernel")
    injected, hello, fails, waits = run.executions
    assert [execution.index for execution in run.executions] == [0, 1, 2, 3]
    assert [execution.execution_count for execution in run.executions] == [1, 2, 3, 4]
    assert "greeting=" in injected.source
    assert [(out.kind, out.text) for out in hello.outputs] == [(OutputKind.STDOUT, "hello 5 it's me\n")]
    assert fails.status is Status.FAILED
    assert fails.error is not None
    assert waits.ended_at is not None
    assert waits.started_at is not None
    assert (waits.ended_at - waits.started_at).total_seconds() >= 0.2
    for execution in run.executions:
        claimed = (
            execution.defines,
            execution.reads,
            execution.values,
            execution.files,
            execution.activities,
        )
        assert not any(claimed)
        assert not any((execution.imports, execution.packages))
        assert execution.cpu is None
    assert run.finished is not None
    [notice] = run.finished.notices
    assert "runs bash" in notice.message
    assert warnings == [notice.message]
    assert run.document is not None
    assert [cell.id for cell in run.document.cells][1:] == ["c0", "c1", "c2"]


def test_a_python_without_provkg_is_recorded_by_its_messages_with_a_remedy(home: Home, jupyter: Path) -> None:
    make_kernel(jupyter, "bare", BARE, "python")
    run, warnings = execute(home, "bare", "x = 1\nprint(x)", "import os\nx", "1 / 0", "y = 2")
    assert run.status is Status.FAILED
    assert run.finished is not None
    assert run.finished.order == 3
    assert [execution.status for execution in run.executions] == [Status.SUCCEEDED] * 2 + [Status.FAILED]
    assert run.executions[2].error is not None
    assert run.executions[2].error.name == "ZeroDivisionError"
    assert "\x1b" not in run.executions[2].error.traceback
    assert [out.kind for e in run.executions for out in e.outputs] == [
        OutputKind.STDOUT,
        OutputKind.RESULT,
        OutputKind.ERROR,
    ]
    assert run.environment is not None
    assert run.environment.python == ".".join(map(str, sys.version_info[:3]))
    assert "pip install provkg" in warnings[0]
    assert [notice.message for notice in run.finished.notices] == warnings


def test_what_such_a_kernel_breaks_off_is_interrupted(home: Home, jupyter: Path) -> None:
    make_kernel(jupyter, "bare", BARE, "python")
    run, _ = execute(
        home, "bare", "x = 1", "import time\nprint('begun', flush=True); time.sleep(60)", timeout=2
    )
    assert run.status is Status.INTERRUPTED
    assert run.executions[1].status is Status.INTERRUPTED
    run, _ = execute(home, "bare", "print('begun', flush=True)", "import os; os._exit(1)")
    assert run.status is Status.FAILED
    assert [execution.status for execution in run.executions] == [Status.SUCCEEDED, Status.INTERRUPTED]


def test_a_notebook_in_r_is_recorded_by_its_messages(home: Home) -> None:
    if "ir" not in KernelSpecManager().find_kernel_specs():
        pytest.skip("no R kernel is installed")
    shutil.copy(NOTEBOOKS / "r_kernel.ipynb", home.path.parent)
    report = run_notebook(home.path.parent / "r_kernel.ipynb", home)
    run = read_run(home, report.run)
    assert run is not None
    assert run.status is Status.SUCCEEDED
    assert run.environment is not None
    assert run.environment.language == "R"
    assert run.environment.language_version
    [fit] = run.executions
    assert "mpg ~ wt" in fit.outputs[-1].text


def test_parameters_are_written_in_the_language_or_refused() -> None:
    assert assignment("x", 'a "b" $c', "r") == 'x = "a \\"b\\" $c"'
    assert assignment("x", "$c", "julia") == 'x = "\\$c"'
    assert assignment("x", float("nan"), "r") == "x = NaN"
    assert assignment("x", False, "julia") == "x = false"
    with pytest.raises(NotebookError, match="cobol"):
        assignment("x", 1, "cobol")
