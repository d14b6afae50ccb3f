"""What a comparison says: in what runs differ, what they measured, and what explains a changed result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from provkg.records import Evidence, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

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
]


class Aspect(StrEnum):
    """What kind of thing differs."""

    CODE = "code"
    STEPS = "steps"
    """A step of machine learning that the other has not, or that another function or class does."""
    SETTINGS = "settings"
    DATA = "data"
    SPLIT = "split"
    SEEDS = "seeds"
    ENVIRONMENT = "environment"
    OUTCOME = "outcome"
    """How it ended."""
    WRITTEN = "files written"


class Change(StrEnum):
    """How a thing differs from the first that is compared."""

    CHANGED = "changed"
    ADDED = "added"
    """The first does not have it."""
    REMOVED = "removed"
    """The first alone has it."""
    MOVED = "moved"
    """The text of a cell is the same, its place among the others is not."""
    REPEATED = "repeated"
    """The texts of a cell are the same, it was executed another number of times."""
    REFORMATTED = "reformatted"
    """Only comments and blanks of a text differ."""
    FOLLOWS = "follows"
    """It was made in the run: what made it differs too, or drew random numbers."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the things compared: a run, or one execution of a cell in it.

    ``cell`` names the execution as its prompt shows it (``cell [3]``) and is empty for a whole run.
    ``seconds`` is wall time; ``status`` is None while a run is not known to have ended.
    """

    run: str
    name: str
    path: str
    kind: str
    status: Status | None
    started_at: datetime | None
    seconds: float | None
    cell: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """One property of what differs, with its value in each of the things compared; None where unknown."""

    name: str
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs.

    ``values`` and ``places`` have one entry for each of the things compared; a value is None where there is
    no such thing. Of code, values are the texts that were executed last. ``diffs`` has one entry for each
    but the first: a unified diff of its text against that of the first, empty where there is none.
    """

    aspect: Aspect
    item: str
    change: Change
    values: tuple[str | None, ...]
    places: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()
    diffs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """One measured number in all that are compared, also where it is the same.

    ``values`` are None where it was not measured or is not finite, ``texts`` as Python wrote them.
    ``changes`` are the differences from the first. ``series`` holds the values by fold, round or step.
    """

    metric: str
    model: str
    data: str
    values: tuple[float | int | None, ...]
    texts: tuple[str, ...]
    changes: tuple[float | None, ...]
    same: bool
    role: str = ""
    label: str = ""
    series: tuple[tuple[float | None, ...], ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """One representation of an output; ``text`` is empty for a picture, ``sha256`` names its content."""

    media_type: str
    sha256: str = ""
    text: str = ""
    size: int = 0
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class ShownOutput:
    """An output that differs, side by side: ``shown`` has None where there is no such output."""

    item: str
    kind: str
    places: tuple[str, ...]
    shown: tuple[Shown | None, ...]
    diffs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """A difference on the lineage of a changed result, with what shows that it is there.

    ``path`` leads from the difference to the result by the names of what lies between. ``evidence`` is the
    weakest link on it. ``also`` tells of differences that are the same change seen elsewhere.
    """

    aspect: Aspect
    item: str
    before: str | None
    after: str | None
    because: str
    evidence: Evidence
    path: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    diff: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why results of one differ from those of the first: what lies on their lineage, likeliest first.

    ``first`` and ``second`` are positions among the things compared. ``results`` are positions among the
    measures. ``equal`` names data between the differences and the results that were the same in both, so
    that nothing before them counts. ``elsewhere`` counts differences that are not on the lineage. What
    ``incomplete`` says could hide a cause.
    """

    first: int
    second: int
    results: tuple[int, ...]
    causes: tuple[Cause, ...]
    equal: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    elsewhere: int = 0


@dataclass(frozen=True)
class Comparison:
    """In what runs, or executions of cells, differ from the first of them.

    ``same`` says that nothing recorded differs. ``notes`` tell what could not be compared. ``pictures`` are
    the contents of the pictures in ``outputs`` by digest; the JSON form has none.
    """

    compared: tuple[Compared, ...]
    same: bool
    explanations: tuple[Explanation, ...] = ()
    measures: tuple[Measure, ...] = ()
    differences: tuple[Difference, ...] = ()
    outputs: tuple[ShownOutput, ...] = ()
    notes: tuple[str, ...] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def of(self, *aspects: Aspect) -> tuple[Difference, ...]:
        """The differences of these aspects, in order."""
        return tuple(one for one in self.differences if one.aspect in aspects)

    def caused(self, *aspects: Aspect) -> tuple[Difference, ...]:
        """Those of these aspects that did not merely follow from others, with the parts of splits."""
        return tuple(
            one for one in self.of(*aspects) if one.change is not Change.FOLLOWS or one.aspect is Aspect.SPLIT
        )

    def followed(self) -> tuple[Difference, ...]:
        """The differences of data in memory, which others led to."""
        return tuple(one for one in self.of(Aspect.DATA) if one.change is Change.FOLLOWS)

    def changed(self) -> tuple[Measure, ...]:
        """The measures that are not the same in all."""
        return tuple(one for one in self.measures if not one.same)

    def to_json(self) -> bytes:
        """The comparison as JSON, as `comparison.schema.json` describes it."""
        builtins = msgspec.to_builtins(replace(self, pictures={}))
        del builtins["pictures"]
        return msgspec.json.encode(builtins)

    def _repr_html_(self) -> str:
        """The comparison as notebooks show it."""
        from provkg.views.comparison.page import fragment

        return fragment(self)


def change_of(values: Iterable[object]) -> Change:
    """How a thing differs whose value in each of the compared is given, None where there is none."""
    first, *others = values
    if first is None:
        return Change.ADDED
    return Change.REMOVED if all(other is None for other in others) else Change.CHANGED
