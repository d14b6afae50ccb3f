"""The events that tell a run, their JSON form, and the run they fold into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from provkg.records.circumstances import Agent, Commit, Environment, Finding, Notice, Package
from provkg.records.code import CellExecution, CellPlace, Code, Document
from provkg.records.data import Error, File, Value
from provkg.records.kinds import Evidence, Record, RunKind, Status
from provkg.records.learning import Activity, Link, Seed, Setting

__all__ = [
    "SCHEMA",
    "Annotated",
    "CellFinished",
    "CellStarted",
    "CellsPlaced",
    "DocumentSeen",
    "EnvironmentSeen",
    "Event",
    "FindingsMade",
    "ParametersSeen",
    "Run",
    "RunFinished",
    "RunStarted",
    "StepsSeen",
    "decode_event",
    "encode_event",
    "fold",
]


SCHEMA = 1
"""The schema version that this module writes."""


class RunStarted(Record, frozen=True, tag=f"run-started/{SCHEMA}", tag_field="event"):
    """A run begins. ``parameters`` are those the user gave on the command line.

    Of an imported run, ``imported_at`` says when its record was taken over; ``started_at`` is None where
    that record does not tell. ``origin`` is the tool that made it (``MLProvLab``), ``client`` what its user
    worked with, as that called itself (a browser's user agent), and ``source_sha256`` the digest of the file
    that held it.
    """

    run: str
    kind: RunKind
    started_at: datetime | None = None
    recorder: str = ""
    """The provkg version that records (``provkg 0.1.0``)."""
    code: Code | None = None
    agent: Agent | None = None
    commit: Commit | None = None
    command: tuple[str, ...] = ()
    folder: str = ""
    """The working folder, absolute."""
    parameters: tuple[Setting, ...] = ()
    name: str = ""
    """What the user calls the run."""
    imported_at: datetime | None = None
    origin: str = ""
    client: str = ""
    source_sha256: str = ""


class ParametersSeen(Record, frozen=True, tag=f"parameters-seen/{SCHEMA}", tag_field="event"):
    """The parameters as the code itself read them from its command line; they count more than the text."""

    parameters: tuple[Setting, ...]


class EnvironmentSeen(Record, frozen=True, tag=f"environment-seen/{SCHEMA}", tag_field="event"):
    """The environment as the process that runs the code sees it; packages imported later come with cells."""

    environment: Environment


class DocumentSeen(Record, frozen=True, tag=f"document-seen/{SCHEMA}", tag_field="event"):
    """The document as it stood at ``at``; the last one of a run is the document it left behind.

    ``path`` is where it was then, if it was renamed since the run began.
    """

    at: datetime
    document: Document
    path: str = ""


class CellStarted(Record, frozen=True, tag=f"cell-started/{SCHEMA}", tag_field="event"):
    """An execution begins; without a `CellFinished` of the same order it was cut short."""

    execution: CellExecution


class StepsSeen(Record, frozen=True, tag=f"steps-seen/{SCHEMA}", tag_field="event"):
    """What an execution that is still at work has done since this was last told.

    It counts until the `CellFinished` of the same order, which tells everything again and more. A training
    that has only begun is interrupted here, and told again when it has ended; a file that is still being
    written has no digest.
    """

    order: int
    at: datetime
    values: tuple[Value, ...] = ()
    files: tuple[File, ...] = ()
    activities: tuple[Activity, ...] = ()
    links: tuple[Link, ...] = ()
    seeds: tuple[Seed, ...] = ()
    packages: tuple[Package, ...] = ()


class CellFinished(Record, frozen=True, tag=f"cell-finished/{SCHEMA}", tag_field="event"):
    """An execution ended, with all that was seen in it."""

    execution: CellExecution


class CellsPlaced(Record, frozen=True, tag=f"cells-placed/{SCHEMA}", tag_field="event"):
    """Which cells of the document executions were of, where only their equal texts tell."""

    cells: tuple[CellPlace, ...]


class FindingsMade(Record, frozen=True, tag=f"findings-made/{SCHEMA}", tag_field="event"):
    """The record was looked at as a whole; where a run has more than one, the last one counts.

    ``notices`` say what could not be made out of it.
    """

    findings: tuple[Finding, ...] = ()
    notices: tuple[Notice, ...] = ()


class Annotated(Record, frozen=True, tag=f"annotated/{SCHEMA}", tag_field="event"):
    """Somebody said something of a run, or of a thing in it, that no recorder can see, such as a licence.

    ``about`` is a short identifier in the run, ``sha256:`` with the digest of a content, ``document``, or
    empty for the run itself. A key can have several values; an empty value takes back those there are.
    """

    key: str
    value: str
    at: datetime
    about: str = ""
    agent: Agent | None = None


class RunFinished(Record, frozen=True, tag=f"run-finished/{SCHEMA}", tag_field="event"):
    """A run ended. Where a run has more than one, the last one counts."""

    ended_at: datetime
    status: Status
    error: Error | None = None
    order: int = 0
    """The execution that failed, or 0."""
    notices: tuple[Notice, ...] = ()


Event: TypeAlias = (
    RunStarted
    | ParametersSeen
    | EnvironmentSeen
    | DocumentSeen
    | CellStarted
    | StepsSeen
    | CellFinished
    | CellsPlaced
    | FindingsMade
    | Annotated
    | RunFinished
)


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
    examined: FindingsMade | None = None
    annotations: tuple[Annotated, ...] = ()

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


def fold(events: Iterable[Event]) -> Run | None:  # noqa: C901, PLR0912 (one case for each kind of event)
    """The run that a sequence of events tells of, or None when it has no beginning.

    An execution that began and never ended is `Status.INTERRUPTED`; it holds the steps it was seen to do.
    """
    started: RunStarted | None = None
    environment: Environment | None = None
    finished: RunFinished | None = None
    examined: FindingsMade | None = None
    documents: list[DocumentSeen] = []
    executions: dict[int, CellExecution] = {}
    steps: dict[int, list[StepsSeen]] = {}
    ended: set[int] = set()
    parameters: tuple[Setting, ...] | None = None
    places: dict[int, CellPlace] = {}
    annotations: list[Annotated] = []
    for event in events:
        match event:
            case RunStarted():
                started = started or event
            case ParametersSeen():
                parameters = event.parameters
            case EnvironmentSeen(environment=seen):
                environment = seen
            case DocumentSeen():
                documents.append(event)
            case CellStarted(execution=execution):
                executions.setdefault(
                    execution.order, msgspec.structs.replace(execution, status=Status.INTERRUPTED)
                )
            case StepsSeen():
                steps.setdefault(event.order, []).append(event)
            case CellFinished(execution=execution):
                executions[execution.order] = execution
                ended.add(execution.order)
            case CellsPlaced():
                places |= {place.order: place for place in event.cells}
            case FindingsMade():
                examined = event
            case Annotated():
                annotations.append(event)
            case RunFinished():
                finished = event
    if started is None:
        return None
    if parameters is not None:
        started = msgspec.structs.replace(started, parameters=parameters)
    for order in ended:
        steps.pop(order, None)
    renamed = documents[-1].path if documents else ""
    if renamed and started.code is not None:
        code = msgspec.structs.replace(started.code, path=renamed)
        started = msgspec.structs.replace(started, code=code)
    for order in places.keys() & executions.keys():
        executions[order] = _placed(executions[order], places[order])
    ordered = tuple(_with_steps(executions[order], steps.get(order, ())) for order in sorted(executions))
    return Run(
        started=started,
        executions=ordered,
        documents=tuple(documents),
        finished=finished,
        environment=_environment_at_end(environment, ordered),
        examined=examined,
        annotations=_standing(annotations),
    )


def _standing(annotations: Iterable[Annotated]) -> tuple[Annotated, ...]:
    """Those that were not taken back, each once."""
    standing: dict[tuple[str, str, str], Annotated] = {}
    for one in annotations:
        if one.value:
            standing[one.about, one.key, one.value] = one
        else:
            standing = {name: said for name, said in standing.items() if name[:2] != (one.about, one.key)}
    return tuple(standing.values())


def _placed(execution: CellExecution, place: CellPlace) -> CellExecution:
    return msgspec.structs.replace(
        execution,
        cell_id=place.cell_id,
        index=place.index,
        tags=place.tags or execution.tags,
        cell_evidence=Evidence.INFERRED,
    )


def _with_steps(execution: CellExecution, seen: Sequence[StepsSeen]) -> CellExecution:
    """An execution that never ended, with the steps told of it while it was at work."""
    if not seen:
        return execution
    return msgspec.structs.replace(
        execution,
        values=tuple({value.id: value for steps in seen for value in steps.values}.values()),
        files=tuple({file.id: file for steps in seen for file in steps.files}.values()),
        activities=tuple({each.id: each for steps in seen for each in steps.activities}.values()),
        links=tuple(link for steps in seen for link in steps.links),
        seeds=tuple(seed for steps in seen for seed in steps.seeds),
        packages=tuple(package for steps in seen for package in steps.packages),
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
