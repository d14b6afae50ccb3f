"""The states of files that a session has met, by path, by content and by number."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from msgspec.structs import replace

from provkg.capture.digests import Book, content_of, media_type
from provkg.capture.file_states import FileState, Policy, display_path
from provkg.records import Digest, File, FileMode

__all__ = ["FileBook"]

_MOST_REMEMBERED = 20_000


class FileBook:
    """What is known of files.

    Parameters:
        policy: how much is recorded.
        module_of: the top-level module in whose folder an installed file is.
        package_of: the distribution that provides a module.
        digests: digests from earlier sessions.
    """

    def __init__(
        self,
        policy: Policy,
        module_of: Callable[[str], str],
        package_of: Callable[[str], str],
        digests: Book | None = None,
    ) -> None:
        self.policy = policy
        self._digests = digests
        self.new_in_cell = 0
        self.ended: list[FileState] = []
        """The states described since the execution began."""
        self._module_of = module_of
        self._package_of = package_of
        self._numbers = count(1)
        self._by_path: dict[str, FileState] = {}
        self._by_place: dict[tuple[str, str], FileState] = {}
        self._by_content: dict[str, FileState] = {}
        self._sizes: set[int] = set()
        self._nameless: dict[str, FileState] = {}

    def at(self, path: str) -> FileState | None:
        """The state in which a file was met last, though it may be gone."""
        return self._by_path.get(path)

    def known(self, path: str, record: File) -> FileState | None:
        """The state of a file with a content that it had before."""
        return self._by_place.get((path, record.sha256)) if record.covers is Digest.FULL else None

    def holding(self, sha256: str) -> FileState | None:
        """The state last met that has a content."""
        return self._by_content.get(sha256)

    def has_size(self, size: int) -> bool:
        """Whether a content of this many bytes was met."""
        return size in self._sizes

    def holds(self, sha256: str, size: int, state: FileState) -> None:
        """A state has all of a content."""
        self._by_content[sha256] = state
        self._sizes.add(size)

    def met(self, state: FileState) -> FileState:
        """A state was met again: its content is that of this file rather than of others that have it."""
        record = state.record
        if record is not None and record.covers is Digest.FULL and record.size is not None:
            self.holds(record.sha256, record.size, state)
        return state

    def new(self, path: str, mode: FileMode) -> FileState | None:
        """A further state; None when the execution has too many."""
        self.new_in_cell += 1
        if self.new_in_cell > self.policy.most_files:
            return None
        return FileState(f"f{next(self._numbers)}", path, mode)

    def describe(self, path: str, mode: FileMode) -> File:
        """The record of a file as it is now, but for its number."""
        content = content_of(path, self.policy.digest_bytes, self.policy.part_bytes, self._digests)
        module = self._module_of(path)
        return File(
            id="",
            path=display_path(path),
            mode=mode,
            sha256=content.sha256,
            size=content.size,
            covers=content.covers,
            media_type=media_type(path),
            package=self._package_of(module) if module else "",
            reason=content.reason,
            earlier_digest=content.known,
        )

    def keep(self, state: FileState, record: File) -> None:
        """A state is what its path is in now, and is described if it is not yet."""
        if state.path:
            self._by_path[state.path] = state
        if state.record is not None:
            return
        state.record = replace(record, id=state.id)
        if record.covers is Digest.FULL:
            self._by_place[(state.path, record.sha256)] = state
            self.met(state)
        self.ended.append(state)

    def without_name(self, place: str, mode: FileMode) -> FileState | None:
        """The state of a file that a setting leaves out, of which only that is recorded."""
        known = self._nameless.get(place)
        if known is not None and mode is FileMode.READ:
            return known
        state = self.new("", mode)
        if state is not None:
            self.leave_out(state, place)
        return state

    def leave_out(self, state: FileState, place: str) -> None:
        """A file that is not described yet got to a place that a setting leaves out."""
        state.path = ""
        self._nameless[place] = state
        reason = "left out by a setting"
        self.keep(state, File(id="", path="", mode=state.mode, covers=Digest.NONE, reason=reason))

    def take_ended(self) -> list[FileState]:
        """The states described since the last time; the longest known are forgotten when there are many."""
        ended, self.ended, self.new_in_cell = self.ended, [], 0
        remembered: tuple[dict[Any, FileState], ...] = (self._by_path, self._by_place, self._by_content)
        for states in remembered:
            for key in list(states)[: max(0, len(states) - _MOST_REMEMBERED)]:
                del states[key]
        return ended
