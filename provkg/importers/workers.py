"""Ingesting many notebooks with several processes, of which any may die without taking the rest along."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import time
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from provkg.config import Home
from provkg.errors import ProvkgError
from provkg.importers.ingesting import Ingested, Ingester

__all__ = ["ingest_all"]

_FEW = 3
"""So many notebooks are read sooner than processes start."""
_LONGEST = 300.0
"""Seconds that one notebook may take."""
_MOST_MEMORY = 4 << 30
_BETWEEN_COLLECTIONS = 200
_AHEAD = 8
"""So many paths a process is given ahead, that it need not wait for the next."""


def ingest_all(paths: Sequence[Path], home: Home, jobs: int) -> Iterator[Ingested]:
    """Ingests notebook files, and tells of each as it is done; the order is not that of `paths`.

    Parameters:
        jobs: how many processes read notebooks.

    Raises:
        ProvkgError: the journal cannot be written, or a knowledge file is wrong.
    """
    ingester = Ingester(home)
    if len(paths) <= _FEW:
        yield from map(ingester.ingest, paths)
    else:
        pool = _Pool(paths, home, min(jobs, len(paths)))
        try:
            yield from pool.results()
        finally:
            pool.close()
    if hasattr(os, "sync"):
        # Once for all: a sync for each journal would take longer than to read the notebook.
        os.sync()


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    line: Connection
    paths: deque[str] = field(default_factory=deque)
    """What it has been given and not answered yet, the one at work first."""
    since: float = 0.0


class _Pool:
    def __init__(self, paths: Sequence[Path], home: Home, jobs: int) -> None:
        self._waiting = deque(str(path) for path in paths)
        self._home = home
        # Not forked: the state of libraries with threads of their own is not safe to copy.
        self._context = multiprocessing.get_context("spawn")
        self._workers = [self._start() for _ in range(jobs)]

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs, self._home), daemon=True)
        with _no_interrupt():
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def results(self) -> Iterator[Ingested]:
        for worker in self._workers:
            self._hand_on(worker)
        while busy := [worker for worker in self._workers if worker.paths]:
            ready = wait([worker.line for worker in busy], timeout=1.0)
            for worker in busy:
                if worker.line in ready:
                    yield self._answer(worker)
                elif time.monotonic() - worker.since > _LONGEST:
                    yield self._lost(worker, f"it takes more than {_LONGEST:.0f} seconds to read")

    def _hand_on(self, worker: _Worker) -> None:
        worker.since = time.monotonic()
        while self._waiting and len(worker.paths) < _AHEAD:
            worker.paths.append(self._waiting.popleft())
            with suppress(OSError):  # it died meanwhile: reading its answer tells
                worker.line.send(worker.paths[-1])

    def _answer(self, worker: _Worker) -> Ingested:
        try:
            answer = worker.line.recv()
        except (EOFError, OSError):
            worker.process.join(5)
            return self._lost(worker, f"the process that read it died ({_end_of(worker.process)})")
        if isinstance(answer, ProvkgError):
            raise answer
        assert isinstance(answer, Ingested)
        worker.paths.popleft()
        self._hand_on(worker)
        return answer

    def _lost(self, worker: _Worker, problem: str) -> Ingested:
        """Put another process in the place of one that came to grief over a notebook."""
        path, *others = worker.paths
        self._waiting.extendleft(reversed(others))
        _stop(worker)
        self._workers.remove(worker)
        fresh = self._start()
        self._workers.append(fresh)
        self._hand_on(fresh)
        return Ingested(path, problem=problem)

    def close(self) -> None:
        for worker in self._workers:
            _stop(worker)


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """Let what is started meanwhile be born deaf to Ctrl-C, which the terminal sends to all processes.

    Until it ignores interrupts by itself, a young process would show a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # when it has to be started, it unblocks interrupts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _stop(worker: _Worker) -> None:
    worker.line.close()
    worker.process.kill()
    worker.process.join()


def _end_of(process: BaseProcess) -> str:
    code = process.exitcode
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _work(line: Connection, home: Home) -> None:
    """What a process does: it ingests the paths that come along the line until there is no one there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory()
    warnings.simplefilter("ignore")
    ingester = Ingester(home)
    # Syntax trees are millions of objects that die at once; looking for cycles among them takes as long as
    # all the rest.
    gc.collect()
    gc.freeze()
    gc.disable()
    done = 0
    while True:
        try:
            path = line.recv()
        except (EOFError, OSError):
            return
        answer: Ingested | ProvkgError
        try:
            answer = ingester.ingest(Path(path))
        except ProvkgError as error:
            answer = error
        try:
            line.send(answer)
        except OSError:
            return
        done += 1
        if done % _BETWEEN_COLLECTIONS == 0:
            gc.collect()


def _limit_memory() -> None:
    """Let a notebook that takes too much memory fail here, not the machine."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY or soft > _MOST_MEMORY:
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, hard))
