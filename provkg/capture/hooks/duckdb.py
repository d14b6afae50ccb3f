"""Hooks on DuckDB: what queries read, from files, tables and variables, and what they become and write.

A relation is a query that runs when its rows are asked for; until then it is remembered with its sources. So
is a connection with those of the statement that it ran last, and with the tables that were made on it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.borrowing import borrow
from provkg.capture.hooks.duckdb_steps import (
    connecting,
    connection_of,
    derived,
    fetching,
    given,
    itself,
    made,
    naming,
    querying,
    reading,
    registering,
    results,
    shared,
    sources_of,
    writing,
)
from provkg.capture.hooks.known import known_class
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.wrap import follow, step

__all__ = ["AFTER_IMPORT"]

_QUERIES = ("sql", "query", "from_query", "execute", "executemany")
_READERS = ("read_csv", "read_json", "read_parquet", "from_csv_auto", "from_parquet")
_TABLES = ("table", "view")
_GIVEN = ("from_df", "from_arrow")
_FETCHES = (
    *("df", "to_df", "fetchdf", "fetch_df", "fetch_df_chunk", "pl", "arrow", "fetch_arrow_table"),
    *("to_arrow_table", "fetchnumpy", "fetchall", "fetchone", "fetchmany", "torch", "tf", "to_dicts"),
)
_WRITERS = ("write_csv", "to_csv", "write_parquet", "to_parquet")
_MAKERS = ("create", "to_table", "create_view", "to_view", "insert_into")
_NOT_DERIVING = frozenset({"close", "show", "explain", "print", "insert", "update"})


def _patch(module: ModuleType) -> None:
    connection: Any = known_class(module, "DuckDBPyConnection", "execute")
    relation: Any = known_class(module, "DuckDBPyRelation", "filter")
    replace(module, "connect", partial(step, begin=connecting))
    for owner, place in ((connection, 1), (module, 0)):
        on = partial(connection_of, module, place)
        for name in _QUERIES:
            replace(owner, name, partial(_borrowed_step, begin=querying(name, place, on)))
        for name in _READERS:
            replace(owner, name, partial(follow, observe=reading(place, on)))
        for name in _TABLES:
            replace(owner, name, partial(follow, observe=naming(place, on)))
        for name in _GIVEN:
            replace(owner, name, partial(follow, observe=given(place, on)))
        for name in _FETCHES:
            label = f"duckdb.{'DuckDBPyConnection.' * place}{name}"
            replace(owner, name, partial(step, begin=fetching(label, on, results.of)))
        replace(owner, "register", partial(follow, observe=registering(place, on)))
    for name in ("cursor", "duplicate"):
        replace(connection, name, partial(follow, observe=shared))
    _patch_relation(relation)


def _borrowed_step(original: Callable[..., Any], *, begin: Callable[..., Any]) -> Callable[..., Any]:
    return step(borrow(original), begin)


def _patch_relation(relation: Any) -> None:
    for name, found in list(vars(relation).items()):
        label = f"duckdb.DuckDBPyRelation.{name}"
        if name[:1] == "_" or name in _NOT_DERIVING or not callable(found) or isinstance(found, type):
            continue
        if name in _FETCHES:
            replace(relation, name, partial(step, begin=fetching(label, itself, sources_of)))
        elif name in _WRITERS:
            replace(relation, name, partial(step, begin=writing(label)))
        elif name in _MAKERS:
            replace(relation, name, partial(follow, observe=made))
        elif name == "query":
            replace(relation, name, lambda original: follow(borrow(original), derived))
        else:
            replace(relation, name, partial(follow, observe=derived))


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {"duckdb": (_patch,)}
