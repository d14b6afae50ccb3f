"""MLProvLab's record in a notebook's metadata: every execution of every session, with its environment.

Each of its epochs, the life of one kernel, is a run. It begins an epoch when a kernel counts 1, so executions
of a kernel whose first one it missed stand at the end of the epoch before: their counts tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

from msgspec.structs import replace

from provkg.identity import digest
from provkg.importers.examined import Kind
from provkg.importers.inspected import VariableSeen, inspected
from provkg.importers.recorded import Recorded, data_sources
from provkg.importers.saved import Metadata, SavedCell, SavedNotebook, count_of, output_of, section, text_of
from provkg.importers.timing import Times, moment
from provkg.importers.told import Ran, Told, environment_of
from provkg.records import Finding, Notice, Package

__all__ = ["TOOL", "epochs"]

TOOL = "MLProvLab"
Cells: TypeAlias = Mapping[str, Sequence[SavedCell]]
_MOST_EPOCHS = 1000
_MOST_SESSIONS = 20
_MOST_VARIABLES = 1000
_KEY = ("cell_id", "execution_count", "time", "cell_source")
_LONGEST_AGENT = 500
_STAND_INS = frozenset({"bs4", "sklearn"})
"""Distributions that share the name of a module and hold nothing: theirs is not the module's version."""


def epochs(notebook: SavedNotebook) -> tuple[tuple[Told, ...], tuple[Notice, ...]]:
    """The runs that MLProvLab recorded, and what of its record could not be read."""
    record = section(notebook.metadata, "provenance")
    if "epochs" not in record:
        return (), ()
    listed = record["epochs"]
    if not isinstance(listed, list):
        return (), (_unread("its record has no list of epochs"),)
    cells = _cells(notebook.code_cells)
    told: list[Told] = []
    lost = executions = 0
    for rank, epoch in enumerate(listed[:_MOST_EPOCHS], 1):
        entries, wrong = _entries(epoch)
        executions += wrong
        lost += not entries
        told += _sessions(rank, epoch, entries, cells)
    reasons = (
        (lost, "epochs without an execution that can be read"),
        (executions, "executions that cannot be read: they have no source text"),
        (len(listed) - _MOST_EPOCHS, f"epochs beyond the first {_MOST_EPOCHS:,}"),
    )
    return tuple(told), tuple(_unread(f"left out: {reason}", count) for count, reason in reasons if count > 0)


def _unread(message: str, count: int = 1) -> Notice:
    return Notice(where=TOOL, message=message, count=count)


def _entries(epoch: Any) -> tuple[list[Metadata], int]:
    """The executions of an epoch, and how many cannot be read."""
    data = epoch.get("data") if isinstance(epoch, dict) else None
    listed = data if isinstance(data, list) else []
    entries: list[Metadata] = [
        one for one in listed if isinstance(one, dict) and isinstance(one.get("cell_source"), str | list)
    ]
    return entries, len(listed) - len(entries)


def _identity(cell: SavedCell) -> str:
    """What MLProvLab calls a cell: the id it had when it was first executed."""
    known = cell.metadata.get("prov_id")
    return known if isinstance(known, str) and known else cell.id


def _cells(code_cells: Sequence[SavedCell]) -> Cells:
    """The cells by their identity, which copies of a cell share: the one whose own id it is first."""
    found: dict[str, list[SavedCell]] = {}
    for cell in code_cells:
        known = found.setdefault(_identity(cell), [])
        known.insert(0 if cell.id == _identity(cell) else len(known), cell)
    return found


def _cell_of(entry: Metadata, cells: Cells) -> SavedCell | None:
    """The cell that was executed: of several copies, the one that shows this execution."""
    name = entry.get("cell_id")
    copies = cells.get(name, ()) if isinstance(name, str) else ()
    if len(copies) > 1:
        shown = (count_of(entry.get("execution_count")), text_of(entry.get("cell_source")))
        return next((cell for cell in copies if (cell.execution_count, cell.source) == shown), copies[0])
    return copies[0] if copies else None


def _sessions(rank: int, epoch: Metadata, entries: Sequence[Metadata], cells: Cells) -> Iterator[Told]:
    """The sessions that one epoch tells of: one, unless the counts go back."""
    for number, part in enumerate(_parts(entries), 1):
        told = _told(epoch, part, cells)
        name = f"epoch {rank}" if number == 1 else f"epoch {rank}.{number}"
        told = replace(told, name=name, part=name, identity=_identity_of(part[0]))
        if number > 1 or told.started_at is None:
            told = replace(told, started_at=told.ran[0].times.end)
        if number > 1:
            message = f"Its first execution is not on record: MLProvLab has it at the end of epoch {rank}."
            told = replace(told, findings=(Finding(kind=Kind.SESSIONS, message=message),))
        yield told


def _identity_of(first: Metadata) -> str:
    """What names a session whatever becomes of the file: its first execution, with the time of it."""
    time = _text(first.get("time"))
    return digest([time, _text(first.get("cell_id")), text_of(first.get("cell_source"))]) if time else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _parts(entries: Sequence[Metadata]) -> list[list[Metadata]]:
    """The entries by kernel: within one, counts only rise, unless they are no counts at all.

    An entry that is there twice is taken once.
    """
    parts: list[list[Metadata]] = []
    last = 0
    for entry in entries:
        count = count_of(entry.get("execution_count")) or last
        before = parts[-1][-1] if parts else {}
        if before and all(before.get(key) == entry.get(key) for key in _KEY):
            parts[-1][-1] = entry
            continue
        if not parts or count < last:
            parts.append([])
        parts[-1].append(entry)
        last = count
    return parts if len(parts) <= _MOST_SESSIONS else [[entry for part in parts for entry in part]]


def _told(epoch: Metadata, entries: Sequence[Metadata], cells: Cells) -> Told:
    environment = section(epoch, "environment")
    language, kernel = section(environment, "language_info"), section(environment, "kernel")
    names = (kernel.get("implementation"), kernel.get("version"))
    agent = environment.get("user_agent")
    doubtful: list[str] = []
    ran = tuple(_executions(entries, cells, doubtful))
    return Told(
        ran=ran,
        origin=TOOL,
        environment=environment_of(
            language.get("name"),
            language.get("version"),
            " ".join(name for name in names if isinstance(name, str)),
            tuple(_packages(section(epoch, "modules"))),
        ),
        client=agent[:_LONGEST_AGENT] if isinstance(agent, str) else "",
        # Taken when the kernel first answered; when it was started is not recorded.
        started_at=_moment(environment.get("time")),
        notices=tuple(_notices(doubtful)),
    )


def _notices(doubtful: Iterable[str]) -> Iterator[Notice]:
    yield Notice(where=TOOL, message="what each cell read and set was analysed anew")
    texts = list(dict.fromkeys(doubtful))
    if texts:
        shown = ", ".join(repr(text[:80]) for text in texts[:5])
        message = f"it calls these texts data sources, and they are not taken for any: {shown}"
        yield Notice(where=TOOL, message=message, count=len(texts))


def _executions(entries: Iterable[Metadata], cells: Cells, doubtful: list[str]) -> Iterator[Ran]:
    for one in entries:
        name = one.get("cell_id")
        known = _cell_of(one, cells)
        outputs = one.get("cell_outputs")
        sources, others = data_sources(_texts(one.get("data_values")))
        doubtful += others
        yield Ran(
            SavedCell(
                index=known.index if known is not None else -1,
                kind="code",
                source=text_of(one.get("cell_source")),
                id=known.id if known is not None else name if isinstance(name, str) else "",
                execution_count=count_of(one.get("execution_count")),
                outputs=tuple(
                    output_of(output)
                    for output in (outputs if isinstance(outputs, list) else [])
                    if isinstance(output, dict)
                ),
                tags=known.tags if known is not None else (),
            ),
            # The time is taken when the kernel has answered.
            Times(None, _moment(one.get("time"))),
            Recorded(
                sources=sources,
                variables=_variables(section(one, "local_info")),
                failed=one.get("type") == "error",
            ),
        )


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _variables(told: Metadata) -> dict[str, VariableSeen]:
    found = {}
    for name, text in list(told.items())[:_MOST_VARIABLES]:
        seen = inspected(name, text) if isinstance(text, str) and text else None
        if seen is not None:
            found[name] = seen
    return found


def _packages(modules: Metadata) -> Iterator[Package]:
    """Where a distribution has the name of a module, MLProvLab has its version."""
    for module, facts in modules.items():
        version = facts.get("version") if isinstance(facts, dict) else None
        if isinstance(version, str) and version and module not in _STAND_INS:
            yield Package(name=module, version=version, modules=(module.partition(".")[0],))


def _moment(value: Any) -> datetime | None:
    """A time as browsers write it (RFC 9110, section 5.6.7)."""
    if not isinstance(value, str):
        return None
    try:
        return moment(parsedate_to_datetime(value).isoformat())
    except (ValueError, TypeError, IndexError):
        return moment(value)
