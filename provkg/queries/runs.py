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

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provkg.queries.source import Source

__all__ = ["find_run"]

_LATEST = re.compile(r"latest(?:~([0-9]+))?")
_WHOLE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHOWN = 5

_ALL = """SELECT ?run ?path ?start WHERE { GRAPH ?g {
  ?run a provkg:Run ; prov:startedAtTime ?start . OPTIONAL { ?run provkg:runOf/provkg:path ?path } } }"""
_LAST_OF = """SELECT ?run ?path ?start WHERE { GRAPH ?g {
  ?document provkg:path ?path . ?run provkg:runOf ?document ; prov:startedAtTime ?start } }"""


@dataclass(frozen=True, slots=True)
class _Known:
    iri: str
    id: str
    path: str
    start: datetime


def find_run(store: Source, text: str) -> str:
    """The IRI of the run that ``text`` stands for.

    It is an id, a unique beginning of one, an IRI or ``run:`` name, ``latest``, ``latest~N`` (N runs before
    the latest), or the path or file name of a notebook (its last run).

    Raises:
        NotFoundError: no run answers to it, or more than one does; the message names the nearest.
    """
    word = text.strip().removeprefix(f"{store.base}run/").removeprefix("run:")
    if _WHOLE.fullmatch(word) and holds(store, f"{store.base}run/{word}"):
        return f"{store.base}run/{word}"
    if not _LATEST.fullmatch(word) and (last := _last_of_path(store, str(Path(text).absolute()))):
        return last
    newest_first = _newest_first(store, rows(store, _ALL))
    if not newest_first:
        raise NotFoundError("No run is recorded here.", "Record one with `provkg run NOTEBOOK`.")
    return _by_word(word, text, newest_first).iri


def _last_of_path(store: Source, path: str) -> str:
    found = _newest_first(store, rows(store, _LAST_OF, path=Literal(path)))
    return found[0].iri if found else ""


def _newest_first(store: Source, found: list[tuple[str, ...]]) -> list[_Known]:
    known = {
        iri: _Known(iri, iri.removeprefix(f"{store.base}run/"), path, datetime.fromisoformat(start))
        for iri, path, start in found
    }
    return sorted(known.values(), key=lambda run: (run.start, run.id), reverse=True)


def _by_word(word: str, text: str, newest_first: Sequence[_Known]) -> _Known:
    if match := _LATEST.fullmatch(word):
        back = int(match[1] or 0)
        if back < len(newest_first):
            return newest_first[back]
        raise NotFoundError(
            f"There is no run {back} before the latest: {len(newest_first)} recorded.",
            "`provkg runs` lists them.",
        )
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
