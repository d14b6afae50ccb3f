"""Shapes of queries that the engine's optimizer is known to be slow on, found in the text.

Each was measured; `queries/README.md` says what to write instead. What looks like one and is fast
where it stands is told by the benchmark of the questions, not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from provkg.queries.tokens import Kind, tokenize

if TYPE_CHECKING:
    from provkg.queries.tokens import Token

__all__ = ["slow_shapes"]

_REPEATED = {"+", "*"}
_MOST_IN_OPTIONAL = 3


@dataclass
class _Triple:
    """One pattern: its ends as text, and the tokens of its predicate."""

    subject: str
    predicate: list[str]
    object: str

    @property
    def repeats(self) -> bool:
        return not _REPEATED.isdisjoint(self.predicate)

    @property
    def ends(self) -> set[str]:
        return {end for end in (self.subject, self.object) if end.startswith(("?", "$"))}


@dataclass
class _Group:
    """What stands between two brackets; ``lead`` is the word before them."""

    lead: str
    around: _Group | None = None
    tokens: list[Token] = field(default_factory=list)
    groups: list[_Group] = field(default_factory=list)

    def inside(self) -> Iterator[_Group]:
        yield self
        for group in self.groups:
            yield from group.inside()

    @property
    def is_select(self) -> bool:
        return bool(self.tokens) and self.tokens[0].is_word("SELECT")

    def joined(self) -> Iterator[_Group]:
        """This group and those whose patterns are joined with its own: named graphs and plain groups."""
        yield self
        for group in self.groups:
            if group.lead in {"GRAPH", ""} and not group.is_select:
                yield from group.joined()

    @property
    def is_in_exists(self) -> bool:
        return self.lead == "EXISTS" or (self.around is not None and self.around.is_in_exists)

    def triples(self) -> list[_Triple]:
        return list(_triples([token for token in self.tokens if token.text != "{}"]))

    def variables(self) -> set[str]:
        return {
            token.text for group in self.inside() for token in group.tokens if token.kind is Kind.VARIABLE
        }


def slow_shapes(text: str, known: Sequence[str] = ()) -> Iterator[str]:
    """What is slow in a query, in sentences; ``known`` are the variables that are given when it is asked.

    >>> list(slow_shapes("SELECT DISTINCT ?a { ?a ?b ?c } ORDER BY ?a"))
    ['DISTINCT and ORDER BY stand on one level: sort outside a sub-select']
    """
    given = {f"?{name}" for name in known}
    whole = _read(tuple(tokenize(text)))
    for group in whole.inside():
        if group is whole or group.is_select:
            yield from _select_shapes(group, last=group is whole)
        yield from _path_shapes(group, given)
        if group.lead == "OPTIONAL":
            yield from _optional_shapes(group)


def _read(tokens: Sequence[Token]) -> _Group:
    """The groups of a query. Where one stands, the tokens around it have a pair of brackets."""
    whole = _Group("")
    open_ = [whole]
    for position, token in enumerate(tokens):
        if token.text == "{":
            group = _Group(_lead(tokens[:position]), open_[-1])
            open_[-1].groups.append(group)
            open_.append(group)
        elif token.text == "}":
            open_.pop()
        else:
            open_[-1].tokens.append(token)
    return whole


def _lead(before: Sequence[Token]) -> str:
    for token in reversed(before[-3:]):
        if token.is_word(
            "OPTIONAL", "GRAPH", "EXISTS", "UNION", "WHERE", "MINUS", "VALUES", "SERVICE", "CONSTRUCT"
        ):
            return token.text.upper()
        if token.kind is not Kind.VARIABLE and token.kind is not Kind.IRI and token.kind is not Kind.NAME:
            break
    return ""


def _select_shapes(group: _Group, *, last: bool) -> Iterator[str]:
    words = [token.text.upper() for token in group.tokens if token.kind is Kind.WORD]
    if "ORDER" in words and words[words.index("SELECT") + 1 :][:1] == ["DISTINCT"]:
        yield "DISTINCT and ORDER BY stand on one level: sort outside a sub-select"
    if last and "VALUES" in words:
        yield "VALUES stands behind the query: put it at the start of the group that uses it"
    if last and any(token.is_word("UNDEF") for one in group.inside() for token in one.tokens):
        yield "VALUES has UNDEF: an optional parameter stays a variable"


def _path_shapes(group: _Group, given: set[str]) -> Iterator[str]:
    if group.lead in {"GRAPH", ""} and not group.is_select:
        return  # looked at with the group around it
    joined = [one for part in group.joined() for one in part.triples()]
    typed = {one.subject for one in joined if one.predicate == ["a"]}
    for path in (one for one in joined if one.repeats):
        if path.ends & typed:
            yield f"the path from {path.subject} to {path.object} is joined with a type: use FILTER EXISTS"
        others = {end for one in joined if one is not path for end in one.ends}
        bound = others | given | _selected(group)
        if not group.is_in_exists and len(path.ends) == 2 and not path.ends & bound:
            yield f"both ends of the path from {path.subject} to {path.object} are free"
    for one in joined:
        if any(sign == "?" for sign in one.predicate) and "/" in one.predicate:
            yield f"a step of the sequence from {one.subject} to {one.object} may be left out: use UNION"


def _selected(group: _Group) -> set[str]:
    """Variables of the sub-selects that a group is joined with; a branch of UNION sees none beside it."""
    return {name for part in group.groups if part.is_select for name in part.variables()}


def _optional_shapes(group: _Group) -> Iterator[str]:
    if any(one.lead == "OPTIONAL" for one in group.groups):
        yield "OPTIONAL stands in OPTIONAL: put them beside each other"
    if sum(len(part.triples()) for part in group.joined()) > _MOST_IN_OPTIONAL:
        yield f"OPTIONAL has more than {_MOST_IN_OPTIONAL} patterns: split it, or use a sub-select"


# --- patterns ---------------------------------------------------------------------------------------


def _triples(tokens: list[Token]) -> Iterator[_Triple]:
    position, subject = 0, ""
    while position < len(tokens):
        token = tokens[position]
        if token.is_word("FILTER", "BIND"):
            position, subject = _behind_brackets(tokens, position + 1), ""
        elif token.is_word(
            "VALUES", "GRAPH", "OPTIONAL", "UNION", "MINUS", "SELECT", "GROUP", "ORDER", "LIMIT", "PREFIX"
        ):
            position, subject = _behind_clause(tokens, position), ""
        elif token.text in {".", "{}"}:
            position, subject = position + 1, ""
        elif not subject:
            position, subject = position + 1, token.text
        else:
            predicate, position = _predicate(tokens, position + (token.text == ";"))
            while position < len(tokens) and predicate:
                yield _Triple(subject, predicate, tokens[position].text)
                position += 1
                if position >= len(tokens) or tokens[position].text != ",":
                    break
                position += 1
            if not predicate:
                position += 1
            elif position < len(tokens) and tokens[position].text != ";":
                subject = ""


def _predicate(tokens: list[Token], position: int) -> tuple[list[str], int]:
    """The tokens of a predicate or path, and where its object begins (SPARQL 1.1, section 9.1)."""
    path: list[str] = []
    depth = 0
    while position < len(tokens):
        text = tokens[position].text
        joins = not path or path[-1] in {"/", "|", "^", "("}
        if text in {"/", "|", "+", "*", "?", ")"} or (joins and text != "."):
            depth += {"(": 1, ")": -1}.get(text, 0)
            path.append(text)
            position += 1
        elif depth > 0:
            path.append(text)
            position += 1
        else:
            break
    return path, position


def _behind_brackets(tokens: list[Token], position: int) -> int:
    """Where the expression in round brackets ends that begins here or behind a function's name."""
    while position < len(tokens) and tokens[position].text != "(":
        if tokens[position].is_word("EXISTS"):
            return position + 1
        position += 1
    depth = 0
    while position < len(tokens):
        depth += {"(": 1, ")": -1}.get(tokens[position].text, 0)
        position += 1
        if not depth:
            break
    return position


def _behind_clause(tokens: list[Token], position: int) -> int:
    """Behind a word and the variable, name or brackets that belong to it."""
    if tokens[position].is_word("OPTIONAL", "UNION", "MINUS"):
        return position + 1
    if tokens[position].is_word("GRAPH"):
        return position + 2
    if tokens[position].is_word("VALUES"):
        return _behind_brackets(tokens, position + 1) if tokens[position + 1].text == "(" else position + 2
    return len(tokens)
