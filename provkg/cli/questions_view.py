"""The questions, drawn with rich or as rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from pyoxigraph import Literal
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from provkg.queries import Parameter, Question
from provkg.results import Solutions

__all__ = ["draw_question", "draw_questions", "listing"]

NAMES = 42
"""Width of the names, the same in all groups."""


def listing(questions: Sequence[Question]) -> Solutions:
    """The questions as rows for other programs."""
    rows = [
        (question.name, question.group, question.summary, " ".join(question.params)) for question in questions
    ]
    return Solutions(
        ("name", "group", "question", "parameters"),
        tuple(tuple(Literal(cell) for cell in row) for row in rows),
    )


def draw_questions(questions: Sequence[Question]) -> RenderableType:
    """By group: the name with its parameters, and the question."""
    parts: list[RenderableType] = []
    for group, members in groupby(questions, key=lambda question: question.group):
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
        table.add_column(overflow="fold", width=NAMES)
        table.add_column(overflow="fold")
        for question in members:
            table.add_row(_called(question), Text(question.summary))
        parts += [Text(f"{group}", style="bold"), Padding(table, (0, 0, 1, 2))]
    parts.append(
        Text("`provkg questions NAME` says more of one. Parameters in brackets can be left out.", "dim")
    )
    return Group(*parts)


def _called(question: Question) -> Text:
    text = Text(question.name, style="cyan")
    for name, parameter in question.params.items():
        text.append(f" {name}" if parameter.required else f" [{name}]", style="dim")
    return text


def draw_question(question: Question) -> RenderableType:
    """All about one question: its parameters, its columns, its SPARQL."""
    example = "".join(
        f" -p {name}={parameter.example}" for name, parameter in question.params.items() if parameter.required
    )
    parts: list[RenderableType] = [
        Text.assemble((question.summary, "bold")),
        Text(f"{question.name} · {question.group}", style="dim"),
        Text(f"\n{question.description}"),
    ]
    if question.params:
        rows = [(name, _parameter(parameter)) for name, parameter in question.params.items()]
        parts += [Text("\nParameters", style="bold"), _rows(rows)]
    if question.columns:
        parts += [Text("\nColumns", style="bold"), _rows(list(question.columns.items()))]
    parts += [
        Text("\nFor example", style="bold"),
        Text(f"  $ provkg ask {question.name}{example}"),
        Text("\nSPARQL", style="bold"),
        Padding(Text(question.sparql.strip()), (0, 0, 0, 2)),
    ]
    return Group(*parts)


def _parameter(parameter: Parameter) -> str:
    absent = f"; {parameter.default} if left out" if parameter.default else "; can be left out"
    return f"{parameter.description} ({parameter.type}{'' if parameter.required else absent})"


def _rows(rows: Sequence[tuple[str, str]]) -> RenderableType:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(Text(name), Text(text))
    return Padding(table, (0, 0, 0, 2))
