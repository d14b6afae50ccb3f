"""A notebook session of a made-up project: names its things, and writes its events.

`generate_runs` says what its cells do.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from provkg.records import (
    Activity,
    ActivityKind,
    Agent,
    CellExecution,
    CellFinished,
    CellStarted,
    Code,
    CodeKind,
    Column,
    Commit,
    Environment,
    Error,
    Event,
    Evidence,
    File,
    FileMode,
    Fingerprint,
    Hardware,
    Import,
    Link,
    MediaContent,
    Output,
    OutputKind,
    Package,
    Read,
    Result,
    Role,
    RunKind,
    RunStarted,
    Scalar,
    Seed,
    Setting,
    SplitRole,
    Status,
    Use,
    Value,
    ValueKind,
    VariableState,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

__all__ = ["PROJECT", "Cell", "Data", "Estimator", "Session", "digest_of"]


class Data(msgspec.Struct, frozen=True):
    """A data set of the project: its columns with their types, one of them the target."""

    file: str
    rows: int
    target: str
    columns: dict[str, str]


class Estimator(msgspec.Struct, frozen=True):
    """An estimator's class, the variable for it, and all its settings with their defaults."""

    implementation: str
    variable: str
    settings: dict[str, Scalar]


class Project(msgspec.Struct, frozen=True):
    """What the runs of a project share. ``tried`` are the values given to a setting."""

    data: tuple[Data, ...]
    estimators: tuple[Estimator, ...]
    tried: dict[str, tuple[Scalar, ...]]
    packages: dict[str, tuple[str, ...]]
    people: tuple[Agent, ...]


PROJECT = msgspec.json.decode(Path(__file__).with_name("project.json").read_bytes(), type=Project)
FIRST_DAY = datetime(2026, 1, 5, 8, tzinfo=UTC)


def digest_of(text: str) -> str:
    """The SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Cell:
    """What is noted down while one cell executes."""

    source: str
    reads: tuple[str, ...] = ()
    imports: tuple[Import, ...] = ()
    packages: tuple[Package, ...] = ()
    defines: list[VariableState] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    seeds: list[Seed] = field(default_factory=list)


class Session:
    """Run `number` of the project. The rank of a thing in the session gives its identifier."""

    def __init__(self, number: int, chance: random.Random) -> None:
        self.number, self.chance = number, chance
        self.id = str(UUID(int=chance.getrandbits(128), version=4))
        self.data = PROJECT.data[number % len(PROJECT.data)]
        self.data_version = number // 100
        self.now = FIRST_DAY + timedelta(minutes=23 * number)
        self.name = f"{self.data.file.removesuffix('.csv')}_{number % 12}.ipynb"
        self.rows = self.data.rows
        self.features = {name: kind for name, kind in self.data.columns.items() if name != self.data.target}
        self.counts: Counter[str] = Counter()
        self.versions: Counter[int] = Counter()
        self.bound: dict[str, Value] = {}
        self.definers: dict[str, int] = {}
        self.scores: dict[str, float] = {}
        self.order = 0

    # --- the parts of a cell --------------------------------------------------------------------

    def value(
        self,
        cell: Cell,
        name: str,
        kind: ValueKind,
        type_name: str,
        *,
        shape: tuple[int, ...] = (),
        columns: tuple[Column, ...] = (),
        role: SplitRole | None = None,
        revision_of: Value | None = None,
    ) -> Value:
        """A new object bound to a name, or the next state of one that exists."""
        if revision_of is None:
            self.counts["object"] += 1
        number = revision_of.object if revision_of else self.counts["object"]
        self.versions[number] += 1
        made = Value(
            id=f"{number}.{self.versions[number]}",
            object=number,
            version=self.versions[number],
            kind=kind,
            type=type_name,
            names=(name,),
            shape=shape,
            columns=columns,
            fingerprint=Fingerprint(algorithm="xxh3-frame", hex=digest_of(f"{self.id}{number}")[:32])
            if shape
            else None,
            role=role,
            revision_of=revision_of.id if revision_of else "",
        )
        cell.values.append(made)
        cell.defines = [state for state in cell.defines if state.name != name]
        cell.defines.append(VariableState(name=name, type=type_name, value=made.id))
        self.bound[name] = made
        return made

    def frame(
        self,
        cell: Cell,
        name: str,
        rows: int,
        columns: dict[str, str],
        *,
        role: SplitRole | None = None,
        kind: ValueKind = ValueKind.DATASET,
    ) -> Value:
        """A new table or series."""
        return self.value(
            cell,
            name,
            kind,
            "pandas.DataFrame" if columns else "pandas.Series",
            shape=(rows, len(columns)) if columns else (rows,),
            columns=tuple(
                Column(name=column, type=kind_of, missing=0) for column, kind_of in columns.items()
            ),
            role=role,
        )

    def file(self, cell: Cell, path: str, mode: FileMode, size: int, content: str) -> File:
        """A file, read or written."""
        self.counts["f"] += 1
        made = File(
            id=f"f{self.counts['f']}",
            path=f"/home/ada/project/{path}",
            mode=mode,
            sha256=digest_of(f"{path} {content}"),
            size=size,
            media_type="text/csv" if path.endswith(".csv") else "application/octet-stream",
        )
        cell.files.append(made)
        return made

    def activity(
        self,
        cell: Cell,
        kind: ActivityKind,
        function: str,
        package: str,
        *,
        used: list[Use],
        generated: Sequence[Value] = (),
        settings: dict[str, Scalar] | None = None,
        defaults: dict[str, Scalar] | None = None,
        implementation: str = "",
        results: tuple[Result, ...] = (),
        files: Sequence[File] = (),
    ) -> None:
        """A step of machine learning, and the links it makes."""
        self.counts["a"] += 1
        settings = settings or {}
        cell.activities.append(
            Activity(
                id=f"a{self.counts['a']}",
                kind=kind,
                function=function,
                started_at=self.now + timedelta(milliseconds=len(cell.activities)),
                duration=round(self.chance.uniform(0.001, 0.9), 6),
                implementation=implementation,
                package=package,
                used=tuple(used),
                generated=(*(value.id for value in generated), *(file.id for file in files)),
                settings=tuple(
                    Setting(
                        name=name,
                        value=value,
                        type=type(value).__name__,
                        explicit=None if defaults is None else value != defaults[name],
                    )
                    for name, value in settings.items()
                ),
                results=results,
                line=len(cell.activities) + 1,
            )
        )
        sources = [use.entity for use in used if use.role in (Role.DATA, Role.FILE, Role.MODEL)]
        cell.links += [
            Link(target=value.id, source=source, evidence=Evidence.OBSERVED, operation=function)
            for value in generated
            for source in sources
        ]

    def output(self, cell: Cell, kind: OutputKind, media_type: str, text: str) -> None:
        """Something shown below the cell; of an image only the digest."""
        self.counts["o"] += 1
        content = MediaContent(media_type=media_type, sha256=digest_of(text), size=len(text))
        shown = "" if media_type.startswith("image/") else text
        cell.outputs.append(Output(id=f"o{self.counts['o']}", kind=kind, contents=(content,), text=shown))

    # --- the events -----------------------------------------------------------------------------

    def version(self, package: str) -> str:
        """The version of a package that was installed at that time."""
        versions = PROJECT.packages[package]
        return versions[min(len(versions) - 1, self.number // 400)]

    def environment(self) -> Environment:
        """The environment as the kernel sees it when it starts."""
        return Environment(
            python="3.11.7",
            platform="Linux-6.8-x86_64",
            kernel=f"ipykernel {self.version('ipykernel')}",
            packages=tuple(
                Package(name=name, version=self.version(name)) for name in ("ipykernel", "ipython", "numpy")
            ),
            hardware=Hardware(machine="x86_64", processor="Example 8-core", cores=8, memory=34_359_738_368),
        )

    def started(self, sources: list[str]) -> RunStarted:
        """The first event."""
        path = f"/home/ada/project/{self.name}"
        return RunStarted(
            run=self.id,
            kind=RunKind.NOTEBOOK,
            started_at=self.now,
            recorder="provkg 0.1.0",
            code=Code(
                path=path,
                kind=CodeKind.NOTEBOOK,
                sha256=digest_of("".join(sources)),
                size=sum(map(len, sources)),
                title=self.data.file.removesuffix(".csv").title(),
                notebook_id=digest_of(self.name)[:16],
            ),
            agent=PROJECT.people[self.number % len(PROJECT.people)],
            commit=Commit(
                hash=digest_of(f"commit {self.number // 5}")[:40], branch="main", dirty=self.number % 3 == 0
            ),
            command=("provkg", "run", self.name),
            folder="/home/ada/project",
        )

    def finished(self, cell: Cell, index: int, error: Error | None = None) -> list[Event]:
        """The two events of one execution."""
        self.order += 1
        begun = CellExecution(
            order=self.order,
            source=cell.source,
            sha256=digest_of(cell.source),
            started_at=self.now,
            cell_id=f"c{index}",
            index=index,
            execution_count=self.order,
        )
        self.now += timedelta(seconds=self.chance.uniform(0.05, 4))
        reads = tuple(Read(name=name, definer=self.definers.get(name, 0)) for name in cell.reads)
        for state in cell.defines:
            self.definers[state.name] = self.order
        ended = CellExecution(
            order=self.order,
            source=begun.source,
            sha256=begun.sha256,
            started_at=begun.started_at,
            ended_at=self.now,
            cell_id=begun.cell_id,
            index=index,
            execution_count=self.order,
            status=Status.FAILED if error else Status.SUCCEEDED,
            error=error,
            defines=tuple(cell.defines),
            reads=reads,
            imports=cell.imports,
            packages=cell.packages,
            values=tuple(cell.values),
            files=tuple(cell.files),
            read_files=tuple(file.id for file in cell.files if file.mode is FileMode.READ),
            written_files=tuple(file.id for file in cell.files if file.mode is FileMode.WRITTEN),
            activities=tuple(cell.activities),
            links=tuple(cell.links),
            outputs=tuple(cell.outputs),
            seeds=tuple(cell.seeds),
            cpu=round(self.chance.uniform(0.01, 3), 4),
            overhead=round(self.chance.uniform(0.001, 0.01), 5),
        )
        return [CellStarted(execution=begun), CellFinished(execution=ended)]
