"""Every question asked of scripts that really ran: `examples/train.py`, and one with a module of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provkg.config import Home, create_home
from provkg.journal import runs
from provkg.queries import questions
from provkg.store import Store, open_store
from tests.queries.test_real_runs import EXAMPLES, Check, answer, both, count, ends, has, nothing, only

COMMAND = "import sys; sys.path.pop(0); from provkg.cli.main import main; main()"
OWN = """\
import numpy as np
from sklearn.ensemble import RandomForestClassifier
import judging

X, y = np.arange(80.0).reshape(40, 2), np.arange(40) % 2
np.random.random(3)
forest = RandomForestClassifier(n_estimators=3).fit(X, y)
judging.judged(forest, X, y)
undefined
"""
JUDGING = """\
from sklearn.metrics import accuracy_score


def judged(model, X, y):
    return accuracy_score(y, model.predict(X))
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Home]]:
    """Four runs: penguins by two models, and twice a script that fails, with a changed module between."""
    folder = tmp_path_factory.mktemp("real") / "examples"
    shutil.copytree(EXAMPLES, folder, ignore=shutil.ignore_patterns("output", ".provkg"))
    home = create_home(folder / ".provkg")
    (folder / "own.py").write_text(OWN)
    (folder / "judging.py").write_text(JUDGING)
    assert run(folder, "train.py") == 0
    assert run(folder, "train.py", "--model", "forest", "--max-depth=3", "--seed", "3") == 0
    assert run(folder, "own.py") == 1
    (folder / "judging.py").write_text(JUDGING + "# changed\n")
    assert run(folder, "own.py") == 1
    assert len(runs(home)) == 4
    with open_store(home) as store:
        yield store, home


def run(folder: Path, *arguments: str) -> int:
    command = [sys.executable, "-c", COMMAND, "run", "-q", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PROVKG_HOME"}
    return subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, timeout=120
    ).returncode


LOGISTIC, FOREST, BEFORE, BROKEN = "latest~3", "latest~2", "latest~1", "latest"
DATA = "data/penguins.csv"

KNOWN: list[tuple[str, dict[str, str], Check]] = [
    # reproducibility
    ("when_was_notebook_last_executed", {"notebook": "train.py"}, count(1)),
    (
        "which_source_was_executed",
        {"run": LOGISTIC},
        both(count(1), lambda rows: rows[0]["source"] == (EXAMPLES / "train.py").read_text()),
    ),
    ("what_was_output", {"run": LOGISTIC}, both(count(1), has(kind="stdout", order=1))),
    ("what_was_output", {"run": BROKEN}, has(kind="error")),
    ("where_did_output_appear", {"output": "latest~3/o1"}, count(1)),
    ("how_long_did_cells_take", {"run": LOGISTIC}, has(executions=1)),
    (
        "in_which_order_were_cells_executed",
        {"run": LOGISTIC},
        both(count(1), has(order=1)),
    ),
    ("which_path_did_notebook_take", {"notebook": "train.py", "run": FOREST}, has(what="joblib.dump")),
    ("was_anything_executed_out_of_order", {"run": LOGISTIC}, nothing),
    ("which_executed_cells_are_gone", {"run": LOGISTIC}, nothing),
    ("which_findings_were_made", {"run": LOGISTIC}, nothing),
    ("what_was_left_unseeded", {"run": LOGISTIC}, nothing),
    ("what_was_left_unseeded", {"run": BROKEN}, has(line=7)),
    (
        "how_to_run_again",
        {"run": FOREST},
        has(command="provkg run -q train.py --model forest --max-depth=3 --seed 3"),
    ),
    ("which_executions_failed", {"run": BROKEN}, both(count(1), has(error="NameError", line=9))),
    ("which_executions_failed", {"run": FOREST}, nothing),
    # comparison
    ("did_python_or_kernel_change", {"notebook": "train.py"}, only("changed", False)),
    ("did_split_ratio_change", {"notebook": "train.py"}, both(count(2), only("test_size", 0.3))),
    (
        "which_score_did_estimator_reach",
        {"estimator": "RandomForestClassifier", "run": FOREST},
        lambda rows: len(rows) >= 2 and all(row["value"] > 0.9 for row in rows),
    ),
    ("best_runs_by_metric", {"metric": "accuracy"}, lambda rows: rows[0]["value"] > 0.95),
    (
        "what_differs_between_runs",
        {"first": LOGISTIC, "second": FOREST},
        both(
            has(item="parameter model", in_first="logistic", in_second="forest"),
            has(item="parameter seed", in_first="7", in_second="3"),
            lambda rows: all(row["aspect"] != "code" for row in rows),
        ),
    ),
    (
        "what_differs_between_runs",
        {"first": BEFORE, "second": BROKEN},
        lambda rows: (
            [row["item"].rpartition("/")[2] for row in rows if row["aspect"] == "code"] == ["judging.py"]
        ),
    ),
    # lineage
    ("what_led_to", {"thing": "latest~3/model"}, lambda rows: any(DATA in str(row) for row in rows)),
    ("which_cells_depend_on_variable", {"variable": "MEASUREMENTS", "run": LOGISTIC}, nothing),
    (
        "what_is_affected_by_file",
        {"file": "penguins.csv"},
        both(has(kind="model", name="model"), lambda rows: sum(row["kind"] == "result" for row in rows) >= 6),
    ),
    # data
    ("which_data_sources_were_used", {"run": LOGISTIC}, both(count(3), has(mode="read"))),
    ("which_data_sources_were_used", {"run": BROKEN}, nothing),
    ("which_versions_of_data", {"file": "penguins.csv"}, both(count(1), has(rows=344, size=15241))),
    (
        "how_was_data_split",
        {"run": LOGISTIC},
        both(has(part_name="train", rows=239), has(part_name="test", rows=103)),
    ),
    ("which_preprocessing_was_applied", {"run": LOGISTIC}, has(step="pandas.DataFrame.dropna")),
    ("was_model_evaluated_on_training_data", {"run": LOGISTIC}, nothing),
    ("was_model_evaluated_on_training_data", {"run": BROKEN}, lambda rows: len(rows) >= 1),
    ("did_preprocessing_see_test_data", {"run": LOGISTIC}, nothing),
    # model
    (
        "which_data_trained_model",
        {"model": "latest~3/model"},
        both(has(part="data", rows=239), ends("path", DATA)),
    ),
    ("which_file_holds_model", {"model": "latest~3/model"}, ends("path", "output/logistic.joblib")),
    ("which_hyperparameters_has_model", {"model": "latest~2/model"}, has(name="max_depth", value=3)),
    ("which_implementation_made_model", {"model": "forest"}, has(algorithm="RandomForestClassifier")),
    # environment
    ("which_kernel_ran", {"run": LOGISTIC}, both(count(1), has(kernel=None))),
    (
        "which_modules_were_used",
        {"run": LOGISTIC},
        both(has(module="argparse", uses=1), has(module="sklearn")),
    ),
    ("which_imports_were_unused", {"run": LOGISTIC}, nothing),
    ("which_module_was_used_most", {"run": LOGISTIC}, lambda rows: rows[0]["module"] == "sklearn"),
    ("which_python_versions_were_used", {"notebook": "train.py"}, count(1)),
    ("which_version_of_package", {"package": "scikit-learn"}, count(2)),
    ("which_runs_used_package_below", {"package": "scikit-learn", "below": "100.10"}, count(4)),
    ("on_which_machine", {"run": LOGISTIC}, lambda rows: rows[0]["cores"] >= 1),
    (
        "what_is_known_of_environment",
        {"run": LOGISTIC},
        has(attribute="pythonImplementation", value="CPython"),
    ),
    # people
    ("who_ran_what", {"notebook": "train.py"}, count(2)),
    ("who_is_responsible_for_notebook", {"notebook": "train.py"}, has(role="ran it", runs=2)),
    ("who_is_responsible_for_thing", {"thing": f"{BROKEN}/forest"}, both(count(1), has(distance=0))),
    # questions over several runs, and such of which scripts say little
    ("how_often_was_cell_executed", {"notebook": "train.py"}, both(count(2), only("trials", 1))),
    ("which_results_are_stale", {"run": LOGISTIC}, nothing),
    (
        "what_is_missing_to_repeat_runs",
        {},
        both(
            has(missing="commit: none", inputs=1, unseeded=0),
            has(missing="seeds: 1 without, commit: none", inputs=0, unseeded=1),
        ),
    ),
    (
        "did_rerun_give_same_results",
        {"first": LOGISTIC, "second": FOREST},
        has(item="accuracy of model, test data", verdict="Different"),
    ),
    ("which_equal_runs_gave_different_results", {}, nothing),
    ("what_changed_in_cells", {"first": BEFORE, "second": BROKEN}, nothing),
    (
        "which_settings_differ_between_best_runs",
        {"metric": "f1_macro"},
        both(ends("metric", "/f1_macro"), has(setting="max_depth", in_second="3")),
    ),
    (
        "how_do_metrics_vary_over_repetitions",
        {"metric": "accuracy"},
        both(
            has(settings="n_estimators=3", repetitions=2, seeds=0),
            has(settings="max_depth=3", repetitions=1, seeds=1),
        ),
    ),
    (
        "which_settings_were_tried",
        {"estimator": "RandomForestClassifier"},
        has(setting="max_depth", least=3, most=3, trials=1, given=1),
    ),
    (
        "how_did_metric_develop",
        {"metric": "accuracy", "run": LOGISTIC},
        both(count(5), lambda rows: [row["step"] for row in rows] == [1, 2, 3, 4, 5]),
    ),
    (
        "what_led_to_since_step",
        {"thing": f"{BROKEN}/forest", "since": "1"},
        both(count(2), only("name", "X", "y")),
    ),
    (
        "what_happened_between_steps",
        {"run": LOGISTIC},
        lambda rows: any(
            row["used"] == "penguins" and {*str(row["made"]).split(", ")} == {"train", "test"} for row in rows
        ),
    ),
    (
        "which_calls_had_setting",
        {"procedure": "RandomForestClassifier", "setting": "max_depth", "value": "3"},
        only(
            "function",
            "sklearn.ensemble.RandomForestClassifier.fit",
            "sklearn.model_selection.cross_val_score",
        ),
    ),
    (
        "which_outputs_had_input_with",
        {"property": "mediaType", "value": "text/csv"},
        both(has(kind="model", name="model"), has(kind="result", name="f1_macro")),
    ),
    (
        "which_outputs_followed_setting",
        {"procedure": "RandomForestClassifier", "setting": "max_depth", "value": "3", "run": FOREST},
        both(
            count(5),
            has(kind="model", name="model"),
            ends("name", "forest.joblib", "model", "accuracy", "f1_macro"),
        ),
    ),
    ("which_outputs_had_annotated_input", {"key": "licence"}, nothing),
    ("which_things_are_annotated", {"key": "licence"}, nothing),
    (
        "which_columns_fed_model",
        {"model": f"{BROKEN}/forest"},
        both(count(2), has(part="data", name="X"), has(part="target", name="y")),
    ),
    ("where_does_data_come_from", {}, both(count(1), has(licence="not recorded", runs=2))),
    (
        "on_which_data_was_model_trained_and_tested",
        {"model": f"{BROKEN}/forest"},
        both(count(2), has(role="trained", name="X"), has(role="evaluated", name="X", metrics="accuracy")),
    ),
    ("which_model_was_fine_tuned", {"model": f"{BROKEN}/forest"}, has(answer="trained anew")),
    (
        "how_large_and_costly_is_model",
        {"model": f"{BROKEN}/forest"},
        lambda rows: "parameters" in rows[0]["missing"],
    ),
    ("which_metadata_have_things", {"run": LOGISTIC}, both(count(3), only("licence", "not recorded"))),
    ("what_would_exports_lack", {"run": LOGISTIC}, has(profile="Croissant", term="license", present=False)),
    ("which_things_lack_metadata", {"run": LOGISTIC}, has(kind="data", missing="licence")),
]


@pytest.mark.parametrize(
    ("name", "params", "check"), KNOWN, ids=[f"{n}-{json.dumps(p)}" for n, p, _ in KNOWN]
)
def test_the_answer_of_script_runs_is_right(
    real: tuple[Store, Home], name: str, params: dict[str, str], check: Check
) -> None:
    rows = answer(real, name, **params)
    assert check(rows), rows[:5]


def test_every_question_is_asked_of_script_runs() -> None:
    assert set(questions()) == {name for name, _, _ in KNOWN}
