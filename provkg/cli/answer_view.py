"""Answers as people read them: short digests, near paths, plain words, and what all rows share said once."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode
from rich.console import Group
from rich.table import Table
from rich.text import Text

from provkg.cli.text import path_text, short
from provkg.results import Solutions, to_python, to_table
from provkg.results.table import text
from provkg.terms import Provkg

if TYPE_CHECKING:
    from rich.console import RenderableType

    from provkg.results import ShortNames, Term

__all__ = ["draw_answer"]

_DIGEST = re.compile(r"[0-9a-f]{64}")
_CLASS = re.compile(r"(?:[a-z_]\w*\.)+([A-Z]\w*)")
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def draw_answer(solutions: Solutions, names: ShortNames, room: int, *, plain_words: bool) -> RenderableType:
    """The rows as a table. Where they do not fit into ``room``, what all of them share stands above it.

    ``plain_words`` writes the ontology's terms as words (``test split``) and classes by their own names.
    """
    rows = tuple(tuple(_readable(term, plain_words=plain_words) for term in row) for row in solutions.rows)
    readable = Solutions(solutions.variables, rows)
    shared = _shared(readable, names) if len(rows) > 1 and _widest(readable, names) > room else {}
    if not shared or len(shared) == len(solutions.variables):
        return to_table(readable, names, room)
    above = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    above.add_column(style="bold", no_wrap=True)
    above.add_column(overflow="fold")
    for name, value in shared.items():
        if value:
            above.add_row(Text(name), Text(value))
    return Group(above, "", to_table(readable.without(*shared), names, room))


def _readable(term: Term | None, *, plain_words: bool) -> Term | None:
    if isinstance(term, NamedNode):
        return _in_words(term) if plain_words else term
    value = to_python(term)
    if isinstance(value, datetime):
        return Literal(f"{value.astimezone():%Y-%m-%d %H:%M}")
    if isinstance(value, str) and isinstance(term, Literal):
        if _DIGEST.fullmatch(value):
            return Literal(short(value))
        if value.startswith("/") and Path(value).is_relative_to(Path.cwd()):
            return Literal(path_text(value))
        if plain_words and (match := _CLASS.fullmatch(value)):
            return Literal(match[1])
    return term


def _in_words(term: NamedNode) -> Term:
    if term.value == Provkg.InferredFromSource:
        return Literal("inferred")
    local = term.value.removeprefix(Provkg.namespace)
    return Literal(_WORDS.sub(" ", local).lower()) if local != term.value else term


def _shared(solutions: Solutions, names: ShortNames) -> dict[str, str]:
    """The columns that hold one and the same in all rows, with its text."""
    columns = {name: solutions.column(name) for name in solutions.variables}
    return {name: text(column[0], names) for name, column in columns.items() if len(set(column)) == 1}


def _widest(solutions: Solutions, names: ShortNames) -> int:
    widths = [
        max(len(name), *(len(text(term, names)) for term in solutions.column(name)))
        for name in solutions.variables
    ]
    return sum(widths) + 2 * len(widths)
