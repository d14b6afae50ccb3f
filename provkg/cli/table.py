"""``table``: all runs, or all trained models, with their settings and metrics."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provkg.cli.options import format_option, opened, table_room, with_home
from provkg.cli.output import print_rich, print_text, say
from provkg.cli.text import short

if TYPE_CHECKING:
    from rich.table import Table

    from provkg.views.wide import Wide
    from provkg.views.wide.columns import Cell

__all__ = ["table"]


@click.command(short_help="List runs or models with all settings and metrics.")
@click.option(
    "--by",
    type=click.Choice(["run", "model"]),
    default="run",
    show_default=True,
    help="What a row is: a run, or a trained model.",
)
@click.option("-w", "--where", default="", metavar="CONDITION", help="Only rows for which this holds.")
@click.option("-s", "--sort", default="", metavar="COLUMNS", help='By which columns: "accuracy desc, C".')
@click.option(
    "-n", "--number", type=click.IntRange(min=0), default=0, help="How many at most; all without it."
)
@format_option("table", "json", "csv")
@with_home
def table(home: Path | None, by: str, where: str, sort: str, number: int, format_: str) -> None:
    """List runs or models with all settings and metrics, newest first.

    A row has what it measured (metric:accuracy) and its settings (setting:C); by model, metrics are named
    with the part of the data (metric:test_accuracy). The table for the terminal leaves out settings that are
    the same in all rows; csv and json have all. Several values of one cell are a list.

    A condition compares numbers as numbers, texts and times in quotes: accuracy > 0.9 and (C < 1 or kernel =
    'rbf'), started >= '2026-01-31', code like '%penguins.ipynb', status in ('failed'), C is not null. Names
    that are not plain words stand in backticks.
    """
    from provkg.views.wide import choose, gather

    with opened(home) as (_, store):
        found = choose(gather(store, by), where, sort, number)
    if not len(found):
        say("Nothing recorded fits.")
    if format_ == "csv":
        print_text(_csv(found))
    elif format_ == "json":
        print_text(json.dumps(_rows(found), ensure_ascii=False, indent=1) + "\n")
    elif len(found):
        print_rich(_drawn(found), table_room())


def _rows(wide: Wide) -> list[dict[str, Cell]]:
    """The rows, each with the cells that have a value."""
    cells = zip(*wide.columns.values(), strict=True)
    return [
        {name: cell for name, cell in zip(wide.columns, row, strict=True) if cell is not None}
        for row in cells
    ]


def _csv(wide: Wide) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(wide.columns)
    writer.writerows([_text(cell) for cell in row] for row in zip(*wide.columns.values(), strict=True))
    return text.getvalue()


def _text(cell: Cell) -> str:
    if isinstance(cell, bool | list):
        return json.dumps(cell, ensure_ascii=False)
    return "" if cell is None else str(cell)


def _drawn(wide: Wide) -> Table:
    from rich.table import Table
    from rich.text import Text

    shown = {name: cells for name, cells in wide.columns.items() if _tells(name, cells)}
    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in shown:
        drawn.add_column(Text(name.removeprefix("metric:").removeprefix("setting:")), overflow="fold")
    for row in zip(*shown.values(), strict=True):
        drawn.add_row(*(Text(_seen(name, cell)) for name, cell in zip(shown, row, strict=True)))
    return drawn


def _tells(name: str, cells: list[Cell]) -> bool:
    """Whether a column has something to say: of settings, whether they differ where there are any."""
    there = [cell for cell in cells if cell is not None]
    if name.startswith("setting:"):
        return any(cell != there[0] for cell in there)
    return name == "run" or bool(there)


def _seen(name: str, cell: Cell) -> str:
    if isinstance(cell, list):
        return ", ".join(_seen(name, one) for one in cell)
    if isinstance(cell, float):
        return f"{cell:.4g}"
    text = _text(cell)
    if name == "run":
        return short(text)
    if name == "started":
        return text[:16].replace("T", " ")
    return Path(text).name if name == "code" else text
