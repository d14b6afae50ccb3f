"""``ingest``: saved notebooks into the record, without running them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provkg.cli.options import with_home
from provkg.cli.output import harmless, print_text, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from provkg.importers.ingesting import Ingested

__all__ = ["ingest"]


@click.command(short_help="Read saved notebooks into the record without running them.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    help="How many processes read notebooks.  [default: one for each processor]",
)
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to tell what came of each file.",
)
@with_home
def ingest(home: Path | None, paths: tuple[Path, ...], jobs: int | None, format_: str) -> int:
    """Read saved notebooks into the record without running them.

    PATH is a notebook or a folder, in which all notebooks are read but those in hidden folders. What a
    notebook shows goes into the record: cells in the order of their execution counts, outputs, errors, and by
    their text the data, models and metrics. Nothing of it was observed, and each link says so. What in a
    notebook does not fit together is told as findings.

    A notebook that is recorded already is left alone, so that the command can be repeated after a stop, and
    a notebook that has changed becomes another run. Files that cannot be read are listed at the end, with
    exit code 1.
    """
    from provkg.config import ensure_home
    from provkg.importers.folders import notebooks_in
    from provkg.importers.workers import ingest_all

    place = ensure_home(path=home)
    found, missed = notebooks_in(paths)
    done: list[Ingested] = []
    with _progress(len(found)) as advance:
        for one in ingest_all(found, place, jobs or _processors()):
            done.append(one)
            advance()
    done.sort(key=lambda one: one.path)
    problems = [*missed, *((one.path, one.problem) for one in done if one.problem)]
    if format_ == "json":
        _print_json(done, missed)
    elif len(done) == 1 and len(done[0].runs) == 1:
        from provkg.cli.run import print_run

        print_run(place, done[0].runs[0])
    else:
        print_text(_told(done))
    for path, problem in problems:
        say(f"provkg: {_named(path)}: {problem}")
    return 1 if problems else 0


def _processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _told(done: Sequence[Ingested]) -> str:
    read = [one for one in done if not one.problem]
    fresh = [one for one in read if one.added]
    counts = {
        "run": sum(one.added for one in fresh),
        "execution": sum(one.executions for one in fresh),
        "finding": sum(one.findings for one in fresh),
    }
    parts = [_counted(len(fresh), "notebook"), *(_counted(number, noun) for noun, number in counts.items())]
    lines = [f"Ingested {parts[0]}: {', '.join(parts[1:])}."]
    if len(read) > len(fresh):
        lines.append(f"Recorded before and left alone: {_counted(len(read) - len(fresh), 'notebook')}.")
    if len(done) > len(read):
        lines.append(f"Could not be read: {_counted(len(done) - len(read), 'file')}.")
    return "\n".join(lines)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _print_json(done: Sequence[Ingested], missed: Sequence[tuple[str, str]]) -> None:
    import json

    rows = [
        *({"path": path, "problem": problem} for path, problem in missed),
        *(
            {
                "path": one.path,
                "problem": one.problem,
                "runs": one.runs,
                "added": one.added,
                "executions": one.executions,
                "findings": one.findings,
            }
            for one in done
        ),
    ]
    print_text(json.dumps(rows, indent=2))


def _named(path: str) -> str:
    return harmless(path.encode("utf-8", "backslashreplace").decode())


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """Calls it gives advance a bar on standard error, where a terminal is."""
    if not sys.stderr.isatty() or total < 2:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("Reading notebooks"),
        BarColumn(),
        MofNCompleteColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("", total=total)
    with bar:
        yield lambda: bar.advance(task)
