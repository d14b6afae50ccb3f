"""The ontology as a graph of the store."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import TYPE_CHECKING

import pyoxigraph
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat

import provkg
from provkg.errors import StoreError
from provkg.resources import folder
from provkg.terms import ONTOLOGY, Owl

if TYPE_CHECKING:
    from pathlib import Path

    from provkg.identity import Names

__all__ = ["ontology_digest", "ontology_nquads"]

_NOT_LOADED = {"shapes.ttl"}
"""What describes graphs rather than the world."""


def ontology_digest() -> str:
    """A digest of the ontology's files; empty when there are none."""
    whole = hashlib.sha256()
    files = _files()
    for path in files:
        whole.update(path.name.encode() + b"\n" + path.read_bytes())
    return whole.hexdigest() if files else ""


def ontology_nquads(names: Names) -> tuple[str, str]:
    """The named graph of the ontology's version, and its content.

    Raises:
        StoreError: a file is not Turtle.
    """
    triples = []
    for path in _files():
        try:
            # Each file's blank nodes are its own.
            triples += list(pyoxigraph.parse(path=path, format=RdfFormat.TURTLE, rename_blank_nodes=True))
        except (SyntaxError, OSError) as error:
            raise StoreError(f"Cannot read the ontology {path}: {error}.", "Install provkg again.") from error
    versions = [
        quad.object.value
        for quad in triples
        if quad.subject == NamedNode(ONTOLOGY)
        and quad.predicate == NamedNode(Owl.versionInfo)
        and isinstance(quad.object, Literal)
    ]
    graph = names.ontology_graph(versions[0] if versions else provkg.__version__)
    text = BytesIO()
    quads = (Quad(quad.subject, quad.predicate, quad.object, NamedNode(graph)) for quad in triples)
    pyoxigraph.serialize(quads, text, RdfFormat.N_QUADS)
    return graph, text.getvalue().decode()


def _files() -> list[Path]:
    return sorted(path for path in folder("ontology").glob("*.ttl") if path.name not in _NOT_LOADED)
