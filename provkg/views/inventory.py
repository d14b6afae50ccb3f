"""The things of one run by their identifiers, and one step from each to its sources and its outcomes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeAlias

from provkg.records import (
    Activity,
    ActivityKind,
    CellExecution,
    Evidence,
    File,
    FileMode,
    Output,
    Result,
    Role,
    Run,
    RunKind,
    Value,
)

__all__ = ["Inventory", "Step", "Thing", "take"]

_SELECTION = ".__getitem__"

Thing: TypeAlias = Value | File | Activity | Result | Output


@dataclass(frozen=True, slots=True)
class Step:
    """One link of a run, seen from one of its ends: the thing at the other end, and how the link is known.

    ``operation`` says by what (``read_csv``, ``revision``); ``activity`` is the identifier of the activity
    between the two, or empty.
    """

    thing: str
    operation: str
    evidence: Evidence
    role: Role | None = None
    activity: str = ""


@dataclass(frozen=True)
class Inventory:
    """What `take` found in a run. All mappings are by identifier in the run.

    ``sources`` and ``outcomes`` hold the links of a value, file or result; ``generator`` the activity that
    made it; ``order`` the cell execution it was recorded in. ``called`` gives the name of each object.
    """

    run: Run
    executions: Mapping[int, CellExecution]
    things: Mapping[str, Thing]
    order: Mapping[str, int]
    sources: Mapping[str, tuple[Step, ...]]
    outcomes: Mapping[str, tuple[Step, ...]]
    generator: Mapping[str, str]
    called: Mapping[int, str]

    def values(self) -> Iterator[Value]:
        """The recorded values, in the order of recording."""
        return (thing for thing in self.things.values() if isinstance(thing, Value))

    def files(self, mode: FileMode) -> Iterator[File]:
        """The files read, or those written, in the order of recording."""
        return (thing for thing in self.things.values() if isinstance(thing, File) and thing.mode is mode)

    def activities(self, *kinds: ActivityKind) -> Iterator[Activity]:
        """The activities of these kinds that are not part of another one, in the order of recording."""
        for thing in self.things.values():
            if isinstance(thing, Activity) and thing.kind in kinds and not thing.parent:
                yield thing

    def results(self) -> Iterator[Result]:
        """The measured numbers that are not those of a part of an activity, in the order of recording."""
        for thing in self.things.values():
            if isinstance(thing, Result):
                activity = self.things.get(self.generator.get(thing.id, ""))
                if not isinstance(activity, Activity) or not activity.parent:
                    yield thing

    def ancestors(self, thing: str) -> tuple[Thing, ...]:
        """All that a thing came from, directly or not, nearest first."""
        seen = {thing: None}
        queue = [thing]
        while queue:
            for step in self.sources.get(queue.pop(0), ()):
                if step.thing not in seen and step.thing in self.things:
                    seen[step.thing] = None
                    queue.append(step.thing)
        return tuple(self.things[found] for found in seen if found != thing)

    def origins(self, thing: str) -> tuple[File, ...]:
        """The files read that a thing came from, each content at a path once, nearest first."""
        found = {
            (file.place, file.sha256): file
            for file in self.ancestors(thing)
            if isinstance(file, File) and file.mode is FileMode.READ
        }
        return tuple(found.values())

    def name(self, thing: str) -> str:
        """What a reader calls a thing: its variable's name, else its class or file name, else its id.

        An object is called by its last state's name in all its states: a loop's variable passes, the
        name that is left stays.
        """
        match self.things.get(thing):
            case Value() as value:
                return self.variable(value) or value.type.rpartition(".")[2]
            case File(place=place):
                return place.rstrip("/").rpartition("/")[2] or "a file left out"
            case Activity(function=function):
                return function.rpartition(".")[2]
            case Result(metric=metric):
                return metric
            case _:
                return thing

    def variable(self, value: Value) -> str:
        """The variable that a value was in, or else the one that it was selected from (``train[…]``)."""
        if self.called.get(value.object):
            return self.called[value.object]
        for step in self.sources.get(value.id, ()):
            source = self.things.get(step.thing) if step.operation.endswith(_SELECTION) else None
            if isinstance(source, Value) and self.called.get(source.object):
                return f"{self.called[source.object]}[…]"
        return ""

    @property
    def is_script(self) -> bool:
        """Whether the run is of a script, which has no cells."""
        return self.run.started.kind is RunKind.SCRIPT

    def place(self, order: int, line: int | None = None, file: str = "") -> str:
        """Which cell an execution ran, as its prompt shows it, and which line of it; of a script the line.

        Parameters:
            file: the path of the module that the line is in, where that is not the cell or script.
        """
        if self.is_script:
            where = f" of {PurePath(file).name}" if file else ""
            return f"line {line}{where}" if line is not None else "the script"
        execution = self.executions.get(order)
        count = execution.execution_count if execution else None
        cell = f"cell [{count if count is not None else order}]"
        return f"{cell}, line {line}" if line is not None else cell


def take(run: Run) -> Inventory:
    """The inventory of a run."""
    things: dict[str, Thing] = {}
    order: dict[str, int] = {}
    generator: dict[str, str] = {}
    for execution in run.executions:
        results = [result for activity in execution.activities for result in activity.results]
        parts: tuple[Thing, ...] = (
            *execution.files,
            *execution.values,
            *execution.activities,
            *results,
            *execution.outputs,
        )
        things.update((part.id, part) for part in parts)
        order.update((part.id, execution.order) for part in parts)
        for activity in execution.activities:
            made = (*activity.generated, *(result.id for result in activity.results))
            generator.update(dict.fromkeys(made, activity.id))
    links = dict.fromkeys(_links(run))
    sources: dict[str, list[Step]] = defaultdict(list)
    outcomes: dict[str, list[Step]] = defaultdict(list)
    for target, source, operation, evidence, role, activity_id in links:
        sources[target].append(Step(source, operation, evidence, role, activity_id))
        outcomes[source].append(Step(target, operation, evidence, role, activity_id))
    return Inventory(
        run=run,
        executions={execution.order: execution for execution in run.executions},
        things=things,
        order=order,
        sources={thing: tuple(steps) for thing, steps in sources.items()},
        outcomes={thing: tuple(steps) for thing, steps in outcomes.items()},
        generator=generator,
        called={
            thing.object: thing.names[0]
            for thing in things.values()
            if isinstance(thing, Value) and thing.names
        },
    )


_Edge: TypeAlias = tuple[str, str, str, Evidence, Role | None, str]


def _links(run: Run) -> Iterator[_Edge]:
    """Target, source, operation, evidence, role and activity of every link of a run.

    What an activity made came from what it used only where no link says it better: of the parts of a
    split each comes from one of the things that were split.
    """
    linked = {link.target for execution in run.executions for link in execution.links}
    for execution in run.executions:
        for link in execution.links:
            yield link.target, link.source, link.operation, link.evidence, None, ""
        for value in execution.values:
            if value.revision_of:
                yield value.id, value.revision_of, "change in place", Evidence.OBSERVED, None, ""
        for activity in execution.activities:
            yield from _links_through(activity, linked)


def _links_through(activity: Activity, linked: set[str]) -> Iterator[_Edge]:
    operation = activity.function.rpartition(".")[2]
    for made in activity.generated:
        for use in activity.used:
            if made not in linked and made != use.entity:
                yield made, use.entity, operation, use.evidence, use.role, activity.id
    for result in activity.results:
        for entity in dict.fromkeys((result.model, *result.data)):
            if entity:
                role = Role.MODEL if entity == result.model else Role.DATA
                yield result.id, entity, operation, result.evidence, role, activity.id
