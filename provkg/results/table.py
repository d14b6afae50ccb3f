"""Solutions as a table for people: width-aware, IRIs shortened, numbers aligned."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from provkg.results.values import to_python

if TYPE_CHECKING:
    from rich.console import RenderableType

    from provkg.results.names import ShortNames
    from provkg.results.values import Solutions, Term

__all__ = ["to_table"]

_NARROWEST = 16
"""A column narrower than this breaks names and digests: then rows are shown one below the other."""


def to_table(solutions: Solutions, names: ShortNames, width: int = 80) -> RenderableType:
    """The rows as a rich table, or as records where the columns do not fit into ``width`` characters."""
    from rich.table import Table
    from rich.text import Text

    cells = [[text(term, names) for term in row] for row in solutions.rows]
    widths = [
        max([len(name), *(min(_longest_line(row[n]), _NARROWEST) for row in cells)])
        for n, name in enumerate(solutions.variables)
    ]
    if sum(widths) + 2 * len(widths) > width:
        return _records(solutions, cells)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for n, name in enumerate(solutions.variables):
        numbers = _all_numbers(solutions.column(name))
        table.add_column(
            Text(name),
            justify="right" if numbers else "left",
            no_wrap=numbers,
            min_width=widths[n],
            overflow="fold",
        )
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _records(solutions: Solutions, cells: list[list[str]]) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    tables = []
    for row in cells:
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, cell in zip(solutions.variables, row, strict=True):
            if cell:
                table.add_row(Text(name), Text(cell))
        table.add_row("", "")
        tables.append(table)
    return Group(*tables)


def text(term: Term | None, names: ShortNames) -> str:
    """One term as people read it: six significant digits, seconds, short IRIs."""
    if isinstance(term, NamedNode):
        return names.short(term.value)
    value = to_python(term)
    if value is None:
        shown = ""
    elif isinstance(value, bool):
        shown = "yes" if value else "no"
    elif isinstance(value, float | Decimal):
        shown = f"{value:.6g}"
    elif isinstance(value, datetime):
        shown = value.isoformat(sep=" ", timespec="seconds")
    elif isinstance(value, timedelta):
        shown = f"{value.total_seconds():g} s"
    else:
        shown = str(value).rstrip("\n")
    return shown


def _all_numbers(terms: tuple[Term | None, ...]) -> bool:
    values = [to_python(term) for term in terms if term is not None]
    return bool(values) and all(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values
    )


def _longest_line(cell: str) -> int:
    return max((len(line) for line in cell.splitlines()), default=0)
