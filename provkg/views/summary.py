"""What is worth knowing of one run at a glance: a pure view of its record, for `run` and `show` to print."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from provkg.records import (
    Activity,
    ActivityKind,
    Environment,
    Evidence,
    File,
    FileMode,
    Result,
    Role,
    Run,
    RunKind,
    Scalar,
    Status,
    Value,
)
from provkg.views.inventory import Inventory, take
from provkg.views.training import Training, is_seen, names_of, trainings

__all__ = [
    "DataRead",
    "Failure",
    "FileWritten",
    "Measured",
    "RunSummary",
    "Surroundings",
    "Training",
    "summarize",
]


class DataRead(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was read: its path, size in bytes, digest, and the tables that were loaded from it.

    ``rows`` is the number of rows of the first of them, ``into`` the names of them all. ``package`` is the
    distribution that ships the file, where one does.
    """

    id: str
    path: str
    size: int | None
    sha256: str
    rows: int | None
    into: tuple[str, ...]
    package: str = ""
    reason: str = ""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """A measured number with the model and the data it was measured on, where known.

    ``series`` says what it is the mean or the best of (``5 folds``, ``12 candidates``), where there is more.
    """

    id: str
    metric: str
    value: float | int | None
    text: str
    model: str
    model_id: str
    data: str
    role: str
    series: str
    order: int
    evidence: Evidence


class FileWritten(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was written: path, size in bytes, digest, and the names of what it was written from."""

    id: str
    path: str
    size: int | None
    sha256: str
    holds: tuple[str, ...]
    reason: str = ""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What ended a run: the error, and the cell or script it happened in with its source.

    ``line`` counts from 1; ``index`` is the cell's position in the document from 0. ``order`` is 0 when
    nothing was running.
    """

    name: str
    message: str
    order: int = 0
    index: int | None = None
    execution_count: int | None = None
    line: int | None = None
    source: str = ""
    script: bool = False


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """Interpreter, kernel, platform, the packages imported by name or used, and the code's commit."""

    python: str = ""
    kernel: str = ""
    platform: str = ""
    cores: int | None = None
    memory: int | None = None
    packages: dict[str, str] = {}
    commit: str = ""
    branch: str = ""
    dirty: bool | None = None


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One run at a glance. ``seconds`` is its wall time, None while it is not known to have ended.
    ``failed`` counts the executions that did not succeed: in a live session they do not end it.

    ``started_at`` is None where an imported record does not tell; ``imported_at`` is when it was taken over.
    """

    run: str
    kind: str
    name: str
    path: str
    title: str
    status: Status | None
    started_at: datetime | None
    seconds: float | None
    user: str
    parameters: dict[str, Scalar]
    executions: int
    failed: int
    failure: Failure | None
    read: tuple[DataRead, ...]
    trainings: tuple[Training, ...]
    results: tuple[Measured, ...]
    written: tuple[FileWritten, ...]
    surroundings: Surroundings
    seeds: dict[str, Scalar]
    warnings: tuple[str, ...]
    findings: tuple[str, ...] = ()
    imported_at: datetime | None = None


def summarize(run: Run) -> RunSummary:
    """The summary of a run, from its record alone."""
    inventory = take(run)
    started = run.started
    code = started.code
    return RunSummary(
        run=run.id,
        kind=started.kind.value,
        name=started.name,
        path=code.path if code else "",
        title=code.title if code else "",
        status=run.status,
        started_at=started.started_at,
        imported_at=started.imported_at,
        seconds=_seconds(run),
        user=started.agent.name or started.agent.user if started.agent else "",
        parameters={
            setting.name: setting.value for setting in started.parameters if setting.explicit is not False
        },
        executions=len(run.executions),
        failed=sum(one.status in {Status.FAILED, Status.INTERRUPTED} for one in run.executions),
        failure=_failure(run),
        read=tuple(_reads(inventory)),
        trainings=trainings(inventory),
        results=tuple(_measured(inventory, result) for result in _numbers(inventory)),
        written=tuple(_writes(inventory)),
        surroundings=_surroundings(run),
        seeds={
            seed.generator: seed.value
            for execution in run.executions
            for seed in execution.seeds
            if seed.value is not None
        },
        warnings=tuple(dict.fromkeys(_warnings(inventory))),
        findings=tuple(finding.message for finding in run.examined.findings) if run.examined else (),
    )


def _seconds(run: Run) -> float | None:
    if run.finished is None or run.started.started_at is None:
        return None
    return (run.finished.ended_at - run.started.started_at).total_seconds()


def _reads(inventory: Inventory) -> Iterator[DataRead]:
    files: dict[tuple[str, str], list[File]] = {}
    for file in inventory.files(FileMode.READ):
        files.setdefault((file.place, file.sha256), []).append(file)
    for same in files.values():
        loaded = [
            value
            for file in same
            for step in inventory.outcomes.get(file.id, ())
            if isinstance(value := inventory.things.get(step.thing), Value)
        ]
        rows = next((value.shape[0] for value in loaded if value.shape), None)
        first = same[0]
        yield DataRead(
            id=first.id,
            path=first.place,
            size=first.size,
            sha256=first.sha256,
            rows=rows,
            into=names_of(inventory, loaded),
            package=first.package,
            reason=first.reason,
        )


def _numbers(inventory: Inventory) -> Iterator[Result]:
    """The results that are one number or a series; those of a report only where nothing else is measured."""
    results = [each for each in inventory.results() if not each.label and not each.text.startswith("[")]
    reported = {each.id for each in results if _is_of_report(inventory, each)}
    measured = {(each.model, each.data) for each in results if each.id not in reported}
    for each in results:
        if each.id not in reported or (each.model, each.data) not in measured:
            yield each


def _is_of_report(inventory: Inventory, result: Result) -> bool:
    maker = inventory.things.get(inventory.generator.get(result.id, ""))
    return isinstance(maker, Activity) and maker.function.endswith(".classification_report")


def _measured(inventory: Inventory, result: Result) -> Measured:
    data = [value for name in result.data if isinstance(value := inventory.things.get(name), Value)]
    role = result.role or next((value.role for value in data if value.role and is_seen(value)), None)
    return Measured(
        id=result.id,
        metric=result.metric,
        value=result.value,
        text=result.text,
        model=inventory.name(result.model) if result.model else "",
        model_id=result.model,
        data=", ".join(names_of(inventory, data)),
        role=role.value if role else "",
        series=_series(inventory, result),
        order=inventory.order[result.id],
        evidence=result.evidence,
    )


def _series(inventory: Inventory, result: Result) -> str:
    maker = inventory.things.get(inventory.generator.get(result.id, ""))
    if len(result.series) < 2 or not isinstance(maker, Activity):
        return ""
    if result.series_by is not None:
        return f"{len(result.series)} {result.series_by}s"
    if maker.kind is ActivityKind.EVALUATION:
        cross_validated = maker.function.rpartition(".")[2].startswith("cross_val")
        return f"{len(result.series)} {'folds' if cross_validated else 'values'}"
    return f"{len(result.series)} {'candidates' if maker.kind is ActivityKind.TUNING else 'steps'}"


def _writes(inventory: Inventory) -> Iterator[FileWritten]:
    last = {file.place: file for file in inventory.files(FileMode.WRITTEN)}
    for file in last.values():
        held = [inventory.things.get(step.thing) for step in inventory.sources.get(file.id, ())]
        yield FileWritten(
            id=file.id,
            path=file.place,
            size=file.size,
            sha256=file.sha256,
            holds=names_of(inventory, [thing for thing in held if isinstance(thing, Value)]),
            reason=file.reason,
        )


def _failure(run: Run) -> Failure | None:
    if run.finished is None or run.finished.status is Status.SUCCEEDED:
        return None
    order = run.finished.order
    stopped = [execution for execution in run.executions if execution.status is not Status.SUCCEEDED]
    execution = next((one for one in stopped if one.order == order), stopped[-1] if stopped else None)
    raised = execution.error if execution else None
    error = (
        run.finished.error or raised
    )  # the run's error says more: a time limit, where the cell was interrupted
    if error is None and execution is None:
        return None
    return Failure(
        name=error.name if error else "",
        message=error.message if error else "",
        order=execution.order if execution else 0,
        index=execution.index if execution else None,
        execution_count=execution.execution_count if execution else None,
        line=raised.line if raised else None,
        source=execution.source if execution else "",
        script=run.started.kind is RunKind.SCRIPT,
    )


def _surroundings(run: Run) -> Surroundings:
    environment, commit = run.environment, run.started.commit
    named = {one.package for execution in run.executions for one in execution.imports}
    named |= {one.package for execution in run.executions for one in execution.activities}
    packages = environment.packages if environment else ()
    return Surroundings(
        python=_language(environment) if environment else "",
        kernel=environment.kernel if environment else "",
        platform=environment.platform if environment else "",
        cores=environment.hardware.cores if environment else None,
        memory=environment.hardware.memory if environment else None,
        packages={package.name: package.version for package in packages if package.name in named},
        commit=commit.hash if commit else "",
        branch=commit.branch if commit else "",
        dirty=commit.dirty if commit else None,
    )


def _language(environment: Environment) -> str:
    """The language that the code is in, with its version."""
    python = f"{environment.implementation} {environment.python}".strip()
    return python or f"{environment.language} {environment.language_version}".strip()


def _warnings(inventory: Inventory) -> Iterator[str]:
    for thing in inventory.things.values():
        if isinstance(thing, Activity) and thing.unseeded and not thing.parent:
            what = (thing.implementation or thing.function).rpartition(".")[2]
            models = [use.entity for use in thing.used if use.role is Role.MODEL]
            names = [inventory.name(name) for name in (*thing.generated, *models)]
            name = f" ({names[0]})" if names and names[0] != what else ""
            where = inventory.place(inventory.order[thing.id], thing.line, thing.file)
            yield f"{what}{name} has no seed of its own: {where}"
        if isinstance(thing, File) and thing.reason and thing.place:
            yield f"{inventory.name(thing.id)} has no full digest: {thing.reason}"
    for execution in inventory.run.executions:
        for notice in execution.notices:
            where = inventory.place(execution.order)
            yield f"not recorded in {where}: {notice.where}: {notice.message}"
    for told in (inventory.run.examined, inventory.run.finished):
        for notice in told.notices if told else ():
            yield f"{notice.where}: {notice.message}"
