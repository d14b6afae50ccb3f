"""What of a record people look at: a run at a glance, one thing of it with its links, all runs in a list."""

from __future__ import annotations

from provkg.views.card import describe
from provkg.views.card_parts import Card, Passage, Section
from provkg.views.inventory import Inventory, Step, Thing, take
from provkg.views.overview import list_runs
from provkg.views.references import find
from provkg.views.showing import show
from provkg.views.suggestions import suggest
from provkg.views.summary import RunSummary, summarize

__all__ = [
    "Card",
    "Inventory",
    "Passage",
    "RunSummary",
    "Section",
    "Step",
    "Thing",
    "describe",
    "find",
    "list_runs",
    "show",
    "suggest",
    "summarize",
    "take",
]
