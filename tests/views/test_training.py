from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from provkg.records import Run, Setting, fold
from provkg.views.inventory import take
from provkg.views.training import Training, trainings

if TYPE_CHECKING:
    from collections.abc import Callable

    from provkg.records import Event, Scalar


@pytest.fixture
def training_with(penguins: tuple[Event, ...]) -> Callable[..., Training]:
    """The training of the run, had it had other settings."""
    run = fold(penguins)
    assert run is not None
    told: Run = run

    def make(*settings: Setting) -> Training:
        executions = [
            replace(
                one, activities=tuple(replace(activity, settings=settings) for activity in one.activities)
            )
            for one in told.executions
        ]
        (found,) = trainings(take(replace(told, executions=tuple(executions))))
        return found

    return make


def setting(name: str, value: Scalar, type_: str = "int", *, explicit: bool | None = True) -> Setting:
    return Setting(name=name, value=value, type=type_, explicit=explicit)


def part(name: str, type_: str) -> Setting:
    return setting(name, type_.rpartition(".")[2], type_, explicit=None)


def test_settings_are_those_that_differ_from_the_default_or_have_none(
    training_with: Callable[..., Training],
) -> None:
    training = training_with(
        setting("depth", 3),
        setting("tol", 0.1, "float", explicit=False),
        setting("param_grid", "{'C': [1, 2]}", "dict", explicit=None),
    )
    assert training.settings == {"depth": 3, "param_grid": "{'C': [1, 2]}"}
    assert training.parts == ()


def test_the_parts_of_a_pipeline_come_in_the_order_of_its_steps(
    training_with: Callable[..., Training],
) -> None:
    training = training_with(
        part("alpha", "sklearn.svm.SVC"),
        part("zeta", "sklearn.preprocessing.StandardScaler"),
        setting("steps", "[('zeta', StandardScaler()), ('alpha', SVC())]", "list", explicit=None),
    )
    assert training.parts == ("StandardScaler", "SVC")
    assert training.settings == {}


def test_parts_inside_parts_stand_for_them_also_when_a_list_is_cut_short(
    training_with: Callable[..., Training],
) -> None:
    training = training_with(
        part("model", "sklearn.linear_model.Ridge"),
        part("prepare", "sklearn.compose.ColumnTransformer"),
        part("prepare__categories", "sklearn.preprocessing.OneHotEncoder"),
        part("prepare__numbers", "sklearn.preprocessing.StandardScaler"),
        setting("prepare__transformers", "[('numbers', …), ('categories', …)]", "list", explicit=None),
        setting("steps", "[('prepare', ColumnTransformer(transformers=[('num…", "list", explicit=None),
    )
    assert training.parts == ("StandardScaler", "OneHotEncoder", "Ridge")


def test_the_estimator_in_a_search_is_its_part(training_with: Callable[..., Training]) -> None:
    assert training_with(part("estimator", "sklearn.svm.SVC")).parts == ("SVC",)


def test_what_a_search_tried_is_told_however_long(training_with: Callable[..., Training]) -> None:
    grid = str({"n_neighbors": list(range(1, 31))})
    training = training_with(
        setting("param_grid", grid, "dict", explicit=None), setting("layers", grid, "str", explicit=None)
    )
    assert training.settings == {"param_grid": grid}
