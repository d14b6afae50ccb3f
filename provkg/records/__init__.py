"""The data model of a run: frozen, typed records with a versioned JSON form.

No I/O, no RDF, nothing of ours imported. Capture and importers make these records, the journal keeps
them as events, and mapping turns them into quads; they are all that those rooms share.

A run is told as a sequence of events: `RunStarted` (by whoever begins it), `EnvironmentSeen` (by the
process that runs the code), then for each execution a `CellStarted` and a `CellFinished`, with
`StepsSeen` between them when it takes long, `ParametersSeen` when the code reads its command line,
`DocumentSeen` whenever the notebook's text is known, `CellsPlaced` where only texts tell which cells were
executed, and `RunFinished`. `Annotated` can come at any time. `fold` makes a `Run` of them.
An event's tag ends in its schema version (``cell-finished/1``).

Things inside a run are named by short identifiers unique in that run: values ``7.2`` (second state of
object 7), files ``f3``, activities ``a5``, results ``r2``, outputs ``o4``. Cell executions are named
by their rank in the run, from 1.
"""

from __future__ import annotations

from provkg.records.circumstances import Agent, Commit, Environment, Finding, Hardware, Notice, Package
from provkg.records.code import (
    CellExecution,
    CellPlace,
    Code,
    Document,
    DocumentCell,
    Import,
    Read,
    VariableState,
    is_handle,
)
from provkg.records.data import Column, Error, File, Fingerprint, MediaContent, Output, Value
from provkg.records.events import (
    SCHEMA,
    Annotated,
    CellFinished,
    CellsPlaced,
    CellStarted,
    DocumentSeen,
    EnvironmentSeen,
    Event,
    FindingsMade,
    ParametersSeen,
    Run,
    RunFinished,
    RunStarted,
    StepsSeen,
    decode_event,
    encode_event,
    fold,
)
from provkg.records.kinds import (
    ActivityKind,
    CodeKind,
    Digest,
    Evidence,
    FileMode,
    OutputKind,
    Record,
    Role,
    RunKind,
    Scalar,
    SeriesBy,
    SplitRole,
    Status,
    ValueKind,
)
from provkg.records.learning import Activity, ColumnLink, Link, Result, Seed, Setting, Use

__all__ = [
    "SCHEMA",
    "Activity",
    "ActivityKind",
    "Agent",
    "Annotated",
    "CellExecution",
    "CellFinished",
    "CellPlace",
    "CellStarted",
    "CellsPlaced",
    "Code",
    "CodeKind",
    "Column",
    "ColumnLink",
    "Commit",
    "Digest",
    "Document",
    "DocumentCell",
    "DocumentSeen",
    "Environment",
    "EnvironmentSeen",
    "Error",
    "Event",
    "Evidence",
    "File",
    "FileMode",
    "Finding",
    "FindingsMade",
    "Fingerprint",
    "Hardware",
    "Import",
    "Link",
    "MediaContent",
    "Notice",
    "Output",
    "OutputKind",
    "Package",
    "ParametersSeen",
    "Read",
    "Record",
    "Result",
    "Role",
    "Run",
    "RunFinished",
    "RunKind",
    "RunStarted",
    "Scalar",
    "Seed",
    "SeriesBy",
    "Setting",
    "SplitRole",
    "Status",
    "StepsSeen",
    "Use",
    "Value",
    "ValueKind",
    "VariableState",
    "decode_event",
    "encode_event",
    "fold",
    "is_handle",
]
