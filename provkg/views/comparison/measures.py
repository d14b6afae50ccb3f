"""What runs measured, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from provkg.records import Activity, Result, Value
from provkg.views.comparison.matching import Matcher, Row, align, by_keys
from provkg.views.comparison.model import Measure
from provkg.views.comparison.sides import Side, settled
from provkg.views.training import names_of

__all__ = ["Measured", "measured"]


class Measured:
    """A result in its run."""

    def __init__(self, side: Side, result: Result) -> None:
        inventory = side.inventory
        self.side, self.result = side, result
        order = inventory.order[result.id]
        self.maker = inventory.things.get(inventory.generator.get(result.id, ""))
        line = self.maker.line if isinstance(self.maker, Activity) else None
        file = self.maker.file if isinstance(self.maker, Activity) else ""
        self.place = inventory.place(order, line, file)
        self.model = inventory.name(result.model) if result.model else ""
        data = [value for one in result.data if isinstance(value := inventory.things.get(one), Value)]
        self.data = ", ".join(names_of(inventory, data))
        self.role = result.role.value if result.role else ""
        self.source = inventory.executions[order].source
        self.chosen = self._chosen()

    def _chosen(self) -> tuple[tuple[str, str], ...]:
        """The settings of the model, by which repetitions in a loop are told apart."""
        inventory = self.side.inventory
        maker = inventory.things.get(inventory.generator.get(self.result.model, ""))
        if not isinstance(maker, Activity):
            return ()
        return tuple((one.name, str(one.value)) for one in maker.settings if one.explicit is not False)

    @property
    def text(self) -> str:
        """The number as Python wrote it."""
        return self.result.text or ("" if self.result.value is None else repr(self.result.value))


_MATCH: Matcher[Measured] = by_keys(
    lambda one: (one.result.metric, one.result.label, one.model, one.data, one.role, one.source, one.chosen),
    lambda one: (one.result.metric, one.result.label, one.model, one.data, one.role, one.chosen),
    lambda one: (one.result.metric, one.result.label, one.model, one.data, one.role),
    lambda one: (one.result.metric, one.result.label, one.model, one.role),
    lambda one: (one.result.metric, one.result.label, one.source),
    lambda one: (one.result.metric, one.result.label, one.role),
    lambda one: (one.result.metric, one.result.label),
)


def measured(sides: Sequence[Side]) -> list[tuple[Measure, Row[Measured]]]:
    """All results in rows, with the results themselves."""
    rows = align([[Measured(side, result) for result in side.results()] for side in sides], _MATCH)
    return [(_measure(row), row) for row in rows]


def _measure(row: Row[Measured]) -> Measure:
    named = next(one for one in row if one)
    values = tuple(one.result.value if one else None for one in row)
    texts = tuple(one.text if one else "" for one in row)
    series = tuple(one.result.series if one else () for one in row)
    shown = [settled(text) for text in texts] if None in values else []
    same = None not in row and len(set(values)) == 1 and len(set(series)) == 1 and len(set(shown)) < 2
    return Measure(
        metric=named.result.metric,
        model=named.model,
        data=named.data,
        role=named.role,
        label=named.result.label,
        values=values,
        texts=texts,
        changes=tuple(_change(values[0], value) for value in values),
        same=same,
        series=series if any(series) else (),
        places=tuple(one.place if one else "" for one in row),
    )


def _change(first: float | None, other: float | None) -> float | None:
    if first is None or other is None:
        return None
    difference = other - first
    return difference if isfinite(difference) else None
