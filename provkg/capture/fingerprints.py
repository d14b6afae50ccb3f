"""What a value is and what it holds: its kind, its shape and columns, and a digest of its content.

Digests are taken of whole contents, never of a sample. They serve to notice change in place and equal
content; nothing is named by them in the graph. Nothing is imported here that the user has not imported:
types are recognised by the module that defines them.

Two fingerprints are comparable when their algorithms are equal:

``xxh3-array``
    XXH3-128 over element type, shape and the elements in C order.
``xxh3-frame``
    XXH3-128 over, for each column in order, its name, type and elements; the index comes first unless it
    is a plain range from 0. Strings and other objects are hashed by `pandas.util.hash_array`.
``xxh3-sparse``
    XXH3-128 over the arrays of a SciPy sparse matrix in CSR form.
"""

from __future__ import annotations

import sys
from itertools import islice
from typing import Any

from xxhash import xxh3_128

from provkg.record import Column, Fingerprint, ValueKind

__all__ = ["columns_of", "fingerprint_of", "is_estimator", "kind_of", "shape_of", "type_name"]

_TABLES = frozenset({"DataFrame", "LazyFrame", "Table", "RecordBatch", "GeoDataFrame"})
_DATA_PACKAGES = frozenset({"pandas", "numpy", "scipy", "polars", "pyarrow", "geopandas", "modin", "dask"})
_ARRAYS = frozenset(
    {
        "ndarray",
        "memmap",
        "recarray",
        "MaskedArray",
        "Series",
        "ChunkedArray",
        "Array",
        "csr_matrix",
        "csc_matrix",
        "coo_matrix",
        "lil_matrix",
        "csr_array",
        "csc_array",
        "coo_array",
    }
)
_kinds: dict[type, ValueKind | None] = {}


def type_name(kind: type) -> str:
    """The qualified name of a class by which users know it: private modules are left out.

    >>> from decimal import Decimal
    >>> type_name(Decimal)
    'decimal.Decimal'
    """
    parts = (kind.__module__ or "").split(".")
    public = [part for part in parts if part == "__main__" or not part.startswith("_")]
    if public and public[0] in {"pandas", "numpy"}:
        public = public[:1]
    if public == ["builtins"]:
        return kind.__qualname__
    return ".".join([*public, kind.__qualname__])


def is_estimator(value: object) -> bool:
    """Whether a value is a scikit-learn estimator, by its base class."""
    return kind_of(value) in (ValueKind.MODEL, ValueKind.TRANSFORMER)


def kind_of(value: object) -> ValueKind | None:
    """What a value is to an experiment, or None when it is nothing that is followed."""
    kind = type(value)
    try:
        return _kinds[kind]
    except KeyError:
        found = _kinds[kind] = _kind_of_type(kind)
        return found


def _kind_of_type(kind: type) -> ValueKind | None:
    for parent in kind.__mro__:
        package = (parent.__module__ or "").partition(".")[0]
        if package in _DATA_PACKAGES and (parent.__name__ in _TABLES or parent.__name__ in _ARRAYS):
            return ValueKind.DATASET
        if parent.__module__ == "sklearn.utils._bunch" or (
            parent.__module__ == "sklearn.utils" and (parent.__name__ == "Bunch")
        ):
            return None
    base = getattr(sys.modules.get("sklearn.base"), "BaseEstimator", None)
    if base is not None and issubclass(kind, base):
        predicts = any(hasattr(kind, name) for name in ("predict", "fit_predict", "score_samples"))
        return ValueKind.MODEL if predicts else ValueKind.TRANSFORMER
    return None


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of a table or array, rows first; empty when it has none."""
    shape = getattr(value, "shape", ())
    try:
        return tuple(int(length) for length in shape)
    except (TypeError, ValueError):
        return ()


def columns_of(value: Any, limit: int = 1000) -> tuple[Column, ...]:
    """The columns of a pandas or polars table, at most ``limit`` of them, or the one of a named series."""
    name = type(value).__name__
    if name == "Series" and getattr(value, "name", None) is not None:
        return (Column(name=str(value.name), type=str(value.dtype)),)
    if name not in _TABLES or not hasattr(value, "columns"):
        return ()
    if hasattr(value, "_mgr"):
        pairs = zip(value.columns, value._mgr.get_dtypes(), strict=True)
    else:
        pairs = zip(value.columns, value.dtypes, strict=True)
    return tuple(Column(name=str(column), type=str(kind)) for column, kind in islice(pairs, limit))


def fingerprint_of(value: Any, limit: int = 1 << 62) -> Fingerprint | None:
    """The digest of a table's or array's whole content.

    None for what has no canonical form here, and for what takes more than ``limit`` bytes.
    """
    if _bytes_of(value) > limit:
        return None
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        state = xxh3_128()
        _add_array(state, value)
        return Fingerprint(algorithm="xxh3-array", hex=state.hexdigest())
    pandas = sys.modules.get("pandas")
    frame = getattr(pandas, "DataFrame", None)
    series = getattr(pandas, "Series", None)
    if frame is not None and isinstance(value, frame):
        return _fingerprint_of_frame(value, value.columns)
    if series is not None and isinstance(value, series):
        return _fingerprint_of_frame(value.to_frame(), [value.name])
    sparse = sys.modules.get("scipy.sparse")
    if sparse is not None and sparse.issparse(value):
        rows = value.tocsr()
        state = xxh3_128(repr((rows.shape, str(rows.dtype))).encode())
        for part in (rows.indptr, rows.indices, rows.data):
            _add_array(state, part)
        return Fingerprint(algorithm="xxh3-sparse", hex=state.hexdigest())
    return None


def _bytes_of(value: Any) -> int:
    size = getattr(value, "nbytes", None)
    if isinstance(size, int):
        return size
    shape = shape_of(value)
    return 8 * shape[0] * shape[1] if len(shape) == 2 else 0


def _fingerprint_of_frame(frame: Any, names: Any) -> Fingerprint:
    pandas = sys.modules["pandas"]
    state = xxh3_128()
    index = frame.index
    plain = isinstance(index, pandas.RangeIndex) and index.start == 0 and index.step == 1
    if not plain:
        _add_column(state, "", index)
    for position, name in enumerate(names):
        _add_column(state, repr(name), frame.iloc[:, position])
    return Fingerprint(algorithm="xxh3-frame", hex=state.hexdigest())


def _add_column(state: xxh3_128, name: str, column: Any) -> None:
    """Add one pandas column or index to a digest."""
    numpy = sys.modules["numpy"]
    state.update(f"{name}:{column.dtype};".encode(errors="backslashreplace"))
    values = column.array if hasattr(column, "array") else column
    if isinstance(column.dtype, numpy.dtype) and column.dtype.kind not in "OUSV":
        _add_array(state, numpy.asarray(values))
        return
    hash_array = sys.modules["pandas"].util.hash_array
    try:
        hashed = hash_array(values, categorize=False)
    except (TypeError, ValueError, AttributeError):
        hashed = numpy.array([repr(element) for element in values], dtype=object)
        hashed = hash_array(hashed, categorize=False)
    _add_array(state, hashed)


def _add_array(state: xxh3_128, array: Any) -> None:
    state.update(f"{array.dtype.str}{array.shape}".encode())
    if array.dtype.hasobject:
        state.update(repr(array.tolist()).encode(errors="backslashreplace"))
        return
    numpy = sys.modules["numpy"]
    contiguous = numpy.ascontiguousarray(array)
    if contiguous.size:
        state.update(contiguous.reshape(-1).view(numpy.uint8).data)
