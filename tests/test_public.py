"""What provkg promises: its public names, its errors, its commands, each documented and tested."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import provkg
from provkg import errors
from provkg.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
DOCS, TESTS = ROOT / "docs", ROOT / "tests"

PUBLIC = {
    "Answer", "Home", "HomeError", "JournalError", "KernelError", "KnowledgeGraph", "NotFoundError",
    "NotebookError", "ProvkgError", "QueryError", "QuestionError", "RecordedRun", "RunReport", "RunSummary",
    "Solutions", "Store", "StoreBusyError", "StoreError", "Triples", "Truth", "UnknownQuestionError",
    "__version__", "ask", "create_home", "find_home", "open", "open_store", "questions", "read_run",
    "rebuild", "record", "run_notebook", "run_query", "summarize", "to_frame",
}  # fmt: skip
"""Adding a name here is a decision: it is a promise to keep."""


def all_tests() -> str:
    others = (path for path in TESTS.rglob("*.py") if path != Path(__file__))
    return "\n".join(path.read_text(encoding="utf-8") for path in others)


def test_the_public_names_are_these_and_no_others() -> None:
    assert set(provkg.__all__) == PUBLIC
    assert len(provkg.__all__) == len(PUBLIC)
    assert set(dir(provkg)) >= PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC - {"__version__"}))
def test_every_public_name_can_be_had_and_says_what_it_is(name: str) -> None:
    thing = getattr(provkg, name)
    assert inspect.getdoc(thing)


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        provkg.nothing  # noqa: B018


def test_importing_provkg_imports_nothing_but_the_standard_library() -> None:
    code = "import sys; before = {*sys.modules}; import provkg; print(*{*sys.modules} - before)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    rooms = {name.partition(".")[0] for name in loaded.split()}
    assert rooms - sys.stdlib_module_names == {"provkg"}
    assert "provkg.capture" not in loaded


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_is_drawn_in_the_tree_documented_raised_and_tested(name: str) -> None:
    assert errors.__doc__ is not None
    parents = [parent.__name__ for parent in getattr(errors, name).__mro__[1:]]
    assert name == "ProvkgError" or "ProvkgError" in parents
    assert re.search(rf"\b{name}\b", errors.__doc__)
    assert f"`{name}`" in (DOCS / "reference" / "errors.md").read_text(encoding="utf-8")
    rooms = (path for path in (ROOT / "provkg").rglob("*.py") if path.name != "errors.py")
    raised = "\n".join(path.read_text(encoding="utf-8") for path in rooms)
    children = [
        child for child in errors.__all__ if issubclass(getattr(errors, child), getattr(errors, name))
    ]
    assert any(f"{child}(" in raised for child in children)
    assert any(re.search(rf"\b{child}\b", all_tests()) for child in children)


def test_the_tree_shows_each_error_below_its_parent() -> None:
    assert errors.__doc__ is not None
    drawn = re.findall(r"^    ([│ ├└─]*)(\w+Error)", errors.__doc__, flags=re.MULTILINE)
    path: list[str] = []
    for lines, name in drawn:
        depth = len(lines) // 4
        path[depth:] = [name]
        assert getattr(errors, name).__bases__[0].__name__ == (path[-2] if depth else "Exception")
    assert {name for _, name in drawn} == set(errors.__all__)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_and_tested(name: str) -> None:
    assert f"## provkg {name}\n" in (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    tested = "\n".join(path.read_text(encoding="utf-8") for path in (TESTS / "cli").glob("*.py"))
    assert f'provkg("{name}"' in tested
