"""Which thing of a run came from which, with evidence: from links, revisions, activities and results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from provkg.mapping.prov import EVIDENCE
from provkg.records import Activity, ActivityKind, Evidence, FileMode, Role, ValueKind
from provkg.terms import Prov, Provkg

if TYPE_CHECKING:
    from provkg.mapping.scope import Scope
    from provkg.records import Run, Value

__all__ = ["Derivation", "derivations", "strongest", "weakest", "write_derivations"]

_WHOLLY_USED = {
    ActivityKind.TRAINING,
    ActivityKind.TUNING,
    ActivityKind.EVALUATION,
    ActivityKind.PREDICTION,
}
_STRENGTH = (Evidence.INFERRED, Evidence.IMPORTED, Evidence.DECLARED, Evidence.OBSERVED)
_MODELS = (ValueKind.MODEL, ValueKind.TRANSFORMER)
# fmt: off
_SUMMARIES = frozenset({
    "agg", "aggregate", "confusion_matrix", "corr", "count", "cov", "crosstab", "describe",
    "groupby", "kurt", "max", "mean", "median", "min", "mode", "nunique", "pivot_table", "quantile",
    "size", "skew", "std", "sum", "unique", "value_counts", "var",
})
# fmt: on
"""Operations whose results do not hold the rows of what they were given."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """That one thing of a run came from another, both by short identifier.

    ``activity`` is the one that used the source and made the target, where known; ``linked`` tells that
    the record says this derivation outright.
    """

    target: str
    source: str
    evidence: Evidence
    operation: str = ""
    activity: str = ""
    linked: bool = False

    def together(self, other: Derivation) -> Derivation:
        """What two statements of one derivation say together."""
        return replace(
            self,
            evidence=strongest(self.evidence, other.evidence),
            operation=self.operation or other.operation,
            activity=self.activity or other.activity,
            linked=self.linked or other.linked,
        )


def strongest(*evidence: Evidence) -> Evidence:
    """The evidence that says most."""
    return max(evidence, key=_STRENGTH.index)


def weakest(*evidence: Evidence) -> Evidence:
    """The evidence that says least: a chain is as well known as its weakest link."""
    return min(evidence, key=_STRENGTH.index)


def derivations(run: Run) -> list[Derivation]:
    """All derivations of a run, each pair once.

    What an activity made came from what it used. Where the record links the made thing to its sources, this
    is left to the links, because of the parts of a split each comes from one of the things that were
    split; but what a training, tuning, evaluation or prediction made, and any fitted model, depends on all
    that was given, except for data that a training only measured itself on.
    """
    found: dict[tuple[str, str], Derivation] = {}
    for one in _all(run):
        if one.target != one.source:
            key = one.target, one.source
            found[key] = found[key].together(one) if key in found else one
    return list(found.values())


def _all(run: Run) -> Iterator[Derivation]:
    models = {value.id for execution in run.executions for value in execution.values if value.kind in _MODELS}
    links = {(link.target, link.source) for execution in run.executions for link in execution.links}
    linked = {target for target, _ in links} - models
    for execution in run.executions:
        for link in execution.links:
            yield Derivation(link.target, link.source, link.evidence, link.operation, linked=True)
        for value in execution.values:
            if value.revision_of:
                yield Derivation(value.id, value.revision_of, value.evidence)
        for activity in execution.activities:
            yield from _through(activity, links, linked)


def _through(activity: Activity, links: set[tuple[str, str]], linked: set[str]) -> Iterator[Derivation]:
    results = [result.id for result in activity.results]
    for target in (*activity.generated, *results):
        for use in activity.used:
            if use.role is Role.VALIDATION and (target, use.entity) not in links:
                continue
            if target not in linked or activity.kind in _WHOLLY_USED:
                evidence = weakest(activity.evidence, use.evidence)
                yield Derivation(target, use.entity, evidence, activity.function, activity.id)
            elif (target, use.entity) in links:
                # The link says how it is known; what is added is the activity between the two.
                yield Derivation(target, use.entity, _STRENGTH[0], activity=activity.id)
    for result in activity.results:
        for source in (result.model, *result.data):
            if source:
                yield Derivation(result.id, source, result.evidence, activity.function)


def write_derivations(scope: Scope) -> None:
    """The derivations of a run, plain and, where more is known than that it was seen, qualified."""
    quads, rank = scope.quads, 0
    for one in derivations(scope.run):
        target, source = scope.thing(one.target), scope.thing(one.source)
        quads.link(target, Prov.wasDerivedFrom, source)
        if one.evidence is Evidence.OBSERVED:
            quads.link(target, Provkg.observedDerivation, source)
        if one.linked or one.evidence is not Evidence.OBSERVED:
            rank += 1
            _qualify(scope, one, f"{scope.iri}/derivation/{rank}")
        _also(scope, one)


def _qualify(scope: Scope, one: Derivation, node: str) -> None:
    quads = scope.quads
    quads.link(scope.thing(one.target), Prov.qualifiedDerivation, node)
    quads.types(node, Prov.Derivation)
    quads.link(node, Prov.entity, scope.thing(one.source))
    quads.link(node, Provkg.evidence, EVIDENCE[one.evidence])
    quads.known(node, Provkg.operation, one.operation)
    if one.activity:
        quads.link(node, Prov.hadActivity, scope.thing(one.activity))


def _also(scope: Scope, one: Derivation) -> None:
    """The particular kinds of derivation: a revision, a split, a stored value."""
    value, source = scope.values.get(one.target), scope.values.get(one.source)
    if source is None:
        return
    if value is not None and value.revision_of == one.source:
        scope.quads.link(scope.thing(one.target), Prov.wasRevisionOf, scope.thing(one.source))
    if value is not None and scope.is_split(value) and source.kind not in _MODELS:
        scope.quads.link(scope.thing(one.target), Provkg.splitOf, scope.thing(one.source))
    elif value is not None and _holds_rows(value, source, one.operation):
        scope.quads.link(scope.thing(one.target), Provkg.tableDerivation, scope.thing(one.source))
    file = scope.files.get(one.target)
    if file is not None and file.mode is FileMode.WRITTEN and _was_saved(scope, one.target):
        scope.quads.link(scope.thing(one.source), Provkg.storedIn, scope.thing(one.target))


def _holds_rows(value: Value, source: Value, operation: str) -> bool:
    """Whether a table may hold rows of another that it was made from: not as a fold, nor as a summary."""
    tables = value.kind is ValueKind.DATASET and source.kind is ValueKind.DATASET
    names = {part.rpartition(".")[2] for part in operation.split(" → ")}
    return tables and value.fold is None and _SUMMARIES.isdisjoint(names)


def _was_saved(scope: Scope, file: str) -> bool:
    """Whether a file holds the very value it came from, and not, say, a figure of it."""
    activity = scope.activities.get(scope.generator.get(file, ""))
    return activity is not None and activity.kind is ActivityKind.SAVING
