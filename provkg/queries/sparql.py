"""Checks and runs a user's own SPARQL: known prefixes are declared for it, errors show where they are."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import pyoxigraph

from provkg.errors import QueryError
from provkg.queries.tokens import Kind, Token, tokenize
from provkg.results import collect

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from provkg.queries.source import Source
    from provkg.results import Result

__all__ = ["prepare", "run_query"]

_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_UPDATES = ("INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH")
_GAP = 40
"""More spaces than any keyword has letters: the engine looks ahead by the length of a keyword."""

_SENTENCES = {
    "The SELECT contains a variable that is unbound": (
        "a variable in SELECT is neither aggregated nor named in GROUP BY"
    ),
    "SELECT * is not authorized with GROUP BY": "SELECT * cannot stand with GROUP BY: name the variables",
}


def run_query(store: Source, text: str) -> Result:
    """The answer of a query that a user wrote: solutions, a truth value, or triples.

    The prefixes that the store knows need no declaration. The default graph is the merge of all graphs,
    each triple once.

    Raises:
        QueryError: the text is not a SPARQL query, uses an unknown prefix, is an update, asks for another
            endpoint (``SERVICE``), or makes a default graph of several (``FROM`` twice).
    """
    return collect(store.query(prepare(text, store.prefixes)))


def prepare(text: str, prefixes: Mapping[str, str]) -> str:
    """The query as the engine gets it: with the known prefixes it uses declared in front.

    Raises:
        QueryError: as in `run_query`; the message shows the line and a caret below the place.
    """
    tokens = tuple(tokenize(text))
    _refuse_unreadable(text, tokens)
    _refuse_update(text, tokens)
    missing = _missing_prefixes(text, tokens, prefixes)
    _refuse_service(text, tokens)
    _refuse_second_from(text, tokens)
    prologue = "".join(f"PREFIX {name}: <{prefixes[name]}> " for name in missing)
    query = prologue + text
    if re.search(r"service", text, re.IGNORECASE):
        # The engine takes "<" for a sign where an operand came before, and could so see a SERVICE in
        # what is read here as a string. This spelling leaves one reading only.
        query = prologue + " ".join(_unambiguous(token) for token in tokens)
    try:
        _empty_store().query(query)
    except SyntaxError as error:
        raise _explain(text, tokens, prologue, str(error)) from error
    return query


def _refuse_unreadable(text: str, tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.kind is Kind.UNKNOWN:
            reason = (
                "a string begins here and does not end"
                if token.text in "\"'"
                else "SPARQL has no such character"
            )
            raise _error(text, token.start, reason)


def _refuse_update(text: str, tokens: Sequence[Token]) -> None:
    first = _first_after_prologue(tokens)
    if first is None:
        raise QueryError("the query is empty", "Write SELECT, ASK, CONSTRUCT or DESCRIBE.")
    if first.is_word(*_UPDATES):
        raise _error(
            text,
            first.start,
            f"{first.text.upper()} is an update, and queries only read",
            "What a store holds comes from the journal: record, import or rebuild to change it.",
        )
    if not first.is_word(*_FORMS):
        raise _error(
            text,
            first.start,
            f"a query begins with {', '.join(_FORMS[:-1])} or {_FORMS[-1]}, not with {first.text}",
            _nearest(first.text.upper(), _FORMS),
        )


def _first_after_prologue(tokens: Sequence[Token]) -> Token | None:
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.is_word("PREFIX"):
            position += 3
        elif token.is_word("BASE", "VERSION"):
            position += 2
        else:
            return token
    return None


def _missing_prefixes(text: str, tokens: Sequence[Token], prefixes: Mapping[str, str]) -> list[str]:
    declared = {
        name.text.removesuffix(":")
        for word, name in pairwise(tokens)
        if word.is_word("PREFIX") and name.kind is Kind.NAME
    }
    missing: list[str] = []
    for before, token in zip((None, *tokens), tokens, strict=False):
        if token.kind is not Kind.NAME:
            continue
        prefix = token.text.partition(":")[0]
        if prefix in declared or prefix in missing:
            continue
        if prefix not in prefixes:
            if before and before.text == "<" and before.end == token.start:
                raise _error(
                    text, before.start, "this IRI is not valid", "Percent-encode the signs it cannot hold."
                )
            known = ", ".join(sorted(prefixes))
            raise _error(
                text,
                token.start,
                f"unknown prefix {prefix}:",
                f"{_nearest(prefix, prefixes)}\nKnown without declaration: {known}".strip(),
            )
        missing.append(prefix)
    return missing


def _refuse_service(text: str, tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.is_word("SERVICE", "LOAD"):
            raise _error(
                text,
                token.start,
                f"{token.text.upper()} asks for data of another server, which is not allowed",
                "Query the other endpoint by itself.",
            )


def _refuse_second_from(text: str, tokens: Sequence[Token]) -> None:
    """The engine would find what such graphs share once for each of them (its issue 1919)."""
    named = [graph for word, graph in pairwise(tokens) if word.is_word("FROM") and not graph.is_word("NAMED")]
    if len(named) > 1:
        raise _error(
            text,
            named[1].start,
            "a second FROM would count what both graphs hold twice",
            "Without FROM, all graphs are asked as one. To ask some, write\n"
            "VALUES ?graph { … } GRAPH ?graph { … } and select distinct rows.",
        )


def _unambiguous(token: Token) -> str:
    if token.kind is not Kind.IRI:
        return token.text
    return token.text.replace("'", r"\u0027").replace("#", r"\u0023")


@cache
def _empty_store() -> pyoxigraph.Store:
    return pyoxigraph.Store()


def _explain(text: str, tokens: Sequence[Token], prologue: str, message: str) -> QueryError:
    sentence = _sentence(message)
    culprit = _culprit(tokens, prologue)
    if sentence and culprit:
        return _error(text, culprit.start, sentence)
    if sentence:
        return QueryError(sentence)
    if culprit is None:
        return _error(text, len(text.rstrip()), "the query ends too early", _unclosed(tokens))
    return _error(text, culprit.start, f"{culprit.text} is not expected here", _unclosed(tokens))


def _sentence(message: str) -> str:
    """What the engine says in words, where it does, between the signs it would have accepted."""
    _, _, accepted = message.partition("expected ")
    for item in accepted.removeprefix("one of ").split(", "):
        if re.fullmatch(r"[A-Z][^\[\]\"\\]*( [^\[\]\"\\]+){2,}", item):
            return _SENTENCES.get(item, item.rstrip("."))
    return ""


def _culprit(tokens: Sequence[Token], prologue: str) -> Token | None:
    """The token at which the engine gives up; None where it is the end of the text.

    The engine reports the furthest place it looked at, which lies beyond the error by up to a keyword's
    length. With wide gaps between the tokens that place falls into the gap behind the token in error.
    """
    spread = prologue
    starts: list[int] = []
    for token in tokens:
        spread += " " * _GAP
        starts.append(len(spread))
        spread += _unambiguous(token).replace("\n", " ").replace("\r", " ")
    spread += " " * _GAP
    try:
        _empty_store().query(spread)
    except SyntaxError as error:
        found = re.match(r"error at (\d+):(\d+)", str(error))
        if found and int(found[1]) == 1:
            column = int(found[2]) - 1
            position = next((n for n, start in enumerate(starts) if start > column), len(starts)) - 1
            at_end = column >= len(spread)
            return None if at_end or position < 0 else tokens[position]
    return None


def _unclosed(tokens: Iterable[Token]) -> str:
    pairs = {"}": "{", ")": "(", "]": "["}
    stack: list[str] = []
    for token in tokens:
        if token.text in pairs.values():
            stack.append(token.text)
        elif token.text in pairs:
            if not stack or stack[-1] != pairs[token.text]:
                return f"This {token.text} closes nothing." if not stack else f"A {stack[-1]} is not closed."
            stack.pop()
    return f"A {stack[-1]} is not closed." if stack else ""


def _nearest(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f"Did you mean {' or '.join(near)}?" if near else ""


def _error(text: str, offset: int, reason: str, remedy: str = "") -> QueryError:
    before = text[:offset]
    number = before.count("\n") + 1
    start = before.rfind("\n") + 1
    line = text[start:].split("\n", 1)[0].rstrip("\r")
    # Tabs stay in the indent so that the caret stands below its place however wide a tab is shown.
    indent = "".join("\t" if char == "\t" else " " for char in text[start:offset])
    place = f"line {number}, column {offset - start + 1}"
    return QueryError(f"{reason} ({place})\n  {line}\n  {indent}^", remedy)
