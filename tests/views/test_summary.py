from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from provkg.records import (
    CellExecution,
    CellStarted,
    Event,
    RunFinished,
    RunKind,
    RunStarted,
    Status,
    fold,
)
from provkg.views.summary import RunSummary, summarize

if TYPE_CHECKING:
    from pathlib import Path


def summary_of(*events: Event) -> RunSummary:
    run = fold(events)
    assert run is not None
    return summarize(run)


@pytest.fixture
def summary(penguins: tuple[Event, ...]) -> RunSummary:
    return summary_of(*penguins)


def test_data_read_has_the_rows_of_the_table_loaded_from_it(summary: RunSummary, tmp_path: Path) -> None:
    (read,) = summary.read
    assert (read.path, read.size, read.rows, read.into) == (
        str(tmp_path / "data/penguins.csv"),
        13_478,
        344,
        ("penguins",),
    )


def test_a_training_names_model_data_file_and_the_settings_that_were_chosen(
    summary: RunSummary, tmp_path: Path
) -> None:
    (training,) = summary.trainings
    assert (training.model, training.id, training.data, training.rows) == ("forest", "4.2", ("train",), 258)
    assert training.role == "training"
    assert training.files == (str(tmp_path / "data/penguins.csv"),)
    assert training.settings == {"n_estimators": 200}


def test_a_result_has_its_model_and_the_part_of_the_split_it_was_measured_on(summary: RunSummary) -> None:
    (result,) = summary.results
    assert (result.metric, result.model, result.data, result.role) == ("accuracy", "forest", "test", "test")
    assert result.value == 0.970_149_25


def test_a_written_file_names_what_it_holds(summary: RunSummary) -> None:
    (written,) = summary.written
    assert (written.holds, written.size) == (("forest",), 1_204_311)


def test_a_failure_has_the_cell_its_source_and_the_line(summary: RunSummary) -> None:
    failure = summary.failure
    assert failure is not None
    assert (failure.name, failure.message) == ("ZeroDivisionError", "division by zero")
    assert (failure.order, failure.index, failure.line, failure.source) == (5, 5, 1, "1 / 0")
    assert summary.status is Status.FAILED
    assert summary.seconds == pytest.approx(6.24)


def test_the_environment_lists_only_what_cells_import_by_name(summary: RunSummary) -> None:
    assert summary.surroundings.packages == {"pandas": "3.1.1", "scikit-learn": "1.9.1"}
    assert summary.surroundings.dirty is True


def test_seeds_are_those_that_were_set(summary: RunSummary) -> None:
    assert summary.seeds == {"numpy.random": 7}


def test_warnings_tell_of_unseeded_estimators_and_of_what_was_not_recorded(summary: RunSummary) -> None:
    assert summary.warnings == (
        "RandomForestClassifier (forest) has no seed of its own: cell [3], line 2",
        "not recorded in cell [4]: joblib hook: broken on purpose",
    )


def test_a_run_that_only_began_has_no_end_and_no_failure() -> None:
    began = RunStarted(
        run="r", kind=RunKind.NOTEBOOK, started_at=datetime(2026, 1, 1, tzinfo=UTC), recorder="provkg"
    )
    summary = summary_of(began)
    assert (summary.status, summary.seconds, summary.failure) == (None, None, None)
    assert (summary.read, summary.trainings, summary.results, summary.warnings) == ((), (), (), ())


def test_a_killed_cell_is_the_one_that_failed() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    summary = summary_of(
        RunStarted(run="r", kind=RunKind.NOTEBOOK, started_at=at, recorder="provkg"),
        CellStarted(execution=CellExecution(order=1, source="os.kill(0, 9)", sha256="0" * 64, started_at=at)),
        RunFinished(ended_at=at, status=Status.INTERRUPTED),
    )
    assert summary.failure is not None
    assert summary.failure.source == "os.kill(0, 9)"


def test_a_summary_survives_json(summary: RunSummary) -> None:
    assert msgspec.json.decode(msgspec.json.encode(summary), type=RunSummary) == summary
