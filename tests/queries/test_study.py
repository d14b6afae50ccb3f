"""The thirteen questions of the seed system's user study, asked of the fixtures, with answers known by hand.

The answers stand here as a participant would give them; they are not made from what the queries say.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from provkg.queries import ask
from provkg.results import Solutions

if TYPE_CHECKING:
    from provkg.results.values import PythonValue
    from provkg.store.port import Store

EPOCH_1, EPOCH_2 = "1f0c", "2b7d"


@pytest.fixture
def answers(store: Store) -> Answers:
    return Answers(store)


class Answers:
    """The rows of an answer, as Python values by column."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, name: str, **params: str) -> list[dict[str, PythonValue]]:
        result = ask(self._store, name, params).result
        assert isinstance(result, Solutions)
        return list(result)


def test_1_which_kernel_was_used_in_epoch_1(answers: Answers) -> None:
    (row,) = answers("which_kernel_ran", run=EPOCH_1)
    assert row["kernel"] == "ipykernel 6.29.5"


def test_2_which_external_modules_were_used_in_epoch_1(answers: Answers) -> None:
    rows = answers("which_modules_were_used", run=EPOCH_1)
    external = {row["module"] for row in rows if not row["standard_library"]}
    assert external == {"numpy", "pandas", "seaborn", "sklearn"}


def test_3_which_imports_were_not_used_in_epoch_2(answers: Answers) -> None:
    assert {row["bound"] for row in answers("which_imports_were_unused", run=EPOCH_2)} == {
        "json",
        "np",
        "sns",
    }


def test_4_which_module_was_used_most_in_epoch_2(answers: Answers) -> None:
    first, second, *_ = answers("which_module_was_used_most", run=EPOCH_2)
    assert first["module"] == "sklearn"
    assert first["uses"] > second["uses"]  # type: ignore[operator]


def test_5_which_data_sources_were_used_in_the_notebook(answers: Answers) -> None:
    rows = answers("which_data_sources_were_used", notebook="penguins.ipynb")
    read = {row["path"] for row in rows if row["mode"] == "read"}
    assert read == {"/home/ada/project/penguins.csv"}


def test_6_in_which_execution_and_epoch_a_figure_was_shown(answers: Answers) -> None:
    (row,) = answers("where_did_output_appear", output=f"{EPOCH_2}/o1")
    assert str(row["run"]).endswith("/2b7d41c0-52a1-4e0b-9d3f-0c7e55aa8b22")
    assert row["order"] == 8


def test_7_which_version_of_seaborn_was_used(answers: Answers) -> None:
    assert [row["version"] for row in answers("which_version_of_package", package="seaborn")] == ["0.13.2"]


def test_8_which_versions_of_python_were_used(answers: Answers) -> None:
    rows = answers("which_python_versions_were_used", notebook="penguins.ipynb")
    assert {row["python"] for row in rows} == {"3.11.9", "3.12.1"}


def test_9_when_the_notebook_was_last_executed(answers: Answers) -> None:
    (row,) = answers("when_was_notebook_last_executed", notebook="penguins.ipynb")
    assert row["last_executed"] == datetime.fromisoformat("2026-03-03T14:08:00+01:00")
    assert row["started"] == datetime.fromisoformat("2026-03-03T14:00:00+01:00")


def test_10_whether_python_or_kernel_differed(answers: Answers) -> None:
    rows = answers("did_python_or_kernel_change")
    assert {row["path"]: row["changed"] for row in rows} == {
        "/home/ada/project/penguins.ipynb": True,
        "/home/ada/project/scoring.ipynb": False,
        "/home/ada/project/iris.ipynb": False,
        "/home/ada/project/net.ipynb": False,
    }


def test_11_which_cells_depend_on_a_variable(answers: Answers) -> None:
    rows = answers("which_cells_depend_on_variable", variable="X_train", run=EPOCH_2)
    direct = {row["cell"] for row in rows if row["how"] == "direct"}
    assert direct == {"c6", "c7"}
    # The figure shows what the forest guessed, and the forest was trained on the variable.
    assert {row["cell"] for row in rows if row["how"] == "indirect"} == {"c8"}


def test_12_which_accuracy_a_forest_reached_in_epoch_2(answers: Answers) -> None:
    (row,) = answers(
        "which_score_did_estimator_reach", estimator="RandomForestClassifier", metric="accuracy", run=EPOCH_2
    )
    assert row["value"] == 0.91
    assert str(row["evidence"]).endswith("#Observed")


def test_12_also_when_the_score_was_only_printed(answers: Answers) -> None:
    (row,) = answers("which_score_did_estimator_reach", estimator="KNeighborsClassifier")
    assert row["value"] == 0.8812
    assert str(row["evidence"]).endswith("#InferredFromSource")


def test_13_whether_the_split_ratio_changed(answers: Answers) -> None:
    rows = answers("did_split_ratio_change", notebook="penguins.ipynb")
    assert [row["test_size"] for row in rows] == [0.25, 0.2]
    assert all(row["changed"] for row in rows)
