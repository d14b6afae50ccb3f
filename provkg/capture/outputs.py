"""Keeps what an execution shows: streams, displays, results, errors.

Streams are seen by wrapping the ``write`` of ``sys.stdout`` and ``sys.stderr`` of the recorded process;
displays and results by the hooks that ipykernel offers. Contents go to the object folder by digest.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from collections.abc import Callable
from typing import Any

from provkg.capture.gate import gate
from provkg.records import Error, MediaContent, Output, OutputKind

__all__ = ["OutputWatch", "error_of", "without_colour"]

PutObject = Callable[[bytes], tuple[str, bool]]

_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_BINARY = ("image/png", "image/jpeg", "application/pdf")


def without_colour(text: str) -> str:
    r"""A text without terminal colour codes.

    >>> without_colour("\x1b[31mred\x1b[0m")
    'red'
    """
    return _COLOUR.sub("", text)


class _Stream:
    """What was written to one stream in one execution, up to a limit; the digest covers all of it."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.parts: list[str] = []
        self.kept = 0
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, text: str) -> None:
        data = text.encode("utf-8", "backslashreplace")
        self.size += len(data)
        self.digest.update(data)
        if self.kept < self.limit:
            part = text[: self.limit - self.kept]
            self.parts.append(part)
            self.kept += len(part)


class OutputWatch:
    """The outputs of one session.

    Parameters:
        put: keeps a content in the object folder; tells its digest and whether it was kept.
        text_limit: characters of plain text kept in the record itself.
        stream_limit: characters of a stream kept in the object folder.
    """

    def __init__(self, put: PutObject, text_limit: int, stream_limit: int) -> None:
        self._put = put
        self._text_limit = text_limit
        self._stream_limit = stream_limit
        self._streams: dict[OutputKind, _Stream] = {}
        self._outputs: list[Output] = []
        self._count = 0
        self._undo: list[Callable[[], None]] = []

    # --- watching ---

    def watch_streams(self) -> None:
        """Wrap ``write`` of the two standard streams."""
        for stream, kind in ((sys.stdout, OutputKind.STDOUT), (sys.stderr, OutputKind.STDERR)):
            self._wrap(stream, kind)

    def _wrap(self, stream: Any, kind: OutputKind) -> None:
        original = stream.write

        def write(text: str) -> Any:
            if gate.recording:
                self.wrote(kind, text)
            return original(text)

        try:
            stream.write = write
        except AttributeError:
            return
        self._undo.append(lambda: delattr(stream, "write"))

    def unwatch(self) -> None:
        """Take the wrappers away."""
        while self._undo:
            self._undo.pop()()

    def wrote(self, kind: OutputKind, text: object) -> None:
        """Take text written to a stream; anything that is not text is left to the stream to refuse."""
        if isinstance(text, str) and text:
            try:
                self._streams.setdefault(kind, _Stream(self._stream_limit)).write(text)
            except Exception as error:
                if gate.session is not None:
                    gate.session.notice("standard stream", error)

    def displayed(self, kind: OutputKind, data: dict[str, Any]) -> None:
        """Take a display or a result as a bundle of media types."""
        contents = []
        text, truncated = "", False
        for media_type, content in data.items():
            raw = _bytes(media_type, content)
            sha256, kept = self._put(raw)
            contents.append(MediaContent(media_type=media_type, sha256=sha256, size=len(raw), kept=kept))
            if media_type == "text/plain":
                plain = raw.decode("utf-8", "replace")
                text, truncated = plain[: self._text_limit], len(plain) > self._text_limit
        self._add(kind, tuple(contents), text, truncated)

    # --- reporting ---

    def end_cell(self, error: Error | None) -> tuple[Output, ...]:
        """All outputs of the execution that ends; its streams come first, its error last."""
        streams, self._streams = self._streams, {}
        displayed, self._outputs = self._outputs, []
        for kind in (OutputKind.STDOUT, OutputKind.STDERR):
            if kind in streams:
                self._add_stream(kind, streams[kind])
        if error is not None:
            raw = (error.traceback or f"{error.name}: {error.message}").encode("utf-8", "backslashreplace")
            sha256, kept = self._put(raw)
            content = MediaContent(media_type="text/plain", sha256=sha256, size=len(raw), kept=kept)
            text = f"{error.name}: {error.message}"
            displayed.append(
                self._make(
                    OutputKind.ERROR, (content,), text[: self._text_limit], len(text) > self._text_limit
                )
            )
        outputs, self._outputs = (*self._outputs, *displayed), []
        return outputs

    def _add_stream(self, kind: OutputKind, stream: _Stream) -> None:
        text = "".join(stream.parts)
        sha256, kept = stream.digest.hexdigest(), False
        if stream.kept < self._stream_limit:
            sha256, kept = self._put(text.encode("utf-8", "backslashreplace"))
        content = MediaContent(media_type="text/plain", sha256=sha256, size=stream.size, kept=kept)
        shown = text[: self._text_limit]
        truncated = stream.size > len(shown.encode("utf-8", "backslashreplace"))
        self._add(kind, (content,), shown, truncated)

    def _add(self, kind: OutputKind, contents: tuple[MediaContent, ...], text: str, truncated: bool) -> None:
        self._outputs.append(self._make(kind, contents, text, truncated))

    def _make(
        self, kind: OutputKind, contents: tuple[MediaContent, ...], text: str, truncated: bool
    ) -> Output:
        self._count += 1
        clean = text.encode("utf-8", "backslashreplace").decode()
        return Output(id=f"o{self._count}", kind=kind, contents=contents, text=clean, truncated=truncated)


def _bytes(media_type: str, content: Any) -> bytes:
    """The content that a bundle holds under a media type: images are base64 there, the rest is text."""
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        if media_type in _BINARY:
            try:
                return base64.b64decode(content, validate=False)
            except ValueError:
                return content.encode()
        return content.encode("utf-8", "backslashreplace")
    return json.dumps(content, sort_keys=True, default=str).encode()


def error_of(error: BaseException, traceback: str, line: int | None) -> Error:
    """The record of an exception."""
    try:
        message = str(error)
    except Exception:
        message = "<the exception has no readable message>"
    clean = without_colour(message).encode("utf-8", "backslashreplace").decode()
    trace = without_colour(traceback).encode("utf-8", "backslashreplace").decode()
    return Error(name=type(error).__name__, message=clean, traceback=trace, line=line)
