"""Tells of an execution while it is at work, so that a kill in the midst of it costs little.

Whatever has happened is told as it happens, as long as the telling has taken no more than a small share of
the execution's time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from time import perf_counter

from provkg.capture.file_states import FileState, display_path
from provkg.capture.values import Node
from provkg.records import Activity, Digest, File, Link, Package, Seed, StepsSeen, Value

__all__ = ["Progress"]

Kept = Mapping[str, tuple[Node, tuple[str, ...]]]
Names = Callable[[Iterable[str]], Mapping[str, tuple[str, ...]]]

_SHARE = 0.005
_ALLOWANCE = 0.02, 0.001
"""Seconds that telling may take besides its share, of a script and of a cell."""
_NOT_ENDED = "the execution did not end"


class Progress:
    """What has been told of one execution.

    Parameters:
        order: its rank in the run.
        patience: seconds for which nothing is told but what precedes a training: most cells end sooner. A
            script, which is a single execution, has none.
    """

    def __init__(self, order: int, patience: float) -> None:
        self._order = order
        self._began = perf_counter()
        self._patience = patience
        self._allowance = _ALLOWANCE[patience > 0]
        self._spent = 0.0
        self._values = self._activities = self._links = self._seeds = self._packages = 0
        self._files: dict[str, bool] = {}
        self._nameless: dict[str, Node] = {}

    def is_due(self, *, training: bool = False) -> bool:
        """Whether it is time to tell what is new.

        Parameters:
            training: whether a training begins, which may take long.
        """
        elapsed = perf_counter() - self._began
        affordable = self._spent <= _SHARE * elapsed + self._allowance
        return affordable and (training or elapsed >= self._patience)

    def news(
        self,
        *,
        activities: Sequence[Activity],
        begun: Activity | None,
        seeds: Sequence[Seed],
        links: Sequence[Link],
        kept: Kept,
        files: Sequence[FileState],
        packages: Sequence[Package],
        names: Names,
    ) -> StepsSeen | None:
        """What is new since the last time, given all there is of the execution; None when nothing is.

        Parameters:
            begun: a training that has begun and is not among the activities yet.
            names: which variables hold each of the states with these identifiers.
        """
        steps = StepsSeen(
            order=self._order,
            at=datetime.now(UTC),
            values=self._new_values(kept, names),
            files=tuple(self._new_files(files)),
            activities=(*activities[self._activities :], *((begun,) if begun is not None else ())),
            links=tuple(links[self._links :]),
            seeds=tuple(seeds[self._seeds :]),
            packages=tuple(packages[self._packages :]),
        )
        self._values, self._links = len(kept), len(links)
        self._activities, self._seeds, self._packages = len(activities), len(seeds), len(packages)
        told = (steps.values, steps.files, steps.activities, steps.links, steps.seeds, steps.packages)
        return steps if any(told) else None

    def took(self, seconds: float) -> None:
        """Telling what was new took so long, in seconds of processor time."""
        self._spent += seconds

    def _new_values(self, kept: Kept, names: Names) -> tuple[Value, ...]:
        """The states recorded since, and those told without a name that a variable holds by now."""
        new = {node.id: (node, local) for node, local in islice(kept.values(), self._values, None)}
        held = names((*new, *self._nameless))
        told = []
        for identifier, (node, local) in new.items():
            called = tuple(dict.fromkeys((*held.get(identifier, ()), *local)))
            if not called:
                self._nameless[identifier] = node
            told.append(node.value(called))
        for identifier, node in list(self._nameless.items()):
            called = (*held.get(identifier, ()), *kept[identifier][1])
            if node.dead or called:
                del self._nameless[identifier]
            if called:
                told.append(node.value(tuple(dict.fromkeys(called))))
        return tuple(told)

    def _new_files(self, states: Iterable[FileState]) -> Iterable[File]:
        for state in states:
            if self._files.get(state.id) is not (known := state.record is not None):
                self._files[state.id] = known
                yield state.record or _unfinished(state)


def _unfinished(state: FileState) -> File:
    """A file that is being written: what it will hold is not known."""
    path = display_path(state.path)
    return File(id=state.id, path=path, url=state.url, mode=state.mode, covers=Digest.NONE, reason=_NOT_ENDED)
