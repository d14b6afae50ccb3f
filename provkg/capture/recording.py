"""One recording of one process: hooks, watches, journal and session, put in place and taken away again.

What begins and ends executions is another matter: `provkg.capture.ipython` does it for the cells of a kernel.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from threading import RLock
from typing import Any
from uuid import uuid4

import provkg
from provkg import __version__
from provkg.analysis.knowledge import Knowledge, shipped_file
from provkg.capture import file_events
from provkg.capture.digest_book import DigestBook
from provkg.capture.environment import agent, describe_environment
from provkg.capture.file_states import Policy
from provkg.capture.files import FileWatch
from provkg.capture.gate import gate
from provkg.capture.git import commit_of
from provkg.capture.hooks import HOOKS, AfterImport, after_imports
from provkg.capture.hooks.imports import ImportWatch
from provkg.capture.hooks.replacing import beginning_late
from provkg.capture.noise import Noise
from provkg.capture.outputs import OutputWatch
from provkg.capture.packages import PackageWatch
from provkg.capture.session import Session
from provkg.capture.starts import watch_starts
from provkg.confidential import cleaned_command
from provkg.config import Home
from provkg.errors import JournalError, KnowledgeError
from provkg.identity import sha256
from provkg.journal import Journal, put_object
from provkg.records import Code, EnvironmentSeen, RunKind, RunStarted, Setting

__all__ = ["Recording", "at_work"]

_at_work: Recording | None = None
_watches_forks = False


def at_work() -> Recording | None:
    """The recording that watches this process, if one does."""
    return _at_work


def _forked() -> None:
    """A child process is another matter: it must not write into its parent's run."""
    global _at_work
    if _at_work is not None:
        gate.lock = RLock()  # the old one may be held by a thread that is not here
        gate.close()
        _at_work.session.mute()
        _at_work = None


class Recording:
    """Watches one process and writes one run.

    Parameters:
        home: where the journal is written.
        namespace: the variables of the user's code; read, never written.
        hidden: variables that are not the user's.
        run: the run that a runner has begun, or empty: then `begin_run` begins it.
        fresh: whether none of the user's code has run in this process.
        patience: seconds after which an execution at work is told of, step by step.
    """

    def __init__(
        self,
        home: Home,
        namespace: Mapping[str, Any],
        *,
        hidden: Mapping[str, Any] | None = None,
        run: str = "",
        fresh: bool = False,
        patience: float = 1.0,
    ) -> None:
        self.home = home
        self.run = run or str(uuid4())
        self.begun = bool(run)
        self._fresh = fresh or self.begun
        self.since = datetime.now(UTC)
        self.undo: list[Callable[[], None]] = []
        """What takes the watches away again, the last one first."""
        self._journal = Journal(home, self.run)
        self._packages = PackageWatch()
        limits = home.limits
        ignored = (str(home.path) + os.sep, os.path.dirname(provkg.__file__) + os.sep)
        policy = Policy(
            limits.digest_bytes, limits.digest_part_bytes, limits.file_count, home.capture.leave_out_paths
        )
        reuses = home.capture.files and home.capture.reuse_digests
        digests = DigestBook(str(home.path / "digests.txt")) if reuses else None
        files = FileWatch(
            Noise(ignored, namespace), policy, self._package_of, digests, enabled=home.capture.files
        )
        self.session = Session(
            self._journal.append,
            namespace,
            hidden=hidden,
            files=files,
            outputs=OutputWatch(
                self.put, limits.output_characters if home.capture.outputs else 0, limits.object_bytes
            ),
            packages=self._packages,
            fingerprint_limit=limits.fingerprint_bytes,
            fingerprint_part=limits.fingerprint_part_bytes,
            leave_out_columns=home.capture.leave_out_columns,
            patience=patience,
        )
        self._imports = ImportWatch(self.session.notice)
        self._declared = self._own_knowledge()

    def put(self, content: bytes) -> tuple[str, bool]:
        """Keep a content in the object folder, if it may be; returns its digest and whether it is kept."""
        if not self.home.capture.outputs:
            return sha256(content), False
        try:
            return put_object(self.home, content)
        except JournalError as error:
            self.session.notice("objects", error.message)
            return sha256(content), False

    def _own_knowledge(self) -> Iterable[tuple[str, AfterImport]]:
        """The hooks on what the user's own knowledge files declare; a file with a mistake is left out."""
        paths = self.home.knowledge_files
        if not paths:
            return ()
        from provkg.analysis.own_knowledge import read_knowledge_file
        from provkg.capture.hooks.declared import after_imports_of

        files = []
        for path in paths:
            try:
                files.append(read_knowledge_file(path))
            except KnowledgeError as error:
                self.session.notice("knowledge", f"{error.message} {error.remedy}")
        self.session.values.texts.knowledge = Knowledge(*files, shipped_file())
        return after_imports_of(files, self._package_of)

    def _package_of(self, module: str) -> str:
        package = self._packages.package_of(module)
        return package.name if package is not None else ""

    def start(self) -> None:
        """Put hooks and watches in place."""
        left_out = self.home.capture.leave_out_hooks
        for name in sorted({*left_out} - {*HOOKS}):
            self.session.notice("config.toml", f"there are no hooks {name!r} to leave out")
        with nullcontext() if self._fresh else beginning_late():
            for name, hook in (*after_imports(left_out), *self._declared):
                self._imports.after(name, hook)
        self._imports.install()
        self.undo.append(self._imports.uninstall)
        self.undo.append(watch_starts())
        if self.home.capture.files:
            file_events.watch_with(self.session.files)
            self.undo.append(lambda: file_events.watch_with(None))
        self.session.outputs.watch_streams()
        self.undo.append(self.session.outputs.unwatch)
        global _at_work, _watches_forks
        _at_work = self
        if not _watches_forks:
            _watches_forks = True
            os.register_at_fork(after_in_child=_forked)

    def stop(self) -> None:
        """Take hooks and watches away."""
        global _at_work
        if _at_work is self:
            _at_work = None
        while self.undo:
            try:
                self.undo.pop()()
            except Exception as error:
                self.session.notice("stopping", error)

    def close(self) -> None:
        """Nothing more is written, and nothing of the session held."""
        self._journal.close()
        if gate.session is self.session:
            gate.session = None

    def begin_run(
        self,
        kind: RunKind,
        kernel: str,
        code: Code | None,
        *,
        folder: str = "",
        command: tuple[str, ...] = (),
        parameters: tuple[Setting, ...] = (),
        name: str = "",
    ) -> None:
        """Write that the run begins, and the environment it begins in.

        Parameters:
            kernel: name and version of the kernel implementation; empty for a script.
            folder: where the code lies, by default the working folder.
            name: what the user calls the run.
        """
        self.begun = True
        self.since = datetime.now(UTC)
        self.session.write(
            RunStarted(
                run=self.run,
                kind=kind,
                started_at=self.since,
                recorder=f"provkg {__version__}",
                code=code,
                agent=agent() if self.home.capture.person else None,
                commit=commit_of(folder or os.getcwd()),
                command=cleaned_command(command),
                folder=os.getcwd(),
                parameters=parameters,
                name=name,
            )
        )
        self.see_environment(kernel)

    def see_environment(self, kernel: str) -> None:
        """Write the environment as this process sees it now."""
        self.session.write(EnvironmentSeen(environment=describe_environment(kernel)))
