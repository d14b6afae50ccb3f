"""Writes the reference pages of `docs/reference/` from what they describe; ``--check`` only compares.

Run it with ``make docs``; ``make check`` fails when a page is not as this program would write it.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import click
import msgspec
from pyoxigraph import NamedNode, RdfFormat, parse

from provkg import errors
from provkg.cli.main import COMMANDS, cli
from provkg.queries import Question, questions
from provkg.resources import folder
from provkg.terms import ONTOLOGY, Provkg
from provkg.views.comparison import Comparison

REFERENCE = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/generate.py (`make docs`): change what it describes, not this page. -->\n"
WIDTH = 100


def main() -> int:
    """Write or compare all pages."""
    check = "--check" in sys.argv[1:]
    pages = {
        "cli.md": commands_page,
        "questions.md": questions_page,
        "ontology.md": ontology_page,
        "errors.md": errors_page,
    }
    texts = {name: f"{NOTE}\n" + "\n".join(page()).rstrip() + "\n" for name, page in pages.items()}
    texts["comparison.schema.json"] = comparison_schema()
    stale = []
    for name, text in texts.items():
        path = REFERENCE / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            REFERENCE.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if check and stale:
        print(f"Not up to date: {', '.join(stale)}. Run `make docs`.", file=sys.stderr)
        return 1
    return 0


def comparison_schema() -> str:
    """The JSON Schema of what ``provkg compare --format json`` writes."""
    schema = msgspec.json.schema(Comparison)
    del schema["$defs"]["Comparison"]["properties"]["pictures"]
    return msgspec.json.format(msgspec.json.encode(schema), indent=1).decode() + "\n"


def commands_page() -> Iterator[str]:
    """Every command as ``--help`` prints it."""
    yield "# The command line\n"
    settings = {**cli.context_settings, "max_content_width": WIDTH, "terminal_width": WIDTH}
    top = click.Context(cli, info_name="provkg", **settings)
    yield f"```text\n{cli.get_help(top)}\n```\n"
    for name in COMMANDS:
        command = cli.get_command(top, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=top, **settings)
        yield f"## provkg {name}\n\n```text\n{command.get_help(context)}\n```\n"
        for below, one in command.commands.items() if isinstance(command, click.Group) else ():
            inner = click.Context(one, info_name=below, parent=context, **settings)
            yield f"### provkg {name} {below}\n\n```text\n{one.get_help(inner)}\n```\n"


def questions_page() -> Iterator[str]:
    """Every question with its parameters and columns, its query, and what it answered once."""
    samples = json.loads((REFERENCE.parent / "samples.json").read_bytes())
    yield "# The questions\n"
    yield (
        "Ask one with `provkg ask NAME -p parameter=value`. Parameters in brackets can be left out. "
        "A number with *S* is that of the same question in the user study of MLProvLab; "
        "the others are those of the list of competency questions. The answers shown are those of real runs: "
        "two of `examples/penguins.ipynb` with other parameters, the session of "
        "`examples/hidden_state_session.py`, and a run of the notebook that it leaves; no more than three "
        "rows of each.\n"
    )
    for group, members in groupby(questions().values(), key=lambda question: question.group):
        yield f"## {group.capitalize()}\n"
        for question in members:
            study = f", S{question.study}" if question.study else ""
            yield f"### {question.name}\n"
            yield f"{question.summary} *({question.number}{study}; {question.source})*\n"
            yield f"{question.description}\n"
            for name, one in question.params.items():
                shown = name if one.required else f"[{name}]"
                default = f", {one.default} if left out" if one.default else ""
                yield f"- `-p {shown}=…` {one.description} ({one.type}{default}; for example `{one.example}`)"
            if question.params:
                yield ""
            yield "| Column | Meaning |\n|---|---|"
            yield "\n".join(f"| {name} | {meaning} |" for name, meaning in question.columns.items()) + "\n"
            yield from _sample(question, samples.get(question.name))
            yield "<details><summary>SPARQL</summary>\n"
            yield f"```sparql\n{question.sparql.rstrip()}\n```\n\n</details>\n"


def _sample(question: Question, sample: dict[str, Any] | None) -> Iterator[str]:
    """The first rows of an answer; columns in which they all have nothing or what was given are left out."""
    if sample is None or sample["columns"] != list(question.columns):
        return
    given = "".join(f" -p {shlex.quote(f'{name}={value}')}" for name, value in sample["given"].items())
    yield f"```text\n$ provkg ask {question.name}{given}\n```\n"
    if not sample["rows"]:
        yield "No rows.\n"
        return
    shown = [
        (name, [row[place] for row in sample["rows"]])
        for place, name in enumerate(sample["columns"])
        if name not in sample["given"] and any(row[place] for row in sample["rows"])
    ]
    yield f"| {' | '.join(name for name, _ in shown)} |\n|{'---|' * len(shown)}"
    for row in zip(*(values for _, values in shown), strict=True):
        yield f"| {' | '.join(_cell(text) for text in row)} |"
    more = sample["count"] - len(sample["rows"])
    yield f"\n… and {more} more\n" if more else ""


_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_OWL = "http://www.w3.org/2002/07/owl#"
_DEFINITION = "http://www.w3.org/2004/02/skos/core#definition"
_KINDS = {
    "Classes": f"{_OWL}Class",
    "Object properties": f"{_OWL}ObjectProperty",
    "Datatype properties": f"{_OWL}DatatypeProperty",
    "Individuals": f"{_OWL}NamedIndividual",
}


def ontology_page() -> Iterator[str]:
    """Every term of the ontology with its parents and definition."""
    text = (folder("ontology") / "provkg.ttl").read_bytes()
    facts: dict[str, dict[str, list[str]]] = {}
    for triple in parse(text, RdfFormat.TURTLE):
        if isinstance(triple.subject, NamedNode) and triple.subject.value.startswith(Provkg.namespace):
            of_term = facts.setdefault(triple.subject.value, {})
            of_term.setdefault(triple.predicate.value, []).append(getattr(triple.object, "value", ""))
    yield f"# The ontology\n\nNamespace: `{Provkg.namespace}` (prefix `provkg`), ontology <{ONTOLOGY}>.\n"
    for title, kind in _KINDS.items():
        yield f"## {title}\n"
        yield "| Term | Below | Definition |\n|---|---|---|"
        terms = {iri: of for iri, of in facts.items() if kind in of.get(_RDF_TYPE, ())}
        for iri, of_term in sorted(terms.items()):
            parents = [*of_term.get(f"{_RDFS}subClassOf", ()), *of_term.get(f"{_RDFS}subPropertyOf", ())]
            definition = [*of_term.get(_DEFINITION, ()), *of_term.get(f"{_RDFS}comment", ()), ""][0]
            below = ", ".join(_local(one) for one in parents if one)
            yield f"| {_local(iri)} | {below} | {_cell(definition)} |"
        yield ""


def _local(iri: str) -> str:
    from provkg.terms import PREFIXES

    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            name = iri.removeprefix(namespace)
            return f"`{name}`" if prefix == "provkg" else f"`{prefix}:{name}`"
    return f"<{iri}>"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def errors_page() -> Iterator[str]:
    """The tree of errors, and what each one means."""
    assert errors.__doc__ is not None
    tree = errors.__doc__.partition("::\n")[2].partition("\nEvery message")[0]
    lines = "\n".join(line.removeprefix("    ") for line in tree.strip("\n").splitlines())
    yield "# Errors\n"
    yield (
        "The command line turns each of these into one line, the remedy on the next, and exit code 2. "
        f"In Python they are in `provkg` and `provkg.errors`.\n\n```text\n{lines}\n```\n"
    )
    yield "| Error | When |\n|---|---|"
    for name in sorted(errors.__all__):
        meaning = (getattr(errors, name).__doc__ or "").partition("\n")[0]
        yield f"| `{name}` | {_cell(meaning)} |"


if __name__ == "__main__":
    sys.exit(main())
