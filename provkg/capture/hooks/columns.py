"""Which columns of a pandas result came from which of what the call was given.

Only what the operation itself tells is told: that rows were chosen by another column is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provkg.capture.columns import NONE, SAME, WHOLE, Columns, whole_of
from provkg.capture.hooks.told import BY_METHOD, Given, Telling, labels_of, pairs_of
from provkg.capture.kinds import is_table, label_text
from provkg.capture.states import Node

__all__ = ["columns_told"]

_ARITHMETIC = frozenset({"add", "sub", "mul", "div", "truediv", "floordiv", "mod", "pow", "and", "or"})
_ARITHMETIC |= {"xor", "eq", "ne", "lt", "le", "gt", "ge", "radd", "rsub", "rmul", "rdiv"}
_ARITHMETIC |= {"rtruediv", "rfloordiv", "rmod", "rpow", "rand", "ror", "rxor", "subtract"}
_ARITHMETIC |= {"multiply", "divide", "combine", "combine_first", "fillna"}
_ARITHMETIC |= {"update", "array_ufunc", "divmod", "rdivmod"}
"""Methods whose result has in each column what the same columns of all that was given had."""
_BY_NAME = _ARITHMETIC | {"abs", "align", "all", "any", "asfreq", "asof", "assign"}
_BY_NAME |= {"astype", "at_time", "between_time", "bfill", "ffill", "clip", "convert_dtypes"}
_BY_NAME |= {"copy", "count", "cummax", "cummin", "cumprod", "cumsum", "describe", "diff"}
_BY_NAME |= {"drop", "drop_duplicates", "droplevel", "dropna", "expanding", "explode"}
_BY_NAME |= {"filter", "first", "get", "getitem", "head", "infer_objects", "insert"}
_BY_NAME |= {"interpolate", "invert", "isin", "isna", "isnull", "last", "loc", "map", "max"}
_BY_NAME |= {"mean", "median", "min", "mode", "neg", "nlargest", "notna", "notnull"}
_BY_NAME |= {"nsmallest", "nth", "nunique", "pct_change", "pop", "pos", "prod", "product"}
_BY_NAME |= {"quantile", "query", "rank", "reindex", "reindex_like", "rename_axis"}
_BY_NAME |= {"reorder_levels", "replace", "rolling", "round", "sample"}
_BY_NAME |= {"select_dtypes", "sem", "set_flags", "set_index", "setitem", "shift", "skew"}
_BY_NAME |= {"sort_index", "sort_values", "std", "sum", "swaplevel", "tail", "take"}
_BY_NAME |= {"to_period", "to_timestamp", "transform", "truncate", "tz_convert", "tz_localize"}
_BY_NAME |= {"var", "xs", "join", "finalize", "get_group", "groupby", "kurt", "kurtosis"}
_BY_NAME |= {"init", "DataFrame", "set_axis", "where", "mask"}
"""Methods that leave columns their names."""
_BY_PLACE = frozenset({"rename", "set_axis", "add_prefix", "add_suffix"})
_CHOOSING = frozenset({"getitem", "get", "pop", "loc", "xs", "squeeze"})
_SELECTING = frozenset({"getitem", "loc", "query", "take"})
"""Methods that are given what tells which rows to choose."""
_ARRAYS = frozenset({"to_numpy", "values", "array", "to_records"})
_ACROSS = frozenset({"sum", "mean", "max", "min", "std", "var", "median", "prod", "any", "all", "count"})


def columns_told(
    method: str, args: tuple[Any, ...], kwargs: dict[str, Any], made: Any, given: Given
) -> Mapping[Node, Columns]:
    """Which columns of a result came from which, for each state that a call is given.

    Parameters:
        method: the bare name of what was called (``getitem``).
        made: the result, or the object that was changed.
    """
    special = BY_METHOD.get(method)
    if special is not None:
        return special(Telling(args, kwargs, made, given))
    if not given:
        return {}
    own = args[0] if args else given[0][1]
    into_table = is_table(made)
    told: dict[Node, Columns] = {}
    for node, value in given:
        if value is own or method in _ARITHMETIC:
            columns = _of_one(method, value, args, kwargs, made, into_table)
            if columns is not None:
                told[node] = columns
        elif method in _SELECTING:
            told[node] = NONE
    return told


def _of_one(
    method: str, value: Any, args: tuple[Any, ...], kwargs: dict[str, Any], made: Any, into_table: bool
) -> Columns | None:
    if not is_table(value):
        if not into_table:
            return SAME
        return None if method in _ARITHMETIC else _each_from_whole(made)
    if into_table:
        if method in _BY_PLACE and not (method == "set_axis" and kwargs.get("axis", 0) in (0, "index")):
            return _by_place(value, made)
        return pairs_of(value, made) if method in _BY_NAME else None
    if method in _ARRAYS:
        labels = labels_of(value)
        return whole_of(labels) if labels is not None else None
    if method in _CHOOSING:
        return _chosen(value, args, made)
    across = kwargs.get("axis", args[1] if len(args) > 1 else 0)
    if method in _ACROSS and type(across) in (int, str) and across in (1, "columns"):
        labels = labels_of(value)
        return whole_of(labels) if labels is not None else None
    return None


def _each_from_whole(made: Any) -> Columns | None:
    labels = labels_of(made)
    return Columns(dict.fromkeys(labels, (WHOLE,))) if labels is not None else None


def _by_place(value: Any, made: Any) -> Columns | None:
    old, new = labels_of(value), labels_of(made)
    if old is None or new is None or len(old) != len(new):
        return None
    return Columns({there: (here,) for here, there in zip(old, new, strict=True)})


def _chosen(value: Any, args: tuple[Any, ...], made: Any) -> Columns | None:
    """One column, or else a row, which has something of every column."""
    key = args[1] if len(args) > 1 else None
    where = key[1] if type(key) is tuple and len(key) == 2 else key if not hasattr(args[0], "obj") else None
    if type(where) in (str, int) and hasattr(made, "name"):
        return whole_of([label_text(made.name)])
    labels = labels_of(value)
    return whole_of(labels) if labels is not None else None
