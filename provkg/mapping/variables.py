"""Variables: who set them, who read them, what they held, and what was imported under which name."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from provkg.mapping.prov import EVIDENCE
from provkg.records import Evidence
from provkg.terms import Prov, Provkg

if TYPE_CHECKING:
    from provkg.mapping.scope import Scope
    from provkg.records import CellExecution, VariableState

__all__ = ["Variables"]


class Variables:
    """The variables of a run, followed from execution to execution."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._states: dict[tuple[str, int], str] = {}
        self._imported: dict[tuple[str, int], str] = {}
        self._current: dict[str, str] = {}
        self._uses: Counter[tuple[str, int]] = Counter()
        for execution in scope.run.executions:
            for read in execution.reads:
                self._uses[read.name, read.definer] += read.count

    def of(self, execution: CellExecution) -> None:
        """What an execution read, deleted, bound and imported, and what it depends on."""
        iri = self._scope.execution(execution.order)
        self._reads(execution, iri)
        self._imports(execution, iri)
        for name in execution.deletes:
            state = self._current.pop(name, "")
            if state:
                self._scope.quads.link(state, Prov.wasInvalidatedBy, iri)
        for state_ in execution.defines:
            self._state(execution, state_, iri)
        self._dependencies(execution, iri)

    def _state(self, execution: CellExecution, state: VariableState, execution_iri: str) -> None:
        scope, quads = self._scope, self._scope.quads
        variable = scope.names.variable(scope.run.id, state.name)
        if quads.first(variable):
            quads.types(variable, Provkg.Variable)
            quads.text(variable, Provkg.variableName, state.name)
        iri = scope.names.variable_state(scope.run.id, state.name, execution.order)
        if not quads.first(iri):
            return
        quads.types(iri, Prov.Entity, Provkg.VariableState)
        quads.link(iri, Provkg.stateOf, variable)
        quads.text(iri, Provkg.variableName, state.name)
        quads.known(iri, Provkg.pythonType, state.type)
        quads.known(iri, Provkg.valueText, state.text)
        if state.value:
            quads.link(iri, Provkg.holds, scope.thing(state.value))
        quads.link(iri, Prov.wasGeneratedBy, execution_iri)
        quads.link(iri, Provkg.evidence, EVIDENCE[state.evidence])
        if state.evidence is not Evidence.OBSERVED:
            self._qualify(iri, execution_iri, state.evidence)
        self._states[state.name, execution.order] = iri
        self._current[state.name] = iri

    def _qualify(self, state: str, execution: str, evidence: Evidence) -> None:
        """A generation that was not seen says so (PROV-O, qualified generation)."""
        quads, node = self._scope.quads, f"{state}/generation"
        quads.link(state, Prov.qualifiedGeneration, node)
        quads.types(node, Prov.Generation)
        quads.link(node, Prov.activity, execution)
        quads.link(node, Provkg.evidence, EVIDENCE[evidence])

    def _imports(self, execution: CellExecution, execution_iri: str) -> None:
        """What an execution imported, and how often the run uses the name of each."""
        scope, quads = self._scope, self._scope.quads
        for rank, imported in enumerate(execution.imports, 1):
            iri, name = scope.names.imported(scope.run.id, execution.order, rank), imported.bound
            quads.types(iri, Prov.Entity, Provkg.Import)
            quads.text(iri, Provkg.importedModule, imported.module)
            quads.known(iri, Provkg.importedName, imported.name)
            quads.boolean(iri, Provkg.isStandardLibrary, imported.stdlib)
            if imported.package:
                quads.link(iri, Provkg.providedBy, scope.package(imported.package))
            if name:
                quads.text(iri, Provkg.boundName, name)
                quads.integer(iri, Provkg.useCount, self._uses[name, execution.order])
                self._imported[name, execution.order] = iri
            quads.link(iri, Prov.wasGeneratedBy, execution_iri)
            quads.link(execution_iri, Provkg.hasImport, iri)

    def _reads(self, execution: CellExecution, execution_iri: str) -> None:
        quads = self._scope.quads
        for read in execution.reads:
            if read.definer == execution.order:
                continue
            state = self._states.get((read.name, read.definer))
            used = state or self._imported.get((read.name, read.definer))
            if used is not None and quads.first(f"{execution_iri} {used}"):
                quads.link(execution_iri, Prov.used, used)
                if state is not None:
                    quads.link(execution_iri, Provkg.readsVariable, state)

    def _dependencies(self, execution: CellExecution, execution_iri: str) -> None:
        """The executions that set a variable which this one names, or made a thing which it used."""
        scope, quads = self._scope, self._scope.quads
        used = [
            use.entity
            for activity in execution.activities
            for use in activity.used
            if use.evidence is activity.evidence is Evidence.OBSERVED
        ]
        sources = [link.source for link in execution.links if link.evidence is Evidence.OBSERVED]
        read = [name for name in execution.read_files if scope.was_seen(name)]
        made = (scope.made_in.get(name, 0) for name in (*used, *sources, *read))
        observed = {order for order in made if 0 < order < execution.order}
        known = {other.order for other in scope.run.executions}
        named = {read.definer for read in execution.reads if read.definer in known} - {execution.order}
        for order in sorted(named | observed):
            other = scope.execution(order)
            quads.link(execution_iri, Prov.wasInformedBy, other)
            quads.link(execution_iri, Provkg.dependsOnExecution, other)
            if order in observed:
                quads.link(execution_iri, Provkg.observedDependency, other)
