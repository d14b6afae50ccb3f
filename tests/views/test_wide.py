"""All runs and all models with their settings and metrics, chosen and ordered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import provkg
from provkg.config import create_home
from provkg.errors import QueryError
from provkg.journal import journal_path, write_run
from provkg.records import ActivityKind, Role, Scalar, SplitRole, ValueKind
from provkg.store import open_store
from provkg.views.wide import choose, gather
from tests.queries.story import Story

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provkg.config import Home
    from provkg.views.wide import Columns

BEGAN = datetime(2026, 3, 1, 9, tzinfo=UTC)
FOREST, SVC = "sklearn.ensemble._forest.RandomForestClassifier", "sklearn.svm._classes.SVC"
Model = tuple[str, dict[str, tuple[Scalar, bool | None]], dict[str, float]]


def identifier(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


def record(home: Home, number: int, models: Sequence[Model], notebook: str = "iris.ipynb") -> str:
    """Writes down a run in which models are trained, and measured on training and on test data."""
    story = Story(
        identifier(number),
        notebook,
        BEGAN + timedelta(days=number),
        python="3.11",
        kernel="k",
        packages={},
        text="",
    )
    with story.cell("c1", 0, "fit") as cell:
        data = cell.frame("X", 10, role=SplitRole.TRAINING)
        for class_, settings, measured in models:
            new = cell.value("model", ValueKind.MODEL, class_)
            fitted = cell.value("model", ValueKind.MODEL, class_, after=new)
            cell.step(
                ActivityKind.TRAINING,
                f"{class_}.fit",
                [(new, Role.MODEL), (data, Role.DATA)],
                [fitted],
                implementation=class_,
                settings=settings,
                results=[cell.result("loss", 0.5, fitted, data, role=SplitRole.TRAINING)],
            )
            cell.step(
                ActivityKind.EVALUATION,
                "score",
                [(fitted, Role.MODEL)],
                results=[
                    cell.result(name, value, fitted, role=SplitRole.TEST) for name, value in measured.items()
                ],
            )
    journal_path(home, story.id).unlink(missing_ok=True)
    write_run(home, story.id, story.end(("c1", "fit")))
    return story.id


@pytest.fixture
def three(home: Home) -> Home:
    """A home with three runs."""
    return record_three(home)


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> Columns:
    """What is read of such a home."""
    home = record_three(create_home(tmp_path_factory.mktemp("three") / ".provkg"))
    with open_store(home) as store:
        return gather(store)


def record_three(home: Home) -> Home:
    """Runs of a forest, of two models, and of a machine whose C is text."""
    record(home, 1, [(FOREST, {"trees": (100, False), "depth": (3, True)}, {"accuracy": 0.9})])
    record(
        home,
        2,
        [
            (FOREST, {"trees": (50, True), "depth": (None, False)}, {"accuracy": 0.8}),
            (SVC, {"C": (10.0, True), "loss": ("hinge", True)}, {"accuracy": 0.95}),
        ],
    )
    record(home, 3, [(SVC, {"C": ("auto", True), "probability": (True, True)}, {})], "other.ipynb")
    return home


def chosen(home: Home, by: str = "run", **how: Any) -> list[int]:
    """The numbers of the runs in the rows that are chosen."""
    rows = provkg.open(home.path).table(by, **how)
    return [int(str(run)[:8], 16) for run in rows["run"]]


def ordered(columns: Columns, **how: Any) -> list[int]:
    return [int(str(run)[:8], 16) for run in choose(columns, **how).columns["run"]]


def test_a_run_is_a_row_with_a_column_for_each_metric_and_setting(three: Home) -> None:
    frame = provkg.open(three.path).table()
    assert frame["run"].tolist() == [identifier(3), identifier(2), identifier(1)]
    assert frame["status"].tolist() == ["succeeded"] * 3
    assert frame["started"].dt.day.tolist() == [4, 3, 2]
    assert frame["code"].str.rpartition("/")[2].tolist() == ["other.ipynb", "iris.ipynb", "iris.ipynb"]
    assert frame["metric:training_loss"].tolist() == [0.5] * 3
    assert frame["setting:trees"].tolist() == [pd.NA, 50, 100]
    assert frame["setting:loss"].dropna().tolist() == ["hinge"]


def test_a_run_of_several_models_has_all_their_values_and_the_absent_is_absent(three: Home) -> None:
    accuracy = provkg.open(three.path).table()["metric:accuracy"].tolist()
    assert accuracy[1:] == [(0.8, 0.95), 0.9]
    assert pd.isna(accuracy[0])
    assert "metric:accuracy" not in provkg.open(three.path).table(limit=1)


def test_a_model_is_a_row_with_what_was_chosen_and_measured_by_part_of_the_data(three: Home) -> None:
    frame = provkg.open(three.path).table("model")
    assert frame["class"].tolist() == ["SVC", "RandomForestClassifier", "SVC", "RandomForestClassifier"]
    assert frame["variable"].tolist() == ["model"] * 4
    assert frame["metric:test_accuracy"].tolist()[1:] == [0.8, 0.95, 0.9]
    assert frame["metric:training_loss"].tolist() == [0.5] * 4
    assert frame["chosen"].tolist() == [
        "C=auto, probability=True",
        "trees=50",
        "C=10.0, loss=hinge",
        "depth=3",
    ]
    assert frame["setting:trees"].tolist() == [pd.NA, 50, pd.NA, 100]
    model = provkg.open(three.path).show(frame["model"][2], frame["run"][2])
    assert "SVC" in repr(model)


@pytest.mark.parametrize(
    ("where", "runs"),
    [
        ("accuracy > 0.85", [2, 1]),
        ("accuracy >= 0.9 and accuracy < 0.94", [2, 1]),
        ("accuracy > 0.94 or trees = 100", [2, 1]),
        ("not accuracy > 0.94", [3, 1]),
        ("trees < 1e2", [2]),
        ("trees != 50", [1]),
        ("C = 10", [2]),
        ("C = 'auto'", [3]),
        ("C > 1 or C like 'au%'", [3, 2]),
        ("C in (1, 10, 'auto')", [3, 2]),
        ("trees not in (50)", [1]),
        ("accuracy is null", [3]),
        ("metric:accuracy is not null and (depth = 3 or not depth is null)", [1]),
        ("probability = true", [3]),
        ("probability = 1", []),
        ('`setting:loss` = "hinge"', [2]),
        ("code like '%/iris.ipynb' AND status = 'succeeded'", [2, 1]),
        ("started > '2026-03-03'", [3, 2]),
        ("started > '2026-03-03T09:00:01+00:00'", [3]),
        ("run = '00000002-0000-4000-8000-000000000000'", [2]),
        ("C = 'it''s'", []),
        ("", [3, 2, 1]),
    ],
)
def test_conditions_compare_numbers_as_numbers_and_may_be_joined(
    columns: Columns, where: str, runs: list[int]
) -> None:
    assert ordered(columns, where=where) == runs


@pytest.mark.parametrize(
    "where",
    [
        *("accuracy >", "> 1", "accuracy 1", "accuracy > C", "accuracy > 0.9 C", "(accuracy > 1", "C in 1"),
        *("C is 1", "accuracy = 'x", "accuracy = 1.2.3", "and = 1", "nothing = 1", "started > 'soon'"),
        *("C = 1;", "C in ()", "not", "(" * 200 + "C = 1" + ")" * 200, "not " * 5000 + "C = 1"),
    ],
)
def test_a_condition_that_cannot_be_read_is_refused(columns: Columns, where: str) -> None:
    with pytest.raises(QueryError):
        choose(columns, where)


def test_rows_are_sorted_with_the_missing_last_and_of_several_values_by_the_outermost(
    columns: Columns,
) -> None:
    assert ordered(columns, sort="accuracy desc") == [2, 1, 3]
    assert ordered(columns, sort="accuracy") == [2, 1, 3]
    assert ordered(columns, sort="trees asc") == [2, 1, 3]
    assert ordered(columns, sort="C desc, started") == [3, 2, 1]
    assert ordered(columns, sort="status, started") == [1, 2, 3]
    assert ordered(columns, sort="accuracy desc", limit=1) == [2]
    for wrong in ("accuracy downwards", "unheard", ","):
        with pytest.raises(QueryError):
            choose(columns, sort=wrong)


def test_only_runs_and_models_can_be_rows(three: Home) -> None:
    with pytest.raises(QueryError, match="no table"):
        chosen(three, "cell")


def test_what_was_read_is_kept_and_never_stale(three: Home) -> None:
    kept = three.store_folder / "kept"
    assert chosen(three) == [3, 2, 1]
    (before,) = kept.iterdir()
    written = before.stat().st_mtime_ns
    assert chosen(three) == [3, 2, 1]
    assert before.stat().st_mtime_ns == written

    record(three, 4, [(SVC, {}, {"accuracy": 0.99})])
    with open_store(three):  # whoever brings the store up to date
        assert not list(kept.iterdir())
    assert chosen(three, where="accuracy > 0.98") == [4]

    record(three, 4, [(SVC, {"C": (1.0, True)}, {"accuracy": 0.5})])  # the run goes on
    assert chosen(three, where="accuracy > 0.98") == []
    assert chosen(three, where="accuracy = 0.5") == [4]

    size = journal_path(three, identifier(4)).stat().st_size
    journal_path(three, identifier(4)).unlink()
    assert chosen(three) == [3, 2, 1]
    record(three, 4, [(SVC, {"C": (1.0, True)}, {"accuracy": 0.7})])  # another one, as long as the one before
    assert journal_path(three, identifier(4)).stat().st_size == size
    assert chosen(three, where="accuracy = 0.7") == [4]


def test_kept_columns_that_are_damaged_are_read_anew(three: Home) -> None:
    first = provkg.open(three.path).table()
    (kept,) = (three.store_folder / "kept").iterdir()
    for damage in (b"", kept.read_bytes()[:-9], b"\0" * 500):
        kept.write_bytes(damage)
        pd.testing.assert_frame_equal(provkg.open(three.path).table(), first)


def test_a_frame_is_the_callers_own(three: Home) -> None:
    with provkg.open(three.path) as graph:
        frame = graph.table()
        frame.loc[:, "run"] = "mine"
        assert graph.table()["run"].tolist()[0] == identifier(3)


def test_a_home_without_runs_has_a_table_without_rows(home: Home) -> None:
    graph = provkg.open(home.path)
    assert len(graph.table()) == len(graph.table("model")) == 0
