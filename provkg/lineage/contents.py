"""Steps from run to run: who read what was written before, told by the content."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from provkg.lineage.facts import pairs, properties
from provkg.terms import Prov, Provkg, Rdf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from provkg.queries import Source

__all__ = ["crossings"]

_HAS = "SELECT ?thing ?other WHERE { GRAPH ?g { ?thing provkg:hasContent ?other } }"
_OCCURS = "SELECT ?thing ?other WHERE { GRAPH ?g { ?other provkg:hasContent ?thing } }"
_READERS = (
    "SELECT ?thing ?other WHERE { GRAPH ?g { ?other prov:used ?thing ; provkg:executionOrder ?order } }"
)
_TELLING = 64
"""Bytes from which on equal contents at different paths are more than chance."""
_UNKNOWN = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Occurrence:
    """A file, or an output, with a content: when it was read, or had been written."""

    iri: str
    path: str
    at: datetime
    written: bool
    read: bool
    size: int


def crossings(store: Source, things: Sequence[str], *, downstream: bool) -> Iterator[tuple[str, str, str]]:
    """Things, what each leads to by its content, and how that is known.

    A file that was read leads to the one it is a copy of, or, ``downstream``, the other way round. At one
    path that is observed; at different paths the content alone speaks for it, and that is inferred.

    A content itself leads to those that were written with it, or, ``downstream``, to those that read it.
    """
    asked = [iri for iri in things if iri.startswith(f"{store.base}sha256/")]
    holders = [iri for iri in things if "/file/" in iri]
    content_of = dict(pairs(store, _HAS, holders))
    known = _occurrences(store, {*asked, *content_of.values()})
    for content in asked:
        for one in _latest(known[content]) if not downstream else known[content]:
            if one.read if downstream else one.written:
                yield content, one.iri, "observed"
    for content in dict.fromkeys(content_of.values()):
        for reader, writer, evidence in _copies(known[content]):
            near, far = (writer, reader) if downstream else (reader, writer)
            if content_of.get(near) == content:
                yield near, far, evidence


def _occurrences(store: Source, contents: Iterable[str]) -> dict[str, list[_Occurrence]]:
    held = pairs(store, _OCCURS, contents)
    wanted = (Rdf.type, Provkg.path, Provkg.url, Provkg.generatedIn, Provkg.byteSize)
    told = properties(store, [iri for _, iri in held], wanted)
    executions: dict[str, list[str]] = defaultdict(list)
    for iri, facts in told.items():
        executions[iri] += facts.get(Provkg.generatedIn, [])
    readers = [iri for iri, facts in told.items() if Provkg.ReadFile in facts.get(Rdf.type, ())]
    for iri, execution in pairs(store, _READERS, readers):
        executions[iri].append(execution)
    times = properties(
        store,
        dict.fromkeys(one for several in executions.values() for one in several),
        (Prov.startedAtTime,),
    )
    found: dict[str, list[_Occurrence]] = defaultdict(list)
    for content, iri in held:
        facts = told[iri]
        types = facts.get(Rdf.type, ())
        started = [text for one in executions[iri] for text in times[one].get(Prov.startedAtTime, ())]
        found[content].append(
            _Occurrence(
                iri=iri,
                path=next(iter(facts.get(Provkg.path) or facts.get(Provkg.url) or ()), ""),
                at=min((datetime.fromisoformat(text) for text in started), default=_UNKNOWN),
                written=Provkg.WrittenFile in types or Provkg.Output in types,
                read=Provkg.ReadFile in types,
                size=int(next(iter(facts.get(Provkg.byteSize, ())), 0)),
            )
        )
    return found


def _copies(occurrences: Iterable[_Occurrence]) -> Iterator[tuple[str, str, str]]:
    """Each reader with the writers that it may have its content from, and how that is known.

    Of the files written before, those at the reader's own path count alone, of these the last: it replaced
    the others. Where none was, the last at each other path counts, if the content is not so small that many
    files have it.
    """
    written: dict[str, list[_Occurrence]] = defaultdict(list)
    for one in sorted(occurrences, key=lambda one: (one.at, one.iri)):
        if one.written and one.path:
            written[one.path].append(one)
    times = {path: [one.at for one in several] for path, several in written.items()}
    for reader in occurrences:
        if not reader.read:
            continue
        before = {
            path: several[rank - 1]
            for path, several in written.items()
            if (rank := _written_before(several, times[path], reader))
        }
        own = before.get(reader.path)
        if own:
            yield reader.iri, own.iri, "observed"
        elif reader.size >= _TELLING:
            for writer in before.values():
                yield reader.iri, writer.iri, "inferred"


def _written_before(several: Sequence[_Occurrence], times: Sequence[datetime], reader: _Occurrence) -> int:
    """How many of the writers, which stand in time, wrote before the reader read.

    Of one execution only the beginning is known; what it read first has the smaller number.
    """
    rank = bisect_right(times, reader.at)
    run, number = _numbered(reader.iri)
    while rank and several[rank - 1].at == reader.at:
        other, written = _numbered(several[rank - 1].iri)
        if other != run or written < number:
            break
        rank -= 1
    return rank


def _numbered(iri: str) -> tuple[str, int]:
    """The run of a file and its rank among the run's files."""
    run, _, name = iri.rpartition("/file/")
    return run, int(name[1:]) if name[1:].isdecimal() else 0


def _latest(occurrences: Iterable[_Occurrence]) -> Iterable[_Occurrence]:
    """The last that was written at each path, and all that have none."""
    written = sorted((one for one in occurrences if one.written), key=lambda one: (one.at, one.iri))
    return {one.path or one.iri: one for one in written}.values()
