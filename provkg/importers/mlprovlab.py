"""MLProvLab's record in a notebook's metadata: every execution of every session, with its environment.

Each of its epochs, the life of one kernel, is a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from provkg.importers.saved import Metadata, SavedCell, SavedNotebook, output_of, section, text_of
from provkg.importers.timing import Times, moment
from provkg.importers.told import Ran, Told, environment_of
from provkg.records import Notice, Package

__all__ = ["epochs"]

_DISTRIBUTIONS = {"sklearn": "scikit-learn", "PIL": "Pillow", "cv2": "opencv-python", "yaml": "PyYAML"}


def epochs(notebook: SavedNotebook) -> tuple[Told, ...]:
    """The runs that MLProvLab recorded; empty where it recorded none."""
    record = section(notebook.metadata, "provenance")
    told = record.get("epochs")
    if not isinstance(told, list):
        return ()
    cells = {_identity(cell): cell for cell in notebook.code_cells}
    return tuple(
        run
        for rank, epoch in enumerate(told, 1)
        if isinstance(epoch, dict) and (run := _run(rank, epoch, cells)).ran
    )


def _identity(cell: SavedCell) -> str:
    """What MLProvLab calls a cell: the id it had when it was first executed."""
    known = cell.metadata.get("prov_id")
    return known if isinstance(known, str) else cell.id


def _run(rank: int, epoch: Metadata, cells: dict[str, SavedCell]) -> Told:
    data = epoch.get("data")
    ran = tuple(_executions(data if isinstance(data, list) else [], cells))
    environment = section(epoch, "environment")
    language, kernel = section(environment, "language_info"), section(environment, "kernel")
    names = (kernel.get("implementation"), kernel.get("version"))
    return Told(
        ran=ran,
        part=f"epoch {rank}",
        environment=environment_of(
            language.get("name"),
            language.get("version"),
            " ".join(name for name in names if isinstance(name, str)),
            tuple(_packages(section(epoch, "modules"))),
        ),
        started_at=_moment(environment.get("time")),
        notices=(Notice(where="MLProvLab", message="what each cell read and set was analysed anew"),),
    )


def _executions(data: list[Any], cells: dict[str, SavedCell]) -> Iterator[Ran]:
    for one in data:
        if not isinstance(one, dict):
            continue
        name = one.get("cell_id")
        known = cells.get(name) if isinstance(name, str) else None
        outputs, count = one.get("cell_outputs"), one.get("execution_count")
        yield Ran(
            SavedCell(
                index=known.index if known is not None else -1,
                kind="code",
                source=text_of(one.get("cell_source")),
                id=known.id if known is not None else name if isinstance(name, str) else "",
                execution_count=count if isinstance(count, int) else None,
                outputs=tuple(
                    output_of(output)
                    for output in (outputs if isinstance(outputs, list) else [])
                    if isinstance(output, dict)
                ),
                tags=known.tags if known is not None else (),
            ),
            # The time is taken when the kernel has answered.
            Times(None, _moment(one.get("time"))),
        )


def _packages(modules: Metadata) -> Iterator[Package]:
    versions: dict[str, tuple[str, set[str]]] = {}
    for module, facts in modules.items():
        version = facts.get("version") if isinstance(facts, dict) else None
        if isinstance(version, str) and version:
            top = module.partition(".")[0]
            versions.setdefault(_DISTRIBUTIONS.get(top, top), (version, set()))[1].add(top)
    for name, (version, tops) in versions.items():
        yield Package(name=name, version=version, modules=tuple(sorted(tops)))


def _moment(value: Any) -> datetime | None:
    """A time as browsers write it (RFC 9110, section 5.6.7)."""
    if not isinstance(value, str):
        return None
    try:
        return moment(parsedate_to_datetime(value).isoformat())
    except (ValueError, TypeError, IndexError):
        return moment(value)
