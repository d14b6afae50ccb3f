"""One recorded session: told when executions begin and end and what hooks saw, it writes the record.

A session never raises into the code it records. What it cannot do it notes in the record.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from threading import get_ident
from typing import Any

from msgspec.structs import replace

from provkg.capture.background import bound_in_background
from provkg.capture.bindings import names_of_states
from provkg.capture.definers import Definers
from provkg.capture.digests import silence
from provkg.capture.draws import Draws
from provkg.capture.execution import Execution, Notices
from provkg.capture.figures import Figures
from provkg.capture.files import FileWatch
from provkg.capture.following import Following
from provkg.capture.gate import gate
from provkg.capture.gathering import gather_files, gather_variables
from provkg.capture.namespace import Snapshot, variables
from provkg.capture.outputs import OutputWatch
from provkg.capture.own_classes import OwnClasses
from provkg.capture.packages import PackageWatch
from provkg.capture.standing import Standing
from provkg.capture.threads import steps_at_work
from provkg.capture.unnamed import Unnamed
from provkg.capture.usercode import UserCode
from provkg.capture.values import Tracker
from provkg.identity import sha256
from provkg.records import (
    Activity,
    CellExecution,
    CellFinished,
    CellStarted,
    Error,
    Event,
    Evidence,
    FileMode,
    Import,
    Package,
    ParametersSeen,
    RunFinished,
    Seed,
    Setting,
    Status,
)

__all__ = ["Session"]

Append = Callable[[Event], None]
Closing = Callable[[Error | None, bool], None]


class Session:
    """Records the executions of one process.

    Parameters:
        append: writes one event to the journal.
        namespace: the variables of the notebook; read, never written.
        hidden: variables that are IPython's own.
        files: watches the files it opens.
        outputs: watches what it shows.
        packages: watches the packages it imports.
        fingerprint_limit: of values larger than this many bytes a part gets a fingerprint.
        fingerprint_part: about how many bytes of them; 0 for none.
        leave_out_columns: patterns of the columns that are not named.
        patience: seconds after which an execution at work is told of, step by step.
    """

    def __init__(
        self,
        append: Append,
        namespace: Mapping[str, Any],
        *,
        hidden: Mapping[str, Any] | None = None,
        files: FileWatch,
        outputs: OutputWatch,
        packages: PackageWatch,
        fingerprint_limit: int = 100_000_000,
        fingerprint_part: int = 16_000_000,
        leave_out_columns: Sequence[str] = (),
        patience: float = 1.0,
    ) -> None:
        self.namespace = namespace
        code = UserCode(namespace, files.is_packaged)
        self.values = Following(namespace, Tracker(fingerprint_limit, fingerprint_part), code, hidden)
        self.values.inference.last_file = lambda value: files.last(files.connections.path_of(value))
        self.files = files
        files.notice = self.notice
        self.outputs = outputs
        self.figures = Figures()
        self.draws = Draws(files)
        self._own_classes = OwnClasses(namespace, files.is_packaged)
        self._append = append
        self._patience = patience
        self._hidden = hidden or {}
        self._unnamed = Unnamed(leave_out_columns)
        self._packages = packages
        self._order = 0
        self._activities = count(1)
        self._results = count(1)
        self._cell: Execution | None = None
        self._imported: tuple[Package, ...] = ()
        self._definers = Definers()
        self._pending = Notices()
        self._warned = self._muted = False

    # --- executions ---

    @property
    def order(self) -> int:
        """The rank of the last execution that began."""
        return self._order

    def next_order(self) -> int:
        """The rank of an execution that begins."""
        self._order += 1
        return self._order

    def begin(
        self,
        source: str,
        transformed: str,
        *,
        cell_id: str = "",
        index: int | None = None,
        tags: tuple[str, ...] = (),
        cell_evidence: Evidence = Evidence.OBSERVED,
    ) -> None:
        """An execution begins."""
        began = time.process_time()
        execution = CellExecution(
            order=self.next_order(),
            source=source,
            sha256=sha256(source.encode("utf-8", "backslashreplace")),
            started_at=datetime.now(UTC),
            cell_id=cell_id,
            index=index,
            tags=tags,
            cell_evidence=cell_evidence,
        )
        self.write(CellStarted(execution=execution))
        held = variables(self.namespace, self._hidden)
        self.values.begin(transformed, held)
        snapshot = Snapshot(held)
        self._definers.begin(snapshot)
        self._cell = Execution(execution, snapshot, self.values.states(), self._patience)
        self.share(bound_in_background(self.namespace))
        self._own_classes.begin(source, held)
        self._cell.overhead = time.process_time() - began
        self.draws.begin()
        gate.open(self)

    def end(
        self,
        *,
        error: Error | None = None,
        interrupted: bool = False,
        execution_count: int | None = None,
    ) -> None:
        """The execution ended; everything seen in it is written."""
        gate.close()
        self._own_classes.end()
        cell = self._cell
        if cell is None:
            return
        cell.seeds += self.draws.end()
        began = time.process_time()
        if gate.exhausted:
            cell.notices.add("hooks", "calls at the recursion limit are not recorded")
        if steps_at_work():
            cell.notices.add("threads", "steps at work in other threads at the end are not recorded")
        if gate.elsewhere:
            cell.notices.add("threads", "steps made in other threads or tasks are not recorded")
        for closing in cell.closing:
            try:
                closing(error, interrupted)
            except Exception as failure:
                cell.notices.add("end of cell", failure)
        fields: dict[str, Any] = {}
        cell.error = error
        for gather in (self._gather_variables, self._gather_files, self._gather_code):
            try:
                fields |= gather(cell)
            except Exception as failure:
                cell.notices.add(f"end of cell: {gather.__name__}", failure)
        try:
            fields["outputs"] = self.outputs.end_cell(error)
            fields["links"] = (*fields.get("links", ()), *self.figures.end(fields["outputs"]))
        except Exception as failure:
            cell.notices.add("outputs", failure)
        fields["links"] = tuple(map(self._unnamed.in_link, fields.get("links", ())))
        self._cell = None
        self._definers.end(cell.left or Snapshot(variables(self.namespace, self._hidden)))
        self._pending.move_to(cell.notices)
        execution = cell.finished(fields, began, error, execution_count, interrupted=interrupted)
        self.write(CellFinished(execution=execution))

    def share(self, names: set[str]) -> None:
        """Something else may bind these variables while the execution is at work."""
        if self._cell is not None:
            self._cell.shared |= names

    def has_variables(self) -> bool:
        """Whether there are variables of the user's."""
        return bool(variables(self.namespace, self._hidden))

    def remember(self, limit: int = 100_000_000) -> None:
        """Nothing is recorded from now on.

        Parameters:
            limit: estimators of more bytes than this are not remembered.
        """
        estimators, is_packaged = self.values.tracker.estimators(), self.files.is_packaged
        self._definers.remember(Standing(self.namespace, self._hidden, estimators, is_packaged, limit))

    def check(self) -> None:
        """Callbacks have run since the execution before."""
        self._definers.check(self.values, self._hidden)

    def take_stock(self) -> None:
        """Recording begins late or goes on: of what is there now only what still stands is claimed."""
        self._definers.go_on(self.values, self._hidden)
        self._packages.imported()
        # A seed may have been set unseen: nobody is accused of lacking one.
        self.draws.seeded = True

    def finish(
        self, status: Status = Status.SUCCEEDED, error: Error | None = None, order: int | None = None
    ) -> None:
        """The run ends.

        Parameters:
            error: what ended it.
            order: the rank of the execution that the error is of, by default the last.
        """
        if self._cell is not None:
            self.end(error=Error(name="SystemExit", message="the process ended"), interrupted=True)
        order = (order or self._order) if error is not None else 0
        notices = self._pending.take()
        self.write(
            RunFinished(ended_at=datetime.now(UTC), status=status, error=error, order=order, notices=notices)
        )

    def write(self, event: Event) -> None:
        """Append an event; a failure is counted and told with the next event that can be written."""
        if self._muted:
            return
        try:
            self._append(event)
        except Exception as error:
            self._pending.add("journal", error)
            if not self._warned:
                self._warned = True
                print(f"provkg cannot record everything: {error}", file=sys.__stderr__)

    def mute(self) -> None:
        """Write nothing from now on."""
        self._muted = True
        self._cell = None

    # --- what hooks tell ---

    def notice(self, where: str, error: BaseException | str) -> None:
        """Note something that capture could not do."""
        notices = self._cell.notices if self._cell is not None else self._pending
        notices.add(where, error)

    def next_activity(self) -> str:
        """An identifier for an activity."""
        return f"a{next(self._activities)}"

    def next_result(self) -> str:
        """An identifier for a result."""
        return f"r{next(self._results)}"

    def crowds(self, function: str, line: int | None) -> bool:
        """Whether a line has called a function so often that further calls are counted, not recorded."""
        return self._cell is None or self._cell.crowds(function, line, self.values.file())

    def add(self, activity: Activity) -> None:
        """Record an activity."""
        if self._cell is not None:
            if activity.package:
                self.package_of(activity.function.partition(".")[0])
            self._cell.add(activity, self.values.file(), gate.own.enclosing)
            if get_ident() == gate.thread:
                self.tell()

    def tell(self, begun: Callable[[], Activity] | None = None) -> None:
        """Write what is new in the execution at work, if that is due.

        Parameters:
            begun: makes the record of a training that begins.
        """
        cell = self._cell
        if cell is None or not cell.progress.is_due(training=begun is not None):
            return
        self.settle_imports()
        began = time.thread_time()
        steps = cell.progress.news(
            activities=cell.activities,
            begun=begun() if begun is not None else None,
            seeds=cell.seeds,
            links=self.values.links,
            kept=self.values.kept,
            files=self.files.so_far(),
            packages=self._imported,
            names=lambda states: names_of_states(
                variables(self.namespace, self._hidden), self.values.inference, states, elements=False
            ),
        )
        if steps is not None:
            values = tuple(map(self._unnamed.in_value, steps.values))
            self.write(replace(steps, values=values, links=tuple(map(self._unnamed.in_link, steps.links))))
        cell.progress.took(time.thread_time() - began)

    def parameters(self, parameters: tuple[Setting, ...]) -> None:
        """Record the parameters that a script has read from its command line."""
        if self._cell is not None and self.values.code.document:
            self.write(ParametersSeen(parameters=parameters))

    def at_end(self, closing: Closing) -> None:
        """Have a hook told when this execution ends: by which error, and whether it was interrupted."""
        if self._cell is not None:
            self._cell.closing.append(closing)

    def seeded(self, seed: Seed) -> None:
        """Record that a random generator was seeded."""
        if seed.generator == "numpy.random":
            self.draws.seeded = seed.value is not None
            self.draws.after()
        if self._cell is not None:
            file = self.values.file()
            self._cell.seeds.append(replace(seed, file=file) if file else seed)

    # --- the end of an execution ---

    def _gather_variables(self, cell: Execution) -> dict[str, Any]:
        fields = gather_variables(cell, self.values, self._hidden, self._definers)
        if self.values.inference.tired:
            cell.notices.add("origins", "there is too much text to read where all values came from")
        return {**fields, "values": tuple(map(self._unnamed.in_value, fields["values"]))}

    def _gather_files(self, cell: Execution) -> dict[str, Any]:
        return gather_files(cell, self.files, self.values)

    def _gather_code(self, cell: Execution) -> dict[str, Any]:
        imports = []
        for found in self.values.texts.cell().imports:
            if found.module == "__future__":  # a word to the compiler
                continue
            package = "" if found.stdlib else self.package_of(found.module)
            fields = {name: getattr(found, name) for name in found.__struct_fields__}
            imports.append(Import(**{**fields, "package": package}))
        self.settle_imports(found.module for found in imports)
        packages, self._imported = self._imported, ()
        return {"imports": tuple(imports), "packages": packages}

    def settle_imports(self, named: Iterable[str] = ()) -> None:
        """Take what has been imported so far for the user's.

        Parameters:
            named: modules that the cell's text imports.
        """
        with silence():
            imported = self._packages.imported(named)
        self._imported += imported.packages
        for path in imported.files:
            self.files.read(path, FileMode.IMPORTED)

    def ignore_imports(self) -> None:
        """Take what has been imported since for the machinery's, as to print a traceback."""
        with silence():
            self._packages.imported()

    def package_of(self, module: str) -> str:
        """The published name of the distribution that provides a module in use; empty where none does."""
        with silence():
            package = self._packages.package_of(module)
            used = self._packages.first_use(module) if package is not None else None
        if used is not None:
            self._imported += (used,)
        return package.name if package is not None else ""
