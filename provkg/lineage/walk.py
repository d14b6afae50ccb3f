"""The lineage of a thing, found in the store: within runs and, by contents of files, from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from provkg.lineage.columns import ColumnWalk, is_group, walk_columns
from provkg.lineage.facts import describe, select
from provkg.lineage.graph import EVIDENCE, Lineage, Step
from provkg.lineage.sources import direct_steps
from provkg.terms import Provkg

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from provkg.queries import Source

__all__ = ["LIMIT", "trace"]

LIMIT = 20_000
"""How many things are followed at most."""

_EVIDENCE = {
    Provkg.Observed: "observed",
    Provkg.Declared: "declared",
    Provkg.Imported: "imported",
    Provkg.InferredFromSource: "inferred",
}
_QUALIFIED = """SELECT ?thing ?other ?evidence ?operation WHERE {
  ?thing prov:qualifiedDerivation ?step . ?step prov:entity ?other ; provkg:evidence ?evidence
  OPTIONAL { ?step provkg:operation ?operation } }"""


def trace(
    store: Source,
    thing: str,
    *,
    downstream: bool = False,
    observed: bool = False,
    depth: int | None = None,
    limit: int = LIMIT,
) -> Lineage:
    """The lineage of a thing.

    A file that was read leads to the file that was written before with the same content: at the same path
    where there is one, else at each other path the last. An output of which it was not seen what it shows
    leads, as inferred, to the variables that its cell reads.

    Parameters:
        store: an open store.
        thing: the IRI of a value, file, result, output or content (see `provkg.queries.resolve`).
        downstream: follow what came of it instead of what it came from.
        observed: follow only what was seen at run time.
        depth: how many steps to follow at most; inner things, which `readable` leaves out, count.
        limit: how many things to follow at most.
    """
    columns = ColumnWalk()
    if is_group(thing):
        columns = walk_columns(
            store, thing, downstream=downstream, observed=observed, depth=depth, limit=limit
        )
        thing = thing.partition("#")[0]
    found: dict[tuple[str, str], Step] = dict(columns.steps)
    frontier = list(columns.exits) if columns.reached else [thing]
    seen = dict.fromkeys(frontier)
    level, complete = 0, columns.complete
    while frontier and (depth is None or level < depth):
        steps = list(direct_steps(store, frontier, downstream=downstream, observed=observed))
        for step in steps:
            found.setdefault((step.target, step.source), step)
        ends = dict.fromkeys(step.target if downstream else step.source for step in steps)
        frontier = [iri for iri in ends if iri not in seen]
        if len(seen) + len(frontier) > limit:
            frontier, complete = frontier[: max(limit - len(seen), 0)], False
        seen.update(dict.fromkeys(frontier))
        level += 1
    known = {*seen, *columns.reached}
    within = [step for step in found.values() if step.target in known and step.source in known]
    nodes = (*columns.nodes(store), *describe(store, seen))
    makers = {node.iri: node.made_by for node in nodes}
    return Lineage(
        thing=thing,
        downstream=downstream,
        nodes=nodes,
        steps=tuple(_told(store, within, makers, columns.values)),
        observed=observed,
        complete=complete and not frontier,
    )


def _told(
    store: Source, steps: Sequence[Step], makers: Mapping[str, str], values: Mapping[str, str]
) -> Iterator[Step]:
    """The steps with what qualified derivations say of them, else with the function that made the target.

    Of columns nothing is said there by itself; it is said of their values, whose IRIs are in ``values``.
    """
    said: dict[tuple[str, str], tuple[str, str]] = {}
    targets = dict.fromkeys(values.get(step.target, step.target) for step in steps if not step.operation)
    for target, source, evidence, operation in select(store, _QUALIFIED, targets):
        said[target, source] = _EVIDENCE.get(evidence, "inferred"), operation
    for step in steps:
        if step.operation:
            yield step
            continue
        target, source = values.get(step.target, step.target), values.get(step.source, step.source)
        evidence, operation = said.get((target, source), (step.evidence, ""))
        weakest = max(step.evidence, evidence, key=EVIDENCE.index)
        known = weakest if step.target in values else evidence
        yield replace(step, evidence=known, operation=operation or makers.get(step.target, ""))
