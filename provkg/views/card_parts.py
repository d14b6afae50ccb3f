"""What is known of one thing, as facts, tables and texts: the form that all things are shown in."""

from __future__ import annotations

import msgspec

__all__ = ["Card", "Passage", "Section"]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A titled table of a card; ``minor`` is one of little interest, to be shown in little room."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    minor: bool = False


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """A titled text of a card: a source in Python, or, with language ``diff``, what changed in one."""

    title: str
    text: str
    language: str = "python"


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One thing: what it is called, what it is, facts by label, and tables of what it is linked to.

    ``id`` names it in the run ``run``, which is empty where it belongs to no single one. ``text`` is the
    thing's own text (a cell's source, what was printed), where it has one; ``passages`` follow the tables.
    ``see`` holds words for `show` that tell more, each with what they tell.
    """

    name: str
    kind: str
    id: str
    run: str
    iri: str
    facts: dict[str, str]
    sections: tuple[Section, ...]
    text: str = ""
    passages: tuple[Passage, ...] = ()
    see: tuple[tuple[str, str], ...] = ()
