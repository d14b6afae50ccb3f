"""What a query needs of the store it is asked of, and how rows are read from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    Triple,
    Variable,
)

from provkg.queries.sparql import prepare
from provkg.results.values import to_python

__all__ = ["EngineAnswer", "Source", "Substitutions", "holds", "rows"]

EngineAnswer: TypeAlias = QuerySolutions | QueryBoolean | QueryTriples
Substitutions: TypeAlias = Mapping[Variable, NamedNode | BlankNode | Literal | Triple]


class Source(Protocol):
    """A store that answers queries. Its default graph is the union of all graphs."""

    @property
    def base(self) -> str:
        """The IRI that every instance's IRI begins with."""

    @property
    def prefixes(self) -> Mapping[str, str]:
        """The prefixes that queries may use without declaring them."""

    def query(self, text: str, *, substitutions: Substitutions | None = None) -> EngineAnswer:
        """Run a query, with variables replaced by terms wherever they stand."""


def rows(store: Source, text: str, **terms: NamedNode | Literal) -> list[tuple[str, ...]]:
    """The rows of one of our own SELECT queries as text; empty text where a variable is unbound."""
    answer = store.query(prepare(text, store.prefixes), substitutions=_substitutions(terms))
    assert isinstance(answer, QuerySolutions)
    return [tuple("" if term is None else str(to_python(term)) for term in solution) for solution in answer]


def holds(store: Source, iri: str) -> bool:
    """Whether the store says anything of a thing."""
    answer = store.query(
        "ASK { GRAPH ?g { ?thing ?p ?o } }", substitutions=_substitutions({"thing": NamedNode(iri)})
    )
    return bool(answer)


def _substitutions(terms: Mapping[str, NamedNode | Literal]) -> Substitutions:
    return {Variable(name): term for name, term in terms.items()}
