"""Says of a run, or of a thing in it, what no recorder can see: a licence, an author, a remark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from provkg.capture.environment import agent
from provkg.errors import NotFoundError, QueryError
from provkg.journal import annotate_run
from provkg.queries import find_run, resolve
from provkg.queries.runs import is_run_word
from provkg.queries.source import rows
from provkg.queries.sparql import prepare
from provkg.records import Annotated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provkg.config import Home
    from provkg.queries import Source

__all__ = ["About", "about", "annotate"]

_KEY = re.compile(r"[^\s=]{1,100}")
_LONGEST = 10_000
_SAME = {"license": "licence"}
"""Other spellings of keys that questions ask for."""
_DOCUMENTS = {".ipynb", ".py"}
_KINDS = {"value", "file", "activity", "result", "output"}
_HOLDERS = """SELECT ?content ?run ?start WHERE {
  GRAPH ?g { ?thing provkg:hasContent ?content . ?g provkg:describesRun ?run }
  OPTIONAL { GRAPH ?h { ?run prov:startedAtTime ?start } } }"""


@dataclass(frozen=True, slots=True)
class About:
    """What is annotated: the run whose record takes it, its name there (as in `Annotated`), its IRI."""

    run: str
    name: str
    iri: str


def annotate(home: Home, about: About, said: Mapping[str, str]) -> None:
    """Put down what is said of a thing, by key. An empty value takes back what the key said before.

    The store shows it when it is next opened.

    Raises:
        QueryError: a key has white space or is empty, or a value is longer than 10,000 characters.
        JournalError: it could not be written.
    """
    for key, value in said.items():
        if not _KEY.fullmatch(key):
            raise QueryError(f"{key!r} cannot be a key.", "Give one word, such as licence=CC0-1.0")
        if len(value) > _LONGEST:
            raise QueryError(
                f"The value of {key} has {len(value):,} characters.", f"{_LONGEST:,} can be kept."
            )
    now, who = datetime.now(UTC), agent()
    annotate_run(
        home,
        about.run,
        [
            Annotated(about=about.name, key=_SAME.get(key, key), value=value.strip(), at=now, agent=who)
            for key, value in said.items()
        ],
    )


def about(store: Source, word: str, run: str = "") -> About:
    """What a word stands for: a run, a notebook or script by its path, or a thing that `resolve` finds.

    Files and outputs stand for their contents, in whatever run they occur.

    Raises:
        NotFoundError: it stands for nothing, for several things, or for what cannot be annotated.
    """
    if is_run_word(word):
        found = find_run(store, word)
        if Path(word).suffix in _DOCUMENTS:
            return About(_id(store, found), "document", resolve(store, "notebook", word).value)
        return About(_id(store, found), "", found)
    iri = resolve(store, "thing", word, find_run(store, run) if run else "").value
    digest = iri.removeprefix(f"{store.base}sha256/")
    if digest != iri:
        return About(_holder(store, iri), f"sha256:{digest}", iri)
    inside, _, local = iri.removeprefix(f"{store.base}run/").partition("/")
    kind, _, name = local.partition("/")
    if kind not in _KINDS:
        raise NotFoundError(
            f"{word} cannot be annotated.", "A run, notebook, file, model, table, result or output can."
        )
    return About(inside, name, iri)


def _holder(store: Source, content: str) -> str:
    """The latest run in which a content occurs."""
    found = rows(store, prepare(_HOLDERS, store.prefixes), content=NamedNode(content))
    if not found:
        raise NotFoundError(f"No run has {content}.", "Give a file, or an IRI as answers show it.")
    return _id(store, max(found, key=lambda row: (row[2], row[1]))[1])


def _id(store: Source, run: str) -> str:
    return run.removeprefix(f"{store.base}run/")
