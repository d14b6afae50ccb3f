"""What a user's word for a thing of a run stands for: a model, a table, a file, an output, a metric."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode

from provkg.errors import NotFoundError
from provkg.identity import Names
from provkg.queries import lookups
from provkg.queries.runs import find_run
from provkg.queries.source import holds, rows
from provkg.results import ShortNames

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from provkg.queries.source import Source

__all__ = ["KINDS", "resolve"]

KINDS = ("model", "data", "file", "output", "value", "thing", "notebook", "metric", "variable", "package")
"""What `resolve` finds, besides runs."""

_IDENTIFIER = re.compile(
    r"[0-9]+\.[0-9]+|[faro][0-9]+|(?:value|file|activity|result|output|execution)/[\w.]+"
)
_DIGEST = re.compile(r"(?:sha256[:/])?([0-9a-f]{6,64})", re.IGNORECASE)
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A thing that a word may stand for: where it is, which object's state it is, and what to call it."""

    iri: str
    run: str
    start: str
    object: str
    state: int
    label: str


def resolve(store: Source, kind: str, text: str, run: str = "") -> NamedNode | Literal:
    """The term that ``text`` stands for where a thing of one of the `KINDS` is asked for.

    It is an IRI, a name with a known prefix (``data:ab12…``), an identifier as summaries print it
    (``7.2``, ``f3``; of another run with that run in front, ``1f0c9a3e/7.2``), or a name: a variable's or
    class's name for models and tables, a path, file name or the beginning of a digest for files and
    outputs. A name is looked for in ``run`` (an IRI), or in the latest run that has it; of several states
    of one object it means the last. Variables and packages are text, so their names are checked only.

    Raises:
        NotFoundError: nothing answers to it, or several things do; the message lists them or the nearest.
    """
    word = text.strip()
    if kind in lookups.WORDS:
        return _word(store, kind, word)
    if iri := _iri(store, word):
        return _checked(store, kind, iri, text)
    if kind == "metric":
        return _metric(store, word)
    place, local = _place(store, word)
    if _IDENTIFIER.fullmatch(local):
        home = place or run or find_run(store, "latest")
        iri = _identified(store, home, local)
        if holds(store, iri) and _is(store, kind, iri):
            return NamedNode(iri)
    found = _candidates(store, kind, local, place or run)
    if not found:
        raise NotFoundError(
            _nothing(store, kind, text, place or run), _nearest(store, kind, local, place or run)
        )
    return _only(store, kind, text, found)


def _iri(store: Source, word: str) -> str:
    """The IRI that a word spells out, in full, with a prefix, or relative to the base; else nothing."""
    if word.startswith("<") and word.endswith(">"):
        return word[1:-1]
    prefix, colon, local = word.partition(":")
    if colon and prefix in store.prefixes:
        return store.prefixes[prefix] + local
    if colon and not re.search(r"[\s<>\"{}|^`\\]", word) and re.fullmatch(r"[a-z][a-z0-9+.-]+", prefix):
        return word
    return ""


def _checked(store: Source, kind: str, iri: str, text: str) -> NamedNode:
    if re.search(r"[\s<>\"{}|^`\\]", iri) or not (
        holds(store, iri) or (kind == "metric" and _measured(store, iri))
    ):
        raise NotFoundError(
            f"There is no {text} in this store.", "Give a name, or an IRI as answers show it."
        )
    if not _is(store, kind, iri):
        raise NotFoundError(f"{text} is not a {_spoken(kind)}.", f"`provkg show {text}` says what it is.")
    return NamedNode(iri)


def _is(store: Source, kind: str, iri: str) -> bool:
    classes = lookups.CLASSES.get(kind)
    if not classes:
        return True
    types = {row[1] for row in rows(store, lookups.TYPES, thing=NamedNode(iri))}
    return not types.isdisjoint(classes)


def _metric(store: Source, word: str) -> NamedNode:
    iri = Names(store.base).metric(word)
    if _measured(store, iri):
        return NamedNode(iri)
    known = [row[0] for row in rows(store, lookups.METRICS)]
    listed = ", ".join(sorted(known)[:_SHOWN]) or "none"
    near = get_close_matches(word, known, n=3, cutoff=0.5)
    raise NotFoundError(
        f"No run has a metric {word!r}.",
        f"Did you mean {' or '.join(near)}?" if near else f"Recorded metrics: {listed}.",
    )


def _measured(store: Source, iri: str) -> bool:
    return bool(rows(store, lookups.MEASURED, metric=NamedNode(iri)))


def _word(store: Source, kind: str, word: str) -> Literal:
    """A name that stays text: of a variable, or of a package in any of its spellings."""
    text = re.sub(r"[-_.]+", "-", word).lower() if kind == "package" else word
    exact, listed = lookups.WORDS[kind]
    spelled = {row[0] for name in {word, text} for row in rows(store, exact, name=Literal(name))}
    if spelled:
        return Literal(spelled.pop())
    known = {row[0] for row in rows(store, listed)}
    same = [name for name in known if re.sub(r"[-_.]+", "-", name).lower() == text]
    if kind == "package" and same:
        return Literal(same[0])
    near = get_close_matches(word, known, n=3, cutoff=0.5)
    raise NotFoundError(
        f"No run has a {kind} {word!r}.", f"Did you mean {' or '.join(near)}?" if near else ""
    )


def _place(store: Source, word: str) -> tuple[str, str]:
    """The run that a word begins with, where it does, and the rest of the word."""
    first, slash, rest = word.partition("/")
    if slash and (re.fullmatch(r"[0-9a-f][0-9a-f-]{3,35}|latest(~[0-9]+)?", first)):
        return find_run(store, first), rest
    return "", word


def _identified(store: Source, run: str, local: str) -> str:
    if "/" in local:
        return f"{run}/{local}"
    return Names(store.base).thing(run.removeprefix(f"{store.base}run/"), local)


def _candidates(store: Source, kind: str, word: str, run: str) -> list[_Candidate]:
    found: list[_Candidate] = []
    path = str(Path(word).absolute())
    digest = _DIGEST.fullmatch(word)
    for form, query in lookups.FINDERS[kind]:
        given = {
            "name": word,
            "path": path,
            "ending": f"/{word}",
            "digest": digest[1].lower() if digest else "",
        }
        if not given[form]:
            continue
        found = [_candidate(row) for row in rows(store, query, name=Literal(given[form]))]
        found = [one for one in found if one.run == run] if run else found
        if found:
            break
    return found


def _candidate(row: Sequence[str]) -> _Candidate:
    _, iri, run, start, obj, state, label = row
    return _Candidate(iri, run, start, obj or iri, int(state or 0), label)


def _only(store: Source, kind: str, text: str, found: Iterable[_Candidate]) -> NamedNode:
    found = list(found)
    latest = max(found, key=lambda one: (one.start, one.run)).run
    last: dict[str, _Candidate] = {}
    for one in sorted((one for one in found if one.run == latest), key=lambda one: one.state):
        last[one.object] = one
    distinct = {one.iri: one for one in last.values()}
    if len(distinct) == 1:
        return NamedNode(next(iter(distinct)))
    short = ShortNames(store.base, store.prefixes).short
    listed = "\n".join(f"  {short(one.iri)}  {one.label}" for one in list(distinct.values())[:_SHOWN])
    more = f"\n  and {len(distinct) - _SHOWN} more" if len(distinct) > _SHOWN else ""
    raise NotFoundError(
        f"{text!r} can stand for {len(distinct)} {_spoken(kind)}s of run {short(latest)}:\n{listed}{more}",
        "Give one of these instead.",
    )


def _nothing(store: Source, kind: str, text: str, run: str) -> str:
    where = f"run {ShortNames(store.base).short(run)}" if run else "any run"
    return f"No {_spoken(kind)} {text!r} in {where}."


def _nearest(store: Source, kind: str, word: str, run: str) -> str:
    known = {
        name: None
        for name, of_run in rows(store, lookups.LISTED[kind])
        if name and (not run or of_run == run)
    }
    names = {Path(name).name if kind in {"file", "notebook"} else name: None for name in known}
    near = get_close_matches(Path(word).name, names, n=4, cutoff=0.5) or sorted(names)[:_SHOWN]
    return f"Nearest: {', '.join(near)}." if near else ""


def _spoken(kind: str) -> str:
    return {"data": "data set"}.get(kind, kind)
