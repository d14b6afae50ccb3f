"""What a saved notebook tells of one run: which cells ran, in which order, when, and where."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from provkg.importers.recorded import Recorded
from provkg.importers.saved import SavedCell, SavedNotebook, section
from provkg.importers.timing import Times, executed, times_of
from provkg.records import Environment, Finding, Notice, Package, Setting, Status

__all__ = ["Ran", "Told", "environment_of", "saved_state"]


class Ran(msgspec.Struct, frozen=True):
    """One execution: the cell with the text and outputs it then had, when that was, what else is known."""

    cell: SavedCell
    times: Times = Times()
    record: Recorded | None = None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One run as the notebook tells it.

    ``part`` tells the runs of one notebook apart, and ``name`` is what people call this one. A run with an
    ``identity`` stays the same when the file has changed. ``origin`` is the tool that recorded it, ``client``
    what its user worked with. ``status`` is None where it is not known how it ended.
    """

    ran: tuple[Ran, ...]
    part: str = ""
    name: str = ""
    identity: str = ""
    origin: str = ""
    client: str = ""
    environment: Environment | None = None
    parameters: tuple[Setting, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None
    status: Status | None = None
    findings: tuple[Finding, ...] = ()
    notices: tuple[Notice, ...] = ()


def saved_state(notebook: SavedNotebook) -> tuple[Ran, ...]:
    """The executions whose outputs the cells show."""
    cells = notebook.code_cells
    times = [times_of(cell.metadata) for cell in cells]
    return tuple(Ran(cells[n], times[n]) for n in executed(cells, times))


def environment_of(
    language: Any, version: Any, kernel: str = "", packages: Sequence[Package] = ()
) -> Environment | None:
    """An environment, as far as a notebook names it; None where it names nothing."""
    name = language.lower() if isinstance(language, str) else ""
    number = version if isinstance(version, str) else ""
    if not (name or kernel or packages) or not (number or kernel or packages):
        return None
    python = name in ("python", "ipython", "")
    return Environment(
        python=number if python else "",
        implementation="",
        kernel=kernel,
        packages=tuple(sorted(packages, key=lambda package: package.name)),
        language="" if python else name,
        language_version="" if python else number,
    )


def saved_environment(notebook: SavedNotebook) -> Environment | None:
    """The environment that the notebook's metadata names."""
    info = section(notebook.metadata, "language_info")
    return environment_of(info.get("name") or notebook.language, info.get("version"))
