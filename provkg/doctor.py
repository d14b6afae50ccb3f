"""Finds what is wrong with a home, its store and the kernels, and how to mend it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from provkg import __version__, journal
from provkg.analysis.own_knowledge import read_knowledge_file
from provkg.config import find_home
from provkg.errors import HomeError, JournalError, KnowledgeError, StoreBusyError, StoreError
from provkg.records import FindingsMade, Notice, RunFinished, RunStarted

if TYPE_CHECKING:
    from provkg.config import Home

__all__ = ["Check", "State", "examine"]

LIBRARIES = ("ipykernel", "msgspec", "nbclient", "nbformat", "pyoxigraph", "xxhash")
KERNEL_SECONDS = 30
_PROBE = "import ipykernel, provkg, provkg.capture.ipython; print(provkg.__version__)"


class State(StrEnum):
    """What a check found."""

    FINE = "fine"
    NOTE = "note"
    """Worth knowing; nothing is lost or kept from working."""
    WRONG = "wrong"


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at: what it is, how it is, what was found, and what to do about it."""

    name: str
    state: State
    found: str
    remedy: str = ""


def examine(path: str | os.PathLike[str] | None = None) -> Iterator[Check]:
    """Look at versions, the home at `path` or that holds here, its journal and store, and the kernels."""
    yield _versions()
    try:
        home = find_home(path=path)
    except HomeError as error:
        yield Check(name="home", state=State.WRONG, found=error.message, remedy=error.remedy)
    else:
        yield from _home(home)
        yield from _journal(home)
        yield from _store(home)
    yield from _kernels()


def _versions() -> Check:
    found, missing = [f"provkg {__version__}", f"Python {sys.version.split()[0]}"], []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check(
            name="versions",
            state=State.WRONG,
            found=f"{', '.join(missing)} not installed",
            remedy="Install provkg anew with pip: it brings what it needs.",
        )
    return Check(name="versions", state=State.FINE, found=", ".join(found))


def _home(home: Home) -> Iterator[Check]:
    yield Check(name="home", state=State.FINE, found=f"{home.path}, instances below {home.base}")
    for notice in home.notices:
        remedy = "Correct or remove it; see the comments in the file."
        yield Check(name="configuration", state=State.NOTE, found=notice, remedy=remedy)
    for path in home.knowledge_files:
        yield _knowledge(path)
    closed = [
        folder
        for folder in (home.path, home.journal_folder, home.objects_folder)
        if folder.exists() and not os.access(folder, os.W_OK)
    ]
    for folder in closed:
        yield Check(
            name="home",
            state=State.WRONG,
            found=f"{folder} cannot be written",
            remedy="Change its permissions, or use another home with --home or PROVKG_HOME.",
        )


def _knowledge(path: Path) -> Check:
    try:
        file = read_knowledge_file(path)
    except KnowledgeError as error:
        return Check(name="knowledge", state=State.WRONG, found=error.message, remedy=error.remedy)
    told = sum(len(entry.functions) + len(entry.methods) for entry in file.call)
    told += sum(len(entry.classes) for entry in file.class_)
    return Check(name="knowledge", state=State.FINE, found=f"{path}: {told} names")


def _journal(home: Home) -> Iterator[Check]:
    try:
        runs = journal.runs(home)
    except JournalError as error:
        yield Check(name="journal", state=State.WRONG, found=error.message, remedy=error.remedy)
        return
    size = sum(runs.values())
    runs_text = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    yield Check(name="journal", state=State.FINE, found=f"{runs_text}, {size / 1e6:.1f} MB")
    for run in runs:
        yield from _journal_of(home, run)


def _journal_of(home: Home, run: str) -> Iterator[Check]:
    notices: list[Notice] = []
    try:
        events = [
            event for event, _ in journal.read_events(journal.journal_path(home, run), report=notices.append)
        ]
    except JournalError as error:
        yield Check(name=f"journal of {run[:8]}", state=State.WRONG, found=error.message, remedy=error.remedy)
        return
    for notice in notices:
        torn = "cut short" in notice.message
        newer = "newer provkg" in notice.message
        yield Check(
            name=f"journal of {run[:8]}",
            state=State.NOTE if torn else State.WRONG,
            found=f"{notice.where}: {notice.message}",
            remedy="Nothing to do: everything before it counts."
            if torn
            else "Install that provkg, or a later one."
            if newer
            else "Everything else in the file counts; a copy of the file from a backup would bring it back.",
        )
    if not any(isinstance(event, RunStarted) for event in events):
        yield Check(
            name=f"journal of {run[:8]}",
            state=State.WRONG,
            found="no beginning: the run cannot be shown",
            remedy=f"Restore {journal.journal_path(home, run)} from a backup, or delete it.",
        )
    elif not any(isinstance(event, RunFinished | FindingsMade) for event in events):
        yield Check(
            name=f"journal of {run[:8]}",
            state=State.NOTE,
            found="no end: the run is still going on, or its recorder was killed",
            remedy="Nothing to do: everything up to there counts.",
        )


def _store(home: Home) -> Iterator[Check]:
    from provkg.queries.source import rows
    from provkg.store import open_store

    try:
        with open_store(home) as store:
            ((quads,),) = rows(store, "SELECT (COUNT(*) AS ?quads) WHERE { GRAPH ?g { ?s ?p ?o } }")
            found = f"{int(quads):,} quads, up to date with the journal"
    except StoreBusyError as error:
        yield Check(name="store", state=State.NOTE, found=error.message, remedy=error.remedy)
    except StoreError as error:
        remedy = error.remedy or "`provkg rebuild` makes it anew from the journal."
        yield Check(name="store", state=State.WRONG, found=error.message, remedy=remedy)
    else:
        yield Check(name="store", state=State.FINE, found=found)


def _kernels() -> Iterator[Check]:
    from jupyter_client.kernelspec import KernelSpecManager

    specs = KernelSpecManager().get_all_specs()
    python = {
        name: spec["spec"] for name, spec in sorted(specs.items()) if spec["spec"].get("language") == "python"
    }
    if not python:
        yield Check(
            name="kernels",
            state=State.WRONG,
            found="no Python kernel is known here",
            remedy=f"Install one: {sys.executable} -m ipykernel install --sys-prefix",
        )
    for name, spec in python.items():
        yield _kernel(name, str(spec["argv"][0]))


def _kernel(name: str, command: str) -> Check:
    # As jupyter_client does when it starts the kernel.
    names = ("python", f"python{sys.version_info[0]}", "python{}.{}".format(*sys.version_info))
    interpreter = sys.executable if command in names else command
    try:
        done = subprocess.run(
            [interpreter, "-c", _PROBE], capture_output=True, text=True, timeout=KERNEL_SECONDS, check=False
        )
    except FileNotFoundError:
        return Check(
            name=f"kernel {name}",
            state=State.WRONG,
            found=f"its Python is not there: {interpreter}",
            remedy=f"Remove the kernel (`jupyter kernelspec remove {name}`) or mend its kernel.json.",
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(
            name=f"kernel {name}",
            state=State.WRONG,
            found=f"{interpreter} could not be asked: {error}",
            remedy="Run it by hand to see why.",
        )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return Check(
            name=f"kernel {name}",
            state=State.WRONG,
            found=f"{interpreter} cannot record: {last}",
            remedy=f"{interpreter} -m pip install provkg",
        )
    seen = done.stdout.strip()
    if seen != __version__:
        return Check(
            name=f"kernel {name}",
            state=State.NOTE,
            found=f"{interpreter} has provkg {seen}, this is {__version__}",
            remedy=f"{interpreter} -m pip install --upgrade provkg",
        )
    same = Path(interpreter).absolute() == Path(sys.executable).absolute()
    return Check(
        name=f"kernel {name}", state=State.FINE, found=f"{'this Python' if same else interpreter} can record"
    )
