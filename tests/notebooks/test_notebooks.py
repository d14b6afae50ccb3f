"""The notebooks here are what their list says, so that tests may rely on it."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parent
LIST = (FOLDER / "README.md").read_text(encoding="utf-8")
UNREADABLE = {
    "empty_file.ipynb",
    "list.ipynb",
    "not_a_notebook.ipynb",
    "not_json.ipynb",
    "not_text.ipynb",
    "torn.ipynb",
    "version99.ipynb",
}


def _read(path: Path) -> nbformat.NotebookNode:
    notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)
    return notebook


def test_every_notebook_is_in_the_list_and_nothing_else() -> None:
    listed = re.findall(r"^\| `([^`]+\.ipynb)` \|", LIST, flags=re.MULTILINE)
    assert sorted(listed) == sorted(path.name for path in FOLDER.glob("*.ipynb"))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: str(path.stem))
def test_notebooks_are_valid_unless_the_list_says_otherwise(path: Path) -> None:
    def read() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nbformat.validate(_read(path))

    if path.name in UNREADABLE:
        with pytest.raises((ValueError, AttributeError, nbformat.ValidationError)):
            read()
    else:
        read()


def test_the_failing_line_is_the_one_the_list_names() -> None:
    notebook = _read(FOLDER / "failing.ipynb")
    cell = next(cell for cell in notebook.cells if cell.id == "fails")
    assert cell.source.splitlines()[3] == "total / parts"


def test_parameters_are_tagged() -> None:
    for name in ("parameters", "huge_output", "strange_file_names"):
        notebook = _read(FOLDER / f"{name}.ipynb")
        assert [cell.id for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())]
