"""What of a record people look at: a run at a glance, one thing of it with its links, all runs in a list."""

from __future__ import annotations

from provkg.views.card import Card, Section, describe
from provkg.views.inventory import Inventory, Step, Thing, take
from provkg.views.overview import overview
from provkg.views.references import find
from provkg.views.summary import RunSummary, suggest, summarize

__all__ = [
    "Card",
    "Inventory",
    "RunSummary",
    "Section",
    "Step",
    "Thing",
    "describe",
    "find",
    "overview",
    "suggest",
    "summarize",
    "take",
]
