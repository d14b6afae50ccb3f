"""What the tests of the store share."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from benchmarks.generate_runs import generate_runs, write_runs
from provkg.identity import Names

if TYPE_CHECKING:
    from collections.abc import Callable

    from provkg.config import Home
    from provkg.store import Store

    Content = Callable[..., set[str]]
    WriteRuns = Callable[..., list[str]]


def assert_merged(store: Store) -> None:
    """The default graph of queries has the triples of all graphs but the catalog, each once."""
    dump = BytesIO()
    store.dump(dump)
    catalog = ox.NamedNode(Names(store.base).catalog_graph())
    quads = ox.parse(dump.getvalue(), ox.RdfFormat.N_QUADS)
    answer = store.query("SELECT ?s ?p ?o WHERE { ?s ?p ?o }")
    assert isinstance(answer, ox.QuerySolutions)
    found = [tuple(row) for row in answer]
    assert len(found) == len(set(found))
    assert set(found) == {tuple(quad.triple) for quad in quads if quad.graph_name != catalog}


@pytest.fixture(scope="session")
def merged() -> Callable[[Store], None]:
    """Checks the default graph of a store."""
    return assert_merged


@pytest.fixture
def content() -> Content:
    """Tells the quads of a store, alike for two stores that differ in the names of blank nodes only.

    ``base`` is what to write for the store's base. The default graph must be the merge of the named ones.
    """

    def read(store: Store, base: str = "") -> set[str]:
        assert_merged(store)
        dump = BytesIO()
        store.dump(dump)
        text = dump.getvalue().decode().replace(store.base, base or store.base)
        lines = [line for line in text.split("\n") if line]
        named = {line for line in lines if "_:" not in line}
        dataset = ox.Dataset(ox.parse("\n".join({*lines} - named), ox.RdfFormat.N_QUADS))
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        return named | set(map(str, dataset))

    return read


@pytest.fixture
def journal(home: Home) -> WriteRuns:
    """Writes generated runs to the journal and gives their ids; some events of theirs, when asked."""

    def write(count: int, *, events: slice = slice(None), seed: int = 0) -> list[str]:
        return write_runs(home, (run[events] for run in generate_runs(count, seed)))

    return write
