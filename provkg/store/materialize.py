"""The journal's runs as graphs of a store: only what changed is made again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec
from pyoxigraph import QueryBoolean

from provkg.errors import JournalError, StoreError
from provkg.identity import Names
from provkg.journal import read_run, runs
from provkg.mapping import nquads as map_run
from provkg.records import Notice, Run
from provkg.store.catalog import Catalog, mapping_digest, read_catalog, read_mapping, size_quad
from provkg.store.ontology import ontology_digest, ontology_nquads
from provkg.store.port import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from provkg.config import Home
    from provkg.store.port import Store

__all__ = ["bring_up_to_date", "fits"]

_CHUNK = 20_000_000
"""Characters of N-Quads loaded at once: more take less time each, and memory (these about 300 MB)."""


class _Mapped(msgspec.Struct, frozen=True):
    """A run's quads, none when its journal has no beginning, and how much of the journal they tell."""

    run: str
    size: int
    nquads: str


def fits(store: Store) -> bool:
    """Whether a store can be brought up to date as it is: it is empty, or this mapping and base made it."""
    if read_mapping(store) == mapping_digest():
        return True
    anything = store.query("ASK { GRAPH ?graph { ?subject ?property ?value } }")
    assert isinstance(anything, QueryBoolean)
    return not anything


def bring_up_to_date(
    store: Store,
    home: Home,
    mapping: Callable[[Run, str], str] = map_run,
    begin: Callable[[int], None] | None = None,
) -> Report:
    """Makes the store's graphs say what the journal and the ontology say.

    It may be ended at any moment; the next time goes on. A run that cannot be read or mapped keeps the graph
    it had, and is named in the report. `begin` is told how many runs are new before they are added.

    Raises:
        JournalError: the journal's folder cannot be read.
        StoreError: the store cannot be read or written.
    """
    work = _Work(store, home, mapping)
    work.start()
    work.update_ontology()
    work.drop_runs()
    work.replace_changed_runs()
    if begin is not None:
        begin(sum(run not in work.sizes for run in work.journals))
    work.add_new_runs()
    return work.finish()


class _Work:
    """One bringing up to date, with what is known of the store while it goes on."""

    def __init__(self, store: Store, home: Home, mapping: Callable[[Run, str], str]) -> None:
        self.store, self.home, self.mapping = store, home, mapping
        self.names = Names(home.base)
        self.began = time.perf_counter()
        self.written = read_catalog(store)
        """The catalog that the store has."""
        self.sizes = dict(self.written.sizes)
        self.ontologies = dict(self.written.ontologies)
        self.journals = runs(home)
        self.notices: list[Notice] = []
        self.made = self.dropped = self.quads = 0

    def start(self) -> None:
        """Says which mapping the graphs are made by, before the first of them is."""
        if not self.written.mapping:
            self.written = Catalog(mapping=mapping_digest())
            self.store.load(self.written.nquads(self.names))

    def update_ontology(self) -> None:
        digest = ontology_digest()
        if digest in self.written.ontologies.values() or not digest:
            return
        try:
            graph, nquads = ontology_nquads(self.names)
        except StoreError as error:
            self.notices.append(Notice(where="ontology", message=error.message))
            return
        self.store.replace_graph(graph, nquads)
        for old in self.ontologies.keys() - {graph}:
            self.store.drop_graph(old)
        self.ontologies = {graph: digest}

    def drop_runs(self) -> None:
        for run in self.sizes.keys() - self.journals.keys():
            self.store.drop_graph(self.names.run_graph(run))
            del self.sizes[run]
            self.dropped += 1

    def replace_changed_runs(self) -> None:
        changed = [run for run, size in self.journals.items() if self.sizes.get(run, size) != size]
        for mapped in self.mapped(changed):
            try:
                self.store.replace_graph(self.names.run_graph(mapped.run), mapped.nquads)
            except StoreError as error:
                self.refuse(mapped, error)
            else:
                self.count(mapped)

    def add_new_runs(self) -> None:
        new = [run for run in self.journals if run not in self.sizes]
        for chunk in _chunks(self.mapped(new)):
            self.add(chunk)

    def add(self, chunk: list[_Mapped]) -> None:
        """Loads runs with what the catalog says of them; when one of them is at fault, the others."""
        try:
            self.store.load("".join(mapped.nquads + self.entry(mapped) for mapped in chunk))
        except StoreError as error:
            if not isinstance(error.__cause__, SyntaxError):
                raise
            if len(chunk) == 1:
                self.refuse(chunk[0], error)
                return
            for mapped in chunk:
                self.add([mapped])
            return
        for mapped in chunk:
            self.count(mapped)
            self.written.sizes[mapped.run] = mapped.size

    def finish(self) -> Report:
        catalog = Catalog(mapping=self.written.mapping, sizes=self.sizes, ontologies=self.ontologies)
        if catalog != self.written:
            self.store.replace_graph(self.names.catalog_graph(), catalog.nquads(self.names))
        if self.made or self.dropped or catalog != self.written:
            self.store.flush()
        return Report(
            runs=self.made,
            dropped=self.dropped,
            quads=self.quads,
            seconds=time.perf_counter() - self.began,
            notices=tuple(self.notices),
        )

    def mapped(self, wanted: Iterable[str]) -> Iterator[_Mapped]:
        """The quads of each run that can be read and mapped."""
        for run in wanted:
            try:
                told = read_run(self.home, run, self.notices.append)
                if told and told.id != run:
                    raise JournalError(f"its journal tells of the run {told.id}, and is left out")
                # The size is from before the reading: what was appended since makes it be read once more.
                yield _Mapped(run, self.journals[run], self.mapping(told, self.home.base) if told else "")
            except JournalError as error:
                self.notices.append(Notice(where=f"run {run}", message=error.message))
            except Exception as error:  # noqa: BLE001 (one strange run must not cost the others)
                reason = f"cannot be mapped: {type(error).__name__}: {error}"
                self.notices.append(Notice(where=f"run {run}", message=reason))

    def entry(self, mapped: _Mapped) -> str:
        return size_quad(self.names, mapped.run, mapped.size)

    def count(self, mapped: _Mapped) -> None:
        self.sizes[mapped.run] = mapped.size
        self.made += 1
        self.quads += mapped.nquads.count("\n")

    def refuse(self, mapped: _Mapped, error: StoreError) -> None:
        self.notices.append(Notice(where=f"run {mapped.run}", message=error.message))


def _chunks(mapped: Iterator[_Mapped]) -> Iterator[list[_Mapped]]:
    chunk: list[_Mapped] = []
    size = 0
    for one in mapped:
        chunk.append(one)
        size += len(one.nquads)
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
