"""Environments and commits: what they are, which runs had them, and what changed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from provkg.errors import NotFoundError
from provkg.queries.source import rows
from provkg.queries.sparql import prepare
from provkg.views.card_parts import Card, Section
from provkg.views.histories.telling import moment, path_name, run_word, short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from provkg.queries import Source

__all__ = ["commit_card", "environment_card"]

_RUNS = """SELECT ?thing ?run ?start ?path ?branch ?dirty WHERE { GRAPH ?g {
  ?run provkg:inEnvironment|provkg:atCommit ?thing . OPTIONAL { ?run prov:startedAtTime ?start }
  OPTIONAL { ?run provkg:runOf/provkg:path ?path } OPTIONAL { ?run provkg:branch ?branch }
  OPTIONAL { ?run provkg:isDirty ?dirty } } }"""
_OF_RUN = "SELECT ?run ?thing WHERE { GRAPH ?g { ?run provkg:inEnvironment ?thing } } LIMIT 1"
_ALL = """SELECT ?run ?thing ?start WHERE { GRAPH ?g { ?run provkg:inEnvironment ?thing .
  OPTIONAL { ?run prov:startedAtTime ?start } } }"""
# Of the merge of all graphs: each run's graph says the same of its environment.
_FACTS = "SELECT ?thing ?property ?value WHERE { ?thing ?property ?value }"
_PACKAGES = """SELECT ?thing ?name ?version WHERE { ?thing provkg:hasPackage ?package .
  ?package provkg:packageName ?name . OPTIONAL { ?package provkg:packageVersion ?version } }"""
_LABELS = {
    "pythonVersion": "Python",
    "pythonImplementation": "implementation",
    "programmingLanguage": "language",
    "languageVersion": "language version",
    "operatingSystem": "platform",
    "kernelVersion": "kernel",
    "architecture": "architecture",
    "processor": "processor",
    "coreCount": "cores",
    "memorySize": "memory",
    "accelerator": "accelerators",
    "commitHash": "hash",
    "repository": "repository",
}


def environment_card(store: Source, run: str) -> Card:
    """The environment of a run, its packages, what changed since the one before, and all runs in it.

    Raises:
        NotFoundError: nothing is recorded of the run's environment.
    """
    found = rows(store, prepare(_OF_RUN, store.prefixes), run=NamedNode(run))
    if not found:
        raise NotFoundError(f"No environment is recorded of run {run_word(store.base, run)}.")
    environment = found[0][1]
    facts = _facts(store, environment)
    for hardware in facts.pop("onHardware", "").split(", "):
        facts |= _facts(store, hardware) if hardware else {}
    packages = _packages(store, environment)
    runs = _runs(store, environment)
    told = _told(facts)
    if told.get("memory", "").isdigit():
        told["memory"] = f"{int(told['memory']) / 1e9:.1f} GB"
    return Card(
        name=f"environment {short(environment.rpartition('/')[2])}",
        kind=f"environment of run {run_word(store.base, run)}",
        id="",
        run="",
        iri=environment,
        facts={**told, "packages": str(len(packages)), "runs": str(len(runs))},
        sections=(
            *_changes(store, run, environment, packages),
            Section(title="Packages", columns=("name", "version"), rows=tuple(sorted(packages.items()))),
            _run_table(store, runs),
        ),
    )


def commit_card(store: Source, commit: str) -> Card:
    """A commit, by its IRI, and all runs at it."""
    facts = _facts(store, commit)
    runs = _runs(store, commit)
    return Card(
        name=f"commit {short(facts.get('commitHash', commit))}",
        kind="commit",
        id="",
        run="",
        iri=commit,
        facts={**_told(facts), "runs": str(len(runs))},
        sections=(_run_table(store, runs, at_commit=True),),
    )


def _facts(store: Source, thing: str) -> dict[str, str]:
    """What is said of a thing, by the local names of the properties."""
    values: dict[str, list[str]] = defaultdict(list)
    query = prepare(_FACTS, store.prefixes)
    for _, property_, value in rows(store, query, thing=NamedNode(thing)):
        name = property_.rpartition("#")[2]
        if name in _LABELS or name == "onHardware":
            values[name].append(value)
    return {name: ", ".join(dict.fromkeys(several)) for name, several in values.items()}


def _told(facts: Mapping[str, str]) -> dict[str, str]:
    return {label: facts[name] for name, label in _LABELS.items() if facts.get(name)}


def _packages(store: Source, environment: str) -> dict[str, str]:
    found = rows(store, prepare(_PACKAGES, store.prefixes), thing=NamedNode(environment))
    return {name: version for _, name, version in found}


def _runs(store: Source, thing: str) -> list[tuple[str, ...]]:
    """Run, start, path, branch and whether code was not committed, the newest first."""
    found = rows(store, prepare(_RUNS, store.prefixes), thing=NamedNode(thing))
    once = {row[1]: row[1:] for row in found}
    return sorted(once.values(), key=lambda row: (row[1], row[0]), reverse=True)


def _run_table(store: Source, runs: Sequence[tuple[str, ...]], *, at_commit: bool = False) -> Section:
    columns = ("run", "began", "code", *(("branch", "uncommitted changes") if at_commit else ()))
    told = tuple(
        (
            run_word(store.base, run),
            moment(start),
            path_name(path),
            *((branch, {"True": "yes", "False": "no"}.get(dirty, "not known")) if at_commit else ()),
        )
        for run, start, path, branch, dirty in runs
    )
    return Section(title="Runs, the last first", columns=columns, rows=told)


def _changes(store: Source, run: str, environment: str, packages: Mapping[str, str]) -> list[Section]:
    """How the packages differ from those of the last run before that had another environment."""
    found = rows(store, prepare(_ALL, store.prefixes))
    began = next((start for one, _, start in found if one == run), "")
    earlier = [(start, one, other) for one, other, start in found if start < began and other != environment]
    if not began or not earlier:
        return []
    _, one, other = max(earlier)
    before = _packages(store, other)
    names = sorted(name for name in before.keys() | packages.keys() if before.get(name) != packages.get(name))
    told = tuple((name, before.get(name, "absent"), packages.get(name, "absent")) for name in names)
    title = f"Packages that changed since run {run_word(store.base, one)}"
    return [Section(title=title, columns=("name", "then", "now"), rows=told)] if told else []
