"""One step from things: to what they came from, or to what came of them, within runs and across."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provkg.lineage.contents import crossings
from provkg.lineage.facts import pairs
from provkg.lineage.graph import SAME_CONTENT, Step
from provkg.terms import Prov, Provkg

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provkg.queries import Source

__all__ = ["direct_steps"]

_READ_BY_CELL = "shown by a cell that reads it"

_SOURCES = "SELECT ?thing ?other WHERE { ?thing <property> ?other }"
_TARGETS = "SELECT ?thing ?other WHERE { ?other <property> ?thing }"
_SHOWS = """SELECT ?thing ?other WHERE {
  ?thing provkg:outputKind ?kind ; provkg:generatedIn ?cell .
  ?cell provkg:readsVariable ?state . ?state provkg:holds ?other
  FILTER(?kind IN ("display", "result"))
  FILTER NOT EXISTS { ?thing prov:wasDerivedFrom ?any } }"""
_SHOWN = """SELECT ?thing ?other WHERE {
  ?state provkg:holds ?thing . ?cell provkg:readsVariable ?state .
  ?other provkg:generatedIn ?cell ; provkg:outputKind ?kind
  FILTER(?kind IN ("display", "result"))
  FILTER NOT EXISTS { ?other prov:wasDerivedFrom ?any } }"""


def direct_steps(
    store: Source, frontier: Sequence[str], *, downstream: bool, observed: bool
) -> Iterator[Step]:
    """The steps from things, told without operation and evidence where these stand at qualified derivations.

    A file that was read leads to the file that was written before with the same content. An output of which
    it was not seen what it shows leads, as inferred, to what its cell reads.
    """
    derived = Provkg.observedDerivation if observed else Prov.wasDerivedFrom
    query = (_TARGETS if downstream else _SOURCES).replace("property", derived)
    found = [(near, far, "", "observed") for near, far in pairs(store, query, frontier)]
    if not observed:
        shown = pairs(store, _SHOWN if downstream else _SHOWS, frontier)
        found += [(near, far, _READ_BY_CELL, "inferred") for near, far in shown]
    found += [
        (near, far, SAME_CONTENT, evidence)
        for near, far, evidence in crossings(store, frontier, downstream=downstream)
        if evidence == "observed" or not observed
    ]
    for near, far, operation, evidence in found:
        target, source = (far, near) if downstream else (near, far)
        yield Step(target=target, source=source, operation=operation, evidence=evidence)
