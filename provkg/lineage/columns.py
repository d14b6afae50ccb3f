"""The lineage of columns: from column to column as far as that is known, then of whole things."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from provkg.lineage.facts import describe, pairs, properties
from provkg.lineage.graph import Step
from provkg.lineage.sources import direct_steps
from provkg.terms import Provkg

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from provkg.lineage.graph import Node
    from provkg.queries import Source

__all__ = ["UNKNOWN", "ColumnWalk", "is_group", "walk_columns"]

UNKNOWN = "which columns is not known"
"""The operation of a step where columns may have gone from one thing to another."""

_TOLD = (
    *(Provkg.columnsOf, Provkg.hasSchema, Provkg.keptColumnsOf, Provkg.madeOfColumns),
    *(Provkg.madeOfUnknownColumnsOf, Provkg.observedDerivation),
)
_NAMES = "SELECT ?thing ?other WHERE { ?thing provkg:hasColumn ?column . ?column provkg:columnName ?other }"
_GROUPS = "SELECT ?thing ?other WHERE { ?other provkg:columnsOf ?thing }"
_LATER = "SELECT ?thing ?other WHERE {{ ?other provkg:{} ?thing }}"
_TABLES = {"data", "prediction", "value"}
_LISTED = 3


@dataclass(frozen=True, slots=True)
class _Group:
    """Columns of a value that have a history in common, and the groups or values they came from."""

    value: str
    names: frozenset[str]
    kept: tuple[str, ...]
    made: tuple[str, ...]
    unknown: tuple[str, ...]
    observed: frozenset[str]


@dataclass
class ColumnWalk:
    """What following columns found: the columns reached of each group, steps, and what to follow whole."""

    reached: dict[str, set[str]] = field(default_factory=dict)
    steps: dict[tuple[str, str], Step] = field(default_factory=dict)
    exits: dict[str, None] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    """The value of each group."""
    complete: bool = True

    def nodes(self, store: Source) -> Iterator[Node]:
        """A node for each group, named by its value and those of its columns that were reached."""
        described = {node.iri: node for node in describe(store, dict.fromkeys(self.values.values()))}
        for group, names in self.reached.items():
            node = described[self.values[group]]
            named = sorted(names - {""})
            told = ", ".join(named) if len(named) <= _LISTED else f"{len(named)} columns"
            name = f"{node.name}[{told}]" if named else node.name
            id_ = f"{node.id}/columns/{group.rpartition('/')[2]}"
            yield replace(node, iri=group, id=id_, kind="columns", name=name, inner=node.inner and not named)


def is_group(iri: str) -> bool:
    """Whether an IRI names columns of a value: a group, or with ``#name`` one column of it."""
    return "/value/" in iri and "/columns/" in iri


def walk_columns(
    store: Source, thing: str, *, downstream: bool, observed: bool, depth: int | None, limit: int
) -> ColumnWalk:
    """Follow the columns of a group, or the one that stands behind ``#`` in ``thing``."""
    first, _, name = thing.partition("#")
    walk = ColumnWalk()
    known = _load(store, [first])
    wanted = {first: frozenset({name}) if name else known[first].names}
    level = 0
    while wanted and (depth is None or level < depth):
        frontier = {}
        for group, names in wanted.items():
            new = names - walk.reached.setdefault(group, set())
            if new or level == 0:
                walk.reached[group] |= names
                walk.values[group] = known[group].value
                frontier[group] = new
        if len(walk.reached) > limit:
            walk.complete = False
            break
        ways = _later(store, frontier, known) if downstream else _earlier(store, frontier, known)
        wanted = defaultdict(frozenset)
        for near, far, seen, names in ways:
            if observed and not seen:
                continue
            target, source = (far, near) if downstream else (near, far)
            evidence = "observed" if seen else "inferred"
            walk.steps[target, source] = Step(target=target, source=source, evidence=evidence)
            wanted[far] |= names
        for step in _leaving(store, frontier, known, downstream=downstream, observed=observed):
            walk.steps.setdefault((step.target, step.source), step)
            walk.exits[step.target if downstream else step.source] = None
        level += 1
    for group, names in wanted.items():
        walk.reached.setdefault(group, set()).update(names)
        walk.values[group] = known[group].value
    return walk


_Way = tuple[str, str, bool, frozenset[str]]
"""A group, the next one, whether that was seen, and the columns of the next one that count."""


def _earlier(store: Source, frontier: dict[str, frozenset[str]], known: dict[str, _Group]) -> Iterator[_Way]:
    wanted = [one for group in frontier for one in (*known[group].kept, *known[group].made)]
    known |= _load(store, [one for one in wanted if one not in known])
    for group, names in frontier.items():
        here = known[group]
        for kept in here.kept:
            if same := names & known[kept].names:
                yield group, kept, kept in here.observed, same
        for made in here.made:
            yield group, made, made in here.observed, known[made].names


def _later(store: Source, frontier: dict[str, frozenset[str]], known: dict[str, _Group]) -> Iterator[_Way]:
    kept = pairs(store, _LATER.format("keptColumnsOf"), frontier)
    made = pairs(store, _LATER.format("madeOfColumns"), frontier)
    known |= _load(store, dict.fromkeys(far for _, far in (*kept, *made) if far not in known))
    for group, far in kept:
        if same := frontier[group] & known[far].names:
            yield group, far, group in known[far].observed, same
    for group, far in made:
        yield group, far, group in known[far].observed, known[far].names


def _leaving(
    store: Source,
    frontier: dict[str, frozenset[str]],
    known: dict[str, _Group],
    *,
    downstream: bool,
    observed: bool,
) -> Iterator[Step]:
    """The steps from columns to whole things, and to tables of which it is not known which columns."""
    if not downstream:
        yield from _origins(store, frontier, known, observed=observed)
        return
    groups: dict[str, list[str]] = defaultdict(list)
    for group in frontier:
        groups[known[group].value].append(group)
    steps = list(direct_steps(store, list(groups), downstream=True, observed=observed))
    targets = dict.fromkeys(step.target for step in steps)
    with_groups = defaultdict(list)
    for value, group in pairs(store, _GROUPS, targets):
        with_groups[value].append(group)
    unsure = {
        (known_of.value, value)
        for known_of in _load(store, [one for several in with_groups.values() for one in several]).values()
        for value in known_of.unknown
    }
    kinds = {node.iri: node.kind for node in describe(store, targets)}
    for step in steps:
        table = kinds[step.target] in _TABLES
        if step.target in with_groups and (step.target, step.source) not in unsure:
            continue
        if table and observed:
            continue
        for group in groups[step.source]:
            evidence = "inferred" if table else step.evidence
            operation = UNKNOWN if table else step.operation
            yield Step(target=step.target, source=group, evidence=evidence, operation=operation)


def _origins(
    store: Source, frontier: dict[str, frozenset[str]], known: dict[str, _Group], *, observed: bool
) -> Iterator[Step]:
    """Where columns end: at tables of which it is not known which, and at the files of their table."""
    ended = defaultdict(list)
    for group in frontier:
        here = known[group]
        for value in () if observed else here.unknown:
            yield Step(target=group, source=value, evidence="inferred", operation=UNKNOWN)
        if not (here.kept or here.made or here.unknown):
            ended[here.value].append(group)
    for step in direct_steps(store, list(ended), downstream=False, observed=observed):
        if "/file/" in step.source:
            for group in ended[step.target]:
                yield replace(step, target=group)


def _load(store: Source, groups: Iterable[str]) -> dict[str, _Group]:
    told = properties(store, groups, _TOLD)
    schemas = dict.fromkeys(one for facts in told.values() for one in facts.get(Provkg.hasSchema, ()))
    names: dict[str, set[str]] = defaultdict(set)
    for schema, name in pairs(store, _NAMES, schemas):
        names[schema].add(name)
    return {
        iri: _Group(
            value=facts[Provkg.columnsOf][0],
            names=frozenset(name for schema in facts.get(Provkg.hasSchema, ()) for name in names[schema]),
            kept=tuple(facts.get(Provkg.keptColumnsOf, ())),
            made=tuple(facts.get(Provkg.madeOfColumns, ())),
            unknown=tuple(facts.get(Provkg.madeOfUnknownColumnsOf, ())),
            observed=frozenset(facts.get(Provkg.observedDerivation, ())),
        )
        for iri, facts in told.items()
        if Provkg.columnsOf in facts
    }
