"""``init``, ``rebuild`` and ``doctor``: the home folder and its store."""

from __future__ import annotations

from pathlib import Path

import click

from provkg.cli.output import print_text, say

__all__ = ["doctor", "init", "rebuild"]


@click.command(short_help="Make a home for what is recorded.")
@click.option("--base", metavar="IRI", help="What every IRI of a run, value or file begins with; ends in /.")
@click.pass_obj
def init(home: Path | None, base: str | None) -> None:
    """Make a home, .provkg, in this folder (or at --home).

    Runs recorded here or in a folder below go into it. Nothing happens when there is one already.
    """
    from provkg.config import create_home

    made = create_home(home or Path.cwd() / ".provkg", base)
    print_text(f"{made.path}\n")
    say(f"Instances are named below {made.base}")


@click.command(short_help="Make the store anew from the journal.")
@click.pass_obj
def rebuild(home: Path | None) -> None:
    """Make the store anew from the journal.

    The journal is the truth and the store is made from it: rebuilding loses nothing, and lets a newer
    provkg's mapping reach old runs.
    """
    from provkg.config import find_home
    from provkg.store import rebuild as rebuild_store

    report = rebuild_store(find_home(path=home))
    say(str(report))
