"""Hooks on pandas: which table came from which, by which method; which file it was read from or written to.

Public methods and functions are followed at their outermost call. Methods that look at reference counts to
warn of chained assignment must not get a frame more: those are followed by what they call inside
(``__finalize__``, ``_update_inplace`` and the setters), which has the same place in pandas 1 to 3.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType, ModuleType
from typing import Any

from provkg.capture.gate import HIDDEN_FILE, gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.columns import columns_given, columns_set
from provkg.capture.hooks.loading import Loading, Saving
from provkg.capture.hooks.pandas_readers import patch_readers
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.sources import sources_in
from provkg.capture.hooks.wrap import Follower, follow, is_replacement, step
from provkg.capture.kinds import kind_of

__all__ = ["AFTER_IMPORT"]

_FUNCTIONS = (
    "concat",
    "merge",
    "merge_asof",
    "merge_ordered",
    "get_dummies",
    "from_dummies",
    "cut",
    "qcut",
    "crosstab",
    "melt",
    "pivot",
    "pivot_table",
    "wide_to_long",
    "to_datetime",
    "to_numeric",
    "to_timedelta",
    "factorize",
    "unique",
    "isna",
    "isnull",
    "notna",
    "notnull",
    "json_normalize",
)
_READERS = (
    "read_csv",
    "read_table",
    "read_fwf",
    "read_excel",
    "read_json",
    "read_parquet",
    "read_feather",
    "read_orc",
    "read_pickle",
    "read_hdf",
    "read_html",
    "read_xml",
    "read_stata",
    "read_sas",
    "read_spss",
    "read_sql",
    "read_sql_query",
    "read_sql_table",
)
_FROM_DATABASES = ("read_sql", "read_sql_query", "read_sql_table")
_WRITERS = (
    "to_csv",
    "to_excel",
    "to_json",
    "to_parquet",
    "to_feather",
    "to_orc",
    "to_pickle",
    "to_sql",
    "to_hdf",
    "to_html",
    "to_xml",
    "to_stata",
    "to_latex",
    "to_markdown",
    "to_string",
)
_SPECIAL = (
    "__getitem__",
    "__delitem__",
    "__init__",
    "__array__",
    "__array_ufunc__",
    *(f"__{name}__" for name in ("neg", "pos", "invert", "abs", "round")),
    *(
        f"__{side}{name}__"
        for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "matmul")
        for side in ("", "r")
    ),
    *(f"__{name}__" for name in ("eq", "ne", "lt", "le", "gt", "ge")),
)
_COUNTS_REFERENCES = frozenset(
    {"fillna", "ffill", "bfill", "replace", "interpolate", "clip", "where", "mask", "update"}
)
_NOT_DERIVING = frozenset(
    {"pipe", "info", "items", "iterrows", "itertuples", "keys", "memory_usage", "plot", "hist", "boxplot"}
)
_NOT_DERIVING |= {
    "equals",
    "to_clipboard",
    "to_gbq",
    "to_xarray",
    "to_iceberg",
    "first_valid_index",
}
_NOT_DERIVING |= {"last_valid_index", "style", "sparse", "groupby", "rolling", "expanding", "ewm", "resample"}
_CHANGING = frozenset({"insert", "pop", "__delitem__", "isetitem"})
_BY_FRAME = frozenset({"query", "eval"})
_SETTERS = (
    "_set_item",
    "_setitem_slice",
    "_setitem_array",
    "_setitem_frame",
    "_set_item_frame_value",
    "_set_values",
    "_set_with_engine",
    "_set_with",
    "_set_value",
    "_set_axis",
)
_PROPERTIES = ("values", "T", "array")


def _patch(pandas: ModuleType) -> None:
    frame, series = pandas.DataFrame, pandas.Series
    for owner in (frame, series):
        for name in dir(owner):
            if name in _COUNTS_REFERENCES or name in _NOT_DERIVING:
                continue
            if (not name.startswith("_") and name not in _WRITERS) or name in _SPECIAL:
                _follow_method(owner, name, f"pandas.{owner.__name__}.{name}")
        for name in _WRITERS:
            _wrap_writer(owner, name)
        for name in _SETTERS:
            _replace(owner, name, _following(_changed(name)))
        for name in _PROPERTIES:
            _follow_property(owner, name, f"pandas.{owner.__name__}.{name}")
    _replace(frame, "__finalize__", _following(_finalized))
    _replace(frame, "_update_inplace", _following(_changed("inplace")))
    _patch_indexers()
    _patch_groups()
    _patch_accessors()
    _patch_functions(pandas)


def _patch_functions(pandas: ModuleType) -> None:
    modules = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "pandas"]
    for name in _FUNCTIONS:
        replace(pandas, name, partial(follow, observe=_derived(f"pandas.{name}")), modules)
    for name in _READERS:
        begin = Loading.of(f"pandas.{name}", "pandas", target=int(name in _FROM_DATABASES))
        replace(pandas, name, partial(step, begin=begin), modules)
    evaluate = partial(follow, observe=_derived("pandas.eval"), frames=True)
    replace(pandas, "eval", evaluate, modules)
    exceptions = sys.modules.get("pandas.util._exceptions")
    stack_level = getattr(exceptions, "find_stack_level", None)
    if stack_level is not None and not getattr(stack_level, "__wrapped__", None):
        replacement = _stack_level(pandas, stack_level)
        for module in modules:
            if getattr(module, "__dict__", {}).get("find_stack_level") is stack_level:
                module.find_stack_level = replacement  # type: ignore[attr-defined]


def _stack_level(pandas: ModuleType, original: Callable[[], int]) -> Callable[[], int]:
    """Pandas names the user's line in warnings by counting its own frames: let it pass over ours between."""
    folder = os.path.dirname(str(pandas.__file__)) + os.sep
    tests = os.path.join(folder, "tests") + os.sep

    @functools.wraps(original)
    def find_stack_level() -> int:
        frame: FrameType | None = sys._getframe(1)
        level = 1
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith(folder) and not name.startswith(tests):
                level += 1
            elif name != HIDDEN_FILE:
                break
            frame = frame.f_back
        return level

    return find_stack_level


def _patch_indexers() -> None:
    indexing = sys.modules["pandas.core.indexing"]
    for owner in (indexing._LocationIndexer, indexing._ScalarAccessIndexer, indexing._AtIndexer):
        _replace(owner, "__getitem__", _following(_derived_from("obj", "pandas.loc")))
    _replace(indexing._iLocIndexer, "_setitem_with_indexer", _following(_changed("loc", "obj")))


def _patch_groups() -> None:
    groupby = sys.modules.get("pandas.core.groupby.generic")
    base = sys.modules.get("pandas.core.groupby.groupby")
    owners = [getattr(groupby, name, None) for name in ("DataFrameGroupBy", "SeriesGroupBy")]
    owners.append(getattr(base, "GroupBy", None))
    for module, name in (
        ("pandas.core.window.rolling", "Rolling"),
        ("pandas.core.window.rolling", "Window"),
        ("pandas.core.window.expanding", "Expanding"),
        ("pandas.core.window.ewm", "ExponentialMovingWindow"),
        ("pandas.core.resample", "Resampler"),
    ):
        owners.append(getattr(sys.modules.get(module), name, None))
    operations = sys.modules.get("pandas.core.groupby.ops")
    for splitter in (getattr(operations, name, None) for name in ("FrameSplitter", "SeriesSplitter")):
        _replace(splitter, "_chop", _following(_derived_from("data", "pandas.groupby")))
    for owner in owners:
        if owner is None:
            continue
        for name in dir(owner):
            if name.startswith("_") or name in _NOT_DERIVING or name in ("pipe", "obj"):
                continue
            if callable(getattr(owner, name, None)) and not isinstance(getattr(owner, name), type):
                label = f"pandas.{owner.__name__}.{name}"
                _replace(owner, name, _following(_derived_from("obj", label)))


def _patch_accessors() -> None:
    strings = getattr(sys.modules.get("pandas.core.strings.accessor"), "StringMethods", None)
    for name in dir(strings) if strings is not None else ():
        if not name.startswith("_") and callable(getattr(strings, name, None)):
            label = f"pandas.Series.str.{name}"
            _replace(strings, name, _following(_derived_from("_orig", label)))
    properties = getattr(sys.modules.get("pandas.core.indexes.accessors"), "Properties", None)
    for name in ("_delegate_property_get", "_delegate_method"):
        _replace(properties, name, _following(_derived_from("_parent", "pandas.Series.dt")))
    categories = getattr(sys.modules.get("pandas.core.arrays.categorical"), "CategoricalAccessor", None)
    for name in ("_delegate_property_get", "_delegate_method"):
        _replace(categories, name, _following(_derived_from("_parent", "pandas.Series.cat")))


# --- replacing --------------------------------------------------------------------------------------


def _following(observe: Follower) -> Callable[[Any], Any]:
    return lambda original: follow(original, observe)


def _replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Replace a function in the class of ``owner``'s ancestry that defines it, once."""
    for defining in getattr(owner, "__mro__", ()):
        original = defining.__dict__.get(name)
        if original is None:
            continue
        if callable(original) and not is_replacement(original) and not isinstance(original, type):
            setattr(defining, name, make(original))
        return


def _follow_method(owner: Any, name: str, label: str) -> None:
    def make(original: Any) -> Any:
        observe = _changing(label) if name in _CHANGING else _derived(label)
        return follow(original, observe, frames=name in _BY_FRAME)

    if callable(getattr(owner, name, None)):
        _replace(owner, name, make)


def _follow_property(owner: Any, name: str, label: str) -> None:
    for defining in owner.__mro__:
        original = defining.__dict__.get(name)
        if isinstance(original, property):
            if original.fget is not None and not is_replacement(original.fget):
                replaced = follow(original.fget, _derived(label))
                setattr(defining, name, property(replaced, original.fset, original.fdel, original.__doc__))
            return


def _wrap_writer(owner: Any, name: str) -> None:
    label = f"pandas.{owner.__name__}.{name}"
    target = 2 if name == "to_sql" else 1
    begin = Saving.of(label, "pandas", target=target, unseen=name in ("to_parquet", "to_orc"))
    _replace(owner, name, lambda original: step(original, begin))


# --- observing --------------------------------------------------------------------------------------


def _derived(label: str) -> Follower:
    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session = gate.session
        if session is None:
            return
        owner = args[0] if args else None
        if kwargs.get("inplace") and owner is not None and kind_of(owner) is not None:
            others = list(sources_in(session, args[1:], kwargs))
            session.values.tracker.revise(owner, others, label)
            return
        if result is None and kind_of(owner) is not None and label.endswith("__init__"):
            result, args = owner, args[1:]
        results = result if isinstance(result, tuple) and len(result) <= 20 else (result,)
        for made in results:
            if (made is not owner or label.endswith("__init__")) and kind_of(made) is not None:
                sources = tuple(sources_in(session, args, kwargs))
                given = columns_given(session.values.tracker, label, args, kwargs)
                session.values.tracker.derive(made, sources, label, given=given)

    return observe


def _derived_from(attribute: str, label: str) -> Follower:
    """For methods of a helper object (``groupby``, ``loc``, ``str``) that holds the table it works on."""

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session = gate.session
        if session is None or kind_of(result) is None:
            return
        table = getattr(args[0], attribute, None)
        sources = tuple(sources_in(session, (table, *args[1:]), kwargs))
        session.values.tracker.derive(result, sources, label)

    return observe


def _changing(label: str) -> Follower:
    """For methods that change their object and may return a part of it."""

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session = gate.session
        if session is None:
            return
        if kind_of(result) is not None:
            session.values.tracker.derive(result, tuple(sources_in(session, args[:1], {})), label)
        sources = tuple(sources_in(session, args[1:], kwargs))
        given = columns_given(session.values.tracker, label, args, kwargs)
        session.values.tracker.revise(args[0], sources, label, given=given)

    return observe


def _changed(label: str, attribute: str = "") -> Follower:
    """For pandas' own setters: ``self`` (or the table it holds) has a new state."""

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session = gate.session
        table = getattr(args[0], attribute) if attribute else args[0]
        if session is None or kind_of(table) is None:
            return
        operation = f"pandas.{type(table).__name__}.{_SETTER_NAMES.get(label, label)}"
        sources = list(sources_in(session, args[1:], kwargs))
        given = columns_set(session.values.tracker, label, table, args)
        session.values.tracker.revise(table, sources, operation, given=given)

    return observe


_SETTER_NAMES = {"_set_axis": "set_axis", "loc": "loc.__setitem__", "_set_value": "at.__setitem__"}
_SETTER_NAMES |= {name: "__setitem__" for name in _SETTERS if name not in _SETTER_NAMES}


def _finalized(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    session = gate.session
    if session is None or len(args) < 2 or kind_of(args[0]) is None or args[0] is args[1]:
        return
    method = kwargs.get("method") or (args[2] if len(args) > 2 else "") or "__finalize__"
    sources = tuple(sources_in(session, args[1:2], {}))
    session.values.tracker.derive(args[0], sources, f"pandas.{type(args[0]).__name__}.{method}")


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {"pandas": (_patch, patch_readers)}
