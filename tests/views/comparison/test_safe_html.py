from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provkg.views.comparison.safe_html import readable, safe_html

ALLOWED = {
    "table",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "th",
    "td",
    "caption",
    "b",
    "strong",
    "i",
    "em",
    "sub",
    "sup",
}
ALLOWED |= {"p", "pre", "code", "ul", "ol", "li", "br"}
WORDS = (
    "<",
    ">",
    "</",
    "table",
    "td",
    "script",
    "style",
    "img src=x onerror=y",
    "svg",
    "/",
    '"',
    "'",
    " ",
    "<!--",
)
WHOLE = (
    "-->",
    "&lt;",
    "&#60;",
    "<p>",
    "</p>",
    "</div>",
    "<td colspan=2>",
    "<td rowspan='9999999'>",
    "\x00",
    "]]>",
)
PIECES = st.sampled_from(WORDS + WHOLE)


class Read(HTMLParser):
    """Which elements and attributes a browser would find, and whether each is closed where it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.balanced = True
        self.feed(text)
        self.close()
        self.balanced = self.balanced and not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.balanced = self.balanced and bool(self.open) and self.open.pop() == tag


@given(st.lists(PIECES, max_size=40).map("".join))
def test_nothing_but_closed_tables_and_text_comes_through(text: str) -> None:
    read = Read(safe_html(text))
    assert read.tags <= ALLOWED
    assert read.attributes <= {"colspan", "rowspan"}
    assert read.balanced


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=http://127.0.0.1/ onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<style>body { background: url(http://127.0.0.1/) }</style>",
        "<svg><script>alert(1)</script></svg>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    ],
)
def test_what_acts_or_loads_is_left_out(text: str) -> None:
    shown = safe_html(f"<table><tr><td>1{text}</td></tr></table>")
    assert "alert" not in shown
    assert "127.0.0.1" not in shown
    assert shown.startswith("<table><tr><td>1")


def test_very_deep_and_very_long_markup_is_cut() -> None:
    assert len(safe_html("<p>" * 100_000)) < 1_000
    assert len(safe_html("<br>" * 100_000)) < 200_000


@given(st.text())
def test_a_readable_text_holds_no_markup(text: str) -> None:
    assert not set(readable(text)) & set("<>\"'\x00\x1b\x7f")
