"""Records to quads: pure functions that write a run's graph as N-Quads text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provkg.mapping.annotations import statements
from provkg.mapping.columns import write_columns
from provkg.mapping.derivations import write_derivations
from provkg.mapping.ml import activities
from provkg.mapping.notebook import documents, executions, run_error
from provkg.mapping.prov import circumstances, people, run_graph, the_run
from provkg.mapping.sameness import sameness
from provkg.mapping.scope import survey
from provkg.mapping.settings import parameters, seeds
from provkg.mapping.values import things

if TYPE_CHECKING:
    from provkg.records import Run

__all__ = ["nquads"]

_PARTS = (
    run_graph,
    the_run,
    people,
    circumstances,
    parameters,
    executions,
    run_error,
    seeds,
    documents,
    things,
    activities,
    sameness,
    statements,
    write_derivations,
    write_columns,
)


def nquads(run: Run, base: str) -> str:
    """The graph of a run as N-Quads text, all in ``<base>graph/run/<id>``.

    The same run and base always give the same text. There are no blank nodes, and nothing is written for
    what the record does not know.

    Parameters:
        run: a run, finished or not.
        base: the IRI that the IRIs of instances begin with; it ends in ``/``.

    >>> from datetime import datetime, timezone
    >>> from provkg.records import Run, RunKind, RunStarted
    >>> began = datetime(2026, 11, 23, tzinfo=timezone.utc)
    >>> run = Run(started=RunStarted(run="0b5c", kind=RunKind.SCRIPT, started_at=began, recorder=""))
    >>> print(nquads(run, "https://example.org/").splitlines()[1])
    <https://example.org/graph/run/0b5c> <...#type> <...#Bundle> <https://example.org/graph/run/0b5c> .
    """
    scope = survey(run, base)
    for part in _PARTS:
        part(scope)
    return str(scope.quads)
