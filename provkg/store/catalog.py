"""What a store says of itself: from which journals, mapping and ontology its graphs were made.

It stands in the store's catalog graph, in the same transaction as what it speaks of or in a later one. So
after a kill it may lag behind the graphs, and then they are made once more; it never claims too much.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from pyoxigraph import QueryResultsFormat, QuerySolutions

import provkg
from provkg.identity import Names
from provkg.terms import Provkg, Xsd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provkg.store.port import Store

__all__ = ["Catalog", "mapping_digest", "read_catalog", "read_mapping", "size_quad"]


class Catalog(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a store.

    ``sizes`` tells how many bytes of its journal each run's graph was made from; ``ontologies`` the digest
    of the files each ontology graph was made from.
    """

    mapping: str = ""
    sizes: dict[str, int] = {}
    ontologies: dict[str, str] = {}

    def nquads(self, names: Names) -> str:
        """The content of the catalog graph."""
        catalog = names.catalog_graph()
        lines = [f'<{catalog}> <{Provkg.mappingDigest}> "{self.mapping}" <{catalog}> .\n']
        lines += [
            f'<{graph}> <{Provkg.ontologyDigest}> "{digest}" <{catalog}> .\n'
            for graph, digest in self.ontologies.items()
        ]
        return "".join([*lines, *(size_quad(names, run, size) for run, size in self.sizes.items())])


def size_quad(names: Names, run: str, size: int) -> str:
    """What the catalog says of one run's graph."""
    return (
        f"<{names.run_graph(run)}> <{Provkg.journalSize}> "
        f'"{size}"^^<{Xsd.integer}> <{names.catalog_graph()}> .\n'
    )


def read_catalog(store: Store) -> Catalog:
    """The state that a store has written down; an empty one where there is none for its base.

    Raises:
        StoreError: the store cannot be read.
    """
    return Catalog(
        mapping=read_mapping(store),
        sizes=_sizes(store, Names(store.base)),
        ontologies=dict(_read(store, Provkg.ontologyDigest)),
    )


def read_mapping(store: Store) -> str:
    """The digest of the mapping that a store says it was made by; empty where it says nothing.

    Raises:
        StoreError: the store cannot be read.
    """
    return dict(_read(store, Provkg.mappingDigest)).get(Names(store.base).catalog_graph(), "")


def _sizes(store: Store, names: Names) -> dict[str, int]:
    """The size of each run's journal. There may be many, and they are read faster as text than as terms."""
    before = len(f"<{names.run_graph('')}")
    table = _asked(store, Provkg.journalSize).serialize(format=QueryResultsFormat.TSV)
    assert table is not None
    lines = (line.split("\t") for line in table.decode().splitlines()[1:])
    return {graph[before:-1]: int(size) for graph, size in lines}


def _read(store: Store, term: str) -> Iterator[tuple[str, str]]:
    for graph, value in _asked(store, term):
        yield graph.value, value.value


def _asked(store: Store, term: str) -> QuerySolutions:
    catalog = Names(store.base).catalog_graph()
    answer = store.query(f"SELECT ?graph ?value WHERE {{ GRAPH <{catalog}> {{ ?graph <{term}> ?value }} }}")
    assert isinstance(answer, QuerySolutions)
    return answer


@cache
def mapping_digest() -> str:
    """A digest of the code that fills a store: another one may fill it differently from the same journal."""
    package = Path(provkg.__file__).parent
    modules = sorted(path for pattern in _MAPPING for path in package.glob(pattern))
    whole = hashlib.sha256(provkg.__version__.encode())
    for module in modules:
        whole.update(module.read_bytes())
    return whole.hexdigest()


_MAPPING = ("mapping/**/*.py", "records/**/*.py", "identity.py", "terms/**/*.py", "store/embedded.py")
"""The code that decides which quads a journal becomes, and where they stand; a package may ship without its
source."""
