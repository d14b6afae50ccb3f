"""Why results changed: the differences on their lineage, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from provkg.records import Activity, Digest, Evidence, File, Result, Value
from provkg.views.comparison.covering import OnLineage, given_as, without_repetition
from provkg.views.comparison.found import Found, anchor
from provkg.views.comparison.gaps import gaps
from provkg.views.comparison.measures import Measured
from provkg.views.comparison.model import Aspect, Cause, Change, Explanation
from provkg.views.comparison.reasons import drew, may_draw, tell, unseeded
from provkg.views.comparison.sides import Side
from provkg.views.comparison.slices import Lineage, Slice
from provkg.views.inventory import Thing

__all__ = ["EXPLAINED_AT_MOST", "explain"]

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
EXPLAINED_AT_MOST = 200
"""Results of one pair that are explained; runs with more have them in great likeness."""

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
    roots = [one for one in found if any(one.anchors) and not _is_searched(lineages, one)]
    groups: dict[tuple[Cause, ...], list[tuple[int, _Pair]]] = {}
    elsewhere: dict[tuple[Cause, ...], int] = {}
    for position, first, second in changed[:EXPLAINED_AT_MOST]:
        pair = _pair(lineages, first.result, second.result)
        causes, on_lineage = _causes(lineages, pair, roots)
        # What the way to one result is called differs from result to result; the causes are the same.
        key = next((key for key in groups if _same(key, causes)), causes)
        groups.setdefault(key, []).append((position, pair))
        elsewhere.setdefault(key, len(roots) - on_lineage)
    for causes, members in groups.items():
        pairs = [pair for _, pair in members]
        yield Explanation(
            first=positions[0],
            second=positions[1],
            results=tuple(position for position, _ in members),
            causes=causes,
            equal=tuple(dict.fromkeys(name for pair in pairs for name in pair.equal)),
            incomplete=tuple(gaps(sides, [pair.slices for pair in pairs])),
            elsewhere=elsewhere[causes],
        )


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
    reached = (lineages[1].inventory.things[name] for name in cut[1].ways if name in equal[1])
    named = (_called(lineages[1], thing) for thing in reached)
    return _Pair(cut, tuple(dict.fromkeys(filter(None, named))))


def _called(lineage: Lineage, thing: Thing) -> str:
    """The variable of data, or the name of a file; nothing for what has no name."""
    return lineage.inventory.variable(thing) if isinstance(thing, Value) else lineage.inventory.name(thing.id)


def _contents(lineage: Lineage, part: Slice) -> dict[object, list[str]]:
    """The data of a slice by its content, where that is known as a whole, and by its name."""
    found: dict[object, list[str]] = {}
    for identifier in part.ways:
        thing = lineage.inventory.things.get(identifier)
        if isinstance(thing, Value) and thing.fingerprint and thing.fingerprint.covers == Digest.FULL:
            content = thing.fingerprint
            name = lineage.inventory.variable(thing)
            key = (thing.type, name, thing.shape, content.algorithm, content.hex)
            found.setdefault(key, []).append(identifier)
        elif isinstance(thing, File) and thing.sha256 and thing.covers == Digest.FULL:
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


def _causes(
    lineages: tuple[Lineage, Lineage], pair: _Pair, roots: Sequence[Found]
) -> tuple[tuple[Cause, ...], int]:
    """The causes, and how many of the differences are on the lineage, named or not."""
    on_it: list[OnLineage] = []
    rest: list[Cause] = []
    others: list[Found] = []
    for one in roots:
        if not (told := _cause(lineages, pair, one)):
            others.append(one)
            continue
        cause, may_be = told
        if may_be or _is_weak(one):
            rest.append(cause)
        else:
            edit = _edit(one, pair.slices) if cause.aspect is Aspect.CODE else None
            on_it.append(OnLineage(cause, one.names, edit))
    on_it += [given for one in others if (given := given_as(one, on_it))]
    on_it.sort(key=lambda one: _likelihood(one.cause))
    causes = without_repetition(on_it)
    seeds = any(cause.aspect is Aspect.SEEDS for cause in causes)
    causes += () if seeds else unseeded(lineages, pair.slices)
    return tuple(causes or sorted(rest, key=_likelihood)), len(on_it) + len(rest)


def _edit(found: Found, slices: tuple[Slice, Slice]) -> tuple[str, str] | None:
    """The lines of a cell before and after its edit that are on the lineage; None where it is no edit."""
    difference = found.difference
    if difference.change is not Change.CHANGED or not found.lines:
        return None
    texts = []
    for value, lines, part in zip(difference.values, found.lines, slices, strict=True):
        chosen = {
            n for order, some in lines.items() if order in part.lines for n in part.lines[order].among(some)
        }
        text = (value or "").lstrip("\n").splitlines()
        texts.append("\n".join(text[n - 1] for n in sorted(chosen) if n <= len(text)))
    return texts[0], texts[1]


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


def _cause(lineages: tuple[Lineage, Lineage], pair: _Pair, found: Found) -> tuple[Cause, bool] | None:
    """The difference as a cause, where it is on the lineage, and whether it only may have acted there."""
    for number in (1, 0):
        for anchored in sorted(found.anchors[number]):
            start = _start(lineages[number], pair.slices[number], found, number, anchored)
            if start:
                step = lineages[number].inventory.things.get(start)
                may_be = anchored.startswith("seed:") and isinstance(step, Activity) and not drew(step)
                return tell(lineages[number], pair.slices[number], found, number, start), may_be
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
        if counted is None or not counted.among(changed):
            return ""
    return anchored


def _is_searched(lineages: tuple[Lineage, Lineage], found: Found) -> bool:
    """Whether it is settings that searches chose, which explain nothing: what they searched in does."""
    steps = [
        (lineage, step)
        for lineage, anchors in zip(lineages, found.anchors, strict=True)
        for anchored in anchors
        if isinstance(step := lineage.inventory.things.get(anchored), Activity)
    ]
    settings = found.difference.aspect is Aspect.SETTINGS and bool(steps)
    return settings and all(lineage.is_chosen_by_search(step) for lineage, step in steps)


def _any_execution(part: Slice) -> str:
    return next((one for one in part.ways if one.startswith("execution:")), part.result)


def _drawer(lineage: Lineage, part: Slice, generator: str) -> str:
    """A step or cell of the slice that draws from a global generator, or may."""
    things = [lineage.inventory.things.get(identifier) for identifier in part.ways]
    steps = [thing for thing in things if isinstance(thing, Activity)]
    if generator == "numpy.random":
        for drawn in (drew, may_draw):
            if found := next((step.id for step in steps if drawn(step)), ""):
                return found
    if generator == "torch" and (package := anchor("package", "torch")) in part:
        return package
    for order, counted in part.lines.items():
        if any(call.startswith(f"{generator}.") and not call.endswith("seed") for call in counted.calls):
            return anchor("execution", order)
    return ""
