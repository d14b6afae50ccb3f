"""``init``, ``rebuild`` and ``doctor``: the home folder and its store."""

from __future__ import annotations

from pathlib import Path

import click

from provkg.cli.options import tell_notices, with_home
from provkg.cli.output import print_rich, print_text, say

__all__ = ["doctor", "init", "rebuild"]


@click.command(short_help="Make a home for what is recorded.")
@click.option("--base", metavar="IRI", help="What every IRI of a run, value or file begins with; ends in /.")
@with_home
def init(home: Path | None, base: str | None) -> None:
    """Make a home, .provkg, in this folder (or at --home).

    Runs recorded here or in a folder below go into it. Nothing happens when there is one already.
    """
    from provkg.config import create_home

    made = create_home(home or Path.cwd() / ".provkg", base)
    print_text(f"{made.path}\n")
    say(f"Instances are named below {made.base}")


@click.command(short_help="Make the store anew from the journal.")
@with_home
def rebuild(home: Path | None) -> None:
    """Make the store anew from the journal.

    The journal is the truth and the store is made from it: rebuilding loses nothing, and lets a newer
    provkg's mapping reach old runs.
    """
    from provkg.config import find_home
    from provkg.store import rebuild as rebuild_store

    report = rebuild_store(find_home(path=home))
    tell_notices(report)
    say(str(report))


@click.command(short_help="Say what is wrong here and how to mend it.")
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
def doctor(home: Path | None, format_: str) -> int:
    """Look at the home, its journal and store, the kernels and the versions; say how to mend what is wrong.

    Exit code 1 when something is wrong.
    """
    from provkg.doctor import State, examine

    checks = list(examine(home))
    if format_ == "json":
        import msgspec

        print_text(msgspec.json.format(msgspec.json.encode(checks), indent=2).decode())
    else:
        from provkg.cli.doctor_view import draw_checks

        print_rich(draw_checks(checks))
    return 1 if any(check.state is State.WRONG for check in checks) else 0
