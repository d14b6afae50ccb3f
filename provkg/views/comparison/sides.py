"""One of the things compared, with the part of its run that counts: all of it, or a cell with its lineage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from provkg.records import Activity, CellExecution, File, FileMode, Result, Run
from provkg.views.comparison.model import Compared
from provkg.views.inventory import Inventory, take

__all__ = ["Side", "settled"]

_ADDRESS = re.compile(r"\b(at )?0x[0-9a-fA-F]{6,16}\b")


@dataclass(frozen=True)
class Side:
    """A run, or one execution of it (``focus``) with those that it depends on."""

    inventory: Inventory
    focus: int | None = None

    @property
    def run(self) -> Run:
        """The run."""
        return self.inventory.run

    @cached_property
    def orders(self) -> frozenset[int]:
        """The executions that count."""
        everything = frozenset(self.inventory.executions)
        return everything if self.focus is None else _upstream(self.inventory, self.focus)

    @property
    def executions(self) -> Iterator[CellExecution]:
        """The executions that count, in order."""
        return (one for one in self.run.executions if one.order in self.orders)

    @property
    def shown(self) -> Iterator[CellExecution]:
        """The executions whose results and outputs count."""
        return (one for one in self.executions if self.focus in (None, one.order))

    def activities(self) -> Iterator[Activity]:
        """The activities that count and are not part of another one."""
        return (one for execution in self.executions for one in execution.activities if not one.parent)

    def files(self, *modes: FileMode) -> Iterator[File]:
        """The files that count, in the order of recording."""
        return (one for execution in self.executions for one in execution.files if one.mode in modes)

    def results(self) -> Iterator[Result]:
        """The results that count."""
        orders = {execution.order for execution in self.shown}
        return (one for one in self.inventory.results() if self.inventory.order[one.id] in orders)

    def place(self, order: int) -> str:
        """An execution as its prompt shows it."""
        return self.inventory.place(order)

    def near(self, path: str) -> str:
        """A path as seen from the folder in which the run was started."""
        folder = self.run.started.folder.rstrip("/")
        return path.removeprefix(f"{folder}/") if folder else path

    @cached_property
    def compared(self) -> Compared:
        """What is said of it at the head of a comparison."""
        started, finished = self.run.started, self.run.finished
        execution = self.inventory.executions[self.focus] if self.focus is not None else None
        begun = execution.started_at if execution else started.started_at
        ended = execution.ended_at if execution else finished.ended_at if finished else None
        return Compared(
            run=self.run.id,
            name=started.name,
            path=started.code.path if started.code else "",
            kind=started.kind.value,
            status=execution.status if execution else self.run.status,
            started_at=begun,
            seconds=(ended - begun).total_seconds() if begun and ended else None,
            cell=self.place(execution.order) if execution else "",
        )


def side_of(run: Run, focus: int | None = None) -> Side:
    """A run, or one of its executions, to be compared."""
    return Side(take(run), focus)


def _upstream(inventory: Inventory, order: int) -> frozenset[int]:
    """An execution with those that it depends on: they set a variable it names or made what it used."""
    found, waiting = {order}, [order]
    made: dict[int, set[int]] = {}
    for thing, steps in inventory.sources.items():
        sources = {inventory.order.get(step.thing, 0) for step in steps}
        made.setdefault(inventory.order.get(thing, 0), set()).update(sources)
    while waiting:
        current = waiting.pop()
        execution = inventory.executions.get(current)
        read = {one.definer for one in execution.reads} if execution else set()
        for earlier in (read | made.get(current, set())) & inventory.executions.keys():
            if earlier < current and earlier not in found:
                found.add(earlier)
                waiting.append(earlier)
    return frozenset(found)


def settled(text: str) -> str:
    """A text without addresses in memory, which are others each time.

    >>> settled("<Axes at 0x7f3a5c0d1e80>")
    '<Axes at …>'
    """
    return _ADDRESS.sub(lambda match: f"{match[1] or ''}…", text)
