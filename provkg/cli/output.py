"""Where text goes: data to standard output, messages to standard error, colour where a terminal is."""

from __future__ import annotations

import io
import os
import shutil
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

__all__ = [
    "PIPED_WIDTH",
    "harmless",
    "print_rich",
    "print_text",
    "rich_html",
    "rich_text",
    "say",
    "text_room",
    "width",
]

PIPED_WIDTH = 100
WIDEST = 120


def width() -> int:
    """How many characters fit on a line: the terminal's width, ``COLUMNS``, or 100 when piped."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return PIPED_WIDTH
    return max(40, shutil.get_terminal_size((PIPED_WIDTH, 24)).columns)


def text_room() -> int:
    """How wide running text is: as wide as fits, up to 120 characters."""
    return min(width(), WIDEST)


def print_rich(content: RenderableType, room: int = 0) -> None:
    """Print rich content on standard output, ``room`` characters wide: as wide as fits, up to 120, if 0."""
    from rich.console import Console

    # rich would end the process with code 1 when the reader has gone; `main` knows better.
    print_text(_drawn(content, Console(width=room or text_room(), highlight=False)))


def rich_text(content: RenderableType, room: int) -> str:
    """Rich content as plain text, ``room`` characters wide."""
    from rich.console import Console

    return _drawn(content, Console(width=room, highlight=False, color_system=None, force_jupyter=False))


def rich_html(content: RenderableType, room: int) -> str:
    """Rich content as the inside of a ``pre`` element, ``room`` characters wide."""
    from rich.console import Console

    out = Console(
        width=room,
        highlight=False,
        record=True,
        file=io.StringIO(),
        force_terminal=True,
        force_jupyter=False,
        color_system="truecolor",
    )
    out.print(_Harmless(content), crop=False)
    return out.export_html(inline_styles=True, code_format="{code}")


def _drawn(content: RenderableType, out: Console) -> str:
    with out.capture() as captured:
        out.print(_Harmless(content), crop=False)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


class _Harmless:
    """Rich content in which recorded text cannot steer the terminal."""

    def __init__(self, content: RenderableType) -> None:
        self.content = content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for segment in console.render(self.content, options):
            yield segment if segment.control else segment._replace(text=harmless(segment.text))


def harmless(text: str) -> str:
    r"""A text with its control characters made visible, but for line feed and tab.

    >>> harmless("\x1b[31mred")
    '␛[31mred'
    """
    return text.translate(_PICTURES)


# Unicode has a picture for each of the C0 controls; C1 controls and DEL get that of "substitute".
_PICTURES = {
    **{code: 0x2400 + code for code in range(0x20) if code not in (0x09, 0x0A)},
    **dict.fromkeys(range(0x7F, 0xA0), 0x241A),
}


def print_text(text: str) -> None:
    """Print text on standard output as it is; a line feed is added where the last one is missing."""
    sys.stdout.write(text if text.endswith("\n") or not text else f"{text}\n")
    sys.stdout.flush()


def say(message: str) -> None:
    """A message to the person at the terminal, on standard error."""
    click.echo(harmless(message), err=True)
