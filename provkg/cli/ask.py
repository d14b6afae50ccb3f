"""``questions``, ``ask`` and ``sparql``: what is asked of the record."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from provkg.cli.completion import complete_parameter, complete_question
from provkg.cli.options import format_option, opened, pairs, print_result, with_home
from provkg.cli.output import print_rich, print_text

__all__ = ["ask", "questions", "sparql"]


@click.command(short_help="List the questions that can be asked.")
@click.argument("name", required=False, shell_complete=complete_question)
@format_option("table", "json", "csv", "tsv")
def questions(name: str | None, format_: str) -> None:
    """List the questions that can be asked, or say all about the one of a NAME."""
    from provkg.cli.questions_view import draw_question, draw_questions, listing
    from provkg.queries import question
    from provkg.queries import questions as all_questions
    from provkg.results import render

    found = [question(name)] if name else list(all_questions().values())
    if format_ != "table":
        print_text(render(listing(found), format_))
    elif name:
        print_rich(draw_question(found[0]))
    else:
        print_rich(draw_questions(found))


@click.command(short_help="Answer a question.")
@click.argument("name", shell_complete=complete_question)
@click.option(
    "-p",
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    shell_complete=complete_parameter,
    help="A parameter of the question; again for each.",
)
@format_option()
@with_home
def ask(home: Path | None, name: str, params: tuple[str, ...], format_: str) -> None:
    """Answer the question of a NAME; `provkg questions` lists them.

    A parameter that names a run, a model, a data set or a file takes what `provkg show` takes.
    """
    from provkg.queries import ask as answer
    from provkg.queries import question

    question(name)  # a name that is wrong is told without opening the store
    with opened(home) as (_, store):
        found = answer(store, name, pairs(params, "-p"))
        print_result(found.shown if format_ == "table" else found.result, format_, store, plain_words=True)


@click.command(short_help="Answer a SPARQL query of your own.")
@click.argument("query")
@format_option()
@with_home
def sparql(home: Path | None, query: str, format_: str) -> None:
    """Answer a SPARQL query: its text, a file that holds it, or - for standard input.

    The usual prefixes (prov, provkg, mls, rdfs, …) and those of this home (run, data, metric, setting, …)
    need no declaration. Each run has a named graph: GRAPH ?g { … }.
    """
    from provkg.queries import run_query

    text = _query_text(query)
    with opened(home) as (_, store):
        print_result(run_query(store, text), format_, store)


def _query_text(query: str) -> str:
    if query == "-":
        return sys.stdin.read()
    if "{" in query:
        return query
    try:
        return Path(query).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        if not query.endswith((".rq", ".sparql")):
            return query
        reason = error.strerror if isinstance(error, OSError) else error
        raise click.UsageError(f"cannot read the query {query}: {reason}.") from error
