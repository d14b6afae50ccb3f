"""What came from the network: which address was asked, and the digest of the bytes that were read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit
from weakref import ref

from provkg.addresses import clean_url
from provkg.capture.digests import media_type
from provkg.capture.file_states import FileState
from provkg.records import Digest, File, FileMode

if TYPE_CHECKING:
    from provkg.capture.files import FileWatch

__all__ = ["Network"]

_OF_THE_MACHINE = frozenset({"metadata.google.internal", "169.254.169.254", "fd00:ec2::254"})
"""Where cloud machines ask for their own credentials: no data."""
_ANY_KIND = ("application/octet-stream", "binary/octet-stream")
_MOST_REDIRECTS = 1000


class Received:
    """The bytes of one answer as they are read, in order."""

    def __init__(self, state: FileState, kind: str) -> None:
        self.state = state
        self.kind = kind
        self.busy = False
        self._digest = hashlib.sha256()
        self.size = 0
        self._whole = False

    def take(self, content: Any) -> None:
        """Further bytes were read."""
        self._digest.update(content)
        self.size += len(content)

    def replace(self, content: bytes) -> None:
        """The library decoded what it received: this is what it gave out."""
        self._digest = hashlib.sha256(content)
        self.size, self._whole = len(content), True

    def end(self) -> str:
        """All was read; returns the digest."""
        self._whole = True
        return self._digest.hexdigest()

    def record(self) -> File:
        """What is known of the answer."""
        covers, reason = Digest.FULL, ""
        if not self._whole:
            covers = Digest.PARTIAL if self.size else Digest.NONE
            reason = f"only the first {self.size} bytes were read" if self.size else "it was not read"
        return File(
            id=self.state.id,
            path="",
            url=self.state.url,
            mode=FileMode.READ,
            sha256=self._digest.hexdigest() if covers is not Digest.NONE else "",
            size=self.size if self._whole else None,
            covers=covers,
            media_type=self.kind or media_type(urlsplit(self.state.url).path),
            reason=reason,
        )


class Network:
    """The answers from the network of one session.

    Parameters:
        files: where they are told.
    """

    def __init__(self, files: FileWatch) -> None:
        self._files = files
        self._requests: dict[int, tuple[ref[Any], str, str]] = {}
        self._answers: dict[int, tuple[ref[Any], Received]] = {}
        self._asked: dict[str, str] = {}

    def requested(self, connection: Any, method: str, url: str) -> None:
        """A request for an absolute address is being made on a connection."""
        self._requests[id(connection)] = ref(connection), method, url

    def answered(self, connection: Any, answer: Any) -> None:
        """A connection gave an answer, an object of `http.client`."""
        known, method, url = self._requests.pop(id(connection), (None, "", ""))
        if known is None or known() is not connection or method != "GET":
            return
        asked = self._asked.pop(url, url)
        if 300 <= answer.status < 400:
            further = answer.headers.get("Location")
            if further and len(self._asked) < _MOST_REDIRECTS:
                self._asked[urljoin(url, further)] = asked
        elif answer.status in (200, 203, 206) and urlsplit(url).hostname not in _OF_THE_MACHINE:
            self._take(answer, asked)

    def _take(self, answer: Any, asked: str) -> None:
        state = self._files.remote(clean_url(asked))
        if state is None or state.record is not None:
            return
        kind = str(answer.headers.get("Content-Type", "")).partition(";")[0].strip().lower()
        received = Received(state, "" if kind in _ANY_KIND else kind)
        identity, answers = id(answer), self._answers

        def forget(dead: ref[Any]) -> None:
            if identity in answers and answers[identity][0] is dead:
                del answers[identity]

        answers[identity] = ref(answer, forget), received
        state.arriving = received
        self._files.holders.hold(answer, [state])

    def received_by(self, answer: Any) -> Received | None:
        """What has been received by an answer that is recorded."""
        known = self._answers.get(id(answer))
        return known[1] if known is not None and known[0]() is answer else None

    def read(self, answer: Any, content: Any) -> None:
        """Bytes were read from an answer."""
        received = self.received_by(answer)
        if received is not None:
            received.take(content)
            if answer.isclosed():
                self._files.holds(received.end(), received.size, received.state)

    def decoded(self, state: FileState, content: bytes) -> None:
        """A library gave out an answer as these bytes."""
        if isinstance(state.arriving, Received):
            state.arriving.replace(content)
            self._files.holds(state.arriving.end(), state.arriving.size, state)
