"""Answers in the formats of the SPARQL 1.1 recommendations, as RDF, and as a pandas data frame."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, serialize

from provkg.errors import QueryError
from provkg.results.values import Solutions, Triples, Truth, to_python

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from provkg.results.values import Result, Term

__all__ = [
    "FORMATS",
    "render",
    "series",
    "to_csv",
    "to_frame",
    "to_json",
    "to_ntriples",
    "to_tsv",
    "to_turtle",
]

_STRING = "http://www.w3.org/2001/XMLSchema#string"


def to_json(result: Solutions | Truth) -> str:
    """SPARQL 1.1 Query Results JSON Format."""
    if isinstance(result, Truth):
        return json.dumps({"head": {}, "boolean": result.value})
    bindings = [
        {name: _json_term(term) for name, term in zip(result.variables, row, strict=True) if term is not None}
        for row in result.rows
    ]
    document = {"head": {"vars": list(result.variables)}, "results": {"bindings": bindings}}
    return json.dumps(document, ensure_ascii=False, indent=1)


def _json_term(term: Term) -> dict[str, object]:
    if isinstance(term, NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, BlankNode):
        return {"type": "bnode", "value": term.value}
    if isinstance(term, Literal):
        if term.language:
            return {"type": "literal", "value": term.value, "xml:lang": term.language}
        if term.datatype.value == _STRING:
            return {"type": "literal", "value": term.value}
        return {"type": "literal", "value": term.value, "datatype": term.datatype.value}
    parts = {"subject": term.subject, "predicate": term.predicate, "object": term.object}
    return {"type": "triple", "value": {name: _json_term(part) for name, part in parts.items()}}


def to_csv(result: Solutions | Truth) -> str:
    """SPARQL 1.1 Query Results CSV Format: IRIs and literals by their text alone, line ends CR LF."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    if isinstance(result, Truth):
        return f"{str(result.value).lower()}\r\n"
    writer.writerow(result.variables)
    for row in result.rows:
        writer.writerow([_csv_term(term) for term in row])
    return text.getvalue()


def _csv_term(term: Term | None) -> str:
    if term is None:
        return ""
    return term.value if isinstance(term, NamedNode | Literal) else str(term)


def to_tsv(result: Solutions | Truth) -> str:
    """SPARQL 1.1 Query Results TSV Format: terms as in Turtle, without prefixes."""
    if isinstance(result, Truth):
        return f"{str(result.value).lower()}\n"
    lines = ["\t".join(f"?{name}" for name in result.variables)]
    lines += ["\t".join("" if term is None else _tsv_term(term) for term in row) for row in result.rows]
    return "\n".join(lines) + "\n"


def _tsv_term(term: Term) -> str:
    return str(term).replace("\t", "\\t")


def to_turtle(result: Triples, prefixes: Mapping[str, str] | None = None) -> str:
    """Turtle, with those of the prefixes that are used."""
    used = {
        name: iri
        for name, iri in (prefixes or {}).items()
        if any(iri in str(triple) for triple in result.triples)
    }
    return _serialized(result, RdfFormat.TURTLE, used)


def to_ntriples(result: Triples) -> str:
    """N-Triples."""
    return _serialized(result, RdfFormat.N_TRIPLES, {})


def _serialized(result: Triples, kind: RdfFormat, prefixes: dict[str, str]) -> str:
    output = io.BytesIO()
    serialize(result.triples, output, format=kind, prefixes=prefixes)
    return output.getvalue().decode()


def to_frame(solutions: Solutions) -> pd.DataFrame:
    """A pandas data frame: numbers, truth values, times with their zone and durations in dtypes of their
    own, anything else as text. Times are given in UTC. A missing value is pandas' own.

    Needs pandas.
    """
    import pandas as pd

    columns = {
        name: series([to_python(row[position]) for row in solutions.rows])
        for position, name in enumerate(solutions.variables)
    }
    return pd.DataFrame(columns, columns=list(solutions.variables))


def series(values: Sequence[Any]) -> pd.Series:
    """Values as a pandas series of the dtype that fits them all."""
    import pandas as pd

    kinds = {type(value) for value in values if value is not None}
    if kinds and kinds <= {int, float, Decimal} and kinds != {int}:
        return pd.Series([float("nan" if value is None else value) for value in values], dtype="float64")
    if kinds == {datetime}:
        return pd.to_datetime(pd.Series(values, dtype="object"), utc=True)
    dtypes = {bool: "boolean", int: "Int64", date: "datetime64[s]", timedelta: "timedelta64[us]", str: "str"}
    dtype = dtypes.get(kinds.pop(), "object") if len(kinds) == 1 else "object"
    if None not in values:
        dtype = {"boolean": "bool", "Int64": "int64"}.get(dtype, dtype)
    return pd.Series(values, dtype=dtype)


FORMATS: tuple[str, ...] = ("table", "json", "csv", "tsv", "turtle", "ntriples")
"""The names of the formats; the last two are for triples, those between for solutions and truth."""

_SOLUTIONS: Mapping[str, Callable[[Solutions | Truth], str]] = {"json": to_json, "csv": to_csv, "tsv": to_tsv}


def render(result: Result, format: str, prefixes: Mapping[str, str] | None = None) -> str:  # noqa: A002
    """The text of an answer in one of the machine-readable `FORMATS`.

    Raises:
        QueryError: the format cannot hold this kind of answer.
    """
    if isinstance(result, Triples):
        if format == "turtle":
            return to_turtle(result, prefixes)
        if format == "ntriples":
            return to_ntriples(result)
        raise QueryError(f"triples cannot be written as {format}", "Take turtle or ntriples.")
    if format not in _SOLUTIONS:
        what = "a truth value" if isinstance(result, Truth) else "solutions"
        raise QueryError(f"{what} cannot be written as {format}", f"Take {', '.join(_SOLUTIONS)}.")
    return _SOLUTIONS[format](result)
