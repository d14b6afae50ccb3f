"""``run``: execute a notebook and record what happens."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provkg.cli.options import pairs, with_home
from provkg.cli.output import print_rich, say, text_room
from provkg.records import Scalar, Status

if TYPE_CHECKING:
    from provkg.config import Home

__all__ = ["run"]

_INTEGER = re.compile(r"[+-]?\d+")
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf|nan)")
_WORDS: dict[str, Scalar] = {
    "True": True,
    "true": True,
    "False": False,
    "false": False,
    "None": None,
    "null": None,
}


@click.command(short_help="Execute a notebook and record what happens.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "-p",
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter, set in a cell after the one tagged `parameters`; again for each.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write the executed notebook here. Without it, it is not written.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Longest time for one cell.",
)
@click.option("--kernel", default="", metavar="NAME", help="The kernel to run in, instead of the notebook's.")
@click.option("--allow-errors", is_flag=True, help="Go on after a cell that fails.")
@click.option("--quiet", "-q", is_flag=True, help="No summary, only the run's id.")
@with_home
def run(
    home: Path | None,
    path: Path,
    params: tuple[str, ...],
    output: Path | None,
    timeout: float | None,
    kernel: str,
    allow_errors: bool,
    quiet: bool,
) -> int:
    """Execute the notebook at PATH in a fresh kernel, unchanged, and record what happens.

    The record goes into the home that holds here; there is one afterwards if there was none. Exit code 1
    when a cell fails: the run is recorded all the same.
    """
    from provkg.capture.notebook import run_notebook
    from provkg.cli.progress import progress
    from provkg.config import ensure_home

    parameters = {name: _scalar(value) for name, value in pairs(params, "-p").items()}
    place = ensure_home(path=home)
    with progress(path) as listen:
        report = run_notebook(
            path,
            place,
            parameters=parameters,
            output=output,
            timeout=timeout,
            kernel=kernel,
            allow_errors=allow_errors,
            on_event=listen,
            command=("provkg", *sys.argv[1:]),
        )
    if quiet:
        click.echo(report.run)
    else:
        _print_summary(place, report.run)
    if report.output:
        say(f"Executed notebook: {report.output}")
    if report.status is Status.INTERRUPTED and report.error and report.error.name == "KeyboardInterrupt":
        return 130
    return 0 if report.status is Status.SUCCEEDED else 1


def _print_summary(place: Home, run_id: str) -> None:
    from provkg import journal
    from provkg.cli.summary_view import draw_summary
    from provkg.views.suggestions import suggest
    from provkg.views.summary import summarize

    recorded = journal.read_run(place, run_id)
    assert recorded is not None, "the run's first event was written before it began"
    summary = summarize(recorded)
    print_rich(draw_summary(summary, suggest(summary), text_room()))


def _scalar(text: str) -> Scalar:
    """What a parameter's text stands for: a number, a truth value, nothing, or itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
