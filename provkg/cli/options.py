"""Options that several commands share, and how they reach the home and its store."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from provkg.cli.output import print_rich, print_text, say, width

if TYPE_CHECKING:
    from provkg.config import Home
    from provkg.queries import Source
    from provkg.results import Result
    from provkg.store import Report, Store

__all__ = ["format_option", "opened", "pairs", "print_result", "table_room", "tell_notices", "with_home"]

FORMATS = ("table", "json", "csv", "tsv", "turtle", "ntriples")
"""As in `provkg.results.FORMATS`, which would take the store's library to import."""

UNLIMITED = 100_000
NOTABLE = 2.0
"""Seconds that the store may take to be brought up to date without a word."""

MANY = 200
"""So many runs take the store long enough to say so beforehand."""

Command = TypeVar("Command", bound=Callable[..., Any])


def format_option(*formats: str) -> Callable[[Command], Command]:
    """``--format``, with these formats to choose from."""
    return click.option(
        "-f",
        "--format",
        "format_",
        type=click.Choice(formats or FORMATS),
        default="table",
        show_default=True,
        help="How to write the answer.",
    )


def with_home(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--home`` behind the verb too; what was given reaches the command as its first argument."""

    def take(ctx: click.Context, param: click.Parameter, value: Path | None) -> None:
        ctx.obj = value or ctx.obj

    option = click.option(
        "--home",
        type=click.Path(path_type=Path),
        metavar="FOLDER",
        expose_value=False,
        callback=take,
        help="The home folder to use.",
    )
    return option(click.pass_obj(command))


@contextmanager
def opened(path: Path | None) -> Iterator[tuple[Home, Store]]:
    """The home that holds here, and its store, open and up to date."""
    from provkg.config import find_home
    from provkg.store import open_store

    home = find_home(path=path)
    with open_store(home, begin=_tell_of_work) as store:
        tell_notices(store.report)
        if store.report.seconds > NOTABLE:
            say(f"The store was brought up to date: {store.report}")
        yield home, store


def _tell_of_work(runs: int) -> None:
    if runs >= MANY:
        say(f"Bringing {runs:,} new runs into the store. This is done once, and may take a minute or more.")


def tell_notices(report: Report) -> None:
    """What could not be done when the store was made."""
    for notice in report.notices:
        say(f"provkg: {notice.where}: {notice.message}")


def pairs(given: tuple[str, ...], option: str) -> dict[str, str]:
    """``name=value`` texts as a mapping.

    Raises:
        click.UsageError: one of them has no ``=``, or no name before it.
    """
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"{option} takes name=value, not {text!r}.")
        found[name.strip()] = value
    return found


def print_result(result: Result, format_: str, store: Source, *, plain_words: bool = False) -> None:
    """Print an answer in one of `FORMATS`; where there is none, say so."""
    from provkg.results import ShortNames, Solutions, Triples, Truth, render

    if isinstance(result, Solutions) and not result.rows:
        say("Nothing recorded fits.")
    if format_ != "table":
        print_text(render(result, format_, store.prefixes))
    elif isinstance(result, Truth):
        print_text("yes\n" if result else "no\n")
    elif isinstance(result, Triples):
        print_text(render(result, "turtle", store.prefixes))
    elif result.rows:
        from provkg.cli.answer_view import draw_answer

        names, room = ShortNames(store.base, store.prefixes), table_room()
        print_rich(draw_answer(result, names, room, plain_words=plain_words), room)


def table_room() -> int:
    """How wide tables may be. Piped, a row stays on one line however long: other programs read lines."""
    return width() if sys.stdout.isatty() or "COLUMNS" in os.environ else UNLIMITED
