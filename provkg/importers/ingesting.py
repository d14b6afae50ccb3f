"""Ingesting one notebook file: from its bytes to journals of runs."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from provkg import journal
from provkg.analysis.knowledge import Knowledge
from provkg.analysis.own_knowledge import read_knowledge
from provkg.config import Home
from provkg.errors import NotebookError, ProvkgError
from provkg.identity import sha256
from provkg.importers.mlprovlab_export import exported, is_export
from provkg.importers.notebook import Source, events_of, run_id, runs_told
from provkg.importers.places import Contents
from provkg.importers.saved import decoded, notebook_of
from provkg.importers.told import Told
from provkg.records import CellFinished, FindingsMade

__all__ = ["Ingested", "Ingester"]

_LAST_EVENT = str(FindingsMade.__struct_config__.tag)


@dataclass(frozen=True, slots=True)
class Ingested:
    """What came of one file.

    ``problem`` says in a few words why it could not be read; ``runs`` are all runs it tells of, ``added``
    those that were not recorded before.
    """

    path: str
    problem: str = ""
    runs: tuple[str, ...] = ()
    added: int = 0
    executions: int = 0
    findings: int = 0


class Ingester:
    """Ingests files into one home.

    Raises:
        KnowledgeError: a knowledge file of the user's is wrong.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._knowledge: Knowledge = read_knowledge(*home.knowledge_files)
        self._contents = Contents(home.limits.digest_bytes)
        self._put = partial(journal.put_object, home)

    def ingest(self, path: Path) -> Ingested:
        """Writes the runs that a notebook file tells of, unless they are recorded already.

        Raises:
            JournalError: the journal or an object cannot be written.
        """
        try:
            content = _read(path, self._home.limits.notebook_bytes)
            data = decoded(content)
            notebook = exported(data) if is_export(data) else notebook_of(data)
            return self._runs_of(Source(path, sha256(content), len(content), notebook))
        except NotebookError as error:
            return Ingested(str(path), problem=error.message)
        except OSError as error:
            return Ingested(str(path), problem=error.strerror or type(error).__name__)
        except (RecursionError, MemoryError) as error:
            deep = isinstance(error, RecursionError)
            return Ingested(str(path), problem="nested too deeply" if deep else "it takes too much memory")
        except ProvkgError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours in one notebook must not stop the rest
            return Ingested(str(path), problem=f"provkg failed: {type(error).__name__}: {error}"[:500])

    def _runs_of(self, source: Source) -> Ingested:
        runs: list[str] = []
        added = executions = findings = 0
        for told in runs_told(source.notebook):
            run = run_id(source, told)
            runs.append(run)
            if self._is_recorded(run, told):
                continue
            now = datetime.now(UTC)
            events = list(
                events_of(source, told, self._home, self._knowledge, self._put, now, self._contents)
            )
            journal.write_run(self._home, run, events)
            added += 1
            executions += sum(isinstance(event, CellFinished) for event in events)
            findings += sum(len(event.findings) for event in events if isinstance(event, FindingsMade))
        return Ingested(str(source.path), "", tuple(runs), added, executions, findings)

    def _is_recorded(self, run: str, told: Told) -> bool:
        """Whether a run has its journal; one that keeps its identity may have gone on since."""
        if not journal.is_whole(self._home, run, _LAST_EVENT):
            return False
        known = journal.read_run(self._home, run) if told.identity else None
        return known is None or len(known.executions) >= len(told.ran)


def _read(path: Path, limit: int) -> bytes:
    """The bytes of a file, without waiting for what is no file."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a file")
        if found.st_size > limit:
            raise NotebookError(f"larger than `limits.notebook_bytes` ({found.st_size:,} of {limit:,} bytes)")
        content = file.read(limit + 1)
    if len(content) > limit:
        raise NotebookError(f"larger than `limits.notebook_bytes` ({limit:,} bytes)")
    return content
