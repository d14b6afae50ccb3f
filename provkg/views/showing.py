"""What `show` shows: which thing a user's words mean, of any kind, and all that is known of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace
from pyoxigraph import Literal, NamedNode

from provkg.errors import AmbiguousError, NotFoundError
from provkg.identity import Names
from provkg.queries import find_run, resolve
from provkg.queries.runs import split_run
from provkg.queries.source import holds, rows
from provkg.queries.sparql import prepare
from provkg.records import CellExecution, File
from provkg.views.card import describe
from provkg.views.cell_words import find_cell
from provkg.views.histories import (
    cell_card,
    cell_place,
    commit_card,
    environment_card,
    package_card,
    variable_card,
    with_history,
)
from provkg.views.references import at, find, inventory_of
from provkg.views.summary import RunSummary, summarize

if TYPE_CHECKING:
    from collections.abc import Callable

    from provkg.config import Home
    from provkg.queries import Source
    from provkg.views.card_parts import Card
    from provkg.views.inventory import Inventory, Thing

__all__ = ["KINDS", "show"]

_RESOLVED = ("model", "data", "file", "output", "value")
_HASH = re.compile(r"(?:commit/|swh:1:rev:)?([0-9a-f]{6,64})")
_COMMITS = "SELECT DISTINCT ?thing ?hash WHERE { GRAPH ?g { ?thing provkg:commitHash ?hash } }"
_NAMED = "SELECT ?thing ?name WHERE { GRAPH ?g { ?thing provkg:variableName ?name } } LIMIT 1"
_OF_CELL = """SELECT ?execution ?cell WHERE { GRAPH ?g {
  ?execution provkg:executedCell ?version . ?version provkg:versionOf ?cell } } LIMIT 1"""
_PROVIDERS = """SELECT DISTINCT ?module ?name WHERE { GRAPH ?g {
  ?package provkg:providesModule ?module ; provkg:packageName ?name } }"""
_IN_ENVIRONMENT = """SELECT ?thing ?run ?start WHERE { GRAPH ?g { ?run provkg:inEnvironment ?thing .
  OPTIONAL { ?run prov:startedAtTime ?start } } }"""


def show(store: Source, home: Home, words: str, run: str = "latest") -> Card | RunSummary:
    """The summary of the run, or the card of the thing, that a user's words mean.

    They are a kind of `KINDS` and a word for one of it (``cell 3``, ``variable df``, ``package pandas``,
    ``environment latest~1``), or a word alone: a run or a thing of a run (see `provkg.views.find`), else a
    variable, a package, a commit or a cell.

    Raises:
        NotFoundError: nothing answers to it, or several things do; the message lists them or the nearest.
        JournalError: the run's journal cannot be read.
    """
    kind, _, rest = words.strip().partition(" ")
    if kind in KINDS and (rest.strip() or kind == "environment"):
        return KINDS[kind](store, home, rest.strip(), run)
    word = words.strip()
    if word.startswith(store.base) and (lasting := _lasting(store, home, word, run)):
        return lasting
    try:
        inventory, found = find(store, home, word, run)
    except AmbiguousError:
        raise
    except NotFoundError as nothing:
        for other in (_variable, _package, _commit, _cell):
            try:
                return other(store, home, word, run)
            except NotFoundError:
                continue
        raise nothing from None
    return _shown(store, home, inventory, found)


def _shown(
    store: Source, home: Home, inventory: Inventory, found: Thing | CellExecution | None
) -> Card | RunSummary:
    if found is None:
        return summarize(inventory.run)
    card = describe(inventory, found, home.base)
    if isinstance(found, File):
        return with_history(store, card, found)
    return _placed(store, card, inventory, found) if isinstance(found, CellExecution) else card


def _placed(store: Source, card: Card, inventory: Inventory, execution: CellExecution) -> Card:
    """The card of an execution that says where it stands among all of its cell."""
    cell = _cell_of(store, card.iri)
    place = cell_place(store, cell, card.iri) if cell else ""
    see = f"cell {inventory.run.id[:8]}/{execution.cell_id}" if cell and holds(store, cell) else ""
    return replace(
        card,
        facts={**card.facts, **({"of its cell": place} if place else {})},
        see=((see, "the cell, with all its versions and executions"), *card.see) if see else card.see,
    )


def _cell_of(store: Source, execution: str) -> str:
    found = rows(store, prepare(_OF_CELL, store.prefixes), execution=NamedNode(execution))
    return found[0][1] if found else ""


# --- one of each kind -------------------------------------------------------------------------------


def _run(store: Source, home: Home, word: str, _: str) -> RunSummary:
    return summarize(inventory_of(store, home, find_run(store, word)).run)


def _cell(store: Source, home: Home, word: str, run: str) -> Card:
    return cell_card(store, find_cell(store, home, word, run))


def _variable(store: Source, home: Home, word: str, run: str) -> Card:
    first, name = split_run(word)
    inventory = inventory_of(store, home, find_run(store, first or run))
    card = variable_card(inventory, name, store.base)
    if card is None:
        # Says which names are near.
        resolve(store, "variable", name, Names(store.base).run(inventory.run.id))
        raise NotFoundError(f"The record of run {inventory.run.id} tells nothing of variable {name!r}.")
    return card


def _package(store: Source, _: Home, word: str, run: str) -> Card:
    first, name = split_run(word)
    try:
        package = resolve(store, "package", name).value
    except NotFoundError:
        providers = {row[1] for row in rows(store, prepare(_PROVIDERS, store.prefixes), module=Literal(name))}
        if len(providers) != 1:
            raise
        package = providers.pop()
    return package_card(store, package, find_run(store, first or run))


def _environment(store: Source, _: Home, word: str, run: str) -> Card:
    """Of the run that the word names; or the one that its digest begins with, in the last run that had it."""
    try:
        return environment_card(store, find_run(store, word or run))
    except NotFoundError:
        begun = f"{store.base}environment/{word}"
        had = rows(store, prepare(_IN_ENVIRONMENT, store.prefixes))
        found = {(start, one): iri for iri, one, start in had if word and iri.startswith(begun)}
        if len(set(found.values())) != 1:
            raise
        return environment_card(store, max(found)[1])


def _commit(store: Source, _: Home, word: str, __: str) -> Card:
    match = _HASH.fullmatch(word.lower())
    known = rows(store, prepare(_COMMITS, store.prefixes)) if match else []
    found = sorted((hash_, iri) for iri, hash_ in known if match and hash_.startswith(match[1]))
    if len(found) == 1:
        return commit_card(store, found[0][1])
    if not found:
        raise NotFoundError(
            f"No run is of a commit {word!r}.", "Give the beginning of its hash, at least six characters."
        )
    listed = ", ".join(hash_[:12] for hash_, _ in found[:8])
    raise AmbiguousError(f"{len(found)} commits begin with {word!r}: {listed}.", "Give more of the hash.")


def _result(store: Source, home: Home, word: str, run: str) -> Card | RunSummary:
    first, local = split_run(word)
    inventory = inventory_of(store, home, find_run(store, first or run))
    named = [one for one in inventory.results() if local in {one.metric, one.id}]
    if not named:
        metrics = dict.fromkeys(one.metric for one in inventory.results())
        where = f"No result {local!r} in run {inventory.run.id[:8]}."
        raise NotFoundError(
            where, f"It measured {', '.join(metrics)}." if metrics else "It measured nothing."
        )
    if len(named) > 1:
        told = "\n".join(
            f"  {inventory.run.id[:8]}/{one.id}  {one.text or one.value}"
            f"  {inventory.name(one.model) if one.model else ''}".rstrip()
            for one in named
        )
        raise AmbiguousError(f"{local!r} was measured {len(named)} times:\n{told}", "Give one of these.")
    return _shown(store, home, inventory, named[0])


def _of_kind(kind: str) -> Callable[[Source, Home, str, str], Card | RunSummary]:
    def look(store: Source, home: Home, word: str, run: str) -> Card | RunSummary:
        first, _ = split_run(word)
        within = "" if run == "latest" or first else find_run(store, run)
        term = resolve(store, kind, word, within)
        return _shown(store, home, *at(store, home, term.value, find_run(store, first or run)))

    return look


KINDS: dict[str, Callable[[Source, Home, str, str], Card | RunSummary]] = {
    "run": _run,
    "cell": _cell,
    "variable": _variable,
    "package": _package,
    "environment": _environment,
    "commit": _commit,
    "result": _result,
    **{kind: _of_kind(kind) for kind in _RESOLVED},
}
"""The kinds of things that a word can stand behind, each with how it is shown."""


def _lasting(store: Source, home: Home, iri: str, run: str) -> Card | None:
    """The card of what belongs to no single run, or of a variable, by its IRI."""
    local = iri.removeprefix(store.base)
    if not _is_known(store, iri):
        return None
    if local.startswith("cell/"):
        return cell_card(store, iri)
    if local.startswith("environment/"):
        return _environment(store, home, local.removeprefix("environment/"), run)
    if local.startswith("commit/"):
        return commit_card(store, iri)
    match = re.fullmatch(r"run/([^/]+)/variable/[^/]+", local)
    if match:
        named = rows(store, prepare(_NAMED, store.prefixes), thing=NamedNode(iri))
        return _variable(store, home, f"{match[1]}/{named[0][1]}", run) if named else None
    return None


def _is_known(store: Source, iri: str) -> bool:
    """Whether a text is an IRI that the store says something of."""
    return not re.search(r"[\s<>\"{}|^`\\]", iri) and holds(store, iri)
