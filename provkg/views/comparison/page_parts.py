"""Parts of the report of a comparison: diffs, values, tables, outputs and small curves."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from provkg.views.comparison.model import Shown, ShownOutput
from provkg.views.comparison.safe_html import cells_of_table, readable, safe_html

__all__ = ["curve", "diff_block", "output_pair", "table", "value"]

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_LONGEST_LINE = 2_000
_WIDTH, _HEIGHT = 96, 24


def value(text: str | None, side: str) -> str:
    """A value of one of the compared, or that there is none."""
    if text is None:
        return '<span class="none">none</span>'
    return f'<span class="value {side}">{readable(text)}</span>'


def table(head: Sequence[str], rows: Sequence[Sequence[str]], caption: str, numbers: int = 99) -> str:
    """A table of HTML cells; the first of each row heads it. Columns from ``numbers`` on hold numbers."""

    def cell(position: int, content: str) -> str:
        kind = ' class="number"' if position >= numbers else ""
        return f'<th scope="row">{content}</th>' if position == 0 else f"<td{kind}>{content}</td>"

    heads = "".join(
        f'<th scope="col"{" class=number" if position >= numbers else ""}>{name}</th>'
        for position, name in enumerate(head)
    )
    body = "".join(
        f"<tr>{''.join(cell(position, content) for position, content in enumerate(row))}</tr>" for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{readable(caption)}"><table>'
        f'<caption class="unseen">{readable(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


# --- diffs ------------------------------------------------------------------------------------------


def diff_block(diff: str, *, heads: bool = True) -> str:
    """A unified diff; in lines that were replaced, what differs is marked."""
    lines: list[str] = []
    for removed, added, other in _hunks(diff.split("\n")):
        pairs = list(zip(removed, added, strict=False)) if len(removed) == len(added) else []
        marked = [_marked(old[1:], new[1:]) for old, new in pairs]
        lines += [_line("-", marked[n][0] if marked else readable(old[1:])) for n, old in enumerate(removed)]
        lines += [_line("+", marked[n][1] if marked else readable(new[1:])) for n, new in enumerate(added)]
        if other is not None and (heads or not other.startswith("@@")):
            lines.append(_line(other[:1], readable(other[1:] if other[:1] == " " else other)))
    return f'<pre class="diff" tabindex="0">{"".join(lines)}</pre>'


def _hunks(lines: Sequence[str]) -> Iterator[tuple[list[str], list[str], str | None]]:
    """Lines taken out and put in together, each time with the line that follows."""
    removed: list[str] = []
    added: list[str] = []
    for line in lines:
        if line.startswith("-") and not added:
            removed.append(line)
        elif line.startswith("+"):
            added.append(line)
        elif line.startswith("-"):
            yield removed, added, None
            removed, added = [line], []
        else:
            yield removed, added, line
            removed, added = [], []
    yield removed, added, None


def _line(sign: str, content: str) -> str:
    if sign == "@":
        return f'<span class="hunk">{content}</span>'
    kind, tag, said = {
        "-": ("out", "del", "removed: "),
        "+": ("in", "ins", "added: "),
    }.get(sign, ("", "span", ""))
    unseen = f'<span class="unseen">{said}</span>' if said else ""
    shown = sign if said else " "
    seen = f'<span class="sign" aria-hidden="true">{shown}</span>'
    return f'<{tag} class="line {kind}">{unseen}{seen}{content}\n</{tag}>'


def _marked(old: str, new: str) -> tuple[str, str]:
    """Two lines with what only one of them has in ``mark``; nothing is marked where little is common."""
    if len(old) + len(new) > _LONGEST_LINE:
        return readable(old), readable(new)
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < 0.4:
        return readable(old), readable(new)
    parts: tuple[list[str], list[str]] = ([], [])
    for tag, a, b, c, d in matcher.get_opcodes():
        for part, text in ((parts[0], "".join(before[a:b])), (parts[1], "".join(after[c:d]))):
            part.append(readable(text) if tag == "equal" or not text else f"<mark>{readable(text)}</mark>")
    return "".join(parts[0]), "".join(parts[1])


# --- outputs ----------------------------------------------------------------------------------------


def output_pair(output: ShownOutput, names: Sequence[str], pictures: Mapping[str, bytes]) -> str:
    """An output of all that are compared, side by side; texts as one diff."""
    texts = all(one is None or one.media_type == "text/plain" for one in output.shown)
    if texts and len(names) == 2 and output.diffs and output.diffs[0]:
        return diff_block(output.diffs[0])
    cells = [
        cells_of_table(one.text) if one and one.media_type == "text/html" else [] for one in output.shown
    ]
    parts = []
    for position, (name, one) in enumerate(zip(names, output.shown, strict=True)):
        other = cells[0] if position else next((found for found in cells[1:] if found), [])
        same_form = len(other) == len(cells[position])
        differs = {n for n, text in enumerate(cells[position]) if same_form and text != other[n]}
        parts.append(
            f'<figure><figcaption><span class="run r{min(position, 2)}">{readable(name)}</span></figcaption>'
            f"{_shown(one, differs, f'{output.item}, {name}', pictures)}</figure>"
        )
    return f'<div class="pair">{"".join(parts)}</div>'


def _shown(one: Shown | None, differs: set[int], called: str, pictures: Mapping[str, bytes]) -> str:
    if one is None:
        return '<p class="none">no such output</p>'
    if one.media_type.startswith("image/"):
        content = pictures.get(one.sha256)
        if content is None:
            return f'<p class="none">a picture of {one.size:,} bytes that is not kept here</p>'
        # A picture in an `img` element runs no script and loads nothing, an SVG included.
        data = f"data:{one.media_type};base64,{base64.b64encode(content).decode('ascii')}"
        return f'<img src="{data}" alt="Output of {readable(called)}">'
    if one.media_type == "text/html":
        return f'<div class="shown scroll" tabindex="0">{safe_html(one.text, differs)}</div>'
    more = "\n…" if one.truncated else ""
    return f'<pre class="shown" tabindex="0">{readable(one.text + more)}</pre>'


# --- curves -----------------------------------------------------------------------------------------


def curve(series: Sequence[Sequence[float | None]]) -> str:
    """The values of each series as small lines over each other; nothing where one has fewer than three."""
    known = [[number for number in one if number is not None] for one in series]
    if not known or min(map(len, known)) < 3:
        return ""
    least, most = min(map(min, known)), max(map(max, known))
    span = (most - least) or 1.0
    lines = []
    for position, values in enumerate(known):
        step = _WIDTH / (len(values) - 1)
        points = " ".join(
            f"{step * n:.1f},{2 + (_HEIGHT - 4) * (1 - (number - least) / span):.1f}"
            for n, number in enumerate(values)
        )
        lines.append(f'<polyline class="r{min(position, 2)}" points="{points}"/>')
    return (
        f'<svg class="curve" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" role="img" '
        f'aria-label="from {least:.4g} to {most:.4g}">{"".join(lines)}</svg>'
    )
