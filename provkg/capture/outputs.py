"""Keeps what an execution shows: streams, displays, results, errors.

Streams are seen by wrapping the ``write`` of ``sys.stdout`` and ``sys.stderr`` of the recorded process;
displays and results by the hooks that ipykernel offers. What arrives is what a notebook would show when the
execution ends: output that was cleared is gone, a display that was updated holds what it was updated to, and
what belongs to another request (a thread that prints later) is left out. Contents go to the object folder by
digest.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

from provkg.capture.gate import gate
from provkg.media import media_bytes, without_colour
from provkg.records import Error, MediaContent, Output, OutputKind

__all__ = ["OutputWatch", "bundle", "error_of"]

PutObject = Callable[[bytes], tuple[str, bool]]

_MAX_DISPLAYS = 1000
_MAX_HELD = 20_000_000
_TOGETHER = 50_000
"""Characters of a stream that are encoded and digested together."""


class _Stream:
    """What was written to one stream in one execution, up to a limit; the digest covers all of it."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.parts: list[str] = []
        self.kept = 0
        self.size = 0
        self.digest = hashlib.sha256()
        self._fresh: list[str] = []
        self._waiting = 0

    def write(self, text: str) -> None:
        # Programs write many small texts: they are encoded and digested together.
        self._fresh.append(text)
        self._waiting += len(text)
        if self._waiting >= _TOGETHER:
            self.settle()

    def settle(self) -> None:
        """Take account of all that was written."""
        text = "".join(self._fresh)
        self._fresh.clear()
        self._waiting = 0
        data = text.encode("utf-8", "backslashreplace")
        self.size += len(data)
        self.digest.update(data)
        if text and self.kept < self.limit:
            self.parts.append(text[: self.limit - self.kept])
            self.kept += len(self.parts[-1])


class _Display:
    """One display or result: its contents in memory, until they are put into the object folder."""

    def __init__(self, kind: OutputKind, identifier: str) -> None:
        self.kind = kind
        self.identifier = identifier
        self.held: dict[str, bytes] = {}
        self.put: dict[str, MediaContent] = {}
        self.plain = ""

    @property
    def size(self) -> int:
        return sum(map(len, self.held.values()))


class OutputWatch:
    """The outputs of one session.

    Parameters:
        put: keeps a content in the object folder; tells its digest and whether it was kept.
        text_limit: characters of plain text kept in the record itself.
        stream_limit: characters of a stream kept in the object folder.
    """

    def __init__(self, put: PutObject, text_limit: int, stream_limit: int) -> None:
        self.request = ""
        """The message that asked for the execution at work; empty where there are no messages."""
        self._put = put
        self._text_limit = text_limit
        self._stream_limit = stream_limit
        self._streams: dict[OutputKind, _Stream] = {}
        self._displays: list[_Display] = []
        self._by_id: dict[str, _Display] = {}
        self._held = 0
        self._clear_with_next = False
        self._count = 0
        self._undo: list[Callable[[], None]] = []

    # --- watching ---

    def watch_streams(self) -> None:
        """Wrap ``write`` of the two standard streams."""
        for stream, kind in ((sys.stdout, OutputKind.STDOUT), (sys.stderr, OutputKind.STDERR)):
            self._wrap(stream, kind)

    def _wrap(self, stream: Any, kind: OutputKind) -> None:
        original = getattr(stream, "write", None)
        if original is None:  # there is no such stream
            return

        def write(text: str) -> Any:
            if gate.recording and (
                not self.request or self._is_asked_for(getattr(stream, "parent_header", None))
            ):
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

    def _is_asked_for(self, parent: Any) -> bool:
        """Whether an output with this parent header belongs to the execution at work."""
        return not self.request or (isinstance(parent, dict) and parent.get("msg_id") == self.request)

    def wrote(self, kind: OutputKind, text: object) -> None:
        """Take text written to a stream; anything that is not text is left to the stream to refuse."""
        if isinstance(text, str) and text:
            try:
                if self._clear_with_next:
                    self._clear_if_asked()
                found = self._streams.get(kind)
                if found is None:
                    found = self._streams[kind] = _Stream(self._stream_limit)
                # Of a class of the user's, a plain copy.
                found.write(text if type(text) is str else str.__str__(text))
            except Exception as error:
                if gate.session is not None:
                    gate.session.notice("standard stream", error)

    def message(self, kind: OutputKind, message: Mapping[str, Any]) -> None:
        """Take a message that the kernel is about to send."""
        if not gate.recording or not self._is_asked_for(message.get("parent_header")):
            return
        content = message["content"]
        identifier = (content.get("transient") or {}).get("display_id") or ""
        match message.get("msg_type"):
            case "display_data" | "execute_result":
                self.displayed(kind, content["data"], identifier)
            case "update_display_data":
                self.updated(content["data"], identifier)
            case "clear_output":
                self._clear_with_next = True
                if not content.get("wait"):
                    self._clear_if_asked()

    def displayed(self, kind: OutputKind, data: Mapping[str, Any], identifier: str = "") -> None:
        """Take a display or a result as a bundle of media types."""
        self._clear_if_asked()
        if len(self._displays) >= _MAX_DISPLAYS:
            if gate.session is not None:
                gate.session.notice("outputs", f"displays beyond the first {_MAX_DISPLAYS} are not recorded")
            return
        self._count += 1
        display = _Display(kind, f"o{self._count}")
        self._displays.append(display)
        if identifier:
            self._by_id[identifier] = display
        self._hold(display, data)

    def updated(self, data: Mapping[str, Any], identifier: str) -> None:
        """Take what a display of this execution is changed to; those of earlier ones are recorded already."""
        display = self._by_id.get(identifier)
        if display is not None:
            self._held -= display.size
            display.put.clear()
            self._hold(display, data)

    def _hold(self, display: _Display, data: Mapping[str, Any]) -> None:
        display.held = bundle(data)
        display.plain = display.held.get("text/plain", b"").decode("utf-8", "replace")
        self._held += display.size
        if self._held > _MAX_HELD:
            for each in self._displays:
                self._keep(each)
            self._held = 0

    def _keep(self, display: _Display) -> None:
        for media_type, raw in display.held.items():
            display.put[media_type] = self._content(media_type, raw)
        display.held = {}

    def _clear_if_asked(self) -> None:
        if self._clear_with_next:
            self._begin()

    def _begin(self) -> None:
        self._streams, self._displays, self._by_id = {}, [], {}
        self._held, self._clear_with_next = 0, False

    # --- reporting ---

    def end_cell(self, error: Error | None) -> tuple[Output, ...]:
        """All outputs of the execution that ends; its streams come first, its error last."""
        streams, displays = self._streams, self._displays
        self._begin()
        outputs = [self._stream(kind, streams[kind]) for kind in _STREAMS if kind in streams]
        for display in displays:
            self._keep(display)
            contents, text = tuple(display.put.values()), display.plain[: self._text_limit]
            truncated = len(display.plain) > self._text_limit
            outputs.append(_output(display.identifier, display.kind, contents, text, truncated))
        if error is not None:
            raw = (error.traceback or f"{error.name}: {error.message}").encode("utf-8", "backslashreplace")
            text = f"{error.name}: {error.message}"
            truncated = len(text) > self._text_limit
            content = self._content("text/plain", raw)
            outputs.append(
                self._new(OutputKind.ERROR, (content,), text[: self._text_limit], truncated=truncated)
            )
        return tuple(outputs)

    def _stream(self, kind: OutputKind, stream: _Stream) -> Output:
        stream.settle()
        text = "".join(stream.parts)
        sha256, kept = stream.digest.hexdigest(), False
        if stream.kept < self._stream_limit:
            sha256, kept = self._put(text.encode("utf-8", "backslashreplace"))
        content = MediaContent(media_type="text/plain", sha256=sha256, size=stream.size, kept=kept)
        shown = text[: self._text_limit]
        truncated = stream.size > len(shown.encode("utf-8", "backslashreplace"))
        return self._new(kind, (content,), shown, truncated=truncated)

    def _content(self, media_type: str, raw: bytes) -> MediaContent:
        sha256, kept = self._put(raw)
        return MediaContent(media_type=media_type, sha256=sha256, size=len(raw), kept=kept)

    def _new(
        self, kind: OutputKind, contents: tuple[MediaContent, ...], text: str, *, truncated: bool
    ) -> Output:
        self._count += 1
        return _output(f"o{self._count}", kind, contents, text, truncated)


_STREAMS = (OutputKind.STDOUT, OutputKind.STDERR)


def _output(
    identifier: str, kind: OutputKind, contents: tuple[MediaContent, ...], text: str, truncated: bool
) -> Output:
    clean = text.encode("utf-8", "backslashreplace").decode()
    return Output(id=identifier, kind=kind, contents=contents, text=clean, truncated=truncated)


def bundle(data: Mapping[str, Any]) -> dict[str, bytes]:
    """The contents of a bundle by media type: images are base64 there, the rest is text or JSON."""
    return {media_type: media_bytes(media_type, content) for media_type, content in data.items()}


def error_of(error: BaseException, traceback: str, line: int | None) -> Error:
    """The record of an exception."""
    try:
        message = str(error)
    except Exception:
        message = "<the exception has no readable message>"
    clean = without_colour(message).encode("utf-8", "backslashreplace").decode()
    trace = without_colour(traceback).encode("utf-8", "backslashreplace").decode()
    return Error(name=type(error).__name__, message=clean, traceback=trace, line=line)
