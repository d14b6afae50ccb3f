"""What a user's word for the beginning of a lineage stands for."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode

from provkg.errors import AmbiguousError, NotFoundError
from provkg.lineage.columns import is_group
from provkg.queries import find_run, resolve
from provkg.queries.runs import split_run
from provkg.queries.source import holds, rows
from provkg.queries.sparql import prepare
from provkg.results import ShortNames

if TYPE_CHECKING:
    from provkg.queries import Source

__all__ = ["asked"]

_COLUMN = re.compile(
    r"(?P<table>.+?)\[\s*(?P<quote>[\"']?)(?P<name>.+)(?P=quote)\s*\]|(?P<owner>.+)\.(?P<attribute>[^./\s]+)"
)
_NOT_IN_IRIS = re.compile(r"[\s<>\"{}|^`\\]")
_GROUPS = """SELECT ?value ?group ?name WHERE { GRAPH ?g { ?group provkg:columnsOf ?value ;
  provkg:hasSchema ?schema . ?schema provkg:hasColumn ?column . ?column provkg:columnName ?name } }"""
_COLUMNS = """SELECT DISTINCT ?value ?name WHERE { GRAPH ?g { ?value provkg:hasSchema ?schema .
  ?schema provkg:hasColumn ?column . ?column provkg:columnName ?name } }"""
_EARLIER = """SELECT ?value ?earlier WHERE { ?value prov:wasRevisionOf+ ?earlier
  FILTER EXISTS { ?value a provkg:Dataset } FILTER EXISTS { ?earlier a provkg:Dataset } }"""
_RESULTS = """SELECT ?result ?value ?order ?run ?start ?of WHERE {
  GRAPH ?graph { ?result provkg:metricName ?name ; provkg:generatedIn ?cell .
    ?cell provkg:executionOrder ?order ; provkg:partOfRun ?run }
  OPTIONAL { GRAPH ?g1 { ?run prov:startedAtTime ?start } }
  OPTIONAL { GRAPH ?g2 { ?result provkg:resultValue ?value } }
  OPTIONAL { GRAPH ?g3 { ?result provkg:resultOf ?model . ?model rdfs:label ?of } } }
ORDER BY ?order ?result"""
_MOST = 12


def asked(store: Source, word: str, run: str = "latest", *, downstream: bool = False) -> str:
    """The IRI of a thing, as `provkg.queries.resolve` finds it, the result that a metric has in a run,
    or the columns that ``df[price]`` or ``df.price`` name (see `provkg.lineage.columns`).

    A variable of a table that was changed in place means its last state, or, ``downstream``, its first, from
    which the others came.

    Raises:
        NotFoundError: nothing answers to it, or several things do; the message lists them or the nearest.
    """
    if word.startswith(store.base) and is_group(word):
        group, _, _ = word.partition("#")
        if _NOT_IN_IRIS.search(word) or not holds(store, group):
            raise NotFoundError(f"There is no {word} in this store.", "Give a column as df[price].")
        return word
    try:
        term = resolve(store, "thing", word, "" if run == "latest" else find_run(store, run))
    except AmbiguousError:
        raise
    except NotFoundError:
        if column := _column(store, word, run, downstream=downstream):
            return column
        if results := _results(store, word, find_run(store, run), anywhere=run == "latest"):
            return _only(store, word, results)
        raise
    thing = str(term.value)
    is_variable = downstream and split_run(word)[1].isidentifier()
    return _states(store, thing)[0] if is_variable else thing


def _states(store: Source, value: str) -> list[str]:
    """The states of a table's object up to this one, the first first; the thing alone if it is no table."""
    earlier = [row[1] for row in rows(store, prepare(_EARLIER, store.prefixes), value=NamedNode(value))]
    return [*sorted(earlier, key=lambda iri: int(iri.rpartition(".")[2])), value]


def _column(store: Source, word: str, run: str, *, downstream: bool) -> str:
    """The column that ``df.price`` or ``df[price]`` names; nothing where the word is of neither form.

    It is the table itself, where it is recorded of none of its columns what they came from.
    """
    match = _COLUMN.fullmatch(word)
    if match is None:
        return ""
    table, name = match["table"] or match["owner"], match["name"] or match["attribute"]
    try:
        within = "" if run == "latest" else find_run(store, run)
        value = str(resolve(store, "value", table, within).value)
    except AmbiguousError:
        raise
    except NotFoundError:
        return ""
    states = _states(store, value)
    for state in states if downstream else states[:-2:-1]:
        for _, group, column in rows(store, prepare(_GROUPS, store.prefixes), value=NamedNode(state)):
            if column == name:
                return f"{group}#{name}"
    columns = [row[1] for row in rows(store, prepare(_COLUMNS, store.prefixes), value=NamedNode(value))]
    if name in columns:
        raise NotFoundError(
            f"It is not recorded what column {name!r} of {table} came from, or became.",
            f"`provkg lineage {table}` tells it of the whole table.",
        )
    near = get_close_matches(name, columns, n=4, cutoff=0.5) or columns[:_MOST]
    raise NotFoundError(
        f"{table} has no column {name!r}.", f"It has {', '.join(near)}." if near else "It has no columns."
    )


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
