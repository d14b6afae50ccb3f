"""What every store answers, whichever engine holds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import IO, TYPE_CHECKING, Protocol, TypeAlias

import msgspec
from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    Triple,
    Variable,
)

from provkg.records import Notice

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

__all__ = ["EngineAnswer", "Report", "Store", "Substitutions"]

EngineAnswer: TypeAlias = QuerySolutions | QueryBoolean | QueryTriples
"""What a query gives: solutions (SELECT), a truth value (ASK) or triples (CONSTRUCT, DESCRIBE)."""

Substitutions: TypeAlias = Mapping[Variable, NamedNode | BlankNode | Literal | Triple]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was done to make a store agree with the journal.

    ``runs`` counts those whose graph was made or made again, ``dropped`` those whose journal is gone;
    ``seconds`` are of wall time. ``notices`` name what could not be read or mapped.
    """

    runs: int = 0
    dropped: int = 0
    quads: int = 0
    seconds: float = 0.0
    rebuilt: bool = False
    notices: tuple[Notice, ...] = ()

    def __str__(self) -> str:
        done = (
            f"{self.runs:,} run{'' if self.runs == 1 else 's'} ({self.quads:,} quads) in {self.seconds:.1f} s"
        )
        return f"{done}, {self.dropped:,} dropped" if self.dropped else done


class Store(Protocol):
    """The named graphs of a home and their merge. Usable as a context manager, which closes it."""

    @property
    def base(self) -> str:
        """The IRI that every instance's IRI begins with."""

    @property
    def prefixes(self) -> Mapping[str, str]:
        """The prefixes that queries may use without declaring them, when they have been prepared."""

    @property
    def report(self) -> Report:
        """What was done when it was opened."""

    def query(self, text: str, *, substitutions: Substitutions | None = None) -> EngineAnswer:
        """Runs a SPARQL 1.1 query whose default graph is the merge of all named graphs but the catalog.

        A triple that stands in the graphs of many runs, as what they share does, is found once there, and
        once for each graph with ``GRAPH ?graph``. The catalog speaks of the store, not of the runs: it is
        found only by its name.

        A query that makes a default graph of its own from several graphs (``FROM`` twice) finds a triple
        once for each of them in Oxigraph 0.5 (its issue 1919): name the graphs with ``GRAPH``.

        `substitutions` replaces variables by terms wherever they stand in the query; each must be one
        that it selects. The answer is read lazily: read it to its end in the thread that asked for it,
        as another thread would end the process.

        Raises:
            QueryError: the text is not SPARQL, or a substituted variable is not selected.
            StoreError: the store cannot be read.
        """

    def replace_graph(self, graph: str, nquads: str) -> None:
        """Makes `nquads`, all of them in the named graph `graph`, its whole content.

        Others see the graph as it was before or as it is afterwards.

        Raises:
            StoreError: it is not N-Quads (RDF 1.1), speaks of another graph, or cannot be written. The
                graph is then as before.
        """

    def drop_graph(self, graph: str) -> None:
        """Removes a named graph; nothing happens when there is none.

        Raises:
            StoreError: the store cannot be written.
        """

    def load(self, nquads: str) -> None:
        """Adds quads of named graphs, all or none.

        Raises:
            StoreError: it is not N-Quads (RDF 1.1), names no graph for a triple, or cannot be written.
        """

    def remember(self, name: str, make: Callable[[], bytes]) -> bytes:
        """What `make` reads from the store, kept under a name until the store is written.

        Where it cannot be kept, it is made each time. The name is of lower-case letters, digits and ``-``.
        """

    def dump(self, output: IO[bytes], graph: str | None = None) -> None:
        """Writes all quads of named graphs, or of one of them, as N-Quads in no particular order.

        The default graph, which follows from them, is not written.

        Raises:
            StoreError: the store cannot be read.
        """

    def flush(self) -> None:
        """Returns when all that was written is on the disk itself.

        Raises:
            StoreError: the store cannot be written.
        """

    def close(self) -> None:
        """Lets others have the store; no other method may be called afterwards."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
