"""Results: the numbers in a cell's outputs, given to the steps that measured them."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence

from provkg.importers.flow import Done
from provkg.importers.nodes import Ledger
from provkg.importers.numbers import Number, epochs_in, numbers_in
from provkg.importers.saved import SavedOutput, text_of
from provkg.importers.steps import Step
from provkg.records import ActivityKind, Evidence, Result, Role, SeriesBy, SplitRole

__all__ = ["Results"]

_LOGGING = ("keras.", "tensorflow.")


class Results:
    """The results of one run, numbered in their order."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._count = 0
        self._told: set[int] = set()

    def find(self, tree: ast.Module, done: Done, outputs: Sequence[SavedOutput]) -> None:
        """Give the numbers in the outputs of one execution to the steps that measured them."""
        trainings = [step for step in done.steps if step.kind is ActivityKind.TRAINING and _logs(step)]
        if not done.shown and len(trainings) != 1:
            return
        stdout = "".join(o.text for o in outputs if o.kind == "stream" and o.name != "stderr")
        if done.shown:
            results = [o for o in outputs if o.kind == "execute_result"]
            result = text_of(results[-1].data.get("text/plain")) if results else ""
            for number in numbers_in(tree, done.shown, stdout, result):
                self._add(number)
        if len(trainings) == 1:
            self._add_epochs(trainings[0], stdout)

    def _next(self) -> str:
        self._count += 1
        return f"r{self._count}"

    def _add(self, number: Number) -> None:
        measure = number.measure
        # A measure that is shown twice is the same result, as exactly as it was shown first.
        if not isinstance(measure.step, Step) or id(measure) in self._told:
            return
        self._told.add(id(measure))
        value = number.value
        model, data = measure.model, measure.data
        measure.step.results.append(
            Result(
                id=self._next(),
                metric=measure.metric,
                value=value if math.isfinite(value) else None,
                text=number.text,
                model=self._ledger.keep(model) if model is not None else "",
                data=(self._ledger.keep(data),) if data is not None else (),
                role=data.role if data is not None else None,
                evidence=Evidence.INFERRED,
            )
        )

    def _add_epochs(self, step: Step, stdout: str) -> None:
        """The log that a training printed, epoch by epoch."""
        model = step.generated[0] if step.generated else ""
        given = {use.role: use.entity for use in reversed(step.used)}
        for name, series in epochs_in(stdout).items():
            held_out = name.startswith("val_")
            data = given.get(Role.VALIDATION if held_out else Role.DATA)
            step.results.append(
                Result(
                    id=self._next(),
                    metric=name.removeprefix("val_"),
                    value=series[-1] if math.isfinite(series[-1]) else None,
                    text=repr(series[-1]),
                    series=tuple(number if math.isfinite(number) else None for number in series),
                    series_by=SeriesBy.EPOCH,
                    model=model,
                    data=(data,) if data else (),
                    role=SplitRole.VALIDATION if held_out else SplitRole.TRAINING,
                    evidence=Evidence.INFERRED,
                )
            )


def _logs(step: Step) -> bool:
    """Whether a training is one of a library that prints its epochs."""
    named = step.implementation.startswith(_LOGGING) or step.function.startswith(_LOGGING)
    return named or any(setting.name == "epochs" for setting in step.settings)
