"""``runs`` and ``show``: what is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from provkg.cli.completion import complete_run, complete_thing
from provkg.cli.options import format_option, opened, print_result, table_room, with_home
from provkg.cli.output import print_rich, print_text, text_room, width

if TYPE_CHECKING:
    from provkg.views import Card, RunSummary

__all__ = ["runs", "show"]


@click.command(short_help="List the recorded runs.")
@click.option(
    "-n",
    "--number",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="How many, newest first; 0 for all.",
)
@format_option("table", "json", "csv", "tsv")
@with_home
def runs(home: Path | None, number: int, format_: str) -> None:
    """List the recorded runs, newest first, each with what it measured.

    Any unique beginning of a run's id names it, and so do latest, latest~1 (the one before), its name where
    it has one, and the path of a notebook (its last run).
    """
    from provkg.views.overview import list_runs

    with opened(home) as (_, store):
        found = list_runs(store, number)
        if format_ == "table" and found.rows:
            from provkg.cli.runs_view import draw_runs

            print_rich(draw_runs(found, table_room()), table_room())
        else:
            print_result(found, format_, store)


@click.command(short_help="Show one thing and all that is known of it.")
@click.argument("thing", nargs=-1, shell_complete=complete_thing)
@click.option(
    "--run",
    default="latest",
    show_default=True,
    metavar="RUN",
    shell_complete=complete_run,
    help="The run to look in.",
)
@click.option("-a", "--all", "everything", is_flag=True, help="Show all rows of long tables.")
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to write it.",
)
@with_home
def show(home: Path | None, thing: tuple[str, ...], run: str, everything: bool, format_: str) -> None:
    """Show one thing and all that is known of it: what it is, what it came from, what came of it.

    THING is a run (see `provkg runs --help`), the latest one if nothing is given, or a thing of a run: a
    variable's name, a file's path or name, a metric, an id as this command prints it (7.2, f3, a5, r2, o4),
    a cell's prompt ([3]), an IRI. Write the run in front to look in another one than the latest:
    latest~1/forest.

    Its kind can stand before it, and must where another thing has the same name: cell 3 (by position, id or
    prompt), variable df, package pandas, environment, commit 1f0c9a, file data.csv, model, data, result,
    output, run.
    """
    from provkg.queries import find_run
    from provkg.views import RunSummary
    from provkg.views import show as show_thing

    with opened(home) as (place, store):
        view = show_thing(store, place, " ".join(thing) or "latest", run)
        is_latest = isinstance(view, RunSummary) and find_run(store, "latest").endswith(view.run)
    if format_ == "json":
        import msgspec

        print_text(msgspec.json.format(msgspec.json.encode(view), indent=2).decode())
    else:
        _print_view(view, is_latest, everything)


def _print_view(view: Card | RunSummary, is_latest: bool, everything: bool) -> None:
    from provkg.cli.card_view import draw_card
    from provkg.cli.summary_view import draw_summary
    from provkg.views import Card, suggest

    if isinstance(view, Card):
        print_rich(draw_card(view, width(), everything=everything), width())
    else:
        print_rich(draw_summary(view, suggest(view, is_latest=is_latest), text_room()))
