"""What is shown of HTML that cells displayed: tables and plain text, nothing that acts or loads."""

from __future__ import annotations

import html
from collections.abc import Collection
from html.parser import HTMLParser

__all__ = ["cells_of_table", "readable", "safe_html"]

_TABLE = frozenset({"table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption"})
_KEPT = _TABLE | {"b", "strong", "i", "em", "sub", "sup", "p", "pre", "code", "ul", "ol", "li"}
_CELLS = frozenset({"td", "th"})
_SILENT = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg", "math", "head"})
_MOST = 20_000
_DEEPEST = 60

_CONTROLS = {code: 0x2400 + code for code in range(0x20) if code not in (0x09, 0x0A)}
_CONTROLS |= dict.fromkeys(range(0x7F, 0xA0), 0x241A)


def readable(text: str) -> str:
    r"""A recorded text as HTML shows it: nothing in it is markup, and control characters are visible.

    >>> readable("<b>\x1b[1m</b>")
    '&lt;b&gt;␛[1m&lt;/b&gt;'
    """
    return html.escape(text.replace("\r\n", "\n").translate(_CONTROLS))


class _Tables(HTMLParser):
    """Writes the elements that are kept again, each closed, without their attributes."""

    def __init__(self, marked: Collection[int]) -> None:
        super().__init__(convert_charrefs=True)
        self.written: list[str] = []
        self.open: list[str] = []
        self.cells: list[str] = []
        self.marked = marked
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
        elif tag == "br" and not self.silent and len(self.written) < _MOST:
            self.written.append("<br>")
        elif tag in _KEPT and not self.silent and len(self.open) < _DEEPEST and len(self.written) < _MOST:
            mark = ' class="differs"' if tag in _CELLS and len(self.cells) in self.marked else ""
            self.written.append(f"<{tag}{_span(attrs) if tag in _CELLS else ''}{mark}>")
            self.open.append(tag)
            if tag in _CELLS:
                self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag in self.open and not self.silent:
            while (closed := self.open.pop()) != tag:
                self.written.append(f"</{closed}>")
            self.written.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self.silent or len(self.written) >= _MOST:
            return
        # Text between the rows of a table would be moved in front of it.
        if data.strip() or not self.open or self.open[-1] not in _TABLE - _CELLS - {"caption"}:
            self.written.append(readable(data))
        if self.cells and not _CELLS.isdisjoint(self.open):
            self.cells[-1] += data.strip()

    def finished(self) -> str:
        return "".join([*self.written, *(f"</{tag}>" for tag in reversed(self.open))])


def _span(attrs: list[tuple[str, str | None]]) -> str:
    return "".join(
        f' {name}="{int(value)}"'
        for name, value in attrs
        if name in ("colspan", "rowspan") and value and value.isascii() and value.isdigit() and len(value) < 4
    )


def safe_html(text: str, marked: Collection[int] = ()) -> str:
    """Displayed HTML without all that could act, load or break out; cells in ``marked`` are highlighted.

    >>> safe_html('<table onclick="x()"><tr><td>1<script>alert(1)</script><img src=x>')
    '<table><tr><td>1</td></tr></table>'
    """
    tables = _Tables(marked)
    tables.feed(text)
    tables.close()
    return tables.finished()


def cells_of_table(text: str) -> list[str]:
    """The texts of all cells of the tables in displayed HTML."""
    tables = _Tables(())
    tables.feed(text)
    tables.close()
    return tables.cells
