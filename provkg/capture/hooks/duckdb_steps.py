"""What the hooks on DuckDB tell: connections, queries, relations, and where the rows of each come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from provkg.capture.file_states import FileState
from provkg.capture.gate import gate
from provkg.capture.holders import ById, Source
from provkg.capture.hooks.loading import Loading, Saving, argument
from provkg.capture.hooks.sources import sources_in
from provkg.capture.hooks.wrap import Follower
from provkg.capture.kinds import kind_of
from provkg.capture.queries import Query, Tables, files_named
from provkg.capture.session import Session
from provkg.capture.targets import named_path
from provkg.records import FileMode

__all__ = [
    "connecting",
    "connection_of",
    "derived",
    "fetching",
    "given",
    "itself",
    "made",
    "naming",
    "querying",
    "reading",
    "registering",
    "results",
    "shared",
    "sources_of",
    "writing",
]

_TEXT = ("query", "sql")
_LAZY = (".sql", ".query", ".from_query")
"""What gives a relation, and reads nothing yet."""
_FILES = ("path_or_buffer", "file_glob", "file_globs", "string_vector")

results: ById[tuple[Source, ...]] = ById()
"""What the statement read that a connection ran last."""
_tables: ById[Tables] = ById()
_made_on: ById[Any] = ById()


# --- connections ------------------------------------------------------------------------------------


def connection_of(module: ModuleType, place: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What stands for the connection of a call: the default one has no object that lasts but the module."""
    if place:
        return args[0]
    given = kwargs.get("connection")
    return given if given is not None else module


def itself(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What stands for the relation of a call."""
    return args[0]


def _tables_of(connection: Any) -> Tables:
    known = _tables.of(connection)
    if known is None:
        known = {}
        _tables.put(connection, known)
    return known


class _Connecting:
    """A call that opens a database file: it is told before, as opening may make it."""

    def __init__(self, session: Session, path: str, *, writes: bool) -> None:
        self._session = session
        self._path = path
        session.files.opened(path, FileMode.READ)
        if writes:
            session.files.opened(path, FileMode.WRITTEN, keeps=True)

    def succeeded(self, result: Any, seconds: float) -> None:
        """The connection is there."""
        files = self._session.files
        state = files.current(self._path)
        if state is not None:
            files.holders.hold(result, [state])
            files.writers.put(result, self._path)

    def failed(self, error: BaseException, seconds: float) -> None:
        """There is none."""


def connecting(args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Connecting | None:
    """For ``connect(database)``."""
    session, name = gate.session, argument(args, kwargs, 0, ("database",))
    if session is None or (type(name) is str and (name.startswith(":") or not name)):
        return None
    path = named_path(name)
    writes = not argument(args, kwargs, 1, ("read_only",))
    return _Connecting(session, path, writes=writes) if path else None


def shared(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """A cursor knows the tables of its connection, and those that are made on either from then on."""
    session = gate.session
    if session is not None:
        files = session.files
        _tables.put(result, _tables_of(args[0]))
        files.holders.hold(result, files.holders.held(args[0]))
        files.writers.put(result, files.writers.of(args[0]) or "")


# --- queries ----------------------------------------------------------------------------------------


class _Querying:
    """A call that runs statements."""

    def __init__(self, session: Session, label: str, connection: Any, text: str, parameters: Any) -> None:
        self._session = session
        self._connection = connection
        file = session.files.holders.held(connection)
        self._query = Query(session, text, parameters, _tables_of(connection), file)
        self._savings = [
            Saving(session, label, "duckdb", [], path, unseen=True, sources=sources)
            for path, sources in self._query.written.items()
        ]
        self._loading = None
        if self._query.scanned and not label.endswith(_LAZY):
            self._loading = Loading(session, label, "duckdb", None, known=self._query.scanned)
        base = session.files.writers.of(connection)
        if base and self._query.stored:
            self._savings.append(Saving(session, label, "duckdb", [], base, sources=self._query.stored))

    def succeeded(self, result: Any, seconds: float) -> None:
        """The statements ran, or of a relation are ready to."""
        if result is not None:
            query = self._query
            _hold(self._session, result, query.sources, self._connection, query.scanned)
        results.put(self._connection, self._query.sources)
        for did in (self._loading, *self._savings):
            if did is not None:
                did.succeeded(None, seconds)

    def failed(self, error: BaseException, seconds: float) -> None:
        """One of them failed."""
        if self._loading is not None:
            self._loading.failed(error, seconds)


def querying(name: str, place: int, on: Callable[..., Any]) -> Callable[..., Any]:
    """For what runs statements, as ``sql(query)`` and ``execute(query)``."""
    label = f"duckdb.{'DuckDBPyConnection.' * place}{name}"

    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Querying | None:
        session, text = gate.session, argument(args, kwargs, place, _TEXT)
        if session is None or type(text) is not str:
            return None
        parameters = argument(args, kwargs, place + 1, ("parameters", "params"))
        return _Querying(session, label, on(args, kwargs), text, parameters)

    return begin


def _hold(
    session: Session,
    relation: Any,
    sources: tuple[Source, ...],
    connection: Any,
    scanned: Iterable[Source] = (),
) -> None:
    """Remember where the rows of a relation come from, and which files are read when they are asked for."""
    if _is_relation(relation):
        session.files.holders.hold(relation, sources)
        session.files.scans.hold(relation, scanned)
        _made_on.put(relation, connection)


def _is_relation(value: Any) -> bool:
    return type(value).__name__ == "DuckDBPyRelation"


def reading(place: int, on: Callable[..., Any]) -> Follower:
    """For ``read_csv(path)`` and the like."""

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session = gate.session
        if session is not None:
            target = argument(
                args, kwargs, place, ("path_or_buffer", "file_glob", "file_globs", "string_vector")
            )
            files = tuple(files_named(session, target))
            _hold(session, result, files, on(args, kwargs), files)

    return observe


def naming(place: int, on: Callable[..., Any]) -> Follower:
    """For ``table(name)`` and ``view(name)``."""

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session, name = gate.session, argument(args, kwargs, place, ("table_name", "view_name"))
        if session is not None and type(name) is str:
            connection = on(args, kwargs)
            file = session.files.holders.held(connection)
            _hold(session, result, _tables_of(connection).get(name.lower(), file), connection)

    return observe


def given(place: int, on: Callable[..., Any]) -> Follower:
    """For ``from_df(table)``."""

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session = gate.session
        if session is not None:
            _hold(session, result, tuple(sources_in(session, args[place:], kwargs)), on(args, kwargs))

    return observe


def registering(place: int, on: Callable[..., Any]) -> Follower:
    """For ``register(name, table)``."""

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session, name = gate.session, argument(args, kwargs, place, ("view_name", "name"))
        if session is not None and type(name) is str:
            _tables_of(on(args, kwargs))[name.lower()] = tuple(sources_in(session, args[place + 1 :], kwargs))

    return observe


# --- relations --------------------------------------------------------------------------------------


def sources_of(relation: Any) -> tuple[Source, ...] | None:
    """Where the rows of a relation come from."""
    return gate.session.files.holders.held(relation) if gate.session is not None else None


def derived(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """For what makes a relation of others."""
    session = gate.session
    if session is not None and _is_relation(result):
        scanned = [file for value in args for file in session.files.scans.held(value)]
        _hold(session, result, tuple(sources_in(session, args, kwargs)), _made_on.of(args[0]), scanned)


def made(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """For what puts the rows of a relation into a table or view of its connection."""
    session, connection = gate.session, _made_on.of(args[0])
    name = argument(args, kwargs, 1, ("table_name", "view_name"))
    if session is not None and connection is not None and type(name) is str:
        sources = session.files.holders.held(args[0])
        _tables_of(connection)[name.lower()] = sources
        if result is not None:
            _hold(session, result, sources, connection)


class _Deriving:
    """A call that computes a value from others, without a file."""

    def __init__(self, session: Session, label: str, sources: tuple[Source, ...]) -> None:
        self._session = session
        self._label = label
        self._sources = sources

    def succeeded(self, result: Any, seconds: float) -> None:
        """The call gave rows."""
        for value in result.values() if type(result) is dict else [result]:
            if kind_of(value) is not None:
                self._session.values.tracker.derive(value, self._sources, self._label)

    def failed(self, error: BaseException, seconds: float) -> None:
        """There are none."""


def fetching(label: str, on: Callable[..., Any], sources_of: Callable[..., Any]) -> Callable[..., Any]:
    """For what runs a query and gives its rows."""

    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Loading | _Deriving | None:
        session = gate.session
        asked = on(args, kwargs)
        sources = sources_of(asked) if session is not None else None
        if session is None or not sources:
            return None
        scanned = session.files.scans.held(asked)
        if not any(source in scanned for source in sources):
            return _Deriving(session, label, sources)
        now = [_now(session, source) if source in scanned else source for source in sources]
        return Loading(session, label, "duckdb", None, known=now)

    return begin


def _now(session: Session, source: Source) -> Source:
    """A file as it is when it is read, which may be later than when the query was written down."""
    if not isinstance(source, FileState) or not source.path:
        return source
    return session.files.current(source.path) or source


def writing(label: str) -> Callable[..., Any]:
    """For ``write_csv(path)`` and the like."""

    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Saving | None:
        session, target = gate.session, argument(args, kwargs, 1, ("file_name",))
        if session is None or target is None:
            return None
        sources = session.files.holders.held(args[0])
        return Saving(session, label, "duckdb", [], target, unseen=True, sources=sources)

    return begin
