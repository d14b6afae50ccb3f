"""Commands that tell more of a run, with the run's own names."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from provkg.views.summary import RunSummary

__all__ = ["suggest"]

_MOST = 4


def suggest(summary: RunSummary, *, is_latest: bool = True) -> tuple[str, ...]:
    """A few commands to go on with. Unless the run is the latest, they name it."""
    where = "" if is_latest else f"{summary.run[:8]}/"
    run = "" if is_latest else f" -p run={summary.run[:8]}"
    return tuple(islice(_commands(summary, where, run), _MOST))


def _commands(summary: RunSummary, where: str, run: str) -> Iterator[str]:
    if summary.failure and summary.failure.order:
        yield _command("show", f"{where or 'latest/'}execution/{summary.failure.order}")
    models = [training for training in summary.trainings if training.id[:1].isdigit()]
    if models:
        saved = [
            training for training in models if any(training.model in file.holds for file in summary.written)
        ]
        one = (saved or models)[-1]
        alone = sum(training.model == one.model for training in models) == 1
        word = where + (one.model if alone else one.id)
        yield _command("show", word)
        yield _command("ask", "which_data_trained_model", "-p", f"model={word}")
    if summary.results:
        yield _command("ask", "best_runs_by_metric", "-p", f"metric={summary.results[0].metric}")
    named = [read.path for read in summary.read if read.path]
    if named:
        file = Path(named[0]).name
        yield _command("ask", "what_is_affected_by_file", "-p", f"file={where}{file}")
    if summary.surroundings.packages:
        yield f"provkg ask which_modules_were_used{run}"
    if summary.executions and summary.kind != "script":
        yield f"provkg ask how_long_did_cells_take{run}"


def _command(*words: str) -> str:
    return shlex.join(("provkg", *words))
