"""The list of runs, drawn with rich for a terminal."""

from __future__ import annotations

from datetime import datetime

from rich.table import Table
from rich.text import Text

from provkg.cli.text import path_text, seconds_text, short
from provkg.results import Solutions

__all__ = ["draw_runs"]

_STYLES = {"succeeded": "green", "failed": "red"}
_ROOMY = 110


def draw_runs(runs: Solutions, room: int) -> Table:
    """One run a line; counts are left out where there is little room."""
    roomy = room >= _ROOMY
    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    drawn.add_column("run", style="cyan", no_wrap=True)
    drawn.add_column("started", no_wrap=True)
    drawn.add_column("took", justify="right", no_wrap=True)
    drawn.add_column("status", no_wrap=True)
    for name in ("cells", "models") if roomy else ():
        drawn.add_column(name, justify="right", no_wrap=True)
    drawn.add_column("code", overflow="fold")
    drawn.add_column("results", overflow="fold")
    for row in runs:
        status = str(row["status"])
        started, took = row["started"], row["took"]
        drawn.add_row(
            short(str(row["run"]).rpartition("/")[2]),
            f"{started.astimezone():%Y-%m-%d %H:%M}" if isinstance(started, datetime) else str(started or ""),
            seconds_text(took) if isinstance(took, int | float) else "",
            Text(status, style=_STYLES.get(status, "yellow")),
            *((str(row["cells"] if row["cells"] is not None else ""), str(row["models"])) if roomy else ()),
            Text(_named(str(row["name"] or ""), _code(str(row["code"] or ""), roomy))),
            Text(str(row["results"])),
        )
    return drawn


def _named(name: str, code: str) -> str:
    """The code, with the name of the run where it has one that does not say it already."""
    if not name or name.startswith(code.rpartition("/")[2]):
        return name or code
    return f"{name}, {code}" if code else name


def _code(path: str, roomy: bool) -> str:
    return (path_text(path) if roomy else path.rpartition("/")[2]) if path else ""
