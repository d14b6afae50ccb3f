"""What a user's word for a thing to be shown stands for, as a thing of a run's record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from provkg import journal
from provkg.errors import AmbiguousError, JournalError, NotFoundError
from provkg.queries import find_run, resolve
from provkg.queries.runs import is_run_word, split_run
from provkg.queries.source import rows
from provkg.queries.sparql import prepare
from provkg.records import CellExecution, File, Output
from provkg.views.inventory import Inventory, Thing, take

if TYPE_CHECKING:
    from provkg.config import Home
    from provkg.queries import Source

__all__ = ["at", "find", "find_execution", "inventory_of"]

_ID = re.compile(r"[0-9a-f-]+")
_CELL = re.compile(r"\[(?P<count>[0-9]{1,9})\]")
_EXECUTION = re.compile(r"execution/(?P<order>[0-9]{1,9})")
_OCCURRENCE = """SELECT ?content ?run ?start WHERE { GRAPH ?g {
  ?thing provkg:hasContent ?content . { ?user prov:used ?thing } UNION { ?thing provkg:generatedIn ?user }
  ?user provkg:partOfRun ?run . OPTIONAL { ?run prov:startedAtTime ?start } } }"""


def find(
    store: Source, home: Home, word: str, run: str = "latest"
) -> tuple[Inventory, Thing | CellExecution | None]:
    """The run that `word` names or is in, and the thing in it; None for the run itself.

    It is a run (see `provkg.queries.find_run`), anything that `provkg.queries.resolve` finds in `run` or
    else in the latest run that has it, the name of a metric (its last result in `run`), or a cell's
    prompt (``[3]``, ``latest~1/[3]``).

    Raises:
        NotFoundError: nothing answers to it, or several things do; the message lists them or the nearest.
        JournalError: the run's journal cannot be read.
    """
    inside = word.removeprefix(f"{store.base}run/")
    if is_run_word(inside):
        return inventory_of(store, home, find_run(store, word)), None
    first, local = split_run(word)
    if match := _CELL.fullmatch(local):
        inventory = inventory_of(store, home, find_run(store, first or run))
        return inventory, _cell(inventory, int(match["count"]))
    place = find_run(store, run)
    try:
        iri = _resolved(store, word, place)
    except AmbiguousError:
        raise
    except NotFoundError as nothing:
        inventory = inventory_of(store, home, place)
        named = [result for result in inventory.results() if result.metric == word]
        if named:
            return inventory, named[-1]
        try:
            return inventory_of(store, home, find_run(store, word)), None
        except NotFoundError as no_run:
            raise (no_run if _ID.fullmatch(word) else nothing) from None
    return at(store, home, iri, place)


def find_execution(store: Source, home: Home, word: str) -> tuple[Inventory, CellExecution | None]:
    """The run or cell execution that a word names: ``5f0d``, ``[3]``, ``latest~1/[3]``, ``execution/7``.

    Raises:
        NotFoundError: nothing answers to it, or several things do; the message lists them or the nearest.
        JournalError: the run's journal cannot be read.
    """
    first, local = split_run(word.removeprefix(f"{store.base}run/"))
    count, order = _CELL.fullmatch(local), _EXECUTION.fullmatch(local)
    if not count and not order:
        return inventory_of(store, home, find_run(store, word)), None
    inventory = inventory_of(store, home, find_run(store, first or "latest"))
    if count:
        return inventory, _cell(inventory, int(count["count"]))
    found = inventory.executions.get(int(order["order"])) if order else None
    if found is None:
        raise NotFoundError(
            f"Run {inventory.run.id} has no execution {local.rpartition('/')[2]}.",
            f"It has {len(inventory.executions)} cell executions.",
        )
    return inventory, found


def _resolved(store: Source, word: str, place: str) -> str:
    try:
        term = resolve(store, "thing", word, place)
    except AmbiguousError:
        raise
    except NotFoundError as nothing:
        try:
            term = resolve(store, "thing", word)
        except NotFoundError:
            raise nothing from None
    return term.value


def at(store: Source, home: Home, iri: str, place: str) -> tuple[Inventory, Thing | CellExecution]:
    """The thing of an IRI; of a content, its last occurrence in the run `place` or the latest that has it."""
    content = iri.removeprefix(f"{store.base}sha256/")
    if content != iri:
        occurrences = rows(store, prepare(_OCCURRENCE, store.prefixes), content=NamedNode(iri))
        found = sorted((start, run) for _, run, start in occurrences)
        runs = [run for _, run in found]
        inventory = inventory_of(store, home, place if place in runs or not runs else runs[-1])
        holding = [thing for thing in inventory.things.values() if _holds(thing, content)]
        if holding:
            return inventory, holding[-1]
    run, _, local = iri.removeprefix(f"{store.base}run/").partition("/")
    inventory = inventory_of(store, home, f"{store.base}run/{run}")
    kind, _, name = local.partition("/")
    thing = inventory.executions.get(int(name)) if kind == "execution" else inventory.things.get(name)
    if thing is None:
        raise NotFoundError(
            f"The record of run {run} tells nothing of {iri}.", "Ask for it with `provkg sparql`."
        )
    return inventory, thing


def _holds(thing: Thing, digest: str) -> bool:
    if isinstance(thing, Output):
        return any(content.sha256 == digest for content in thing.contents)
    return isinstance(thing, File) and thing.sha256 == digest


def _cell(inventory: Inventory, count: int) -> CellExecution:
    executions = reversed(inventory.run.executions)
    found = next((one for one in executions if one.execution_count == count), None)
    if found is None:
        raise NotFoundError(
            f"Run {inventory.run.id} has no cell [{count}].",
            f"It has {len(inventory.executions)} cell executions.",
        )
    return found


def inventory_of(store: Source, home: Home, iri: str) -> Inventory:
    """The inventory of the run of an IRI.

    Raises:
        JournalError: the run's journal cannot be read.
    """
    identifier = iri.removeprefix(f"{store.base}run/")
    run = journal.read_run(home, identifier)
    if run is None:
        raise JournalError(
            f"The journal of run {identifier} has no readable beginning.", "`provkg doctor` says more."
        )
    return take(run)
