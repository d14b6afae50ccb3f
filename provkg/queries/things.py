"""What a user's word for a thing of a run stands for: a model, a table, a file, an output, a metric."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode

from provkg.errors import AmbiguousError, NotFoundError
from provkg.identity import Names
from provkg.queries import lookups
from provkg.queries.runs import as_text, find_run, newest_first, split_run
from provkg.queries.source import holds, rows
from provkg.results import ShortNames

if TYPE_CHECKING:
    from collections.abc import Iterable

    from provkg.queries.source import Source

__all__ = ["KINDS", "resolve"]

KINDS = ("model", "data", "file", "output", "value", "thing", "notebook", "metric", "variable", "package")
"""What `resolve` finds, besides runs."""

_IDENTIFIER = re.compile(
    r"[0-9]+\.[0-9]+|[faro][0-9]+|(?:value|file|activity|result|output|execution)/[\w.]+"
)
_DIGEST = re.compile(r"(?:sha256[:/])?([0-9a-f]{6,64})", re.IGNORECASE)
_NOT_IN_IRIS = re.compile(r"[\s<>\"{}|^`\\]")
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What a word may stand for: of several states of one object, the one of the highest rank."""

    iri: str
    object: str
    rank: tuple[bool, int]
    label: str


def resolve(store: Source, kind: str, text: str, run: str = "") -> NamedNode | Literal:
    """The term that ``text`` stands for where a thing of one of the `KINDS` is asked for.

    It is an IRI, a name with a known prefix (``data:ab12…``), an identifier as summaries print it
    (``7.2``, ``f3``; of another run with that run in front, ``1f0c9a3e/7.2``), or a name: a variable's or
    class's name for models and tables; a path, a file name or the beginning of a digest for files and
    outputs. It is looked for in ``run`` (an IRI), else in the latest run, else in the latest that has it.
    Of several states of one object it means the last, of a model the last that was trained. Files and
    outputs stand for their contents, where these are known. Variables and packages are text, so their
    names are checked only.

    Raises:
        NotFoundError: nothing answers to it, or several things do; the message lists them or the nearest.
    """
    word = as_text(text)
    match kind:
        case "variable" | "package":
            return _word(store, kind, word, run)
        case "metric":
            return NamedNode(_metric(store, word))
        case "notebook":
            return NamedNode(_notebook(store, word))
    found = _thing(store, kind, word, run)
    return NamedNode(_main_content(store, found) if kind == "output" else found)


def _thing(store: Source, kind: str, word: str, run: str) -> str:
    if iri := _spelled_out(store, word):
        return _checked(store, kind, iri, word)
    place, local = _place(store, word)
    if kind in {"file", "output"} and (found := _same_content(store, local)):
        return found
    home = place or run or find_run(store, "latest")
    if _IDENTIFIER.fullmatch(local):
        for one in (home,) if place or run else newest_first(store):
            iri = f"{one}/{local}" if "/" in local else Names(store.base).thing(_id(store, one), local)
            if holds(store, iri) and _is(store, kind, iri):
                return iri
    forms = _forms(local)
    candidates = _in_run(store, kind, forms, home)
    if not candidates and not place and not run and (home := _latest_with(store, kind, forms) or home):
        candidates = _in_run(store, kind, forms, home)
    if not candidates:
        where = f"run {_short(store, home)}" if place or run else "any run"
        raise NotFoundError(f"No {_spoken(kind)} {word!r} in {where}.", _nearest(store, kind, local, home))
    return _only(store, kind, word, home, candidates)


# --- words that say it outright ---------------------------------------------------------------------


def _spelled_out(store: Source, word: str) -> str:
    """The IRI that a word spells out, in full or with a prefix; else nothing."""
    if word.startswith("<") and word.endswith(">"):
        return word[1:-1]
    prefix, colon, local = word.partition(":")
    if colon and prefix in store.prefixes:
        return store.prefixes[prefix] + local
    return word if colon and re.fullmatch(r"[a-z][a-z0-9+.-]+", prefix) else ""


def _checked(store: Source, kind: str, iri: str, word: str) -> str:
    if _NOT_IN_IRIS.search(iri) or not holds(store, iri):
        raise NotFoundError(
            f"There is no {word} in this store.", "Give a name, or an IRI as answers show it."
        )
    if not _is(store, kind, iri):
        raise NotFoundError(f"{word} is not a {_spoken(kind)}.", f"`provkg show {word}` says what it is.")
    return iri


def _is(store: Source, kind: str, iri: str) -> bool:
    classes = lookups.CLASSES.get(kind)
    types = {row[1] for row in rows(store, lookups.TYPES, thing=NamedNode(iri))} if classes else set()
    return not classes or not types.isdisjoint(classes)


def _place(store: Source, word: str) -> tuple[str, str]:
    """The run that a word begins with, where it does, and the rest of the word."""
    run, rest = split_run(word)
    return (find_run(store, run) if run else ""), rest


def _same_content(store: Source, word: str) -> str:
    """The content that a digest, or a file on this machine, has, where the store knows it."""
    digest = _DIGEST.fullmatch(word)
    hexadecimal = digest[1].lower() if digest else ""
    path = Path(word)
    if not digest and path.suffix and path.is_file():
        with path.open("rb") as file:
            hexadecimal = hashlib.file_digest(file, "sha256").hexdigest()
    iri = Names(store.base).content(hexadecimal) if len(hexadecimal) == 64 else ""
    return iri if iri and holds(store, iri) else ""


# --- names ------------------------------------------------------------------------------------------


def _forms(word: str) -> dict[str, str]:
    """What a word can be read as; empty where it cannot."""
    digest = _DIGEST.fullmatch(word)
    return {
        "name": word,
        "path": str(Path(word).absolute()),
        "ending": f"/{word}",
        "digest": digest[1].lower() if digest else "",
    }


def _in_run(store: Source, kind: str, forms: dict[str, str], run: str) -> list[_Candidate]:
    graph = NamedNode(Names(store.base).run_graph(_id(store, run)))
    for form, query in lookups.IN_RUN[kind]:
        if forms[form] and (found := rows(store, query, name=Literal(forms[form]), graph=graph)):
            return [_candidate(row) for row in found]
    return []


def _candidate(row: tuple[str, ...]) -> _Candidate:
    if len(row) == 4:
        iri, _, path, kind = row
        return _Candidate(iri, iri, (False, 0), path or kind)
    iri, obj, state, type_, order, shape, training = row
    label = f"{type_.rpartition('.')[2]}{f' of shape {shape}' if shape else ''}, execution {order}"
    return _Candidate(iri, obj, (bool(training), int(state)), label)


def _latest_with(store: Source, kind: str, forms: dict[str, str]) -> str:
    for form, query in lookups.RUNS[kind]:
        if forms[form] and (found := rows(store, query, name=Literal(forms[form]))):
            return max(found, key=lambda row: (_moment(row[1]), row[0]))[0]
    return ""


def _moment(text: str) -> datetime:
    """A time, one that is not known before all others."""
    return datetime.fromisoformat(text) if text else datetime.min.replace(tzinfo=UTC)


def _only(store: Source, kind: str, word: str, run: str, found: Iterable[_Candidate]) -> str:
    last = {one.object: one for one in sorted(found, key=lambda one: one.rank)}
    distinct = {one.iri: one for one in last.values()}
    if len(distinct) == 1:
        return next(iter(distinct))
    listed = "\n".join(f"  {_short(store, one.iri)}  {one.label}" for one in list(distinct.values())[:_SHOWN])
    more = f"\n  and {len(distinct) - _SHOWN} more" if len(distinct) > _SHOWN else ""
    can = f"{word!r} can stand for {len(distinct)} {_spoken(kind)}s of run {_short(store, run)}:"
    raise AmbiguousError(f"{can}\n{listed}{more}", "Give one of these instead.")


def _nearest(store: Source, kind: str, word: str, run: str) -> str:
    graph = NamedNode(Names(store.base).run_graph(_id(store, run)))
    known = (row[0] for row in rows(store, lookups.LISTED[kind], graph=graph))
    names = {Path(name).name if kind == "file" else name[:12] if kind == "output" else name for name in known}
    near = get_close_matches(Path(word).name, names, n=4, cutoff=0.5) or sorted(names)[:_SHOWN]
    return f"Nearest in run {_short(store, run)}: {', '.join(near)}." if near else ""


# --- particular kinds -------------------------------------------------------------------------------


def _word(store: Source, kind: str, word: str, run: str) -> Literal:
    """A name that stays text: of a variable in a run, or of a package in any of its spellings."""
    within = (
        {"graph": NamedNode(Names(store.base).run_graph(_id(store, run)))}
        if run and kind == "variable"
        else {}
    )
    if rows(store, lookups.WORDS[kind], name=Literal(word), **within):
        return Literal(word)
    known = [row[0] for row in rows(store, lookups.WORDS[kind], **within)]
    for name in known if kind == "package" else ():
        if _normal(name) == _normal(word):
            return Literal(name)
    near = get_close_matches(word, known, n=3, cutoff=0.5)
    where = f"Run {_short(store, run)}" if within else "No run"
    raise NotFoundError(
        f"{where} has {'no' if within else 'a'} {kind} {word!r}.",
        f"Did you mean {' or '.join(near)}?" if near else "",
    )


def _normal(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def _metric(store: Source, word: str) -> str:
    iri = _spelled_out(store, word) or Names(store.base).metric(word)
    if not _NOT_IN_IRIS.search(iri) and rows(store, lookups.MEASURED, metric=NamedNode(iri)):
        return iri
    known = [row[0] for row in rows(store, lookups.METRICS)]
    near = get_close_matches(word, known, n=3, cutoff=0.5)
    listed = ", ".join(sorted(known)[:_SHOWN]) or "none"
    raise NotFoundError(
        f"No run has a metric {word!r}.",
        f"Did you mean {' or '.join(near)}?" if near else f"Recorded metrics: {listed}.",
    )


def _notebook(store: Source, word: str) -> str:
    if iri := _spelled_out(store, word):
        return _checked(store, "notebook", iri, word)
    known = {row[0]: row[1] for row in rows(store, lookups.DOCUMENTS)}
    exact = [iri for iri, path in known.items() if path == str(Path(word).absolute())]
    found = exact or [iri for iri, path in known.items() if path.endswith(f"/{word}")]
    if len(found) == 1:
        return found[0]
    if found:
        listed = "\n".join(f"  {known[iri]}" for iri in found[:_SHOWN])
        raise AmbiguousError(
            f"{word!r} can stand for {len(found)} documents:\n{listed}", "Give the whole path."
        )
    names = {Path(path).name for path in known.values()}
    near = get_close_matches(Path(word).name, names, n=4, cutoff=0.5) or sorted(names)[:_SHOWN]
    raise NotFoundError(f"No run is of a notebook {word!r}.", f"Nearest: {', '.join(near)}." if near else "")


def _main_content(store: Source, iri: str) -> str:
    """The representation of an output that says most: an image rather than the text that stands for it."""
    found = rows(store, lookups.REPRESENTATIONS, thing=NamedNode(iri))
    ranks = ("image/", "application/", "text/html", "")
    by_rank = sorted(
        found, key=lambda row: next(n for n, rank in enumerate(ranks) if row[2].startswith(rank))
    )
    return by_rank[0][1] if by_rank else iri


def _id(store: Source, run: str) -> str:
    return run.removeprefix(f"{store.base}run/")


def _short(store: Source, iri: str) -> str:
    return ShortNames(store.base, store.prefixes).short(iri)


def _spoken(kind: str) -> str:
    return {"data": "data set"}.get(kind, kind)
