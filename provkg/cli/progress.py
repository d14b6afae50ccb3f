"""How a run shows its progress: one line on standard error while a terminal is there, nothing otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from provkg.cli.output import harmless

__all__ = ["progress"]

Listener = Callable[..., None]


@contextmanager
def progress(path: Path) -> Iterator[Listener]:
    """A listener for the events of `provkg.capture.notebook.run_notebook`, shown while the block lasts."""
    if not sys.stderr.isatty():
        yield _ignore
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.table import Column

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.fields[name]}", style="bold", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
        TextColumn(
            "{task.description}", style="dim", markup=False, table_column=Column(no_wrap=True, ratio=1)
        ),
        console=Console(stderr=True),
        transient=True,
        expand=True,
    )
    task = bar.add_task("starting the kernel", total=0, name=path.name)

    def listen(kind: str, **details: Any) -> None:
        match kind:
            case "kernel-started":
                bar.update(task, description="")
            case "cell-started":
                bar.update(task, total=details["total"], description=_line(details["source"]))
            case "cell-finished":
                bar.advance(task)

    with bar:
        yield listen


def _ignore(kind: str, **details: Any) -> None:
    """Nobody watches."""


def _line(source: str) -> str:
    """The first line of a cell that says what it does."""
    lines = [line.strip() for line in source.splitlines()]
    says = [line for line in lines if line and not line.startswith(("#", "%", "import ", "from "))]
    return harmless(next(iter(says or [line for line in lines if line]), ""))
