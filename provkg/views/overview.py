"""The recorded runs, newest first, each with what it measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from pyoxigraph import Literal, NamedNode

from provkg.queries.binding import with_values
from provkg.queries.sparql import prepare
from provkg.results import Solutions, collect
from provkg.terms import Provkg

if TYPE_CHECKING:
    from provkg.queries import Source
    from provkg.results import Term

__all__ = ["COLUMNS", "AboutRun", "about_runs", "list_runs"]

COLUMNS = ("run", "started", "took", "status", "cells", "models", "results", "code", "name")
"""The columns of `list_runs`; ``took`` is in seconds, ``code`` the path of the notebook or script."""

_RUNS = """SELECT ?run ?started WHERE { GRAPH ?g { ?run a provkg:Run .
  OPTIONAL { ?run prov:startedAtTime ?started }
  OPTIONAL { ?g provkg:describesRun ?run ; prov:generatedAtTime ?made } } }
ORDER BY DESC(?started) DESC(?made) DESC(?run) %s"""
_ABOUT = """SELECT ?run ?took ?status ?path ?imported ?script ?name WHERE { GRAPH ?g { ?run a provkg:Run .
  BIND(EXISTS { ?run a provkg:ImportedRun } AS ?imported)
  BIND(EXISTS { ?run a provkg:ScriptRun } AS ?script)
  OPTIONAL { ?run provkg:duration ?took }
  OPTIONAL { ?run provkg:hasStatus ?status }
  OPTIONAL { ?run rdfs:label ?name }
  OPTIONAL { ?run provkg:runOf/provkg:path ?path } } }"""
_CELLS = """SELECT ?run (COUNT(?order) AS ?cells) WHERE { GRAPH ?g {
  ?run a provkg:Run . ?execution provkg:executionOrder ?order } } GROUP BY ?run"""
_MODELS = """SELECT ?run (COUNT(DISTINCT ?training) AS ?models) WHERE { GRAPH ?g { ?run a provkg:Run .
  { ?training a provkg:Training } UNION { ?training a provkg:Tuning }
  FILTER NOT EXISTS { ?training provkg:partOfActivity ?outer } } } GROUP BY ?run"""
_RESULTS = """SELECT ?run ?metric (MIN(?value) AS ?least) (MAX(?value) AS ?most) WHERE { GRAPH ?g {
  ?run a provkg:Run . ?result provkg:metricName ?metric ; provkg:resultValue ?value .
  FILTER NOT EXISTS { ?result provkg:classLabel ?class }
  FILTER NOT EXISTS { ?result prov:wasGeneratedBy ?step . ?step provkg:partOfActivity ?outer } } }
GROUP BY ?run ?metric ORDER BY ?metric"""
_ENDS = {
    Provkg.Succeeded: "succeeded",
    Provkg.Failed: "failed",
    Provkg.Interrupted: "interrupted",
}
_FEW = 50
"""Up to so many runs it is quicker to ask for each than for all that there are."""


class AboutRun(NamedTuple):
    """A run, when it began and how long it took, how it ended, and the path of its notebook or script."""

    run: NamedNode
    started: Term | None
    took: Term | None
    status: Literal
    is_script: bool
    code: Term | None
    name: Term | None


_Rows: TypeAlias = "dict[Term | None, list[tuple[Term | None, ...]]]"


def list_runs(store: Source, limit: int = 20) -> Solutions:
    """The last ``limit`` runs (all if it is 0), newest first, under `COLUMNS`.

    ``models`` counts trainings and tunings; ``results`` gives each metric with its least and greatest value,
    leaving out those of single folds, candidates and classes. Imported runs come last where their
    record has no time. A run that has not ended, or whose recorder was killed, has no status yet. A script
    has no ``cells``.
    """
    listed = about_runs(store, limit)
    runs = [one.run for one in listed]
    cells, models, results = (_by_run(store, query, runs) for query in (_CELLS, _MODELS, _RESULTS))
    rows = tuple(
        (
            one.run,
            one.started,
            one.took,
            one.status,
            None if one.is_script else _count(cells[one.run]),
            _count(models[one.run]),
            Literal(", ".join(_range(*row) for row in results[one.run])),
            one.code,
            one.name,
        )
        for one in listed
    )
    return Solutions(COLUMNS, rows)


def about_runs(store: Source, limit: int = 0) -> list[AboutRun]:
    """The last ``limit`` runs (all if it is 0), newest first, without what they did."""
    newest = _solutions(store, _RUNS % (f"LIMIT {limit:d}" if limit else "")).rows
    started = {run: time for run, time in newest if isinstance(run, NamedNode)}
    about = _by_run(store, _ABOUT, list(started))
    listed = []
    for run, time in started.items():
        took, status, path, imported, script, name = (about[run] or [(None,) * 6])[0]
        is_script = script == Literal(True)
        listed.append(AboutRun(run, time, took, _end(status, imported), is_script, path, name))
    return listed


def _by_run(store: Source, query: str, runs: Sequence[NamedNode]) -> _Rows:
    """The rows of a query by the run that stands first in them."""
    found: _Rows = defaultdict(list)
    for run in runs if len(runs) <= _FEW else (None,):
        for first, *others in _solutions(store, query, run).rows:
            found[first].append(tuple(others))
    return found


def _end(status: Term | None, imported: Term | None) -> Literal:
    if isinstance(status, NamedNode):
        return Literal(_ENDS.get(status.value, status.value))
    return Literal("imported" if imported == Literal(True) else "not ended")


def _count(rows: list[tuple[Term | None, ...]]) -> Term | None:
    return rows[0][0] if rows else Literal(0)


def _range(metric: Term | None, least: Term | None, most: Term | None) -> str:
    numbers = [float(term.value) for term in (least, most) if isinstance(term, Literal)]
    shown = dict.fromkeys(f"{number:.4g}" for number in numbers)
    return f"{metric.value if isinstance(metric, Literal) else metric} {'–'.join(shown)}"


def _solutions(store: Source, text: str, run: NamedNode | None = None) -> Solutions:
    query = prepare(text, store.prefixes)
    found = collect(store.query(with_values(query, {"run": run}) if run else query))
    assert isinstance(found, Solutions)
    return found
