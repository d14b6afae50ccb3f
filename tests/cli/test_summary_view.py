from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from rich.console import Console

from provkg.cli.summary_view import draw_summary
from provkg.records import Status, fold
from provkg.views import RunSummary, summarize

if TYPE_CHECKING:
    from provkg.records import Event


@pytest.fixture
def summary(penguins: tuple[Event, ...]) -> RunSummary:
    run = fold(penguins)
    assert run is not None
    return summarize(run)


def drawn(summary: RunSummary) -> list[str]:
    text = io.StringIO()
    Console(file=text, width=80).print(draw_summary(summary))
    return [" ".join(line.split()) for line in text.getvalue().splitlines()]


def test_models_of_one_name_are_told_apart_by_their_ids(summary: RunSummary) -> None:
    (forest,), (accuracy,) = summary.trainings, summary.results
    second = replace(forest, id="9.2", settings={"n_estimators": 50})
    lines = drawn(
        replace(
            summary,
            trainings=(forest, second),
            results=(accuracy, replace(accuracy, model_id="9.2", value=0.5)),
        )
    )
    assert "forest 4.2 RandomForestClassifier n_estimators=200 310 ms" in lines
    assert "forest 9.2 RandomForestClassifier n_estimators=50 310 ms" in lines
    assert "forest 4.2 test 0.9701" in lines
    assert "forest 9.2 test 0.5000" in lines


def test_states_of_one_model_keep_its_name(summary: RunSummary) -> None:
    (accuracy,) = summary.results
    lines = drawn(replace(summary, results=(accuracy, replace(accuracy, model_id="4.1", metric="f1"))))
    assert "forest test 0.9701 0.9701" in lines


def test_a_number_measured_twice_is_shown_twice(summary: RunSummary) -> None:
    (accuracy,) = summary.results
    lines = drawn(replace(summary, results=(accuracy, replace(accuracy, value=0.9))))
    assert [line for line in lines if line.startswith("forest test")] == [
        "forest test 0.9701",
        "forest test 0.9000",
    ]


def test_many_metrics_are_listed_one_a_line(summary: RunSummary) -> None:
    (accuracy,) = summary.results
    many = tuple(replace(accuracy, metric=f"metric{number}") for number in range(9))
    lines = drawn(replace(summary, results=many))
    assert "model data metric value" in lines
    assert "forest test metric0 0.9701" in lines
    assert "metric5 0.9701" in lines, "model and data are named in the first line of several"


def test_models_are_grouped_by_the_data_they_saw(summary: RunSummary) -> None:
    (forest,) = summary.trainings
    other = replace(forest, model="tree", id="8.1", data=("birds",), rows=20, role="", files=())
    again = replace(forest, model="late", id="9.1")
    lines = drawn(replace(summary, trainings=(forest, other, again)))
    titles = [line for line in lines if line.startswith("Models trained")]
    assert titles[0].startswith("Models trained on train (258 rows, training part, from")
    assert titles[1] == "Models trained on birds (20 rows)"
    assert len(titles) == 2
    first, second = (lines.index(title) for title in titles)
    assert first < lines.index("late RandomForestClassifier n_estimators=200 310 ms") < second


def test_a_pipeline_is_shown_by_its_steps_and_settings_by_their_last_names(summary: RunSummary) -> None:
    (forest,) = summary.trainings
    pipeline = replace(
        forest,
        implementation="sklearn.pipeline.Pipeline",
        parts=("StandardScaler", "SVC"),
        settings={"svc__C": 10, "scaler__with_mean": False},
    )
    assert "forest StandardScaler → SVC C=10, with_mean=False 310 ms" in drawn(
        replace(summary, trainings=(pipeline,))
    )
    ambiguous = replace(pipeline, settings={"a__alpha": 1, "b__alpha": 2})
    assert "forest StandardScaler → SVC a__alpha=1, b__alpha=2 310 ms" in drawn(
        replace(summary, trainings=(ambiguous,))
    )


def test_sections_with_nothing_to_say_are_left_out(summary: RunSummary) -> None:
    empty = replace(summary, trainings=(), results=(), read=(), written=(), warnings=(), seeds={})
    lines = drawn(empty)
    for title in ("Data read", "Results", "Files written", "Warnings", "Ask more"):
        assert title not in lines


def test_a_result_that_is_a_series_alone_is_left_to_show(summary: RunSummary) -> None:
    (accuracy,) = summary.results
    curve = replace(accuracy, metric="curve", value=None, text="", series="15 values")
    assert not any("curve" in line for line in drawn(replace(summary, results=(accuracy, curve))))


def test_recorded_names_that_look_like_markup_are_shown_as_they_are(summary: RunSummary) -> None:
    (forest,), (accuracy,), (read,), (written,) = (
        summary.trainings, summary.results, summary.read, summary.written,
    )  # fmt: skip
    name = "[/b] [red]x[/red]"
    lines = drawn(
        replace(
            summary,
            trainings=(replace(forest, model=name, settings={"kind": name}),),
            results=(replace(accuracy, model=name, metric=name),),
            read=(replace(read, path=f"/data/{name}"),),
            written=(replace(written, path=f"/data/{name}"),),
            warnings=(name,),
        )
    )
    # In the training, the header and the row of the results, both files, and the warning.
    assert sum(name in line for line in lines) == 6


def test_a_fit_that_failed_is_no_trained_model(summary: RunSummary) -> None:
    (forest,) = summary.trainings
    lines = drawn(replace(summary, trainings=(replace(forest, status=Status.FAILED),)))
    assert "forest RandomForestClassifier · failed n_estimators=200 310 ms" in lines


def test_long_settings_are_cut_visibly(summary: RunSummary) -> None:
    (forest,) = summary.trainings
    grid = {"param_grid": "{'C': array([" + ",\n  ".join(f"{n}." for n in range(90)) + "])}"}
    text = " ".join(drawn(replace(summary, trainings=(replace(forest, settings=grid),))))
    assert "param_grid={'C': array([0., 1.," in text
    assert "…" in text
    assert "80." not in text


def test_data_of_a_package_is_named_by_the_package_everywhere(summary: RunSummary) -> None:
    (read,) = summary.read
    lines = drawn(replace(summary, read=(replace(read, package="scikit-learn"),)))
    assert any(line.startswith("scikit-learn: penguins.csv 13.5 kB") for line in lines)
    assert "Models trained on train (258 rows, training part, from scikit-learn: penguins.csv)" in " ".join(
        lines
    )


def test_cells_that_failed_in_a_session_that_went_on_are_counted(summary: RunSummary) -> None:
    assert summary.failed == 1
    went_on = " ".join(drawn(replace(summary, status=Status.SUCCEEDED, failure=None)))
    assert "1 of them failed or interrupted" in went_on
    assert "failed or interrupted" not in " ".join(drawn(replace(summary, failed=0)))


def test_of_what_a_loop_made_the_first_and_the_last_are_shown(summary: RunSummary) -> None:
    (forest,), (accuracy,) = summary.trainings, summary.results
    many = range(1, 101)
    lines = drawn(
        replace(
            summary,
            trainings=tuple(replace(forest, id=f"{n}.1") for n in many),
            results=tuple(replace(accuracy, model_id=f"{n}.1") for n in many),
        )
    )
    assert lines.count("… 60 more") == 2
    trained = [line for line in lines if line.startswith("forest") and "ms" in line]
    measured = [line for line in lines if line.startswith("forest") and "ms" not in line]
    assert len(trained) == len(measured) == 40
    assert trained[0].startswith("forest 1.1 ")
    assert measured[-1].startswith("forest 100.1 ")
