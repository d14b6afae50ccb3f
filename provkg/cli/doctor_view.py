"""What the doctor found, drawn with rich."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from provkg.doctor import Check, State

__all__ = ["draw_checks"]

_MARKS = {State.FINE: ("ok", "green"), State.NOTE: ("note", "yellow"), State.WRONG: ("wrong", "bold red")}


def draw_checks(checks: Sequence[Check]) -> RenderableType:
    """One check a line with its remedy below, and how many things are wrong."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in checks:
        mark, style = _MARKS[check.state]
        found = Text(check.found)
        if check.remedy:
            found.append(f"\n{check.remedy}", style="dim")
        table.add_row(Text(mark, style=style), Text(check.name), found)
    wrong = sum(check.state is State.WRONG for check in checks)
    verdict = (
        "Nothing is wrong."
        if not wrong
        else "1 thing is wrong."
        if wrong == 1
        else f"{wrong} things are wrong."
    )
    return Group(table, Text(f"\n{verdict}", style="bold"))
