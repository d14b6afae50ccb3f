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
from types import FrameType, FunctionType, ModuleType
from typing import Any

from provkg.capture.gate import HIDDEN_FILE, gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.loading import Loading, Saving
from provkg.capture.hooks.pandas_readers import patch_readers
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.tables import (
    COUNTING_REFERENCES,
    changed,
    changing,
    derived,
    derived_from,
    finalized,
)
from provkg.capture.hooks.wrap import Follower, follow, follow_each, is_replacement, step

__all__ = ["AFTER_IMPORT"]

_FUNCTIONS = (
    *(
        "concat",
        "merge",
        "merge_asof",
        "merge_ordered",
        "get_dummies",
        "from_dummies",
        "cut",
        "qcut",
        "crosstab",
    ),
    *(
        "melt",
        "lreshape",
        "pivot",
        "pivot_table",
        "wide_to_long",
        "to_datetime",
        "to_numeric",
        "to_timedelta",
    ),
    *("to_timedelta", "factorize", "unique", "isna", "isnull", "notna", "notnull", "json_normalize", "array"),
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
_OPERATORS = (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow", "matmul"),
    *("and", "or", "xor"),
)
_SPECIAL = (
    "__getitem__",
    "__delitem__",
    "__init__",
    "__array__",
    "__array_ufunc__",
    *(f"__{name}__" for name in ("neg", "pos", "invert", "abs", "round")),
    *(f"__{side}{name}__" for name in _OPERATORS for side in ("", "r")),
    *(f"__{name}__" for name in ("eq", "ne", "lt", "le", "gt", "ge")),
)
_NOT_DERIVING = frozenset({"pipe", "info", "items", "iterrows", "itertuples", "keys", "memory_usage", "plot"})
_NOT_DERIVING |= {"hist", "boxplot", "equals", "to_clipboard", "to_gbq", "to_sql", "to_xarray", "to_iceberg"}
_NOT_DERIVING |= {"first_valid_index", "last_valid_index", "style", "sparse", "groupby", "rolling"}
_NOT_DERIVING |= {"expanding", "ewm", "resample"}
_CHANGING = frozenset({"insert", "pop", "__delitem__", "isetitem"})
_BY_FRAME = frozenset({"query", "eval"})
_SETTERS = {
    "_set_axis": "set_axis",
    "_set_value": "at.__setitem__",
    "_set_item": "__setitem__",
    "_setitem_slice": "__setitem__",
    "_setitem_array": "__setitem__",
    "_setitem_frame": "__setitem__",
    "_set_item_frame_value": "__setitem__",
    "_set_values": "__setitem__",
    "_set_with_engine": "__setitem__",
    "_set_with": "__setitem__",
}
"""What pandas itself changes a table by, and what the user calls that."""
_TAKING_PARTS = ("_getitem_slice", "_get_rows_with_mask", "_get_values_tuple", "_get_with")
"""What ``Series.__getitem__`` calls for more than one element: loops over single ones shall not be slowed."""
_PROPERTIES = ("values", "T", "array")


def _patch(pandas: ModuleType) -> None:
    frame, series = pandas.DataFrame, pandas.Series
    gate.scalars |= {id(kind) for kind in sys.modules["numpy"].sctypeDict.values()}
    gate.scalars |= {id(getattr(pandas, name)) for name in ("Timestamp", "Timedelta", "Period", "Interval")}
    inner = "__getitem__" if all(hasattr(series, name) for name in _TAKING_PARTS) else ""
    for name in _TAKING_PARTS if inner else ():
        _replace(series, name, _following(derived("pandas.Series.__getitem__")))
    for owner in (frame, series):
        for name in dir(owner):
            if name in COUNTING_REFERENCES or name in _NOT_DERIVING or (owner is series and name == inner):
                continue
            if (not name.startswith("_") and name not in _WRITERS) or name in _SPECIAL:
                _follow_method(owner, name, f"pandas.{owner.__name__}.{name}")
        for name in _WRITERS:
            _wrap_writer(owner, name)
        for name, known in _SETTERS.items():
            _replace(owner, name, _following(changed(name, known), changes=True))
        for name in _PROPERTIES:
            _follow_property(owner, name, derived(f"pandas.{owner.__name__}.{name}"))
    for name in ("from_records", "from_dict"):
        _replace(frame, name, _following(derived(f"pandas.DataFrame.{name}")))
    _replace(frame, "__finalize__", _following(finalized))
    _replace(frame, "_update_inplace", _following(changed("inplace", "inplace"), changes=True))
    _replace(frame, "iterrows", _following_rows)
    _patch_indexers()
    _patch_groups()
    _patch_accessors()
    _patch_functions(pandas)


def _patch_functions(pandas: ModuleType) -> None:
    modules = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "pandas"]
    for name in _FUNCTIONS:
        replace(pandas, name, partial(follow, observe=derived(f"pandas.{name}")), modules)
    for name in _READERS:
        begin = Loading.of(f"pandas.{name}", "pandas", target=int(name in _FROM_DATABASES))
        replace(pandas, name, partial(step, begin=begin), modules)
    evaluate = partial(follow, observe=derived("pandas.eval"), frames=True)
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
        _replace(owner, "__getitem__", _following(derived_from("obj", "pandas.loc")))
    observe = changed("_setitem_with_indexer", "loc.__setitem__", "obj")
    _replace(indexing._iLocIndexer, "_setitem_with_indexer", _following(observe, changes=True))


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
        _replace(splitter, "_chop", _following(derived_from("data", "pandas.groupby")))
    for owner in owners:
        if owner is None:
            continue
        for name in dir(owner):
            if name.startswith("_") or name in _NOT_DERIVING or name in ("pipe", "obj"):
                continue
            if callable(getattr(owner, name, None)) and not isinstance(getattr(owner, name), type):
                label = f"pandas.{owner.__name__}.{name}"
                _replace(owner, name, _following(derived_from("obj", label)))


def _patch_accessors() -> None:
    strings = getattr(sys.modules.get("pandas.core.strings.accessor"), "StringMethods", None)
    for name in dir(strings) if strings is not None else ():
        if (not name.startswith("_") or name == "__getitem__") and callable(getattr(strings, name, None)):
            _replace(strings, name, _following(derived_from("_orig", f"pandas.Series.str.{name}")))
    dates = sys.modules.get("pandas.core.indexes.accessors")
    for name in ("DatetimeProperties", "TimedeltaProperties", "PeriodProperties", "ArrowTemporalProperties"):
        _patch_properties(getattr(dates, name, None), "pandas.Series.dt")
    categories = getattr(sys.modules.get("pandas.core.arrays.categorical"), "CategoricalAccessor", None)
    _patch_properties(categories, "pandas.Series.cat")
    arrow, sparse = "pandas.core.arrays.arrow.accessors", "pandas.core.arrays.sparse.accessor"
    for module, name, attribute, label in (
        (arrow, "ListAccessor", "_data", "pandas.Series.list"),
        (arrow, "StructAccessor", "_data", "pandas.Series.struct"),
        (sparse, "SparseAccessor", "_parent", "pandas.Series.sparse"),
        (sparse, "SparseFrameAccessor", "_parent", "pandas.DataFrame.sparse"),
    ):
        _patch_properties(getattr(sys.modules.get(module), name, None), label, attribute)


def _patch_properties(owner: Any, label: str, attribute: str = "_parent") -> None:
    """Follow what an accessor computes by itself, and what it hands on."""
    observe = derived_from(attribute, label)
    for name in ("_delegate_property_get", "_delegate_method"):
        _replace(owner, name, _following(observe))
    for name, found in list(vars(owner).items()) if owner is not None else ():
        if isinstance(found, property) and not name.startswith("_"):
            _follow_property(owner, name, observe)
        elif isinstance(found, FunctionType) and not name.startswith("_"):
            _replace(owner, name, _following(observe))


# --- replacing --------------------------------------------------------------------------------------


def _following(observe: Follower, *, changes: bool = False) -> Callable[[Any], Any]:
    return lambda original: follow(original, observe, changes=changes)


def _following_rows(original: Any) -> Any:
    return follow_each(original, derived("pandas.DataFrame.iterrows"))


def _replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Replace a function in the class of ``owner``'s ancestry that defines it, once."""
    for defining in getattr(owner, "__mro__", ()):
        original = defining.__dict__.get(name)
        if original is None:
            continue
        if isinstance(original, classmethod):
            if not is_replacement(original.__func__):
                setattr(defining, name, classmethod(make(original.__func__)))
        elif callable(original) and not is_replacement(original) and not isinstance(original, type):
            setattr(defining, name, make(original))
        return


def _follow_method(owner: Any, name: str, label: str) -> None:
    def make(original: Any) -> Any:
        if name in _CHANGING:
            return follow(original, changing(label), changes=True)
        return follow(original, derived(label), frames=name in _BY_FRAME)

    if callable(getattr(owner, name, None)):
        _replace(owner, name, make)


def _follow_property(owner: Any, name: str, observe: Follower) -> None:
    for defining in owner.__mro__:
        original = defining.__dict__.get(name)
        if isinstance(original, property):
            if original.fget is not None and not is_replacement(original.fget):
                replaced = follow(original.fget, observe)
                setattr(defining, name, property(replaced, original.fset, original.fdel, original.__doc__))
            return


def _wrap_writer(owner: Any, name: str) -> None:
    label = f"pandas.{owner.__name__}.{name}"
    target = 2 if name == "to_sql" else 1
    begin = Saving.of(label, "pandas", target=target, unseen=name in ("to_parquet", "to_orc"))
    _replace(owner, name, lambda original: step(original, begin))


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {"pandas": (_patch, patch_readers)}
