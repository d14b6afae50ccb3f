from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from provkg.records import ActivityKind, Event, Evidence, FileMode, Value, fold
from provkg.views.inventory import Inventory, take

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def inventory(penguins: tuple[Event, ...]) -> Inventory:
    run = fold(penguins)
    assert run is not None
    return take(run)


def test_every_thing_is_found_by_its_identifier_and_knows_its_execution(inventory: Inventory) -> None:
    assert set(inventory.things) == {
        "f1", "1.1", "a1", "2.1", "3.1", "a2", "4.1", "4.2", "a3", "f2", "a4", "r1",
    }  # fmt: skip
    assert inventory.order["4.2"] == 3
    assert inventory.order["r1"] == 4


def test_a_model_comes_from_its_training_data_and_the_state_before_training(inventory: Inventory) -> None:
    steps = {(step.thing, step.operation) for step in inventory.sources["4.2"]}
    assert steps == {("4.1", "change in place"), ("2.1", "fit"), ("4.1", "fit")}


def test_what_a_link_says_goes_before_what_the_activity_used_as_a_whole(inventory: Inventory) -> None:
    (step,) = inventory.sources["2.1"]
    assert (step.thing, step.activity, step.evidence) == ("1.1", "", Evidence.OBSERVED)


def test_origins_go_back_to_the_files_through_every_step(inventory: Inventory, tmp_path: Path) -> None:
    assert [file.path for file in inventory.origins("4.2")] == [str(tmp_path / "data/penguins.csv")]
    assert [file.path for file in inventory.origins("f2")] == [str(tmp_path / "data/penguins.csv")]
    assert inventory.origins("f1") == ()


def test_what_came_of_a_thing_is_the_other_end_of_the_same_links(inventory: Inventory) -> None:
    assert {step.thing for step in inventory.outcomes["1.1"]} == {"2.1", "3.1"}
    assert {step.thing for step in inventory.outcomes["4.2"]} == {"r1", "f2"}


def test_ancestors_come_nearest_first_and_survive_a_circle(penguins: tuple[Event, ...]) -> None:
    from msgspec.structs import replace

    from provkg.records import Link

    run = fold(penguins)
    assert run is not None
    first, *others = run.executions
    circle = Link(target="1.1", source="4.2", evidence=Evidence.INFERRED)
    turned = replace(run, executions=(replace(first, links=(*first.links, circle)), *others))
    found = [thing.id for thing in take(turned).ancestors("2.1")]
    assert found[0] == "1.1"
    assert set(found) == {"1.1", "f1", "4.2", "4.1"}


def test_things_are_called_by_variable_or_file_name(inventory: Inventory) -> None:
    assert inventory.name("4.2") == "forest"
    assert inventory.name("4.1") == "forest", "by the name that is left in the end"
    assert inventory.name("f1") == "penguins.csv"
    assert inventory.name("a3") == "fit"
    assert inventory.name("r1") == "accuracy"
    assert inventory.name("9.9") == "9.9"


def test_things_are_listed_by_kind(inventory: Inventory) -> None:
    assert [file.id for file in inventory.files(FileMode.WRITTEN)] == ["f2"]
    assert [one.id for one in inventory.activities(ActivityKind.TRAINING)] == ["a3"]
    assert all(isinstance(value, Value) for value in inventory.values())


def test_a_place_names_the_cell_as_its_prompt_does(inventory: Inventory) -> None:
    assert inventory.place(3, 2) == "cell [3], line 2"
    assert inventory.place(99) == "cell [99]"


def test_an_object_without_a_variable_is_called_by_its_class(penguins: tuple[Event, ...]) -> None:
    from msgspec.structs import replace

    run = fold(penguins)
    assert run is not None
    unnamed = [
        replace(execution, values=tuple(replace(value, names=()) for value in execution.values))
        for execution in run.executions
    ]
    assert take(replace(run, executions=tuple(unnamed))).name("4.2") == "RandomForestClassifier"
