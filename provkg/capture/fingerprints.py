"""Digests of contents in memory: of the whole up to a limit, of a part above it.

They serve to notice change in place and equal content; nothing is named by them in the graph. Equal content
has an equal digest whatever its layout in memory: order, strides, chunks, the order of categories. The digest
of a part (`provkg.capture.samples`) says that it is one: different ones tell that contents differ, equal ones
tell nothing. Its algorithm ends in the number of rows that it covers (``xxh3-array-of-65536-rows``).

Two fingerprints are comparable when their algorithms are equal:

``xxh3-array``
    XXH3-128 over element type, shape and the elements in C order; of a masked array also its mask, of a
    structured one its fields by name. A torch tensor is digested as an array, where it is not on a device.
``xxh3-frame-2``
    XXH3-128 over, for each column in order, its name, type and elements; the index comes first unless its
    labels are the row numbers from 0, whether as a range or as integers. Texts count as in
    `provkg.capture.text_digests`, after their number and which of them are missing. Other extension types are
    hashed by `pandas.util.hash_array`, for which all missing values are the same.
``xxh3-sparse``
    XXH3-128 over the arrays of a SciPy sparse matrix in canonical CSR form.
``xxh3-columns``, ``xxh3-arrow-2``
    XXH3-128 over, for each column of polars or pyarrow in order, its name, type, length, which elements are
    missing, and the elements; see `provkg.capture.columnar`.

Objects that only their own code could describe have no digest: that code is not run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from xxhash import xxh3_128

from provkg.capture.columnar import add_columns, is_columnar, size_of_columnar
from provkg.capture.kinds import dtype_text, shape_of
from provkg.capture.memory import is_dataset, is_tensor
from provkg.capture.samples import blocks_of
from provkg.capture.text_digests import add_arrow_texts, add_texts, arrow_texts_of
from provkg.records import Digest, Fingerprint

__all__ = ["fingerprint_of", "is_readable", "is_telling"]

_SAMPLE = 4096
_BLOCK = 1 << 18
"""Bytes that are copied at once: what fits into the processor's cache."""
_PYTHON_TEXTS = frozenset({"StringArray", "StringArrayNumpySemantics"})
"""Columns of texts that pandas keeps without Arrow."""
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


def fingerprint_of(value: Any, limit: int = 1 << 62, part: int = 0) -> Fingerprint | None:
    """The digest of a table's or array's content: of the whole, or of a part of what is larger.

    None for what has no canonical form here.

    Parameters:
        limit: the most bytes of which the digest is of the whole.
        part: about how many bytes the digest of a larger value covers; 0 for none.
    """
    if is_dataset(type(value)):
        return None
    blocks: tuple[slice, ...] = ()
    if _bytes_of(value) > limit:
        blocks = blocks_of(value, min(part, limit))
        if not blocks:
            return None
    state = xxh3_128()
    try:
        algorithm = _add_part(state, value, blocks) if blocks else _add(state, value)
    except (_UnreadableError, TypeError, ValueError, AttributeError):
        return None
    if not algorithm:
        return None
    if blocks:
        algorithm += f"-of-{sum(block.stop - block.start for block in blocks)}-rows"
    covers = Digest.PARTIAL if blocks else Digest.FULL
    return Fingerprint(algorithm=algorithm, hex=state.hexdigest(), covers=covers)


def _add(state: xxh3_128, value: Any) -> str:
    """Add a content to a digest; returns the name of the algorithm, or an empty text where there is none."""
    array = _array_in(value)
    if array is not None:
        _add_array(state, array)
        return "xxh3-array"
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series):
        _add_index(state, value.index)
        for name, column in _columns_in(value):
            _add_column(state, name, column)
        return "xxh3-frame-2"
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


def _add_part(state: xxh3_128, value: Any, blocks: tuple[slice, ...]) -> str:
    """`_add`, of some rows of a value, whose shape counts."""
    state.update(f"{shape_of(value)}{blocks[0].stop};".encode())
    array = _array_in(value)
    if array is not None:
        for block in blocks:
            _add_array(state, array[block])
        return "xxh3-array"
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series):
        for block in blocks:
            _add_index(state, value.index[block])
        for name, column in _columns_in(value):
            for block in blocks:
                _add_column(state, name, column[block])
        return "xxh3-frame-2"
    if not is_columnar(value):
        return ""
    algorithms = {add_columns(state, value[block]) for block in blocks}
    return algorithms.pop() if len(algorithms) == 1 else ""


def _array_in(value: Any) -> Any:
    """What a NumPy array or torch tensor holds, as an array of NumPy's own; None for anything else."""
    numpy = sys.modules.get("numpy")
    if is_tensor(value):
        return _array_of(value)
    if numpy is None or not isinstance(value, numpy.ndarray):
        return None
    return value if isinstance(value, numpy.ma.MaskedArray) else numpy.asarray(value)


def _columns_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """The columns of a pandas table, or the one of a series, with their names."""
    if value.ndim == 1:
        yield value.name, value._mgr.internal_values()
        return
    for position, name in enumerate(value.columns):
        # Not by ``iloc``, which asks a subclass to make a series.
        yield name, value._mgr.iget_values(position)


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
    if type(name) is not str and not is_readable([name]):
        raise _UnreadableError
    state.update(f"{name!r}:{dtype_text(values.dtype)};".encode(errors="backslashreplace"))
    chunks = arrow_texts_of(values)
    if chunks is not None:
        _begin_texts(state, len(chunks), chunks.null_count, values)
        add_arrow_texts(state, chunks.chunks)
    elif values.dtype.kind == "O" and isinstance(values.dtype, numpy.dtype):
        _add_objects(state, numpy.asarray(values))
    elif isinstance(values.dtype, numpy.dtype):
        _add_array(state, numpy.asarray(values))
    elif type(values).__name__ in _PYTHON_TEXTS:
        missing = numpy.asarray(values.isna())
        _begin_texts(state, len(values), int(missing.sum()), values)
        texts = numpy.asarray(values, dtype=object)
        add_texts(state, [text if type(text) is str else "" for text in texts.tolist()])
    else:
        categories = getattr(values, "categories", None)
        if categories is not None and not is_readable(categories):
            raise _UnreadableError
        _add_array(state, sys.modules["pandas"].util.hash_array(values, categorize=False))


def _begin_texts(state: xxh3_128, count: int, missing: int, values: Any) -> None:
    state.update(f"{count},{missing};".encode())
    if missing:
        state.update(sys.modules["numpy"].asarray(values.isna()).tobytes())


def _add_objects(state: xxh3_128, values: Any) -> None:
    """Add a column of objects: texts as such, anything else that can be read as it is written."""
    elements = values.tolist()
    if {*map(type, elements)} == {str}:
        state.update(f"{len(elements)} texts;".encode())
        add_texts(state, elements)
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
        _add_elements(state, array)


def _add_elements(state: xxh3_128, array: Any) -> None:
    """Add the elements of an array in C order, in blocks of rows where they would have to be copied."""
    numpy = sys.modules["numpy"]
    if array.ndim < 2 or array.flags.c_contiguous or array.nbytes <= _BLOCK:
        contiguous = numpy.ascontiguousarray(array)
        state.update(contiguous.reshape(-1).view(numpy.uint8).data)
        return
    rows = max(1, _BLOCK * array.shape[0] // array.nbytes)
    copy = numpy.empty((rows, *array.shape[1:]), array.dtype)
    for begin in range(0, array.shape[0], rows):
        block = array[begin : begin + rows]
        numpy.copyto(copy[: len(block)], block)
        state.update(copy[: len(block)].reshape(-1).view(numpy.uint8).data)
