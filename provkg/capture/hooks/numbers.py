"""Measured numbers as records."""

from __future__ import annotations

import math
from typing import Any

from provkg.capture.session import Session
from provkg.records import Evidence, Result, SeriesBy, SplitRole

__all__ = ["number", "result_of"]


def number(value: Any) -> tuple[float | int | None, str]:
    """A measured number as JSON can hold it, and its exact text; the text is empty for what is no number.

    >>> number(0.5)
    (0.5, '0.5')
    >>> number(float("inf"))
    (None, 'inf')
    >>> number("0.5")
    (None, '')
    """
    if isinstance(value, (bool, str)):
        return None, ""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, int):
        return (value if -(2**63) <= value < 2**63 else float(value)), str(value)
    if isinstance(value, float):
        return (value if math.isfinite(value) else None), repr(value)
    return None, ""


def result_of(
    session: Session,
    metric: str,
    value: Any,
    *,
    series: tuple[float | None, ...] = (),
    series_by: SeriesBy | None = None,
    model: str = "",
    data: tuple[str, ...] = (),
    role: SplitRole | None = None,
    text: str = "",
    label: str = "",
    evidence: Evidence = Evidence.OBSERVED,
) -> Result:
    """The record of a measured number, or of several that ``text`` holds."""
    measured, exact = number(value)
    return Result(
        id=session.next_result(),
        metric=metric,
        value=measured,
        text=text or exact,
        series=series,
        series_by=series_by if series else None,
        model=model,
        data=data,
        role=role,
        label=label,
        evidence=evidence,
    )
