"""The data model of a run: frozen, typed records with a versioned JSON form.

No I/O, no RDF, nothing of ours imported. Capture and importers make these records, the journal keeps
them as events, and mapping turns them into quads; they are all that those rooms share.

A run is told as a sequence of events: `RunStarted` (by whoever begins it), `EnvironmentSeen` (by the
process that runs the code), then for each execution a `CellStarted` and a `CellFinished`,
`DocumentSeen` whenever the notebook's text is known, and `RunFinished`. `fold` makes a `Run` of them.
An event's tag ends in its schema version (``cell-finished/1``).

Things inside a run are named by short identifiers unique in that run: values ``7.2`` (second state of
object 7), files ``f3``, activities ``a5``, results ``r2``, outputs ``o4``. Cell executions are named
by their rank in the run, from 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

import msgspec

__all__ = [
    "SCHEMA",
    "Activity",
    "ActivityKind",
    "Agent",
    "CellExecution",
    "CellFinished",
    "CellStarted",
    "Code",
    "CodeKind",
    "Column",
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
    "Fingerprint",
    "Hardware",
    "Import",
    "Link",
    "MediaContent",
    "Notice",
    "Output",
    "OutputKind",
    "Package",
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
    "Setting",
    "SplitRole",
    "Status",
    "Use",
    "Value",
    "ValueKind",
    "VariableState",
    "decode_event",
    "encode_event",
    "fold",
]

SCHEMA = 1
"""The schema version that this module writes."""

Scalar: TypeAlias = str | int | float | bool | None


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all records share: frozen, keyword-only, defaults left out of the JSON form.

    Each repeats ``frozen=True`` for type checkers, which do not inherit it (PEP 681).
    """


class Evidence(StrEnum):
    """How a link is known."""

    OBSERVED = "observed"
    """Seen at run time: by object identity, content fingerprint or an operating-system event."""
    DECLARED = "declared"
    """A knowledge base says that this call does so."""
    INFERRED = "inferred"
    """From the source text alone."""
    IMPORTED = "imported"
    """Taken from another tool's record."""


class Status(StrEnum):
    """How an execution or a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """Stopped from outside: by the user, a time limit, or the death of the process."""


class RunKind(StrEnum):
    """What was run."""

    NOTEBOOK = "notebook"
    SCRIPT = "script"
    IMPORTED = "imported"


class CodeKind(StrEnum):
    """What kind of document holds the code."""

    NOTEBOOK = "notebook"
    SCRIPT = "script"


class ActivityKind(StrEnum):
    """The recognised steps of machine learning."""

    LOADING = "data loading"
    PREPROCESSING = "preprocessing"
    SPLITTING = "splitting"
    TRAINING = "training"
    TUNING = "tuning"
    EVALUATION = "evaluation"
    PREDICTION = "prediction"
    SAVING = "saving"


class ValueKind(StrEnum):
    """What a value is to an experiment."""

    DATASET = "data set"
    MODEL = "model"
    TRANSFORMER = "transformer"
    """A fitted or unfitted preprocessor: it transforms data and predicts nothing."""
    PREDICTION = "prediction"
    OTHER = "other"


class SplitRole(StrEnum):
    """What a part of a data set is set aside for."""

    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"


class Role(StrEnum):
    """The part a used thing plays in an activity."""

    DATA = "data"
    """Features or a whole table."""
    TARGET = "target"
    """Labels or target values given to a training or tuning."""
    MODEL = "model"
    TRUTH = "truth"
    """The true values a metric compares with."""
    PREDICTION = "prediction"
    """The predicted values a metric judges."""
    FILE = "file"
    INPUT = "input"
    """Anything else."""


class FileMode(StrEnum):
    """What was done to a file."""

    READ = "read"
    WRITTEN = "written"


class OutputKind(StrEnum):
    """How an output came to be shown."""

    STDOUT = "stdout"
    STDERR = "stderr"
    DISPLAY = "display"
    RESULT = "result"
    ERROR = "error"


class Digest(StrEnum):
    """How much of a content a digest covers."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"
    """No digest was taken: the content was too large, gone, or unreadable."""


# --- data -------------------------------------------------------------------------------------------


class Column(Record, frozen=True):
    """One column of a table: its name, element type and number of missing values where counted."""

    name: str
    type: str
    missing: int | None = None


class Fingerprint(Record, frozen=True):
    """A digest of a value's content in memory.

    ``algorithm`` names the canonical form too (``xxh3-frame``); two fingerprints compare only when
    their algorithms are equal. ``covers`` is partial when a size limit cut it short.
    """

    algorithm: str
    hex: str
    covers: Digest = Digest.FULL


class Value(Record, frozen=True):
    """One state of a program object that matters: a data set, a model, a prediction.

    ``object`` numbers the object in the run and ``version`` its states from 1; changing the object in
    place makes the next version, which names the one before in ``revision_of``. ``type`` is the
    qualified Python class; ``names`` are the variables bound to it when it was recorded; ``shape`` is
    in rows first. ``role`` says which part of a split it is, where a split made it.
    """

    id: str
    object: int
    version: int
    kind: ValueKind
    type: str
    names: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    columns: tuple[Column, ...] = ()
    fingerprint: Fingerprint | None = None
    role: SplitRole | None = None
    revision_of: str = ""


class File(Record, frozen=True):
    """A file at one path, as it was read or written: an occurrence of the content ``sha256`` names.

    ``path`` is absolute. ``size`` is in bytes. ``sha256`` is lower-case hexadecimal, and empty when
    ``covers`` is ``none``. ``package`` names the distribution (``scikit-learn``) that ships the file.
    """

    id: str
    path: str
    mode: FileMode
    sha256: str = ""
    size: int | None = None
    covers: Digest = Digest.FULL
    media_type: str = ""
    package: str = ""
    reason: str = ""
    """Why there is no digest."""


class MediaContent(Record, frozen=True):
    """One representation of an output: media type, digest and size in bytes of its content."""

    media_type: str
    sha256: str
    size: int
    kept: bool = True
    """Whether the content is in the object folder."""


class Error(Record, frozen=True):
    """An exception: class name, message, traceback without colour, and the cell's line from 1."""

    name: str
    message: str
    traceback: str = ""
    line: int | None = None


class Output(Record, frozen=True):
    """Something a cell execution printed or displayed; ``text`` holds its plain text, cut to a limit."""

    id: str
    kind: OutputKind
    contents: tuple[MediaContent, ...] = ()
    text: str = ""
    truncated: bool = False


# --- machine learning -------------------------------------------------------------------------------


class Setting(Record, frozen=True):
    """One setting of an activity.

    ``value`` is a JSON scalar; anything else stands there as text, with its Python class in ``type``.
    ``explicit`` tells whether it differs from the default; None when the default is not known.
    """

    name: str
    value: Scalar
    type: str
    explicit: bool | None = None


class Seed(Record, frozen=True):
    """A random generator that was seeded (``numpy.random``), or left unseeded when ``value`` is None."""

    generator: str
    value: Scalar
    line: int | None = None


class Use(Record, frozen=True):
    """That an activity used a thing of the run, in which role, and how this is known.

    ``argument`` is the parameter's name in the call, where there was one.
    """

    entity: str
    role: Role
    evidence: Evidence = Evidence.OBSERVED
    argument: str = ""


class Result(Record, frozen=True):
    """A measured number.

    ``value`` is None when the number is not finite; ``text`` is its exact Python text. ``series`` holds
    values by step or fold. ``model`` and ``data`` name values of the run; ``role`` says which split
    ``data`` is, where known. ``evidence`` tells how model and data are known.
    """

    id: str
    metric: str
    value: float | int | None
    text: str = ""
    series: tuple[float | None, ...] = ()
    model: str = ""
    data: tuple[str, ...] = ()
    role: SplitRole | None = None
    evidence: Evidence = Evidence.OBSERVED


class Activity(Record, frozen=True):
    """One recognised step of machine learning.

    ``function`` is the qualified name of what was called, ``implementation`` the qualified class of the
    estimator at work. ``duration`` is in seconds of wall time. ``fits`` counts trainings nested inside
    (cross-validation, search). ``line`` is the cell's line from 1.
    """

    id: str
    kind: ActivityKind
    function: str
    started_at: datetime
    duration: float = 0.0
    implementation: str = ""
    package: str = ""
    """Distribution that provides the function or class (``scikit-learn``)."""
    used: tuple[Use, ...] = ()
    generated: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    results: tuple[Result, ...] = ()
    parent: str = ""
    fits: int = 0
    unseeded: bool = False
    """Whether it drew random numbers from an estimator or splitter without a seed of its own."""
    status: Status = Status.SUCCEEDED
    evidence: Evidence = Evidence.OBSERVED
    line: int | None = None


class Link(Record, frozen=True):
    """That ``target`` was derived from ``source``, how this is known, and by which operation."""

    target: str
    source: str
    evidence: Evidence
    operation: str = ""


# --- code -------------------------------------------------------------------------------------------


class VariableState(Record, frozen=True):
    """A variable that an execution bound or changed, and the value it then held, where followed."""

    name: str
    type: str
    value: str = ""
    text: str = ""
    """Short text of a plain number, string or truth value."""
    evidence: Evidence = Evidence.OBSERVED


class Read(Record, frozen=True):
    """A variable that an execution read, how often its text names it, and which execution set it.

    ``definer`` is 0 when no recorded execution set the variable.
    """

    name: str
    count: int = 1
    definer: int = 0


class Import(Record, frozen=True):
    """An imported module or name: ``from sklearn import svm as s`` has module ``sklearn``, name ``svm``,
    alias ``s``. ``package`` is the distribution and empty for the standard library.
    """

    module: str
    name: str = ""
    alias: str = ""
    package: str = ""
    stdlib: bool = False


class DocumentCell(Record, frozen=True):
    """A cell of the document: nbformat id, position from 0, cell type, digest of its source."""

    id: str
    index: int
    type: str
    sha256: str


class Document(Record, frozen=True):
    """The notebook's cells in document order at one time."""

    cells: tuple[DocumentCell, ...] = ()
    sha256: str = ""


class Code(Record, frozen=True):
    """The document that holds the code: absolute path, digest of the file as it was run, its kind.

    ``notebook_id`` identifies the notebook across changes where its metadata carries one.
    """

    path: str
    kind: CodeKind
    sha256: str = ""
    size: int | None = None
    title: str = ""
    notebook_id: str = ""


class CellExecution(Record, frozen=True):
    """One execution of one cell version, with everything that was seen in it.

    ``order`` is its rank in the run from 1; ``execution_count`` is the kernel's own count; ``index`` is
    the cell's position in the document from 0, where known. ``cpu`` is in seconds of processor time of
    the kernel, ``overhead`` the part of it that capture itself took around the cell.
    """

    order: int
    source: str
    sha256: str
    started_at: datetime
    ended_at: datetime | None = None
    cell_id: str = ""
    index: int | None = None
    execution_count: int | None = None
    status: Status = Status.SUCCEEDED
    error: Error | None = None
    tags: tuple[str, ...] = ()
    defines: tuple[VariableState, ...] = ()
    deletes: tuple[str, ...] = ()
    reads: tuple[Read, ...] = ()
    imports: tuple[Import, ...] = ()
    packages: tuple[Package, ...] = ()
    """Packages first imported here."""
    values: tuple[Value, ...] = ()
    files: tuple[File, ...] = ()
    """File states first seen here."""
    read_files: tuple[str, ...] = ()
    written_files: tuple[str, ...] = ()
    """Identifiers of all file states that were read and written here, by an activity or not."""
    activities: tuple[Activity, ...] = ()
    links: tuple[Link, ...] = ()
    outputs: tuple[Output, ...] = ()
    seeds: tuple[Seed, ...] = ()
    notices: tuple[Notice, ...] = ()
    cpu: float | None = None
    overhead: float | None = None


# --- circumstances ----------------------------------------------------------------------------------


class Package(Record, frozen=True):
    """An installed distribution, by its published name, and the top-level modules that were imported."""

    name: str
    version: str
    modules: tuple[str, ...] = ()


class Hardware(Record, frozen=True):
    """A machine: architecture, processor, logical cores, memory in bytes, accelerators by name."""

    machine: str = ""
    processor: str = ""
    cores: int | None = None
    memory: int | None = None
    accelerators: tuple[str, ...] = ()


class Commit(Record, frozen=True):
    """A commit of the repository that holds the code.

    ``dirty`` is True when tracked files had changes that were not committed. ``repository`` is the
    origin's URL without credentials.
    """

    hash: str
    branch: str = ""
    dirty: bool | None = None
    repository: str = ""


class Environment(Record, frozen=True):
    """The software and hardware a run took place in."""

    python: str
    implementation: str = "CPython"
    platform: str = ""
    kernel: str = ""
    """Name and version of the kernel implementation (``ipykernel 7.4.0``)."""
    packages: tuple[Package, ...] = ()
    hardware: Hardware = Hardware()


class Agent(Record, frozen=True):
    """A person: login name, full name and ORCID where known."""

    user: str
    name: str = ""
    orcid: str = ""


class Notice(Record, frozen=True):
    """Something capture could not do: where, what, and how often in this execution."""

    where: str
    message: str
    count: int = 1


# --- events -----------------------------------------------------------------------------------------


class RunStarted(Record, frozen=True, tag=f"run-started/{SCHEMA}", tag_field="event"):
    """A run begins. ``parameters`` are those the user gave on the command line."""

    run: str
    kind: RunKind
    started_at: datetime
    recorder: str
    """The provkg version that records (``provkg 0.1.0``)."""
    code: Code | None = None
    agent: Agent | None = None
    commit: Commit | None = None
    command: tuple[str, ...] = ()
    folder: str = ""
    """The working folder, absolute."""
    parameters: tuple[Setting, ...] = ()


class EnvironmentSeen(Record, frozen=True, tag=f"environment-seen/{SCHEMA}", tag_field="event"):
    """The environment as the process that runs the code sees it; packages imported later come with cells."""

    environment: Environment


class DocumentSeen(Record, frozen=True, tag=f"document-seen/{SCHEMA}", tag_field="event"):
    """The document as it stood at ``at``; the last one of a run is the document it left behind."""

    at: datetime
    document: Document


class CellStarted(Record, frozen=True, tag=f"cell-started/{SCHEMA}", tag_field="event"):
    """An execution begins; without a `CellFinished` of the same order it was cut short."""

    execution: CellExecution


class CellFinished(Record, frozen=True, tag=f"cell-finished/{SCHEMA}", tag_field="event"):
    """An execution ended, with all that was seen in it."""

    execution: CellExecution


class RunFinished(Record, frozen=True, tag=f"run-finished/{SCHEMA}", tag_field="event"):
    """A run ended. Where a run has more than one, the last one counts."""

    ended_at: datetime
    status: Status
    error: Error | None = None
    order: int = 0
    """The execution that failed, or 0."""
    notices: tuple[Notice, ...] = ()


Event: TypeAlias = RunStarted | EnvironmentSeen | DocumentSeen | CellStarted | CellFinished | RunFinished


class Run(Record, frozen=True):
    """A run as its events tell it.

    ``status`` is None while it is not known to have ended. ``document`` is the last one seen.
    ``environment`` holds all packages that were imported by the end.
    """

    started: RunStarted
    executions: tuple[CellExecution, ...] = ()
    documents: tuple[DocumentSeen, ...] = ()
    finished: RunFinished | None = None
    environment: Environment | None = None

    @property
    def id(self) -> str:
        """The run's UUID."""
        return self.started.run

    @property
    def status(self) -> Status | None:
        """How the run ended; None while that is not known."""
        return self.finished.status if self.finished else None

    @property
    def document(self) -> Document | None:
        """The document as the run left it, where seen."""
        return self.documents[-1].document if self.documents else None


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode_event(event: Event) -> bytes:
    r"""One event as one line of JSON, without the line feed.

    >>> from datetime import datetime, timezone
    >>> end = RunFinished(ended_at=datetime(2026, 1, 2, tzinfo=timezone.utc), status=Status.SUCCEEDED)
    >>> encode_event(end)
    b'{"event":"run-finished/1","ended_at":"2026-01-02T00:00:00Z","status":"succeeded"}'
    >>> decode_event(encode_event(end)) == end
    True

    What UTF-8 cannot hold, such as a byte of a file name in another encoding, is written as ``\\udce9``.
    """
    try:
        return _encoder.encode(event)
    except UnicodeEncodeError:
        return _encoder.encode(_encodable(msgspec.to_builtins(event)))


def _encodable(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case list() | tuple():
            return [_encodable(item) for item in value]
        case dict():
            return {_encodable(key): _encodable(item) for key, item in value.items()}
        case _:
            return value


def decode_event(line: bytes) -> Event:
    """The event that one line of JSON holds.

    Raises:
        msgspec.MsgspecError: the line is not JSON, or not an event this version knows.
    """
    return _decoder.decode(line)


def fold(events: Iterable[Event]) -> Run | None:
    """The run that a sequence of events tells of, or None when it has no beginning.

    An execution that began and never ended is `Status.INTERRUPTED`.
    """
    started: RunStarted | None = None
    environment: Environment | None = None
    finished: RunFinished | None = None
    documents: list[DocumentSeen] = []
    executions: dict[int, CellExecution] = {}
    for event in events:
        match event:
            case RunStarted():
                started = started or event
            case EnvironmentSeen(environment=seen):
                environment = seen
            case DocumentSeen():
                documents.append(event)
            case CellStarted(execution=execution):
                executions.setdefault(
                    execution.order, msgspec.structs.replace(execution, status=Status.INTERRUPTED)
                )
            case CellFinished(execution=execution):
                executions[execution.order] = execution
            case RunFinished():
                finished = event
    if started is None:
        return None
    ordered = tuple(executions[order] for order in sorted(executions))
    return Run(
        started=started,
        executions=ordered,
        documents=tuple(documents),
        finished=finished,
        environment=_environment_at_end(environment, ordered),
    )


def _environment_at_end(
    environment: Environment | None, executions: Sequence[CellExecution]
) -> Environment | None:
    if environment is None:
        return None
    packages = {package.name: package for package in environment.packages}
    for execution in executions:
        for package in execution.packages:
            known = packages.get(package.name, package)
            modules = tuple(sorted({*known.modules, *package.modules}))
            packages[package.name] = msgspec.structs.replace(known, modules=modules)
    return msgspec.structs.replace(environment, packages=tuple(packages[name] for name in sorted(packages)))
