"""A mapped run as a store that tests can query."""

from __future__ import annotations

import pyoxigraph as ox

from provkg.mapping import nquads
from provkg.records import Run
from provkg.terms import home_prefixes
from tests.mapping.example import BASE

__all__ = ["Graph", "ask", "graph_of", "local", "rows"]

Graph = ox.Store


def graph_of(*runs: Run) -> Graph:
    """A store with the graphs of these runs."""
    store = ox.Store()
    for run in runs:
        store.load(nquads(run, BASE), format=ox.RdfFormat.N_QUADS)
    return store


def local(term: ox.NamedNode | ox.Literal | ox.BlankNode | ox.Triple | None) -> str:
    """A term as tests write it: an IRI without its base and run, the text of a literal."""
    if term is None:
        return ""
    assert not isinstance(term, ox.BlankNode | ox.Triple)
    text = term.value.removeprefix(BASE)
    for prefix, namespace in (("provkg:", "https://w3id.org/provkg/ontology#"),):
        text = text.replace(namespace, prefix)
    parts = text.split("/", 2)
    return parts[2] if parts[0] == "run" and len(parts) == 3 else text


def rows(graph: Graph, query: str) -> list[tuple[str, ...]]:
    """The solutions of a query over the union of all graphs, sorted."""
    solutions = graph.query(query, prefixes=home_prefixes(BASE), use_default_graph_as_union=True)
    assert isinstance(solutions, ox.QuerySolutions)
    return sorted(tuple(local(term) for term in solution) for solution in solutions)


def ask(graph: Graph, pattern: str) -> bool:
    """Whether a pattern occurs in the union of all graphs."""
    answer = graph.query(
        f"ASK {{ {pattern} }}", prefixes=home_prefixes(BASE), use_default_graph_as_union=True
    )
    assert isinstance(answer, ox.QueryBoolean)
    return bool(answer)
