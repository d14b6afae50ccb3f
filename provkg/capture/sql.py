"""Which tables and files the text of an SQL statement reads and writes: a scanner, not a parser.

It knows where names and texts stand for tables: after FROM, JOIN, INTO and the like, in lists of these, and
as first argument of a function in such a place (``FROM read_parquet('a.parquet')``). Names that the statement
itself gives to sub-queries are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Statement", "statements"]

_TOKEN = re.compile(
    r"""
    (?P<gap> \s+ | --[^\n]* | /\*.*?\*/ )
  | (?P<text> '(?:[^']|'')*' )
  | (?P<name> "(?:[^"]|"")*" | `[^`]*` | [^\W\d]\w*(?:\.(?:[^\W\d]\w*|"[^"]*"))* )
  | (?P<mark> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_LONGEST = 100_000
_END_OF_LIST = frozenset({"where", "group", "order", "having", "limit", "select", "set", "values", "window"})
_END_OF_LIST |= {"qualify", "returning", "union", "except", "intersect", "using", "tablesample"}
_MAKING = frozenset({"into", "update", "table", "view"})
_PASSED_OVER = frozenset({"if", "not", "exists", "only", "lateral", "temp", "temporary"})
_ABOUT_TABLES = frozenset({"copy", "pivot", "unpivot", "summarize", "describe", "attach"})


class Statement(NamedTuple):
    """What one statement reads and writes: names of tables, and texts that stand in their places.

    ``kind`` is its first word. A parameter in such a place is the text ``?``.
    """

    kind: str
    reads: tuple[str, ...] = ()
    read_texts: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    written_texts: tuple[str, ...] = ()


def statements(text: str) -> list[Statement]:
    """The statements in a text.

    >>> statements("SELECT * FROM df JOIN 'a.csv' USING (k) WHERE x > 'b.csv'")
    [Statement(kind='select', reads=('df',), read_texts=('a.csv',), writes=(), written_texts=())]
    >>> statements("COPY (FROM read_csv(['a.csv'], sep=';')) TO 'b.parquet' (FORMAT parquet)")
    [Statement(kind='copy', reads=(), read_texts=('a.csv',), writes=(), written_texts=('b.parquet',))]
    """
    found = []
    tokens: list[tuple[str, str]] = []
    for kind, token in [*_tokens(text[:_LONGEST]), ("mark", ";")]:
        if kind != "mark" or token != ";":
            tokens.append((kind, token))
        elif tokens:
            found.append(_Scanner(tokens).scan())
            tokens = []
    return found


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup or "mark", match[0]
        if kind == "text":
            token = token[1:-1].replace("''", "'")
        elif token[0] in '"`':
            token, kind = token[1:-1].replace('""', '"'), "quoted"
        if kind != "gap":
            yield kind, token


class _Bracket:
    """What one pair of brackets holds: a query, a list, or the arguments of a function."""

    __slots__ = ("kind", "listing")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.listing = False


class _Scanner:
    """One pass over the tokens of a statement."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._kind = tokens[0][1].lower()
        self._brackets = [_Bracket("query")]
        self._wanted = "reads" if self._kind in _ABOUT_TABLES else ""
        self._given: set[str] = set()
        self._found: dict[str, dict[str, None]] = {"reads": {}, "read": {}, "writes": {}, "written": {}}

    def scan(self) -> Statement:
        for place, (kind, token) in enumerate(self._tokens):
            if kind == "mark":
                self._mark(place, token)
            elif kind == "text":
                self._text(token)
            elif place or kind == "quoted" or self._kind not in _ABOUT_TABLES:
                self._name(place, token, "" if kind == "quoted" else token.lower())
        reads = tuple(name for name in self._found["reads"] if name.lower() not in self._given)
        return Statement(
            self._kind,
            reads,
            tuple(self._found["read"]),
            tuple(self._found["writes"]),
            tuple(self._found["written"]),
        )

    def _before(self, place: int) -> str:
        kind, token = self._tokens[place - 1] if place else ("mark", "")
        return token.lower() if kind == "name" else ""

    def _mark(self, place: int, token: str) -> None:
        if token == "[":
            self._brackets.append(_Bracket("list"))
        elif token == "(":
            called = place and self._tokens[place - 1][0] in ("name", "quoted")
            inside = "query"
            if called and self._wanted != "reads" and self._before(place) not in ("as", "in", "from", "join"):
                inside, self._wanted = "arguments", ""
            elif called and self._before(place) not in ("from", "join", "lateral"):
                inside = "source"
            self._brackets.append(_Bracket(inside))
        elif token in ")]":
            self._brackets[1:] = self._brackets[1:-1]
            self._wanted = self._wanted if token == "]" else ""
        elif token in "?$" and self._wanted:
            self._text("?")
        elif token == "," and self._brackets[-1].kind != "list":
            self._wanted = "reads" if self._brackets[-1].listing else ""

    def _text(self, token: str) -> None:
        if self._wanted:
            self._found["read" if self._wanted == "reads" else "written"][token] = None
            if self._brackets[-1].kind != "list":
                self._wanted = ""

    def _name(self, place: int, token: str, word: str) -> None:
        bracket = self._brackets[-1]
        following = self._tokens[place + 1][1] if place + 1 < len(self._tokens) else ""
        if word == "as" and following == "(":
            self._given.add(self._named_before(place))
        if word in ("from", "join"):
            if bracket.kind == "query" and self._before(place) != "distinct":
                self._wanted, bracket.listing = "reads", True
        elif word in _MAKING or (word == "to" and self._kind in ("copy", "export")):
            self._wanted = "writes"
        elif word in _END_OF_LIST:
            self._wanted, bracket.listing = "", False
            if word == "select":
                bracket.kind = "query"
        elif self._wanted and word not in _PASSED_OVER and bracket.kind != "source":
            if following == "(" and self._wanted == "reads":
                return
            self._found[self._wanted][token] = None
            self._wanted = ""

    def _named_before(self, place: int) -> str:
        """The name that ``AS (`` gives to a sub-query, past the list of its columns."""
        depth = 0
        for kind, token in reversed(self._tokens[:place]):
            if kind == "mark" and token in "()":
                depth += 1 if token == ")" else -1
            elif kind in ("name", "quoted") and depth == 0:
                return token.lower()
        return ""
