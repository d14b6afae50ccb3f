"""What a user's word for a run stands for, in a store."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode

from provkg.errors import AmbiguousError, NotFoundError
from provkg.queries.source import holds, rows
from provkg.terms import PREFIXES

if TYPE_CHECKING:
    from provkg.queries.source import Source

__all__ = ["as_text", "find_run", "is_run_word", "newest_first", "split_run"]

_LATEST = re.compile(r"latest(?:~([0-9]{1,9}))?")
_DOCUMENT = r".+\.(?:ipynb|py)"
_RUN_WORD = re.compile(rf"{_LATEST.pattern}|[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}|{_DOCUMENT}")
_IN_RUN = re.compile(rf"({_LATEST.pattern}|[0-9a-f][0-9a-f-]{{3,35}}|{_DOCUMENT})/(.+)")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_SHOWN = 5
_LOOKED_AT = 1_000
"""Up to so many runs it is quicker to ask for each than for all that there are."""

_PROLOGUE = f"PREFIX prov: <{PREFIXES['prov']}> PREFIX provkg: <{PREFIXES['provkg']}> "
_ALL = f"{_PROLOGUE}SELECT ?run WHERE {{ GRAPH ?g {{ ?run a provkg:Run }} }}"
# Runs whose time is not known come last, the one that was imported last first.
_WHEN = """OPTIONAL { ?run prov:startedAtTime ?start }
  OPTIONAL { ?g provkg:describesRun ?run ; prov:generatedAtTime ?made }"""
_ORDER = "ORDER BY DESC(?start) DESC(?made) DESC(STR(?run))"
_NEWEST_FIRST = f"{_PROLOGUE}SELECT ?run WHERE {{ GRAPH ?g {{ ?run a provkg:Run . {_WHEN} }} }} {_ORDER}"
_RECORDED = (
    f"{_PROLOGUE}SELECT ?graph ?made WHERE {{ ?graph prov:generatedAtTime ?made }} ORDER BY DESC(?made)"
)
_OPEN_ENDED = f"""{_PROLOGUE}SELECT ?graph WHERE {{
  ?graph provkg:describesRun ?run MINUS {{ ?graph prov:generatedAtTime ?made }} }}"""
_BEGAN = f"""{_PROLOGUE}SELECT ?run ?start WHERE {{ GRAPH ?graph {{
  ?graph provkg:describesRun ?run OPTIONAL {{ ?run prov:startedAtTime ?start }} }} }}"""
_OF_PATH = f"""{_PROLOGUE}SELECT ?run WHERE {{ GRAPH ?g {{
  ?document provkg:path ?path . ?run provkg:runOf ?document . {_WHEN} }} }} {_ORDER} LIMIT 1"""
_NAMED = f"""{_PROLOGUE}PREFIX rdfs: <{PREFIXES["rdfs"]}> SELECT ?run WHERE {{ GRAPH ?g {{
  ?run rdfs:label ?name ; a provkg:Run . {_WHEN} }} }} {_ORDER} LIMIT 1"""
_PATHS = f"""{_PROLOGUE}SELECT ?run ?path WHERE {{ GRAPH ?g {{
  ?run provkg:runOf ?document . ?document provkg:path ?path . {_WHEN} }} }} {_ORDER}"""


def as_text(word: str) -> str:
    """A word as the store spells it: half a surrogate pair, from a name that is not UTF-8, is its escape."""
    return word.encode("utf-8", "backslashreplace").decode().strip()


def is_run_word(word: str) -> bool:
    """Whether a word says by its form that it means a run: ``latest``, ``latest~N``, an id, a document.

    >>> is_run_word("latest~1"), is_run_word("notebooks/penguins.ipynb"), is_run_word("forest")
    (True, True, False)
    """
    return _RUN_WORD.fullmatch(word) is not None


def split_run(word: str) -> tuple[str, str]:
    """The run that the word for a thing begins with, where it does, and the rest of the word.

    >>> split_run("latest~1/forest"), split_run("penguins.ipynb/[3]"), split_run("data/penguins.csv")
    (('latest~1', 'forest'), ('penguins.ipynb', '[3]'), ('', 'data/penguins.csv'))
    """
    match = _IN_RUN.fullmatch(word)
    return (match[1], match[3]) if match else ("", word)


def find_run(store: Source, text: str) -> str:
    """The IRI of the run that ``text`` stands for.

    It is an id, a unique beginning of one, an IRI or ``run:`` name, ``latest``, ``latest~N`` (N runs before
    the latest), what it is called (``a.ipynb epoch 2``), or the path or file name of a notebook (its last
    run).

    Raises:
        NotFoundError: no run answers to it, or more than one does; the message names the nearest.
    """
    text = as_text(text)
    word = text.removeprefix(f"{store.base}run/").removeprefix("run:")
    if match := _LATEST.fullmatch(word):
        return _before_latest(store, int(match[1] or 0))
    if _IDENTIFIER.fullmatch(word) and (found := _by_identifier(store, word)):
        return found
    if found_named := rows(store, _NAMED, name=Literal(text)):
        return found_named[0][0]
    if found_last := rows(store, _OF_PATH, path=Literal(str(Path(text).absolute()))):
        return found_last[0][0]
    paths = [(iri, path) for iri, path in rows(store, _PATHS)]
    for iri, path in paths:
        if Path(path).name == text:
            return iri
    raise NotFoundError(f"There is no run {text!r}.", _nearest(store, text, paths))


def newest_first(store: Source) -> list[str]:
    """The IRIs of all runs, the latest first."""
    return [row[0] for row in rows(store, _NEWEST_FIRST)]


def _before_latest(store: Source, back: int) -> str:
    found = _latest(store, back + 1)
    if len(found) > back:
        return found[back]
    count = len(_known(store))
    raise NotFoundError(
        f"There is no run {back} before the latest: {count} {'is' if count == 1 else 'are'} recorded.",
        "`provkg runs` lists them.",
    )


def _latest(store: Source, wanted: int) -> list[str]:
    """So many runs, the latest first, without looking at the beginnings of all.

    No run began later than its record was made, and those times can be sorted at once: what was recorded
    before a run began cannot have begun later. Runs whose record is not ended are looked at anyway.
    """
    open_ended = [row[0] for row in rows(store, _OPEN_ENDED)]
    limit = max(16, 2 * wanted)
    while limit <= _LOOKED_AT:
        recorded = rows(store, f"{_RECORDED} LIMIT {limit:d}")
        looked_at = [(graph, made) for graph, made in recorded] + [(graph, "") for graph in open_ended]
        ranked = sorted((_rank(store, graph, made) for graph, made in looked_at), reverse=True)
        if len(recorded) < limit:
            return [run for _, _, run in ranked[:wanted]]
        certain = [one for one in ranked if one[0] > _moment(recorded[-1][1])]
        if len(certain) >= wanted:
            return [run for _, _, run in certain[:wanted]]
        limit *= 8
    return newest_first(store)[:wanted]


def _rank(store: Source, graph: str, made: str) -> tuple[datetime, datetime, str]:
    """When the run that a graph describes began and was recorded, and its IRI."""
    [(run, start), *_] = rows(store, _BEGAN, graph=NamedNode(graph))
    return _moment(start), _moment(made), run


def _moment(text: str) -> datetime:
    """A time; one that is not known is before all others."""
    return datetime.fromisoformat(text) if text else datetime.min.replace(tzinfo=UTC)


def _by_identifier(store: Source, word: str) -> str:
    if holds(store, f"{store.base}run/{word}"):
        return f"{store.base}run/{word}"
    begun = [iri for iri in _known(store) if _id(store, iri).startswith(word)]
    if len(begun) <= 1:
        return "".join(begun)
    shown = ", ".join(_id(store, iri)[: len(word) + 4] for iri in begun[:_SHOWN])
    raise AmbiguousError(
        f"{len(begun)} runs begin with {word!r}: {shown}{', …' if len(begun) > _SHOWN else ''}.",
        "Give more of the id.",
    )


def _known(store: Source) -> list[str]:
    known = [row[0] for row in rows(store, _ALL)]
    if not known:
        raise NotFoundError("No run is recorded here.", "Record one with `provkg run NOTEBOOK`.")
    return known


def _nearest(store: Source, text: str, paths: list[tuple[str, str]]) -> str:
    names: dict[str, str] = {}
    for iri, path in (*paths, *((iri, "") for iri in _known(store))):
        short = _id(store, iri)[:8]
        names.setdefault(short, short)
        names.setdefault(Path(path).name or short, f"{short} ({Path(path).name})")
    near = get_close_matches(Path(text).name, names, n=3, cutoff=0.5) or list(names)[:1]
    return f"Nearest: {', '.join(names[name] for name in near)}. `provkg runs` lists all."


def _id(store: Source, iri: str) -> str:
    return iri.removeprefix(f"{store.base}run/")
