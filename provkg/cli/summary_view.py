"""A run's summary, drawn with rich."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from provkg.cli.text import count_text, number_text, path_text, seconds_text, short, size_text, time_text
from provkg.records import Evidence, Scalar, Status
from provkg.views.summary import (
    DataRead,
    Failure,
    FileWritten,
    Measured,
    RunSummary,
    Surroundings,
)
from provkg.views.training import Training

__all__ = ["draw_failure", "draw_summary", "table"]

_MOST_ROWS = 40
_T = TypeVar("_T")
_STYLES = {
    Status.SUCCEEDED: "bold green",
    Status.FAILED: "bold red",
    Status.INTERRUPTED: "bold yellow",
    None: "bold yellow",
}


def draw_summary(summary: RunSummary, suggestions: Sequence[str] = (), room: int = 80) -> RenderableType:
    """All sections of a summary that have something to say; ``room`` is the width they should fit into."""
    parts: list[RenderableType] = [_heading(summary)]
    if summary.failure:
        parts.append(draw_failure(summary.failure, summary.status))
    parts += _section("Data read", _reads(summary.read))
    called = _model_names(summary)
    packages = {file.path: file.package for file in summary.read if file.package}
    for what, trainings in _by_data(summary.trainings, packages):
        parts += _section(what, _trainings(trainings, called))
    parts += _section("Results", _results(summary.results, called, room))
    parts += _section("Files written", _writes(summary.written))
    parts += _section("Environment", _surroundings(summary.surroundings, summary.seeds))
    parts += _section("Findings", [Text(f"! {finding}", style="yellow") for finding in summary.findings])
    parts += _section("Warnings", [Text(f"! {warning}", style="yellow") for warning in summary.warnings])
    parts += _section("Ask more", [Text(f"$ {command}") for command in suggestions])
    return Group(*parts)


def table(*styles: str, header: Sequence[str] = (), right: Sequence[int] = ()) -> Table:
    """A table without lines, its columns in these styles; those in ``right`` hold numbers."""
    drawn = Table(
        box=None, show_header=bool(header), pad_edge=False, padding=(0, 3, 0, 0), header_style="dim"
    )
    for position, style in enumerate(styles):
        drawn.add_column(
            Text(header[position]) if header else "",
            style=style,
            overflow="fold",
            justify="right" if position in right else "left",
            no_wrap=position in right,
        )
    return drawn


def _row(drawn: Table, *cells: str) -> None:
    """Add a row of recorded text: what looks like markup in it is none."""
    drawn.add_row(*(Text(cell) for cell in cells))


def _ends(rows: Sequence[_T]) -> Iterator[_T | None]:
    """All rows of a table, or of a long one its beginning and its end, with None for what is between."""
    if len(rows) <= _MOST_ROWS:
        yield from rows
        return
    yield from rows[: _MOST_ROWS // 2]
    yield None
    yield from rows[-_MOST_ROWS // 2 :]


def _more(rows: Sequence[object]) -> str:
    return f"… {len(rows) - _MOST_ROWS:,} more"


def _section(title: str, content: Sequence[RenderableType]) -> Iterator[RenderableType]:
    if content:
        yield Text(f"\n{title}", style="bold")
        yield from (Padding(part, (0, 0, 0, 2)) for part in content)


def _heading(summary: RunSummary) -> RenderableType:
    what = path_text(summary.path) if summary.path else summary.kind
    if summary.name:
        what = f"{summary.name}, {what}"
    without = "imported" if summary.imported_at else "not ended"
    status = summary.status.value if summary.status else without
    took = f" in {seconds_text(summary.seconds)}" if summary.seconds is not None else ""
    first = Text.assemble((what, "bold"), "  ", (status, _STYLES[summary.status]), took)
    facts = [
        f"run {short(summary.run)}",
        time_text(summary.started_at) if summary.started_at else "at a time that is not known",
        *_cells(summary),
        *([summary.user] if summary.user else []),
    ]
    lines = [first, Text(" · ".join(facts), style="dim")]
    if summary.parameters:
        lines.append(Text(f"with {_settings(summary.parameters)}", style="dim"))
    return Group(*lines)


def _cells(summary: RunSummary) -> Iterator[str]:
    if summary.kind != "script":
        yield count_text(summary.executions, "cell") if summary.executions else "no cell was run"
    if summary.failed and summary.status is Status.SUCCEEDED:
        yield f"{summary.failed} of them failed or interrupted"


def draw_failure(failure: Failure, status: Status | None = Status.FAILED) -> RenderableType:
    """The error, the cell or script, and its source with the line marked."""
    parts: list[RenderableType] = []
    verb = "Failed" if status is Status.FAILED else "Stopped"
    if failure.script:
        parts.append(Text(f"\n{verb} in line {failure.line}" if failure.line else f"\n{verb}", style="bold"))
    elif failure.order:
        count = failure.execution_count if failure.execution_count is not None else failure.order
        position = f", the notebook's cell {failure.index + 1}" if failure.index is not None else ""
        parts.append(Text(f"\n{verb} in cell [{count}]{position}", style="bold"))
    error = Text(f"{failure.name}: {failure.message}" if failure.name else failure.message, style="red")
    parts.append(Padding(error, (0, 0, 0, 2)))
    if failure.source and (failure.line or not failure.script):
        parts.append(Padding(_marked(failure.source, failure.line), (1, 0, 0, 2)))
    return Group(*parts)


def _marked(source: str, line: int | None, around: int = 6) -> Text:
    """Source lines with their numbers; of a long cell only those around the marked one."""
    lines = source.splitlines()
    middle = line if line is not None else 1
    first = max(1, middle - around)
    last = min(len(lines), middle + around)
    text = Text()
    for number in range(first, last + 1):
        here = number == line
        mark = "> " if here else "  "
        text.append(f"{mark}{number:>3}  {lines[number - 1]}\n", style="bold red" if here else "dim")
    text.rstrip()
    return text


def _reads(files: Sequence[DataRead]) -> list[RenderableType]:
    if not files:
        return []
    drawn = table("cyan", "", "", "dim", "", right=(1, 2))
    for file in files:
        rows = count_text(file.rows, "row") if file.rows is not None else ""
        into = f"as {', '.join(file.into)}" if file.into else ""
        where = _place(file.path, file.package)
        _row(drawn, where, size_text(file.size), rows, short(file.sha256) or "no digest", into)
    return [drawn]


def _place(path: str, package: str) -> str:
    return f"{package}: {Path(path).name}" if package else path_text(path)


def _by_data(
    trainings: Sequence[Training], packages: Mapping[str, str]
) -> Iterator[tuple[str, list[Training]]]:
    """The trainings in groups that had the same data, each with a title that says which."""

    def data(training: Training) -> tuple[tuple[str, ...], int | None, str, tuple[str, ...]]:
        return training.data, training.rows, training.role, training.files

    ordered = sorted(trainings, key=lambda training: [data(one) for one in trainings].index(data(training)))
    for (names, rows, role, files), group in groupby(ordered, key=data):
        details = [
            *([count_text(rows, "row")] if rows is not None else []),
            *([f"{role} part"] if role else []),
            *([f"from {', '.join(_place(path, packages.get(path, '')) for path in files)}"] if files else []),
        ]
        title = "Models trained"
        if names or details:
            title += f" on {', '.join(names) or 'data'}"
        yield f"{title} ({', '.join(details)})" if details else title, list(group)


def _model_names(summary: RunSummary) -> dict[str, str]:
    """What each model is called: by its name, with its identifier where objects share one name."""
    named = [(training.id, training.model) for training in summary.trainings]
    named += [(result.model_id, result.model) for result in summary.results if result.model_id]
    objects: dict[str, set[str]] = {}
    for identifier, name in named:
        objects.setdefault(name, set()).add(identifier.partition(".")[0])
    return {
        identifier: name if len(objects[name]) == 1 else f"{name} {identifier}" for identifier, name in named
    }


def _trainings(trainings: Sequence[Training], called: Mapping[str, str]) -> list[RenderableType]:
    drawn = table("cyan", "", "", "dim", right=(3,))
    for training in _ends(trainings):
        if training is None:
            _row(drawn, _more(trainings))
            continue
        fits = f" · {count_text(training.fits, 'fit')}" if training.fits else ""
        guessed = "" if training.evidence is Evidence.OBSERVED else f" ({training.evidence.value})"
        ended = "" if training.status is Status.SUCCEEDED else f" · {training.status.value}"
        _row(
            drawn,
            called[training.id],
            _made_of(training) + fits + guessed + ended,
            _settings(training.settings) or "default settings",
            seconds_text(training.seconds),
        )
    return [drawn]


def _made_of(training: Training) -> str:
    name, parts = training.implementation.rpartition(".")[2], " → ".join(training.parts)
    if name == "Pipeline" and parts:
        return parts
    return f"{name} of {parts}" if parts else name


def _settings(settings: dict[str, Scalar]) -> str:
    """Settings by the last part of their names (``C`` of a pipeline's ``svc__C``) where that is enough."""
    last = {name: name.rpartition("__")[2] for name in settings}
    enough = {name: list(last.values()).count(end) == 1 for name, end in last.items()}
    return ", ".join(
        f"{last[name] if enough[name] else name}={_shortened(value)}" for name, value in settings.items()
    )


def _shortened(value: Scalar, most: int = 100) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= most else f"{text[:most]}…"


def _results(measured: Sequence[Measured], called: Mapping[str, str], room: int) -> list[RenderableType]:
    """Models by metrics where that fits, else one number a line. What is a series alone is left to `show`."""
    numbers = [result for result in measured if result.value is not None or result.text]
    if not numbers:
        return []
    named = [(called.get(result.model_id, "—"), result) for result in numbers]
    models = [model for model, _ in named]
    named.sort(key=lambda pair: models.index(pair[0]))
    metrics = list(dict.fromkeys(result.metric for _, result in named))
    widest = (max(map(len, models)), max(len(_on(result)) for result in numbers), *map(len, metrics))
    fits = sum(max(width, 6) + 3 for width in widest) <= room - 2
    return [_by_metric(named, metrics) if fits else _one_a_line(named)]


def _on(result: Measured) -> str:
    role = f" ({result.role})" if result.role and result.role not in result.data else ""
    series = f", {result.series}" if result.series else ""
    return f"{result.data or '—'}{role}{series}"


def _by_metric(results: Sequence[tuple[str, Measured]], metrics: Sequence[str]) -> Table:
    rows: list[tuple[str, str, dict[str, str]]] = []
    for model, result in results:
        key = (model, _on(result))
        row = next((row for row in rows if row[:2] == key and result.metric not in row[2]), None)
        if row is None:
            row = (*key, {})
            rows.append(row)
        row[2][result.metric] = number_text(result.value, result.text)
    numbers = range(2, 2 + len(metrics))
    drawn = table("cyan", "", *[""] * len(metrics), header=("model", "data", *metrics), right=numbers)
    for shown in _ends(rows):
        if shown is None:
            _row(drawn, _more(rows))
            continue
        name, data, values = shown
        _row(drawn, name, data, *(values.get(metric, "") for metric in metrics))
    return drawn


def _one_a_line(results: Sequence[tuple[str, Measured]]) -> Table:
    """A model is named in its first line only."""
    drawn = table("cyan", "", "", "", header=("model", "data", "metric", "value"), right=(3,))
    before = ("", "")
    for each in _ends(results):
        if each is None:
            _row(drawn, _more(results))
            before = ("", "")
            continue
        model, result = each
        here = (model, _on(result))
        shown = ("" if model == before[0] else model, "" if here == before else here[1])
        _row(drawn, *shown, result.metric, number_text(result.value, result.text))
        before = here
    return drawn


def _writes(files: Sequence[FileWritten]) -> list[RenderableType]:
    if not files:
        return []
    drawn = table("cyan", "", "dim", "", right=(1,))
    for file in files:
        holds = f"from {', '.join(file.holds)}" if file.holds else ""
        _row(drawn, path_text(file.path), size_text(file.size), short(file.sha256) or "no digest", holds)
    return [drawn]


def _surroundings(seen: Surroundings, seeds: dict[str, Scalar]) -> list[RenderableType]:
    machine = [
        *([f"{seen.cores} cores"] if seen.cores else []),
        *([size_text(seen.memory)] if seen.memory else []),
    ]
    system = seen.platform.partition(" (")[0] if seen.platform.endswith(")") else seen.platform
    first = [part for part in (seen.python, seen.kernel, system, ", ".join(machine)) if part]
    packages = [f"{name} {version}" for name, version in seen.packages.items()]
    lines = [" · ".join(first), " · ".join(packages)]
    if seen.commit:
        on = f" on {seen.branch}" if seen.branch else ""
        lines.append(f"commit {short(seen.commit)}{on}{', with uncommitted changes' if seen.dirty else ''}")
    if seeds:
        lines.append(f"seeds: {', '.join(f'{generator} {value}' for generator, value in seeds.items())}")
    return [Text(line) for line in lines if line]
