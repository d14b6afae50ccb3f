"""Puts the values of a question's parameters into its query, as RDF terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provkg.queries.tokens import Kind, tokenize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyoxigraph import Literal, NamedNode

    from provkg.queries.tokens import Token

__all__ = ["with_values"]


def with_values(text: str, terms: Mapping[str, NamedNode | Literal]) -> str:
    """The query with ``VALUES ?name { term }`` at the start of every group in which the variable stands.

    Each group then begins with what is known. An engine whose optimizer knows only what stands in the query
    plans with it, which pyoxigraph's substitutions do not let it do: they are made after the plan, and some
    plans then read a whole property. What goes into the text is the term as RDF writes it, never what a user
    typed.

    >>> from pyoxigraph import Literal
    >>> with_values("SELECT ?a WHERE { ?a ?b ?c . FILTER(?c < ?d) }", {"d": Literal('"} #')})
    'SELECT ?a WHERE { VALUES ?d { "\\\\"} #" } ?a ?b ?c . FILTER(?c < ?d) }'
    """
    tokens = tuple(tokenize(text))
    parts: list[str] = []
    done = 0
    for token, names in _groups(tokens):
        parts.append(text[done : token.end])
        parts += [f" VALUES ?{name} {{ {terms[name]} }}" for name in terms if name in names]
        done = token.end
    return "".join(parts) + text[done:]


def _groups(tokens: Sequence[Token]) -> Iterator[tuple[Token, set[str]]]:
    """Each bracket that opens a group of patterns, with the variables that stand in the group itself."""
    found: dict[int, set[str]] = {}
    open_: list[int] = []
    for position, token in enumerate(tokens):
        if token.text == "{":
            open_.append(position)
            if _begins_patterns(tokens, position):
                found[position] = set()
        elif token.text == "}":
            open_.pop()
        elif token.kind is Kind.VARIABLE and open_ and open_[-1] in found:
            found[open_[-1]].add(token.text[1:])
    for position, names in found.items():
        yield tokens[position], names


def _begins_patterns(tokens: Sequence[Token], position: int) -> bool:
    """Whether a bracket opens a group of patterns, not a sub-select, a template or the data of VALUES."""
    if tokens[position + 1].is_word("SELECT"):
        return False
    before = tokens[position - 1]
    if before.is_word("CONSTRUCT"):
        return False
    # VALUES ?a { … } and VALUES (?a ?b) { … }
    start = position - 1
    while start >= 0 and (tokens[start].kind is Kind.VARIABLE or tokens[start].text in "()"):
        start -= 1
    return not (start >= 0 and tokens[start].is_word("VALUES"))
