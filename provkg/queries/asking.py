"""Asks a question of a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from provkg.queries.binding import with_values
from provkg.queries.parameters import bind
from provkg.queries.questions import question
from provkg.results import Solutions, collect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyoxigraph import Literal, NamedNode

    from provkg.queries.parameters import Given
    from provkg.queries.questions import Question
    from provkg.queries.source import Source
    from provkg.results import Result

__all__ = ["Answer", "ask"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question: what it was asked with, as terms, and what came of it."""

    question: Question
    terms: Mapping[str, NamedNode | Literal]
    result: Result

    @property
    def shown(self) -> Result:
        """The result without the columns that hold one given term in every row."""
        if isinstance(self.result, Solutions):
            return self.result.without(*self.terms)
        return self.result


def ask(store: Source, name: str, params: Mapping[str, Given] | None = None) -> Answer:
    """The answer to the question of one name.

    ``params`` are the question's parameters as a user gives them: text, numbers, or terms. An optional
    parameter that is left out matches everything.

    Raises:
        UnknownQuestionError: there is no question of that name.
        QuestionError: a parameter is missing, unknown or of the wrong type.
        NotFoundError: a name stands for nothing in the store, or for several things.
    """
    asked = question(name)
    terms = bind(store, asked, params or {})
    return Answer(asked, terms, collect(store.query(with_values(asked.sparql, terms))))
