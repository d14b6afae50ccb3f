"""The embedded store: Oxigraph, in a folder or in memory, with one writer."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from io import BytesIO
from typing import IO, TYPE_CHECKING, Self

import pyoxigraph
from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, Triple

from provkg.errors import QueryError, StoreBusyError, StoreError
from provkg.store.port import Report
from provkg.terms import home_prefixes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from provkg.store.lock import Lock
    from provkg.store.port import EngineAnswer, Substitutions

__all__ = ["DamagedError", "EmbeddedStore"]

_BULK = 2_000_000
"""Characters of N-Quads (about 10,000 quads) from which on the bulk loader is faster than a transaction."""


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
        with _errors(f"open the store {folder}"):
            self._engine: pyoxigraph.Store | None = _open(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def query(self, text: str, *, substitutions: Substitutions | None = None) -> EngineAnswer:
        """Runs a query whose default graph is the union of all named graphs."""
        with _errors("read the store"):
            try:
                return self._opened().query(
                    text,
                    use_default_graph_as_union=True,
                    substitutions=dict(substitutions) if substitutions else None,
                )
            except SyntaxError as error:
                raise QueryError(f"Not a SPARQL query: {error}.") from error
            except RuntimeError as error:
                if "SELECT projection" in str(error):
                    raise QueryError(f"{error}.", "Select the variable that is given a value.") from error
                raise

    def replace_graph(self, graph: str, nquads: str) -> None:
        """Makes `nquads` the whole content of a named graph, in one transaction."""
        name, engine = NamedNode(graph), self._opened()
        with _errors(f"replace the graph {graph}"), self._writing:
            new = set(pyoxigraph.parse(nquads, RdfFormat.N_QUADS))
            if strangers := {quad.graph_name for quad in new} - {name}:
                raise StoreError(f"Cannot replace the graph {graph} by quads of {min(map(str, strangers))}.")
            old = set(engine.quads_for_pattern(None, None, None, name))
            if not old:
                engine.extend(new)
            elif not new or any(map(_has_blank_node, new | old)):
                # Blank nodes have no names by which to tell the old from the new.
                engine.update(f"DROP SILENT GRAPH {name}; {_data('INSERT', name, new)}")
            elif new != old:
                engine.update(f"{_data('DELETE', name, old - new)}; {_data('INSERT', name, new - old)}")

    def drop_graph(self, graph: str) -> None:
        """Removes a named graph."""
        with _errors(f"drop the graph {graph}"), self._writing:
            self._opened().update(f"DROP SILENT GRAPH {NamedNode(graph)}")

    def load(self, nquads: str) -> None:
        """Adds quads, all or none."""
        engine = self._opened()
        with _errors("load quads"), self._writing:
            (engine.load if len(nquads) < _BULK else engine.bulk_load)(nquads, RdfFormat.N_QUADS)

    def dump(self, output: IO[bytes], graph: str | None = None) -> None:
        """Writes all quads, or those of one named graph, as N-Quads."""
        with _errors("read the store"):
            if graph is None:
                self._opened().dump(output, RdfFormat.N_QUADS)
            else:
                quads = self._opened().quads_for_pattern(None, None, None, NamedNode(graph))
                pyoxigraph.serialize(quads, output, RdfFormat.N_QUADS)

    def flush(self) -> None:
        """Returns when all that was written is on the disk itself; the next opening is then quick."""
        with _errors("flush the store"), self._writing:
            self._opened().flush()

    def close(self) -> None:
        """Closes the files and lets others have the store; closing it again does nothing."""
        self._engine = None
        if self.lock is not None:
            self.lock.release()

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
        raise StoreError(f"Cannot {task}: it is not N-Quads: {error}.") from error
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


def _data(verb: str, graph: NamedNode, quads: Iterable[Quad]) -> str:
    """A SPARQL update that inserts or deletes quads of a graph (SPARQL 1.1 Update, section 3.1)."""
    text = BytesIO()
    pyoxigraph.serialize((quad.triple for quad in quads), text, RdfFormat.N_TRIPLES)
    return f"{verb} DATA {{ GRAPH {graph} {{ {text.getvalue().decode()} }} }}"
