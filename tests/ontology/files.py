"""The ontology's files as triples, and views of them that several tests take."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pyoxigraph as ox

from provkg.resources import folder
from provkg.terms import PREFIXES, Provkg

__all__ = ["IRI", "TERM_KINDS", "listed", "load", "own_terms", "short", "text_of", "triples", "values"]

IRI = "https://w3id.org/provkg/ontology"
OWL, RDF, RDFS = PREFIXES["owl"], PREFIXES["rdf"], PREFIXES["rdfs"]
TERM_KINDS = {
    f"{OWL}Class": "class",
    f"{OWL}ObjectProperty": "object property",
    f"{OWL}DatatypeProperty": "datatype property",
    f"{OWL}NamedIndividual": "individual",
}


def text_of(name: str) -> str:
    """The text of a file of the ontology."""
    return (folder("ontology") / name).read_text(encoding="utf-8")


@cache
def triples(*paths: str | Path) -> tuple[ox.Triple, ...]:
    """The triples of files: of the ontology by name, of others by path."""
    found: list[ox.Triple] = []
    for path in paths:
        where = path if isinstance(path, Path) else Path(str(folder("ontology"))) / path
        found += [
            ox.Triple(quad.subject, quad.predicate, quad.object)
            for quad in ox.parse(path=where, format=ox.RdfFormat.TURTLE, rename_blank_nodes=True)
        ]
    return tuple(found)


def load(*paths: str | Path) -> ox.Store:
    """The triples of files as a store."""
    store = ox.Store()
    store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples(*paths))
    return store


def values(store: ox.Store, subject: str, predicate: str) -> list[str]:
    """The objects of a subject and a predicate, as plain texts."""
    found = store.quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(predicate), None)
    return [str(getattr(quad.object, "value", quad.object)) for quad in found]


def own_terms(store: ox.Store) -> dict[str, str]:
    """The kind of each term of our own namespace, by its IRI."""
    kinds: dict[str, str] = {}
    for quad in store.quads_for_pattern(None, ox.NamedNode(f"{RDF}type"), None):
        kind = TERM_KINDS.get(str(getattr(quad.object, "value", "")))
        iri = str(getattr(quad.subject, "value", ""))
        if kind and iri.startswith(Provkg.namespace):
            kinds[iri] = kind
    return kinds


def listed(namespace: type) -> set[str]:
    """The terms of a vocabulary, as rdflib lists them."""
    return {str(term) for term in dir(namespace)}


def short(iri: str) -> str:
    """A term with its prefix."""
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            return f"{prefix}:{iri.removeprefix(namespace)}"
    return iri
