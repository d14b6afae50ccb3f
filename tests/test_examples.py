"""The example notebooks are clean, run to their end, and leave the results their text speaks of."""

from __future__ import annotations

import csv
import hashlib
import json
import runpy
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = ("penguins", "bikes", "hidden_state")


def _read(name: str) -> nbformat.NotebookNode:
    text = (EXAMPLES / f"{name}.ipynb").read_text(encoding="utf-8")
    notebook: nbformat.NotebookNode = nbformat.reads(text, as_version=4)
    return notebook


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the examples' data, so that a run leaves nothing beside the examples."""
    shutil.copytree(EXAMPLES / "data", tmp_path / "data")
    return tmp_path


def _run(name: str, folder: Path) -> nbformat.NotebookNode:
    notebook = _read(name)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


@pytest.mark.parametrize("name", NAMES)
def test_notebooks_are_of_the_current_format_for_the_usual_kernel(name: str) -> None:
    text = (EXAMPLES / f"{name}.ipynb").read_text(encoding="utf-8")
    notebook = _read(name)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert "site-packages" not in text


@pytest.mark.parametrize("name", ["penguins", "bikes"])
def test_clean_notebooks_are_saved_without_outputs(name: str) -> None:
    code = [cell for cell in _read(name).cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert [cell.id for cell in code if "parameters" in cell.metadata.get("tags", ())] == ["parameters"]


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("penguins.csv", "f204db2c753b0937caac3cb35258562c14f073e4bbc76be24b4c51ce22767a93"),
        ("bikeshare.csv", "ac6950ae6f11efcc69c29d6bb13e8881c001e27d36434660d59444a1414f712c"),
    ],
)
def test_data_are_the_published_files_with_their_licence(name: str, digest: str) -> None:
    assert hashlib.sha256((EXAMPLES / "data" / name).read_bytes()).hexdigest() == digest
    assert f"`data/{name}`" in (EXAMPLES / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_penguins_are_told_apart_by_the_model_it_saves(folder: Path) -> None:
    notebook = _run("penguins", folder)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    with (folder / "output" / "penguins_results.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    assert all(0.9 < float(row["test_accuracy"]) <= 1 for row in rows)
    assert (folder / "output" / "penguins_model.joblib").stat().st_size > 0


@pytest.mark.slow
def test_riders_are_estimated_for_unseen_days(folder: Path) -> None:
    notebook = _run("bikes", folder)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    metrics = json.loads((folder / "output" / "bikes_metrics.json").read_text(encoding="utf-8"))
    assert metrics["r2"] > 0.88
    assert metrics["mae"] < metrics["rmse"] < 50


def test_the_hidden_state_shows_once_the_notebook_is_run_afresh(folder: Path) -> None:
    with pytest.raises(CellExecutionError, match="name 'scaler' is not defined") as failure:
        _run("hidden_state", folder)
    assert "X[measurements] = scaler.transform(X)" in str(failure.value)


def test_the_hidden_state_page_is_what_a_real_session_leaves(tmp_path: Path) -> None:
    record = runpy.run_path(str(EXAMPLES / "hidden_state_session.py"))["record"]
    played = record(tmp_path / "again.ipynb")
    saved = _read("hidden_state")
    assert [cell.id for cell in played.cells] == [cell.id for cell in saved.cells]
    for one, other in zip(played.cells, saved.cells, strict=True):
        assert one.source == other.source
        assert one.get("execution_count") == other.get("execution_count")
        assert [_text(output) for output in one.get("outputs", ())] == [
            _text(output) for output in other.get("outputs", ())
        ]
    counts = [cell.execution_count for cell in saved.cells if cell.cell_type == "code"]
    assert counts != sorted(counts)
    assert "0.746" in str(saved)


def _text(output: nbformat.NotebookNode) -> object:
    return output.get("text") or output.get("data", {}).get("text/plain")
