"""The steps that read files into values and write values to files, for the hooks of any library."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from types import GeneratorType
from typing import Any

from provkg.addresses import named_url
from provkg.capture.digests import Stamp, stamp_of
from provkg.capture.ending import status_of
from provkg.capture.file_states import FileState
from provkg.capture.gate import gate
from provkg.capture.holders import Source
from provkg.capture.kinds import kind_of
from provkg.capture.session import Session
from provkg.capture.targets import bytes_of, named_path, paths_below, paths_of
from provkg.capture.values import FileNode, Node
from provkg.records import Activity, ActivityKind, Evidence, FileMode, Role, Status, Use, ValueKind

__all__ = ["Loading", "Saving", "argument", "guessed", "named_path", "sources_named"]

Begin = Callable[[tuple[Any, ...], dict[str, Any]], Any]
_NAMES = (
    *("filepath_or_buffer", "path_or_buf", "path", "io", "file", "fname", "filename", "buf", "f"),
    *("excel_writer", "con"),
)
_READERS = frozenset({"h5py", "numpy", "pandas", "PIL", "polars", "pyarrow"})
_MOST_PARTS = 100


def argument(
    args: tuple[Any, ...], kwargs: dict[str, Any], position: int, names: Sequence[str] = _NAMES
) -> Any:
    """An argument of a call by its position, or by the first of some names it was given under."""
    if len(args) > position:
        return args[position]
    return next((kwargs[name] for name in names if name in kwargs), None)


def sources_named(session: Session, target: Any, *, patterns: bool = False) -> list[Source]:
    """The files that an argument of a reading call names, in the state they are in now."""
    files = session.files
    held = files.holders.held(target)
    if held:
        return list(held)
    paths = paths_of(target, patterns=patterns) or paths_of(files.connections.path_of(target) or None)
    if paths:
        gone = type(target).__module__ in ("_io", "tempfile")  # an open file can be read though it is removed
        found = (files.read(path, named=True) or (files.last(path) if gone else None) for path in paths)
        return [state for state in found if state is not None]
    content = None if type(target) in (str, bytes) else bytes_of(target)
    known = guessed(session, content) if content else None
    return [known] if known is not None else []


def guessed(session: Session, content: bytes) -> Node | None:
    """A passing state of a content in memory that a file has too, which it may have come from."""
    known = session.files.holding(content)
    if known is None:
        return None
    return session.values.tracker.plain(None, ValueKind.OTHER, (known,), "same content", Evidence.INFERRED)


class Loading:
    """A call that reads files and returns what they hold.

    Parameters:
        target: names what is read.
        patterns: whether a path may stand for several files by ``*``.
        known: what is read, where the caller knows.
    """

    def __init__(
        self,
        session: Session,
        function: str,
        package: str,
        target: Any,
        *,
        patterns: bool = False,
        known: Sequence[Source] = (),
    ) -> None:
        self._session = session
        self._function = function
        self._package = package
        self._line = session.values.line()
        self._crowded = session.crowds(function, self._line)
        self._named = [*known]
        self._folder = self._name = self._url = ""
        if target is not None:
            self._name_sources(target, patterns=patterns)
        states = (each for each in self._named if isinstance(each, FileState))
        self._current = {state for state in states if session.files.last(state.path) is state}
        self._mark = session.files.mark()
        self._started = datetime.now(UTC)
        session.files.noise.loaders.append(function.partition(".")[0])

    def _name_sources(self, target: Any, *, patterns: bool) -> None:
        """Take note of what the target names: files, a folder of them, an address."""
        self._named += sources_named(self._session, target, patterns=patterns)
        self._folder = _folder_of(target)
        self._name = target if type(target) is str else ""
        if not self._named:
            self._url = named_url(target) or self._session.files.connections.server_of(target)

    @classmethod
    def of(
        cls,
        function: str,
        package: str,
        *,
        target: int = 0,
        names: Sequence[str] = _NAMES,
        patterns: bool = False,
    ) -> Begin:
        """A beginner for calls whose argument number ``target``, or of one of the names, is what is read."""

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Loading | None:
            session = gate.session
            if session is None:
                return None
            return cls(session, function, package, argument(args, kwargs, target, names), patterns=patterns)

        return begin

    def succeeded(self, result: Any, seconds: float) -> None:
        """The call returned what was read."""
        session, files = self._session, self._session.files
        sources = self._sources(succeeded=True)
        crowded = self._crowded
        generated = []
        for value in _parts(result):
            node = session.values.tracker.derive(value, sources, self._function)
            if node is not None:
                session.values.made_here(node, frozenset())
            generated.append(session.values.keep(node, value) if not crowded else "")
        if sources and _is_reader(result):
            (files.scans if kind_of(result) is not None else files.holders).hold(result, sources)
        if (sources or any(generated)) and not crowded:
            self._add(sources, tuple(filter(None, generated)), seconds, Status.SUCCEEDED)

    def failed(self, error: BaseException, seconds: float) -> None:
        """The call raised; what it opened is still told."""
        sources = self._sources()
        if not self._crowded:
            self._add(sources, (), seconds, status_of(error))

    def _sources(self, *, succeeded: bool = False) -> tuple[Source, ...]:
        files = self._session.files
        files.noise.loaders.pop()
        opened = files.since(self._mark, FileMode.READ)
        if self._url and succeeded and not any(state.url for state in opened):
            unseen = files.remote(self._url)
            opened += [unseen] if unseen is not None else []
        # Of several files that are opened, as the images of a folder, one may be asked for by its name.
        asked = [state for state in opened if self._name and os.path.basename(state.path) == self._name]
        opened = asked or opened
        current = self._current
        named = [
            files.confirm(each) if isinstance(each, FileState) and each in current else each
            for each in self._named
        ]
        if self._folder and any(state.path.startswith(self._folder) for state in opened):
            named = []  # of the files in the folder, those that were opened are known
        return tuple(dict.fromkeys((*opened, *named)))

    def _add(
        self,
        sources: tuple[Source, ...],
        generated: tuple[str, ...],
        seconds: float,
        status: Status,
    ) -> None:
        self._session.add(
            Activity(
                id=self._session.next_activity(),
                kind=ActivityKind.LOADING,
                function=self._function,
                package=self._package,
                started_at=self._started,
                duration=round(seconds, 6),
                used=tuple(dict.fromkeys(use for source in sources for use in _uses(source))),
                generated=generated,
                status=status,
                line=self._line,
                file=self._session.values.file(),
            )
        )


def _use(source: Source) -> Use:
    return Use(entity=source.id, role=Role.FILE if isinstance(source, FileNode) else Role.INPUT)


def _uses(source: Source) -> Iterator[Use]:
    """What is used by way of a source: itself, or what a passing state came from."""
    if source.id:
        yield _use(source)
    elif isinstance(source, Node):
        for edge in source.edges:
            if isinstance(edge.parent, FileNode):
                yield Use(entity=edge.parent.id, role=Role.FILE, evidence=edge.evidence)


class Saving:
    """A call that writes values to a file or to files in a folder.

    Parameters:
        values: what is written.
        target: names what is written to.
        unseen: whether the library opens the file in a way that Python does not tell.
        sources: files and states that what is written comes from besides.
    """

    def __init__(
        self,
        session: Session,
        function: str,
        package: str,
        values: Sequence[Any],
        target: Any,
        *,
        unseen: bool = False,
        sources: Sequence[Source] = (),
    ) -> None:
        self._session = session
        self._function = function
        self._package = package
        self._path = named_path(target) or session.files.connections.path_of(target)
        self._url = ""
        if not self._path:
            self._url = named_url(target) or session.files.connections.server_of(target)
        self._started = datetime.now(UTC)
        self._before = _stamps(self._path)
        self._mark = session.files.mark()
        if unseen and self._path and not os.path.isdir(self._path):
            session.files.opened(self._path, FileMode.WRITTEN)
        self._nodes: list[Source] = [*sources]
        for value in values:
            node = session.values.resolve(value)
            kept = session.values.keep(node, value)
            if node is not None and kept:
                self._nodes.append(node)

    @classmethod
    def of(
        cls,
        function: str,
        package: str,
        *,
        value: int = 0,
        target: int = 1,
        value_names: Sequence[str] = (),
        names: Sequence[str] = _NAMES,
        unseen: bool = False,
    ) -> Begin:
        """A beginner for calls that write argument number ``value`` to argument number ``target``."""

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Saving | None:
            session = gate.session
            where = argument(args, kwargs, target, names)
            if session is None or where is None:
                return None
            what = argument(args, kwargs, value, value_names)
            return cls(session, function, package, [what], where, unseen=unseen)

        return begin

    def succeeded(self, result: Any, seconds: float) -> None:
        """The call returned: the file will be digested when the cell ends."""
        session = self._session
        states = self._states()
        if not states:
            return
        for state in states:
            state.claimed = True
            session.values.link(state.id, tuple(self._nodes), self._function)
        line = session.values.line()
        if session.crowds(self._function, line):
            return
        session.add(
            Activity(
                id=session.next_activity(),
                kind=ActivityKind.SAVING,
                function=self._function,
                package=self._package,
                started_at=self._started,
                duration=round(seconds, 6),
                used=tuple(_use(source) for source in dict.fromkeys(self._nodes) if source.id),
                generated=tuple(state.id for state in states),
                line=line,
                file=session.values.file(),
            )
        )

    def _states(self) -> list[FileState]:
        files = self._session.files
        states = files.since(self._mark, FileMode.WRITTEN)
        if self._path and os.path.isdir(self._path):
            after = _stamps(self._path)
            found = (files.written(path) for path, stamp in after.items() if self._before.get(path) != stamp)
            states += [state for state in found if state is not None]
        elif not states:
            url = self._url
            state = files.written(self._path) if self._path else files.remote(url, FileMode.WRITTEN)
            states = [state] if state is not None else []
        # Of what was written on the way, such as a draft of the file, nothing may be left.
        return [state for state in dict.fromkeys(states) if not state.path or os.path.isfile(state.path)]

    def failed(self, error: BaseException, seconds: float) -> None:
        """The call raised; nothing is claimed of the file."""


def _folder_of(target: Any) -> str:
    """The folder that an argument names, with a separator at its end; empty for anything else."""
    path = named_path(target)
    return os.path.join(path, "") if path and os.path.isdir(path) else ""


def _stamps(path: str) -> dict[str, Stamp]:
    """The files in a folder with their stamps."""
    if not path or not os.path.isdir(path):
        return {}
    return {found: stamp for found in paths_below(path) if (stamp := stamp_of(found)) is not None}


def _is_reader(result: Any) -> bool:
    """Whether an object is one of those through which libraries read files bit by bit."""
    module = type(result).__module__
    of_library = type(module) is str and module.partition(".")[0] in _READERS
    return of_library or type(result) is GeneratorType


def _parts(result: Any) -> Iterator[Any]:
    """The followed values in what a loader returned: itself, or the parts of a container or bunch."""
    if kind_of(result) is not None:
        yield result
        return
    held: Sequence[Any] = ()
    # By the methods of the builtin classes: a class of the user's may have others.
    if isinstance(result, dict):
        held = list(dict.values(result))
    elif isinstance(result, list | tuple):
        held = [*list.__iter__(result)] if isinstance(result, list) else [*tuple.__iter__(result)]
    yield from (part for part in held[:_MOST_PARTS] if kind_of(part) is not None)
