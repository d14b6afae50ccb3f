"""What a user's word for a run stands for, in a store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import Literal

from provkg.errors import NotFoundError
from provkg.queries.source import holds, rows
from provkg.terms import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provkg.queries.source import Source

__all__ = ["as_text", "find_run"]

_LATEST = re.compile(r"latest(?:~([0-9]+))?")
_WHOLE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHOWN = 5

_PROLOGUE = f"PREFIX prov: <{PREFIXES['prov']}> PREFIX provkg: <{PREFIXES['provkg']}> "
_STARTS = f"""{_PROLOGUE}SELECT ?run ?start WHERE {{ GRAPH ?g {{
  ?run a provkg:Run ; prov:startedAtTime ?start }} }}"""
_PATHS = f"""{_PROLOGUE}SELECT ?run ?start ?path WHERE {{
  GRAPH ?g {{ ?run a provkg:Run ; prov:startedAtTime ?start }}
  OPTIONAL {{ GRAPH ?h {{ ?run provkg:runOf/provkg:path ?path }} }} }}"""
_LAST_OF = f"""{_PROLOGUE}SELECT ?run ?start WHERE {{ GRAPH ?g {{
  ?document provkg:path ?path . ?run provkg:runOf ?document ; prov:startedAtTime ?start }} }}"""


@dataclass(frozen=True, slots=True)
class _Known:
    iri: str
    id: str
    start: datetime
    path: str


def as_text(word: str) -> str:
    """A word as the store spells it: half a surrogate pair, from a name that is not UTF-8, is its escape."""
    return word.encode("utf-8", "backslashreplace").decode().strip()


def find_run(store: Source, text: str) -> str:
    """The IRI of the run that ``text`` stands for.

    It is an id, a unique beginning of one, an IRI or ``run:`` name, ``latest``, ``latest~N`` (N runs before
    the latest), or the path or file name of a notebook (its last run).

    Raises:
        NotFoundError: no run answers to it, or more than one does; the message names the nearest.
    """
    text = as_text(text)
    word = text.removeprefix(f"{store.base}run/").removeprefix("run:")
    if _WHOLE.fullmatch(word) and holds(store, f"{store.base}run/{word}"):
        return f"{store.base}run/{word}"
    if match := _LATEST.fullmatch(word):
        return _before_latest(_newest_first(store, rows(store, _STARTS)), int(match[1] or 0)).iri
    same_path = rows(store, _LAST_OF, path=Literal(str(Path(text).absolute())))
    if same_path:
        return _newest_first(store, same_path)[0].iri
    return _by_word(word, text, _newest_first(store, rows(store, _PATHS))).iri


def _newest_first(store: Source, found: list[tuple[str, ...]]) -> list[_Known]:
    known = {
        iri: _Known(iri, iri.removeprefix(f"{store.base}run/"), datetime.fromisoformat(start), "".join(path))
        for iri, start, *path in found
    }
    if not known:
        raise NotFoundError("No run is recorded here.", "Record one with `provkg run NOTEBOOK`.")
    return sorted(known.values(), key=lambda run: (run.start, run.id), reverse=True)


def _before_latest(newest_first: Sequence[_Known], back: int) -> _Known:
    if back < len(newest_first):
        return newest_first[back]
    count = len(newest_first)
    raise NotFoundError(
        f"There is no run {back} before the latest: {count} {'is' if count == 1 else 'are'} recorded.",
        "`provkg runs` lists them.",
    )


def _by_word(word: str, text: str, newest_first: Sequence[_Known]) -> _Known:
    begun = [run for run in newest_first if word and run.id.startswith(word)]
    named = [run for run in newest_first if run.path and Path(run.path).name == text]
    if len(begun) == 1 or (named and not begun):
        return (begun or named)[0]
    if begun:
        shown = ", ".join(run.id[: len(word) + 4] for run in begun[:_SHOWN])
        raise NotFoundError(
            f"{len(begun)} runs begin with {word!r}: {shown}{', …' if len(begun) > _SHOWN else ''}.",
            "Give more of the id.",
        )
    raise NotFoundError(f"There is no run {text!r}.", _nearest(text, newest_first))


def _nearest(text: str, newest_first: Sequence[_Known]) -> str:
    names: dict[str, _Known] = {}
    for run in newest_first:
        for name in (run.id[:8], Path(run.path).name):
            names.setdefault(name, run)
    names.pop("", None)
    near = get_close_matches(Path(text).name, names, n=3, cutoff=0.5) or [newest_first[0].id[:8]]
    listed = [name if names[name].id.startswith(name) else f"{names[name].id[:8]} ({name})" for name in near]
    return f"Nearest: {', '.join(listed)}. `provkg runs` lists all."
