"""The embedded store: Oxigraph, in a folder or in memory, with one writer.

The engine's own union of graphs gives a triple once for each graph it stands in (its issue 1919), and so
counts wrongly whatever runs share. So the engine's default graph holds the merge of the named graphs, each
triple once, and every write keeps it in the same transaction.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from io import BytesIO
from typing import IO, TYPE_CHECKING, Self

import pyoxigraph
from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, RdfFormat, Triple

from provkg.errors import QueryError, StoreBusyError, StoreError
from provkg.identity import Names
from provkg.store.kept import Kept
from provkg.store.port import Report
from provkg.terms import home_prefixes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from provkg.store.lock import Lock
    from provkg.store.port import EngineAnswer, Substitutions

__all__ = ["DamagedError", "EmbeddedStore"]

_BULK = 6_000_000
"""Characters of N-Quads (about 20,000 quads) from which on the bulk loader is faster than a transaction."""


_MERGE = DefaultGraph()
"""Where the engine holds the merge of the named graphs."""


class DamagedError(StoreError):
    """The files of the store are damaged."""


class EmbeddedStore:
    """An Oxigraph store; see `provkg.store.port.Store` for its methods.

    Parameters:
        folder: where it is on disk, made where there is none; None keeps it in memory.
        base: the IRI that every instance's IRI begins with.

    Attributes:
        lock: what guards the folder; `close` releases it.
        report: what was done when it was opened.

    Raises:
        DamagedError: the folder holds a damaged store.
        StoreError: the folder cannot be opened.
    """

    def __init__(self, folder: Path | None, base: str) -> None:
        self.base = base
        self.prefixes: Mapping[str, str] = home_prefixes(base)
        self.lock: Lock | None = None
        self.report = Report()
        self._writing = threading.Lock()
        self._kept = Kept(folder and folder / "kept")  # in the engine's folder, to go where that goes
        self._catalog = NamedNode(Names(base).catalog_graph())
        with _errors(f"open the store {folder}"):
            self._engine: pyoxigraph.Store | None = _open(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def query(self, text: str, *, substitutions: Substitutions | None = None) -> EngineAnswer:
        """Runs a query whose default graph is the merge of the named graphs."""
        with _errors("read the store"):
            try:
                return self._opened().query(
                    text, substitutions=dict(substitutions) if substitutions else None
                )
            except SyntaxError as error:
                raise QueryError(f"Not a SPARQL query: {error}.") from error
            except RuntimeError as error:
                if "SELECT projection" in str(error):
                    raise QueryError(f"{error}.", "Select the variable that is given a value.") from error
                raise

    def replace_graph(self, graph: str, nquads: str) -> None:
        """Makes `nquads` the whole content of a named graph, in one transaction."""
        name = NamedNode(graph)
        with _errors(f"replace the graph {graph}"), self._writing:
            new = set(_parse(nquads))
            if strangers := {quad.graph_name for quad in new} - {name}:
                raise StoreError(f"Cannot replace the graph {graph} by quads of {min(map(str, strangers))}.")
            self._kept.forget()
            self._change(name, new)

    def drop_graph(self, graph: str) -> None:
        """Removes a named graph, in one transaction."""
        with _errors(f"drop the graph {graph}"), self._writing:
            self._kept.forget()
            self._change(NamedNode(graph), set())

    def load(self, nquads: str) -> None:
        """Adds quads, all or none."""
        engine = self._opened()
        with _errors("load quads"), self._writing:
            self._kept.forget()
            # Reading the text once for both copies costs less than giving the engine two texts.
            add = engine.extend if len(nquads) < _BULK else engine.bulk_extend
            add(self._with_merge(_parse(nquads)))

    def remember(self, name: str, make: Callable[[], bytes]) -> bytes:
        """What `make` reads from the store, from then on kept until the store is written."""
        return self._kept.get(name, make)

    def dump(self, output: IO[bytes], graph: str | None = None) -> None:
        """Writes all quads of named graphs, or of one of them, as N-Quads."""
        with _errors("read the store"):
            name = None if graph is None else NamedNode(graph)
            quads = self._opened().quads_for_pattern(None, None, None, name)
            named = (quad for quad in quads if quad.graph_name != _MERGE)
            pyoxigraph.serialize(named, output, RdfFormat.N_QUADS)

    def flush(self) -> None:
        """Returns when all that was written is on the disk itself; the next opening is then quick."""
        with _errors("flush the store"), self._writing:
            self._opened().flush()

    def close(self) -> None:
        """Closes the files and lets others have the store; closing it again does nothing."""
        self._engine = None
        if self.lock is not None:
            self.lock.release()

    def _change(self, graph: NamedNode, new: set[Quad]) -> None:
        """Makes quads the whole content of a graph, and the default graph the merge of all again."""
        engine = self._opened()
        old = set(engine.quads_for_pattern(None, None, None, graph))
        if not old:
            engine.extend(self._with_merge(new))
        elif not new or any(map(_has_blank_node, new | old)):
            # Blank nodes have no names by which to tell the old from the new.
            insert = _data("INSERT", graph, self._with_merge(new))
            engine.update(f"{self._forget(graph)} DROP SILENT GRAPH {graph}; {insert}")
        elif new != old:
            gone = old - new
            merged = (_merged(quad) for quad in gone if self._stands_only_in(graph, quad))
            delete = _data("DELETE", graph, [*gone, *merged])
            engine.update(f"{delete}; {_data('INSERT', graph, self._with_merge(new - old))}")

    def _with_merge(self, quads: Iterable[Quad]) -> Iterator[Quad]:
        """The quads and, but for those of the catalog, their triples in the default graph."""
        for quad in quads:
            yield quad
            if quad.graph_name != self._catalog:
                yield _merged(quad)

    def _stands_only_in(self, graph: NamedNode, quad: Quad) -> bool:
        """Whether no other graph of the merge has the triple of a quad."""
        copies = self._opened().quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
        return all(copy.graph_name in (graph, self._catalog, _MERGE) for copy in copies)

    def _forget(self, graph: NamedNode) -> str:
        """An update that takes from the default graph what stands only in a graph."""
        elsewhere = f"GRAPH ?other {{ ?s ?p ?o }} FILTER (?other NOT IN ({graph}, {self._catalog}))"
        return (
            "DELETE { ?s ?p ?o } "
            f"WHERE {{ GRAPH {graph} {{ ?s ?p ?o }} FILTER NOT EXISTS {{ {elsewhere} }} }};"
        )

    def _opened(self) -> pyoxigraph.Store:
        if self._engine is None:
            raise StoreError("The store is closed.", "Open it again with open_store().")
        return self._engine


def _open(folder: Path | None) -> pyoxigraph.Store:
    if folder is None:
        return pyoxigraph.Store()
    store = pyoxigraph.Store(os.fspath(folder))
    for log in folder.glob("LOG.old.*"):  # the engine's diary of earlier openings; up to 1,000 of them
        log.unlink(missing_ok=True)
    return store


@contextmanager
def _errors(task: str) -> Iterator[None]:
    """Tells the engine's errors in ours; `task` completes the sentence that begins with "Cannot"."""
    try:
        yield
    except SyntaxError as error:
        raise StoreError(f"Cannot {task}: it is not N-Quads of named graphs: {error}.") from error
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error)
        # The engine's errors carry no number, only RocksDB's text.
        if "LOCK" in reason and "lock" in reason:
            raise StoreBusyError(
                f"Cannot {task}: another program has its files open.", "Wait until it is done, or end it."
            ) from error
        if "Corruption" in reason or "not a directory" in reason:
            raise DamagedError(
                f"Cannot {task}: {reason}.", "Run `provkg rebuild`; the journal has it all."
            ) from error
        raise StoreError(
            f"Cannot {task}: {reason}.", "Check the free space and the permissions of the home folder."
        ) from error


def _has_blank_node(quad: Quad) -> bool:
    """Whether it has a blank node, or a triple term, which may hold one."""
    return any(isinstance(term, BlankNode | Triple) for term in (quad.subject, quad.object))


def _merged(quad: Quad) -> Quad:
    return Quad(quad.subject, quad.predicate, quad.object)


def _parse(nquads: str) -> Iterator[Quad]:
    """The quads of a text, whose blank nodes are its own."""
    for quad in pyoxigraph.parse(nquads, RdfFormat.N_QUADS, rename_blank_nodes=True):
        if not isinstance(quad.graph_name, NamedNode):
            raise SyntaxError(f"{quad.triple} names no graph")
        yield quad


def _data(verb: str, graph: NamedNode, quads: Iterable[Quad]) -> str:
    """An update that inserts or deletes quads of a graph and of the merge (SPARQL 1.1 Update, 3.1)."""
    named: list[Triple] = []
    merged: list[Triple] = []
    for quad in quads:
        (named if quad.graph_name == graph else merged).append(quad.triple)
    return f"{verb} DATA {{ {_triples(merged)} GRAPH {graph} {{ {_triples(named)} }} }}"


def _triples(triples: list[Triple]) -> str:
    text = BytesIO()
    pyoxigraph.serialize(triples, text, RdfFormat.N_TRIPLES)
    return text.getvalue().decode()
