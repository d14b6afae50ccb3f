"""Writes N-Quads text: the one place that knows its syntax (RDF 1.1 N-Quads, section 3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING

from provkg.terms import Rdf, Xsd

if TYPE_CHECKING:
    from provkg.records import Scalar

__all__ = ["Quads", "lexical_double", "lexical_time", "literal_text"]

_SPECIAL = re.compile('[\\x00-\\x1f"\\\\\\x7f\ud800-\udfff\ufffe\uffff]').search
_SURROGATE = re.compile("[\ud800-\udfff]").search
_ESCAPES = {
    **{code: f"\\u{code:04X}" for code in (*range(0x20), 0x7F, 0xFFFE, 0xFFFF)},
    **str.maketrans({"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r"}),
    **str.maketrans({'"': r"\"", "\\": r"\\"}),
}
_TYPE = Rdf.type
_BOOLEAN, _DOUBLE, _INTEGER, _TIME = Xsd.boolean, Xsd.double, Xsd.integer, Xsd.dateTime


def literal_text(text: str) -> str:
    r"""The text of a literal between its quotation marks.

    Half a surrogate pair, which no UTF-8 text can hold, becomes its escape spelled out, as in the journal.

    >>> print(literal_text('say "hi"\n'), literal_text("caf\udce9"))
    say \"hi\"\n caf\\udce9
    """
    if _SPECIAL(text) is None:
        return text
    if _SURROGATE(text) is not None:
        text = text.encode("utf-8", "backslashreplace").decode()
    return text.translate(_ESCAPES)


def lexical_double(value: float) -> str:
    """The lexical form of an xsd:double: the shortest that gives the same number.

    >>> lexical_double(0.1), lexical_double(float("-inf")), lexical_double(float("nan"))
    ('0.1', '-INF', 'NaN')
    """
    if isfinite(value):
        return float.__repr__(value)
    return "NaN" if value != value else "INF" if value > 0 else "-INF"  # noqa: PLR0124 (only NaN)


def lexical_time(value: datetime) -> str:
    """The lexical form of an xsd:dateTime, with the zone that the time has and no trailing zeros.

    >>> lexical_time(datetime(2026, 11, 23, 10, 0, 0, 500_000, tzinfo=UTC))
    '2026-11-23T10:00:00.5Z'
    """
    offset = value.utcoffset()
    # XML Schema has zones of whole minutes up to 14 hours.
    if offset is not None and (offset.total_seconds() % 60 or abs(offset.total_seconds()) > 14 * 3600):
        value, offset = value.astimezone(UTC), UTC.utcoffset(None)
    zone = "" if offset is None else value.isoformat()[-6:] if offset else "Z"
    text = value.replace(tzinfo=None).isoformat()
    return f"{text.rstrip('0')}{zone}" if value.microsecond else f"{text}{zone}"


class Quads:
    """The quads of one graph, collected as lines of N-Quads.

    IRIs are taken as they are and must be valid; texts may be anything. A value of None is not known and
    makes no quad.
    """

    __slots__ = ("_end", "_lines", "_seen")

    def __init__(self, graph: str) -> None:
        self._end = f" <{graph}> .\n"
        self._lines: list[str] = []
        self._seen: set[str] = set()

    def __len__(self) -> int:
        return len(self._lines)

    def __str__(self) -> str:
        return "".join(self._lines)

    def first(self, key: str) -> bool:
        """Whether this is asked for a key the first time: what recurs is described once."""
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def types(self, subject: str, *classes: str) -> None:
        """A thing is of each of these classes."""
        for class_ in classes:
            self._lines.append(f"<{subject}> <{_TYPE}> <{class_}>{self._end}")

    def link(self, subject: str, predicate: str, target: str) -> None:
        """A thing and another thing."""
        self._lines.append(f"<{subject}> <{predicate}> <{target}>{self._end}")

    def text(self, subject: str, predicate: str, text: str) -> None:
        """A thing and a text, empty or not."""
        self._lines.append(f'<{subject}> <{predicate}> "{literal_text(text)}"{self._end}')

    def known(self, subject: str, predicate: str, text: str) -> None:
        """A thing and a text, where an empty one means that it is not known."""
        if text:
            self.text(subject, predicate, text)

    def integer(self, subject: str, predicate: str, value: int | None) -> None:
        """A thing and a whole number."""
        if value is not None:
            self._typed(subject, predicate, int.__repr__(value), _INTEGER)

    def double(self, subject: str, predicate: str, value: float | None) -> None:
        """A thing and a number."""
        if value is not None:
            self._typed(subject, predicate, lexical_double(float(value)), _DOUBLE)

    def boolean(self, subject: str, predicate: str, value: bool | None) -> None:
        """A thing and a truth value."""
        if value is not None:
            self._typed(subject, predicate, "true" if value else "false", _BOOLEAN)

    def time(self, subject: str, predicate: str, value: datetime | None) -> None:
        """A thing and a time."""
        if value is not None:
            self._typed(subject, predicate, lexical_time(value), _TIME)

    def scalar(self, subject: str, predicate: str, value: Scalar) -> None:
        """A thing and a JSON scalar, typed as what it is."""
        match value:
            case bool():
                self.boolean(subject, predicate, value)
            case int():
                self.integer(subject, predicate, value)
            case float():
                self.double(subject, predicate, value)
            case str():
                self.text(subject, predicate, value)

    def _typed(self, subject: str, predicate: str, lexical: str, datatype: str) -> None:
        self._lines.append(f'<{subject}> <{predicate}> "{lexical}"^^<{datatype}>{self._end}')
