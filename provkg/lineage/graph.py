"""The graph of a lineage: things, and the steps from each to what it came from."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping
from itertools import count

import msgspec

from provkg.views.operations import ARROW

__all__ = ["EVIDENCE", "SAME_CONTENT", "Lineage", "Node", "Step", "readable"]

EVIDENCE = ("observed", "declared", "imported", "inferred")
"""How a step is known, the strongest first; the last is from the source text."""

SAME_CONTENT = "same content"
"""The operation of a step from a file that was read to the one written before with its content.

At the same path it is observed; at another one the file may as well be a copy of something else: inferred."""

_LONGEST = 20


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of a run.

    ``kind`` is model, transformer, data, prediction, value, columns (of a value), file, result or output;
    ``type`` its Python class, path or media type; ``detail`` a shape, a size or a result's value. ``order``
    is the rank of the execution that made it, from 1, and ``cell`` that execution's prompt; ``made_by`` is
    the function that made it, where an activity was seen. ``inner``: it was made within another activity, or
    has no name.
    """

    iri: str
    id: str
    kind: str
    name: str
    type: str = ""
    detail: str = ""
    run: str = ""
    order: int | None = None
    cell: str = ""
    made_by: str = ""
    inner: bool = False


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """That one thing came from another, by IRI.

    ``evidence`` is one of `EVIDENCE`; ``operation`` says by what, the first first; ``through`` how many
    things between the two are not shown.
    """

    target: str
    source: str
    evidence: str = "observed"
    operation: str = ""
    through: int = 0


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """What a thing came from, or, ``downstream``, what came of it.

    ``nodes`` begin with the thing asked about and go outwards. ``observed`` tells that only steps seen at run
    time were followed; ``complete`` that no limit ended the search.
    """

    thing: str
    downstream: bool
    nodes: tuple[Node, ...]
    steps: tuple[Step, ...]
    observed: bool = False
    complete: bool = True

    def next_steps(self) -> Mapping[str, tuple[Step, ...]]:
        """The steps that lead on from each thing, away from the one asked about."""
        found: dict[str, list[Step]] = defaultdict(list)
        for step in self.steps:
            found[self.near(step)].append(step)
        return {iri: tuple(steps) for iri, steps in found.items()}

    def near(self, step: Step) -> str:
        """The end of a step that is nearer to the thing asked about."""
        return step.source if self.downstream else step.target

    def far(self, step: Step) -> str:
        """The other end."""
        return step.target if self.downstream else step.source

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        from provkg.lineage.pictures import to_svg

        shown = readable(self)
        return {"image/svg+xml": to_svg(shown), "text/plain": repr(self)}

    def __repr__(self) -> str:
        way = "downstream of" if self.downstream else "upstream of"
        name = self.nodes[0].name if self.nodes else self.thing
        return f"<Lineage {way} {name}: {len(self.nodes)} things, {len(self.steps)} steps>"


def readable(lineage: Lineage, depth: int | None = None) -> Lineage:
    """The same lineage up to ``depth`` steps away, without inner things. Steps through these become one.

    Of several ways between two things the best known counts, of these the shortest; it is as well known as
    its weakest step.
    """
    nodes = {node.iri: node for node in lineage.nodes}
    kept = {node.iri for node in lineage.nodes if not node.inner or node.iri == lineage.thing}
    ahead = lineage.next_steps()
    steps: list[Step] = []
    seen = {lineage.thing: 0}
    queue = [lineage.thing]
    for near in queue:
        for far, step in _through_hidden(lineage, ahead, kept, near).items():
            if far not in seen and seen[near] != depth:
                seen[far] = seen[near] + 1
                queue.append(far)
            if far in seen:
                steps.append(step)
    return msgspec.structs.replace(lineage, nodes=tuple(nodes[iri] for iri in seen), steps=tuple(steps))


def _through_hidden(
    lineage: Lineage, ahead: Mapping[str, tuple[Step, ...]], kept: set[str], near: str
) -> dict[str, Step]:
    """The kept things next to one, each with the best way to it: weakest evidence first, then length."""
    best: dict[str, Step] = {}
    tie = count()
    waiting: list[tuple[int, int, int, str, tuple[Step, ...]]] = [(0, 0, next(tie), near, ())]
    done: set[str] = set()
    while waiting:
        rank, length, _, iri, way = heapq.heappop(waiting)
        if iri in done:
            continue
        done.add(iri)
        if way and iri in kept:
            best[iri] = _joined(lineage, near, iri, way)
            continue
        for step in ahead.get(iri, ()):
            far = lineage.far(step)
            if far not in done:
                weaker = max(rank, EVIDENCE.index(step.evidence))
                heapq.heappush(waiting, (weaker, length + 1, next(tie), far, (*way, step)))
    return best


def _joined(lineage: Lineage, near: str, far: str, way: tuple[Step, ...]) -> Step:
    if len(way) == 1:
        return way[0]
    target, source = (far, near) if lineage.downstream else (near, far)
    in_time = way if lineage.downstream else way[::-1]
    operations = [name for step in in_time for name in step.operation.split(ARROW) if name]
    if len(operations) > _LONGEST:
        operations = [*operations[: _LONGEST // 2], "…", *operations[-_LONGEST // 2 :]]
    return Step(
        target=target,
        source=source,
        evidence=max((step.evidence for step in way), key=EVIDENCE.index),
        operation=ARROW.join(operations),
        through=len(way) - 1 + sum(step.through for step in way),
    )
