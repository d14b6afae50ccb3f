"""Hypothesis strategies for records: any run that capture or an importer could have made.

The runs hang together: what is referred to was recorded before, identifiers are unique in the run, and a
state of an object revises an earlier one. Everything else is as odd as the types allow.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from provkg.records import (
    Activity,
    ActivityKind,
    Agent,
    Annotated,
    CellExecution,
    Code,
    CodeKind,
    Column,
    Commit,
    Digest,
    Document,
    DocumentCell,
    DocumentSeen,
    Environment,
    Error,
    Evidence,
    File,
    FileMode,
    Finding,
    FindingsMade,
    Fingerprint,
    Hardware,
    Import,
    Link,
    MediaContent,
    Notice,
    Output,
    OutputKind,
    Package,
    Read,
    Result,
    Role,
    Run,
    RunFinished,
    RunKind,
    RunStarted,
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
    from collections.abc import Sequence
    from enum import Enum

__all__ = ["executions_of", "names", "runs", "scalars", "texts", "times"]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
"""Texts that UTF-8 can hold, control characters included."""
names = st.sampled_from(["df", "X_train", "größe", "model", "y", "pd", "_x", "a b/c", "%", "..", "\n"])
digests = st.integers(0, 40).map(lambda number: f"{number:064x}")
whole = st.integers(-(2**62), 2**62)
counts = st.integers(0, 10**12)
numbers = st.floats(allow_nan=False, allow_infinity=False)
seconds = st.floats(0, 1e6)
scalars = st.one_of(st.none(), st.booleans(), whole, numbers, texts)
zones = st.one_of(
    st.just(UTC), st.integers(-720, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
)
times = st.tuples(st.integers(0, 7 * 10**15), zones).map(
    lambda made: datetime.fromtimestamp(0, UTC).astimezone(made[1]) + timedelta(microseconds=made[0])
)
lines = st.none() | st.integers(1, 10_000)


def any_of(kind: type[Enum]) -> st.SearchStrategy[Any]:
    """One member of an enumeration."""
    return st.sampled_from(list(kind))


def some(strategy: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    """A few things."""
    return st.lists(strategy, max_size=most).map(tuple)


columns = st.builds(Column, name=names | texts, type=texts, missing=st.none() | counts)
fingerprints = st.builds(
    Fingerprint, algorithm=st.sampled_from(["xxh3-frame", "xxh3-array"]), hex=digests, covers=any_of(Digest)
)
settings = st.builds(
    Setting,
    name=names,
    value=scalars,
    type=st.sampled_from(["int", "str", "float", "numpy.int64", "decimal.Decimal"]),
    explicit=st.none() | st.booleans(),
)
errors = st.builds(Error, name=texts, message=texts, traceback=texts, line=lines)
notices = st.builds(Notice, where=texts, message=texts, count=st.integers(1, 100))
packages = st.builds(
    Package,
    name=st.sampled_from(["scikit-learn", "Pillow", "ruamel.yaml", "größe"]),
    version=st.sampled_from(["1.9.1", "2.1+cpu", "", "not a version"]),
    modules=some(names),
)
imports = st.builds(
    Import,
    module=st.sampled_from(["sklearn.svm", "os.path", "pandas"]),
    name=st.sampled_from(["", "*", "SVC"]),
    alias=st.sampled_from(["", "pd"]),
    package=st.sampled_from(["", "pandas", "unknown"]),
    stdlib=st.booleans(),
)
seeds = st.builds(Seed, generator=st.sampled_from(["random", "numpy.random"]), value=scalars, line=lines)
contents = st.builds(MediaContent, media_type=texts, sha256=digests, size=counts, kept=st.booleans())
environments = st.builds(
    Environment,
    python=texts,
    implementation=texts,
    platform=texts,
    kernel=texts,
    language=texts,
    language_version=texts,
    packages=st.lists(packages, max_size=3, unique_by=lambda package: package.name).map(tuple),
    hardware=st.builds(
        Hardware,
        machine=texts,
        processor=texts,
        cores=st.none() | st.integers(1, 512),
        memory=st.none() | counts,
        accelerators=some(texts),
    ),
)
codes = st.builds(
    Code,
    path=texts,
    kind=any_of(CodeKind),
    sha256=st.just("") | digests,
    size=st.none() | counts,
    title=texts,
    notebook_id=texts,
)
commits = st.builds(
    Commit,
    hash=st.sampled_from(["0" * 40, "f" * 64, "odd hash"]),
    branch=texts,
    dirty=st.none() | st.booleans(),
    repository=texts,
)
agents = st.builds(
    Agent, user=names, name=texts, orcid=st.sampled_from(["", "0000-0002-1825-0097", "no orcid"])
)
documents = st.builds(
    DocumentSeen,
    at=times,
    document=st.builds(
        Document,
        cells=st.lists(st.tuples(names | st.just(""), texts, digests), max_size=3).map(
            lambda cells: tuple(
                DocumentCell(id=id_, index=index, type=type_, sha256=sha256)
                for index, (id_, type_, sha256) in enumerate(cells)
            )
        ),
        sha256=st.just("") | digests,
    ),
)


class _Numbers:
    """Hands out identifiers that are unique in a run, and remembers what there is."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self.things: list[str] = []

    def next(self, letter: str) -> str:
        self._counts[letter] = self._counts.get(letter, 0) + 1
        name = f"{letter}{self._counts[letter]}"
        self.things.append(name)
        return name

    def known(self, letters: Sequence[str] = ("f", "a", "r", "o", "")) -> list[str]:
        values = [name for name in self.things if name[0].isdigit()] if "" in letters else []
        return values + [name for name in self.things if name[0] in letters]


@st.composite
def values(draw: st.DrawFn, there: _Numbers) -> Value:
    states: dict[str, int] = {}
    for known in there.known([""]):
        object_ = known.partition(".")[0]
        states[object_] = states.get(object_, 0) + 1
    object_ = draw(st.sampled_from([str(len(states) + 1), *states]))
    version = states.get(object_, 0) + 1
    name = f"{object_}.{version}"
    there.things.append(name)
    return Value(
        id=name,
        object=int(object_),
        version=version,
        kind=draw(any_of(ValueKind)),
        type=draw(texts),
        names=draw(some(names)),
        shape=draw(some(st.integers(0, 10**9), 3)),
        columns=draw(some(columns)),
        fingerprint=draw(st.none() | fingerprints),
        role=draw(st.none() | any_of(SplitRole)),
        role_evidence=draw(any_of(Evidence)),
        fold=draw(st.none() | st.integers(1, 10)),
        revision_of=f"{object_}.{version - 1}" if version > 1 else "",
        evidence=draw(any_of(Evidence)),
        found=draw(st.booleans()),
    )


@st.composite
def files(draw: st.DrawFn, there: _Numbers) -> File:
    covers = draw(any_of(Digest))
    return File(
        id=there.next("f"),
        path=draw(texts),
        mode=draw(any_of(FileMode)),
        sha256="" if covers is Digest.NONE else draw(digests),
        size=draw(st.none() | counts),
        covers=covers,
        media_type=draw(texts),
        package=draw(st.sampled_from(["", "scikit-learn"])),
        reason=draw(texts),
        url=draw(texts),
        evidence=draw(any_of(Evidence)),
        later_sha256=draw(st.just("") | digests),
        later_size=draw(st.none() | counts),
    )


@st.composite
def outputs(draw: st.DrawFn, there: _Numbers) -> Output:
    return Output(
        id=there.next("o"),
        kind=draw(any_of(OutputKind)),
        contents=draw(some(contents)),
        text=draw(texts),
        truncated=draw(st.booleans()),
    )


@st.composite
def results(draw: st.DrawFn, there: _Numbers) -> Result:
    known = there.known([""])
    return Result(
        id=there.next("r"),
        metric=draw(names),
        value=draw(st.none() | whole | numbers),
        text=draw(texts),
        series=draw(some(st.none() | numbers, 3)),
        series_by=draw(st.none() | any_of(SeriesBy)),
        model=draw(st.sampled_from(["", *known])),
        data=tuple(draw(st.lists(st.sampled_from(known), max_size=2))) if known else (),
        role=draw(st.none() | any_of(SplitRole)),
        label=draw(texts),
        evidence=draw(any_of(Evidence)),
    )


@st.composite
def activities(draw: st.DrawFn, there: _Numbers, made: list[str]) -> Activity:
    generated = draw(st.lists(st.sampled_from(made), max_size=2, unique=True)) if made else []
    used = [name for name in there.known(["", "f"]) if name not in generated]
    parent = draw(st.sampled_from(["", *there.known(["a"])]))
    return Activity(
        id=there.next("a"),
        kind=draw(any_of(ActivityKind)),
        function=draw(names),
        started_at=draw(st.none() | times),
        duration=draw(st.none() | seconds),
        implementation=draw(st.just("") | names),
        package=draw(st.sampled_from(["", "scikit-learn"])),
        used=tuple(
            Use(
                entity=entity,
                role=draw(any_of(Role)),
                evidence=draw(any_of(Evidence)),
                argument=draw(texts),
            )
            for entity in (draw(st.lists(st.sampled_from(used), max_size=3)) if used else [])
        ),
        generated=tuple(generated),
        settings=draw(some(settings)),
        results=tuple(draw(results(there)) for _ in range(draw(st.integers(0, 2)))),
        parent=parent,
        best=draw(st.sampled_from(["", *there.known(["a"])])),
        fits=draw(st.integers(0, 5)),
        unseeded=draw(st.booleans()),
        status=draw(any_of(Status)),
        evidence=draw(any_of(Evidence)),
        line=draw(lines),
    )


@st.composite
def executions_of(draw: st.DrawFn, there: _Numbers, order: int) -> CellExecution:
    """An execution that may refer to all that is there."""
    made = [draw(values(there)) for _ in range(draw(st.integers(0, 3)))]
    seen = [draw(files(there)) for _ in range(draw(st.integers(0, 2)))]
    written = [file.id for file in seen if file.mode is FileMode.WRITTEN]
    fresh = [value.id for value in made] + written
    steps = tuple(draw(activities(there, fresh)) for _ in range(draw(st.integers(0, 2))))
    sources = there.known(["", "f"])
    held = st.just("") | st.sampled_from(there.known([""])) if there.known([""]) else st.just("")
    return CellExecution(
        order=order,
        source=draw(texts),
        sha256=draw(digests),
        started_at=draw(st.none() | times),
        ended_at=draw(st.none() | times),
        cell_id=draw(st.just("") | names),
        index=draw(st.none() | st.integers(0, 100)),
        execution_count=draw(st.none() | st.integers(1, 1000)),
        status=draw(any_of(Status)),
        error=draw(st.none() | errors),
        cell_evidence=draw(any_of(Evidence)),
        tags=draw(some(texts)),
        defines=tuple(
            VariableState(name=name, type=draw(texts), value=draw(held), evidence=draw(any_of(Evidence)))
            for name in draw(st.lists(names, max_size=3, unique=True))
        ),
        deletes=draw(some(names)),
        reads=draw(
            some(
                st.builds(
                    Read,
                    name=names,
                    count=st.integers(1, 9),
                    definer=st.integers(0, order),
                ),
                3,
            )
        ),
        imports=draw(some(imports)),
        packages=draw(some(packages)),
        values=tuple(made),
        files=tuple(seen),
        read_files=tuple(draw(st.lists(st.sampled_from(there.known(["f"])), max_size=2)))
        if there.known(["f"])
        else (),
        written_files=tuple(written),
        activities=steps,
        links=tuple(
            Link(
                target=draw(st.sampled_from(fresh)),
                source=draw(st.sampled_from(sources)),
                evidence=draw(any_of(Evidence)),
                operation=draw(texts),
            )
            for _ in range(draw(st.integers(0, 3)) if fresh else 0)
        ),
        outputs=tuple(draw(outputs(there)) for _ in range(draw(st.integers(0, 2)))),
        seeds=draw(some(seeds)),
        notices=draw(some(notices)),
        cpu=draw(st.none() | seconds),
        overhead=draw(st.none() | seconds),
    )


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """A run, ended or not, with up to four executions."""
    there = _Numbers()
    executions = tuple(draw(executions_of(there, order)) for order in range(1, draw(st.integers(0, 4)) + 1))
    started = RunStarted(
        run=str(draw(st.uuids(version=4))),
        kind=draw(any_of(RunKind)),
        started_at=draw(st.none() | times),
        imported_at=draw(st.none() | times),
        recorder=draw(st.sampled_from(["provkg 0.1.0", ""])),
        code=draw(st.none() | codes),
        agent=draw(st.none() | agents),
        commit=draw(st.none() | commits),
        command=draw(some(texts)),
        folder=draw(texts),
        parameters=draw(some(settings)),
    )
    ends = st.builds(
        RunFinished,
        ended_at=times,
        status=any_of(Status),
        error=st.none() | errors,
        order=st.integers(0, len(executions)),
        notices=some(notices),
    )
    annotations = st.builds(
        Annotated,
        key=texts,
        value=texts,
        at=times,
        about=st.sampled_from(["", "document", "1.1", "f1", "r1", "o1", "a1", "9.9", "sha256:" + "ab" * 32]),
        agent=st.none() | agents,
    )
    looked = st.builds(
        FindingsMade,
        findings=some(
            st.builds(
                Finding,
                kind=texts,
                message=texts,
                orders=some(st.integers(0, 5)),
                cells=some(st.integers(-1, 5)),
                evidence=any_of(Evidence),
            )
        ),
        notices=some(notices),
    )
    return Run(
        started=started,
        executions=executions,
        documents=draw(some(documents)),
        finished=draw(st.none() | ends),
        environment=draw(st.none() | environments),
        examined=draw(st.none() | looked),
        annotations=draw(some(annotations)),
    )
