"""What a query needs of the store it is asked of, and how rows are read from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pyoxigraph import NamedNode, QuerySolutions

from provkg.queries.binding import with_values
from provkg.results.values import to_python

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyoxigraph import Literal

    from provkg.store.port import EngineAnswer

__all__ = ["Source", "holds", "rows"]


class Source(Protocol):
    """A store that answers queries. Its default graph is the merge of all graphs, each triple once."""

    @property
    def base(self) -> str:
        """The IRI that every instance's IRI begins with."""

    @property
    def prefixes(self) -> Mapping[str, str]:
        """The prefixes that queries may use without declaring them."""

    def query(self, text: str) -> EngineAnswer:
        """Run a query; its answer is to be read in the same thread."""


def rows(store: Source, text: str, **terms: NamedNode | Literal) -> list[tuple[str, ...]]:
    """The rows of one of our own SELECT queries as text; empty text where a variable is unbound."""
    answer = store.query(with_values(text, terms))
    assert isinstance(answer, QuerySolutions)
    return [tuple("" if term is None else str(to_python(term)) for term in solution) for solution in answer]


def holds(store: Source, iri: str) -> bool:
    """Whether the store says anything of a thing."""
    return bool(store.query(with_values("ASK { GRAPH ?g { ?thing ?p ?o } }", {"thing": NamedNode(iri)})))
