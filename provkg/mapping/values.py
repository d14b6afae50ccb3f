"""Values in memory and files: what they are, and which content they have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from provkg.identity import digest
from provkg.mapping.prov import EVIDENCE
from provkg.records import Digest, Evidence, FileMode, SplitRole, ValueKind
from provkg.terms import Prov, Provkg, Rdfs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provkg.mapping.scope import Scope
    from provkg.records import Column, File, Value

__all__ = ["SPLITS", "table_schema", "things"]

SPLITS = {
    SplitRole.TRAINING: Provkg.TrainingSplit,
    SplitRole.VALIDATION: Provkg.ValidationSplit,
    SplitRole.TEST: Provkg.TestSplit,
}
_FILES = {
    FileMode.READ: Provkg.ReadFile,
    FileMode.WRITTEN: Provkg.WrittenFile,
    FileMode.IMPORTED: Provkg.ImportedFile,
}
_KINDS = {
    ValueKind.DATASET: Provkg.Dataset,
    ValueKind.MODEL: Provkg.Model,
    ValueKind.TRANSFORMER: Provkg.Transformer,
    ValueKind.PREDICTION: Provkg.PredictedData,
}


def things(scope: Scope) -> None:
    """All values and files of the run."""
    for execution in scope.run.executions:
        for value in execution.values:
            _value(scope, value)
        for file in execution.files:
            _file(scope, file)
    for name, order in scope.made_in.items():
        if name in scope.values or name in scope.files:
            scope.made(name, order)


def _value(scope: Scope, value: Value) -> None:
    quads, iri = scope.quads, scope.thing(value.id)
    quads.types(iri, Prov.Entity, Provkg.Value, *_classes(scope, value))
    quads.integer(iri, Provkg.objectNumber, value.object)
    quads.integer(iri, Provkg.stateNumber, value.version)
    quads.known(iri, Provkg.pythonType, value.type)
    if value.names:
        # Of several names the first is what a reader calls it by; triples have no order.
        quads.known(iri, Rdfs.label, value.names[0])
    for name in value.names:
        quads.text(iri, Provkg.variableName, name)
    _evidence(scope, iri, value.evidence)
    if value.role is not None:
        quads.link(iri, Provkg.splitRole if _split_off(value) else Provkg.likelySplitRole, SPLITS[value.role])
    quads.integer(iri, Provkg.foldNumber, value.fold)
    if value.fingerprint is not None:
        whole = value.fingerprint.covers is Digest.FULL
        term = Provkg.fingerprint if whole else Provkg.partialFingerprint
        quads.text(iri, term, f"{value.fingerprint.algorithm}:{value.fingerprint.hex}")
    _table(scope, value, iri)


def _classes(scope: Scope, value: Value) -> list[str]:
    classes = [_KINDS[value.kind]] if value.kind in _KINDS else []
    if value.kind is ValueKind.DATASET and (_split_off(value) or scope.is_split(value)):
        classes.append(Provkg.DatasetSplit)
    return classes


def _split_off(value: Value) -> bool:
    """Whether a splitting set the value aside: it was seen, or the code calls a splitter."""
    return value.role is not None and value.role_evidence in (Evidence.OBSERVED, Evidence.DECLARED)


def _table(scope: Scope, value: Value, iri: str) -> None:
    """Shape and columns, as far as they are known."""
    quads = scope.quads
    if value.shape:
        quads.text(iri, Provkg.shape, ",".join(str(length) for length in value.shape))
        quads.integer(iri, Provkg.rowCount, value.shape[0])
    if len(value.shape) == 2:
        quads.integer(iri, Provkg.columnCount, value.shape[1])
    quads.known(iri, Provkg.elementType, value.element_type)
    if not value.columns:
        return
    quads.link(iri, Provkg.hasSchema, table_schema(scope, value.columns))
    missing = [column.missing for column in value.columns if column.missing is not None]
    # A sum over some of the columns would pass for that of all.
    if len(missing) == len(value.columns):
        quads.integer(iri, Provkg.missingCount, sum(missing))


def table_schema(scope: Scope, columns: Sequence[Column]) -> str:
    """Columns in their order, one thing for all tables and groups that have the same."""
    quads, names = scope.quads, scope.names
    iri = names.table_schema(digest([[column.name, column.type] for column in columns]))
    if not quads.first(iri):
        return iri
    quads.types(iri, Provkg.TableSchema)
    quads.text(iri, Provkg.columnList, json.dumps([column.name for column in columns]))
    for column in columns:
        one = names.column(column.name, column.type)
        if quads.first(f"{iri} {one}"):
            quads.link(iri, Provkg.hasColumn, one)
        if quads.first(one):
            quads.types(one, Provkg.Column)
            quads.text(one, Provkg.columnName, column.name)
            quads.known(one, Provkg.columnType, column.type)
    return iri


def _file(scope: Scope, file: File) -> None:
    quads, iri = scope.quads, scope.thing(file.id)
    quads.types(iri, Prov.Entity, Provkg.File, _FILES[file.mode])
    quads.known(iri, Provkg.path, file.path)
    quads.known(iri, Provkg.url, file.url)
    quads.integer(iri, Provkg.byteSize, file.size)
    quads.known(iri, Provkg.mediaType, file.media_type)
    quads.known(iri, Provkg.noDigestReason, file.reason)
    _evidence(scope, iri, file.evidence)
    if file.package:
        quads.link(iri, Provkg.providedBy, scope.package(file.package))
    if file.sha256 and file.covers is Digest.FULL:
        scope.holds_content(iri, scope.content(file.sha256, Provkg.FileVersion, file.size))
    elif file.sha256:
        quads.text(iri, Provkg.partialDigest, file.sha256)
    quads.boolean(iri, Provkg.hasEarlierDigest, file.earlier_digest or None)
    if file.later_sha256:
        later = scope.content(file.later_sha256, Provkg.FileVersion, file.later_size)
        quads.link(iri, Provkg.laterContent, later)


def _evidence(scope: Scope, iri: str, evidence: Evidence) -> None:
    """How it is known that there was such a thing, where that is not by having seen it."""
    if evidence is not Evidence.OBSERVED:
        scope.quads.link(iri, Provkg.evidence, EVIDENCE[evidence])
