"""The lineage of a thing, found in the store: within runs and, by contents of files, from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from provkg.lineage.contents import crossings
from provkg.lineage.facts import describe, pairs, select
from provkg.lineage.graph import SAME_CONTENT, Lineage, Step
from provkg.terms import Prov, Provkg

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
_READ_BY_CELL = "shown by a cell that reads it"

_SOURCES = "SELECT ?thing ?other WHERE { GRAPH ?g { ?thing <property> ?other } }"
_TARGETS = "SELECT ?thing ?other WHERE { GRAPH ?g { ?other <property> ?thing } }"
_QUALIFIED = """SELECT ?thing ?other ?evidence ?operation WHERE {
  GRAPH ?g { ?thing prov:qualifiedDerivation ?step . ?step prov:entity ?other ; provkg:evidence ?evidence }
  OPTIONAL { GRAPH ?g1 { ?step provkg:operation ?operation } } }"""
_SHOWS = """SELECT ?thing ?other WHERE { GRAPH ?g {
  ?thing provkg:outputKind ?kind ; provkg:generatedIn ?cell .
  ?cell provkg:readsVariable ?state . ?state provkg:holds ?other }
  FILTER(?kind IN ("display", "result"))
  FILTER NOT EXISTS { GRAPH ?g1 { ?thing prov:wasDerivedFrom ?any } } }"""
_SHOWN = """SELECT ?thing ?other WHERE { GRAPH ?g {
  ?state provkg:holds ?thing . ?cell provkg:readsVariable ?state .
  ?other provkg:generatedIn ?cell ; provkg:outputKind ?kind }
  FILTER(?kind IN ("display", "result"))
  FILTER NOT EXISTS { GRAPH ?g1 { ?other prov:wasDerivedFrom ?any } } }"""


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
    found: dict[tuple[str, str], Step] = {}
    seen = {thing: None}
    level, frontier, complete = 0, [thing], True
    while frontier and (depth is None or level < depth):
        steps = list(_steps(store, frontier, downstream=downstream, observed=observed))
        for step in steps:
            found.setdefault((step.target, step.source), step)
        ends = dict.fromkeys(step.target if downstream else step.source for step in steps)
        frontier = [iri for iri in ends if iri not in seen]
        if len(seen) + len(frontier) > limit:
            frontier, complete = frontier[: limit - len(seen)], False
        seen.update(dict.fromkeys(frontier))
        level += 1
    within = [step for step in found.values() if step.target in seen and step.source in seen]
    nodes = tuple(describe(store, seen))
    return Lineage(
        thing=thing,
        downstream=downstream,
        nodes=nodes,
        steps=tuple(_told(store, within, {node.iri: node.made_by for node in nodes})),
        observed=observed,
        complete=complete and not frontier,
    )


def _steps(store: Source, frontier: list[str], *, downstream: bool, observed: bool) -> Iterator[Step]:
    derived = Provkg.observedDerivation if observed else Prov.wasDerivedFrom
    query = (_TARGETS if downstream else _SOURCES).replace("property", derived)
    found = [(near, far, "", "observed") for near, far in pairs(store, query, frontier)]
    if not observed:
        shown = pairs(store, _SHOWN if downstream else _SHOWS, frontier)
        found += [(near, far, _READ_BY_CELL, "inferred") for near, far in shown]
    found += [
        (near, far, SAME_CONTENT, "observed")
        for near, far in crossings(store, frontier, downstream=downstream)
    ]
    for near, far, operation, evidence in found:
        target, source = (far, near) if downstream else (near, far)
        yield Step(target=target, source=source, operation=operation, evidence=evidence)


def _told(store: Source, steps: Sequence[Step], makers: Mapping[str, str]) -> Iterator[Step]:
    """The steps with what qualified derivations say of them, else with the function that made the target."""
    said: dict[tuple[str, str], tuple[str, str]] = {}
    targets = dict.fromkeys(step.target for step in steps if not step.operation)
    for target, source, evidence, operation in select(store, _QUALIFIED, targets):
        said[target, source] = _EVIDENCE.get(evidence, "inferred"), operation
    for step in steps:
        if step.operation:
            yield step
        else:
            evidence, operation = said.get((step.target, step.source), (step.evidence, ""))
            yield replace(step, evidence=evidence, operation=operation or makers.get(step.target, ""))
