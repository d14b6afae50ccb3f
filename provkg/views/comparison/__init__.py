"""In what runs, or executions of cells, differ, and which differences explain a changed result."""

from __future__ import annotations

from provkg.views.comparison.comparing import compare, compare_sides
from provkg.views.comparison.model import (
    Aspect,
    Cause,
    Change,
    Compared,
    Comparison,
    Detail,
    Difference,
    Explanation,
    Measure,
    Shown,
    ShownOutput,
)
from provkg.views.comparison.sides import Side

__all__ = [
    "Aspect",
    "Cause",
    "Change",
    "Compared",
    "Comparison",
    "Detail",
    "Difference",
    "Explanation",
    "Measure",
    "Shown",
    "ShownOutput",
    "Side",
    "compare",
    "compare_sides",
]
