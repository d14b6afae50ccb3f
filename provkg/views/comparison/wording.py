"""Sentences of a comparison that the terminal and the report share."""

from __future__ import annotations

from collections.abc import Sequence

from provkg.views.comparison.model import Aspect, Change, Comparison, Measure

__all__ = ["change_parts", "change_text", "count", "labels", "number", "subject", "took", "verdict"]

_DIGITS = 8


def labels(found: Comparison) -> tuple[str, ...]:
    """What each of the compared is called: by the beginning of its id, or by its cell where that differs."""
    runs = {one.run for one in found.compared}
    length = _DIGITS
    while length < 36 and len({run[:length] for run in runs}) < len(runs):
        length += 4
    names = [one.cell if one.cell and len(runs) == 1 else one.run[:length] for one in found.compared]
    if len(set(names)) == len(names):
        return tuple(names)
    return tuple(f"{name} ({position})" for position, name in enumerate(names, 1))


def verdict(found: Comparison) -> str:
    """In one sentence, whether anything differs, and what."""
    if len({(one.run, one.cell) for one in found.compared}) == 1:
        return "Nothing differs: it is the same, compared with itself."
    if found.same:
        measured = f", {len(found.measures)} results" if found.measures else ""
        what = f"code, settings, data, split, seeds, environment{measured} and outputs"
        return f"Nothing differs: {what} are the same."
    kinds: list[str] = [
        aspect.value for aspect in Aspect if any(one.change is not Change.FOLLOWS for one in found.of(aspect))
    ]
    results = found.changed()
    if results:
        how_many = f"{len(results)} of {count(len(found.measures), 'result')} changed"
        others = [*kinds, *(["outputs"] if found.outputs else [])]
        return f"{how_many}; {_listed(others)} differ." if others else f"{how_many}, and nothing else."
    if found.measures:
        kinds = [*kinds, *(["outputs"] if found.outputs else [])] or ["tables in memory"]
        several = len(found.measures) > 1
        what = f"all {len(found.measures)} results are the same" if several else "the result is the same"
        return f"They differ in {_listed(kinds)}; {what}."
    if found.outputs:
        kinds.append("outputs")
    return f"They differ in {_listed(kinds or ['tables in memory'])}."


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def subject(measures: Sequence[Measure]) -> str:
    """The results that are explained together, by the names of their metrics and models."""
    metrics = list(dict.fromkeys(one.metric for one in measures))
    models = list(dict.fromkeys(one.model for one in measures if one.model))
    metric = _listed(metrics) if len(metrics) <= 3 else f"{len(measures)} results"
    if not models:
        return metric
    return f"{metric} of {_listed(models)}" if len(models) <= 3 else f"{metric} of {len(models)} models"


def change_text(measure: Measure, second: int) -> str:
    """A result with its change: ``accuracy of forest: 0.95 → 0.97 (+0.02, +2.11%)``."""
    before, after, change = change_parts(measure, second)
    label = f" of {measure.label}" if measure.label else ""
    of = f"{label} of {measure.model}" if measure.model else label
    return f"{measure.metric}{of}: {before} → {after}{f' ({change})' if change else ''}"


def change_parts(measure: Measure, second: int) -> tuple[str, str, str]:
    """What was measured first and then, and the change as a number and in percent of the first."""
    first, change = measure.values[0], measure.changes[second]
    texts = [number(value) or text or "—" for value, text in zip(measure.values, measure.texts, strict=True)]
    if change is None or first is None:
        return texts[0], texts[second], ""
    relative = f", {change / abs(first):+.2%}" if first else ""
    return texts[0], texts[second], f"{change:+.4g}{relative}"


def number(value: float | None) -> str:
    """A measured number as people read it: six significant digits.

    >>> number(0.970149), number(12), number(None)
    ('0.970149', '12', '')
    """
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def count(amount: int, thing: str) -> str:
    """A count with its noun.

    >>> count(1, "result"), count(2, "result")
    ('1 result', '2 results')
    """
    return f"{amount:,} {thing}{'' if amount == 1 else 's'}"


def took(seconds: float) -> str:
    """A duration.

    >>> took(0.031), took(6.24), took(312)
    ('31 ms', '6.2 s', '5 min 12 s')
    """
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
