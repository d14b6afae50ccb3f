"""Tables and columns of polars and pyarrow: columns with missing values, and the content for a digest.

Equal content has the same digest however it is divided into chunks, sliced or dictionary-encoded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Protocol

from provkg.capture.text_digests import TYPES_OF_TEXTS, add_arrow_texts
from provkg.records import Column

__all__ = ["add_columns", "columns_of_columnar", "is_columnar", "size_of_columnar"]

_PACKAGES = ("polars", "pyarrow")
_TEXT = ("String", "Binary", "Categorical", "Enum", "Decimal")


class _Digest(Protocol):
    def update(self, data: Any, /) -> None:
        """Take further bytes."""


def is_columnar(value: object) -> bool:
    """Whether a followed value is one of polars or pyarrow."""
    module = type(value).__module__
    return type(module) is str and module.partition(".")[0] in _PACKAGES


def _named_columns(value: Any) -> Iterator[tuple[str, Any]]:
    """The columns of a table with their names; a column by itself is one. A lazy table is not asked."""
    if type(value).__name__ == "LazyFrame":
        return
    if hasattr(value, "get_columns"):
        yield from ((column.name, column) for column in value.get_columns())
    elif hasattr(value, "column_names"):
        yield from zip(value.column_names, value.columns, strict=True)
    elif hasattr(value, "schema") and hasattr(value, "columns"):
        yield from zip(value.schema.names, value.columns, strict=True)  # a record batch
    elif hasattr(value, "type") or hasattr(value, "dtype"):
        yield getattr(value, "name", "") or "", value


def columns_of_columnar(value: Any, limit: int) -> tuple[Column, ...]:
    """The columns of a table, at most ``limit``; none of a lazy table, which would have to be asked."""
    found: list[Column] = []
    for name, column in _named_columns(value):
        if len(found) == limit:
            break
        missing = column.null_count
        found.append(
            Column(
                name=str(name),
                type=str(column.dtype if hasattr(column, "dtype") else column.type),
                missing=missing() if callable(missing) else missing,
            )
        )
    return tuple(found)


def size_of_columnar(value: Any) -> int:
    """How many bytes a table takes; a lazy one none."""
    if type(value).__name__ == "LazyFrame":
        return 0
    size = value.estimated_size() if hasattr(value, "estimated_size") else getattr(value, "nbytes", 0)
    return int(size)


def add_columns(state: _Digest, value: Any) -> str:
    """Add a content to a digest; returns the name of the algorithm, or an empty text where there is none."""
    columns = list(_named_columns(value))
    is_polars = type(value).__module__.startswith("polars.")
    for name, column in columns:
        state.update(f"{name!r};".encode(errors="backslashreplace"))
        try:
            (_add_series if is_polars else _add_arrow)(state, column)
        except Exception:
            return ""  # of a type that this version cannot be asked for in this way
    return ("xxh3-columns" if is_polars else "xxh3-arrow-2") if columns else ""


def _add_series(state: _Digest, series: Any) -> None:
    """Add a column of polars."""
    polars = sys.modules["polars"]
    kind = str(series.dtype).partition("(")[0]
    state.update(f"{series.dtype};{len(series)};{series.null_count()};".encode())
    if series.null_count():
        state.update(series.is_null().to_numpy().tobytes())
    if kind in _TEXT:
        filled = series.cast(polars.Binary if kind == "Binary" else polars.String).fill_null(
            b"" if kind == "Binary" else ""
        )
        lengths = filled.bin.size() if kind == "Binary" else filled.str.len_bytes()
        state.update(lengths.to_numpy().tobytes())
        state.update(b"".join(filled.to_list()) if kind == "Binary" else filled.str.join("")[0].encode())
    elif kind in ("List", "Array"):
        inner = series if kind == "List" else series.arr.to_list()
        state.update(inner.list.len().fill_null(0).to_numpy().tobytes())
        _add_series(state, inner.explode())
    elif kind == "Struct":
        for field in series.struct.fields:
            state.update(f"{field!r};".encode(errors="backslashreplace"))
            _add_series(state, series.struct.field(field))
    elif kind == "Null":
        return
    else:
        numbers = series.cast(polars.UInt8) if kind == "Boolean" else series.to_physical()
        state.update(numbers.fill_null(0).to_numpy().tobytes())


def _add_arrow(state: _Digest, column: Any) -> None:
    """Add a column of pyarrow."""
    arrow = sys.modules["pyarrow"]
    array = column
    if isinstance(column, arrow.ChunkedArray):
        array = arrow.concat_arrays(column.chunks) if column.num_chunks else arrow.array([], column.type)
    types = arrow.types
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    state.update(f"{array.type};{len(array)};{array.null_count};".encode())
    if array.null_count:
        state.update(array.is_null().to_numpy(zero_copy_only=False).tobytes())
    if types.is_struct(array.type):
        for field, inner in zip(array.type, array.flatten(), strict=True):
            state.update(f"{field.name!r};".encode(errors="backslashreplace"))
            _add_arrow(state, inner)
    elif types.is_list(array.type) or types.is_large_list(array.type):
        lengths = array.value_lengths().fill_null(0)
        state.update(lengths.cast(arrow.int64()).to_numpy(zero_copy_only=False).tobytes())
        _add_arrow(state, array.flatten())
    elif not types.is_null(array.type):
        _add_values(state, array, arrow)


def _add_values(state: _Digest, array: Any, arrow: Any) -> None:
    """Add the texts or numbers of an array of pyarrow, missing ones as empty or zero."""
    types, kind = arrow.types, array.type
    if str(kind) in TYPES_OF_TEXTS:
        add_arrow_texts(state, [array])
        return
    if types.is_boolean(kind):
        array = array.cast(arrow.uint8())
    elif types.is_temporal(kind) or types.is_decimal(kind):
        array = array.cast(arrow.string()) if types.is_decimal(kind) else _as_numbers(array, arrow)
        if arrow.types.is_string(array.type):
            _add_values(state, array, arrow)
            return
    state.update(array.fill_null(0).to_numpy(zero_copy_only=False).tobytes())


def _as_numbers(array: Any, arrow: Any) -> Any:
    """Times as the numbers that stand for them."""
    return array.view(arrow.int32() if array.type.bit_width == 32 else arrow.int64())
