"""Hooks on polars: which table came from which, by which method; which file it was read from or written to.

Public methods and functions are followed at their outermost call. A lazy table is followed too: it stands for
the files it scans, which are looked at again when it is collected. What is neither table nor column, as a
grouping is, is remembered with the tables it was made from.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType, FunctionType, ModuleType
from typing import Any

from provkg.capture.file_states import FileState
from provkg.capture.gate import HIDDEN_FILE, gate
from provkg.capture.holders import ById, Source
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.loading import Loading, Saving
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.sources import sources_in
from provkg.capture.hooks.wrap import Follower, follow, is_replacement, listen, step
from provkg.capture.kinds import kind_of
from provkg.capture.session import Session
from provkg.capture.sql import statements

__all__ = ["AFTER_IMPORT"]

_FUNCTIONS = (
    *("align_frames", "collect_all", "concat", "from_arrow", "from_dataframe", "from_dict", "from_dicts"),
    *("from_numpy", "from_pandas", "from_records", "from_repr", "from_torch", "json_normalize"),
    *("merge_sorted", "select", "union"),
)
_READERS = (
    *("read_avro", "read_csv", "read_excel", "read_ipc", "read_ipc_stream", "read_json", "read_lines"),
    *("read_ndjson", "read_ods", "read_parquet", "read_delta"),
    *("scan_csv", "scan_ipc", "scan_lines", "scan_ndjson", "scan_parquet", "scan_delta"),
)
_FROM_DATABASES = {"read_database": (1, ("connection",)), "read_database_uri": (1, ("uri",))}
_SOURCE_NAMES = ("source",)
_WRITERS = {
    **dict.fromkeys(("write_csv", "write_json", "write_ndjson", "write_parquet", "write_avro"), ("file",)),
    **dict.fromkeys(("write_ipc", "write_ipc_stream"), ("file",)),
    **dict.fromkeys(("sink_csv", "sink_ipc", "sink_ndjson", "sink_parquet"), ("path", "target")),
    **dict.fromkeys(("write_delta", "sink_delta"), ("target",)),
    "write_excel": ("workbook",),
    "write_database": ("connection",),
}
_SPECIAL = ("__init__", "__getitem__", "__array__", "__array_ufunc__", "__copy__", "__deepcopy__")
_OPERATORS = tuple(
    f"__{side}{name}__"
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "matmul")
    for side in ("", "r")
)
_OPERATORS += tuple(
    f"__{name}__" for name in ("eq", "ne", "lt", "le", "gt", "ge", "neg", "pos", "invert", "abs")
)
_CHANGING = frozenset(
    {"__setitem__", "append", "drop_in_place", "extend", "insert_column", "replace_column", "scatter", "set"}
)
_NOT_DERIVING = frozenset(
    {"pipe", "inspect", "glimpse", "show", "show_graph", "explain", "profile", "iter_rows", "rows", "row"}
)
_GROUPS = (
    ("polars.dataframe.group_by", ("GroupBy", "DynamicGroupBy", "RollingGroupBy")),
    ("polars.dataframe.group_by", ("GroupByIter", "DynamicGroupByIter", "RollingGroupByIter")),
    ("polars.lazyframe.group_by", ("LazyGroupBy",)),
)
_MOST_RESULTS = 1000
_tables: ById[dict[str, tuple[Source, ...]]] = ById()
"""The tables that an SQL context knows, by name in lower case."""


def _patch(polars: ModuleType) -> None:
    for table in (polars.DataFrame, polars.LazyFrame, polars.Series):
        _patch_table(table)
    for module, classes in _GROUPS:
        for name in classes:
            owner: Any = getattr(sys.modules.get(module), name, None)
            for method in _public(owner, ("__iter__", "__next__")):
                replace(owner, method, partial(follow, observe=_derived(f"polars.{name}.{method}")))
    modules = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "polars"]
    _patch_accessors(polars.Series, modules)
    for name in _FUNCTIONS:
        replace(polars, name, partial(follow, observe=_derived(f"polars.{name}")), modules)
    for name in _READERS:
        begin = Loading.of(f"polars.{name}", "polars", names=_SOURCE_NAMES, patterns=True)
        replace(polars, name, partial(step, begin=begin), modules)
    for name, (place, names) in _FROM_DATABASES.items():
        begin = Loading.of(f"polars.{name}", "polars", target=place, names=names)
        replace(polars, name, partial(step, begin=begin), modules)
    context: Any = getattr(polars, "SQLContext", None)
    if context is not None:
        replace(context, "register", partial(listen, hear=_registered))
        replace(context, "execute", partial(follow, observe=_queried))
    _patch_warnings(polars, modules)


def _patch_table(owner: Any) -> None:
    for name in _public(owner, (*_SPECIAL, *_OPERATORS, "__setitem__")):
        label = f"polars.{owner.__name__}.{name}"
        if name in _WRITERS:
            place = 2 if name == "write_database" else 1
            begin = Saving.of(
                label, "polars", target=place, names=_WRITERS[name], unseen=name != "write_excel"
            )
            replace(owner, name, partial(step, begin=_unless_lazy(begin)))
        elif name == "collect":
            replace(owner, name, partial(follow, observe=_collected(label)))
        elif name not in _NOT_DERIVING:
            replace(owner, name, partial(follow, observe=_derived(label)))
    columns = owner.__dict__.get("columns")
    if isinstance(columns, property) and columns.fset is not None and not is_replacement(columns.fset):
        renamed = follow(columns.fset, _derived(f"polars.{owner.__name__}.columns"))
        owner.columns = property(columns.fget, renamed, columns.fdel, columns.__doc__)


def _patch_accessors(series: Any, modules: list[ModuleType]) -> None:
    """Follow ``series.str.…`` and the like: an accessor knows the column's data, not the object it is of."""
    accessors = {
        found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, type) and found.__module__.startswith("polars.series.")
    }
    for accessor in accessors - {series}:
        name = getattr(accessor, "_accessor", accessor.__name__)
        for method in _public(accessor, ("__getitem__",)):
            label = f"polars.Series.{name}.{method}"
            replace(accessor, method, partial(follow, observe=_derived(label)))  # type: ignore[arg-type]
        found = series.__dict__.get(name)
        if isinstance(found, property) and found.fget is not None and not is_replacement(found.fget):
            setattr(series, name, property(listen(found.fget, _accessed), doc=found.__doc__))


def _accessed(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    session = gate.session
    if session is not None and gate.own.values:
        session.files.holders.hold(result, sources_in(session, args, kwargs))


def _public(owner: Any, besides: tuple[str, ...] = ()) -> Iterator[str]:
    """The public methods that a class defines itself, and some special ones."""
    for name, found in list(getattr(owner, "__dict__", {}).items()):
        if isinstance(found, FunctionType) and (name[:1] != "_" or name in besides):
            yield name


def _unless_lazy(begin: Callable[..., Any]) -> Callable[..., Any]:
    """A sink that is called with ``lazy=True`` writes nothing yet."""
    return lambda args, kwargs: None if kwargs.get("lazy") else begin(args, kwargs)


def _patch_warnings(polars: ModuleType, modules: list[ModuleType]) -> None:
    """Polars names the user's line in warnings by counting its own frames: let it pass over ours between."""
    folder = os.path.dirname(str(polars.__file__)) + os.sep

    def make(original: Callable[[], int]) -> Callable[[], int]:
        @functools.wraps(original)
        def find_stacklevel() -> int:
            frame: FrameType | None = sys._getframe(1)
            level = 1
            while frame is not None and frame.f_code.co_filename.startswith((folder, HIDDEN_FILE)):
                level += frame.f_code.co_filename != HIDDEN_FILE
                frame = frame.f_back
            return level

        return find_stacklevel

    for module in modules:
        original = getattr(module, "__dict__", {}).get("find_stacklevel")
        if original is not None and not getattr(original, "__wrapped__", None):
            module.find_stacklevel = make(original)  # type: ignore[attr-defined]


# --- observing --------------------------------------------------------------------------------------


def _derived(label: str) -> Follower:
    method = label.rpartition(".")[2]

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session, owner = gate.session, args[0] if args else None
        if session is None:
            return
        if method == "__init__":
            _follow(session, owner, tuple(sources_in(session, args[1:], kwargs)), label, args)
            return
        sources = tuple(sources_in(session, args, kwargs))
        for made in _results(result):
            if made is not owner:
                _follow(session, made, sources, label, args)
        if method in _CHANGING or method == "columns" or kwargs.get("in_place"):
            others = tuple(sources_in(session, args[1:], kwargs))
            session.values.tracker.revise(owner, others, label, given=_given(session, method, args, kwargs))

    return observe


def _follow(
    session: Session, made: Any, sources: tuple[Source, ...], label: str, args: tuple[Any, ...]
) -> None:
    """Follow what a call gave: a table by its state, anything else of the library's by what it stands for."""
    if str(type(made).__module__).startswith("polars."):
        scanned = [file for value in args for file in session.files.scans.held(value)]
        if scanned:
            session.files.scans.hold(made, scanned)
        if kind_of(made) is None:
            session.files.holders.hold(made, sources)
    if kind_of(made) is not None:
        given = _given(session, label.rpartition(".")[2], args, {})
        session.values.tracker.derive(made, sources, label, given=given)


def _given(session: Session, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[Any, Any]:
    """The columns that a call gives one by one, with the states they come from."""
    find = session.values.tracker.find
    if method == "with_columns":
        columns = [*args[1:]] if not args[1:] or type(args[1]) not in (list, tuple) else [*args[1]]
    elif method in ("insert_column", "replace_column"):
        columns = [*args[2:3]]
    elif method == "__init__" and len(args) > 1 and type(args[1]) is dict:
        return {name: find(value) for name, value in args[1].items() if type(name) is str}
    else:
        return {}
    named = {column.name: find(column) for column in columns if type(column).__name__ == "Series"}
    return named | {name: find(value) for name, value in kwargs.items() if kind_of(value) is not None}


def _collected(label: str) -> Follower:
    """For what computes a lazy table: its files may have changed since they were scanned."""

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session = gate.session
        if session is None or kind_of(result) is None:
            return
        scanned = [file for file in session.files.scans.held(args[0]) if isinstance(file, FileState)]
        now = [session.files.read(file.path, named=True) or file if file.path else file for file in scanned]
        sources = tuple(sources_in(session, args, kwargs)) if now == scanned else tuple(now)
        session.values.tracker.derive(result, sources, label)

    return observe


def _results(result: Any) -> Iterator[Any]:
    """What a call gave, or each of the things in a container that it gave."""
    if type(result) in (list, tuple):
        yield from result[:_MOST_RESULTS]
    elif type(result) is dict:
        yield from list(result.values())[:_MOST_RESULTS]
    else:
        yield result


def _registered(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    session = gate.session
    if session is not None and len(args) > 2:
        tables = _tables.of(args[0]) or {}
        _tables.put(args[0], tables | {str(args[1]).lower(): tuple(sources_in(session, args[2:3], {}))})


def _queried(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    session, query = gate.session, args[1] if len(args) > 1 else kwargs.get("query")
    if session is None or type(query) is not str or kind_of(result) is None:
        return
    read = {name.lower() for statement in statements(query) for name in statement.reads}
    tables = _tables.of(args[0]) or {}
    sources = [source for name, held in tables.items() if name in read for source in held]
    session.values.tracker.derive(result, sources, "polars.SQLContext.execute")


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {"polars": (_patch,)}
