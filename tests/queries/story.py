"""Tells a made-up notebook session as the events of its record, so that its answers are known by heart."""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from provkg.records import (
    Activity,
    ActivityKind,
    Agent,
    Annotated,
    CellExecution,
    CellFinished,
    Code,
    CodeKind,
    Column,
    ColumnLink,
    Commit,
    Document,
    DocumentCell,
    DocumentSeen,
    Environment,
    EnvironmentSeen,
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
    RunFinished,
    RunKind,
    RunStarted,
    Scalar,
    Seed,
    SeriesBy,
    Setting,
    SplitRole,
    Status,
    Use,
    Value,
    ValueKind,
    VariableState,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDER = "/home/ada/project"


def sha(text: str) -> str:
    """The digest that stands for a content in these stories."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Cell:
    """One execution, while it is told."""

    story: Story
    id: str
    index: int | None
    source: str
    parts: dict[str, list[Any]] = field(default_factory=dict)
    error: Error | None = None

    def add(self, part: str, thing: Any) -> None:
        self.parts.setdefault(part, []).append(thing)

    def reads(self, *names: str) -> None:
        for name, count in Counter(names).items():
            self.add("reads", Read(name=name, count=count, definer=self.story.definers.get(name, 0)))

    def defines(self, name: str, type_: str, *, value: str = "", text: str = "") -> None:
        kept = [state for state in self.parts.get("defines", []) if state.name != name]
        self.parts["defines"] = [*kept, VariableState(name=name, type=type_, value=value, text=text)]

    def imports(self, module: str, name: str = "", alias: str = "", package: str = "") -> None:
        made = Import(module=module, name=name, alias=alias, package=package, stdlib=not package)
        self.add("imports", made)
        self.story.definers[alias or name or module.partition(".")[0]] = self.story.order

    def value(
        self,
        name: str,
        kind: ValueKind,
        type_: str,
        rows: int = 0,
        *,
        role: SplitRole | None = None,
        content: str = "",
        after: Value | None = None,
    ) -> Value:
        """A new object bound to a name, or the next state of ``after``. ``content`` stands for its data."""
        made = self.story.next_state(after)
        value = Value(
            id=f"{made[0]}.{made[1]}",
            object=made[0],
            version=made[1],
            kind=kind,
            type=type_,
            names=(name,) if name else (),
            shape=(rows, 3) if rows else (),
            fingerprint=Fingerprint(algorithm="xxh3-frame", hex=sha(content)[:32]) if content else None,
            role=role,
            revision_of=after.id if after else "",
        )
        self.add("values", value)
        if name:
            self.defines(name, type_, value=value.id)
        return value

    def frame(self, name: str, rows: int, *, role: SplitRole | None = None, content: str = "") -> Value:
        content = content or f"{self.story.id} {name} {self.story.order}"
        return self.value(name, ValueKind.DATASET, "pandas.DataFrame", rows, role=role, content=content)

    def file(self, path: str, mode: FileMode, content: str, *, reason: str = "") -> File:
        self.story.counts["f"] += 1
        made = File(
            id=f"f{self.story.counts['f']}",
            path=f"{FOLDER}/{path}",
            mode=mode,
            sha256="" if reason else sha(content),
            size=len(content),
            covers="none" if reason else "full",  # type: ignore[arg-type]
            reason=reason,
        )
        self.add("files", made)
        self.add("read_files" if mode is FileMode.READ else "written_files", made.id)
        return made

    def step(
        self,
        kind: ActivityKind,
        function: str,
        used: Sequence[tuple[Value | File, Role]],
        made: Sequence[Value | File] = (),
        *,
        package: str = "scikit-learn",
        implementation: str = "",
        settings: dict[str, tuple[Scalar, bool | None]] | None = None,
        results: Sequence[Result] = (),
        unseeded: bool = False,
        evidence: Evidence = Evidence.OBSERVED,
    ) -> None:
        """An activity. ``settings`` holds by name the value, and whether the user gave it."""
        self.story.counts["a"] += 1
        self.add(
            "activities",
            Activity(
                id=f"a{self.story.counts['a']}",
                kind=kind,
                function=function,
                started_at=self.story.now + timedelta(milliseconds=10 * self.story.counts["a"]),
                duration=0.25,
                implementation=implementation,
                package=package,
                used=tuple(Use(entity=thing.id, role=role, evidence=evidence) for thing, role in used),
                generated=tuple(thing.id for thing in made),
                settings=tuple(
                    Setting(name=name, value=value, type=type(value).__name__, explicit=explicit)
                    for name, (value, explicit) in (settings or {}).items()
                ),
                results=tuple(results),
                unseeded=unseeded,
                evidence=evidence,
            ),
        )

    def columns(self, value: Value, *names: str) -> None:
        """Say which columns a value of this cell has."""
        columns = tuple(Column(name=name, type="") for name in names)
        values = self.parts["values"]
        self.parts["values"] = [
            msgspec.structs.replace(one, columns=columns) if one.id == value.id else one for one in values
        ]

    def link(
        self, target: Value, source: Value, operation: str, *whole: str, same_columns: bool = False
    ) -> None:
        """``whole`` names the columns of the source that a value without columns came from."""
        self.add(
            "links",
            Link(
                target=target.id,
                source=source.id,
                evidence=Evidence.OBSERVED,
                operation=operation,
                same_columns=same_columns,
                columns=(ColumnLink(target="", sources=whole),) if whole else (),
            ),
        )

    def result(
        self,
        metric: str,
        value: float,
        model: Value,
        *data: Value,
        role: SplitRole | None = None,
        series: tuple[float | None, ...] = (),
    ) -> Result:
        self.story.counts["r"] += 1
        return Result(
            id=f"r{self.story.counts['r']}",
            metric=metric,
            value=value,
            text=repr(value),
            model=model.id,
            data=tuple(one.id for one in data),
            role=role,
            series=series,
            series_by=SeriesBy.EPOCH if series else None,
        )

    def prints(self, text: str) -> None:
        self.output(OutputKind.STDOUT, {"text/plain": text}, text)

    def output(self, kind: OutputKind, contents: dict[str, str], text: str = "") -> None:
        self.story.counts["o"] += 1
        parts = tuple(
            MediaContent(media_type=media_type, sha256=sha(content), size=len(content))
            for media_type, content in contents.items()
        )
        self.add("outputs", Output(id=f"o{self.story.counts['o']}", kind=kind, contents=parts, text=text))

    def seeds(self, generator: str, value: Scalar) -> None:
        self.add("seeds", Seed(generator=generator, value=value, line=1))

    def fails(self, name: str, message: str, line: int) -> None:
        self.error = Error(name=name, message=message, traceback=f"{name}: {message}", line=line)


class Story:
    """A session of one notebook. Each cell takes two seconds, and a minute lies between the cells."""

    def __init__(
        self,
        id_: str,
        notebook: str,
        started_at: datetime,
        *,
        python: str,
        kernel: str,
        packages: dict[str, str],
        text: str,
        agent: Agent | None = None,
        commit: Commit | None = None,
    ) -> None:
        self.id, self.notebook, self.now = id_, notebook, started_at
        self.order = 0
        self.counts: Counter[str] = Counter()
        self.states: Counter[int] = Counter()
        self.definers: dict[str, int] = {}
        self.failed_at = 0
        self.agent = agent
        self.said: list[Event] = []
        self.events: list[Event] = [
            RunStarted(
                run=id_,
                kind=RunKind.NOTEBOOK,
                started_at=started_at,
                recorder="provkg 0.1.0",
                code=Code(
                    path=f"{FOLDER}/{notebook}",
                    kind=CodeKind.NOTEBOOK,
                    sha256=sha(text),
                    size=len(text),
                    title=notebook.removesuffix(".ipynb").title(),
                ),
                agent=agent,
                commit=commit,
                command=("provkg", "run", notebook),
                folder=FOLDER,
            ),
            EnvironmentSeen(
                environment=Environment(
                    python=python,
                    platform="Linux-6.8-x86_64",
                    kernel=kernel,
                    packages=tuple(
                        Package(
                            name=name, version=version, modules=(name.replace("scikit-learn", "sklearn"),)
                        )
                        for name, version in packages.items()
                    ),
                    hardware=Hardware(machine="x86_64", processor="Example 8", cores=8, memory=32 * 2**30),
                )
            ),
        ]

    def next_state(self, after: Value | None) -> tuple[int, int]:
        if after is None:
            self.counts["object"] += 1
        number = after.object if after else self.counts["object"]
        self.states[number] += 1
        return number, self.states[number]

    @contextmanager
    def cell(self, id_: str, index: int | None, source: str) -> Iterator[Cell]:
        self.order += 1
        self.now += timedelta(minutes=1)
        cell = Cell(self, id_, index, source)
        yield cell
        for state in cell.parts.get("defines", ()):
            self.definers[state.name] = self.order
        self.failed_at = self.order if cell.error else self.failed_at
        execution = CellExecution(
            order=self.order,
            source=source,
            sha256=sha(source),
            started_at=self.now,
            ended_at=self.now + timedelta(seconds=2),
            cell_id=id_,
            index=index,
            execution_count=self.order,
            status=Status.FAILED if cell.error else Status.SUCCEEDED,
            error=cell.error,
            cpu=1.5,
        )
        parts = {part: tuple(things) for part, things in cell.parts.items()}
        self.events.append(CellFinished(execution=msgspec.structs.replace(execution, **parts)))

    def annotate(self, about: str, **said: str) -> None:
        """What the agent says later of a thing of the session, of its document, or of a content."""
        self.said += [
            Annotated(about=about, key=key, value=value, at=self.now + timedelta(days=1), agent=self.agent)
            for key, value in said.items()
        ]

    def end(self, *cells: tuple[str, str]) -> list[Event]:
        """The events, with the document that was left: the id and source of each cell in order."""
        self.now += timedelta(minutes=1)
        places = tuple(
            DocumentCell(id=id_, index=index, type="code", sha256=sha(source))
            for index, (id_, source) in enumerate(cells)
        )
        text = "\n".join(source for _, source in cells)
        self.events.append(DocumentSeen(at=self.now, document=Document(cells=places, sha256=sha(text))))
        status = Status.FAILED if self.failed_at else Status.SUCCEEDED
        self.events.append(RunFinished(ended_at=self.now, status=status, order=self.failed_at))
        return [*self.events, *self.said]
