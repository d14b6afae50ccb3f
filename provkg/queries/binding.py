"""Puts the values of a question's parameters into its query, as RDF terms."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from provkg.queries.tokens import Kind, tokenize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyoxigraph import Literal, NamedNode

    from provkg.queries.tokens import Token

__all__ = ["bound_variables", "with_values"]


def with_values(text: str, terms: Mapping[str, NamedNode | Literal]) -> str:
    r"""The query with ``VALUES ?name { term }`` at the start of every group in which the variable stands.

    Each group then begins with what is known. An engine whose optimizer knows only what stands in the query
    plans with it, which pyoxigraph's substitutions do not let it do: they are made after the plan, and some
    plans then read a whole property. What goes into the text is the term as RDF writes it, never what a user
    typed.

    >>> from pyoxigraph import Literal
    >>> with_values("SELECT ?a WHERE { ?a ?b ?c . FILTER(?c < ?d) }", {"d": Literal('"} #')})
    'SELECT ?a WHERE { VALUES ?d { "\\"} #" } ?a ?b ?c . FILTER(?c < ?d) }'
    """
    parts: list[str] = []
    done = 0
    for start, names in _groups(text):
        parts.append(text[done:start])
        parts += [f" VALUES ?{name} {{ {terms[name]} }}" for name in terms if name in names]
        done = start
    return "".join(parts) + text[done:]


def bound_variables(text: str) -> set[str]:
    """The variables that `with_values` can give a value: those that stand in a group of patterns.

    >>> bound_variables("SELECT ?a (?b AS ?c) WHERE { ?a ?p ?b }") == {"a", "p", "b"}
    True
    """
    return {name for _, names in _groups(text) for name in names}


@lru_cache(maxsize=256)
def _groups(text: str) -> tuple[tuple[int, frozenset[str]], ...]:
    """Where each group of patterns begins, and the variables that stand in the group itself.

    In a group of EXISTS, variables of the groups around it have their values already.
    """
    tokens = tuple(tokenize(text))
    found: dict[int, set[str]] = {}
    around: dict[int, tuple[int, ...]] = {}
    open_: list[int] = []
    for position, token in enumerate(tokens):
        if token.text == "{":
            if _begins_patterns(tokens, position):
                found[position] = set()
                around[position] = tuple(open_)
            open_.append(position)
        elif token.text == "}":
            open_.pop()
        elif token.kind is Kind.VARIABLE and open_ and open_[-1] in found:
            found[open_[-1]].add(token.text[1:])
    groups = []
    for position, names in found.items():
        outside = _outside(tokens, (*around[position], position))
        own = names.difference(*(found.get(group, set()) for group in outside))
        groups.append((tokens[position].end, frozenset(own)))
    return tuple(groups)


def _outside(tokens: Sequence[Token], groups: Sequence[int]) -> Sequence[int]:
    """Of nested groups those around the first that belongs to EXISTS; none where there is none."""
    first = next((n for n, position in enumerate(groups) if tokens[position - 1].is_word("EXISTS")), 0)
    return groups[:first]


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
