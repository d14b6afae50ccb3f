"""What a query answers: solutions, a truth value, or triples, taken out of the engine as plain values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    Triple,
)

__all__ = ["PythonValue", "Result", "Solutions", "Term", "Triples", "Truth", "collect", "to_python"]

Term: TypeAlias = NamedNode | BlankNode | Literal | Triple
PythonValue: TypeAlias = str | int | float | bool | Decimal | datetime | date | timedelta | None


@dataclass(frozen=True, slots=True)
class Solutions:
    """Rows of terms under named variables; None where a variable is unbound."""

    variables: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, PythonValue]]:
        """The rows as Python values by variable, IRIs as text."""
        for row in self.rows:
            yield {name: to_python(term) for name, term in zip(self.variables, row, strict=True)}

    def column(self, name: str) -> tuple[Term | None, ...]:
        """All terms of one variable.

        Raises:
            ValueError: the variable is not among the solutions'.
        """
        position = self.variables.index(name)
        return tuple(row[position] for row in self.rows)

    def without(self, *names: str) -> Solutions:
        """The same rows with some columns left out."""
        kept = [n for n, name in enumerate(self.variables) if name not in names]
        return Solutions(
            tuple(self.variables[n] for n in kept), tuple(tuple(row[n] for n in kept) for row in self.rows)
        )


@dataclass(frozen=True, slots=True)
class Truth:
    """The answer of an ASK query."""

    value: bool

    def __bool__(self) -> bool:
        return self.value


@dataclass(frozen=True, slots=True)
class Triples:
    """The answer of a CONSTRUCT or DESCRIBE query: a set of triples, in the engine's order."""

    triples: tuple[Triple, ...]

    def __len__(self) -> int:
        return len(self.triples)


Result: TypeAlias = Solutions | Truth | Triples


def collect(answer: QuerySolutions | QueryBoolean | QueryTriples) -> Result:
    """Take an answer out of the engine.

    Call it in the thread that ran the query: the engine ends the whole process when another thread
    reads an answer.
    """
    if isinstance(answer, QuerySolutions):
        variables = tuple(variable.value for variable in answer.variables)
        return Solutions(variables, tuple(tuple(solution) for solution in answer))
    if isinstance(answer, QueryBoolean):
        return Truth(bool(answer))
    return Triples(tuple(dict.fromkeys(answer)))


_XSD = "http://www.w3.org/2001/XMLSchema#"
_INTEGERS = (
    *("integer", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger"),
    *("long", "int", "short", "byte", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
)
_DURATION = re.compile(r"(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError(text)
    sign, days, hours, minutes, seconds = found.groups(default="0")
    length = timedelta(days=int(days), hours=int(hours), minutes=int(minutes), seconds=float(seconds))
    return -length if sign == "-" else length


_READERS: dict[str, Callable[[str], PythonValue]] = {
    **{_XSD + name: int for name in _INTEGERS},
    _XSD + "double": lambda text: float(text.replace("INF", "inf")),
    _XSD + "float": lambda text: float(text.replace("INF", "inf")),
    _XSD + "decimal": Decimal,
    _XSD + "boolean": lambda text: text in {"true", "1"},
    _XSD + "dateTime": datetime.fromisoformat,
    _XSD + "dateTimeStamp": datetime.fromisoformat,
    _XSD + "date": lambda text: date.fromisoformat(text[:10]),
    _XSD + "duration": _duration,
    _XSD + "dayTimeDuration": _duration,
}


def to_python(term: Term | None) -> PythonValue:
    """A term as a Python value: IRIs and plain text as `str`, typed literals as what they denote.

    A literal whose text does not fit its datatype stays text.

    >>> to_python(Literal(3)), to_python(Literal("0.5", datatype=NamedNode(_XSD + "double")))
    (3, 0.5)
    """
    if term is None:
        return None
    if isinstance(term, NamedNode):
        return term.value
    if not isinstance(term, Literal):
        return str(term)
    read = _READERS.get(term.datatype.value)
    try:
        return read(term.value) if read else term.value
    except ValueError:
        return term.value
