"""Comparisons of runs told by hand, for what is hard to make happen in a real one."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from provkg.records import ActivityKind, FileMode, Role, Run, Setting, SplitRole, ValueKind, fold
from provkg.views.comparison import Aspect, Comparison, Side, compare_sides
from provkg.views.comparison.wording import verdict
from provkg.views.inventory import take
from tests.queries.story import Story

if TYPE_CHECKING:
    from provkg.records import Scalar

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
SVC = "sklearn.svm.SVC"


def told(
    number: int,
    accuracy: float,
    *,
    chosen: Scalar = 1,
    folds: int = 5,
    data: str = "data",
    python: str = "3.11.7",
    found: bool = False,
    reason: str = "",
) -> Run:
    """A run that reads a table, searches for a setting, and trains with the one that the search chose."""
    story = Story(
        f"0000000{number}",
        "a.ipynb",
        BEGAN,
        python=python,
        kernel="",
        packages={"scikit-learn": "1.9"},
        text="",
    )
    with story.cell("load", 0, "table = pd.read_csv('t.csv')") as cell:
        file = cell.file("t.csv", FileMode.READ, data, reason=reason)
        table = cell.frame("table", 100, content=data if not reason else "")
        cell.step(ActivityKind.LOADING, "pandas.read_csv", [(file, Role.FILE)], [table], package="pandas")
        cell.link(table, file, "pandas.read_csv")  # type: ignore[arg-type]
        if found:
            cell.parts["values"] = [msgspec.structs.replace(table, found=True)]
    with story.cell("search", 1, "search = GridSearchCV(SVC(), {'C': [1, 10]}).fit(table)") as cell:
        search = cell.value("search", ValueKind.MODEL, "sklearn.model_selection.GridSearchCV")
        cell.step(
            ActivityKind.TUNING,
            "GridSearchCV.fit",
            [(table, Role.DATA)],
            [search],
            settings={"cv": (folds, False)},
        )
    with story.cell(
        "best", 2, "best = search.best_estimator_.fit(table)\naccuracy_score(y, best.predict(table))"
    ) as cell:
        new = cell.value("", ValueKind.MODEL, SVC)
        cell.link(new, search, "best_estimator_")
        best = cell.value("best", ValueKind.MODEL, SVC, after=new)
        cell.step(
            ActivityKind.TRAINING,
            f"{SVC}.fit",
            [(table, Role.DATA)],
            [best],
            implementation=SVC,
            settings={"C": (chosen, True)},
        )
        result = cell.result("accuracy", accuracy, best, table, role=SplitRole.TEST)
        used = [(best, Role.MODEL), (table, Role.DATA)]
        cell.step(ActivityKind.EVALUATION, "accuracy_score", used, results=[result])
    story.end()
    run = fold(story.events)
    assert run is not None
    return run


def compare(*runs: Run) -> Comparison:
    return compare_sides([Side(take(run)) for run in runs], lambda digest: None)


def test_what_a_search_chose_is_a_result_and_its_data_the_cause() -> None:
    found = compare(told(1, 0.9), told(2, 0.8, chosen=10, data="other"))
    assert [one.item for one in found.of(Aspect.SETTINGS)] == ["C of SVC (best)"]
    [explanation] = found.explanations
    assert [cause.item for cause in explanation.causes] == ["t.csv"]
    assert explanation.causes[0].path[-1] == "accuracy"
    assert explanation.incomplete == ()


def test_a_parameter_is_told_with_the_setting_that_took_its_value() -> None:
    def given(run: Run, trees: int) -> Run:
        parameters = (Setting(name="folds", value=trees, type="int", explicit=True),)
        return msgspec.structs.replace(
            run, started=msgspec.structs.replace(run.started, parameters=parameters)
        )

    found = compare(given(told(1, 0.9), 5), given(told(2, 0.8, folds=10), 10))
    [explanation] = found.explanations
    [cause] = explanation.causes
    assert (cause.item, cause.before, cause.after) == (
        "cv of fit (search)",
        "5 (default)",
        "10 (default)",
    )
    assert cause.also == ("given as parameter folds",)
    assert explanation.elsewhere == 0


def test_python_counts_always_and_comes_last() -> None:
    found = compare(told(1, 0.9), told(2, 0.8, data="other", python="3.14.0"))
    assert [cause.item for cause in found.explanations[0].causes] == ["t.csv", "Python"]


def test_an_incomplete_lineage_says_where_it_ends() -> None:
    found = compare(told(1, 0.9, found=True), told(2, 0.8, found=True))
    [explanation] = found.explanations
    assert explanation.causes == ()
    assert "table was there when recording began: what made it is not known" in explanation.incomplete


def test_a_file_without_a_digest_is_not_said_to_be_the_same() -> None:
    found = compare(told(1, 0.9, reason="too large"), told(2, 0.8, reason="too large"))
    assert any("t.csv has the same content is not known: too large" in note for note in found.notes)
    assert any("no digest of its whole content: too large" in gap for gap in found.explanations[0].incomplete)


def test_a_changed_result_that_nothing_explains_is_said_to_have_changed() -> None:
    found = compare(told(1, 0.9), told(2, 0.8))
    assert verdict(found) == "1 of 1 result changed, and nothing else."
    assert not found.same
    assert found.explanations[0].causes == ()


def test_hundreds_of_unlike_cells_are_compared_in_seconds() -> None:
    def long(number: int) -> Run:
        story = Story(f"0000000{number}", "a.ipynb", BEGAN, python="3", kernel="", packages={}, text="")
        for position in range(300):
            names = [f"name_{number}_{position}_{line}" for line in range(40)]
            source = "\n".join(f"{name} = make_{name}()" for name in names)
            with story.cell(f"{number}-{position}", position, source):
                pass
        run = fold(story.events)
        assert run is not None
        return run

    runs = long(1), long(2)
    begun = time.process_time()
    found = compare(*runs)
    assert time.process_time() - begun < 10
    assert len(found.of(Aspect.CODE)) == 600
