"""The files of one session: each content that was read or written at a path is one state of that file.

A file is digested when it is opened for reading, and when the execution that wrote it ends; before that when
it is about to be truncated, moved, removed, or left to another program.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from threading import get_ident
from typing import TypeAlias

from msgspec.structs import replace

from provkg.capture.databases import Connections
from provkg.capture.descriptors import written_here
from provkg.capture.digests import Book, media_type, stamp_of
from provkg.capture.file_book import FileBook
from provkg.capture.file_states import TELLING, Ended, FileState, Policy
from provkg.capture.holders import ById, Holders, Maps
from provkg.capture.network import Network
from provkg.capture.noise import LeftOut, Noise
from provkg.capture.plain_data import PlainData
from provkg.identity import sha256
from provkg.records import Digest, Evidence, File, FileMode, Link

__all__ = ["FileWatch"]


Opened: TypeAlias = tuple[FileState, FileMode, int]


def _no_package(module: str) -> str:
    return ""


def _no_notice(where: str, message: str) -> None:
    pass


class FileWatch:
    """The files of one session.

    Parameters:
        noise: tells files that are not data.
        policy: how much is recorded.
        package_of: the distribution that provides a module.
        digests: digests from earlier sessions.
        enabled: whether files are recorded at all.
    """

    def __init__(
        self,
        noise: Noise | None = None,
        policy: Policy | None = None,
        package_of: Callable[[str], str] = _no_package,
        digests: Book | None = None,
        *,
        enabled: bool = True,
    ) -> None:
        self.enabled = enabled
        self.noise = noise or Noise()
        self.notice: Callable[[str, str], None] = _no_notice
        """Is told what could not be recorded."""
        self.holders = Holders()
        self.scans = Holders()
        """Lazy tables with the files that they will be read from."""
        self.writers: ById[str] = ById()
        """Objects that write to a file bit by bit, with its path."""
        self.maps = Maps()
        self.plain = PlainData()
        self.connections = Connections()
        self.network = Network(self)
        self._book = FileBook(policy or Policy(), self.noise.module_of, package_of, digests)
        self._left_out = LeftOut(self._book.policy.leave_out)
        self._opened: dict[Opened, int] = {}
        """What was opened, how, and by which thread, with the time by our own clock; the latest is last."""
        self._clock = 0
        self._pending: dict[str, FileState] = {}
        self._held: dict[str, FileState] = {}
        self._remote: list[FileState] = []
        self._copies: dict[str, str] = {}
        """What files are copies of, by path, in the execution at work."""
        self._links: list[Link] = []

    # --- seeing ---

    def opened(self, path: str, mode: FileMode, *, keeps: bool = False) -> FileState | None:
        """A file is about to be opened, by whatever means; returns its state.

        Parameters:
            path: absolute.
            keeps: of a file that is written, whether what it holds so far stays.
        """
        if path in self._left_out:
            return None
        state = self.writing(path, keeps=keeps) if mode is FileMode.WRITTEN else self.read(path)
        if state is not None:
            self._saw(state, mode)
        return state

    def _saw(self, state: FileState, mode: FileMode) -> None:
        seen = (state, mode, get_ident())
        self._opened.pop(seen, None)
        self._opened[seen] = self._clock = self._clock + 1

    def is_packaged(self, path: str) -> bool:
        """Whether a file belongs to the interpreter or an installed package."""
        return self.noise.is_packaged(path)

    def mark(self) -> int:
        """The time by our own clock, for `since`."""
        return self._clock

    def since(self, mark: int, mode: FileMode) -> list[FileState]:
        """The states that the calling thread opened in a mode since a mark."""
        try:
            return self._since(mark, mode, reversed(self._opened.items()))
        except RuntimeError:  # another thread opened a file meanwhile
            return self._since(mark, mode, reversed(list(self._opened.items())))

    @staticmethod
    def _since(mark: int, mode: FileMode, opened: Iterable[tuple[Opened, int]]) -> list[FileState]:
        thread, found = get_ident(), []
        for (state, how, by), when in opened:
            if when <= mark:
                break
            if how is mode and by == thread:
                found.append(state)
        return found[::-1]

    def moving(self, old: str, new: str) -> None:
        """A file is about to get another path."""
        known = self._pending.pop(old, None)
        if known is None:
            return
        if new in self._left_out:
            self._book.leave_out(known, new)
            return
        known.path, known.before = new, None
        self._pending[new] = known

    def copying(self, old: str, new: str) -> None:
        """A file is about to be copied to another path."""
        self._copies[new] = old

    def settle(self, below: str = "") -> None:
        """Digest now what activities have written, in a folder or anywhere: it may soon be something else."""
        for path, state in list(self._pending.items()):
            if state.claimed and path.startswith(below):
                self._settle(state)

    # --- naming ---

    def read(self, path: str, mode: FileMode = FileMode.READ, *, named: bool = False) -> FileState | None:
        """The state of a file that is being read or imported; None when there is no such file.

        Parameters:
            named: whether an activity names it: then it counts, nameless, where a setting leaves it out.
        """
        path = os.path.abspath(path)
        if not self.enabled:
            return None
        if path in self._left_out:
            return self._book.without_name(path, FileMode.READ) if named else None
        stamp = stamp_of(path)
        if stamp is None:
            return None
        pending = self._pending.get(path)
        if pending is not None and self._was_written(pending):
            return self._settle(pending)
        last = self._book.at(path)
        if last is not None and last.stamp == stamp and last.settled:
            return self._book.met(last)
        held = self._held.pop(path, None)
        if held is not None and held is last and held.stamp != stamp:
            return self._write_further(held) or held
        record = self._book.describe(path, mode)
        known = self._book.known(path, record)
        if record.covers is not Digest.FULL and last is not None and last.stamp == stamp:
            known = last
        state = known or self._new(path, mode)
        if state is not None:
            state.stamp, state.settled = stamp, stamp.is_settled()
            self._book.keep(state, record)
            self._book.met(state)
        return state

    def last(self, path: str) -> FileState | None:
        """The state in which a file was met last, though it may be gone."""
        return self._book.at(path)

    def writing(self, path: str, *, keeps: bool = False) -> FileState | None:
        """The state of a file that is about to be written.

        Parameters:
            keeps: whether what it holds so far stays, as when something is appended.
        """
        path = os.path.abspath(path)
        if not self.enabled:
            return None
        if path in self._left_out:
            return self._book.without_name(path, FileMode.WRITTEN)
        known = self._pending.get(path)
        if known is not None:
            if keeps or not known.claimed:
                return known
            self._settle(known)
        before = stamp_of(path)
        if before is not None and not before.regular:
            return None
        base = self.read(path) if keeps else None
        state = self._new(path, FileMode.WRITTEN)
        if state is not None:
            state.before, state.base = before, base
            self._pending[path] = state
        return state

    def current(self, path: str) -> FileState | None:
        """The state that a file is in while a library has it open, which may be one that is being written."""
        return self._pending.get(path) or self.read(path, named=True)

    def written(self, path: str) -> FileState | None:
        """The state of a file that has been written; it is digested when the execution ends."""
        path = os.path.abspath(path)
        return self._pending.get(path) or self.writing(path, keeps=path in self._held)

    def confirm(self, state: FileState) -> FileState:
        """The state that was read, asked when the reading is over: another if the file changed meanwhile."""
        stamp = stamp_of(state.path) if state.path else None
        if stamp is None or state.record is None or stamp == state.stamp or not stamp.regular:
            return state
        changed = self._new(state.path, FileMode.READ)
        if changed is None:
            return state
        self._book.keep(
            changed,
            replace(
                state.record,
                sha256="",
                size=None,
                covers=Digest.NONE,
                reason="changed while it was being read",
            ),
        )
        return changed

    def holding(self, content: bytes) -> FileState | None:
        """The state last met that has a content, if that is not very short; it may be so by accident."""
        if len(content) < TELLING or not self._book.has_size(len(content)):
            return None
        return self._book.holding(sha256(content))

    def holds(self, digest: str, size: int, state: FileState) -> None:
        """All of a state's content has come, and has this digest."""
        self._book.holds(digest, size, state)

    def remote(self, url: str, mode: FileMode = FileMode.READ) -> FileState | None:
        """A new state of what is at an address, described when the execution ends."""
        if not self.enabled or not url:
            return None
        if url in self._left_out:
            return self._book.without_name(url, mode)
        state = self._new("", mode)
        if state is not None:
            state.url = url
            self._remote.append(state)
            self._saw(state, mode)
        return state

    # --- the end of an execution ---

    def end_cell(self, used: set[str]) -> Ended:
        """What was done to files since the last end.

        Files written and gone again are left out (libraries probe folders so), but for those ``used`` by
        an activity.
        """
        for state in list(self._pending.values()):
            state.claimed |= state.id in used
            if self._was_written(state):
                self._settle(state, last=True)
        self._pending.clear()
        self._see_later_writes()
        for state in self._remote:
            self._book.keep(state, state.arriving.record() if state.arriving is not None else _unseen(state))
        self._remote.clear()
        self._copies.clear()
        opened, self._opened = list(self._opened), {}
        ended = self._book.take_ended()
        passing = {state for state in ended if _is_passing(state, used)}
        ended = [state for state in ended if state not in passing]
        links, self._links = self._links, []
        opened = [(state, how, by) for state, how, by in opened if state.record and state not in passing]
        read = {state: None for state, how, _ in opened if how is FileMode.READ}
        written = {state: None for state, how, _ in opened if how is FileMode.WRITTEN}
        written |= {state: None for state in ended if state.mode is FileMode.WRITTEN}
        return Ended([state.record for state in ended if state.record], list(read), list(written), links)

    def _see_later_writes(self) -> None:
        """New states of files that this process holds open and has written to with no further opening."""
        for path, state in self._held.items():
            known, stamp = self._book.at(path), stamp_of(path)
            if known is state and stamp is not None and state.stamp != stamp:
                self._write_further(state, last=True)
        written = {*self._held, *(state.path for state in self._book.ended if state.mode is FileMode.WRITTEN)}
        still = ((path, self._book.at(path)) for path in written_here(written))
        self._held = {path: state for path, state in still if state is not None}

    def _write_further(self, state: FileState, *, last: bool = False) -> FileState | None:
        """The state after one that this process has written on from, having held the file open."""
        further = self._new(state.path, FileMode.WRITTEN)
        if further is not None:
            further.base = state
            self._settle(further, last=last)
        return further

    def _was_written(self, state: FileState) -> bool:
        """Whether an opening for writing came to something: it may have failed, or nothing been written."""
        now = stamp_of(state.path)
        if state.claimed or now is None:
            return state.claimed
        return state.before is None or now != state.before or not state.before.is_settled()

    def so_far(self) -> list[FileState]:
        """The states first seen in this cell, and those that are being written."""
        return [*self._book.ended, *self._pending.values(), *self._remote]

    # --- digesting ---

    def _new(self, path: str, mode: FileMode) -> FileState | None:
        state = self._book.new(path, mode)
        if state is None:
            most = self._book.policy.most_files
            self.notice("files", f"those of a cell beyond the first {most} are not recorded")
        return state

    def _settle(self, state: FileState, *, last: bool = False) -> FileState:
        """Digest a file that has been written.

        Parameters:
            last: whether the execution is over, so that nothing more will be written.
        """
        stamp, record, base = stamp_of(state.path), self._book.describe(state.path, state.mode), state.base
        same = self._book.holding(record.sha256) if record.covers is Digest.FULL else None
        if not state.claimed and base is not None and base.record and base.record.sha256 == record.sha256:
            return base  # nothing has been written yet
        self._pending.pop(state.path, None)
        state.stamp = stamp
        state.settled = state.stamp is not None and state.stamp.is_settled()
        self._book.keep(state, record)
        if not last and written_here((state.path,)):
            self._held[state.path] = state
        if base is not None:
            self._link(state, base, "written further")
        copied = self._book.at(self._copies.get(state.path, ""))
        if copied is not None and copied.record and copied.record.sha256 == record.sha256 != "":
            self._link(state, copied, "shutil.copyfile")
        elif same is not None and not state.claimed and self._may_be_copied(same):
            self._link(state, same, "same content", Evidence.INFERRED)
        return state

    def _link(
        self, target: FileState, source: FileState, operation: str, evidence: Evidence = Evidence.OBSERVED
    ) -> None:
        self._links.append(Link(target=target.id, source=source.id, evidence=evidence, operation=operation))

    def _may_be_copied(self, source: FileState) -> bool:
        """Whether a file with the same content as a source may come from it, rather than by accident."""
        read = any(state is source and mode is FileMode.READ for state, mode, _ in self._opened)
        return read and (source.record is None or (source.record.size or 0) >= TELLING)


def _is_passing(state: FileState, used: set[str]) -> bool:
    """Whether a file was made and is gone again, without an activity."""
    passing = state.mode is FileMode.WRITTEN and not state.claimed and state.id not in used
    return passing and not state.url and not os.path.lexists(state.path)


def _unseen(state: FileState) -> File:
    """What is at an address that a library opens by itself."""
    reason = "it went through no library that provkg can listen to"
    return File(
        id=state.id,
        path="",
        url=state.url,
        mode=state.mode,
        covers=Digest.NONE,
        media_type=media_type(state.url.partition("?")[0]),
        reason=reason,
    )
