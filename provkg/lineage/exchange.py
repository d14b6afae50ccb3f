"""A lineage as PROV-O: the store's own statements about its things and what made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, QuerySolutions, Triple

from provkg.queries.sparql import prepare
from provkg.results import Triples
from provkg.terms import Prov, Provkg, Rdf, Rdfs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyoxigraph import BlankNode

    from provkg.lineage.graph import Lineage
    from provkg.queries import Source

__all__ = ["to_prov"]

_BATCH = 500
_BETWEEN = (
    *(Prov.wasDerivedFrom, Provkg.observedDerivation, Prov.wasGeneratedBy, Prov.qualifiedDerivation),
    *(Prov.used, Prov.entity, Prov.hadActivity, Prov.specializationOf, Provkg.hasContent, Provkg.generatedIn),
    *(Provkg.partOfRun, Provkg.partOfExecution, Provkg.trainedBy, Provkg.trainedOn, Provkg.storedIn),
)
_TOLD = (
    *(Rdf.type, Rdfs.label, Provkg.pythonType, Provkg.shape, Provkg.path, Provkg.url, Provkg.byteSize),
    *(Provkg.metricName, Provkg.resultValue, Provkg.outputKind, Provkg.calledFunction, Provkg.operation),
    *(Provkg.evidence, Prov.startedAtTime, Prov.endedAtTime, Provkg.executionOrder, Provkg.sha256),
)


def to_prov(store: Source, lineage: Lineage) -> Triples:
    """The statements about the things of a lineage, and about what made them and how they were derived."""
    things = dict.fromkeys(node.iri for node in lineage.nodes)
    about = list(_statements(store, things, (*_BETWEEN, *_TOLD)))
    makers: dict[str, None] = {}
    for one in about:
        if one.predicate.value in {Prov.wasGeneratedBy, Prov.qualifiedDerivation, Provkg.generatedIn}:
            makers[_object(one)] = None
    about += _statements(store, [iri for iri in makers if iri not in things], (*_BETWEEN, *_TOLD))
    steps = {(step.target, step.source) for step in lineage.steps}
    known = {*things, *makers}
    elsewhere = {
        _subject(one) for one in about if one.predicate.value == Prov.entity and _object(one) not in things
    }
    here = known - elsewhere
    kept = [one for one in about if _stays(one, here, steps)]
    missing = steps - {
        (_subject(one), _object(one)) for one in kept if one.predicate.value == Prov.wasDerivedFrom
    }
    derived = NamedNode(Prov.wasDerivedFrom)
    kept += [Triple(NamedNode(target), derived, NamedNode(source)) for target, source in sorted(missing)]
    return Triples(tuple(dict.fromkeys(kept)))


def _stays(one: Triple, known: set[str], steps: set[tuple[str, str]]) -> bool:
    """Whether a statement leads to nothing outside of the lineage."""
    property_ = one.predicate.value
    if _subject(one) not in known:
        return False
    if property_ in {Prov.wasDerivedFrom, Provkg.observedDerivation}:
        return (_subject(one), _object(one)) in steps
    links = property_ in _BETWEEN and property_ not in {
        Provkg.hasContent,
        Prov.specializationOf,
        Provkg.partOfRun,
    }
    return not links or _object(one) in known


def _subject(one: Triple) -> str:
    assert isinstance(one.subject, NamedNode)
    return one.subject.value


def _object(one: Triple) -> str:
    assert isinstance(one.object, NamedNode | Literal)
    return one.object.value


def _statements(store: Source, things: Iterable[str], wanted: Iterable[str]) -> Iterator[Triple]:
    iris = list(things)
    listed = ", ".join(f"<{iri}>" for iri in wanted)
    for start in range(0, len(iris), _BATCH):
        values = " ".join(f"<{iri}>" for iri in iris[start : start + _BATCH])
        query = f"SELECT ?s ?p ?o WHERE {{ VALUES ?s {{ {values} }} ?s ?p ?o FILTER(?p IN ({listed})) }}"
        answer = store.query(prepare(query, store.prefixes))
        assert isinstance(answer, QuerySolutions)
        for subject, predicate, object_ in answer:
            if isinstance(predicate, NamedNode) and isinstance(object_, NamedNode | Literal):
                yield Triple(_node(subject), predicate, object_)


def _node(term: object) -> NamedNode | BlankNode:
    assert isinstance(term, NamedNode)
    return term
