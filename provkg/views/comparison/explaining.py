"""Why results changed: the differences on their lineage, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from provkg.mapping.derivations import weakest
from provkg.records import Activity, Digest, Evidence, File, Result, Value
from provkg.views.comparison.covering import without_repetition
from provkg.views.comparison.found import Found, anchor
from provkg.views.comparison.gaps import gaps
from provkg.views.comparison.measures import Measured
from provkg.views.comparison.model import Aspect, Cause, Change, Explanation
from provkg.views.comparison.sides import Side
from provkg.views.comparison.slices import Lineage, Slice

__all__ = ["explain"]

_RANKS = (
    Aspect.DATA,
    Aspect.SPLIT,
    Aspect.SETTINGS,
    Aspect.STEPS,
    Aspect.CODE,
    Aspect.SEEDS,
    Aspect.ENVIRONMENT,
)
_STRENGTH = (Evidence.OBSERVED, Evidence.DECLARED, Evidence.IMPORTED, Evidence.INFERRED)
_EXPLAINED_AT_MOST = 200

Changed = tuple[int, Measured, Measured]
"""The position of a measure, and its result in both runs."""


@dataclass(frozen=True)
class _Pair:
    """The slices of one result in both runs, and the names of data that is equal in both."""

    slices: tuple[Slice, Slice]
    equal: tuple[str, ...]


def explain(
    sides: tuple[Side, Side], found: Sequence[Found], changed: Sequence[Changed], positions: tuple[int, int]
) -> Iterator[Explanation]:
    """For results that changed, the differences on their lineage; results with the same causes together."""
    lineages = Lineage(sides[0]), Lineage(sides[1])
    roots = [one for one in found if any(one.anchors)]
    groups: dict[tuple[Cause, ...], list[tuple[int, _Pair]]] = {}
    for position, first, second in changed[:_EXPLAINED_AT_MOST]:
        pair = _pair(lineages, first.result, second.result)
        causes = tuple(_causes(lineages, pair, roots))
        # What the way to one result is called differs from result to result; the causes are the same.
        key = next((key for key in groups if _same(key, causes)), causes)
        groups.setdefault(key, []).append((position, pair))
    for causes, members in groups.items():
        pairs = [pair for _, pair in members]
        yield Explanation(
            first=positions[0],
            second=positions[1],
            results=tuple(position for position, _ in members),
            causes=causes,
            equal=tuple(dict.fromkeys(name for pair in pairs for name in pair.equal)),
            incomplete=tuple(gaps(sides, [pair.slices for pair in pairs])),
            elsewhere=max(0, len(roots) - _named(causes)),
        )


def _named(causes: Sequence[Cause]) -> int:
    """How many differences the causes stand for."""
    return sum(1 + len(cause.also) for cause in causes if cause.before != cause.after)


def _same(causes: Sequence[Cause], others: Sequence[Cause]) -> bool:
    return [(one.aspect, one.item, one.diff) for one in causes] == [
        (one.aspect, one.item, one.diff) for one in others
    ]


# --- slices, cut where nothing differs ------------------------------------------------------------


def _pair(lineages: tuple[Lineage, Lineage], first: Result, second: Result) -> _Pair:
    whole = lineages[0].of(first.id), lineages[1].of(second.id)
    keyed = [_contents(lineage, part) for lineage, part in zip(lineages, whole, strict=True)]
    common = keyed[0].keys() & keyed[1].keys()
    equal = tuple(frozenset(thing for key in common for thing in one[key]) for one in keyed)
    texts = [_texts(lineage, part) for lineage, part in zip(lineages, whole, strict=True)]
    same = frozenset(name for name, text in texts[0].items() if texts[1].get(name) == text)
    cut = (
        lineages[0].of(first.id, equal[0], same),
        lineages[1].of(second.id, equal[1], same),
    )
    reached = [name for name in cut[1].ways if name in equal[1]]
    named = (lineages[1].inventory.name(name) for name in reached)
    return _Pair(cut, tuple(dict.fromkeys(named)))


def _contents(lineage: Lineage, part: Slice) -> dict[object, list[str]]:
    """The data of a slice by its content, where that is known as a whole, and by its name."""
    found: dict[object, list[str]] = {}
    for identifier in part.ways:
        thing = lineage.inventory.things.get(identifier)
        if isinstance(thing, Value) and thing.fingerprint and thing.fingerprint.covers is Digest.FULL:
            content = thing.fingerprint
            name = lineage.inventory.variable(thing)
            key = (thing.type, name, thing.shape, content.algorithm, content.hex)
            found.setdefault(key, []).append(identifier)
        elif isinstance(thing, File) and thing.sha256 and thing.covers is Digest.FULL:
            found.setdefault((lineage.side.near(thing.place), thing.sha256), []).append(identifier)
    return found


def _texts(lineage: Lineage, part: Slice) -> dict[str, tuple[str, str]]:
    """The plain variables of a slice that hold a number, text or truth value."""
    found = {}
    for name, definer in part.names.items():
        for state in lineage.inventory.executions[definer].defines:
            if state.name == name and state.text:
                found[name] = (state.type, state.text)
    return found


# --- causes -------------------------------------------------------------------------------------


def _causes(lineages: tuple[Lineage, Lineage], pair: _Pair, roots: Sequence[Found]) -> list[Cause]:
    on_it: list[tuple[Cause, Found]] = []
    rest: list[tuple[Cause, Found]] = []
    for one in roots:
        if cause := _cause(lineages, pair, one):
            (rest if _is_weak(one) else on_it).append((cause, one))
    on_it.sort(key=lambda both: _likelihood(both[0]))
    causes = without_repetition(on_it)
    seeds = any(cause.aspect is Aspect.SEEDS for cause in causes)
    causes += () if seeds else _unseeded(lineages, pair)
    return causes or [cause for cause, _ in sorted(rest, key=lambda both: _likelihood(both[0]))]


def _is_weak(found: Found) -> bool:
    """Whether a difference is named only where nothing else explains a result."""
    difference = found.difference
    if difference.change in (Change.MOVED, Change.REPEATED):
        return True
    return difference.aspect is Aspect.ENVIRONMENT and any(
        one.startswith("circumstance:") and one != anchor("circumstance", "Python")
        for one in found.anchors[0]
    )


def _likelihood(cause: Cause) -> tuple[int, int, int]:
    return _RANKS.index(cause.aspect), _STRENGTH.index(cause.evidence), len(cause.path)


def _cause(lineages: tuple[Lineage, Lineage], pair: _Pair, found: Found) -> Cause | None:
    for number in (1, 0):
        for anchored in sorted(found.anchors[number]):
            start = _start(lineages[number], pair.slices[number], found, number, anchored)
            if start:
                return _told(lineages[number], pair.slices[number], found, number, start)
    return None


def _start(lineage: Lineage, part: Slice, found: Found, number: int, anchored: str) -> str:
    """From where in a slice a difference acts; empty where it does not lie in it."""
    kind, _, name = anchored.partition(":")
    if kind == "circumstance":
        return _any_execution(part)
    if kind == "seed":
        return _drawer(lineage, part, name)
    if anchored not in part:
        return ""
    if kind == "execution" and found.lines:
        counted = part.lines.get(int(name))
        changed = found.lines[number].get(int(name), frozenset())
        if counted is None or counted.lines.isdisjoint(changed):
            return ""
    return anchored


def _any_execution(part: Slice) -> str:
    return next((one for one in part.ways if one.startswith("execution:")), part.result)


def _drawer(lineage: Lineage, part: Slice, generator: str) -> str:
    """A step or cell of the slice that draws from a global generator."""
    if generator.startswith("numpy.random"):
        for identifier in part.ways:
            thing = lineage.inventory.things.get(identifier)
            if isinstance(thing, Activity) and thing.unseeded:
                return identifier
    if generator == "torch" and (package := anchor("package", "torch")) in part:
        return package
    top = generator.removesuffix(".default_rng")
    for order, counted in part.lines.items():
        if any(call.startswith(f"{top}.") and not call.endswith("seed") for call in counted.calls):
            return anchor("execution", order)
    return ""


def _told(lineage: Lineage, part: Slice, found: Found, number: int, start: str) -> Cause:
    difference = found.difference
    path, evidence = part.path(start)
    if difference.aspect is Aspect.SEEDS and start.startswith(("execution:", "package:")):
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
        diff=difference.diffs[0] if code else "",
    )


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
    inventory, difference = lineage.inventory, found.difference
    result = inventory.name(part.result)
    kind, _, name = start.partition(":")
    thing = inventory.things.get(start)
    if kind == "execution" and found.lines:
        counted = part.lines[int(name)]
        changed = sorted(counted.lines & found.lines[number][int(name)])
        which = ", ".join(map(str, changed[:5])) + (", …" if len(changed) > 5 else "")
        where = inventory.place(int(name))
        if counted.whole:
            return f"{where}, whose text cannot be parsed, lies on the way to {result}"
        lines = f"line {which}" if len(changed) == 1 else f"lines {which}"
        return f"{where}, {lines}, lies on the way to {result}"
    if difference.aspect is Aspect.SEEDS and isinstance(thing, Activity) and thing.unseeded:
        return f"{_function(thing)} drew random numbers without a seed of its own"
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


def _function(activity: Activity) -> str:
    what = (activity.implementation or activity.function).rpartition(".")[2]
    called = activity.function.rpartition(".")[2]
    return f"{what}.{called}" if activity.implementation and called != what else called


def _unseeded(lineages: tuple[Lineage, Lineage], pair: _Pair) -> list[Cause]:
    """Steps on both lineages that drew random numbers which no seed fixes."""
    causes: dict[str, Cause] = {}
    for lineage, part in zip(lineages, pair.slices, strict=True):
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
            path, evidence = part.path(identifier)
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
