"""Records of code: documents, variables, imports, and executions of cells."""

from __future__ import annotations

from datetime import datetime

from provkg.records.circumstances import Notice, Package
from provkg.records.data import Error, File, Output, Value
from provkg.records.kinds import CodeKind, Evidence, Record, Status
from provkg.records.learning import Activity, Link, Seed

__all__ = [
    "CellExecution",
    "CellPlace",
    "Code",
    "Document",
    "DocumentCell",
    "Import",
    "Read",
    "VariableState",
    "is_handle",
]


class VariableState(Record, frozen=True):
    """A variable that an execution bound or changed, and the value it then held, where followed."""

    name: str
    type: str
    value: str = ""
    text: str = ""
    """Short text of a plain number, string or truth value; of anything where another tool's record has it."""
    evidence: Evidence = Evidence.OBSERVED


class Read(Record, frozen=True):
    """A variable that an execution read, how often its text names it, and which execution set it.

    ``definer`` is 0 when no recorded execution set the variable.
    """

    name: str
    count: int = 1
    definer: int = 0


class Import(Record, frozen=True):
    """An imported module or name: ``from sklearn import svm as s`` has module ``sklearn``, name ``svm``,
    alias ``s``. ``package`` is the distribution and empty for the standard library.
    """

    module: str
    name: str = ""
    alias: str = ""
    package: str = ""
    stdlib: bool = False

    @property
    def bound(self) -> str:
        """The variable that it binds; empty where the text does not say (``from x import *``).

        >>> Import(module="sklearn.svm").bound, Import(module="pandas", alias="pd").bound
        ('sklearn', 'pd')
        """
        if self.alias:
            return self.alias
        if self.name:
            return "" if self.name == "*" else self.name
        return self.module.partition(".")[0]


class DocumentCell(Record, frozen=True):
    """A cell of the document: nbformat id, position from 0, cell type, digest of its source."""

    id: str
    index: int
    type: str
    sha256: str


class Document(Record, frozen=True):
    """The notebook's cells in document order at one time."""

    cells: tuple[DocumentCell, ...] = ()
    sha256: str = ""


class Code(Record, frozen=True):
    """The document that holds the code: absolute path, digest of the file as it was run, its kind.

    ``notebook_id`` identifies the notebook across changes where its metadata carries one.
    """

    path: str
    kind: CodeKind
    sha256: str = ""
    size: int | None = None
    title: str = ""
    notebook_id: str = ""


class CellExecution(Record, frozen=True):
    """One execution of one cell version, with everything that was seen in it.

    ``order`` is its rank in the run from 1; ``execution_count`` is the kernel's own count; ``index`` is
    the cell's position in the document from 0, where known. ``started_at`` is None where an imported record
    does not tell. ``cpu`` is in seconds of processor time of
    the kernel, ``overhead`` the part of it that capture itself took around the cell.
    """

    order: int
    source: str
    sha256: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    cell_id: str = ""
    index: int | None = None
    execution_count: int | None = None
    status: Status = Status.SUCCEEDED
    error: Error | None = None
    tags: tuple[str, ...] = ()
    defines: tuple[VariableState, ...] = ()
    deletes: tuple[str, ...] = ()
    reads: tuple[Read, ...] = ()
    imports: tuple[Import, ...] = ()
    packages: tuple[Package, ...] = ()
    """Packages first imported here."""
    values: tuple[Value, ...] = ()
    files: tuple[File, ...] = ()
    """File states first seen here."""
    read_files: tuple[str, ...] = ()
    written_files: tuple[str, ...] = ()
    """Identifiers of all file states that were read and written here, by an activity or not."""
    activities: tuple[Activity, ...] = ()
    links: tuple[Link, ...] = ()
    outputs: tuple[Output, ...] = ()
    seeds: tuple[Seed, ...] = ()
    notices: tuple[Notice, ...] = ()
    cpu: float | None = None
    overhead: float | None = None
    energy: float | None = None
    """Energy that the processors of the machine used meanwhile, in joules, where that can be read."""
    cell_evidence: Evidence = Evidence.OBSERVED
    """How it is known which cell of the document this is: the client said so, or the texts agree."""


class CellPlace(Record, frozen=True):
    """The cell of the document that the execution of one rank was of: its id, position from 0, and tags."""

    order: int
    cell_id: str
    index: int | None = None
    tags: tuple[str, ...] = ()


def is_handle(cell_id: str) -> bool:
    """Whether an id names a cell for one session of an editor only, and is not that of the document.

    >>> is_handle("vscode-notebook-cell:/home/ada/a.ipynb#W0sZmlsZQ%3D%3D"), is_handle("8f0c")
    (True, False)
    """
    return cell_id.startswith("vscode-")
