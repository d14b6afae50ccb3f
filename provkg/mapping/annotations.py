"""What people said of runs and their things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provkg.mapping.prov import person
from provkg.terms import DcTerms, Prov, Provkg

if TYPE_CHECKING:
    from provkg.mapping.scope import Scope

__all__ = ["statements"]

_CONTENT = "sha256:"


def statements(scope: Scope) -> None:
    """All annotations that stand, and who made them."""
    quads = scope.quads
    for rank, said in enumerate(scope.run.annotations, 1):
        about = _about(scope, said.about)
        if not about:
            continue
        iri = f"{scope.iri}/annotation/{rank}"
        quads.types(iri, Prov.Entity, Provkg.Annotation)
        quads.link(about, Provkg.hasAnnotation, iri)
        quads.text(iri, Provkg.annotationKey, said.key)
        quads.text(iri, Provkg.annotationValue, said.value)
        # Not prov:generatedAtTime: by that the latest run is found, and it is the graphs' own.
        quads.time(iri, DcTerms.created, said.at)
        if said.agent is not None:
            quads.link(iri, Prov.wasAttributedTo, person(scope, said.agent))


def _about(scope: Scope, name: str) -> str:
    """The IRI of what an annotation is about; empty where the record tells of no such thing."""
    if not name:
        return scope.iri
    if name == "document":
        return scope.document
    if name.startswith(_CONTENT):
        return scope.names.content(name.removeprefix(_CONTENT))
    known = name in scope.values or name in scope.files or name in scope.activities
    return scope.thing(name) if known or name in _others(scope) else ""


def _others(scope: Scope) -> set[str]:
    results = (
        result.id
        for execution in scope.run.executions
        for activity in execution.activities
        for result in activity.results
    )
    outputs = (output.id for execution in scope.run.executions for output in execution.outputs)
    return {*results, *outputs}
