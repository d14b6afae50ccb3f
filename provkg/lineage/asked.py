"""What a user's word for the beginning of a lineage stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyoxigraph import Literal

from provkg.errors import NotFoundError
from provkg.queries import find_run, resolve
from provkg.queries.source import rows
from provkg.queries.sparql import prepare
from provkg.results import ShortNames

if TYPE_CHECKING:
    from provkg.queries import Source

__all__ = ["asked"]

_RESULTS = """SELECT ?result ?value ?order ?run ?start ?of WHERE {
  GRAPH ?graph { ?result provkg:metricName ?name ; provkg:generatedIn ?cell .
    ?cell provkg:executionOrder ?order ; provkg:partOfRun ?run }
  OPTIONAL { GRAPH ?g1 { ?run prov:startedAtTime ?start } }
  OPTIONAL { GRAPH ?g2 { ?result provkg:resultValue ?value } }
  OPTIONAL { GRAPH ?g3 { ?result provkg:resultOf ?model . ?model rdfs:label ?of } } }
ORDER BY ?order ?result"""
_MOST = 12


def asked(store: Source, word: str, run: str = "latest") -> str:
    """The IRI of a thing, as `provkg.queries.resolve` finds it, or the result that a metric has in a run.

    Raises:
        NotFoundError: nothing answers to it, or several things do; the message lists them or the nearest.
    """
    try:
        term = resolve(store, "thing", word, "" if run == "latest" else find_run(store, run))
    except NotFoundError:
        if results := _results(store, word, find_run(store, run), anywhere=run == "latest"):
            return _only(store, word, results)
        raise
    return str(term.value)


def _results(store: Source, metric: str, run: str, *, anywhere: bool) -> list[tuple[str, ...]]:
    """The results of a metric in the run, else, where that may be, in the latest run that has some."""
    found = rows(store, prepare(_RESULTS, store.prefixes), name=Literal(metric))
    own = [row for row in found if row[3] == run]
    if own or not found or not anywhere:
        return own
    latest = max(found, key=lambda row: row[4])[3]
    return [row for row in found if row[3] == latest]


def _only(store: Source, word: str, results: list[tuple[str, ...]]) -> str:
    if len(results) == 1:
        return results[0][0]
    names = ShortNames(store.base, store.prefixes)
    listed = "\n".join(
        f"  {names.short(iri)}  {value}  {of or f'execution {order}'}"
        for iri, value, order, _, _, of in results[:_MOST]
    )
    more = f"\n  and {len(results) - _MOST} more" if len(results) > _MOST else ""
    told = f"{word!r} was measured {len(results)} times in run {names.short(results[0][3])}:"
    raise NotFoundError(f"{told}\n{listed}{more}", "Give one of these instead.")
