"""Running notebooks: parameters, outputs, errors and every way of ending, each with a real kernel."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from provkg.capture.document import read_notebook, with_parameters
from provkg.capture.notebook import run_notebook
from provkg.config import Home
from provkg.errors import JournalError, KernelError, NotebookError
from provkg.journal import get_object, read_run, runs
from provkg.mapping import nquads
from provkg.records import OutputKind, Run, Status

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def execute(home: Home, name: str, **options: object) -> Run:
    path = home.path.parent / name
    if not path.exists():
        shutil.copy(NOTEBOOKS / name, path)
    report = run_notebook(path, home, **options)  # type: ignore[arg-type]
    run = read_run(home, report.run)
    assert run is not None
    assert run.status is report.status
    assert nquads(run, home.base)
    return run


def run_script(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script]
    return subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=60)


def cells_of(run: Run) -> dict[str, Status]:
    return {execution.cell_id: execution.status for execution in run.executions}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("empty_file.ipynb", "is empty"),
        ("list.ipynb", "not a notebook"),
        ("not_a_notebook.ipynb", "not a notebook"),
        ("not_json.ipynb", "not valid JSON"),
        ("torn.ipynb", "not valid JSON"),
        ("not_text.ipynb", "not valid JSON"),
        ("version99.ipynb", "not a valid notebook"),
        ("absent.ipynb", "no notebook"),
    ],
)
def test_what_is_no_notebook_is_refused_with_a_reason_and_leaves_no_run(
    home: Home, name: str, says: str
) -> None:
    with pytest.raises(NotebookError, match=says) as caught:
        run_notebook(NOTEBOOKS / name, home)
    assert name in caught.value.message
    assert caught.value.remedy
    assert not runs(home)


def test_a_kernel_that_is_not_there_is_named_with_those_that_are(home: Home) -> None:
    with pytest.raises(KernelError, match="no kernel") as caught:
        run_notebook(NOTEBOOKS / "missing_kernel.ipynb", home)
    assert "python3" in str(caught.value)
    assert not runs(home)


def test_old_and_incomplete_notebooks_run(home: Home) -> None:
    for name in ("version3.ipynb", "without_cell_ids.ipynb", "cell_ids_twice.ipynb", "no_kernel_named.ipynb"):
        run = execute(home, name)
        assert run.status is Status.SUCCEEDED, name
        ids = [execution.cell_id for execution in run.executions]
        assert len(set(ids)) == len(ids) > 0
        assert run.document is not None
        assert {cell.id for cell in run.document.cells} >= set(ids)


def test_notebooks_without_code_are_runs_without_executions(home: Home) -> None:
    for name in ("empty.ipynb", "markdown_only.ipynb"):
        run = execute(home, name)
        assert (run.status, run.executions) == (Status.SUCCEEDED, ())
    run = execute(home, "empty_cells.ipynb")
    assert list(cells_of(run)) == ["comment", "last"]


def test_a_failing_cell_ends_the_run_and_is_recorded_with_its_error(home: Home, tmp_path: Path) -> None:
    run = execute(home, "failing.ipynb", output=tmp_path / "out.ipynb")
    assert run.status is Status.FAILED
    assert run.finished is not None
    assert run.finished.error is not None
    assert run.finished.error.name == "ZeroDivisionError"
    last = run.executions[-1]
    assert run.finished.order == last.order
    assert last.cell_id == "fails"
    assert last.error is not None
    assert last.error.line == 4
    assert "provkg" not in last.error.traceback
    assert [output.kind for output in last.outputs] == [OutputKind.STDOUT, OutputKind.ERROR]
    assert last.packages == ()
    executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert any(output.output_type == "error" for cell in executed.cells for output in cell.get("outputs", []))


def test_errors_can_be_allowed(home: Home) -> None:
    run = execute(home, "failing.ipynb", allow_errors=True)
    assert run.status is Status.FAILED
    assert run.finished is not None
    assert run.executions[run.finished.order - 1].cell_id == "fails"
    assert cells_of(run) == {"before": Status.SUCCEEDED, "fails": Status.FAILED, "after": Status.SUCCEEDED}


def test_parameters_are_set_behind_the_tagged_cell(home: Home, tmp_path: Path) -> None:
    before = (NOTEBOOKS / "parameters.ipynb").read_bytes()
    notebook, _ = read_notebook(NOTEBOOKS / "parameters.ipynb")
    first = nbformat.read(NOTEBOOKS / "parameters.ipynb", as_version=4)
    names = [
        line.split(" = ")[0]
        for c in first.cells
        if "parameters" in c.metadata.get("tags", [])
        for line in c.source.splitlines()
        if " = " in line
    ]
    run = execute(home, "parameters.ipynb", parameters={names[0]: 77}, output=tmp_path / "out.ipynb")
    assert run.status is Status.SUCCEEDED
    executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    tags = [cell.metadata.get("tags", []) for cell in executed.cells]
    at = tags.index(["injected-parameters"])
    assert "parameters" in tags[at - 1]
    assert f"{names[0]} = 77" in executed.cells[at].source
    assert [(p.name, p.value) for p in run.started.parameters] == [(names[0], 77)]
    assert (NOTEBOOKS / "parameters.ipynb").read_bytes() == before
    again = with_parameters(executed, {names[0]: 78})
    assert [cell.metadata.get("tags") for cell in again.cells].count(["injected-parameters"]) == 1
    assert len(with_parameters(notebook, {"a": None, "b": "x'y"}).cells) == len(tags)


def test_without_a_tagged_cell_parameters_come_first(home: Home) -> None:
    run = execute(home, "parameters_missing.ipynb", parameters={"absent": True})
    assert "absent = True" in run.executions[0].source


@pytest.mark.parametrize(
    ("name", "cell"), [("exits_at_once.ipynb", "exits"), ("exits_by_signal.ipynb", "killed")]
)
def test_what_was_recorded_before_the_kernel_died_is_kept(home: Home, name: str, cell: str) -> None:
    run = execute(home, name)
    assert run.status is Status.FAILED
    assert run.finished is not None
    assert run.finished.error is not None
    assert "kernel died" in run.finished.error.message
    last = run.executions[-1]
    assert (last.cell_id, last.status) == (cell, Status.INTERRUPTED)
    assert run.finished.order == last.order
    assert all(execution.status is Status.SUCCEEDED for execution in run.executions[:-1])
    assert len(run.executions) > 1


def test_asking_to_exit_is_an_end_like_any_other(home: Home) -> None:
    by_exception = execute(home, "exits_by_exception.ipynb")
    assert by_exception.status is Status.FAILED
    assert by_exception.finished is not None
    assert by_exception.finished.error is not None
    assert by_exception.finished.error.name == "SystemExit"
    by_request = execute(home, "exits_by_request.ipynb")
    assert by_request.executions[0].status is Status.SUCCEEDED


def test_a_time_limit_interrupts_the_cell_and_records_it(home: Home) -> None:
    run = execute(home, "endless.ipynb", timeout=1)
    assert run.status is Status.INTERRUPTED
    assert run.finished is not None
    assert run.finished.error is not None
    assert "longer than 1" in run.finished.error.message
    last = run.executions[-1]
    assert (last.cell_id, last.status) == ("endless", Status.INTERRUPTED)
    assert last.ended_at is not None


@pytest.mark.slow
def test_a_cell_that_heeds_no_interruption_is_killed_at_the_limit(home: Home) -> None:
    began = time.monotonic()
    run = execute(home, "endless_stubborn.ipynb", timeout=1)
    assert time.monotonic() - began < 60
    assert run.status is Status.INTERRUPTED
    assert run.executions[-1].status is Status.INTERRUPTED


def test_a_question_to_nobody_fails(home: Home) -> None:
    run = execute(home, "asks_a_question.ipynb")
    assert run.executions[-1].error is not None
    assert run.executions[-1].error.name == "StdinNotImplementedError"


@pytest.mark.parametrize(
    "name",
    [
        "asynchronous.ipynb",
        "late_threads.ipynb",
        "magics.ipynb",
        "redefines.ipynb",
        "streams.ipynb",
        "unicode.ipynb",
    ],
)
def test_unusual_notebooks_are_recorded_without_complaint(home: Home, name: str) -> None:
    run = execute(home, name)
    assert run.status is Status.SUCCEEDED
    assert [notice for execution in run.executions for notice in execution.notices] == []
    assert all(execution.ended_at is not None for execution in run.executions)


def test_file_names_that_are_not_text_are_recorded(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "names"
    folder.mkdir()
    run = execute(home, "strange_file_names.ipynb", parameters={"folder": str(folder)})
    assert run.status is Status.SUCCEEDED
    files = [file for execution in run.executions for file in execution.files]
    assert len(files) >= sum(1 for _ in folder.iterdir()) > 0
    assert any("\\x" in file.path for file in files)
    assert all(file.sha256 for file in files)


def test_binary_outputs_are_kept_by_digest(home: Home) -> None:
    run = execute(home, "binary_output.ipynb")
    pictures = [
        content
        for execution in run.executions
        for output in execution.outputs
        for content in output.contents
        if content.media_type == "image/png"
    ]
    assert len(pictures) >= 3
    assert len({picture.sha256 for picture in pictures}) < len(pictures)
    assert get_object(home, pictures[0].sha256).startswith(b"\x89PNG")


def test_huge_outputs_are_digested_whole_and_kept_in_part(home: Home) -> None:
    run = execute(home, "huge_output.ipynb", parameters={"megabytes": 12})
    assert run.status is Status.SUCCEEDED
    outputs = [output for execution in run.executions for output in execution.outputs]
    streams = [output for output in outputs if output.kind is OutputKind.STDOUT]
    assert streams[0].contents[0].size >= 12_000_000
    assert not streams[0].contents[0].kept
    assert streams[0].truncated
    assert run.document is not None
    assert run.document.sha256 == ""
    assert all(len(output.text) <= home.limits.output_characters for output in outputs)
    journal = next(home.journal_folder.iterdir())
    assert journal.stat().st_size < 1_000_000


def test_the_journal_ends_at_a_whole_line_when_the_kernel_is_killed_by_force(
    home: Home, tmp_path: Path
) -> None:
    source = (
        "import os\nfor i in range(10**6):\n    x = [i] * 1000\n    if i == 2000: os.kill(os.getpid(), 9)"
    )
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(s) for s in ("a = 1", source, "b = 2")]
    )
    nbformat.write(notebook, tmp_path / "killed.ipynb")
    run = execute(home, "killed.ipynb")
    assert [execution.status for execution in run.executions] == [Status.SUCCEEDED, Status.INTERRUPTED]


def test_an_interrupt_of_the_runner_is_recorded(home: Home, tmp_path: Path) -> None:
    shutil.copy(NOTEBOOKS / "endless.ipynb", tmp_path)
    script = (
        "import sys\nfrom provkg.config import find_home\nfrom provkg.capture.notebook import run_notebook\n"
        "def tell(kind, **details):\n    print(kind, details.get('index'), flush=True)\n"
        "report = run_notebook('endless.ipynb', find_home(), on_event=tell)\nprint(report.status)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    total = sum(c.cell_type == "code" for c in nbformat.read(tmp_path / "endless.ipynb", as_version=4).cells)
    for line in process.stdout:
        if line.startswith("cell-started") and int(line.split()[1]) >= min(total, 2):
            break
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=40)
    assert "interrupted" in rest
    [identifier] = runs(home)
    run = read_run(home, identifier)
    assert run is not None
    assert run.status is Status.INTERRUPTED
    assert run.executions[-1].status is Status.INTERRUPTED


def test_two_runs_at_once_do_not_touch_each_other(home: Home, tmp_path: Path) -> None:
    shutil.copy(NOTEBOOKS / "streams.ipynb", tmp_path)
    script = (
        "from provkg.config import find_home\nfrom provkg.capture.notebook import run_notebook\n"
        "print(run_notebook('streams.ipynb', find_home()).status)"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0].split()[-1] for process in both] == ["succeeded"] * 2
    assert len(runs(home)) == 2
    for identifier in runs(home):
        run = read_run(home, identifier)
        assert run is not None
        assert run.status is Status.SUCCEEDED


def test_a_full_disk_loses_what_cannot_be_written_and_nothing_else(home: Home, tmp_path: Path) -> None:
    # A limit on the size of files stands for the full disk: writing beyond it fails in the same place.
    cells = ["a = 1", "text = 'x' * 3_000_000\n# " + "y" * 400_000, "b = 2", "print(a + b)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    nbformat.write(notebook, tmp_path / "full.ipynb")
    script = (
        "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"
        "from provkg.config import find_home\nfrom provkg.capture.notebook import run_notebook\n"
        "from provkg.errors import JournalError\n"
        "try:\n    print(run_notebook('full.ipynb', find_home()).status)\n"
        "except JournalError as error:\n    print('refused:', error)"
    )
    done = run_script(script, tmp_path)
    assert "refused" in done.stdout
    notebook.cells[1].source = "text = 'x' * 3_000_000"
    notebook.cells.insert(2, nbformat.v4.new_code_cell("for i in range(40): print(str(i) * 20_000)"))
    nbformat.write(notebook, tmp_path / "full.ipynb")
    done = run_script(script, tmp_path)
    assert done.stdout.split()[-1] == "succeeded", done
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    finished = [read_run(home, identifier) for identifier in runs(home)]
    [run] = [run for run in finished if run is not None and run.status is Status.SUCCEEDED]
    assert len(run.executions) == 5
    assert run.executions[-1].status is Status.SUCCEEDED


def test_a_home_that_cannot_be_written_is_refused_before_anything_runs(home: Home, tmp_path: Path) -> None:
    shutil.copy(NOTEBOOKS / "streams.ipynb", tmp_path)
    shutil.rmtree(home.path)
    home.path.write_text("a file where the folder was")
    with pytest.raises(JournalError, match="Cannot"):
        run_notebook(tmp_path / "streams.ipynb", home)


@pytest.mark.parametrize("name", ["penguins.ipynb", "bikes.ipynb"])
def test_outputs_are_the_same_with_and_without_capture(home: Home, tmp_path: Path, name: str) -> None:
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns("output"))
    path = tmp_path / "examples" / name
    report = run_notebook(path, home, output=tmp_path / "captured.ipynb")
    assert report.status is Status.SUCCEEDED
    plain = nbformat.read(path, as_version=4)
    NotebookClient(plain, resources={"metadata": {"path": str(path.parent)}}).execute()
    captured = nbformat.read(tmp_path / "captured.ipynb", as_version=4)
    for one, other in zip(plain.cells, captured.cells, strict=True):
        assert joined(one.get("outputs", [])) == joined(other.get("outputs", [])), one.id


def joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Outputs with the pieces of a stream put together: how a kernel cuts it depends on the clock."""
    found: list[NotebookNode] = []
    for output in outputs:
        if found and output.get("name") and found[-1].get("name") == output.name:
            found[-1] = NotebookNode({**found[-1], "text": found[-1].text + output.text})
        else:
            found.append(output)
    return found


def test_a_broken_hook_leaves_the_users_result_as_it_is_and_is_noted(home: Home, tmp_path: Path) -> None:
    breaking = (
        "import provkg.capture.hooks.estimators as e, provkg.capture.hooks.measuring as v\n"
        "import provkg.capture.hooks.loading as l, provkg.capture.values as w\n"
        "import provkg.capture.hooks.splitting as s\n"
        "def broken(*a, **k): raise RuntimeError('broken on purpose')\n"
        "e.Fitting.succeeded = broken; e.Predicting.__init__ = broken; v.Measuring.succeeded = broken\n"
        "s.Splitting.__init__ = broken; l.Loading.succeeded = broken; w.Tracker.derive = broken\n"
    )
    (tmp_path / "t.csv").write_text("a,b\n" + "\n".join(f"{i},{i % 2}" for i in range(40)))
    cells = [
        (
            "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression\n"
            "from sklearn.metrics import accuracy_score\nfrom sklearn.model_selection import train_test_split"
        ),
        "df = pd.read_csv('t.csv')\nX, X2, y, y2 = train_test_split(df[['a']], df.b, random_state=0)",
        "m = LogisticRegression().fit(X, y)\nprint(accuracy_score(y2, m.predict(X2)), df.a.sum())\nm.coef_",
        "m.fit(X, [1, 2])",
    ]

    def outputs(first: str) -> tuple[list[object], Run]:
        made = [nbformat.v4.new_code_cell(source) for source in [first, *cells]]
        nbformat.write(nbformat.v4.new_notebook(cells=made), tmp_path / "broken.ipynb")
        report = run_notebook(tmp_path / "broken.ipynb", home, output=tmp_path / "out.ipynb")
        run = read_run(home, report.run)
        assert run is not None
        executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)
        return [cell.outputs for cell in executed.cells[1:]], run

    broken, run = outputs(breaking)
    whole, _ = outputs("# nothing is broken")
    assert broken == whole
    notices = [n for execution in run.executions for n in execution.notices]
    assert any("broken on purpose" in notice.message for notice in notices)
    assert len(run.executions) == 5


def test_warnings_and_tracebacks_name_the_users_line(home: Home, tmp_path: Path) -> None:
    cells = [
        "import warnings, pandas as pd\nfrom sklearn.linear_model import LogisticRegression",
        "df = pd.DataFrame({'a': [1, 2]})\ndf['a'].fillna(0, inplace=True)\ndf['a'][0] = 5",
        "x = 1.5\nprint(df.query('a > @x').a.tolist(), pd.eval('x + 1'))",
        "def inner():\n    return LogisticRegression().fit(df, [1])\ninner()",
    ]

    def outputs(captured: bool) -> list[object]:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        for number, cell in enumerate(notebook.cells):
            cell.id = f"cell-{number}"
        path = tmp_path / "warnings.ipynb"
        nbformat.write(notebook, path)
        if captured:
            run_notebook(path, home, output=tmp_path / "out.ipynb")
            notebook = nbformat.read(tmp_path / "out.ipynb", as_version=4)
        else:
            NotebookClient(notebook, allow_errors=True).execute()
        return [
            [{k: v for k, v in out.items() if k != "execution_count"} for out in cell.outputs]
            for cell in notebook.cells
        ]

    def without_process(text: str) -> str:
        import re

        return re.sub(r"ipykernel_\d+/\d+", "ipykernel", text)

    with_capture, plain = (
        json.dumps(outputs(True), sort_keys=True),
        json.dumps(outputs(False), sort_keys=True),
    )
    assert without_process(with_capture) == without_process(plain)
    assert "ChainedAssignment" in plain
