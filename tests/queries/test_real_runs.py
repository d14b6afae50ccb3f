"""Every question asked of runs that really happened: the examples, executed here, with known answers.

`manifest.ttl` holds each question to a story whose every detail is known. Here the same questions are asked
of what capture records of real notebooks, so that a gap between the two is found.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provkg.annotating import about, annotate
from provkg.capture.notebook import run_notebook
from provkg.config import Home, create_home
from provkg.queries import ask, questions
from provkg.records import Status
from provkg.results import Solutions
from provkg.store import Store, open_store
from provkg.views.overview import list_runs

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
EXTENSION = "--IPKernelApp.extra_extensions=provkg.capture.ipython"
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Home]]:
    """Four runs: penguins twice with other parameters, the hidden-state session, and its clean failure."""
    folder = tmp_path_factory.mktemp("real") / "examples"
    shutil.copytree(EXAMPLES, folder, ignore=shutil.ignore_patterns("output", ".provkg"))
    home = create_home(folder / ".provkg")
    assert run_notebook(folder / "penguins.ipynb", home).status is Status.SUCCEEDED
    parameters = {"test_size": 0.25, "random_state": 3}
    run_notebook(folder / "penguins.ipynb", home, parameters=parameters, command=("provkg", "run"))
    script = [sys.executable, str(folder / "hidden_state_session.py"), f"--argument={EXTENSION}"]
    environment = ["--env", f"PROVKG_HOME={home.path}"]
    subprocess.run([*script, *environment], check=True, cwd=folder, capture_output=True, timeout=120)
    assert run_notebook(folder / "hidden_state.ipynb", home).status is Status.FAILED
    with open_store(home) as store:
        data = about(store, "penguins.csv")
    annotate(home, data, {"licence": "CC0-1.0", "origin": "palmerpenguins"})
    with open_store(home) as store:
        yield store, home


def answer(real: tuple[Store, Home], name: str, **params: str) -> Rows:
    shown = ask(real[0], name, params).result
    assert isinstance(shown, Solutions)
    return [dict(row) for row in shown]


FIRST, SECOND, SESSION, BROKEN = "latest~3", "latest~2", "latest~1", "latest"

Check = Callable[[Rows], bool]


def only(column: str, *values: Any) -> Check:
    """The column holds these values and no others."""
    return lambda rows: {row[column] for row in rows} == set(values)


def has(**cells: Any) -> Check:
    """Some row has these cells."""
    return lambda rows: any(all(row[name] == value for name, value in cells.items()) for row in rows)


def ends(column: str, *endings: str) -> Check:
    """The texts of the column end in these, and each of these is there."""
    return lambda rows: (
        bool(rows)
        and all(str(row[column]).endswith(endings) for row in rows)
        and all(any(str(row[column]).endswith(end) for row in rows) for end in endings)
    )


def both(*checks: Check) -> Check:
    return lambda rows: all(check(rows) for check in checks)


def nothing(rows: Rows) -> bool:
    return rows == []


def count(number: int) -> Check:
    return lambda rows: len(rows) == number


DATA = "data/penguins.csv"

KNOWN: list[tuple[str, dict[str, str], Check]] = [
    # reproducibility
    ("when_was_notebook_last_executed", {"notebook": "penguins.ipynb"}, count(1)),
    ("which_source_was_executed", {"run": SESSION}, count(20)),
    (
        "which_source_was_executed",
        {"run": SESSION, "order": "9"},
        lambda rows: "LogisticRegresion" in rows[0]["source"],
    ),
    ("what_was_output", {"run": FIRST}, both(has(media_type="image/png"), has(kind="stdout"))),
    ("how_long_did_cells_take", {"run": SESSION}, has(cell="train", executions=3)),
    (
        "in_which_order_were_cells_executed",
        {"run": SESSION},
        both(count(20), lambda rows: [row["count"] for row in rows] == list(range(1, 21))),
    ),
    (
        "which_path_did_notebook_take",
        {"notebook": "hidden_state.ipynb"},
        lambda rows: len({row["run"] for row in rows}) == 2,
    ),
    ("was_anything_executed_out_of_order", {"run": FIRST}, nothing),
    ("was_anything_executed_out_of_order", {"run": SESSION}, lambda rows: len(rows) >= 1),
    ("what_was_left_unseeded", {"run": FIRST}, nothing),
    ("how_to_run_again", {"run": SECOND}, ends("path", "penguins.ipynb")),
    ("which_executions_failed", {"run": BROKEN}, both(count(1), has(error="NameError", position=5, line=1))),
    ("which_executions_failed", {"run": FIRST}, nothing),
    ("which_executed_cells_are_gone", {"run": SESSION}, only("cell", "fit-scaler", "sure")),
    ("which_executed_cells_are_gone", {"run": FIRST}, nothing),
    ("which_findings_were_made", {"run": FIRST}, nothing),
    (
        "how_often_was_cell_executed",
        {"notebook": "hidden_state.ipynb", "run": SESSION},
        has(id="train", trials=3, texts=3, failed=1),
    ),
    ("which_results_are_stale", {"run": SESSION}, has(kind="model", cell="train", how="executed anew")),
    ("which_results_are_stale", {"run": FIRST}, nothing),
    (
        "what_is_missing_to_repeat_runs",
        {"run": FIRST},
        both(count(1), has(inputs=1, without_digest=0, unseeded=0)),
    ),
    (
        "did_rerun_give_same_results",
        {"first": FIRST, "second": SECOND, "tolerance": "0.1"},
        both(
            has(item="accuracy of forest, test data", verdict="WithinTolerance"),
            has(item="support of class Gentoo of logistic, test data", verdict="Different"),
            lambda rows: any(row["kind"] == "output" and row["verdict"] == "Identical" for row in rows),
        ),
    ),
    ("which_equal_runs_gave_different_results", {}, nothing),
    # comparison
    (
        "what_changed_in_cells",
        {"first": FIRST, "second": SECOND},
        both(
            count(1),
            has(change="only in second", in_second="# Parameters\ntest_size = 0.25\nrandom_state = 3"),
        ),
    ),
    (
        "which_settings_differ_between_best_runs",
        {"metric": "accuracy"},
        lambda rows: "cv" in {row["setting"] for row in rows},
    ),
    (
        "how_do_metrics_vary_over_repetitions",
        {"metric": "accuracy", "notebook": "penguins.ipynb"},
        has(
            **{"class": "DummyClassifier", "repetitions": 2, "seeds": 2, "settings": "strategy=most_frequent"}
        ),
    ),
    (
        "which_settings_were_tried",
        {"estimator": "Pipeline", "notebook": "penguins.ipynb"},
        has(setting="svc__C", least=0.1, most=100, values=4),
    ),
    (
        "how_did_metric_develop",
        {"metric": "accuracy", "run": FIRST},
        both(has(by="fold", step=5), lambda rows: all(0 <= row["value"] <= 1 for row in rows)),
    ),
    ("did_python_or_kernel_change", {"notebook": "penguins.ipynb"}, only("changed", False)),
    ("did_split_ratio_change", {"notebook": "penguins.ipynb"}, only("test_size", 0.3, 0.25)),
    ("did_split_ratio_change", {"notebook": "hidden_state.ipynb"}, only("changed", True)),
    (
        "which_score_did_estimator_reach",
        {"estimator": "RandomForestClassifier", "run": FIRST},
        lambda rows: any(row["value"] == pytest.approx(0.95) for row in rows),
    ),
    ("best_runs_by_metric", {"metric": "accuracy"}, lambda rows: rows[0]["value"] > 0.99),
    (
        "what_differs_between_runs",
        {"first": FIRST, "second": SECOND},
        lambda rows: any(
            row["aspect"] == "code" and "test_size = 0.25" in str(row["in_second"]) for row in rows
        ),
    ),
    # lineage
    ("what_led_to", {"thing": "logistic"}, lambda rows: any(DATA in str(row) for row in rows)),
    (
        "which_cells_depend_on_variable",
        {"variable": "X_train", "run": FIRST},
        has(cell="forest", how="direct"),
    ),
    (
        "what_is_affected_by_file",
        {"file": "penguins.csv"},
        both(has(kind="model", name="logistic"), has(kind="result"), lambda rows: len(rows) > 50),
    ),
    (
        "what_led_to_since_step",
        {"thing": "logistic", "since": "10"},
        both(has(name="X_train"), lambda rows: all(row["order"] >= 10 and row["observed"] for row in rows)),
    ),
    (
        "what_happened_between_steps",
        {"run": SESSION, "first": "5", "last": "5"},
        both(count(2), has(function="sklearn.preprocessing.StandardScaler.fit", used="X", made="scaler")),
    ),
    (
        "which_calls_had_setting",
        {"procedure": "train_test_split", "setting": "test_size", "value": "0.25"},
        both(count(1), ends("function", "train_test_split")),
    ),
    (
        "which_outputs_had_input_with",
        {"property": "columnName", "value": "bill_length_mm", "run": BROKEN},
        lambda rows: {row["kind"] for row in rows} == {"output"},
    ),
    (
        "which_outputs_followed_setting",
        {"run": SECOND, "procedure": "train_test_split", "setting": "test_size", "value": "0.25"},
        both(has(kind="model", name="logistic"), has(kind="file"), has(kind="result")),
    ),
    (
        "which_columns_fed_model",
        {"model": "logistic", "feature": "male"},
        both(only("column", "sex"), only("known", True), ends("path", DATA)),
    ),
    # data
    ("which_data_sources_were_used", {"run": FIRST}, has(mode="written")),
    ("which_versions_of_data", {"file": "penguins.csv"}, both(count(1), has(rows=344, size=15241))),
    (
        "how_was_data_split",
        {"run": FIRST},
        both(has(part_name="X_train", rows=233), has(part_name="X_test", rows=100)),
    ),
    (
        "which_preprocessing_was_applied",
        {"run": FIRST},
        lambda rows: any("dropna" in row["step"] for row in rows),
    ),
    ("was_model_evaluated_on_training_data", {"run": FIRST}, nothing),
    ("did_preprocessing_see_test_data", {"run": SESSION}, lambda rows: len(rows) >= 1),
    ("did_preprocessing_see_test_data", {"run": BROKEN}, nothing),
    # model
    (
        "which_data_trained_model",
        {"model": "logistic"},
        both(has(part="data", name="X_train"), has(part="target", name="y_train"), ends("path", DATA)),
    ),
    ("which_file_holds_model", {"model": "logistic"}, ends("path", "output/penguins_model.joblib")),
    (
        "which_hyperparameters_has_model",
        {"model": "forest"},
        both(has(name="max_depth", value=4), has(name="criterion")),
    ),
    (
        "which_implementation_made_model",
        {"model": "forest"},
        has(algorithm="RandomForestClassifier", package="scikit-learn"),
    ),
    ("which_model_was_fine_tuned", {"model": "forest"}, has(answer="trained anew", base=None)),
    ("which_model_was_fine_tuned", {"model": "restored"}, has(answer="not recorded")),
    (
        "how_large_and_costly_is_model",
        {"model": "forest"},
        both(count(1), lambda rows: rows[0]["missing"].startswith("parameters") and rows[0]["seconds"] > 0),
    ),
    (
        "on_which_data_was_model_trained_and_tested",
        {"model": "logistic"},
        both(has(role="trained", name="X_train", rows=249), has(role="evaluated", name="X_test", rows=84)),
    ),
    ("which_file_holds_model", {"model": f"{FIRST}/logistic"}, lambda rows: bool(rows[0]["changed_after"])),
    ("which_file_holds_model", {"model": f"{SECOND}/logistic"}, has(changed_after=None)),
    # environment
    ("which_kernel_ran", {"run": FIRST}, lambda rows: rows[0]["kernel"].startswith("ipykernel ")),
    (
        "which_modules_were_used",
        {"run": FIRST},
        both(has(module="sklearn", package="scikit-learn"), has(module="pathlib", standard_library=True)),
    ),
    ("which_imports_were_unused", {"run": FIRST}, nothing),
    ("which_imports_were_unused", {"run": BROKEN}, has(bound="LogisticRegression")),
    ("which_module_was_used_most", {"run": FIRST}, lambda rows: rows[0]["module"] == "sklearn"),
    (
        "which_python_versions_were_used",
        {"notebook": "penguins.ipynb"},
        only("python", ".".join(map(str, sys.version_info[:3]))),
    ),
    (
        "which_version_of_package",
        {"package": "pandas"},
        lambda rows: len({row["version"] for row in rows}) == 1,
    ),
    ("which_runs_used_package_below", {"package": "pandas", "below": "100.10"}, count(4)),
    ("which_runs_used_package_below", {"package": "pandas", "below": "1.10"}, nothing),
    ("on_which_machine", {"run": FIRST}, lambda rows: rows[0]["cores"] >= 1),
    ("what_is_known_of_environment", {"run": FIRST}, has(attribute="pythonImplementation", value="CPython")),
    # fair, and what was said of things
    ("where_does_data_come_from", {"file": "penguins.csv"}, has(licence="CC0-1.0", how="stated", runs=4)),
    ("which_things_are_annotated", {"key": "licence"}, has(other_key="origin", other_value="palmerpenguins")),
    (
        "which_outputs_had_annotated_input",
        {"key": "licence", "value": "CC0-1.0"},
        both(has(kind="model", name="logistic", observed=True), has(kind="file")),
    ),
    (
        "which_metadata_have_things",
        {"run": FIRST},
        both(has(kind="data", licence="CC0-1.0"), has(kind="model", name="logistic", licence="not recorded")),
    ),
    (
        "which_things_lack_metadata",
        {"run": FIRST},
        both(
            has(kind="model", missing="licence"), lambda rows: not has(kind="data", missing="licence")(rows)
        ),
    ),
    (
        "what_would_exports_lack",
        {"run": FIRST, "profile": "Croissant"},
        both(
            has(term="license", present=True),
            has(term="recordSet.field", present=True),
            has(term="creator", present=False),
        ),
    ),
    # people
    ("who_ran_what", {"notebook": "penguins.ipynb"}, count(2)),
    ("who_is_responsible_for_notebook", {"notebook": "penguins.ipynb"}, has(role="ran it", runs=2)),
    ("who_is_responsible_for_thing", {"thing": "logistic"}, both(count(1), has(distance=0))),
]


@pytest.mark.parametrize(
    ("name", "params", "check"), KNOWN, ids=[f"{n}-{json.dumps(p)}" for n, p, _ in KNOWN]
)
def test_the_answer_of_real_runs_is_right(
    real: tuple[Store, Home], name: str, params: dict[str, str], check: Check
) -> None:
    rows = answer(real, name, **params)
    assert check(rows), rows[:5]


def test_a_picture_is_found_wherever_it_appeared(real: tuple[Store, Home]) -> None:
    pictures = [row for row in answer(real, "what_was_output", run=FIRST) if row["media_type"] == "image/png"]
    digest = str(pictures[0]["content"]).rpartition("/")[2]
    rows = answer(real, "where_did_output_appear", output=digest[:12])
    assert {row["order"] for row in rows} >= {pictures[0]["order"]}
    # The first plot shows the whole table, which both runs share.
    assert len({row["run"] for row in rows}) == 2


def test_the_list_of_runs_has_no_numbers_of_single_folds_or_classes(real: tuple[Store, Home]) -> None:
    [first] = [dict(row) for row in list_runs(real[0])][-1:]
    ranges = dict(part.rsplit(" ", 1) for part in str(first["results"]).split(", "))
    assert {"accuracy", "f1_macro"} <= ranges.keys()
    assert ranges.keys().isdisjoint({"support", "recall", "precision"})
    least, _, most = ranges["accuracy"].partition("–")
    assert 0.4 < float(least) < 0.5
    assert 0.98 < float(most) < 1


def test_every_question_is_asked_of_real_runs() -> None:
    assert set(questions()) == {name for name, _, _ in KNOWN} | {"where_did_output_appear"}
