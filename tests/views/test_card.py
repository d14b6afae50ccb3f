from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from provkg.records import CellExecution, Event, fold
from provkg.views import Card
from provkg.views.card import describe
from provkg.views.inventory import Inventory, Thing, take

if TYPE_CHECKING:
    from collections.abc import Callable

BASE = "https://example.org/"


@pytest.fixture
def card(penguins: tuple[Event, ...]) -> Callable[[str], Card]:
    run = fold(penguins)
    assert run is not None
    inventory = take(run)
    return lambda name: describe(inventory, find(inventory, name), BASE)


def find(inventory: Inventory, name: str) -> Thing | CellExecution:
    return inventory.executions[int(name)] if name.isdigit() else inventory.things[name]


def rows(card: Card, title: str) -> list[tuple[str, ...]]:
    return [row for section in card.sections if section.title == title for row in section.rows]


def test_a_model_says_what_made_it_with_which_settings_and_what_was_measured(
    card: Callable[[str], Card],
) -> None:
    forest = card("4.2")
    assert (forest.name, forest.kind) == ("forest", "model")
    assert forest.iri == f"{BASE}run/{forest.run}/value/4.2"
    assert forest.facts["made by"].endswith("RandomForestClassifier.fit (a3)")
    assert forest.facts["in"] == "cell [3], line 2"
    assert rows(forest, "Settings") == [("n_estimators", "200")]
    assert rows(forest, "Settings left at their defaults") == [("max_depth", "None")]
    assert rows(forest, "Results") == [("accuracy", "0.97014925", "test", "", "r1")]


def test_the_numbers_of_a_model_stand_in_one_place_each_with_its_class(penguins: tuple[Event, ...]) -> None:
    run = fold(penguins)
    assert run is not None
    executions = [
        replace(
            one,
            activities=tuple(
                replace(act, results=tuple(replace(result, label="Gentoo") for result in act.results))
                for act in one.activities
            ),
        )
        for one in run.executions
    ]
    inventory = take(replace(run, executions=tuple(executions)))
    forest = describe(inventory, find(inventory, "4.2"), BASE)
    assert [row[0] for row in rows(forest, "Results")] == ["accuracy of Gentoo"]
    assert "r1" not in {row[2] for row in rows(forest, "Became or was used for")}
    test = describe(inventory, find(inventory, forest_data(inventory)), BASE)
    assert "r1" in {row[2] for row in rows(test, "Became or was used for")}


def forest_data(inventory: Inventory) -> str:
    """The data that the accuracy was measured on."""
    [result] = inventory.results()
    return result.data[0]


def test_links_are_shown_one_step_both_ways_with_how_they_are_known(card: Callable[[str], Card]) -> None:
    train = card("2.1")
    assert rows(train, "Came from") == [
        ("penguins", "data set, 344 × 7", "1.1", "train_test_split", "observed")
    ]
    assert rows(train, "Became or was used for") == [("forest", "model", "4.2", "fit", "observed")]


def test_a_file_tells_its_digest_and_what_was_made_of_it(card: Callable[[str], Card]) -> None:
    file = card("f1")
    assert file.kind == "file read"
    assert file.facts["sha256"] == "ab" * 32
    assert rows(file, "Became or was used for") == [
        ("penguins", "data set, 344 × 7", "1.1", "read_csv", "observed")
    ]


def test_a_file_without_a_digest_says_why(penguins: tuple[Event, ...]) -> None:
    from msgspec.structs import replace

    from provkg.records import Digest, File, FileMode

    run = fold(penguins)
    assert run is not None
    file = File(
        id="f9", path="/data/huge", mode=FileMode.READ, covers=Digest.NONE, reason="larger than the limit"
    )
    last = replace(run.executions[-1], files=(file,))
    inventory = take(replace(run, executions=(*run.executions[:-1], last)))
    assert describe(inventory, file, BASE).facts["sha256"] == "none: larger than the limit"


def test_an_activity_tells_what_it_used_and_made(card: Callable[[str], Card]) -> None:
    fit = card("a3")
    assert fit.facts["package"] == "scikit-learn 1.9.1"
    assert ("train", "data set, 258 × 7", "2.1", "data", "observed") in rows(fit, "Used")
    assert rows(fit, "Made") == [("forest", "model", "4.2")]
    assert "seed" in fit.facts


def test_a_result_tells_its_exact_value_model_and_data(card: Callable[[str], Card]) -> None:
    accuracy = card("r1")
    assert accuracy.facts["value"] == "0.97014925"
    assert accuracy.facts["model"] == "forest (4.2)"
    assert accuracy.facts["data"] == "test (3.1)"


def test_an_execution_tells_its_source_and_what_was_recorded_in_it(card: Callable[[str], Card]) -> None:
    cell = card("3")
    assert cell.name == "cell [3]"
    assert cell.text.startswith("forest = RandomForestClassifier")
    assert [row[2] for row in rows(cell, "Recorded")] == ["4.1", "4.2", "a3"]
    assert card("5").facts["error"] == "ZeroDivisionError: division by zero"
