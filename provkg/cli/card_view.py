"""One thing, drawn with rich."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from provkg.cli.text import short
from provkg.views.card_parts import Card, Passage, Section

__all__ = ["draw_card"]

_ROWS = 20
_UNBROKEN = 22
"""Columns of at most so many characters are not broken into lines where there is room."""
_DIFF = {"+": "green", "-": "red", "@": "dim"}


def draw_card(card: Card, room: int = 100, *, everything: bool = False) -> RenderableType:
    """The thing's name and kind, its facts, its text, its tables and further texts.

    Of long tables the first rows are drawn, or, with ``everything``, all.
    """
    facts = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for label, fact in card.facts.items():
        facts.add_row(label, Text(fact))
    word = "/".join(part for part in (short(card.run), card.id) if part)
    heading = Text.assemble((card.name, "bold"), "  ", card.kind, (f"  {word}" if word else "", "dim"))
    # An IRI stays on one line, to be copied.
    iri = Text(f"  {card.iri}", style="dim", no_wrap=True, overflow="ignore")
    parts: list[RenderableType] = [heading, iri, Padding(facts, (0, 0, 0, 2))]
    if card.text:
        parts.append(Padding(Text(card.text.rstrip("\n")), (1, 0, 0, 2)))
    for section in card.sections:
        parts += [Text(f"\n{section.title}", style="bold"), *_drawn(section, room - 2, everything)]
    for passage in card.passages if everything else card.passages[:3]:
        parts += [Text(f"\n{passage.title}", style="bold"), Padding(_text(passage), (0, 0, 0, 2))]
    if len(card.passages) > 3 and not everything:
        parts.append(Text(f"\nand {len(card.passages) - 3:,} more changes: --all shows them", style="dim"))
    if card.see:
        parts.append(_pointers(card, room))
    return Group(*parts)


def _drawn(section: Section, room: int, everything: bool) -> list[RenderableType]:
    if section.minor:
        return [Padding(_in_a_row(section), (0, 0, 0, 2))]
    rows = section.rows if everything else section.rows[:_ROWS]
    widths = [
        max(len(name), *(len(row[place]) for row in rows)) for place, name in enumerate(section.columns)
    ]
    short_enough = [width for width in widths if width <= _UNBROKEN]
    fits = sum(short_enough) + 2 * len(widths) + _UNBROKEN * (len(short_enough) < len(widths)) <= room
    drawn = Table(box=None, pad_edge=False, padding=(0, 2 if fits else 1, 0, 0), header_style="dim")
    for place, name in enumerate(section.columns):
        texts = [row[place] for row in rows if row[place]]
        numbers = bool(texts) and all(text.replace(",", "").isdigit() for text in texts)
        drawn.add_column(
            name,
            overflow="fold",
            no_wrap=fits and widths[place] <= _UNBROKEN,
            justify="right" if numbers else "left",
        )
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    parts: list[RenderableType] = [Padding(drawn, (0, 0, 0, 2))]
    if more := len(section.rows) - len(rows):
        parts.append(Text(f"  and {more:,} more: --all shows them", style="dim"))
    return parts


def _text(passage: Passage) -> Text:
    text = Text()
    for line in passage.text.splitlines():
        style = _DIFF.get(line[:1], "") if passage.language == "diff" else ""
        text.append(f"{line}\n", style=style)
    text.rstrip()
    return text


def _pointers(card: Card, room: int) -> Text:
    told = Text("\nShow more", style="bold")
    widest = max(len(word) for word, _ in card.see)
    for word, what in card.see:
        command = f"  $ provkg show {word:<{widest}}"
        told.append(f"\n{command.rstrip()}", style="not bold")
        if len(command) + len(what) + 3 <= room:
            told.append(f"{' ' * (len(command) - len(command.rstrip()))}   {what}", style="not bold dim")
    return told


def _in_a_row(section: Section) -> Text:
    return Text(", ".join("=".join(row) for row in section.rows), style="dim")
