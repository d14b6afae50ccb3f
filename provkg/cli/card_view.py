"""One thing of a run, drawn with rich."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from provkg.cli.text import short
from provkg.views.card import Card, Section

__all__ = ["draw_card"]


def draw_card(card: Card) -> RenderableType:
    """The thing's name and kind, its facts, its text and its tables."""
    facts = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for label, fact in card.facts.items():
        facts.add_row(label, Text(fact))
    heading = Text.assemble((card.name, "bold"), "  ", card.kind, (f"  {short(card.run)}/{card.id}", "dim"))
    # An IRI stays on one line, to be copied.
    iri = Text(f"  {card.iri}", style="dim", no_wrap=True, overflow="ignore")
    parts: list[RenderableType] = [heading, iri, Padding(facts, (0, 0, 0, 2))]
    if card.text:
        parts.append(Padding(Text(card.text.rstrip("\n")), (1, 0, 0, 2)))
    for section in card.sections:
        content = _in_a_row(section) if section.minor else _table(section)
        parts += [Text(f"\n{section.title}", style="bold"), Padding(content, (0, 0, 0, 2))]
    return Group(*parts)


def _table(section: Section) -> Table:
    drawn = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    for name in section.columns:
        drawn.add_column(name, overflow="fold")
    for row in section.rows:
        drawn.add_row(*(Text(cell) for cell in row))
    return drawn


def _in_a_row(section: Section) -> Text:
    return Text(", ".join("=".join(row) for row in section.rows), style="dim")
