"""In what the steps of runs differ: which there are, their settings, how data was split, and seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provkg.records import Activity, ActivityKind, Role, Scalar, Setting, Value
from provkg.views.comparison.found import Found, anchor
from provkg.views.comparison.matching import Matcher, Row, align, by_keys
from provkg.views.comparison.model import Aspect, Change, Difference, change_of
from provkg.views.comparison.sides import Side, settled
from provkg.views.training import is_list_of_parts

__all__ = ["SEEDS", "seed_differences", "step_differences"]

SEEDS = frozenset({"random_state", "seed", "random_seed", "rng", "generator", "data_seed", "bagging_seed"})
"""Settings that are the seed of a step."""

_QUIET = {"copy_X", "verbose", "n_jobs", "verbosity", "copy"}
"""Settings that no result depends on."""


class _Step:
    """An activity in its run."""

    def __init__(self, side: Side, activity: Activity) -> None:
        self.side, self.activity = side, activity
        self.order = side.inventory.order[activity.id]
        self.what = (activity.implementation or activity.function).rpartition(".")[2]
        self.function = activity.function.rpartition(".")[2]
        self.name = self._name()
        self.settings = {setting.name: setting for setting in activity.settings}
        chosen = {(one.name, str(one.value)) for one in activity.settings if one.explicit is not False}
        self.chosen = frozenset(chosen)
        self.source = side.inventory.executions[self.order].source

    def _name(self) -> str:
        """The variable of what it made or of the model at work."""
        inventory, activity = self.side.inventory, self.activity
        models = [use.entity for use in activity.used if use.role is Role.MODEL]
        for identifier in (*activity.generated, *models):
            thing = inventory.things.get(identifier)
            if isinstance(thing, Value) and (name := inventory.variable(thing)):
                return name
        return ""

    @property
    def title(self) -> str:
        """What the step is called in tables: ``RandomForestClassifier (forest)``."""
        what = self.what if self.activity.implementation else self.function
        return f"{what} ({self.name})" if self.name and self.name != what else what

    def __repr__(self) -> str:
        return self.title


_MATCH: Matcher[_Step] = by_keys(
    lambda step: (step.activity.kind, step.activity.function, step.name, step.source, step.chosen),
    lambda step: (step.activity.kind, step.activity.function, step.name, step.chosen),
    lambda step: (step.activity.kind, step.activity.function, step.name, step.source),
    lambda step: (step.activity.kind, step.activity.function, step.name),
    lambda step: (step.activity.kind, step.name) if step.name else id(step),
    lambda step: (step.activity.kind, step.activity.function),
)


def step_differences(sides: Sequence[Side]) -> Iterator[Found]:
    """Steps that are missing or of another kind, and settings of those that all have."""
    rows = align([[_Step(side, one) for one in side.activities()] for side in sides], _MATCH)
    for row in rows:
        present = [step for step in row if step]
        classes = {step.activity.implementation or step.activity.function for step in present}
        if len(present) < len(row) or len(classes) > 1:
            yield _step(row)
        if len(present) > 1 and len(classes) == 1:
            yield from _settings(row)
        if present[0].activity.kind is ActivityKind.SPLITTING and len(present) == len(row):
            yield from _parts(sides, row)
    yield from _parameters(sides)


def _step(row: Row[_Step]) -> Found:
    named = next(step for step in row if step)
    values = tuple(step.title if step else None for step in row)
    difference = Difference(
        aspect=Aspect.SPLIT if named.activity.kind is ActivityKind.SPLITTING else Aspect.STEPS,
        item=named.activity.kind.value,
        change=change_of(values),
        values=values,
        places=_places(row),
    )
    return Found(difference, _anchors(row), names=_spelled(row))


def _spelled(row: Row[_Step]) -> frozenset[str]:
    """How the functions and classes at work stand in code."""
    return frozenset(
        part
        for step in row
        if step
        for name in (step.activity.implementation, step.activity.function)
        for part in name.split(".")
    )


def _changed_settings(row: Row[_Step]) -> dict[str, list[Setting | None]]:
    """The settings that differ; not what only repeats the settings of the parts it lists."""
    changed: dict[str, list[Setting | None]] = {}
    for name in dict.fromkeys(name for step in row if step for name in step.settings):
        found = [step.settings.get(name) if step else None for step in row]
        # What one record does not tell of, it need not differ in.
        told = [setting for setting in found if setting is not None]
        if name not in _QUIET and len(told) > 1 and len({_key(setting) for setting in told}) > 1:
            changed[name] = found
    inner = any("__" in name for name in changed)
    return {name: found for name, found in changed.items() if not (inner and is_list_of_parts(name))}


def _settings(row: Row[_Step]) -> Iterator[Found]:
    named = next(step for step in row if step)
    for name, found in _changed_settings(row).items():
        told = [setting for setting in found if setting is not None]
        kind = Aspect.SETTINGS
        if named.activity.kind is ActivityKind.SPLITTING:
            kind = Aspect.SPLIT
        elif name.rpartition("__")[2] in SEEDS:
            kind = Aspect.SEEDS
        values = tuple(_shown(setting) if setting else None for setting in found)
        difference = Difference(
            aspect=kind,
            item=f"{name} of {named.title}",
            change=change_of(values),
            values=values,
            places=_places(row),
        )
        spelled = {repr(setting.value) for setting in told} | {name}
        yield Found(difference, _anchors(row), names=frozenset(spelled))


def _key(setting: Setting) -> tuple[str, Scalar]:
    value = settled(setting.value) if isinstance(setting.value, str) else setting.value
    return type(value).__name__, value


def _shown(setting: Setting) -> str:
    """A value as it would be written, and whether it is the library's own."""
    text = str(setting.value) if isinstance(setting.value, str) else repr(setting.value)
    return f"{settled(text)}{' (default)' if setting.explicit is False else ''}"


def _parts(sides: Sequence[Side], row: Row[_Step]) -> Iterator[Found]:
    """The rows in each part of a split: what came of it, which explains nothing by itself."""
    made: list[dict[str, Value]] = []
    for side, step in zip(sides, row, strict=True):
        things = [side.inventory.things.get(name) for name in (step.activity.generated if step else ())]
        values = [thing for thing in things if isinstance(thing, Value)]
        made.append(
            {side.inventory.variable(value) or f"part {n}": value for n, value in enumerate(values, 1)}
        )
    for name in dict.fromkeys(name for parts in made for name in parts):
        found = [parts.get(name) for parts in made]
        rows = [f"{value.shape[0]:,} rows" if value and value.shape else None for value in found]
        if len(set(rows)) > 1:
            role = next((f" ({value.role})" for value in found if value and value.role), "")
            yield Found(Difference(Aspect.SPLIT, f"{name}{role}", Change.FOLLOWS, tuple(rows), _places(row)))


def _anchors(row: Row[_Step]) -> tuple[frozenset[str], ...]:
    return tuple(frozenset({step.activity.id} if step else ()) for step in row)


def _places(row: Row[_Step]) -> tuple[str, ...]:
    return tuple(
        step.side.inventory.place(step.order, step.activity.line, step.activity.file) if step else ""
        for step in row
    )


def _parameters(sides: Sequence[Side]) -> Iterator[Found]:
    """The parameters that users gave to the runs."""
    given = [{one.name: one for one in side.run.started.parameters} for side in sides]
    for name in dict.fromkeys(name for parameters in given for name in parameters):
        found = [parameters.get(name) for parameters in given]
        if len({_key(one) if one else None for one in found}) > 1:
            values = tuple(_shown(one) if one else None for one in found)
            difference = Difference(Aspect.SETTINGS, f"parameter {name}", change_of(values), values)
            spelled = {repr(one.value) for one in found if one}
            anchors = tuple(frozenset({anchor("variable", name)}) if one else frozenset() for one in found)
            yield Found(difference, anchors, names=frozenset({*spelled, name}))


def seed_differences(sides: Sequence[Side]) -> Iterator[Found]:
    """Random generators that were seeded with another number, or not at all."""
    seeds = [_seeds(side) for side in sides]
    for generator in dict.fromkeys(generator for found in seeds for generator in found):
        found = [one.get(generator, []) for one in seeds]
        values = tuple(", ".join(str(value) for value, _, _ in one) or None for one in found)
        if len(set(values)) < 2:
            continue
        places = tuple(
            side.inventory.place(one[0][1], one[0][2]) if one else ""
            for side, one in zip(sides, found, strict=True)
        )
        difference = Difference(
            aspect=Aspect.SEEDS,
            item=generator,
            change=change_of(values),
            values=values,
            places=places,
        )
        anchors = tuple(frozenset({anchor("seed", generator)} if one else ()) for one in found)
        spelled = {repr(value) for one in found for value, _, _ in one}
        yield Found(difference, anchors, names=frozenset({*spelled, "seed"}))


def _seeds(side: Side) -> dict[str, list[tuple[Scalar, int, int | None]]]:
    """The seeds that were set, by generator: value, execution and line."""
    found: dict[str, list[tuple[Scalar, int, int | None]]] = {}
    for execution in side.executions:
        for seed in execution.seeds:
            if seed.value is not None:
                found.setdefault(seed.generator, []).append((seed.value, execution.order, seed.line))
    return found
