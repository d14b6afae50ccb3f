"""A saved notebook as the events of the runs it tells of, read without running anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from msgspec.structs import replace

from provkg import __version__
from provkg.analysis.knowledge import Knowledge
from provkg.config import Home
from provkg.errors import NotebookError
from provkg.importers.mlprovlab import epochs
from provkg.importers.outputs import Put
from provkg.importers.papermill import with_papermill
from provkg.importers.places import Contents
from provkg.importers.provbook import history
from provkg.importers.reading import LONGEST_ID, Reading, source_digest
from provkg.importers.saved import SavedCell, SavedNotebook
from provkg.importers.shown import with_shown
from provkg.importers.told import Told, saved_environment, saved_state
from provkg.records import (
    CellFinished,
    Code,
    CodeKind,
    Document,
    DocumentCell,
    DocumentSeen,
    EnvironmentSeen,
    Event,
    FindingsMade,
    RunFinished,
    RunKind,
    RunStarted,
    Status,
)

__all__ = ["Source", "events_of", "run_id", "runs_told"]


@dataclass(frozen=True, slots=True)
class Source:
    """A notebook file as it is read: where it is, its digest and size, and the notebook in it."""

    path: Path
    sha256: str
    size: int
    notebook: SavedNotebook


def run_id(source: Source, told: Told) -> str:
    """The identifier of one run of a notebook file: the same whenever the same file is read at its place.

    One that a tool recorded with an identity of its own is the same also when the file has changed.
    """
    path = str(source.path).encode("utf-8", "backslashreplace").decode()
    key = told.identity or f"{source.sha256}\n{told.part}"
    return str(uuid5(NAMESPACE_URL, f"provkg:ingest\n{path}\n{key}"))


def runs_told(notebook: SavedNotebook) -> list[Told]:
    """The runs a notebook tells of, each with an identity of its own.

    Raises:
        NotebookError: it is no notebook, and the record that it should be tells of no run.
    """
    seen: Counter[str] = Counter()
    told = []
    for one in _runs_told(notebook):
        seen[one.identity] += 1
        again = f"{one.identity} {seen[one.identity]}" if one.identity and seen[one.identity] > 1 else ""
        told.append(replace(one, identity=again or one.identity))
    return told


def _runs_told(notebook: SavedNotebook) -> tuple[Told, ...]:
    """The runs a notebook tells of: those that a tool recorded in it, or the one whose outputs it shows."""
    recorded, unread = epochs(notebook)
    if recorded:
        *before, last = with_shown(recorded, notebook) if notebook.whole else recorded
        return (*before, replace(last, notices=(*last.notices, *unread)))
    if not notebook.whole:
        raise NotebookError("an export of MLProvLab without an execution that can be read")
    past = history(notebook)
    if past:
        return past
    told = Told(ran=saved_state(notebook), environment=saved_environment(notebook), notices=unread)
    starts = [ran.times.start for ran in told.ran if ran.times.start is not None]
    if starts and len(starts) == len(told.ran):
        told = replace(told, started_at=min(starts))
    return (with_papermill(told, notebook),)


def events_of(
    source: Source,
    told: Told,
    home: Home,
    knowledge: Knowledge,
    put: Put,
    now: datetime,
    contents: Contents,
) -> Iterator[Event]:
    """The events of one run that a notebook tells of.

    Parameters:
        source: the notebook.
        told: the run.
        home: whose limits and settings hold.
        knowledge: what library calls mean.
        put: keeps a content in the object folder; tells its digest and whether it is kept.
        now: when this is done.
        contents: tells which content files have now.
    """
    path = str(source.path).encode("utf-8", "backslashreplace").decode()
    folder = str(source.path.parent).encode("utf-8", "backslashreplace").decode()
    yield RunStarted(
        run=run_id(source, told),
        kind=RunKind.IMPORTED,
        started_at=told.started_at,
        recorder=f"provkg {__version__}",
        code=Code(
            path=path,
            kind=CodeKind.NOTEBOOK,
            sha256=source.sha256 if source.notebook.whole else "",
            size=source.size if source.notebook.whole else None,
            title=_title(source.notebook),
            notebook_id=str(source.notebook.metadata.get("id", "")),
        ),
        folder=folder,
        parameters=told.parameters,
        name=f"{source.path.name} {told.name}" if told.name else "",
        imported_at=now,
        origin=told.origin,
        client=told.client,
        source_sha256=source.sha256,
    )
    if told.environment is not None:
        yield EnvironmentSeen(environment=told.environment)
    names = _cell_ids(source.notebook.cells)
    if source.notebook.whole:
        yield DocumentSeen(at=now, document=_document(source, names))
    reading = Reading(source.path.parent, source.notebook, told, home, knowledge, put, contents, names)
    yield from (CellFinished(execution=execution) for execution in reading.executions())
    if told.status is not None and told.ended_at is not None:
        failed = next((one.order for one in reading.examined if one.failed), 0)
        yield RunFinished(
            ended_at=told.ended_at,
            status=told.status,
            order=failed if told.status is Status.FAILED else 0,
        )
    # Last, and always there: it marks the record as whole.
    yield FindingsMade(
        findings=(*told.findings, *reading.findings()), notices=(*told.notices, *reading.notices)
    )


def _cell_ids(cells: Sequence[SavedCell]) -> dict[int, str]:
    """An identifier for each cell by its position; the position itself where there is none of its own."""
    found: dict[int, str] = {}
    taken: set[str] = set()
    for cell in cells:
        own = cell.id if cell.id and len(cell.id) <= LONGEST_ID and cell.id not in taken else ""
        found[cell.index] = own or f"cell-{cell.index}"
        taken.add(found[cell.index])
    return found


def _document(source: Source, ids: dict[int, str]) -> Document:
    cells = (
        DocumentCell(id=ids[cell.index], index=cell.index, type=cell.kind, sha256=source_digest(cell.source))
        for cell in source.notebook.cells
    )
    return Document(cells=tuple(cells), sha256=source.sha256)


def _title(notebook: SavedNotebook) -> str:
    """The first heading, where it stands near the top."""
    for cell in notebook.cells[:5]:
        if cell.kind == "markdown":
            for line in cell.source.splitlines():
                if line.startswith("# "):
                    return line[2:].strip()[:200].encode("utf-8", "backslashreplace").decode()
    return ""
