"""All runs, or all trained models, as one wide table: a column for each metric and each setting."""

from __future__ import annotations

from provkg.views.wide.choosing import Wide, choose
from provkg.views.wide.columns import WAYS, Columns, gather

__all__ = ["WAYS", "Columns", "Wide", "choose", "gather"]
