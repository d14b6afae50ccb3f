"""Questions: canned queries, one in a file, found and checked by the header in their comments.

A question file is valid SPARQL. Its first lines are comments that begin with ``#+`` and together are YAML:
``summary``, ``description``, ``group``, ``number``, ``study``, ``source``, ``params`` and ``columns``
(`Question` says what each means). The file's name is the question's name, its folder the group.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING

import msgspec
import pyoxigraph

from provkg.errors import QuestionError, UnknownQuestionError
from provkg.queries.binding import bound_variables, with_values
from provkg.queries.parameters import TYPES
from provkg.queries.shapes import slow_shapes
from provkg.queries.tokens import Kind, Token, tokenize
from provkg.resources import folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["GROUPS", "Parameter", "Question", "check", "question", "questions", "read_question"]

GROUPS = ("reproducibility", "comparison", "lineage", "data", "model", "environment", "fair", "people")
"""The groups, in the order they are listed."""

_MARK = "#+"


class Parameter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a question has to be told.

    ``type`` is one of `provkg.queries.parameters.TYPES`. A parameter with a ``default`` takes that text
    when it is left out; an ``optional`` one then stays a variable, and the answer has rows for all its
    values.
    """

    type: str
    description: str
    example: str
    default: str = ""
    optional: bool = False

    @property
    def required(self) -> bool:
        """Whether the question cannot be asked without it."""
        return not self.optional and not self.default


class _Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    summary: str
    description: str
    group: str
    number: int
    source: str
    columns: dict[str, str]
    params: dict[str, Parameter] = {}
    study: int | None = None


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question that can be asked by name.

    ``summary`` is the question in one sentence, ``description`` what the answer means and rests on.
    ``number`` is its place in the list of competency questions, ``study`` its number in the seed system's
    user study, ``source`` where it comes from. ``columns`` says what each variable of a row means.
    ``text`` is the SPARQL as it stands in the file, header included.
    """

    name: str
    group: str
    number: int
    summary: str
    description: str
    source: str
    params: dict[str, Parameter]
    columns: dict[str, str]
    study: int | None
    text: str

    @property
    def sparql(self) -> str:
        """The query without its header."""
        lines = self.text.splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith(_MARK)).lstrip("\n")


@cache
def questions() -> Mapping[str, Question]:
    """All questions by name, in the order of their groups and numbers.

    Raises:
        QuestionError: a file's header cannot be read.
    """
    found = [read_question(path) for path in folder("queries").glob("*/*.rq")]
    ordered = sorted(found, key=lambda one: (GROUPS.index(one.group), one.number, one.name))
    return {one.name: one for one in ordered}


def question(name: str) -> Question:
    """The question of one name.

    Raises:
        UnknownQuestionError: there is none; the remedy names the nearest.
    """
    known = questions()
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=3, cutoff=0.5) or _sharing_a_word(name, known)
    raise UnknownQuestionError(
        f"There is no question {name!r}.",
        f"Did you mean {' or '.join(near)}?" if near else "`provkg questions` lists them.",
    )


def _sharing_a_word(name: str, known: Mapping[str, Question]) -> list[str]:
    words = set(name.lower().replace("-", "_").split("_"))
    return (
        sorted(known, key=lambda one: -len(words & set(one.split("_"))))[:3]
        if any(words & set(one.split("_")) for one in known)
        else []
    )


def read_question(path: Path) -> Question:
    """The question in one file.

    Raises:
        QuestionError: the header is missing, is not YAML, or lacks a field.
    """
    text = path.read_text(encoding="utf-8")
    head = [
        line.removeprefix(_MARK).removeprefix(" ") for line in text.splitlines() if line.startswith(_MARK)
    ]
    try:
        header = msgspec.yaml.decode("\n".join(head).encode(), type=_Header)
    except msgspec.MsgspecError as error:
        raise QuestionError(
            f"The header of {path.name} does not fit: {error}", f"Correct the lines that begin with {_MARK}."
        ) from error
    if header.group != path.parent.name or header.group not in GROUPS:
        raise QuestionError(
            f"{path.name} is in the folder {path.parent.name} and says that its group is {header.group}.",
            f"Groups are {', '.join(GROUPS)}; folder and header must agree.",
        )
    return Question(
        name=path.stem,
        group=header.group,
        number=header.number,
        summary=header.summary.strip(),
        description=header.description.strip(),
        source=header.source,
        params=header.params,
        columns=header.columns,
        study=header.study,
        text=text,
    )


def check(question: Question) -> list[str]:
    """What is wrong with a question, in sentences; empty when it is sound.

    A query that passes binds its parameters wherever they stand, in the local engine and in remote ones,
    and avoids the shapes that the engine's optimizer is known to be slow on.
    """
    try:
        answer = pyoxigraph.Store().query(question.sparql)
    except SyntaxError as error:
        return [f"not valid SPARQL: {error}"]
    tokens = tuple(tokenize(question.sparql))
    return [
        *_header_problems(question),
        *_column_problems(question, answer, tokens),
        *slow_shapes(question.sparql, _given(question)),
    ]


def _header_problems(question: Question) -> Iterator[str]:
    if not question.summary.endswith("?"):
        yield "the summary is not a question"
    for name, parameter in question.params.items():
        if parameter.type not in TYPES:
            yield f"parameter {name} has the unknown type {parameter.type}"
        if parameter.default and parameter.optional:
            yield f"parameter {name} has a default and is optional: it can be one of the two"


def _column_problems(question: Question, answer: object, tokens: tuple[Token, ...]) -> Iterator[str]:
    if isinstance(answer, pyoxigraph.QuerySolutions):
        variables = [variable.value for variable in answer.variables]
        if variables != list(question.columns):
            yield f"the columns are {', '.join(question.columns)}, but SELECT has {', '.join(variables)}"
        for name in question.params:
            if name not in variables:
                yield f"parameter {name} is not in SELECT"
        # As an alias alone it would be projected, and nothing would be bound by it.
        for name in question.params.keys() - bound_variables(question.sparql):
            yield f"parameter {name} stands in no group of patterns"
        yield from _binding_problems(question)
    else:
        used = {token.text[1:] for token in tokens if token.kind is Kind.VARIABLE}
        for name in question.params:
            if name not in used:
                yield f"parameter {name} is not in the query"


def _binding_problems(question: Question) -> Iterator[str]:
    """A variable that the query itself sets, by BIND or AS, cannot be given in the same group."""
    for name in question.params:
        term = pyoxigraph.NamedNode("urn:given")
        try:
            pyoxigraph.Store().query(with_values(question.sparql, {name: term}))
        except SyntaxError as error:
            yield f"with {name} given it is not valid SPARQL: {error}"


def _given(question: Question) -> list[str]:
    """The parameters that have a value whenever the question is asked."""
    return [name for name, one in question.params.items() if not one.optional]
