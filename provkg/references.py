"""What a user's word for a run, or for a thing in a run, stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from provkg import journal
from provkg.config import Home
from provkg.errors import JournalError, NotFoundError
from provkg.inventory import Inventory, Thing, take
from provkg.record import CellExecution, File, Result, Run, RunStarted, Value

__all__ = ["beginnings", "find", "find_run", "find_thing", "names"]

_CELL = re.compile(r"\[(\d+)\]|execution/(\d+)")
_LATEST = re.compile(r"latest(?:~(\d+))?")
_ID = re.compile(r"[0-9a-f][0-9a-f-]{3,35}")
_NOTEBOOK = ".ipynb"
_KINDS = ("value", "file", "activity", "result", "output")
_SHOWN = 5


def find(home: Home, reference: str, run: str = "latest") -> tuple[Inventory, Thing | CellExecution | None]:
    """The run that `reference` names or is in, and the thing in it; None for the run itself.

    It is a run (`find_run`), a thing of a run with the run in front (``latest~1/forest``, ``5f0c9a3e/7.2``,
    an IRI), or a thing of `run` (`find_thing`).

    Raises:
        NotFoundError: nothing answers to it; the message names the nearest.
        JournalError: the run's journal cannot be read.
    """
    inside = reference.removeprefix(f"{home.base}run/")
    head, _, rest = inside.partition("/")
    if inside == reference and not _LATEST.fullmatch(head):
        # A variable may be called as a run's id begins (`df`, `f3`): what is in the run goes first.
        inventory = take(find_run(home, run))
        if thing := _called(inventory, reference):
            return inventory, thing
        if not _names_a_run(home, head, reference):
            return inventory, find_thing(inventory, reference)
    inventory = take(find_run(home, reference if reference.endswith(_NOTEBOOK) else head))
    return inventory, find_thing(inventory, rest) if rest and not reference.endswith(_NOTEBOOK) else None


def _names_a_run(home: Home, head: str, reference: str) -> bool:
    looks_so = _ID.fullmatch(head) is not None and (
        head == reference or any(known.startswith(head) for known in journal.runs(home))
    )
    return looks_so or reference.endswith(_NOTEBOOK)


def beginnings(home: Home) -> list[RunStarted]:
    """How each run of a home began, newest first; a journal without a readable beginning is left out."""
    found = [event for run in journal.runs(home) if (event := _beginning(home, run)) is not None]
    return sorted(found, key=lambda event: (event.started_at, event.run), reverse=True)


def find_run(home: Home, reference: str) -> Run:
    """The run that `reference` stands for.

    It is an id, a unique beginning of one, a run's IRI, ``latest``, ``latest~N`` (N runs before the
    latest), or the path of a notebook (its last run).

    Raises:
        NotFoundError: no run answers to it, or more than one does; the message names the nearest.
        JournalError: the run's journal cannot be read.
    """
    inside = reference.removeprefix(f"{home.base}run/")
    identifier = inside if inside == reference else inside.partition("/")[0]
    known = journal.runs(home)
    if identifier not in known:
        identifier = _from_word(home, identifier, known)
    run = journal.read_run(home, identifier)
    if run is None:
        raise JournalError(
            f"The journal of run {identifier} has no readable beginning.", "`provkg doctor` says more."
        )
    return run


def _from_word(home: Home, word: str, known: dict[str, int]) -> str:
    if not known:
        raise NotFoundError(f"No run is recorded in {home.path}.", "Record one with `provkg run NOTEBOOK`.")
    if match := _LATEST.fullmatch(word):
        return _latest(home, int(match[1] or 0))
    started = [run for run in known if word and run.startswith(word)]
    if len(started) == 1:
        return started[0]
    if started:
        shown = ", ".join(run[: len(word) + 4] for run in started[:_SHOWN])
        more = ", …" if len(started) > _SHOWN else ""
        raise NotFoundError(
            f"{len(started)} runs begin with {word!r}: {shown}{more}.", "Give more of the id."
        )
    newest_first = beginnings(home)
    path = str(Path(word).absolute())
    for event in newest_first:
        if event.code is not None and event.code.path == path:
            return event.run
    raise NotFoundError(f"No run {word!r} in {home.path}.", _nearest(word, newest_first))


def _latest(home: Home, back: int) -> str:
    newest_first = beginnings(home)
    if back < len(newest_first):
        return newest_first[back].run
    count = len(newest_first)
    raise NotFoundError(
        f"There is no run {back} before the latest: {count} {'is' if count == 1 else 'are'} recorded.",
        "`provkg runs` lists them.",
    )


def _nearest(reference: str, newest_first: list[RunStarted]) -> str:
    names: dict[str, str] = {}
    for event in newest_first:
        names.setdefault(event.run[:8], event.run)
        if event.code is not None:
            names.setdefault(Path(event.code.path).name, event.run)
    near = get_close_matches(Path(reference).name, names, n=3, cutoff=0.5) or [newest_first[0].run[:8]]
    listed = ", ".join(
        name if name == names[name][:8] else f"{names[name][:8]} ({name})" for name in dict.fromkeys(near)
    )
    return f"Nearest: {listed}. `provkg runs` lists all."


def _beginning(home: Home, run: str) -> RunStarted | None:
    for event, _ in journal.read_events(journal.journal_path(home, run)):
        return event if isinstance(event, RunStarted) else None
    return None


def find_thing(inventory: Inventory, reference: str) -> Thing | CellExecution:
    """The thing of a run that `reference` stands for.

    It is the thing's identifier in the run (``7.2``, ``f3``, ``a5``, ``r2``, ``o4``) or the end of its IRI
    (``value/7.2``), a variable's name (its last state), the name of a metric (its last result), a file's
    path or name, or a cell's prompt (``[3]``).

    Raises:
        NotFoundError: nothing answers to it; the message names the nearest.
    """
    if thing := _called(inventory, reference):
        return thing
    known = dict.fromkeys(name for name, _ in names(inventory))
    near = get_close_matches(reference, known, n=4, cutoff=0.5)
    run = inventory.run.id[:8]
    raise NotFoundError(
        f"Nothing in run {run} is called {reference!r}.",
        f"Nearest: {', '.join(near)}." if near else f"`provkg show {run}` lists what the run holds.",
    )


def _called(inventory: Inventory, reference: str) -> Thing | CellExecution | None:
    if match := _CELL.fullmatch(reference):
        return _cell(inventory, match)
    kind, _, last = reference.rpartition("/")
    if kind in _KINDS and last in inventory.things:
        return inventory.things[last]
    path = str(Path(reference).absolute())
    for name, thing in names(inventory):
        if name == reference or (isinstance(thing, File) and thing.path == path):
            return thing
    return None


def _cell(inventory: Inventory, match: re.Match[str]) -> CellExecution | None:
    if match[2]:
        return inventory.executions.get(int(match[2]))
    executions = reversed(inventory.run.executions)
    return next((one for one in executions if one.execution_count == int(match[1])), None)


def names(inventory: Inventory) -> Iterator[tuple[str, Thing]]:
    """What the things of a run can be called by; of several with one name, the last comes first."""
    for identifier, thing in inventory.things.items():
        yield identifier, thing
    for thing in reversed(list(inventory.things.values())):
        match thing:
            case Value(names=bound):
                for name in bound:
                    yield name, thing
            case File(path=path):
                yield Path(path).name, thing
            case Result(metric=metric):
                yield metric, thing
            case _:
                pass
