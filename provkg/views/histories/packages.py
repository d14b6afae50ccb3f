"""A package over runs: its versions, where it was imported, and what of it was used."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pyoxigraph import Literal, NamedNode

from provkg.identity import package_iri
from provkg.queries.source import rows
from provkg.queries.sparql import prepare
from provkg.views.card_parts import Card, Section
from provkg.views.histories.telling import moment, run_word

if TYPE_CHECKING:
    from provkg.queries import Source

__all__ = ["package_card"]

_VERSIONS = """SELECT DISTINCT ?name ?version ?key ?run ?start WHERE { GRAPH ?g {
  ?package provkg:packageName ?name . ?environment provkg:hasPackage ?package .
  ?run provkg:inEnvironment ?environment .
  OPTIONAL { ?package provkg:packageVersion ?version } OPTIONAL { ?package provkg:versionKey ?key }
  OPTIONAL { ?run prov:startedAtTime ?start } } }"""
_IMPORTS = """SELECT ?name ?run ?order ?count ?module ?imported ?bound ?uses WHERE { GRAPH ?g {
  ?package provkg:packageName ?name . ?import provkg:providedBy ?package ; provkg:importedModule ?module .
  ?execution provkg:hasImport ?import ; provkg:partOfRun ?run ; provkg:executionOrder ?order .
  OPTIONAL { ?execution provkg:executionCount ?count } OPTIONAL { ?import provkg:importedName ?imported }
  OPTIONAL { ?import provkg:boundName ?bound } OPTIONAL { ?import provkg:useCount ?uses } } }"""
_USED = """SELECT ?name ?activity ?implementation ?run WHERE { GRAPH ?g {
  ?package provkg:packageName ?name . ?implementation provkg:providedBy ?package .
  ?activity provkg:usedImplementation ?implementation ; provkg:partOfExecution ?execution .
  ?execution provkg:partOfRun ?run } }"""


def package_card(store: Source, name: str, run: str) -> Card:
    """A package, by its published name: over all runs, and where ``run``, an IRI, imported it."""
    term = Literal(name)
    found = rows(store, prepare(_VERSIONS, store.prefixes), name=term)
    by_version: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for _, version, key, one, start in found:
        by_version[key, version][one] = start
    versions = tuple(
        (
            version or "not known",
            str(len(runs)),
            moment(min(filter(None, runs.values()), default="")),
            moment(max(filter(None, runs.values()), default="")),
            run_word(store.base, max(runs, key=lambda one: (runs[one], one))),
        )
        for (_, version), runs in sorted(by_version.items(), reverse=True)
    )
    here = next((version for (_, version), runs in by_version.items() if run in runs), "")
    sections = [
        Section(
            title="Versions",
            columns=("version", "runs", "first run", "last run", "last in"),
            rows=versions,
        ),
        *_imports(store, term, run),
        *_used(store, term),
    ]
    facts = {
        f"in run {run_word(store.base, run)}": here or "not installed, or not recorded",
        "runs": str(len({one for _, _, _, one, _ in found})),
    }
    return Card(
        name=name,
        kind="package",
        id="",
        run="",
        iri=package_iri(name),
        facts=facts,
        sections=tuple(one for one in sections if one.rows),
    )


def _imports(store: Source, name: Literal, run: str) -> list[Section]:
    found = rows(store, prepare(_IMPORTS, store.prefixes), name=name, run=NamedNode(run))
    told = sorted(
        (int(order), count, f"from {module} import {what}" if what else f"import {module}", bound, uses)
        for _, _, order, count, module, what, bound, uses in found
    )
    lines = tuple((f"[{count or order}]", what, bound, uses) for order, count, what, bound, uses in told)
    title = f"Imported in run {run_word(store.base, run)}"
    return [Section(title=title, columns=("cell", "import", "as", "times used"), rows=lines)]


def _used(store: Source, name: Literal) -> list[Section]:
    calls: Counter[str] = Counter()
    runs: dict[str, set[str]] = defaultdict(set)
    for _, _, implementation, run in rows(store, prepare(_USED, store.prefixes), name=name):
        called = unquote(implementation.rpartition("/")[2])
        calls[called] += 1
        runs[called].add(run)
    told = tuple((one, str(number), str(len(runs[one]))) for one, number in calls.most_common())
    return [Section(title="Used", columns=("class or function", "steps", "runs"), rows=told)]
