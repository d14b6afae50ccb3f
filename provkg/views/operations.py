"""Names of operations, short enough to be read in a table or a tree."""

from __future__ import annotations

__all__ = ["ARROW", "brief"]

ARROW = " → "
"""What stands between operations that followed each other."""

_UNSAID = frozenset(
    ("DataFrame", "Series", "Index", "DataFrameGroupBy", "SeriesGroupBy", "LazyFrame", "Expr", "ndarray")
)
_SIGNS = {
    "__getitem__": "[…]",
    "__setitem__": "[…] =",
    "__delitem__": "del […]",
    "__init__": "new",
    "__array_ufunc__": "ufunc",
    "__array_function__": "function",
    **dict.fromkeys(("__add__", "__radd__", "__iadd__"), "+"),
    **dict.fromkeys(("__sub__", "__rsub__", "__isub__", "__neg__"), "-"),
    **dict.fromkeys(("__mul__", "__rmul__", "__imul__"), "*"),
    **dict.fromkeys(("__truediv__", "__rtruediv__", "__itruediv__"), "/"),
    **dict.fromkeys(("__matmul__", "__rmatmul__"), "@"),
    **dict.fromkeys(("__pow__", "__rpow__"), "**"),
}
_MOST = 6


def brief(operation: str) -> str:
    """Operations without modules and the classes of tables and arrays; of very many the first and last.

    >>> brief("pandas.DataFrame.dropna → pandas.DataFrame.__getitem__ → sklearn.pipeline.Pipeline.fit")
    'dropna → […] → Pipeline.fit'
    """
    names = [_short(name) for name in operation.split(ARROW) if name]
    if len(names) > _MOST:
        names = [*names[: _MOST // 2], "…", *names[-_MOST // 2 + 1 :]]
    return ARROW.join(names)


def _short(function: str) -> str:
    if " " in function:  # told in words
        return function
    owner, _, name = function.rpartition(".")
    holder = owner.rpartition(".")[2]
    name = _SIGNS.get(name, name)
    if name == "new":
        return holder
    return f"{holder}.{name}" if holder[:1].isupper() and holder not in _UNSAID else name
