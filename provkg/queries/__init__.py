"""Questions and queries: finds, checks, binds and runs them."""

from __future__ import annotations

from provkg.queries.asking import Answer, ask
from provkg.queries.questions import Parameter, Question, question, questions
from provkg.queries.runs import find_run
from provkg.queries.source import Source
from provkg.queries.sparql import run_query
from provkg.queries.things import resolve

__all__ = [
    "Answer",
    "Parameter",
    "Question",
    "Source",
    "ask",
    "find_run",
    "question",
    "questions",
    "resolve",
    "run_query",
]
