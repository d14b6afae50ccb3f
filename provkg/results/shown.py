"""Rows of an answer as Python values, shown as a table in notebooks and terminals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, overload

from provkg.results.formats import to_frame
from provkg.results.table import text
from provkg.results.values import PythonValue, Solutions, to_python

if TYPE_CHECKING:
    import pandas as pd

    from provkg.results.names import ShortNames

__all__ = ["Row", "Table"]

_SHOWN = 60

Row = dict[str, PythonValue]


class Table(Sequence[Row]):
    """The rows of an answer: a sequence of mappings from variables to Python values, IRIs as text.

    ``solutions`` has the same as RDF terms. In a notebook it is shown as a table.
    """

    def __init__(self, solutions: Solutions, names: ShortNames) -> None:
        self.solutions = solutions
        self._names = names

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the variables."""
        return self.solutions.variables

    def to_frame(self) -> pd.DataFrame:
        """The rows as a pandas data frame (see `provkg.to_frame`).

        Raises:
            QueryError: pandas is not installed.
        """
        return to_frame(self.solutions)

    def __len__(self) -> int:
        return len(self.solutions)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.solutions)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> Table: ...

    def __getitem__(self, index: int | slice) -> Row | Table:
        if isinstance(index, slice):
            return Table(Solutions(self.columns, self.solutions.rows[index]), self._names)
        row = self.solutions.rows[index]
        return {name: to_python(term) for name, term in zip(self.columns, row, strict=True)}

    def __repr__(self) -> str:
        head = "\t".join(self.columns)
        lines = ["\t".join(row) for row in self._texts()]
        return "\n".join([head, *lines, *self._more()])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        rows = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in self._texts())
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        more = "".join(f"<p>{escape(line)}</p>" for line in self._more())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"

    def _texts(self) -> Iterator[list[str]]:
        for row in self.solutions.rows[:_SHOWN]:
            yield [text(term, self._names) for term in row]

    def _more(self) -> list[str]:
        left = len(self) - _SHOWN
        return [f"and {left:,} more rows"] if left > 0 else []
