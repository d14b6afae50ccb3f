"""Cells and their executions, and the document they stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provkg.mapping.prov import EVIDENCE, STATUS, associate, notices, seconds_between
from provkg.mapping.variables import Variables
from provkg.records import Evidence, OutputKind, is_handle
from provkg.terms import Prov, Provkg

if TYPE_CHECKING:
    from provkg.mapping.scope import Scope
    from provkg.records import CellExecution, DocumentCell, DocumentSeen, Error, Output

__all__ = ["documents", "executions", "run_error"]


def executions(scope: Scope) -> None:
    """All executions of the run, in their order."""
    versions = _Versions(scope)
    variables = Variables(scope)
    before = ""
    for execution in scope.run.executions:
        iri = scope.execution(execution.order)
        _execution(scope, execution, iri)
        if before:
            scope.quads.link(iri, Provkg.previousExecution, before)
        version = versions.of(execution)
        if execution.cell_id and execution.cell_evidence is not Evidence.OBSERVED:
            scope.quads.link(iri, Provkg.cellEvidence, EVIDENCE[execution.cell_evidence])
        scope.quads.link(iri, Provkg.executedCell, version)
        scope.quads.link(iri, Prov.used, version)
        associate(scope, iri, scope.interpreter, version)
        variables.of(execution)
        _files(scope, execution, iri)
        for output in execution.outputs:
            _output(scope, execution, output)
        _error(scope, execution, iri)
        notices(scope, iri, execution.notices)
        before = iri


def _execution(scope: Scope, execution: CellExecution, iri: str) -> None:
    quads = scope.quads
    quads.types(iri, Prov.Activity, Provkg.CellExecution)
    quads.link(iri, Provkg.partOfRun, scope.iri)
    quads.link(iri, Prov.wasAssociatedWith, scope.interpreter)
    quads.integer(iri, Provkg.executionOrder, execution.order)
    quads.integer(iri, Provkg.executionCount, execution.execution_count)
    quads.integer(iri, Provkg.cellIndex, execution.index)
    quads.time(iri, Prov.startedAtTime, execution.started_at)
    if execution.ended_at is not None:
        quads.time(iri, Prov.endedAtTime, execution.ended_at)
        quads.double(iri, Provkg.duration, seconds_between(execution.started_at, execution.ended_at))
    quads.double(iri, Provkg.cpuTime, execution.cpu)
    quads.double(iri, Provkg.captureTime, execution.overhead)
    quads.double(iri, Provkg.energyUse, execution.energy)
    quads.link(iri, Provkg.hasStatus, STATUS[execution.status])
    for tag in execution.tags:
        quads.text(iri, Provkg.cellTag, tag)


class _Versions:
    """The texts that each cell had in the run, numbered as they were executed.

    Editing a cell back to an earlier text makes a further version: were it the earlier one again, that
    one would be a revision of itself.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._latest: dict[str, tuple[int, str, str]] = {}

    def of(self, execution: CellExecution) -> str:
        """The version that was executed; it is described at its first execution."""
        # A cell without an id of its own is known by its text alone.
        key = execution.cell_id or f"sha256-{execution.sha256}"
        rank, sha256, latest = self._latest.get(key, (0, "", ""))
        if rank and sha256 == execution.sha256:
            return latest
        iri = self._scope.names.cell_version(self._scope.run.id, key, rank + 1)
        self._latest[key] = rank + 1, execution.sha256, iri
        self._describe(execution, iri, latest)
        return iri

    def _describe(self, execution: CellExecution, iri: str, before: str) -> None:
        scope, quads = self._scope, self._scope.quads
        quads.types(iri, Prov.Entity, Prov.Plan, Provkg.CellVersion)
        if execution.cell_id:
            quads.link(iri, Provkg.versionOf, _cell(scope, execution.cell_id))
        content = scope.content(execution.sha256, Provkg.CellSource)
        scope.holds_content(iri, content)
        if quads.first(f"{content} text"):
            quads.text(content, Provkg.sourceText, execution.source)
        if before:
            quads.link(iri, Prov.wasRevisionOf, before)
            quads.link(iri, Prov.wasDerivedFrom, before)


def _cell(scope: Scope, cell_id: str) -> str:
    """A cell as a lasting thing: the same in every run of its document.

    A handle of an editor's session names a cell for that session only, and is not its id in the document.
    """
    if is_handle(cell_id):
        iri = scope.names.cell(scope.run.id, cell_id)
        if scope.quads.first(iri):
            scope.quads.types(iri, Prov.Entity, Provkg.Cell)
        return iri
    code = scope.run.started.code
    iri = scope.names.cell((code.notebook_id or code.path) if code else scope.run.id, cell_id)
    if scope.quads.first(iri):
        scope.quads.types(iri, Prov.Entity, Provkg.Cell)
        scope.quads.text(iri, Provkg.cellId, cell_id)
        if scope.document:
            scope.quads.link(iri, Provkg.cellOf, scope.document)
    return iri


def _files(scope: Scope, execution: CellExecution, iri: str) -> None:
    """The files that an execution read; those it wrote say themselves where they were made."""
    read = dict.fromkeys((*execution.read_files, *_only_read(scope, execution)))
    for name in read:
        scope.quads.link(iri, Prov.used, scope.thing(name))
        if scope.was_seen(name):
            scope.quads.link(iri, Provkg.observedUse, scope.thing(name))


def _only_read(scope: Scope, execution: CellExecution) -> list[str]:
    return [file.id for file in execution.files if file.id not in scope.made_in]


def _output(scope: Scope, execution: CellExecution, output: Output) -> None:
    quads, iri = scope.quads, scope.thing(output.id)
    quads.types(iri, Prov.Entity, Provkg.Output)
    if output.kind is OutputKind.ERROR:
        quads.types(iri, Provkg.ErrorOutput)
    quads.text(iri, Provkg.outputKind, output.kind.value)
    quads.known(iri, Provkg.outputText, output.text)
    if output.truncated:
        quads.boolean(iri, Provkg.isTruncated, True)
    for content in output.contents:
        held = scope.content(content.sha256, Provkg.OutputContent, content.size)
        if quads.first(f"{held} {content.media_type}"):
            quads.known(held, Provkg.mediaType, content.media_type)
        scope.holds_content(iri, held)
    scope.made(output.id, execution.order)


def _error(scope: Scope, execution: CellExecution, iri: str) -> None:
    if execution.error is None:
        return
    shown = [output.id for output in execution.outputs if output.kind is OutputKind.ERROR]
    if shown:
        _describe_error(scope, scope.thing(shown[-1]), execution.error)
        return
    error = f"{iri}/error"
    scope.quads.types(error, Prov.Entity, Provkg.Output, Provkg.ErrorOutput)
    scope.quads.text(error, Provkg.outputKind, OutputKind.ERROR.value)
    scope.quads.link(error, Prov.wasGeneratedBy, iri)
    scope.quads.link(error, Provkg.generatedIn, iri)
    _describe_error(scope, error, execution.error)


def run_error(scope: Scope) -> None:
    """The error that ended the run, where it is not that of an execution."""
    finished = scope.run.finished
    if finished is None or finished.error is None:
        return
    if any(execution.error == finished.error for execution in scope.run.executions):
        return
    iri = f"{scope.iri}/error"
    scope.quads.types(iri, Prov.Entity, Provkg.Output, Provkg.ErrorOutput)
    scope.quads.text(iri, Provkg.outputKind, OutputKind.ERROR.value)
    scope.quads.link(iri, Prov.wasGeneratedBy, scope.iri)
    _describe_error(scope, iri, finished.error)


def _describe_error(scope: Scope, iri: str, error: Error) -> None:
    quads = scope.quads
    quads.text(iri, Provkg.errorName, error.name)
    quads.known(iri, Provkg.errorMessage, error.message)
    quads.known(iri, Provkg.errorTraceback, error.traceback)
    quads.integer(iri, Provkg.sourceLine, error.line)


def documents(scope: Scope) -> None:
    """The states of the document that were seen, each once; the last one is the one the run left.

    A cell that stays as it was from one state to the next is the same document cell in both.
    """
    last, rank, iri = None, 0, ""
    cells: dict[DocumentCell, str] = {}
    for seen in scope.run.documents:
        if seen.document != last:
            last, rank = seen.document, rank + 1
            iri = scope.names.document_state(scope.run.id, rank)
            cells = _document(scope, seen, iri, rank, cells)
    if iri:
        scope.quads.link(scope.iri, Provkg.lastDocument, iri)


def _document(
    scope: Scope, seen: DocumentSeen, iri: str, rank: int, before: dict[DocumentCell, str]
) -> dict[DocumentCell, str]:
    """Describe a state; returns its cells, given those of the state before."""
    quads, document = scope.quads, seen.document
    quads.types(iri, Prov.Entity, Provkg.DocumentState)
    quads.time(iri, Provkg.seenAt, seen.at)
    if scope.document:
        quads.link(iri, Provkg.versionOf, scope.document)
    if document.sha256:
        scope.holds_content(iri, scope.content(document.sha256, Provkg.NotebookVersion))
    cells = {}
    for cell in document.cells:
        place = before.get(cell, "")
        if not place:
            place = scope.names.document_cell(scope.run.id, rank, cell.index)
            _document_cell(scope, cell, place)
        quads.link(iri, Provkg.hasCell, place)
        cells[cell] = place
    return cells


def _document_cell(scope: Scope, cell: DocumentCell, iri: str) -> None:
    quads = scope.quads
    quads.types(iri, Prov.Entity, Provkg.DocumentCell)
    quads.integer(iri, Provkg.cellIndex, cell.index)
    quads.known(iri, Provkg.cellType, cell.type)
    if cell.id:
        quads.link(iri, Provkg.versionOf, _cell(scope, cell.id))
    if cell.sha256:
        scope.holds_content(iri, scope.content(cell.sha256, Provkg.CellSource))
