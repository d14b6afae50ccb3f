"""The types that parameters of questions have, and how what a user gives becomes a term."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeAlias

from pyoxigraph import Literal, NamedNode

from provkg.errors import QuestionError
from provkg.mapping.versions import sort_key
from provkg.queries.runs import as_text, find_run
from provkg.queries.things import KINDS, resolve
from provkg.terms import PREFIXES

if TYPE_CHECKING:
    from provkg.queries.questions import Question
    from provkg.queries.source import Source

__all__ = ["LITERALS", "TYPES", "Given", "bind"]

Given: TypeAlias = str | int | float | bool | date | NamedNode | Literal

LITERALS = ("string", "integer", "double", "date", "version")
"""The types of parameters that are values."""

TYPES = ("run", *KINDS, *LITERALS)
"""All types of parameters; those that are not values name things (see `resolve`)."""


def bind(store: Source, question: Question, given: Mapping[str, Given]) -> dict[str, NamedNode | Literal]:
    """The term of each parameter that was given or has a default.

    What was given is read as its parameter's type says and never becomes part of the query's text.

    Raises:
        QuestionError: a parameter is missing or unknown, or a value does not fit its type.
        NotFoundError: a name stands for nothing, or for several things.
    """
    _check_names(question, given)
    words = {
        name: given.get(name, parameter.default)
        for name, parameter in question.params.items()
        if name in given or parameter.default
    }
    # A run that was given, or defaults, says where the names of other things are looked for.
    runs = {name: word for name, word in words.items() if question.params[name].type == "run"}
    terms: dict[str, NamedNode | Literal] = {
        name: word if isinstance(word, NamedNode) else NamedNode(find_run(store, str(word)))
        for name, word in runs.items()
    }
    run = next((term.value for term in terms.values()), "") if len(terms) == 1 else ""
    for name, word in words.items():
        if name not in runs:
            terms[name] = _term(store, question, name, word, run)
    return terms


def _check_names(question: Question, given: Mapping[str, Given]) -> None:
    unknown = [name for name in given if name not in question.params]
    missing = [name for name, one in question.params.items() if one.required and name not in given]
    takes = ", ".join(
        f"{name} ({one.type}{'' if one.required else ', optional'})" for name, one in question.params.items()
    )
    if unknown:
        near = get_close_matches(unknown[0], question.params, n=1, cutoff=0.6)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise QuestionError(
            f"{question.name} has no parameter {unknown[0]!r}.",
            f"{hint}It takes {takes}." if takes else "It takes no parameters.",
        )
    if missing:
        example = " ".join(f"-p {name}={question.params[name].example}" for name in missing)
        raise QuestionError(
            f"{question.name} needs {', '.join(missing)}.", f"It takes {takes}, for example {example}"
        )


def _term(store: Source, question: Question, name: str, word: Given, run: str) -> NamedNode | Literal:
    kind = question.params[name].type
    if isinstance(word, NamedNode | Literal):
        return word
    if kind in KINDS:
        return resolve(store, kind, str(word), run)
    try:
        return _literal(kind, word)
    except ValueError as error:
        raise QuestionError(
            f"{name}={word} is not {_a(kind)}.", f"For example {name}={question.params[name].example}"
        ) from error


def _literal(kind: str, word: Given) -> Literal:
    text = word.isoformat() if isinstance(word, date) else as_text(str(word))
    match kind:
        case "integer":
            return Literal(int(text))
        case "double":
            return Literal(float(text))
        case "date":
            return Literal(date.fromisoformat(text).isoformat(), datatype=NamedNode(f"{PREFIXES['xsd']}date"))
        case "version":
            key = sort_key(text)
            if not key:
                raise ValueError(text)
            return Literal(key)
    return Literal(text)


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}"
