"""``compare``: in what runs differ, and why their results do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from provkg.cli.completion import complete_run
from provkg.cli.options import opened, with_home
from provkg.cli.output import print_rich, print_text, say, text_room

if TYPE_CHECKING:
    from provkg.views.comparison import Comparison

__all__ = ["compare"]


@click.command(short_help="Say in what runs differ, and why their results do.")
@click.argument("runs", metavar="[RUN]...", nargs=-1, shell_complete=complete_run)
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How to write it.",
)
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a report with pictures into a file, instead.",
)
@with_home
def compare(home: Path | None, runs: tuple[str, ...], format_: str, page: Path | None) -> None:
    """Say in what runs differ from the first of them: code, settings, data, split, seeds, environment,
    results and outputs. Where results changed, say which of these differences lie on their lineage.

    RUN is a run (see `provkg runs --help`), or an execution of a cell by its prompt: [3] of the latest run,
    latest~1/[3] of another. Of an execution, what it depends on is compared too. Without a RUN the latest run
    is compared with the one before, with one RUN the latest with that.
    """
    from provkg.views.comparison import compare as compare_runs

    words = runs if len(runs) > 1 else (*(runs or ("latest~1",)), "latest")
    with opened(home) as (place, store):
        found = compare_runs(store, place, words)
    if page is not None:
        _write(found, page)
    elif format_ == "json":
        import msgspec

        print_text(msgspec.json.format(found.to_json(), indent=2).decode())
    else:
        from provkg.cli.compare_view import draw_comparison

        print_rich(draw_comparison(found, text_room()))


def _write(found: Comparison, page: Path) -> None:
    from provkg.views.comparison.page import document

    try:
        page.write_text(document(found), encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"Cannot write {page}: {error.strerror}.") from error
    say(f"Report: {page}")
