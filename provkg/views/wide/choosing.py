"""Chooses rows of the wide table: those that fulfil a condition, in an order, so many of them."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

import msgspec

from provkg.errors import QueryError
from provkg.views.wide.conditions import matching, moment

if TYPE_CHECKING:
    import pandas as pd

    from provkg.views.wide.columns import Cell, Columns, Value

__all__ = ["Wide", "choose"]

_ORDERED = re.compile(r"\s*(`[^`]+`|\S+)(?:\s+(asc|desc))?\s*", re.IGNORECASE)


class Wide(msgspec.Struct, frozen=True):
    """The chosen rows, by column. Columns of metrics and settings that none of them has are left out."""

    columns: dict[str, list[Cell]]

    def __len__(self) -> int:
        return len(self.columns["run"])

    def to_frame(self) -> pd.DataFrame:
        """A pandas data frame: numbers, truth values and times in dtypes of their own.

        Where a cell has several values, it is a tuple of them.
        """
        import pandas as pd

        from provkg.results import series

        frame = {}
        for name, cells in self.columns.items():
            if name == "started":
                frame[name] = series([None if cell is None else moment(cell) for cell in cells]).array
            else:
                frame[name] = series([tuple(cell) if type(cell) is list else cell for cell in cells]).array
        return pd.DataFrame(frame)


def choose(columns: Columns, where: str = "", sort: str = "", limit: int = 0) -> Wide:
    """The rows for which ``where`` holds, ordered by ``sort``, at most ``limit`` (all if it is 0).

    ``sort`` is names of columns, each with ``asc`` or ``desc``, with commas between them. A cell of several
    values stands by its least one, and by its greatest where the order is descending; one of none stands
    last. A metric or setting may be called by its name alone where no other column has it.

    Raises:
        QueryError: the condition or the order cannot be read, or names what no row has.
    """
    every = columns.all()
    rows = list(range(len(columns.about["run"])))
    if where.strip():
        holds = matching(where, lambda name: _named(columns, every, name), len(rows))
        rows = [row for row in rows if holds[row]]
    for name, descending in reversed(_orders(sort)):
        _sort(rows, _named(columns, every, name), descending=descending)
    if limit:
        rows = rows[:limit]
    chosen = {name: [cells[row] for row in rows] for name, cells in every.items()}
    kept = {name: cells for name, cells in chosen.items() if name in columns.about or _any(cells)}
    return Wide(kept)


def _any(cells: list[Cell]) -> bool:
    return cells.count(None) < len(cells)


def _orders(sort: str) -> list[tuple[str, bool]]:
    orders = []
    for part in sort.split(",") if sort.strip() else ():
        found = _ORDERED.fullmatch(part)
        if found is None:
            raise QueryError(
                f"An order cannot be read: {part.strip()!r}.", "Write for example: accuracy desc."
            )
        orders.append((found[1].strip("`"), (found[2] or "").lower() == "desc"))
    return orders


def _sort(rows: list[int], cells: list[Cell], *, descending: bool) -> None:
    """Sorts rows by their cells; those without a value come last, and equal ones stay as they stand."""

    def place(row: int) -> tuple[bool, float, str]:
        cell = cells[row]
        value: Value | None = cell[-1 if descending else 0] if isinstance(cell, list) else cell
        return (True, 0.0, value) if isinstance(value, str) else (False, float(value or 0), "")

    empty = [row for row in rows if cells[row] is None]
    rows[:] = sorted((row for row in rows if cells[row] is not None), key=place, reverse=descending)
    rows += empty


def _named(columns: Columns, every: dict[str, list[Cell]], name: str) -> list[Cell]:
    if name in every:
        return every[name]
    if name in columns.metrics and name in columns.settings:
        raise QueryError(f"{name} is a metric and a setting.", f"Write metric:{name} or setting:{name}.")
    if name in columns.metrics or name in columns.settings:
        return columns.metrics.get(name) or columns.settings[name]
    plain = {known.partition(":")[2] or known: known for known in every}
    near = [plain[one] for one in get_close_matches(name.partition(":")[2] or name, plain, n=3, cutoff=0.5)]
    hint = f"Nearest: {', '.join(near)}." if near else f"There are: {', '.join(list(every)[:20])}."
    raise QueryError(f"No row has {name!r}.", hint)
