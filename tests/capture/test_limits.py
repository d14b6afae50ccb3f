"""What is limited or switched off stays out of the record, and faults of the home stay outside the run."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from provkg.capture.notebook import run_notebook
from provkg.config import Home, find_home
from provkg.journal import journal_path, read_run
from provkg.records import ActivityKind
from tests.capture.conftest import Execute, Recorded


def configure(home: Home, **settings: object) -> Home:
    """The home with some lines of its configuration changed."""
    path = home.path / "config.toml"
    text = path.read_text()
    for name, value in settings.items():
        shown = str(value) if isinstance(value, list) else str(value).lower()
        text = re.sub(rf"(?m)^{name} = .*$", f"{name} = {shown}", text, count=1)
    path.write_text(text)
    return find_home(home.path.parent)


def run_cells(home: Home, *cells: str) -> tuple[str, list[str]]:
    """Runs cells; returns the run and the warnings."""
    path = home.path.parent / "limits.ipynb"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    nbformat.write(notebook, path)
    warnings: list[str] = []
    report = run_notebook(
        path, home, on_event=lambda kind, **d: warnings.append(d["message"]) if kind == "warning" else None
    )
    return report.run, warnings


def recorded(home: Home, *cells: str) -> Recorded:
    run = read_run(home, run_cells(home, *cells)[0])
    assert run is not None
    return Recorded(run, home.path.parent)


def test_limits_are_kept(home: Home) -> None:
    limits = {
        "output_characters": 100,
        "object_bytes": 200,
        "fingerprint_bytes": 1000,
        "fingerprint_part_bytes": 0,
    }
    limits |= {"digest_bytes": 1000, "digest_part_bytes": 0}
    seen = recorded(
        configure(home, **limits),
        "import numpy as np, pandas as pd\nnp.save('big.npy', np.arange(1000.)); print('x' * 5000)",
        "x = np.load('big.npy'); y = np.array(x.tolist()); small = np.arange(99.)\nx",
    )
    assert seen.notices == []
    file = seen.file("big.npy")
    assert (file.sha256, file.covers, "limit of 1000" in file.reason) == ("", "none", True)
    assert seen.held("x").fingerprint is seen.held("y").fingerprint is None
    assert seen.held("small").fingerprint is not None
    outputs = [output for execution in seen.run.executions for output in execution.outputs]
    assert all(len(output.text) <= 100 and output.truncated for output in outputs)
    assert not any(content.kept for output in outputs for content in output.contents)


def test_of_large_arrays_changes_are_seen_in_parts_and_else_told_by_the_text(home: Home) -> None:
    seen = recorded(
        configure(home, fingerprint_bytes=100_000, fingerprint_part_bytes=10_000),
        "import numpy as np\nX = np.arange(100_000.0); whole = X[:1000].copy(); text = X.sum()",
        "X -= 5",
        "X[77] = 0",
        "X.max(), whole.max()",
    )
    assert seen.notices == []
    states = [seen.held("X", order) for order in (1, 2, 3)]
    assert [state.version for state in states] == [1, 2, 3]
    fingerprints = [state.fingerprint for state in (seen.held("whole"), *states) if state.fingerprint]
    assert [each.covers for each in fingerprints] == ["full", "partial", "partial", "partial"]
    assert fingerprints[1] != fingerprints[2] == fingerprints[3]
    evidence = {link.target: (link.source, link.evidence) for link in seen.links}
    assert evidence[states[1].id] == (states[0].id, "observed")
    assert evidence[states[2].id] == (states[1].id, "declared")
    assert not any(value.object == states[0].object and value.version > 3 for value in seen.values.values())


def test_what_is_switched_off_is_not_recorded(home: Home) -> None:
    seen = recorded(
        configure(home, outputs=False, files=False, person=False),
        "import pandas as pd\npd.DataFrame({'a': [1]}).to_csv('a.csv'); df = pd.read_csv('a.csv')\n"
        "text = open('a.csv').read(); df",
    )
    assert seen.notices == []
    assert seen.files == {}
    assert seen.of_kind(ActivityKind.SAVING) == []
    assert seen.run.started.agent is None
    assert list(home.objects_folder.rglob("*.*")) == []
    assert seen.run.executions[0].outputs[0].contents[0].kept is False


def test_outputs_are_recorded_also_where_their_contents_cannot_be_kept(home: Home) -> None:
    seen = recorded(
        home, "import shutil\nshutil.rmtree('.provkg/objects')\nopen('.provkg/objects', 'w').close()", "6 * 7"
    )
    last = seen.run.executions[-1]
    assert [output.text for output in last.outputs] == ["42"]
    assert not last.outputs[0].contents[0].kept
    assert any("Cannot keep" in notice for notice in seen.notices)


@pytest.mark.parametrize("folder", [".provkg/journal", ".provkg"])
def test_a_run_goes_on_and_says_so_when_its_record_is_removed(home: Home, folder: str) -> None:
    run, warnings = run_cells(home, f"import shutil\nshutil.rmtree('{folder}')", "print(1)")
    assert not journal_path(home, run).exists()
    assert any("is gone" in warning for warning in warnings)


def test_files_of_provkg_itself_are_not_the_users(execute: Execute) -> None:
    seen = execute("import numpy as np\nx = np.zeros(70)", "y = x * 2\nz = np.asarray(list(y))")
    assert {Path(file.path).name for file in seen.files.values()} == set()
