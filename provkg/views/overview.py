"""The recorded runs, newest first, each with what it measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, Variable

from provkg.queries.sparql import prepare
from provkg.results import Solutions, collect
from provkg.terms import Provkg

if TYPE_CHECKING:
    from provkg.queries import Source
    from provkg.results import Term

__all__ = ["COLUMNS", "list_runs"]

COLUMNS = ("run", "started", "took", "status", "cells", "models", "results", "notebook")
"""The columns of `list_runs`; ``took`` is in seconds."""

_RUNS = """SELECT ?run ?started ?took ?status (COUNT(?execution) AS ?cells) ?path WHERE {
  { SELECT ?run ?g ?started WHERE { GRAPH ?g { ?run a provkg:Run ; prov:startedAtTime ?started } }
    ORDER BY DESC(?started) DESC(?run) %s }
  OPTIONAL { GRAPH ?g { ?run provkg:duration ?took } }
  OPTIONAL { GRAPH ?g { ?run provkg:hasStatus ?status } }
  OPTIONAL { GRAPH ?g { ?run provkg:runOf/provkg:path ?path } }
  OPTIONAL { GRAPH ?g { ?execution provkg:partOfRun ?run ; a provkg:CellExecution } }
} GROUP BY ?run ?started ?took ?status ?path ORDER BY DESC(?started) DESC(?run)"""
_MODELS = """SELECT (COUNT(DISTINCT ?training) AS ?models) ?run WHERE { GRAPH ?g {
  ?run a provkg:Run .
  { ?training a provkg:Training } UNION { ?training a provkg:Tuning }
  FILTER NOT EXISTS { ?training provkg:partOfActivity ?outer } } } GROUP BY ?run"""
_RESULTS = """SELECT ?metric (MIN(?value) AS ?least) (MAX(?value) AS ?most) ?run WHERE { GRAPH ?g {
  ?run a provkg:Run . ?result provkg:metricName ?metric ; provkg:resultValue ?value } }
GROUP BY ?metric ?run"""
_ENDS = {
    Provkg.Succeeded: "succeeded",
    Provkg.Failed: "failed",
    Provkg.Interrupted: "interrupted",
}


def list_runs(store: Source, limit: int = 20) -> Solutions:
    """The last ``limit`` runs (all if it is 0), newest first, under `COLUMNS`.

    ``models`` counts trainings and tunings; ``results`` gives each metric with its least and greatest value.
    A run without a status has not ended, or its recorder was killed.
    """
    found = _solutions(store, _RUNS % (f"LIMIT {limit:d}" if limit else ""))
    rows: list[tuple[Term | None, ...]] = []
    for run, started, took, status, cells, path in found.rows:
        assert isinstance(run, NamedNode)
        models = _solutions(store, _MODELS, run).rows
        results = sorted(_range(*row[:3]) for row in _solutions(store, _RESULTS, run).rows)
        ended = _ENDS.get(status.value, status.value) if isinstance(status, NamedNode) else "not ended"
        rows.append(
            (
                run,
                started,
                took,
                Literal(ended),
                cells,
                models[0][0] if models else Literal(0),
                Literal(", ".join(results)),
                path,
            )
        )
    return Solutions(COLUMNS, tuple(rows))


def _range(metric: Term | None, least: Term | None, most: Term | None) -> str:
    numbers = [float(term.value) for term in (least, most) if isinstance(term, Literal)]
    shown = dict.fromkeys(f"{number:.4g}" for number in numbers)
    return f"{metric.value if isinstance(metric, Literal) else metric} {'–'.join(shown)}"


def _solutions(store: Source, text: str, run: NamedNode | None = None) -> Solutions:
    bound = {Variable("run"): run} if run else None
    found = collect(store.query(prepare(text, store.prefixes), substitutions=bound))
    assert isinstance(found, Solutions)
    return found
