"""What tools write into notebooks: formats, times, parameters, and whole histories of executions."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from provkg import journal
from provkg.config import Home
from provkg.errors import NotebookError
from provkg.importers.examined import Kind
from provkg.importers.ingesting import Ingester
from provkg.importers.saved import read_saved
from provkg.importers.timing import executed, moment, times_of
from provkg.records import OutputKind, Run, Status
from tests.importers.conftest import Json, Told, code, error, kinds, printed, result

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(64)).decode()


def at(second: int) -> datetime:
    return datetime(2024, 5, 1, 10, 0, second, tzinfo=UTC)


class TestTheFile:
    def test_version_3_is_read_as_what_it_became(self) -> None:
        old: Json = {
            "nbformat": 3,
            "nbformat_minor": 0,
            "metadata": {"name": "old"},
            "worksheets": [
                {
                    "cells": [
                        {"cell_type": "heading", "level": 2, "source": ["Title"], "metadata": {}},
                        {
                            "cell_type": "code",
                            "input": ["x = 1\n", "x"],
                            "prompt_number": 4,
                            "language": "python",
                            "outputs": [
                                {"output_type": "pyout", "prompt_number": 4, "text": ["1"], "png": PIXEL},
                                {"output_type": "stream", "stream": "stderr", "text": ["no\n"]},
                                {"output_type": "pyerr", "ename": "E", "evalue": "m", "traceback": ["t"]},
                            ],
                        },
                    ]
                }
            ],
        }
        notebook = read_saved(json.dumps(old).encode())
        heading, cell = notebook.cells
        assert (heading.kind, heading.source) == ("markdown", "## Title")
        assert (cell.source, cell.execution_count) == ("x = 1\nx", 4)
        shown, stream, failed = cell.outputs
        assert (shown.kind, shown.execution_count) == ("execute_result", 4)
        assert set(shown.data) == {"text/plain", "image/png"}
        assert (stream.kind, stream.name, stream.text) == ("stream", "stderr", "no\n")
        assert (failed.kind, failed.name, failed.traceback) == ("error", "E", ("t",))

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "empty"),
            (b" \n", "empty"),
            (b"{", "not valid JSON"),
            (b'{"cells": []}', "no nbformat number"),
            (b'{"nbformat": 5, "cells": []}', "nbformat 5 is not known"),
            (b'{"nbformat": 4}', "no list of cells"),
            (b'"nbformat"', "not a notebook"),
            (b"\xff\xfe\x00", "not valid JSON"),
        ],
    )
    def test_what_is_no_notebook_is_refused_with_the_reason(self, content: bytes, reason: str) -> None:
        with pytest.raises(NotebookError) as refused:
            read_saved(content)
        assert reason in refused.value.message

    def test_the_order_mark_of_an_editor_is_no_mistake(self) -> None:
        assert read_saved(b'\xef\xbb\xbf{"nbformat": 4, "cells": []}').cells == ()

    @pytest.mark.parametrize("name", ["cell_ids_twice", "empty_cells", "unicode", "huge_output", "version3"])
    def test_odd_notebooks_are_read(self, home: Home, name: str) -> None:
        done = Ingester(home).ingest(NOTEBOOKS / f"{name}.ipynb")
        assert (done.problem, done.added) == ("", 1)


class TestOutputs:
    def test_contents_have_their_digests_and_are_kept(self, told: Told, home: Home) -> None:
        data = {"image/png": PIXEL, "text/plain": ["<Fig", "ure>"], "application/json": [1, {"a": 2}]}
        shown = {"output_type": "display_data", "data": data, "metadata": {}}
        run = told(code("plot()", 1, shown, printed("a\n"), printed("b\n"), printed("w\n", "stderr")))
        kinds_shown = [output.kind for output in run.executions[0].outputs]
        assert kinds_shown == [OutputKind.STDOUT, OutputKind.STDERR, OutputKind.DISPLAY]
        assert run.executions[0].outputs[0].text == "a\nb\n"
        contents = {one.media_type: one for one in run.executions[0].outputs[2].contents}
        image = base64.b64decode(PIXEL)
        assert contents["image/png"].sha256 == hashlib.sha256(image).hexdigest()
        assert journal.get_object(home, contents["image/png"].sha256) == image
        assert json.loads(journal.get_object(home, contents["application/json"].sha256)) == [1, {"a": 2}]
        assert run.executions[0].outputs[2].text == "<Figure>"

    def test_an_error_ends_its_cell(self, told: Told) -> None:
        shown = error("ValueError", "no", "\x1b[31mCell In[1], line 2\x1b[0m\n----> 2 f()")
        (execution,) = told(code("\nf()", 1, shown)).executions
        assert execution.status is Status.FAILED
        assert execution.error is not None
        assert (execution.error.name, execution.error.message) == ("ValueError", "no")
        assert "\x1b" not in execution.error.traceback

    def test_without_outputs_only_digests_are_recorded(self, home: Home, tmp_path: Path) -> None:
        config = home.path / "config.toml"
        config.write_text(config.read_text().replace("outputs = true", "outputs = false"))
        from provkg.config import find_home

        path = tmp_path / "a.ipynb"
        cells = [code("print('a')", 1, printed("private\n"))]
        path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}))
        done = Ingester(find_home(path=home.path)).ingest(path)
        text = journal.journal_path(home, done.runs[0]).read_text()
        assert "private" not in text
        assert hashlib.sha256(b"private\n").hexdigest() in text

    def test_credentials_are_left_out(self, told: Told, home: Home) -> None:
        token = "ghp_" + "a1" * 20
        told(code(f"key = '{token}'\nprint(key)", 1, printed(f"{token}\n")))
        for path in (*home.journal_folder.iterdir(), *home.objects_folder.rglob("*")):
            assert path.is_dir() or token.encode() not in path.read_bytes()


class TestTimes:
    @pytest.mark.parametrize(
        "metadata",
        [
            {
                "execution": {
                    "iopub.execute_input": "2024-05-01T10:00:01Z",
                    "shell.execute_reply": "2024-05-01T10:00:03.000Z",
                }
            },
            {"papermill": {"start_time": "2024-05-01T10:00:01.000000", "end_time": "2024-05-01T10:00:03"}},
            {"ExecuteTime": {"start_time": "2024-05-01T10:00:01Z", "end_time": "2024-05-01T10:00:03Z"}},
            {"executionInfo": {"timestamp": 1714557603000, "elapsed": 2000, "status": "ok"}},
            {
                "execution": {
                    "iopub.execute_input": "soon",
                    "iopub.status.busy": "2024-05-01T10:00:01.000Z",
                    "iopub.status.idle": "2024-05-01T10:00:03.000Z",
                }
            },
            {"papermill": {"start_time": "2024-05-01T10:00:01", "end_time": None, "duration": 2}},
        ],
    )
    def test_times_of_a_cell_are_known_from_several_tools(self, metadata: Json) -> None:
        assert times_of(metadata) == (at(1), at(3))

    @pytest.mark.parametrize(
        "metadata",
        [
            {},
            {"execution": []},
            {"execution": {"iopub.execute_input": "soon"}},
            {"papermill": {"start_time": None, "end_time": 7, "duration": 3}},
            {"execution": {"shell.execute_reply": {}, "iopub.status.busy": 3}},
            {"executionInfo": {"timestamp": 1e300, "elapsed": 1}},
            {"ExecuteTime": {"start_time": "1970-01-01T00:00:00Z", "end_time": None}},
        ],
    )
    def test_what_makes_no_sense_is_no_time(self, metadata: Json) -> None:
        assert times_of(metadata) == (None, None)

    def test_a_time_without_a_zone_is_universal_and_one_in_the_future_none(self) -> None:
        assert moment("2024-05-01T10:00:01") == at(1)
        assert moment("2924-05-01T10:00:01Z") is None

    def test_times_go_before_counts_where_all_cells_have_them(self) -> None:
        def cell(count: int | None, second: int | None) -> Json:
            told = {"iopub.execute_input": f"2024-05-01T10:00:0{second}Z"}
            return code("x", count, metadata={"execution": told} if second is not None else {})

        def order(*cells: Json) -> list[int]:
            saved = read_saved(json.dumps({"nbformat": 4, "cells": cells}).encode()).code_cells
            return executed(saved, [times_of(one.metadata) for one in saved])

        assert order(cell(1, 5), cell(2, 1)) == [1, 0]
        assert order(cell(3, None), cell(2, 1)) == [1, 0]
        assert order(cell(None, None), cell(2, None), cell(1, None)) == [2, 1]

    def test_the_run_has_the_times_of_its_cells(self, told: Told) -> None:
        info = {"timestamp": 1714557603000, "elapsed": 2000}
        run = told(code("x = 1", 1, metadata={"executionInfo": info}))
        assert run.started.started_at == at(1)
        assert run.executions[0].ended_at == at(3)
        assert run.started.imported_at is not None


PAPERMILL: Json = {
    "parameters": {"alpha": 0.5, "name": "a", "api_key": "s3cret"},
    "start_time": "2024-05-01T10:00:00.000000",
    "end_time": "2024-05-01T10:00:09.000000",
    "exception": None,
}


def ran(source: str, count: int, second: int, *outputs: Json, tags: Sequence[str] = (), **more: Any) -> Json:
    told = {"start_time": f"2024-05-01T10:00:0{second}", "end_time": None, "status": "completed", **more}
    return code(source, count, *outputs, metadata={"papermill": told, "tags": list(tags)})


INJECTED = ran("alpha = 0.5\nname = 'a'\napi_key = 's3cret'", 1, 1, tags=["injected-parameters"])


class TestPapermill:
    def test_parameters_that_the_cells_set_too_are_those_of_the_run(self, told: Told) -> None:
        run = told(INJECTED, ran("print(alpha)", 2, 2, printed("0.5\n")), metadata={"papermill": PAPERMILL})
        assert {one.name: one.value for one in run.started.parameters} == {
            "alpha": 0.5,
            "name": "a",
            "api_key": "***",
        }
        assert (run.started.started_at, run.status) == (at(0), Status.SUCCEEDED)
        assert kinds(run) == []

    def test_a_failure_is_that_of_the_run(self, told: Told) -> None:
        failed = ran("1 / 0", 2, 2, error("ZeroDivisionError", "division by zero"), status="failed")
        run = told(INJECTED, failed, metadata={"papermill": {**PAPERMILL, "exception": True}})
        assert run.status is Status.FAILED

    @pytest.mark.parametrize(
        "cells",
        [
            [ran("alpha = 0.7\nname = 'a'\napi_key = 's3cret'", 1, 1, tags=["injected-parameters"])],
            [ran("print(1)", 1, 1, printed("1\n"))],
        ],
    )
    def test_parameters_that_no_cell_sets_so_are_stale(self, told: Told, cells: list[Json]) -> None:
        run = told(*cells, metadata={"papermill": PAPERMILL})
        assert Kind.STALE_PARAMETERS in kinds(run)
        assert "alpha" not in {one.name for one in run.started.parameters}

    def test_times_of_an_earlier_run_are_stale(self, told: Told) -> None:
        again = {"execution": {"iopub.execute_input": "2024-06-01T10:00:00Z"}}
        cell = code(INJECTED["source"], 1, metadata={**again, "tags": ["injected-parameters"]})
        run = told(cell, metadata={"papermill": PAPERMILL})
        assert kinds(run) == [Kind.STALE_PARAMETERS]
        assert run.started.parameters == ()
        assert run.started.started_at == datetime(2024, 6, 1, 10, tzinfo=UTC)
        assert run.status is None or run.status is not Status.SUCCEEDED

    def test_a_failed_cell_is_failed_without_the_output_that_shows_it(self, told: Told) -> None:
        failed = ran("1 / 0", 2, 2, status="failed", exception=True)
        run = told(INJECTED, failed, metadata={"papermill": {**PAPERMILL, "exception": True}})
        assert [one.status for one in run.executions] == [Status.SUCCEEDED, Status.FAILED]
        assert run.finished is not None
        assert run.finished.order == 2

    def test_cells_are_executed_where_counts_and_outputs_were_stripped(self, told: Told) -> None:
        cells = [
            code("alpha = 0.5\nname = 'a'\napi_key = 's3cret'", metadata=INJECTED["metadata"]),
            code("x = alpha", metadata=ran("x = alpha", 2, 2)["metadata"]),
            code("y = 1", metadata={"papermill": {"status": "completed", "start_time": None}}),
        ]
        run = told(*cells, metadata={"papermill": PAPERMILL})
        assert [(one.source, one.started_at) for one in run.executions[1:]] == [("x = alpha", at(2))]
        assert (run.status, kinds(run)) == (Status.SUCCEEDED, [])

    def test_how_long_it_took_tells_when_it_ended_and_who_made_the_record_is_told(self, told: Told) -> None:
        record = {**PAPERMILL, "end_time": None, "duration": 9.5, "version": "2.6.0"}
        run = told(INJECTED, metadata={"papermill": record})
        assert run.finished is not None
        assert run.finished.ended_at == at(9).replace(microsecond=500_000)
        assert run.started.origin == "papermill 2.6.0"

    @pytest.mark.parametrize("record", [7, [], {"parameters": 3, "start_time": []}, {"duration": 1e400}])
    def test_a_damaged_record_costs_nothing_but_itself(self, told: Told, record: Any) -> None:
        cells = [code("x = 1", 1, metadata={"papermill": record}), code("print(x)", 2, printed("1\n"))]
        run = told(*cells, metadata={"papermill": record})
        assert len(run.executions) == 2

    def test_cells_that_were_not_completed_are_found(self, told: Told) -> None:
        pending = ran("x = 1", 2, 2, printed("1"), status="running")
        assert Kind.UNFINISHED in kinds(told(INJECTED, pending, metadata={"papermill": PAPERMILL}))


def test_what_papermill_itself_writes_is_read(home: Home, tmp_path: Path) -> None:
    papermill = pytest.importorskip("papermill")
    cells = [
        code("alpha = 0.1", metadata={"tags": ["parameters"]}, id="a"),
        code("print(alpha)", id="b"),
        code("1 / 0", id="c"),
        code("late = 1", id="d"),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}
    (tmp_path / "in.ipynb").write_text(json.dumps(document))
    with pytest.raises(papermill.PapermillExecutionError):
        papermill.execute_notebook(
            tmp_path / "in.ipynb", tmp_path / "out.ipynb", {"alpha": 0.5}, progress_bar=False
        )
    done = Ingester(home).ingest(tmp_path / "out.ipynb")
    run = journal.read_run(home, done.runs[0])
    assert run is not None
    assert [(one.name, one.value) for one in run.started.parameters] == [("alpha", 0.5)]
    assert [one.source.strip() for one in run.executions if "=" not in one.source] == [
        "print(alpha)",
        "1 / 0",
    ]
    assert [one.status for one in run.executions][-1] is run.status is Status.FAILED
    assert run.finished is not None
    assert run.finished.order == len(run.executions)
    assert all(one.started_at and one.ended_at for one in run.executions)
    assert run.started.origin == f"papermill {papermill.__version__}"
    assert kinds(run) == []


def epoch(*executions: tuple[str, int, str], version: str = "3.9.1") -> Json:
    return {
        "environment": {
            "language_info": {"name": "python", "version": version},
            "kernel": {"implementation": "ipython", "version": "7.20.0"},
            "time": "Wed, 01 May 2024 10:00:00 GMT",
        },
        "modules": {
            "seaborn": {"alias": "sns", "version": "0.11.1"},
            "sklearn.svm": {"version": ""},
            "os": {},
        },
        "data": [
            {
                "cell_id": cell,
                "execution_count": count,
                "cell_source": source,
                "time": "Wed, 01 May 2024 10:00:05 GMT",
                "cell_outputs": [printed(f"{count}\n")],
            }
            for cell, count, source in executions
        ],
    }


class TestMLProvLab:
    def test_each_session_is_a_run_with_what_its_cells_then_held(self, all_told: Any) -> None:
        epochs = [
            epoch(("a", 1, "x = 1"), ("b", 2, "print(x)")),
            epoch(("a", 1, "x = 2"), ("gone", 2, "x += 1"), ("b", 3, "print(x)"), version="3.10.0"),
        ]
        cells = [code("x = 2", 1, id="a"), code("print(x)", 3, printed("3\n"), id="b")]
        first, second = all_told(*cells, metadata={"provenance": {"epochs": epochs}})
        assert [one.source for one in first.executions] == ["x = 1", "print(x)"]
        assert [one.source for one in second.executions] == ["x = 2", "x += 1", "print(x)"]
        assert [one.index for one in second.executions] == [0, None, 1]
        assert second.executions[2].outputs[0].text == "3\n"
        assert first.started.run != second.started.run
        assert (first.environment.python, second.environment.python) == ("3.9.1", "3.10.0")
        assert [(p.name, p.version) for p in first.environment.packages] == [("seaborn", "0.11.1")]
        assert first.started.started_at == at(0)
        assert first.executions[0].ended_at == at(5)

    def test_what_is_no_record_of_it_is_passed_over(self, all_told: Any) -> None:
        records: list[Any] = [[], {"epochs": {}}, {"epochs": [1, {}, {"data": [2]}]}, {"epochs": None}]
        for record in records:
            (run,) = all_told(code("x = 1", 1), metadata={"provenance": record})
            assert len(run.executions) == 1


class TestProvBook:
    def entry(self, source: str, second: int, text: str) -> Json:
        return {
            "start_time": f"2024-05-01T10:00:0{second}.000Z",
            "end_time": f"2024-05-01T10:00:0{second + 1}.000Z",
            "source": source,
            "outputs": {"0": printed(text)} if text else {},
        }

    def test_every_execution_of_a_cell_is_there_with_its_text_and_outputs(self, told: Told) -> None:
        first = code(
            "x = 2",
            3,
            metadata={"provenance": [self.entry("x = 1", 1, ""), self.entry("x = 2", 5, "")]},
        )
        second = code("print(x)", 2, metadata={"provenance": [self.entry("print(x)", 3, "1\n")]})
        run = told(first, second)
        assert [one.source for one in run.executions] == ["x = 1", "print(x)", "x = 2"]
        (read,) = (read for read in run.executions[1].reads if read.name == "x")
        assert read.definer == 1
        assert run.executions[1].outputs[0].text == "1\n"
        assert run.executions[1].started_at == at(3)

    def test_a_cell_that_was_edited_afterwards_is_found(self, told: Told) -> None:
        cell = code("print(3)", 3, printed("1"), metadata={"provenance": [self.entry("print(1)", 1, "1")]})
        assert kinds(told(cell)) == [Kind.EDITED]

    def test_counts_that_go_back_tell_sessions_apart(self, all_told: Any) -> None:
        def counted(source: str, second: int, count: int) -> Json:
            return {**self.entry(source, second, ""), "outputs": [result("1", count)]}

        cells = [
            code("x = 2", metadata={"provenance": [self.entry("x = 1", 1, ""), self.entry("x = 2", 4, "")]}),
            code("x", 2, metadata={"provenance": [counted("x", 2, 2), counted("x", 5, 2)]}),
        ]
        first, second = all_told(*cells)
        assert [one.source for one in first.executions] == ["x = 1", "x"]
        assert [one.source for one in second.executions] == ["x = 2", "x"]
        assert [read.definer for read in second.executions[1].reads] == [1]
        assert (second.started.started_at, second.started.name) == (at(4), "saved.ipynb session 2")
        assert kinds(first) == kinds(second) == []

    def test_what_the_document_shows_beside_is_a_run_of_its_own(self, all_told: Any) -> None:
        recorded = code("x = 1", 1, metadata={"provenance": [self.entry("x = 1", 1, "")]})
        history, shown = all_told(recorded, code("print(5)", 2, printed("5\n")))
        assert len(history.executions) == 1
        assert [one.source for one in shown.executions] == ["x = 1", "print(5)"]
        assert shown.started.name == "saved.ipynb as saved"

    def test_a_history_that_goes_on_is_the_same_run(self, all_told: Any) -> None:
        entries = [self.entry("x = 1", 1, "1"), self.entry("x = 1", 4, "1")]
        (short,) = all_told(code("x = 1", metadata={"provenance": entries[:1]}))
        (long,) = all_told(code("x = 1", metadata={"provenance": entries}))
        assert (short.id, len(short.executions), len(long.executions)) == (long.id, 1, 2)

    @pytest.mark.parametrize(
        "record",
        [
            7,
            [3, {}, {"source": "x"}],
            [{"source": 3, "outputs": "none", "start_time": "Unknown"}],
            [{"source": ["x = ", 1], "outputs": {"0": 1, "1": []}, "start_time": 1e99, "end_time": {}}],
        ],
    )
    def test_a_damaged_record_costs_nothing_but_itself(self, all_told: Any, record: Any) -> None:
        (run,) = all_told(code("x = 1", 1, metadata={"provenance": record}))
        assert [one.source for one in run.executions] == ["x = 1"]


def test_a_result_as_text_is_in_the_record(told: Told) -> None:
    run = told(code("1 + 1", 1, result("2", 1)))
    assert isinstance(run, Run)
    assert run.executions[0].outputs[0].text == "2"
