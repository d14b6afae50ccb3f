"""What MLProvLab recorded, in notebooks and exported: it is kept, and its users' questions are answered."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pyoxigraph import QuerySolutions

from benchmarks.user_study import answers
from provkg import journal
from provkg.config import Home, create_home
from provkg.importers.examined import Kind
from provkg.importers.folders import notebooks_in
from provkg.importers.ingesting import Ingested, Ingester
from provkg.importers.workers import ingest_all
from provkg.queries import ask, find_run
from provkg.records import Evidence, Run, Status
from provkg.results import Solutions
from provkg.store import open_store
from provkg.store.port import Store
from provkg.views import list_runs
from tests.importers.conftest import Json, code, kinds, printed
from tests.importers.study import BARS, BROWSER, CURVE, LOADING, Shown, Step, epoch, exported, notebook, study

BEGAN = datetime(2024, 5, 1, 10, 0, 0, tzinfo=UTC)


class Studied(NamedTuple):
    """A store with the study's notebook in it."""

    store: Store
    path: Path
    folder: Path
    runs: tuple[str, ...]


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studied]:
    folder = tmp_path_factory.mktemp("study")
    home = create_home(folder / ".provkg")
    path = folder / "penguins.ipynb"
    path.write_text(json.dumps(notebook(*study())))
    (folder / "curve.png").write_bytes(CURVE)
    done = Ingester(home).ingest(path)
    with open_store(home) as store:
        yield Studied(store, path, folder, done.runs)


@pytest.fixture(scope="module")
def answered(studied: Studied) -> list[object]:
    before = time.process_time()
    found, _ = answers(studied.store, studied.path, studied.folder / "curve.png")
    assert time.process_time() - before < 1.0  # in processor time: others may be at work on the machine
    return found


class TestTheThirteenQuestions:
    """Answers known by hand from `study.py`."""

    def test_1_the_version_of_the_kernel(self, answered: list[object]) -> None:
        assert answered[0] == "ipython 7.22.0"

    def test_2_modules_used(self, answered: list[object]) -> None:
        assert answered[1] == {"numpy", "pandas", "os", "matplotlib", "seaborn", "sklearn"}

    def test_3_modules_not_used(self, answered: list[object]) -> None:
        assert answered[2] == {"numpy"}

    def test_4_the_module_used_most(self, answered: list[object]) -> None:
        assert answered[3] == "sklearn"

    def test_5_data_sources_with_one_way_to_separate(self, answered: list[object]) -> None:
        assert answered[4] == {"D:/penguins", "D:/penguins/measured.csv", "D:/penguins/later.csv"}

    def test_6_where_a_figure_was_shown(self, studied: Studied, answered: list[object]) -> None:
        assert answered[5] == {(f"{studied.store.base}run/{studied.runs[0]}", 6)}

    def test_6_a_figure_of_all_sessions_is_found_in_each(self, studied: Studied) -> None:
        (studied.folder / "bars.png").write_bytes(BARS)
        rows = _rows(studied.store, "where_did_output_appear", output=str(studied.folder / "bars.png"))
        assert [row["order"] for row in rows] == [3, 3, 3, 3]

    def test_7_the_version_of_a_package(self, answered: list[object]) -> None:
        assert answered[6] == {"0.11.1"}

    def test_8_versions_of_python(self, answered: list[object]) -> None:
        assert answered[7] == {"3.9.2"}

    def test_9_when_it_was_last_executed(self, answered: list[object]) -> None:
        assert answered[8] == datetime(2021, 6, 24, 11, 0, 8, tzinfo=UTC)

    def test_10_no_difference_in_versions(self, answered: list[object]) -> None:
        assert answered[9] is False

    def test_11_what_depends_on_a_variable(self, studied: Studied, answered: list[object]) -> None:
        # 4 makes it; 7 makes an estimator that has not seen it yet; 6 was deleted and reads another.
        assert answered[10] == {5, 8, 9}
        rows = _rows(
            studied.store, "which_cells_depend_on_variable", variable="X_train", run="penguins.ipynb epoch 4"
        )
        assert {row["order"] for row in rows if row["how"] == "direct"} == {5, 8}

    def test_12_an_accuracy_that_was_printed(self, answered: list[object]) -> None:
        assert answered[11] == 0.91

    def test_13_the_split_did_not_change(self, answered: list[object]) -> None:
        assert answered[12] is False

    def test_10_and_13_differences_are_told_where_there_are_some(self, home: Home, tmp_path: Path) -> None:
        told = study((0.2, 0.2, 0.2, 0.25), ("3.9.2", "3.9.2", "3.9.5", "3.9.5"))
        _ingest(home, tmp_path / "other.ipynb", notebook(*told))
        with open_store(home) as store:
            assert {row["changed"] for row in _rows(store, "did_python_or_kernel_change")} == {True}
            assert {row["test_size"] for row in _rows(store, "did_split_ratio_change")} == {0.2, 0.25}
            assert {row["changed"] for row in _rows(store, "did_split_ratio_change")} == {True}


class TestWhatIsKept:
    def test_runs_are_listed_and_found_by_their_epochs(self, studied: Studied) -> None:
        names = [row["name"] for row in list_runs(studied.store)]
        assert names == [f"penguins.ipynb epoch {number}" for number in (4, 3, 2, 1)]
        found = find_run(studied.store, "penguins.ipynb epoch 2")
        assert found == f"{studied.store.base}run/{studied.runs[1]}"

    def test_deleted_cells_and_their_outputs_remain(self, studied: Studied) -> None:
        rows = _rows(studied.store, "which_executed_cells_are_gone", run="penguins.ipynb epoch 4")
        assert [(row["order"], row["cell"], row["source"]) for row in rows] == [
            (6, "gone", "print(len(later))")
        ]
        shown = _rows(studied.store, "what_was_output", run="penguins.ipynb epoch 4", order="6")
        assert [row["text"] for row in shown] == ["12\n"]

    def test_the_browser_versions_and_the_tool_are_on_record(self, studied: Studied) -> None:
        rows = _rows(studied.store, "what_is_known_of_environment", run="penguins.ipynb epoch 1")
        known = {row["attribute"]: row["value"] for row in rows}
        assert known["userAgent"] == BROWSER
        assert (known["pandas"], known["pythonVersion"]) == ("1.2.3", "3.9.2")
        modules = _rows(studied.store, "which_modules_were_used", run="penguins.ipynb epoch 1")
        assert {row["module"]: row["version"] for row in modules}["seaborn"] == "0.11.1"
        program = (
            "PREFIX prov: <http://www.w3.org/ns/prov#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
        )
        query = (
            "SELECT DISTINCT ?name WHERE { GRAPH ?g { ?g prov:wasAttributedTo ?by . ?by rdfs:label ?name } }"
        )
        found = studied.store.query(program + query)
        assert isinstance(found, QuerySolutions)
        assert "MLProvLab" in {row[0].value for row in found}

    def test_what_variables_held_is_imported(self, home: Home, tmp_path: Path) -> None:
        steps = [
            *LOADING[:2],
            Step("x", "api_key = ask()", shown={"api_key": Shown("str", "hunter2", 7)}),
            Step("y", "def f(): pass", shown={"f": Shown("function", "<function f at 0x7f00c0ffee>")}),
            Step("z", "n = len(df)", shown={"n": Shown("int", "344")}),
        ]
        (run,) = _ingest(home, tmp_path / "a.ipynb", notebook([epoch(BEGAN, steps)], []))
        states = {state.name: state for one in run.executions for state in one.defines}
        assert (states["df"].evidence, states["n"].type, states["n"].text) == (
            Evidence.IMPORTED,
            "int",
            "344",
        )
        assert states["df"].text.endswith("[344 rows x 7 columns]")
        assert (states["api_key"].text, states["f"].text) == ("***", "")
        values = {value.id: value for one in run.executions for value in one.values}
        assert values[states["df"].value].shape == (344, 7)
        assert values[states["later"].value].shape == ()  # of a table, its length is not all

    def test_files_that_it_names_are_imported_and_the_rest_is_not(self, home: Home, tmp_path: Path) -> None:
        sources = ["https://example.org/a.csv", "data", "Label:7", "ann@example.org"]
        steps = [Step("a", "print('data')", [printed("data\n")], sources)]
        (run,) = _ingest(home, tmp_path / "a.ipynb", notebook([epoch(BEGAN, steps)], []))
        files = run.executions[0].files
        assert {file.place for file in files} == {"https://example.org/a.csv", str(tmp_path / "data")}
        assert {file.evidence for file in files} == {Evidence.IMPORTED}
        assert run.executions[0].read_files == tuple(file.id for file in files)
        assert run.examined is not None
        (notice,) = [one for one in run.examined.notices if "data sources" in one.message]
        assert notice.count == 2

    def test_paths_of_windows_have_one_way_to_separate(self, home: Home, tmp_path: Path) -> None:
        sources = ["data\\a.csv", "D:\\b.csv", "\\\\host\\c.csv"]
        told = epoch(BEGAN, [Step("a", "print(1)", sources=sources)])
        told["environment"]["user_agent"] = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:89.0)"
        (run,) = _ingest(home, tmp_path / "a.ipynb", notebook([told], []))
        places = {file.place for file in run.executions[0].files}
        assert places == {str(tmp_path / "data" / "a.csv"), "D:/b.csv", "\\\\host\\c.csv"}

    def test_an_error_without_an_output_is_an_error(self, home: Home, tmp_path: Path) -> None:
        steps = [Step("a", "x = f(", type="error"), Step("b", "print(x)")]
        (run,) = _ingest(home, tmp_path / "a.ipynb", notebook([epoch(BEGAN, steps)], []))
        assert [one.status for one in run.executions] == [Status.FAILED, Status.SUCCEEDED]
        assert run.executions[0].defines == ()
        assert Kind.NOT_PYTHON not in kinds(run)

    def test_outputs_and_texts_stay_away_where_they_are_switched_off(
        self, home: Home, tmp_path: Path
    ) -> None:
        config = home.path / "config.toml"
        config.write_text(config.read_text().replace("outputs = true", "outputs = false"))
        from provkg.config import find_home

        place = find_home(path=home.path)
        (run,) = _ingest(place, tmp_path / "a.ipynb", notebook([epoch(BEGAN, LOADING)], []))
        assert "Adelie" not in journal.journal_path(place, run.id).read_text()

    def test_exported_files_are_found_in_folders_by_their_name(self, tmp_path: Path) -> None:
        for name in ("MLPovLabExport.json", "mlprovlab_export (1).json", "package.json", "a.ipynb"):
            (tmp_path / name).write_text("{}")
        found, _ = notebooks_in([tmp_path])
        assert [path.name for path in found] == [
            "MLPovLabExport.json",
            "a.ipynb",
            "mlprovlab_export (1).json",
        ]

    def test_an_exported_file_tells_the_same_executions(self, home: Home, tmp_path: Path) -> None:
        epochs, cells = study()
        of_notebook = _ingest(home, tmp_path / "a.ipynb", notebook(epochs, cells))
        of_export = _ingest(home, tmp_path / "MLPovLabExport.json", exported(epochs))
        assert [_told(run) for run in of_export] == [_told(run) for run in of_notebook]
        assert [run.environment for run in of_export] == [run.environment for run in of_notebook]
        assert of_export[0].document is None  # which cells are left is not in it


class TestSessions:
    def test_importing_again_changes_nothing(self, home: Home, tmp_path: Path) -> None:
        path = tmp_path / "a.ipynb"
        _ingest(home, path, notebook(*study()))
        before = {file.name: file.read_bytes() for file in home.journal_folder.iterdir()}
        again = Ingester(home).ingest(path)
        assert (again.added, len(again.runs)) == (0, 4)
        assert {file.name: file.read_bytes() for file in home.journal_folder.iterdir()} == before

    def test_a_notebook_that_has_grown_brings_what_is_new(self, home: Home, tmp_path: Path) -> None:
        steps = [Step("a", "x = 1"), Step("b", "print(x)", [printed("1\n")])]
        path = tmp_path / "a.ipynb"
        (first,) = _ingest(home, path, notebook([epoch(BEGAN, steps[:1])], []))
        later = epoch(datetime(2024, 5, 2, tzinfo=UTC), steps[:1])
        longer, other = _ingest(home, path, notebook([epoch(BEGAN, steps), later], []))
        assert longer.id == first.id != other.id
        assert len(longer.executions) == 2
        assert len(journal.runs(home)) == 2

    def test_sessions_that_it_took_for_one_are_told_apart(self, home: Home, tmp_path: Path) -> None:
        steps = [Step("a", "x = 1"), Step("b", "y = 2"), Step("b", "print(x)", [printed("1\n")])]
        merged = epoch(BEGAN, steps, counts=[1, 5, 2])
        first, second = _ingest(home, tmp_path / "a.ipynb", notebook([merged], []))
        assert [one.execution_count for one in first.executions] == [1, 5]
        assert (kinds(second)[0], second.started.name) == (Kind.SESSIONS, "a.ipynb epoch 1.2")
        assert second.started.started_at == BEGAN.replace(second=2)
        (read,) = second.executions[0].reads
        assert read.definer == 0  # the variable of another kernel is not that of this one

    def test_an_execution_that_is_there_twice_is_one(self, home: Home, tmp_path: Path) -> None:
        told = epoch(BEGAN, [Step("a", "x = 1")])
        bare = [{"cell_source": "y = 1"}, {"cell_source": "z = 1"}]
        told["data"] = [told["data"][0], told["data"][0], *bare]
        (run,) = _ingest(home, tmp_path / "a.ipynb", notebook([told], []))
        assert [one.source for one in run.executions] == ["x = 1", "y = 1", "z = 1"]

    def test_outputs_that_it_missed_come_from_the_document(self, home: Home, tmp_path: Path) -> None:
        steps = [Step("a", "print(1)\nprint(2)", [printed("1\n")]), Step("b", "x = 1")]
        cells = [code(steps[0].source, 1, printed("1\n2\n"), id="a"), code("x = 1", 2, id="b")]
        (run,) = _ingest(home, tmp_path / "a.ipynb", notebook([epoch(BEGAN, steps)], cells))
        assert run.executions[0].outputs[0].text == "1\n2\n"

    def test_when_an_execution_began_comes_from_the_document(self, home: Home, tmp_path: Path) -> None:
        def cell(source: str, count: int, minute: int) -> Json:
            began, ended = (f"2024-05-01T10:{minute:02}:{second:02}.500Z" for second in (0, 2))
            noted = {"iopub.execute_input": began, "shell.execute_reply": ended}
            return code(source, count, id=source[0], metadata={"execution": noted})

        told = epoch(BEGAN, [Step("x", "x = 1"), Step("y", "y = 1")])
        (run,) = _ingest(
            home, tmp_path / "a.ipynb", notebook([told], [cell("x = 1", 1, 0), cell("y = 1", 2, 7)])
        )
        first, second = run.executions
        assert first.started_at == BEGAN.replace(microsecond=500_000)
        assert (second.started_at, second.ended_at) == (None, BEGAN.replace(second=1))

    def test_executions_that_it_did_not_record_come_from_the_document(
        self, home: Home, tmp_path: Path
    ) -> None:
        told = epoch(BEGAN, [Step("a", "x = 1"), Step("c", "print(x)", [printed("1\n")])], counts=[1, 3])
        cells = [
            code("x = 1", 1, id="a"),
            code("%matplotlib inline", 2, id="b"),
            code("print(x)", 3, printed("1\n"), id="c"),
        ]
        (run,) = _ingest(home, tmp_path / "a.ipynb", notebook([told], cells))
        assert [one.cell_id for one in run.executions] == ["a", "b", "c"]
        assert Kind.UNRECORDED in kinds(run)

    def test_a_session_without_it_is_another_run(self, home: Home, tmp_path: Path) -> None:
        told = epoch(BEGAN, [Step("a", "print(1)", [printed("1\n")])])
        _, later = _ingest(
            home, tmp_path / "a.ipynb", notebook([told], [code("print(2)", 1, printed("2\n"), id="a")])
        )
        assert later.executions[0].source == "print(2)"
        assert later.started.name == "a.ipynb as saved"

    def test_an_edited_cell_and_a_copied_one_are_told(self, home: Home, tmp_path: Path) -> None:
        told = epoch(BEGAN, [Step("a", "print(1)", [printed("1\n")])])
        cells = [
            code("print(3)", None, id="copy", metadata={"prov_id": "a"}),
            code("print(2)", 1, printed("1\n"), id="a", metadata={"prov_id": "a"}),
        ]
        (run,) = _ingest(home, tmp_path / "a.ipynb", notebook([told], cells))
        assert (run.executions[0].index, run.executions[0].source) == (1, "print(1)")
        assert Kind.EDITED in kinds(run)

    def test_of_copies_of_a_cell_the_one_that_shows_the_execution_was_executed(
        self, home: Home, tmp_path: Path
    ) -> None:
        told = epoch(BEGAN, [Step("a", "x = 1"), Step("a", "x = 1")])
        cells = [code("x = 1", count, id=f"id-{count}", metadata={"prov_id": "a"}) for count in (1, 2)]
        (run,) = _ingest(home, tmp_path / "a.ipynb", notebook([told], cells))
        assert [one.cell_id for one in run.executions] == ["id-1", "id-2"]


BROKEN: list[tuple[Any, str]] = [
    ({"epochs": {}}, "no list of epochs"),
    ({"epochs": None, "cells": 7}, "no list of epochs"),
    ({"epochs": [1, {}, {"data": [2]}, {"data": {}}]}, "epochs without an execution"),
    ({"epochs": [{"data": [{"cell_source": 7, "time": "then"}]}]}, "they have no source text"),
]


class TestDamage:
    @pytest.mark.parametrize(("record", "reason"), BROKEN)
    def test_what_cannot_be_read_is_told_and_the_notebook_is_read(
        self, home: Home, tmp_path: Path, record: Any, reason: str
    ) -> None:
        document = notebook([], [code("x = 1", 1)])
        document["metadata"]["provenance"] = record
        (run,) = _ingest(home, tmp_path / "a.ipynb", document)
        assert len(run.executions) == 1
        assert run.examined is not None
        assert any(reason in notice.message for notice in run.examined.notices)

    def test_wrong_types_anywhere_lose_no_execution(self, home: Home, tmp_path: Path) -> None:
        told = epoch(BEGAN, [Step("a", "x = 1"), Step("b", "y = 2")])
        told |= {"environment": [], "modules": [1]}
        told["data"][0] |= {
            "cell_id": 7,
            "execution_count": "1",
            "cell_outputs": {"0": 1},
            "local_info": {"x": 3, "y": "\x1b[1;31mType:\x1b[0m"},
            "data_values": [None, {"a": []}, "\x00", "x" * 10_000],
            "time": 4,
            "type": [],
        }
        told["data"][1]["cell_source"] = ["y = ", 3, "2"]
        (run,) = _ingest(home, tmp_path / "a.ipynb", notebook([told, 3, {}], []))
        assert [one.source for one in run.executions] == ["x = 1", "y = 2"]
        assert (run.environment, run.executions[0].files) == (None, ())

    def test_the_version_of_a_stand_in_package_is_not_the_modules(self, home: Home, tmp_path: Path) -> None:
        modules = {"sklearn": {"version": "0.0"}, "ruamel.yaml": {"version": "0.17"}, "PIL": {"version": ""}}
        told = epoch(BEGAN, [Step("a", "import sklearn")], modules=modules)
        (run,) = _ingest(home, tmp_path / "a.ipynb", notebook([told], []))
        assert run.environment is not None
        assert [(one.name, one.modules) for one in run.environment.packages] == [("ruamel.yaml", ("ruamel",))]

    def test_counts_that_are_none_make_no_sessions(self, home: Home, tmp_path: Path) -> None:
        told = epoch(BEGAN, [Step("a", "x = 1")] * 50, counts=range(50, 0, -1))
        (run,) = _ingest(home, tmp_path / "a.ipynb", notebook([told], []))
        assert len(run.executions) == 50

    def test_an_epoch_that_is_there_twice_is_two_runs(self, home: Home, tmp_path: Path) -> None:
        told = epoch(BEGAN, [Step("a", "x = 1")])
        first, second = _ingest(home, tmp_path / "a.ipynb", notebook([told, told], []))
        assert first.id != second.id

    def test_texts_of_no_encoding_and_deep_values_cost_no_other_notebook(
        self, home: Home, tmp_path: Path
    ) -> None:
        odd = epoch(BEGAN, [Step("\ud800", "x = '\ud800'", sources=["D:/\ud800"])])
        odd["environment"]["user_agent"] = "\ud800"
        odd["modules"] = {"\ud800": {"version": "1"}, "": {"version": " "}}
        (tmp_path / "odd.ipynb").write_text(json.dumps(notebook([odd], [])))
        deep = json.dumps(notebook([epoch(BEGAN, [Step("a", "x = 1")])], []))
        deep = deep.replace('"definitions": []', f'"definitions": {"[" * 100_000}{"]" * 100_000}')
        (tmp_path / "deep.ipynb").write_text(deep)
        (tmp_path / "whole.ipynb").write_text(json.dumps(notebook(*study())))
        found, _ = notebooks_in([tmp_path])
        done = {Path(one.path).name: (one.problem, one.added) for one in ingest_all(found, home, 1)}
        assert done == {
            "deep.ipynb": ("nested too deeply", 0),
            "odd.ipynb": ("", 1),
            "whole.ipynb": ("", 4),
        }
        with open_store(home) as store:
            assert len(_rows(store, "which_kernel_ran")) == 5

    @pytest.mark.parametrize("epochs", [[], None, [3], [{"execution_data": None}]])
    def test_an_export_without_executions_is_refused_with_the_reason(
        self, home: Home, tmp_path: Path, epochs: Any
    ) -> None:
        path = tmp_path / "MLPovLabExport.json"
        path.write_text(json.dumps({"used_data": [], "epochs": epochs}))
        assert "without an execution" in Ingester(home).ingest(path).problem


def _ingest(home: Home, path: Path, document: Json) -> list[Run]:
    path.write_text(json.dumps(document))
    done: Ingested = Ingester(home).ingest(path)
    assert not done.problem
    runs = [journal.read_run(home, run) for run in done.runs]
    return [run for run in runs if run is not None]


def _rows(store: Store, name: str, **params: str) -> list[dict[str, Any]]:
    result = ask(store, name, params).result
    assert isinstance(result, Solutions)
    return list(result)


def _told(run: Run) -> list[Any]:
    return [
        (one.execution_count, one.source, one.ended_at, one.outputs, one.files, one.defines, one.reads)
        for one in run.executions
    ]
