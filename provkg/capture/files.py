"""The files of one session: each content that was read or written at a path is one state of that file.

A file is digested when it is opened for reading, and when the execution that wrote it ends; before that when
it is about to be truncated, moved, removed, or left to another program.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from threading import get_ident

from msgspec.structs import replace

from provkg.capture.databases import Connections
from provkg.capture.descriptors import written_here
from provkg.capture.digests import content_of, media_type, stamp_of
from provkg.capture.file_states import Ended, FileState, Policy, display_path
from provkg.capture.holders import Holders, Maps
from provkg.capture.network import Network
from provkg.capture.noise import LeftOut, Noise
from provkg.records import Digest, Evidence, File, FileMode, Link

__all__ = ["FileWatch"]


_TELLING = 64
"""A copy of less than so many bytes may be one by accident."""


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
        enabled: whether files are recorded at all.
    """

    def __init__(
        self,
        noise: Noise | None = None,
        policy: Policy | None = None,
        package_of: Callable[[str], str] = _no_package,
        *,
        enabled: bool = True,
    ) -> None:
        self.enabled = enabled
        self.noise = noise or Noise()
        self.notice: Callable[[str, str], None] = _no_notice
        """Is told what could not be recorded."""
        self.holders = Holders()
        self.maps = Maps()
        self.connections = Connections()
        self.network = Network(self)
        self._policy = policy or Policy()
        self._left_out = LeftOut(self._policy.leave_out)
        self._package_of = package_of
        self._numbers = count(1)
        self._count = 0
        self._opened: list[tuple[FileState, FileMode, int]] = []
        self._states: dict[str, FileState] = {}
        self._known: dict[tuple[str, str], FileState] = {}
        self._by_content: dict[str, FileState] = {}
        self._nameless: dict[str, FileState] = {}
        self._pending: dict[str, FileState] = {}
        self._held: dict[str, FileState] = {}
        self._remote: list[FileState] = []
        self._ended: list[FileState] = []
        self._links: list[Link] = []

    # --- seeing ---

    def opened(self, path: str, mode: FileMode, *, keeps: bool = False) -> None:
        """A file is about to be opened, by whatever means.

        Parameters:
            path: absolute.
            keeps: of a file that is written, whether what it holds so far stays.
        """
        if path in self._left_out:
            return
        state = self.writing(path, keeps=keeps) if mode is FileMode.WRITTEN else self.read(path)
        if state is not None:
            seen = (state, mode, get_ident())
            if not self._opened or self._opened[-1] != seen:
                self._opened.append(seen)

    def is_packaged(self, path: str) -> bool:
        """Whether a file belongs to the interpreter or an installed package."""
        return self.noise.is_packaged(path)

    def mark(self) -> int:
        """A place in the list of opened files, for `since`."""
        return len(self._opened)

    def since(self, mark: int, mode: FileMode) -> list[FileState]:
        """The states that the calling thread opened in a mode since a mark."""
        thread = get_ident()
        seen = (state for state, how, by in self._opened[mark:] if how is mode and by == thread)
        return list(dict.fromkeys(seen))

    def moving(self, old: str, new: str) -> None:
        """A file is about to get another path."""
        known = self._pending.pop(old, None)
        if known is None:
            return
        if new in self._left_out:
            self._settle(known)
            return
        known.path, known.before = new, None
        self._pending[new] = known

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
            return self._without_name(path) if named else None
        stamp = stamp_of(path)
        if stamp is None:
            return None
        pending = self._pending.get(path)
        if pending is not None and self._was_written(pending):
            return self._settle(pending)
        known = self._states.get(path)
        if known is not None and known.stamp == stamp and known.settled:
            return self._met(known)
        record = self._record(path, mode)
        if record.covers is Digest.FULL:
            known = self._known.get((path, record.sha256))
        elif known is not None and known.stamp != stamp:
            known = None
        state = known or self._new(path, mode)
        if state is not None:
            state.stamp, state.settled = stamp, stamp.is_settled()
            self._keep(state, record)
            self._met(state)
        return state

    def _met(self, state: FileState) -> FileState:
        if state.record is not None and state.record.covers is Digest.FULL:
            self._by_content[state.record.sha256] = state
        return state

    def last(self, path: str) -> FileState | None:
        """The state in which a file was met last, though it may be gone."""
        return self._states.get(path)

    def writing(self, path: str, *, keeps: bool = False) -> FileState | None:
        """The state of a file that is about to be written.

        Parameters:
            keeps: whether what it holds so far stays, as when something is appended.
        """
        path = os.path.abspath(path)
        if not self.enabled:
            return None
        if path in self._left_out:
            return self._without_name(path, FileMode.WRITTEN)
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
        self._keep(
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

    def holding(self, sha256: str) -> FileState | None:
        """The state last met that has a content."""
        return self._by_content.get(sha256)

    def holds(self, sha256: str, state: FileState) -> None:
        """All of a state's content has come, and has this digest."""
        self._by_content[sha256] = state

    def remote(self, url: str, mode: FileMode = FileMode.READ) -> FileState | None:
        """A new state of what is at an address, described when the execution ends."""
        if not self.enabled or not url:
            return None
        if url in self._left_out:
            return self._without_name(url, mode)
        state = self._new("", mode)
        if state is not None:
            state.url = url
            self._remote.append(state)
            self._opened.append((state, mode, get_ident()))
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
            self._keep(state, state.arriving.record() if state.arriving is not None else _unseen(state))
        self._remote.clear()
        opened, self._opened = self._opened, []
        ended, self._ended = self._ended, []
        passing = {state for state in ended if _is_passing(state, used)}
        ended = [state for state in ended if state not in passing]
        links, self._links = self._links, []
        self._count = 0
        opened = [(state, how, by) for state, how, by in opened if state.record and state not in passing]
        read = {state: None for state, how, _ in opened if how is FileMode.READ}
        written = {state: None for state, how, _ in opened if how is FileMode.WRITTEN}
        written |= {state: None for state in ended if state.mode is FileMode.WRITTEN}
        return Ended([state.record for state in ended if state.record], list(read), list(written), links)

    def _see_later_writes(self) -> None:
        """New states of files that this process holds open and has written to with no further opening."""
        for path, state in self._held.items():
            known, stamp = self._states.get(path), stamp_of(path)
            if known is state and stamp is not None and state.stamp != stamp:
                further = self._new(path, FileMode.WRITTEN)
                if further is not None:
                    further.base = state
                    self._settle(further, last=True)
        written = {*self._held, *(state.path for state in self._ended if state.mode is FileMode.WRITTEN)}
        self._held = {path: self._states[path] for path in written_here(written) if path in self._states}

    def _was_written(self, state: FileState) -> bool:
        """Whether an opening for writing came to something: it may have failed, or nothing been written."""
        now = stamp_of(state.path)
        if state.claimed or now is None:
            return state.claimed
        return state.before is None or now != state.before or not state.before.is_settled()

    def so_far(self) -> list[FileState]:
        """The states first seen in this cell, and those that are being written."""
        return [*self._ended, *self._pending.values(), *self._remote]

    # --- digesting ---

    def _new(self, path: str, mode: FileMode) -> FileState | None:
        self._count += 1
        if self._count > self._policy.most_files:
            self.notice(
                "files", f"those of a cell beyond the first {self._policy.most_files} are not recorded"
            )
            return None
        return FileState(f"f{next(self._numbers)}", path, mode)

    def _settle(self, state: FileState, *, last: bool = False) -> FileState:
        """Digest a file that has been written.

        Parameters:
            last: whether the execution is over, so that nothing more will be written.
        """
        stamp, record, base = stamp_of(state.path), self._record(state.path, state.mode), state.base
        same = self._by_content.get(record.sha256) if record.covers is Digest.FULL else None
        if not state.claimed and base is not None and base.record and base.record.sha256 == record.sha256:
            return base  # nothing has been written yet
        self._pending.pop(state.path, None)
        state.stamp = stamp
        state.settled = state.stamp is not None and state.stamp.is_settled()
        self._keep(state, record)
        if not last and written_here((state.path,)):
            self._held[state.path] = state
        if base is not None:
            self._link(state, base, "written further")
        if same is not None and not state.claimed and self._is_copied(same):
            self._link(state, same, "same content")
        return state

    def _link(self, target: FileState, source: FileState, operation: str) -> None:
        self._links.append(
            Link(target=target.id, source=source.id, evidence=Evidence.OBSERVED, operation=operation)
        )

    def _is_copied(self, source: FileState) -> bool:
        """Whether a file with the same content comes from a source by more than an accident."""
        read = any(state is source and mode is FileMode.READ for state, mode, _ in self._opened)
        return read and (source.record is None or (source.record.size or 0) >= _TELLING)

    def _keep(self, state: FileState, record: File) -> None:
        if state.path:
            self._states[state.path] = state
        if state.record is not None:
            return
        state.record = replace(record, id=state.id)
        if record.covers is Digest.FULL:
            self._known[(state.path, record.sha256)] = state
            self._met(state)
        self._ended.append(state)

    def _without_name(self, place: str, mode: FileMode = FileMode.READ) -> FileState | None:
        """The state of a file that a setting leaves out, of which only that is recorded."""
        known = self._nameless.get(place)
        if known is not None and mode is FileMode.READ:
            return known
        state = self._new("", mode)
        if state is not None:
            self._nameless[place] = state
            reason = "left out by a setting"
            self._keep(state, File(id="", path="", mode=mode, covers=Digest.NONE, reason=reason))
        return state

    def _record(self, path: str, mode: FileMode) -> File:
        content = content_of(path, self._policy.digest_bytes, self._policy.part_bytes)
        module = self.noise.module_of(path)
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
        )


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
