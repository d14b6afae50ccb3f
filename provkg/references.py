"""What a user's word for a run, or for a thing in a run, stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from provkg import journal
from provkg.config import Home
from provkg.errors import JournalError, NotFoundError
from provkg.inventory import Inventory, Thing
from provkg.record import File, Result, Run, RunStarted, Value

__all__ = ["beginnings", "find_run", "find_thing", "names"]

_LATEST = re.compile(r"latest(?:~(\d+))?")
_SHOWN = 5


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
    identifier = reference.removeprefix(f"{home.base}run/").partition("/")[0]
    known = journal.runs(home)
    if identifier not in known:
        identifier = _from_word(home, reference, identifier, known)
    run = journal.read_run(home, identifier)
    if run is None:
        raise JournalError(
            f"The journal of run {identifier} has no readable beginning.", "`provkg doctor` says more."
        )
    return run


def _from_word(home: Home, reference: str, identifier: str, known: dict[str, int]) -> str:
    if not known:
        raise NotFoundError(f"No run is recorded in {home.path}.", "Record one with `provkg run NOTEBOOK`.")
    if match := _LATEST.fullmatch(reference):
        return _latest(home, int(match[1] or 0))
    started = [run for run in known if identifier and run.startswith(identifier)]
    if len(started) == 1:
        return started[0]
    if started:
        shown = ", ".join(run[: len(identifier) + 4] for run in started[:_SHOWN])
        more = ", …" if len(started) > _SHOWN else ""
        raise NotFoundError(
            f"{len(started)} runs begin with {identifier!r}: {shown}{more}.",
            "Give more of the id.",
        )
    newest_first = beginnings(home)
    path = str(Path(reference).absolute())
    for event in newest_first:
        if event.code is not None and event.code.path == path:
            return event.run
    raise NotFoundError(f"No run {reference!r} in {home.path}.", _nearest(reference, newest_first))


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


def find_thing(inventory: Inventory, reference: str) -> Thing:
    """The thing of a run that `reference` stands for.

    It is the thing's identifier in the run (``7.2``, ``f3``, ``a5``, ``r2``, ``o4``) or the last part of
    its IRI, a variable's name (its last state), the name of a metric (its last result), or a file's path
    or name.

    Raises:
        NotFoundError: nothing answers to it; the message names the nearest.
    """
    for name, thing in names(inventory):
        if name == reference:
            return thing
    path = str(Path(reference).absolute())
    for thing in reversed(list(inventory.things.values())):
        if isinstance(thing, File) and thing.path == path:
            return thing
    known = dict.fromkeys(name for name, _ in names(inventory))
    near = get_close_matches(reference, known, n=4, cutoff=0.5)
    run = inventory.run.id[:8]
    raise NotFoundError(
        f"Nothing in run {run} is called {reference!r}.",
        f"Nearest: {', '.join(near)}." if near else f"`provkg show {run}` lists what the run holds.",
    )


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
