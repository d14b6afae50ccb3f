"""``completion``: the shell's script, and the words it offers for runs, things, questions and parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class

from provkg.cli.output import print_text

__all__ = ["complete_parameter", "complete_question", "complete_run", "complete_thing", "completion"]

SHELLS = ("bash", "zsh", "fish")

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


@click.command(short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script of a SHELL: verbs, options, runs, questions and their parameters.

    For bash, put this into ~/.bashrc: eval "$(provkg completion bash)"
    """
    from provkg.cli.main import cli

    found = get_completion_class(shell)
    assert found is not None
    print_text(found(cli, {}, "provkg", "_PROVKG_COMPLETE").source())


def _quiet(words: Callable[[click.Context, str], Iterable[tuple[str, str]]]) -> Completer:
    """A completer that offers nothing where its words cannot be found: no home, or one that is damaged."""

    @wraps(words)
    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from provkg.errors import ProvkgError

        try:
            return [
                CompletionItem(word, help=text)
                for word, text in words(ctx, incomplete)
                if word.startswith(incomplete)
            ]
        except ProvkgError:
            return []

    return complete


def _home(ctx: click.Context) -> Path | None:
    home: Path | None = ctx.find_root().params.get("home")
    return home


@_quiet
def complete_run(ctx: click.Context, incomplete: str) -> Iterable[tuple[str, str]]:
    """``latest`` and the ids of the runs in the journal."""
    from provkg import journal
    from provkg.config import find_home

    yield "latest", "the newest run"
    if incomplete:
        yield from ((run, "") for run in journal.runs(find_home(path=_home(ctx))))


@_quiet
def complete_thing(ctx: click.Context, incomplete: str) -> Iterable[tuple[str, str]]:
    """Runs, and the names of what the latest run holds."""
    from provkg.cli.options import opened
    from provkg.views.references import find

    yield "latest", "the newest run"
    with opened(_home(ctx)) as (home, store):
        inventory, _ = find(store, home, "latest")
    for identifier in inventory.things:
        name = inventory.name(identifier)
        if name != identifier:
            yield name, identifier


@_quiet
def complete_question(ctx: click.Context, incomplete: str) -> Iterable[tuple[str, str]]:
    """The names of the questions."""
    from provkg.queries import questions

    return ((name, question.summary) for name, question in questions().items())


@_quiet
def complete_parameter(ctx: click.Context, incomplete: str) -> Iterable[tuple[str, str]]:
    """The parameters of the question that stands before them, and for one of them the runs."""
    from provkg.queries import question

    # An option that still lacks its value keeps click from naming the argument before it.
    asked = question(ctx.params.get("name") or next(iter(ctx.args), ""))
    name, equals, value = incomplete.partition("=")
    if not equals:
        for name, parameter in asked.params.items():
            yield f"{name}=", parameter.description
    elif name in asked.params and asked.params[name].type == "run":
        from provkg import journal
        from provkg.config import find_home

        for run in ("latest", *(journal.runs(find_home(path=_home(ctx))) if value else ())):
            yield f"{name}={run}", ""
