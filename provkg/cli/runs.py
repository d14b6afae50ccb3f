"""``runs`` and ``show``: what is recorded."""

from __future__ import annotations

from pathlib import Path

import click

from provkg.cli.completion import complete_run, complete_thing
from provkg.cli.options import format_option, opened, print_result, table_room, with_home
from provkg.cli.output import print_rich, print_text

__all__ = ["runs", "show"]


@click.command(short_help="List the recorded runs.")
@click.option("-n", "--number", default=20, show_default=True, help="How many, newest first; 0 for all.")
@format_option("table", "json", "csv", "tsv")
@with_home
def runs(home: Path | None, number: int, format_: str) -> None:
    """List the recorded runs, newest first, each with what it measured.

    Any unique beginning of a run's id names it, and so do latest, latest~1 (the one before) and the path of
    a notebook (its last run).
    """
    from provkg.views.overview import overview

    with opened(home) as (_, store):
        found = overview(store, number)
        if format_ == "table" and found.rows:
            from provkg.cli.runs_view import draw_runs

            print_rich(draw_runs(found, table_room()), table_room())
        else:
            print_result(found, format_, store)


@click.command(short_help="Show one thing and all that is known of it.")
@click.argument("thing", shell_complete=complete_thing, default="latest")
@click.option(
    "--run",
    default="latest",
    show_default=True,
    metavar="RUN",
    shell_complete=complete_run,
    help="The run to look in.",
)
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
def show(home: Path | None, thing: str, run: str, format_: str) -> None:
    """Show one thing and all that is known of it: what it is, what it came from, what came of it.

    THING is a run (see `provkg runs --help`), or a thing of a run: a variable's name, a file's path or name,
    a metric, an id as this command prints it (7.2, f3, a5, r2, o4), a cell's prompt ([3]), an IRI. Write the
    run in front to look in another one than the latest: latest~1/forest.
    """
    import msgspec

    from provkg.views.card import describe
    from provkg.views.references import find
    from provkg.views.summary import suggest, summarize

    with opened(home) as (place, store):
        inventory, found = find(store, place, thing, run)
    view = describe(inventory, found, place.base) if found else summarize(inventory.run)
    if format_ == "json":
        print_text(msgspec.json.format(msgspec.json.encode(view), indent=2).decode())
        return
    from provkg.cli.card_view import draw_card
    from provkg.cli.summary_view import draw_summary
    from provkg.views.card import Card

    print_rich(draw_card(view) if isinstance(view, Card) else draw_summary(view, suggest(view)))
