"""What SQL statements read and write, over the tables, variables and files at hand when they are run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from provkg.addresses import named_url
from provkg.capture.holders import Source
from provkg.capture.kinds import kind_of
from provkg.capture.namespace import locals_of
from provkg.capture.session import Session
from provkg.capture.sql import Statement, statements
from provkg.capture.targets import named_path, paths_of

__all__ = ["Query", "Tables", "files_named", "variable"]

Tables: TypeAlias = dict[str, tuple[Source, ...]]
"""The tables that a connection knows, by name in lower case, with where their data comes from."""
_PLACE_OF_PARAMETER = "?"


def files_named(session: Session, target: Any) -> list[Source]:
    """The files and addresses that a text in the place of a table stands for, as they are now."""
    states: list[Source] = []
    for path in paths_of(target, patterns=True):
        state = session.files.current(path)
        if state is not None:
            states.append(state)
    url = named_url(target) if not states else ""
    remote = session.files.remote(url) if url else None
    return [*states, remote] if remote is not None else states


def variable(session: Session, name: str) -> Any:
    """What a variable holds where the user's code is at work."""
    frame = session.values.frame()
    if frame is None:
        return None
    found = locals_of(frame)
    return found[name] if name in found else frame.f_globals.get(name)


class Query:
    """One call that runs the statements of a text.

    Parameters:
        tables: those that the connection knows; brought up to date by what the statements make.
        file: the database that the connection leads to.
    """

    def __init__(
        self,
        session: Session,
        text: str,
        parameters: Any,
        tables: Tables,
        file: Sequence[Source] = (),
    ) -> None:
        self._session = session
        self._tables = tables
        self._file = file
        self._parameters = _texts(parameters)
        self.sources: tuple[Source, ...] = ()
        """What the last statement reads."""
        self.scanned: list[Source] = []
        """The files among these that are read when rows are asked for."""
        self.written: dict[str, tuple[Source, ...]] = {}
        """The files that are written, by path, with what they are written from."""
        self.stored: tuple[Source, ...] = ()
        """What tables are made from or get rows from."""
        for statement in statements(text):
            self._take(statement)

    def _take(self, statement: Statement) -> None:
        self.sources = tuple(dict.fromkeys(self._read(statement)))
        made = statement.writes
        if statement.kind == "copy" and statement.read_texts and not statement.written_texts:
            made = statement.reads  # COPY table FROM file
        for name in made:
            key = name.lower()
            before = self._tables.get(key, ()) if statement.kind in ("insert", "copy", "update") else ()
            self._tables[key] = tuple(dict.fromkeys((*before, *self.sources)))
            self.stored = tuple(dict.fromkeys((*self.stored, *self.sources)))
        for target in statement.written_texts:
            path = named_path(target)
            if path:
                self.written[path] = self.sources

    def _read(self, statement: Statement) -> Iterator[Source]:
        self.scanned = []
        for text in statement.read_texts:
            for target in self._parameters if text == _PLACE_OF_PARAMETER else [text]:
                self.scanned += files_named(self._session, target)
        yield from list(self.scanned)
        for name in statement.reads:
            yield from self._table(name)

    def _table(self, name: str) -> tuple[Source, ...]:
        """Where the data of a table comes from: known to the connection, in a variable, or in its file."""
        known = self._tables.get(name.lower(), self._tables.get(name.lower().rpartition(".")[2]))
        if known is not None:
            return known
        session, value = self._session, variable(self._session, name)
        self.scanned += session.files.scans.held(value)
        held = session.files.holders.held(value)
        if not held and kind_of(value) is not None:
            node = session.values.resolve(value)
            held = (node,) if node is not None else ()
        self.scanned += () if held else self._file
        return held or tuple(self._file)


def _texts(parameters: Any) -> list[str]:
    """The texts among the parameters of a statement."""
    if isinstance(parameters, Mapping):
        parameters = list(parameters.values())
    if not isinstance(parameters, list | tuple):
        return []
    return [each for each in parameters if type(each) is str]
