"""``annotate``: says of a thing what no recorder can see."""

from __future__ import annotations

from pathlib import Path

import click

from provkg.cli.completion import complete_run, complete_thing
from provkg.cli.options import opened, pairs, with_home
from provkg.cli.output import say

__all__ = ["annotate"]


@click.command(short_help="Say of a thing what no recorder can see.")
@click.argument("thing", shell_complete=complete_thing)
@click.argument("said", nargs=-1, required=True, metavar="KEY=VALUE...")
@click.option("--run", default="", shell_complete=complete_run, help="The run to look in.")
@with_home
def annotate(home: Path | None, thing: str, said: tuple[str, ...], run: str) -> None:
    """Say of THING what no recorder can see; KEY= without a value takes it back.

    THING is a run, a notebook or script by its path, or anything that `provkg show` takes; what is said of a
    file holds for its content, in whatever run it occurs. A key is any word. These are asked for by the
    questions of the group fair: licence, citation, identifier, origin, author, title and description.
    """
    from provkg.annotating import about
    from provkg.annotating import annotate as put_down

    words = pairs(said, "KEY=VALUE")
    with opened(home) as (place, store):
        found = about(store, thing, run)
    put_down(place, found, words)
    told = ", ".join(f"{key}={value}" if value else f"{key} taken back" for key, value in words.items())
    say(f"{thing} (in run {found.run[:8]}): {told}")
