"""Outputs and errors of saved cells as records, with their contents in the object folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from provkg.identity import sha256
from provkg.importers.saved import SavedOutput, text_of
from provkg.media import media_bytes, without_colour
from provkg.records import Error, MediaContent, Output, OutputKind

__all__ = ["Outputs", "Put", "error_in", "line_in_traceback"]

Put = Callable[[bytes], tuple[str, bool]]

_STREAMS = {"stdout": OutputKind.STDOUT, "stderr": OutputKind.STDERR}
_DISPLAYS = {"execute_result": OutputKind.RESULT}
_LINE_OF_CELL = re.compile(
    r"(?:Cell|Input) In ?\[\d+\](?:, line (?P<named>\d+)|, in <cell line: (?P<begun>\d+)>)"
    r"|\.ipynb Cell \d+(?: in <cell line: (?P<within>\d+)>| line (?P<beside>\d+)| in )"
    r"|(?:<ipython-input-[\w-]+>|ipykernel_\d+[/\\]\d+\.py|(?:Cell|Input) In ?\[\d+\])"
    r"(?:, line (?P<listed>\d+)| in |, in )"
    r'|File "(?:<ipython-input-[^>]*>|[^"]*ipykernel_\d+[/\\]\d+\.py)", line (?P<syntax>\d+)'
)
_ARROW = re.compile(r"^-+> ?(\d+) ?(.*)$", re.MULTILINE)


class Outputs:
    """Makes the outputs of one run, numbered in their order.

    Parameters:
        put: keeps a content in the object folder; tells its digest and whether it is kept.
        text_limit: characters of plain text that stand in the record itself.
    """

    def __init__(self, put: Put, text_limit: int) -> None:
        self._put = put
        self._text_limit = text_limit
        self._count = 0

    def of(self, saved: Sequence[SavedOutput]) -> tuple[Output, ...]:
        """The outputs of one cell: its streams first, each as one, its error last."""
        if not saved:
            return ()
        streams: dict[OutputKind, list[str]] = {}
        shown: list[Output] = []
        for output in saved:
            if output.kind == "stream":
                streams.setdefault(_STREAMS.get(output.name, OutputKind.STDOUT), []).append(output.text)
            elif output.kind != "error":
                shown.append(self._displayed(output))
        made = [self._text(kind, "".join(parts)) for kind, parts in sorted(streams.items(), reverse=True)]
        errors = [self._error(output) for output in saved if output.kind == "error"]
        return tuple(self._numbered(output) for output in (*made, *shown, *errors))

    def _numbered(self, output: Output) -> Output:
        self._count += 1
        return Output(f"o{self._count}", output.kind, output.contents, output.text, output.truncated)

    def _text(self, kind: OutputKind, text: str, shown: str | None = None) -> Output:
        """Text is in the record itself, unless it is too long for that."""
        raw = text.encode("utf-8", "backslashreplace")
        whole = shown is None and len(text) <= self._text_limit
        digest, kept = (sha256(raw), False) if whole else self._put(raw)
        content = MediaContent(media_type="text/plain", sha256=digest, size=len(raw), kept=kept)
        plain, cut = self._cut(text if shown is None else shown)
        return Output(id="", kind=kind, contents=(content,), text=plain, truncated=cut)

    def _cut(self, text: str) -> tuple[str, bool]:
        cut = len(text) > self._text_limit
        return text[: self._text_limit].encode("utf-8", "backslashreplace").decode(), cut

    def _displayed(self, output: SavedOutput) -> Output:
        contents = []
        text, cut = "", False
        for media_type, value in output.data.items():
            content = _content(media_type, value)
            raw = media_bytes(media_type, content)
            plain = media_type == "text/plain"
            if plain:
                text, cut = self._cut(raw.decode("utf-8", "replace"))
            digest, kept = (sha256(raw), False) if plain and not cut else self._put(raw)
            contents.append(MediaContent(media_type=media_type, sha256=digest, size=len(raw), kept=kept))
        kind = _DISPLAYS.get(output.kind, OutputKind.DISPLAY)
        return Output(id="", kind=kind, contents=tuple(contents), text=text, truncated=cut)

    def _error(self, output: SavedOutput) -> Output:
        traceback = without_colour("\n".join(output.traceback))
        message = f"{output.name}: {without_colour(output.text)}"
        return self._text(OutputKind.ERROR, traceback or message, shown=message)


def _content(media_type: str, value: Any) -> Any:
    """The format has text of any kind as a list of lines, but JSON as it is."""
    return text_of(value) if isinstance(value, list) and not media_type.endswith("json") else value


def error_in(saved: Iterable[SavedOutput]) -> Error | None:
    """The exception that ended a cell, where its outputs show one."""
    for output in saved:
        if output.kind == "error":
            traceback = without_colour("\n".join(output.traceback))
            return Error(
                name=_clean(output.name),
                message=_clean(without_colour(output.text)),
                traceback=_clean(traceback),
                line=line_in_traceback(traceback)[0],
            )
    return None


def _clean(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def line_in_traceback(traceback: str) -> tuple[int | None, str]:
    r"""The line of the cell that a traceback of IPython leads from, and that line's text where it is shown.

    >>> line_in_traceback("Cell In[3], line 2\n      1 a = 1\n----> 2 b = a / 0\n")
    (2, 'b = a / 0')
    """
    frame = _LINE_OF_CELL.search(traceback)
    if frame is None:
        return None, ""
    named = next((number for number in frame.groups() if number), None)
    # The arrow of this frame stands before the next frame begins.
    following = _LINE_OF_CELL.search(traceback, frame.end())
    arrow = _ARROW.search(traceback, frame.end(), following.start() if following else len(traceback))
    if arrow is not None and (named is None or named == arrow[1] or frame["begun"] or frame["within"]):
        return int(arrow[1]), arrow[2].strip()
    return (int(named) if named else None), ""
