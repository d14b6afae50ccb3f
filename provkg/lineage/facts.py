"""Queries over many things at once, and what is said of each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from provkg.lineage.graph import Node
from provkg.queries.source import rows
from provkg.queries.sparql import prepare
from provkg.results import ShortNames
from provkg.terms import Prov, Provkg, Rdf, Rdfs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from provkg.queries import Source

__all__ = ["Facts", "describe", "pairs", "properties", "select"]

Facts = dict[str, list[str]]
"""The values of one thing's properties, as text, by the property's IRI."""

_BATCH = 500
_KINDS = {
    Provkg.Model: "model",
    Provkg.Transformer: "transformer",
    Provkg.PredictedData: "prediction",
    Provkg.Dataset: "data",
    Provkg.File: "file",
    Provkg.FileVersion: "file",
    Provkg.Result: "result",
    Provkg.Output: "output",
}
_TOLD = (
    *(Rdf.type, Rdfs.label, Provkg.pythonType, Provkg.shape, Provkg.path, Provkg.url, Provkg.byteSize),
    *(Provkg.metricName, Provkg.resultValue, Provkg.resultText, Provkg.outputKind, Provkg.generatedIn),
    Prov.wasGeneratedBy,
)
_OF_ACTIVITY = (Provkg.calledFunction, Provkg.partOfActivity)
_OF_EXECUTION = (Provkg.executionOrder, Provkg.executionCount)
_KEPT_UNNAMED = ("model", "transformer")
_STATES = 20
"""In so many later states of an object a name is looked for."""
_REVISIONS = "SELECT ?thing ?other WHERE { ?other prov:wasRevisionOf ?thing }"
_LABELS = "SELECT ?thing ?other WHERE { ?thing rdfs:label ?other }"
_PATHS = """SELECT ?thing ?path WHERE { GRAPH ?g {
  ?file provkg:hasContent ?thing ; provkg:path|provkg:url ?path } }"""


def select(store: Source, query: str, things: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """The rows of a query for each of the things that its variable ``?thing`` is bound to."""
    iris = list(things)
    head, brace, rest = prepare(query, store.prefixes).partition("WHERE {")
    for start in range(0, len(iris), _BATCH):
        values = " ".join(f"<{iri}>" for iri in iris[start : start + _BATCH])
        yield from rows(store, f"{head}{brace} VALUES ?thing {{ {values} }} {rest}")


def pairs(store: Source, query: str, things: Iterable[str]) -> list[tuple[str, str]]:
    """The rows of a query of two columns, each once."""
    return list(dict.fromkeys((row[0], row[1]) for row in select(store, query, things)))


def properties(store: Source, things: Iterable[str], wanted: Iterable[str]) -> dict[str, Facts]:
    """The wanted properties of things."""
    # Were the properties bound by VALUES, the engine would read each of them whole: 50 times slower.
    listed = ", ".join(f"<{iri}>" for iri in wanted)
    query = f"SELECT ?thing ?is ?value WHERE {{ ?thing ?is ?value FILTER(?is IN ({listed})) }}"
    found: dict[str, Facts] = {iri: {} for iri in things}
    for thing, property_, value in select(store, query, found):
        known = found[thing].setdefault(property_, [])
        if value not in known:
            known.append(value)
    return found


def describe(store: Source, things: Iterable[str]) -> Iterator[Node]:
    """A node for each thing."""
    told = properties(store, things, _TOLD)
    makers = {iri for facts in told.values() for iri in facts.get(Prov.wasGeneratedBy, ())}
    activities = properties(store, makers, _OF_ACTIVITY)
    cells = {iri for facts in told.values() for iri in facts.get(Provkg.generatedIn, ())}
    executions = properties(store, cells, _OF_EXECUTION)
    contents = [iri for iri in told if iri.startswith(f"{store.base}sha256/")]
    for content, path in pairs(store, _PATHS, contents):
        told[content].setdefault(Provkg.path, []).append(path)
    names = ShortNames(store.base, store.prefixes)
    called = _names_later(
        [iri for iri in told if Provkg.pythonType in told[iri] and Rdfs.label not in told[iri]], store
    )
    for iri, facts in told.items():
        node = _node(store.base, names, iri, facts, activities, executions)
        yield replace(node, name=called[iri]) if iri in called else node


def _names_later(values: list[str], store: Source) -> dict[str, str]:
    """The names that the objects of values without one got in later states."""
    called: dict[str, str] = {}
    states = {iri: iri for iri in values}
    for _ in range(_STATES):
        later = pairs(store, _REVISIONS, states)
        labels = dict(pairs(store, _LABELS, [iri for _, iri in later]))
        called |= {states[before]: labels[iri] for before, iri in later if iri in labels}
        states = {iri: states[before] for before, iri in later if iri not in labels}
        if not states:
            break
    return called


def _node(
    base: str,
    names: ShortNames,
    iri: str,
    facts: Facts,
    activities: Mapping[str, Facts],
    executions: Mapping[str, Facts],
) -> Node:
    types = facts.get(Rdf.type, ())
    kind = next((kind for type_, kind in _KINDS.items() if type_ in types), "value")
    if Provkg.metricName in facts:
        kind = "result"
    place = _first(facts, Provkg.path) or _first(facts, Provkg.url)
    label = (
        _first(facts, Rdfs.label)
        or place.rstrip("/").rpartition("/")[2]
        or _first(facts, Provkg.metricName)
        or _first(facts, Provkg.outputKind)
    )
    class_ = _first(facts, Provkg.pythonType)
    maker = [activities[one] for one in facts.get(Prov.wasGeneratedBy, ()) if one in activities]
    nested = any(Provkg.partOfActivity in activity for activity in maker)
    execution = executions.get(_first(facts, Provkg.generatedIn), {})
    order = _first(execution, Provkg.executionOrder)
    prompt = _first(execution, Provkg.executionCount) or order
    run = iri.removeprefix(f"{base}run/").partition("/")[0] if iri.startswith(f"{base}run/") else ""
    return Node(
        iri=iri,
        id=names.short(iri),
        kind=kind,
        name=label or class_.rpartition(".")[2] or names.short(iri),
        type=place or class_,
        detail=_detail(facts),
        run=run,
        order=int(order) if order else None,
        cell=f"[{prompt}]" if prompt else "",
        made_by=next(
            (_first(one, Provkg.calledFunction) for one in maker if _first(one, Provkg.calledFunction)), ""
        ),
        inner=not label and (nested or kind not in _KEPT_UNNAMED),
    )


def _detail(facts: Facts) -> str:
    if shape := _first(facts, Provkg.shape):
        return " × ".join(f"{int(length):,}" for length in shape.split(","))
    if value := _first(facts, Provkg.resultValue):
        return f"{float(value):.6g}"
    if size := _first(facts, Provkg.byteSize):
        return f"{int(size):,} bytes"
    return _first(facts, Provkg.resultText)


def _first(facts: Facts, property_: str) -> str:
    return next(iter(facts.get(property_, ())), "")
