"""The steps that read files into values and write values to files, for the hooks of any library."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.kinds import kind_of
from provkg.capture.session import Session
from provkg.capture.values import FileNode
from provkg.records import Activity, ActivityKind, FileMode, Role, Status, Use

__all__ = ["Loading", "Saving", "named_path"]

Begin = Callable[[tuple[Any, ...], dict[str, Any]], Any]
_FILE_MODULES = frozenset({"_io", "io", "tempfile", "gzip", "bz2", "lzma"})
_NAMES = ("filepath_or_buffer", "path_or_buf", "path", "io", "file", "fname", "filename", "buf", "f")


def named_path(target: Any) -> str:
    """The path that an argument names: a string, a path, or an open file; empty for anything else."""
    # Of what is neither, nothing is asked: its attributes may be code of the user's.
    if type(target) in (str, bytes) or issubclass(type(target), PurePath):
        text = os.fsdecode(target)
        return "" if "://" in text or "\n" in text or len(text) > 4096 else text
    if type(target).__module__ not in _FILE_MODULES:
        return ""
    name = getattr(target, "name", "")
    return name if isinstance(name, str) and name and os.path.exists(name) else ""


def _target(args: tuple[Any, ...], kwargs: dict[str, Any], position: int) -> Any:
    if len(args) > position:
        return args[position]
    return next((kwargs[name] for name in _NAMES if name in kwargs), None)


class Loading:
    """A call that reads files and returns what they hold."""

    def __init__(self, session: Session, function: str, package: str, target: Any) -> None:
        self._session = session
        self._function = function
        self._package = package
        self._path = named_path(target)
        self._mark = session.files.mark()
        self._started = datetime.now(UTC)
        session.files.loading += 1

    @classmethod
    def of(cls, function: str, package: str, *, target: int = 0) -> Begin:
        """A beginner for calls whose argument number ``target`` names what is read."""

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Loading | None:
            session = gate.session
            if session is None:
                return None
            return cls(session, function, package, _target(args, kwargs, target))

        return begin

    def succeeded(self, result: Any, seconds: float) -> None:
        """The call returned what was read."""
        session = self._session
        session.files.loading -= 1
        states = {state.id: state for state in session.files.since(self._mark, FileMode.READ)}
        if self._path:
            state = session.files.read(self._path)
            if state is not None:
                states[state.id] = state
        sources: tuple[FileNode, ...] = tuple(states.values())
        generated = []
        for value in _parts(result):
            node = session.values.tracker.derive(value, sources, self._function)
            generated.append(session.values.keep(node, value))
        if states or any(generated):
            self._add(tuple(states), tuple(filter(None, generated)), seconds, Status.SUCCEEDED)

    def failed(self, error: BaseException, seconds: float) -> None:
        """The call raised; what it opened is still told."""
        self._session.files.loading -= 1
        states = self._session.files.since(self._mark, FileMode.READ)
        self._add(tuple(state.id for state in states), (), seconds, Status.FAILED)

    def _add(self, used: tuple[str, ...], generated: tuple[str, ...], seconds: float, status: Status) -> None:
        self._session.add(
            Activity(
                id=self._session.next_activity(),
                kind=ActivityKind.LOADING,
                function=self._function,
                package=self._package,
                started_at=self._started,
                duration=round(seconds, 6),
                used=tuple(Use(entity=entity, role=Role.FILE) for entity in used),
                generated=generated,
                status=status,
                line=self._session.values.line(),
            )
        )


class Saving:
    """A call that writes a value to a file."""

    def __init__(self, session: Session, function: str, package: str, value: Any, target: Any) -> None:
        self._session = session
        self._function = function
        self._package = package
        self._path = named_path(target)
        self._started = datetime.now(UTC)
        self._mark = session.files.mark()
        node = session.values.resolve(value)
        self._node = node
        self._source = session.values.keep(node, value)

    @classmethod
    def of(cls, function: str, package: str, *, value: int = 0, target: int = 1) -> Begin:
        """A beginner for calls that write argument number ``value`` to argument number ``target``."""

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Saving | None:
            session = gate.session
            where = _target(args, kwargs, target)
            if session is None or where is None or len(args) <= value:
                return None
            return cls(session, function, package, args[value], where)

        return begin

    def succeeded(self, result: Any, seconds: float) -> None:
        """The call returned: the file will be digested when the cell ends."""
        session = self._session
        states = {state.id: state for state in session.files.since(self._mark, FileMode.WRITTEN)}
        if self._path and not states and session.files.enabled:
            state = session.files.written(self._path)
            states[state.id] = state
        if not states:
            return
        for state in states.values():
            if self._node is not None:
                session.values.link(state.id, (self._node,), self._function)
        session.add(
            Activity(
                id=session.next_activity(),
                kind=ActivityKind.SAVING,
                function=self._function,
                package=self._package,
                started_at=self._started,
                duration=round(seconds, 6),
                used=(Use(entity=self._source, role=Role.INPUT),) if self._source else (),
                generated=tuple(states),
                line=session.values.line(),
            )
        )

    def failed(self, error: BaseException, seconds: float) -> None:
        """The call raised; nothing is claimed of the file."""


def _parts(result: Any) -> list[Any]:
    """The followed values in what a loader returned: itself, or the parts of a tuple or bunch."""
    if kind_of(result) is not None:
        return [result]
    if isinstance(result, tuple):
        return [part for part in result if kind_of(part) is not None]
    if isinstance(result, dict):
        return [part for part in list(result.values())[:100] if kind_of(part) is not None]
    return []
