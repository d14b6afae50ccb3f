"""A difference on the lineage of a result, told: by which step it acts, and the way to the result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provkg.mapping.derivations import weakest
from provkg.records import Activity, ActivityKind, Evidence, File
from provkg.views.comparison.found import Found
from provkg.views.comparison.model import Aspect, Cause, Difference
from provkg.views.comparison.slices import Lineage, Slice

__all__ = ["drew", "may_draw", "tell", "unseeded"]


def drew(step: Activity) -> bool:
    """Whether a step is known to draw from the global generator: a split that has no seed of its own does."""
    return step.unseeded or (step.kind is ActivityKind.SPLITTING and may_draw(step))


def may_draw(step: Activity) -> bool:
    """Whether a step was given no seed of its own where it could have been."""
    settings = {one.name: one.value for one in step.settings}
    return (
        "random_state" in settings
        and settings["random_state"] is None
        and settings.get("shuffle") is not False
    )


def tell(lineage: Lineage, part: Slice, found: Found, number: int, start: str) -> Cause:
    """A difference as a cause.

    Parameters:
        number: the run, of the two, in whose slice ``part`` the difference acts.
        start: where in the slice it acts.
    """
    difference = found.difference
    kind, _, order = start.partition(":")
    changed = (
        found.lines[number].get(int(order), frozenset())
        if kind == "execution" and found.lines
        else frozenset()
    )
    path, evidence = lineage.path(part, start, changed)
    step = lineage.inventory.things.get(start)
    if difference.aspect is Aspect.SEEDS and not (isinstance(step, Activity) and drew(step)):
        evidence = weakest(evidence, Evidence.INFERRED)
    code = difference.aspect is Aspect.CODE and bool(difference.diffs)
    before, after = difference.values[0], difference.values[1]
    return Cause(
        aspect=difference.aspect,
        item=difference.item,
        before=_lines(before) if code else before,
        after=_lines(after) if code else after,
        because=_because(lineage, part, found, number, start),
        evidence=evidence,
        path=tuple(_names(lineage, path)),
        also=tuple(_also(difference)) if difference.aspect is Aspect.DATA else (),
        diff=difference.diffs[0] if code else "",
    )


def _also(difference: Difference) -> Iterator[str]:
    """The first properties that differ: rows, columns, missing values."""
    for detail in [one for one in difference.details if one.name not in ("size", "path")][:4]:
        yield f"{detail.name} {' → '.join(value if value is not None else 'none' for value in detail.values)}"


def _lines(text: str | None) -> str | None:
    count = text.count("\n") + 1 if text else 0
    return None if text is None else f"{count} line{'' if count == 1 else 's'}"


def _names(lineage: Lineage, path: Sequence[str]) -> Iterator[str]:
    """What lies on a way, each object once, by the names a reader knows."""
    before = ""
    for identifier in path:
        kind, colon, name = identifier.partition(":")
        if kind == "execution" and colon:
            shown = lineage.inventory.place(int(name))
        elif colon and kind == "module":
            shown = lineage.side.near(name)
        else:
            shown = name if colon else lineage.inventory.name(identifier)
        if shown != before:
            yield shown
        before = shown


def _because(lineage: Lineage, part: Slice, found: Found, number: int, start: str) -> str:
    inventory, _difference = lineage.inventory, found.difference
    result = inventory.name(part.result)
    kind, _, name = start.partition(":")
    thing = inventory.things.get(start)
    if kind == "execution" and found.lines:
        counted = part.lines[int(name)]
        changed = sorted(counted.among(found.lines[number][int(name)]))
        which = ", ".join(map(str, changed[:5])) + (", …" if len(changed) > 5 else "")
        where = inventory.place(int(name))
        if counted.whole:
            return f"{where}, whose text cannot be parsed, lies on the way to {result}"
        lines = f"line {which}" if len(changed) == 1 else f"lines {which}"
        return f"{where}, {lines}, lies on the way to {result}"
    if any(anchored.startswith("seed:") for anchored in found.anchors[number]):
        return _drawing(lineage, name, thing)
    if isinstance(thing, Activity):
        made = ", ".join(dict.fromkeys(inventory.name(one) for one in thing.generated if one in part.ways))
        made = made if made and made != result else ""
        return f"{_function(thing)} made {f'{made}, from which {result} came' if made else result}"
    if isinstance(thing, File):
        return f"{result} came from it"
    if kind == "package":
        user = part.ways[start].to
        does = inventory.things.get(user)
        what = _function(does) if isinstance(does, Activity) else next(iter(_names(lineage, [user])))
        return f"{what}, on the way to {result}, is of {name}" if name != what else f"{result} needs it"
    if kind == "variable":
        order = part.names.get(name)
        return f"{name}, set in {inventory.place(order)}, is read on the way to {result}" if order else ""
    if kind == "module":
        return f"a name imported from it is read on the way to {result}"
    return f"all code on the way to {result} ran in it"


def _drawing(lineage: Lineage, name: str, thing: object) -> str:
    if not isinstance(thing, Activity):
        where = lineage.inventory.place(int(name)) if name.isdigit() else name
        return f"{where}, on the way to the result, draws from it"
    if drew(thing):
        return f"{_function(thing)} drew random numbers without a seed of its own"
    return f"{_function(thing)} has no seed of its own, so that it may draw from it"


def _function(activity: Activity) -> str:
    what = (activity.implementation or activity.function).rpartition(".")[2]
    called = activity.function.rpartition(".")[2]
    return f"{what}.{called}" if activity.implementation and called != what else called


def unseeded(lineages: tuple[Lineage, Lineage], slices: tuple[Slice, Slice]) -> list[Cause]:
    """Steps on both lineages that drew random numbers which no seed fixes."""
    causes: dict[str, Cause] = {}
    for lineage, part in zip(lineages, slices, strict=True):
        seeded = {
            seed.generator: execution.order
            for execution in reversed(lineage.side.run.executions)
            for seed in execution.seeds
            if seed.value is not None
        }
        for identifier in part.ways:
            thing = lineage.inventory.things.get(identifier)
            if not isinstance(thing, Activity) or not thing.unseeded or thing.parent:
                continue
            if seeded.get("numpy.random", 1 << 30) <= lineage.inventory.order[identifier]:
                continue
            path, evidence = lineage.path(part, identifier)
            cause = Cause(
                aspect=Aspect.SEEDS,
                item=f"random numbers of {_function(thing)}",
                before="no seed",
                after="no seed",
                because=f"{_function(thing)} drew random numbers without a seed: others each time",
                evidence=evidence,
                path=tuple(_names(lineage, path)),
            )
            causes.setdefault(cause.item, cause)
    return list(causes.values())
