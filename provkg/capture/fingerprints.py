"""Digests of contents in memory, taken of the whole and never of a sample.

They serve to notice change in place and equal content; nothing is named by them in the graph. Equal content
has an equal digest whatever its layout in memory: order, strides, chunks, the order of categories.

Two fingerprints are comparable when their algorithms are equal:

``xxh3-array``
    XXH3-128 over element type, shape and the elements in C order; of a masked array also its mask, of a
    structured one its fields by name. A torch tensor is digested as an array, where it is not on a device.
``xxh3-frame``
    XXH3-128 over, for each column in order, its name, type and elements; the index comes first unless its
    labels are the row numbers from 0, whether as a range or as integers. Text and extension types are hashed
    by `pandas.util.hash_array`, for which all missing values are the same.
``xxh3-sparse``
    XXH3-128 over the arrays of a SciPy sparse matrix in canonical CSR form.
``xxh3-columns``, ``xxh3-arrow``
    XXH3-128 over, for each column of polars or pyarrow in order, its name, type, length, which elements are
    missing, and the elements; see `provkg.capture.columnar`.

Objects that only their own code could describe have no digest: that code is not run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from xxhash import xxh3_128

from provkg.capture.columnar import add_columns, is_columnar, size_of_columnar
from provkg.capture.kinds import shape_of
from provkg.capture.memory import is_dataset, is_tensor
from provkg.records import Fingerprint

__all__ = ["fingerprint_of", "is_readable", "is_telling"]

_SAMPLE = 4096
_DIFFERENT = 32
_PLAIN = frozenset({id(kind) for kind in (str, bytes, int, float, complex, bool, type(None))})
_PLAIN_MODULES = frozenset({"datetime", "decimal", "fractions", "uuid"})
_SCALARS = frozenset({"Timestamp", "Timedelta", "Period", "Interval", "NaTType", "NAType"})


class _UnreadableError(Exception):
    """A content holds objects whose text would have to be asked of their own code."""


def is_readable(values: Iterable[Any], depth: int = 3) -> bool:
    """Whether all elements are of types whose text tells their content and runs no code of the user's."""
    values = list(values)
    for kind in {id(kind): kind for kind in map(type, values)}.values():
        if id(kind) in _PLAIN:
            continue
        module = kind.__module__ if type(kind.__module__) is str else ""
        package = module.partition(".")[0]
        if package in _PLAIN_MODULES or (package == "pandas" and kind.__name__ in _SCALARS):
            continue
        if package == "numpy" and issubclass(kind, sys.modules["numpy"].generic):
            continue
        if not any(kind is known for known in (list, tuple, dict)) or depth == 0:
            return False
        if not all(is_readable(_inside(held), depth - 1) for held in values if type(held) is kind):
            return False
    return True


def _inside(held: Any) -> Iterable[Any]:
    return [*held.keys(), *held.values()] if type(held) is dict else held


def fingerprint_of(value: Any, limit: int = 1 << 62) -> Fingerprint | None:
    """The digest of a table's or array's whole content.

    None for what has no canonical form here, and for what takes more than ``limit`` bytes.
    """
    if is_dataset(type(value)) or _bytes_of(value) > limit:
        return None
    state = xxh3_128()
    try:
        algorithm = _add(state, value)
    except (_UnreadableError, TypeError, ValueError, AttributeError):
        return None
    return Fingerprint(algorithm=algorithm, hex=state.hexdigest()) if algorithm else None


def _add(state: xxh3_128, value: Any) -> str:
    """Add a content to a digest; returns the name of the algorithm, or an empty text where there is none."""
    numpy = sys.modules.get("numpy")
    if is_tensor(value):
        value = _array_of(value)
    if numpy is not None and isinstance(value, numpy.ndarray):
        _add_array(state, value)
        return "xxh3-array"
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        _add_index(state, value.index)
        for position, name in enumerate(value.columns):
            # Not by ``iloc``, which asks a subclass to make a series.
            _add_column(state, name, value._mgr.iget_values(position))
        return "xxh3-frame"
    if pandas is not None and isinstance(value, pandas.Series):
        _add_index(state, value.index)
        _add_column(state, value.name, value._mgr.internal_values())
        return "xxh3-frame"
    sparse = sys.modules.get("scipy.sparse")
    if sparse is not None and sparse.issparse(value):
        rows = value.tocsr()
        if not rows.has_canonical_format:
            rows = rows.copy()
            rows.sum_duplicates()
        state.update(repr((rows.shape, str(rows.dtype))).encode())
        for part in (rows.indptr.astype("int64"), rows.indices.astype("int64"), rows.data):
            _add_array(state, part)
        return "xxh3-sparse"
    return add_columns(state, value) if is_columnar(value) else ""


def _array_of(tensor: Any) -> Any:
    """A tensor's memory as an array; None where that is not the computer's own, or of a kind of its own.

    Reading the memory of an accelerator would make it wait.
    """
    if tensor.device.type != "cpu":
        return None
    try:
        return tensor.detach().numpy()
    except (RuntimeError, TypeError):
        return None


def is_telling(value: Any) -> bool:
    """Whether equal content is no accident.

    Unlike constants, counts and labels, it has many different numbers or texts, in no even steps.
    """
    if hasattr(value, "_mgr"):
        columns = [value.array] if value.ndim == 1 else map(value._mgr.iget_values, range(value.shape[1]))
        return any(_tells(column[:_SAMPLE]) for column in columns)
    return _tells(getattr(value, "data" if hasattr(value, "tocsr") else "flat", value)[:_SAMPLE])


def _tells(sample: Any) -> bool:
    pandas, numpy = sys.modules.get("pandas"), sys.modules["numpy"]
    if isinstance(sample.dtype, numpy.dtype) and sample.dtype.kind in "iufc":
        numbers = numpy.asarray(sample)
        return len(numpy.unique(numbers)) >= _DIFFERENT and len(numpy.unique(numpy.diff(numbers))) > 2
    if pandas is None or (sample.dtype.kind in "OVb" and not is_readable(sample)):
        return False
    return len(pandas.unique(sample)) >= _DIFFERENT


def _bytes_of(value: Any) -> int:
    if is_columnar(value):
        return size_of_columnar(value)
    size = getattr(value, "nbytes", None)
    if isinstance(size, int):
        return size
    shape = shape_of(value)
    return 8 * shape[0] * shape[1] if len(shape) == 2 else 0


def _add_index(state: xxh3_128, index: Any) -> None:
    pandas, numpy = sys.modules["pandas"], sys.modules["numpy"]
    if isinstance(index, pandas.RangeIndex):
        counts = index.start == 0 and index.step == 1
    else:
        counts = index.dtype == "int64" and numpy.array_equal(numpy.asarray(index), numpy.arange(len(index)))
    if counts and index.name is None:
        return
    state.update(b"index;")
    levels = range(index.nlevels)
    for level, name in zip(levels, index.names, strict=True):
        labels = index.get_level_values(level) if len(levels) > 1 else index
        is_numpy = isinstance(labels.dtype, numpy.dtype)
        _add_column(state, name, numpy.asarray(labels) if is_numpy else labels.array)


def _add_column(state: xxh3_128, name: Any, values: Any) -> None:
    """Add a named pandas column or index level to a digest."""
    numpy = sys.modules["numpy"]
    if not is_readable([name]):
        raise _UnreadableError
    state.update(f"{name!r}:{values.dtype};".encode(errors="backslashreplace"))
    if values.dtype.kind == "O" and isinstance(values.dtype, numpy.dtype):
        _add_objects(state, numpy.asarray(values))
    elif isinstance(values.dtype, numpy.dtype):
        _add_array(state, numpy.asarray(values))
    else:
        categories = getattr(values, "categories", None)
        if categories is not None and not is_readable(categories):
            raise _UnreadableError
        _add_array(state, sys.modules["pandas"].util.hash_array(values, categorize=False))


def _add_objects(state: xxh3_128, values: Any) -> None:
    """Add a column of objects: text by pandas' hash, anything else that can be read as it is written."""
    elements = values.tolist()
    if all(type(each) is str for each in elements):
        try:
            _add_array(state, sys.modules["pandas"].util.hash_array(values, categorize=False))
        except UnicodeEncodeError:
            state.update(repr(elements).encode(errors="backslashreplace"))
        return
    if not is_readable(elements):
        raise _UnreadableError
    # With their types: the number 1 and the text "1" are different contents.
    state.update(repr([(type(each).__name__, each) for each in elements]).encode(errors="backslashreplace"))


def _add_array(state: xxh3_128, array: Any) -> None:
    numpy = sys.modules["numpy"]
    if isinstance(array, numpy.ma.MaskedArray):
        _add_array(state, numpy.ma.getmaskarray(array))
        array = array.filled()
    array = numpy.asarray(array)
    state.update(f"{array.dtype.str}{array.shape}".encode())
    if array.dtype.names:
        for name in array.dtype.names:
            state.update(name.encode(errors="backslashreplace"))
            _add_array(state, array[name])
    elif array.dtype.hasobject:
        if not is_readable(array.ravel().tolist()):
            raise _UnreadableError
        state.update(repr(array.tolist()).encode(errors="backslashreplace"))
    elif array.size:
        contiguous = numpy.ascontiguousarray(array)
        state.update(contiguous.reshape(-1).view(numpy.uint8).data)
