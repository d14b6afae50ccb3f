"""Outputs of runs that differ, side by side."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence

from provkg.records import CellExecution, MediaContent, Output, OutputKind
from provkg.views.comparison.code import Cell, diff_text
from provkg.views.comparison.matching import Row, align, by_keys
from provkg.views.comparison.model import Shown, ShownOutput
from provkg.views.comparison.sides import Side, settled

__all__ = ["Read", "output_differences", "pictures_of"]

Read = Callable[[str], bytes | None]
"""The content of a digest, where it is kept."""

_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
_PREFERRED = (*_PICTURES, "text/html", "text/markdown", "text/latex", "text/plain")
_LONGEST = 200_000
_PICTURE_BYTES = 4_000_000
_ALL_PICTURES = 40_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT")


def output_differences(sides: Sequence[Side], rows: Sequence[Row[Cell]], read: Read) -> Iterator[ShownOutput]:
    """The outputs of matched cells that are not the same in all; of compared executions, theirs alone."""
    focused = any(side.focus is not None for side in sides)
    for row in rows:
        if focused and not any(cell and cell.focus for cell in row):
            continue
        executions = [
            side.inventory.executions[cell.order] if cell else None
            for side, cell in zip(sides, row, strict=True)
        ]
        yield from _of_cell(executions, row, read)


def _of_cell(executions: Sequence[CellExecution | None], row: Row[Cell], read: Read) -> Iterator[ShownOutput]:
    outputs = [_outputs(execution) if execution else [] for execution in executions]
    named = next(cell for cell in row if cell)
    for same in align(
        outputs, by_keys(lambda output: (output.kind, _kinds(output)), lambda output: output.kind)
    ):
        shown = tuple(_shown(output, read) if output else None for output in same)
        if len({_content(one, read) for one in shown}) < 2:
            continue
        present = next(output for output in same if output)
        texts = [one.text if one and not one.media_type.startswith("image/") else "" for one in shown]
        plain = [
            _plain(text) if one and one.media_type == "text/html" else text
            for one, text in zip(shown, texts, strict=True)
        ]
        yield ShownOutput(
            item=named.place,
            kind=present.kind.value,
            places=tuple(cell.place if cell else "" for cell in row),
            shown=shown,
            diffs=tuple(diff_text(plain[0], text) for text in plain[1:]),
        )


def _outputs(execution: CellExecution) -> list[Output]:
    return [one for one in execution.outputs if one.contents or one.text]


def _kinds(output: Output) -> frozenset[str]:
    return frozenset(content.media_type for content in output.contents)


def _shown(output: Output, read: Read) -> Shown:
    """The representation that says most."""
    contents = sorted(output.contents, key=_rank)
    best = contents[0] if contents else None
    if best is None or best.media_type == "text/plain" or output.kind is OutputKind.ERROR:
        digest = best.sha256 if best and not output.text else ""
        content = read(digest) if digest else None
        text = output.text or (content or b"").decode("utf-8", "replace")
        return Shown("text/plain", best.sha256 if best else "", text[:_LONGEST], truncated=output.truncated)
    if best.media_type in _PICTURES:
        return Shown(best.media_type, best.sha256, size=best.size)
    return _text_of(best, output, read)


def _rank(content: MediaContent) -> int:
    return _PREFERRED.index(content.media_type) if content.media_type in _PREFERRED else len(_PREFERRED)


def _text_of(content: MediaContent, output: Output, read: Read) -> Shown:
    kept = read(content.sha256) if content.kept and content.size <= _LONGEST else None
    if kept is None:
        return Shown("text/plain", content.sha256, output.text, content.size, output.truncated)
    return Shown(content.media_type, content.sha256, kept.decode("utf-8", "replace"), content.size)


def _content(shown: Shown | None, read: Read) -> object:
    """What two outputs are compared by: a text without addresses, of a PNG what is to be seen."""
    if shown is None:
        return None
    if shown.media_type == "image/png" and shown.size <= _PICTURE_BYTES:
        return _pixels(read(shown.sha256)) or shown.sha256
    return settled(shown.text) if shown.text else shown.sha256


def _pixels(content: bytes | None) -> tuple[bytes, ...]:
    """The chunks of a PNG that make the picture: its texts name the version of what drew it."""
    if not content or not content.startswith(_PNG):
        return ()
    found, at = [], len(_PNG)
    while at + 8 <= len(content):
        length = int.from_bytes(content[at : at + 4])
        if content[at + 4 : at + 8] in _PIXELS:
            found.append(content[at + 4 : at + 8 + length])
        at += length + 12
    return tuple(found)


def _plain(text: str) -> str:
    """The text of HTML, a row of a table a line, for its diff."""
    text = re.sub(r"(?is)<(style|script)\b.*?</\1\s*>", "", text)
    rows = re.sub(r"(?i)</(tr|p|div|li|h\d|pre)\s*>|<br\s*/?>", "\n", re.sub(r"\s+", " ", text))
    cells = re.sub(r"(?i)</t[dh]\s*>", "  ", rows)
    lines = html.unescape(re.sub(r"<[^<>]*>", "", cells)).split("\n")
    return "\n".join(line.strip() for line in lines if line.strip())


def pictures_of(outputs: Sequence[ShownOutput], read: Read) -> dict[str, bytes]:
    """The contents of the pictures that are shown, as long as they are not too large together."""
    found: dict[str, bytes] = {}
    room = _ALL_PICTURES
    for output in outputs:
        for one in output.shown:
            if one is None or one.media_type not in _PICTURES or one.sha256 in found:
                continue
            if one.size <= min(room, _PICTURE_BYTES) and (content := read(one.sha256)):
                found[one.sha256] = content
                room -= len(content)
    return found
