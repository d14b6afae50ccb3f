"""Runs cells in a real kernel with capture on, and looks things up in what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from provkg.capture.notebook import run_notebook
from provkg.config import Home
from provkg.journal import read_run, runs
from provkg.records import Activity, ActivityKind, File, FileMode, Link, Result, Run, Value
from tests.capture.live import LiveKernel

Execute = Callable[..., "Recorded"]
Live = Callable[..., "Recorded"]
StartKernel = Callable[..., LiveKernel]


class Recorded:
    """A recorded run, with ways to ask what is in it."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.run = run
        self.folder = folder

    @property
    def values(self) -> dict[str, Value]:
        return {value.id: value for execution in self.run.executions for value in execution.values}

    @property
    def files(self) -> dict[str, File]:
        return {file.id: file for execution in self.run.executions for file in execution.files}

    @property
    def links(self) -> list[Link]:
        return [link for execution in self.run.executions for link in execution.links]

    @property
    def activities(self) -> list[Activity]:
        return [activity for execution in self.run.executions for activity in execution.activities]

    @property
    def results(self) -> list[Result]:
        return [result for activity in self.activities if not activity.parent for result in activity.results]

    @property
    def notices(self) -> list[str]:
        return [f"{n.where}: {n.message}" for e in self.run.executions for n in e.notices]

    def of_kind(self, kind: ActivityKind) -> list[Activity]:
        return [activity for activity in self.activities if activity.kind is kind and not activity.parent]

    def inside(self, outer: Activity) -> list[Activity]:
        return [activity for activity in self.activities if activity.parent == outer.id]

    def held(self, name: str, order: int | None = None) -> Value:
        """The state a variable held after an execution (by default the last that set it)."""
        found = [
            state.value
            for execution in self.run.executions
            for state in execution.defines
            if state.name == name and (order is None or execution.order == order)
        ]
        assert found, f"no execution set {name}"
        assert found[-1], f"{name} holds no recorded state"
        return self.values[found[-1]]

    def file(self, name: str, mode: FileMode | None = None) -> File:
        [found] = [
            f for f in self.files.values() if Path(f.path).name == name and (mode is None or f.mode is mode)
        ]
        return found

    def sources(self, identifier: str, *, evidence: str | None = None) -> set[str]:
        """Everything a thing came from, at any distance, by links and earlier states."""
        parents: dict[str, set[str]] = {}
        for link in self.links:
            if evidence is None or link.evidence == evidence:
                parents.setdefault(link.target, set()).add(link.source)
        found: set[str] = set()
        pending = [identifier]
        while pending:
            for source in parents.get(pending.pop(), ()):
                if source not in found:
                    found.add(source)
                    pending.append(source)
        return found

    def parents(self, name: str, order: int | None = None) -> set[str]:
        """The variables and files that what a variable holds comes from in one step; an earlier state of
        its own is called ``before``.
        """
        held = self.held(name, order)
        known = {value.id: (*value.names, "?")[0] for value in self.values.values()}
        known |= {value.id: "before" for value in self.values.values() if value.object == held.object}
        known |= {file.id: Path(file.path).name for file in self.files.values()}
        return {known[link.source] for link in self.links if link.target == held.id}

    def came_from(self, name: str, *, evidence: str | None = None) -> set[str]:
        """The names of the files that what a variable holds came from."""
        sources = self.sources(self.held(name).id, evidence=evidence)
        return {Path(self.files[source].path).name for source in sources if source in self.files}


@pytest.fixture
def execute(home: Home, tmp_path: Path) -> Execute:
    """Runs cells as a notebook in a fresh kernel and returns what was recorded."""

    def execute_cells(*cells: str, **options: object) -> Recorded:
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        )
        path = tmp_path / "test.ipynb"
        nbformat.write(notebook, path)
        report = run_notebook(path, home, **options)  # type: ignore[arg-type]
        run = read_run(home, report.run)
        assert run is not None
        return Recorded(run, tmp_path)

    return execute_cells


@pytest.fixture
def live(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    """Runs cells in a plain kernel, of which one loads the extension, and returns what was recorded."""

    def run_cells(*cells: str) -> Recorded:
        monkeypatch.setenv("PROVKG_HOME", str(home.path))
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}}).execute()
        [identifier] = runs(home)
        run = read_run(home, identifier)
        assert run is not None
        return Recorded(run, tmp_path)

    return run_cells


@pytest.fixture
def kernels(home: Home) -> Iterator[StartKernel]:
    """Starts kernels to be driven by messages, in the folder of a fresh home; they end with the test."""
    started: list[LiveKernel] = []

    def start(*arguments: str, **options: str) -> LiveKernel:
        started.append(LiveKernel(home, *arguments, **options))
        return started[-1]

    yield start
    for kernel in started:
        kernel.shut_down()


@pytest.fixture
def tables(tmp_path: Path) -> None:
    """Two tables of the same shape and different content."""
    for name, factor in (("a.csv", 1), ("b.csv", 3)):
        rows = [f"{i},{(i * factor) % 17},{(i * 7) % 5},{i % 2}" for i in range(120)]
        (tmp_path / name).write_text("one,two,three,label\n" + "\n".join(rows) + "\n")
