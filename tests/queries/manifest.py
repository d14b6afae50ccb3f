"""Reads the manifest of the tests of questions, and asks what its entries ask."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Store,
    parse,
    parse_query_results,
)

from provkg.config import create_home
from provkg.queries import ask
from provkg.records import RunStarted, decode_event
from provkg.results import Solutions, collect, to_json, to_python
from provkg.store import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provkg.config import Home
    from provkg.results import Term
    from provkg.store.port import Store as OpenStore

HERE = Path(__file__).parent
BASE = "https://example.org/"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
OWN = "https://w3id.org/provkg/tests#"
_FILE = "file:"


@dataclass(frozen=True)
class Entry:
    """One entry: a question, what it is asked with and of, its answer, and what must not be in it."""

    name: str
    query: Path
    data: tuple[Path, ...]
    parameters: Mapping[str, str]
    expected: Path
    near_misses: tuple[Term, ...]

    @property
    def question(self) -> str:
        return self.query.stem


def read_manifest() -> dict[str, Entry]:
    """The entries by name, in their order."""
    text = (HERE / "manifest.ttl").read_bytes()
    graph = Store()
    graph.extend(parse(text, RdfFormat.TURTLE, base_iri=f"{_FILE}{HERE}/manifest.ttl"))
    manifest = next(graph.quads_for_pattern(None, _iri(MF, "entries"), None)).subject
    entries = (_entry(graph, one) for one in _members(graph, _one(graph, manifest, MF, "entries")))
    return {entry.name: entry for entry in entries}


def _entry(graph: Store, node: Term) -> Entry:
    action = _one(graph, node, MF, "action")
    pairs = [
        (_text(_one(graph, pair, OWN, "name")), _text(_one(graph, pair, OWN, "value")))
        for pair in _all(graph, action, OWN, "parameter")
    ]
    return Entry(
        name=_text(_one(graph, node, MF, "name")),
        query=_path(_one(graph, action, QT, "query")),
        data=tuple(
            sorted(file for one in _all(graph, action, QT, "data") for file in _path(one).glob("*.jsonl"))
        ),
        parameters=dict(pairs),
        expected=_path(_one(graph, node, MF, "result")),
        near_misses=tuple(_all(graph, node, OWN, "nearMiss")),
    )


def _iri(namespace: str, name: str) -> NamedNode:
    return NamedNode(namespace + name)


def _all(graph: Store, node: Term, namespace: str, name: str) -> list[Term]:
    assert isinstance(node, NamedNode | BlankNode)
    return [quad.object for quad in graph.quads_for_pattern(node, _iri(namespace, name), None)]


def _one(graph: Store, node: Term, namespace: str, name: str) -> Term:
    (found,) = _all(graph, node, namespace, name)
    return found


def _members(graph: Store, node: Term) -> list[Term]:
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    if node == _iri(rdf, "nil"):
        return []
    return [_one(graph, node, rdf, "first"), *_members(graph, _one(graph, node, rdf, "rest"))]


def _text(term: Term) -> str:
    assert isinstance(term, Literal)
    return term.value


def _path(term: Term) -> Path:
    assert isinstance(term, NamedNode)
    return Path(term.value.removeprefix(_FILE)).resolve()


def make_home(folder: Path, data: tuple[Path, ...]) -> Home:
    """A home whose journal holds the given runs."""
    home = create_home(folder / ".provkg", BASE)
    for path in data:
        lines = path.read_bytes()
        begun = decode_event(lines.splitlines()[0])
        assert isinstance(begun, RunStarted)
        (home.journal_folder / f"{begun.run}.jsonl").write_bytes(lines)
    return home


def answer(store: OpenStore, entry: Entry) -> Solutions:
    """What a store answers to an entry."""
    result = ask(store, entry.question, entry.parameters).result
    assert isinstance(result, Solutions)
    return result


def read_expected(entry: Entry) -> Solutions:
    """The known answer of an entry."""
    parsed = parse_query_results(entry.expected.read_bytes(), QueryResultsFormat.JSON)
    assert isinstance(parsed, QuerySolutions)
    result = collect(parsed)
    assert isinstance(result, Solutions)
    return result


def comparable(solutions: Solutions) -> Counter[tuple[object, ...]]:
    """Rows without their order, terms as values, lists in one field without theirs."""
    return Counter(tuple(_comparable(term) for term in row) for row in solutions.rows)


def _comparable(term: Term | None) -> object:
    value = to_python(term)
    if isinstance(term, Literal) and isinstance(value, str):
        separator = " | " if " | " in value else ", "
        return tuple(sorted(value.split(separator)))
    return round(value, 9) if isinstance(value, float) else value


def write_expected(folder: Path) -> None:
    """Write what is answered now as what is expected: for new entries, to be read and judged by a person."""
    for entry in read_manifest().values():
        home = make_home(folder / entry.name, entry.data)
        with open_store(home) as store:
            document = json.loads(to_json(answer(store, entry)))
        if not entry.expected.exists():
            entry.expected.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
            print(entry.expected)  # noqa: T201
