"""Boosters that are asked how good they are on matrices, in a loop of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from provkg.capture.hooks.boosting import MAX_RESULTS, MAX_SETS
from provkg.capture.hooks.calls import Call
from provkg.capture.hooks.numbers import result_of
from provkg.capture.kinds import label_text, type_name
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import ActivityKind, Role

__all__ = ["Judging"]

Measured = Iterable[tuple[str, str, Any]]
"""Name of the matrix, metric, and value."""


class Judging(Call):
    """``Booster.eval`` and its relatives.

    Parameters:
        sets: the matrices with their names.
        read: what the library returned, taken apart.
    """

    kind = ActivityKind.EVALUATION

    def __init__(
        self,
        session: Session,
        method: str,
        booster: Any,
        sets: Iterable[tuple[Any, Any]],
        read: Callable[[Any], Measured],
    ) -> None:
        kind = type_name(type(booster))
        super().__init__(session, f"{kind}.{method}", session.package_of(kind.partition(".")[0]))
        self.implementation = kind
        self.model = self.use(booster, Role.MODEL)
        self.read = read
        self.sets: dict[str, Node | None] = {}
        for name, matrix in list(sets)[:MAX_SETS]:
            node = self.use(matrix, Role.DATA, label_text(name))
            self.sets[label_text(name)] = node
            if node is not None:
                self.use_state(node.target, Role.TRUTH, label_text(name))

    def succeeded(self, result: Any, seconds: float) -> None:
        """The numbers are known."""
        for name, metric, value in list(self.read(result))[:MAX_RESULTS] if not self.crowded else ():
            on = self.sets.get(label_text(name))
            self.results.append(
                result_of(
                    self.session,
                    label_text(metric),
                    value,
                    model=self.model.id if self.model is not None else "",
                    data=(on.id,) if on is not None and on.id else (),
                    role=on.role if on is not None else None,
                )
            )
        self.add(seconds)
