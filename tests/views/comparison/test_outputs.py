from __future__ import annotations

import hashlib
import struct
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from provkg.records import MediaContent, Output, OutputKind, fold
from provkg.views.comparison import Side, compare_sides
from provkg.views.comparison.page import document
from provkg.views.inventory import take
from tests.queries.story import Story

if TYPE_CHECKING:
    from provkg.records import Run
    from provkg.views.comparison import Comparison

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


def png(shade: int, text: bytes = b"") -> bytes:
    """A picture of one pixel, with a text in its file."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixel = chunk(b"IDAT", zlib.compress(bytes([0, shade])))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"tEXt", b"Software\0" + text) + pixel + chunk(b"IEND", b"")


class Shop:
    """Keeps contents, and makes runs of one cell that showed them."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def output(self, media_type: str, content: bytes, text: str = "", *, kept: bool = True) -> Output:
        digest = hashlib.sha256(content).hexdigest()
        if kept:
            self.kept[digest] = content
        part = MediaContent(media_type=media_type, sha256=digest, size=len(content), kept=kept)
        return Output(id="o1", kind=OutputKind.DISPLAY, contents=(part,), text=text)

    def run(self, number: int, *outputs: Output) -> Run:
        story = Story(
            f"0000000{number}", "a.ipynb", BEGAN, python="3.11.7", kernel="", packages={}, text="show()"
        )
        with story.cell("c1", 0, "show()") as cell:
            for output in outputs:
                cell.add("outputs", output)
        story.end()
        run = fold(story.events)
        assert run is not None
        return run

    def compare(self, first: Output, second: Output) -> Comparison:
        sides = [Side(take(self.run(number, one))) for number, one in enumerate((first, second), 1)]
        return compare_sides(sides, self.kept.get)


def test_addresses_in_memory_and_texts_in_pictures_are_no_differences() -> None:
    shop = Shop()
    texts = [f"<Axes at 0x7f3a5c0d1{digits}>" for digits in ("e80", "f90")]
    plain = [shop.output("text/plain", text.encode(), text) for text in texts]
    assert shop.compare(*plain).same
    assert shop.compare(
        shop.output("image/png", png(7, b"matplotlib 3.10")),
        shop.output("image/png", png(7, b"matplotlib 3.11")),
    ).same


def test_pictures_stand_side_by_side_in_the_page_and_the_fragment() -> None:
    shop = Shop()
    found = shop.compare(shop.output("image/png", png(7)), shop.output("image/png", png(200)))
    [output] = found.outputs
    assert [one.media_type for one in output.shown if one] == ["image/png", "image/png"]
    assert set(found.pictures) == set(shop.kept)
    assert document(found).count("<img ") == found._repr_html_().count("<img ") == 2
    assert b"pictures" not in found.to_json()


def test_a_picture_that_is_not_kept_is_told_by_its_size() -> None:
    shop = Shop()
    found = shop.compare(shop.output("image/png", png(7), kept=False), shop.output("image/png", png(9)))
    assert "that is not kept here" in document(found)


def test_tables_are_shown_as_tables_with_the_cells_that_differ() -> None:
    shop = Shop()
    table = "<table><tr><th>a</th><td>{}</td></tr></table><style>@import 'http://127.0.0.1/x.css'</style>"
    found = shop.compare(
        shop.output("text/html", table.format(1).encode()), shop.output("text/html", table.format(2).encode())
    )
    page = document(found)
    assert page.count('<th>a</th><td class="differs">') == 2
    assert "127.0.0.1" not in page
    assert found.outputs[0].diffs == ("@@ -1 +1 @@\n-a  1\n+a  2",)
