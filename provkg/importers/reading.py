"""The executions of one run of a saved notebook, read in their order."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from provkg.analysis import CellCode, analyse
from provkg.analysis.knowledge import Knowledge
from provkg.analysis.parsing import parse
from provkg.config import Home
from provkg.identity import sha256
from provkg.importers.examined import Execution
from provkg.importers.findings import findings_of
from provkg.importers.flow import Flow
from provkg.importers.measured import Results
from provkg.importers.names import Names
from provkg.importers.nodes import Ledger, Node
from provkg.importers.outputs import Outputs, Put, error_in
from provkg.importers.places import Contents, Places
from provkg.importers.recorded import named_sources, with_packages, with_record
from provkg.importers.saved import SavedNotebook, section
from provkg.importers.steps import Step
from provkg.importers.told import Ran, Told
from provkg.importers.unset import Unset
from provkg.importers.written import written
from provkg.records import CellExecution, Error, File, FileMode, Finding, Notice, Read, Seed, Status

__all__ = ["LONGEST_ID", "Reading", "source_digest"]

LONGEST_ID = 200
"""Characters of a cell's identifier; a longer one is none."""
_MOVING = frozenset({"%cd", "os.chdir", "%pushd", "%popd"})


def source_digest(source: str) -> str:
    """The digest that names a cell's text."""
    return sha256(source.encode("utf-8", "backslashreplace"))


@dataclass(slots=True)
class _Draft:
    """One execution until all are known: what is recorded of a value may come to light later."""

    ran: Ran
    code: CellCode
    reads: tuple[Read, ...]
    bound: set[str]
    states: dict[str, Node]
    steps: list[Step]
    seeds: list[Seed]
    files: list[File]
    read_files: tuple[str, ...]
    written_files: tuple[str, ...]
    error: Error | None
    above: int


class Reading:
    """Reads the executions of one run."""

    def __init__(
        self,
        folder: Path,
        notebook: SavedNotebook,
        told: Told,
        home: Home,
        knowledge: Knowledge,
        put: Put,
        contents: Contents,
        ids: dict[int, str],
    ) -> None:
        self._told = told
        self._home = home
        self._knowledge = knowledge
        self._contents = contents
        self._ids = ids
        self._notebook = notebook
        self._ledger = Ledger()
        self._places = Places(folder, home.capture.leave_out_paths, windows="Windows" in told.client)
        # No method of ours: what refers to itself in a circle waits for the garbage collection.
        self._flow = Flow(knowledge, self._ledger, self._places if home.capture.files else _nowhere)
        self._names = Names()
        self._results = Results(self._ledger)
        self._outputs = Outputs(put, home.limits.output_characters if home.capture.outputs else 0)
        self._python = notebook.language == "python"
        self._texts = home.capture.outputs and not home.capture.leave_out_columns
        self._told_files = 0
        self._unset = Unset()
        self.examined: list[Execution] = []
        self.notices: list[Notice] = []

    def executions(self) -> Iterator[CellExecution]:
        """All executions as records, in their order."""
        drafts = [self._draft(order, ran) for order, ran in enumerate(self._told.ran, 1)]
        values, links = self._ledger.values(), self._ledger.links()
        activities = 0
        for order, draft in enumerate(drafts, 1):
            cell, error = draft.ran.cell, draft.error
            imports = draft.code.imports if error is None else ()
            steps = [
                step.activity(f"a{activities + rank}", draft.above)
                for rank, step in enumerate(draft.steps, 1)
            ]
            activities += len(steps)
            execution = CellExecution(
                order=order,
                source=cell.source,
                sha256=source_digest(cell.source),
                started_at=draft.ran.times.start,
                ended_at=draft.ran.times.end,
                cell_id=self._ids.get(cell.index) or cell.id[:LONGEST_ID],
                index=cell.index if cell.index >= 0 else None,
                execution_count=cell.execution_count,
                status=_status(error),
                error=error,
                tags=cell.tags,
                defines=Names.states(draft.code, draft.bound, draft.states, self._ledger),
                deletes=tuple(sorted(draft.code.deletes)) if error is None else (),
                reads=draft.reads,
                imports=with_packages(imports, self._told.environment),
                values=tuple(values.get(order, ())),
                files=tuple(draft.files),
                read_files=draft.read_files,
                written_files=draft.written_files,
                activities=tuple(steps),
                links=tuple(links.get(order, ())),
                outputs=self._outputs.of(cell.outputs),
                seeds=tuple(draft.seeds),
            )
            yield with_record(execution, draft.ran.record, texts=self._texts)

    def _draft(self, order: int, ran: Ran) -> _Draft:
        cell = ran.cell
        record = ran.record
        error = error_in(cell.outputs) or (record.error if record is not None else None)
        above = _lines_above(cell.source)
        if error is not None and error.line is not None:
            error = replace(error, line=error.line + above)
        parsed = parse(cell.source, transformed=False) if self._python else None
        code = CellCode()
        if parsed is not None and parsed.tree is None:
            code = CellCode(error=parsed.error, error_line=parsed.line)
        elif parsed is not None:
            code = analyse(
                parsed.source,
                aliases=self._names.aliases,
                constants=self._names.constants,
                knowledge=self._knowledge,
                tree=parsed.tree,
            )
        tree = parsed.tree if parsed is not None else None
        unset = self._unset.after(code)
        text = written(cell, tree, unset) if tree is not None else None
        self.examined.append(Execution(order, cell, code, text, ran.times, error is not None))
        until = None if error is None else (error.line or above) - above
        reads = self._names.reads(code, order)
        source = parsed.source if parsed is not None else ""
        done = self._flow.run(order, code, source, self._names.definers, until)
        if any(call.function in _MOVING for call in code.calls):
            self._places.moved = True
        if tree is not None and cell.outputs:
            self._results.find(tree, done, cell.outputs)
        bound = self._names.after(code, order, until)
        named = named_sources(record, self._ledger, self._places, order) if record is not None else []
        files = self._new_files()
        used = [use.entity for step in done.steps for use in step.used if use.entity[:1] == "f"]
        made = [entity for step in done.steps for entity in step.generated if entity[:1] == "f"]
        opened = {file.id: file.mode for file in files}
        return _Draft(
            ran, code, reads, bound, done.states, done.steps, done.seeds, files,
            read_files=tuple(
                dict.fromkeys(
                    [
                        *used,
                        *(f for f in opened if opened[f] is FileMode.READ),
                        *(node.file.id for node in named),
                    ]
                )
            ),
            written_files=tuple(
                dict.fromkeys([*made, *(f for f in opened if opened[f] is FileMode.WRITTEN)])
            ),
            error=error,
            above=above,
        )  # fmt: skip

    def _new_files(self) -> list[File]:
        """The files that this execution is the first to name, with the contents they have now."""
        nodes = self._ledger.files[self._told_files :]
        self._told_files += len(nodes)
        for node in nodes:
            digest, size = self._contents.of(node.file.path) if node.file.path else ("", None)
            if digest:
                node.file = replace(node.file, later_sha256=digest, later_size=size)
        return [node.file for node in nodes]

    def findings(self) -> tuple[Finding, ...]:
        """What a look at all executions finds."""
        executed = self.examined
        version = section(self._notebook.metadata, "language_info").get("version")
        return tuple(findings_of(self._notebook.code_cells, executed, newest=_is_known(version)))


def _nowhere(text: str) -> tuple[str, str]:
    """What a path stands for where files are not recorded."""
    return "", ""


def _is_known(version: object) -> bool:
    """Whether the parser of this interpreter knows a version of Python."""
    parts = version.split(".")[:2] if isinstance(version, str) else []
    numbers = [int(part) for part in parts if part.isdigit()]
    return len(numbers) == 2 and (3, 0) <= (numbers[0], numbers[1]) <= sys.version_info[:2]


def _status(error: Error | None) -> Status:
    if error is None:
        return Status.SUCCEEDED
    return Status.INTERRUPTED if error.name == "KeyboardInterrupt" else Status.FAILED


def _lines_above(source: str) -> int:
    """How many lines of a cell IPython drops before the first that is not empty."""
    if not source[:1].isspace():
        return 0
    lines = source.splitlines()
    return next((number for number, line in enumerate(lines) if line.strip()), 0)
