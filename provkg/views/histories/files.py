"""A file over runs: who read or wrote its content, and the contents that were at its path."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace
from pyoxigraph import Literal, NamedNode

from provkg.queries.source import rows
from provkg.queries.sparql import prepare
from provkg.terms import Provkg
from provkg.views.card_parts import Section
from provkg.views.histories.telling import moment, path_name, run_word, short

if TYPE_CHECKING:
    from provkg.queries import Source
    from provkg.records import File
    from provkg.views.card_parts import Card

__all__ = ["with_history"]

_FOUND = """SELECT ?{bound} ?file ?type ?run ?start ?order ?count ?{other} WHERE {{ GRAPH ?g {{
  {pattern} ?file a ?type . FILTER(?type IN (provkg:ReadFile, provkg:WrittenFile, provkg:ImportedFile))
  {{ ?execution prov:used ?file }} UNION {{ ?file provkg:generatedIn ?execution }}
  ?execution provkg:partOfRun ?run ; provkg:executionOrder ?order .
  OPTIONAL {{ ?execution prov:startedAtTime ?start }} OPTIONAL {{ ?execution provkg:executionCount ?count }}
  {optional} }} }}"""
_CONTENT = _FOUND.format(
    bound="content",
    other="path",
    pattern="?file provkg:hasContent ?content .",
    optional="OPTIONAL { ?file provkg:path|provkg:url ?path }",
)
_AT = "?file provkg:{} ?path ."
_HELD = """OPTIONAL { ?file provkg:hasContent ?content . ?content provkg:sha256 ?sha256 .
    OPTIONAL { ?content provkg:byteSize ?size } }"""
_PLACES = {
    property_: _FOUND.format(
        bound="path", other="sha256 ?size ?content", pattern=_AT.format(property_), optional=_HELD
    )
    for property_ in ("path", "url")
}
_ROWS = """SELECT ?content ?shape WHERE { GRAPH ?g { ?file provkg:hasContent ?content .
  ?value prov:wasDerivedFrom ?file ; provkg:shape ?shape ; prov:wasGeneratedBy ?step .
  ?step a provkg:DataLoading } } LIMIT 1"""
_DONE = {
    Provkg.ReadFile: "read",
    Provkg.WrittenFile: "written",
    Provkg.ImportedFile: "imported",
}


def with_history(store: Source, card: Card, file: File) -> Card:
    """The card of a file with every run that read or wrote its content, and the contents at its path."""
    tables = []
    if file.sha256:
        tables.append(_uses(store, f"{store.base}sha256/{file.sha256}"))
    if file.place:
        tables.append(_versions(store, file))
    return replace(card, sections=(*card.sections, *(table for table in tables if table.rows)))


def _uses(store: Source, content: str) -> Section:
    found = rows(store, prepare(_CONTENT, store.prefixes), content=NamedNode(content))
    once = {(row[1], row[3], row[5]): row for row in found}
    told = tuple(
        (
            f"{run_word(store.base, run)}/[{count or order}]",
            moment(start),
            _DONE[kind],
            file.rpartition("/")[2],
            path_name(path),
        )
        for _, file, kind, run, start, order, count, path in sorted(
            once.values(), key=lambda row: (row[4], row[3], int(row[5])), reverse=True
        )
    )
    runs = len({row[3] for row in once.values()})
    title = f"This content was read and written in {runs} run{'s' * (runs != 1)}, the last first"
    return Section(title=title, columns=("execution", "began", "was", "id", "name"), rows=told)


def _versions(store: Source, file: File) -> Section:
    """The contents at a path in time. What came back after another one counts as the same."""
    query = prepare(_PLACES["path" if file.path else "url"], store.prefixes)
    found = rows(store, query, path=Literal(file.place))
    by_content: dict[tuple[str, str, str], list[tuple[str, ...]]] = defaultdict(list)
    for row in sorted(found, key=lambda row: (row[4], row[3])):
        by_content[row[7], row[8], row[9]].append(row)
    told = tuple(
        (
            f"{short(sha256) or 'no digest'}{' (this)' * bool(sha256 and sha256 == file.sha256)}",
            f"{int(size):,} bytes" if size else "",
            _shape(store, content),
            moment(same[0][4]),
            moment(same[-1][4]),
            *(str(len({row[3] for row in same if _DONE[row[2]] == done})) for done in ("read", "written")),
        )
        for (sha256, size, content), same in reversed(by_content.items())
    )
    columns = ("sha256", "size", "table", "first seen", "last seen", "read in", "written in")
    return Section(
        title="Contents at this path, the last first, and in how many runs", columns=columns, rows=told
    )


def _shape(store: Source, content: str) -> str:
    """The shape of a table that was loaded from a content."""
    found = rows(store, prepare(_ROWS, store.prefixes), content=NamedNode(content)) if content else []
    return " × ".join(f"{int(length):,}" for length in found[0][1].split(",")) if found else ""
