"""Which file or server a database connection leads to."""

from __future__ import annotations

import os
import sys
from typing import Any
from urllib.parse import unquote, urlsplit

__all__ = ["Connections", "sqlite_path"]

_IN_MEMORY = ("", ":memory:")


def sqlite_path(name: Any) -> str:
    """The absolute path of an SQLite database; empty for one in memory.

    >>> sqlite_path("file:/data/a.db?mode=ro"), sqlite_path(":memory:")
    ('/data/a.db', '')
    """
    if type(name) not in (str, bytes):
        return ""
    text = os.fsdecode(name)
    if text.startswith("file:"):
        address = urlsplit(text)
        text = "" if "mode=memory" in address.query else unquote(address.path)
    return "" if text in _IN_MEMORY else os.path.abspath(text)


class Connections:
    """The databases that SQLite connections of this process lead to.

    Such a connection cannot be referred to weakly. But as every connection is told when it is made, an
    identity that Python uses again for a connection is always that of the last one told.
    """

    def __init__(self) -> None:
        self._opening: dict[int, str] = {}
        self._paths: dict[int, str] = {}

    def opening(self, thread: int, name: Any) -> str:
        """A thread is about to connect; returns the path of the database."""
        path = sqlite_path(name)
        self._opening[thread] = path
        return path

    def opened(self, thread: int, connection: Any) -> None:
        """A thread has connected."""
        self._paths[id(connection)] = self._opening.pop(thread, "")

    def path_of(self, target: Any) -> str:
        """The path of the SQLite database that a connection leads to, by `sqlite3` or SQLAlchemy."""
        sqlite = sys.modules.get("sqlite3")
        if sqlite is not None and issubclass(type(target), sqlite.Connection):
            return self._paths.get(id(target), "")
        if sqlite is not None and issubclass(type(target), sqlite.Cursor):
            return self.path_of(sqlite.Cursor.connection.__get__(target))
        url = url_of(target)
        is_sqlite = url is not None and url.get_backend_name() == "sqlite"
        return sqlite_path(url.database) if url is not None and is_sqlite else ""

    def server_of(self, target: Any) -> str:
        """The address of the server that a connection of SQLAlchemy leads to, without user and password."""
        url = url_of(target)
        if url is None or not url.host:
            return ""
        port = f":{url.port}" if url.port else ""
        return f"{url.get_backend_name()}://{url.host}{port}/{url.database or ''}"


def url_of(target: Any) -> Any:
    """The SQLAlchemy address that a connection string, an engine or a connection of it is for."""
    sqlalchemy = sys.modules.get("sqlalchemy")
    if sqlalchemy is None:
        return None
    if type(target) is str:
        try:
            return sqlalchemy.engine.make_url(target)
        except sqlalchemy.exc.ArgumentError:
            return None
    if not str(type(target).__module__).startswith("sqlalchemy."):
        return None
    engine = getattr(target, "engine", None)
    return getattr(engine, "url", None)
