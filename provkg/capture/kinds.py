"""What a value is: its kind, its class, its shape and its columns.

Nothing is imported here that the user has not imported: types are recognised by the module that defines
them. No code of the user's is run for that.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import islice
from typing import Any
from weakref import ref

from provkg.capture.columnar import columns_of_columnar, is_columnar
from provkg.capture.memory import is_dataset, rows_of
from provkg.capture.missing import MAX_ELEMENTS, missing_in, missing_in_columns
from provkg.capture.networks import NETWORKS, check_of_network, kind_of_network, published
from provkg.records import Column, ValueKind

__all__ = [
    "columns_of",
    "declare",
    "dtype_text",
    "element_type_of",
    "is_estimator",
    "is_table",
    "kind_of",
    "label_text",
    "shape_of",
    "type_name",
]

_TABLES = frozenset({"DataFrame", "LazyFrame", "Table", "RecordBatch", "GeoDataFrame"})
_DATA_PACKAGES = frozenset({"pandas", "numpy", "scipy", "polars", "pyarrow", "geopandas", "modin", "dask"})
_ARRAYS = frozenset(
    {
        "ExtensionArray",
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
_LIBRARY_CLASSES = {
    "xgboost.core.Booster": ValueKind.MODEL,
    "xgboost.core.DMatrix": ValueKind.DATASET,
    "lightgbm.basic.Booster": ValueKind.MODEL,
    "lightgbm.basic.Dataset": ValueKind.DATASET,
    "catboost.core.CatBoost": ValueKind.MODEL,
    "catboost.core.Pool": ValueKind.DATASET,
    "pyarrow._dataset.Dataset": ValueKind.DATASET,
    "PIL.Image.Image": ValueKind.DATASET,
    "statsmodels.base._prediction_inference.PredictionResultsBase": ValueKind.PREDICTION,
    "statsmodels.regression._prediction.PredictionResults": ValueKind.PREDICTION,
    "statsmodels.tsa.base.prediction.PredictionResults": ValueKind.PREDICTION,
    "statsmodels.tsa.statespace.mlemodel.PredictionResultsWrapper": ValueKind.PREDICTION,
    "statsmodels.base.model.Model": ValueKind.MODEL,
    "statsmodels.base.model.Results": ValueKind.MODEL,
    "statsmodels.base.wrapper.ResultsWrapper": ValueKind.MODEL,
}
"""Classes of libraries whose models and data are neither estimators nor arrays; and what is made of them."""
_LIBRARIES = {name.partition(".")[0] for name in _LIBRARY_CLASSES}
_FLAT_PACKAGES = frozenset({"pandas", "numpy", "xgboost", "lightgbm", "catboost", "polars", "pyarrow"})
"""Users know the classes of these by the package alone."""
_TYPING = frozenset({"numpy", "pandas", "polars", "torch"})
"""Packages whose types of elements are asked for their text."""
_names: dict[int, tuple[ref[type], str]] = {}
_tables: dict[int, tuple[ref[type], bool]] = {}
_kinds: dict[int, tuple[ref[type], ValueKind | None, Callable[[Any], ValueKind | None] | None]] = {}
"""By identity, since a metaclass may compare or hash as it likes; weakly, since a class may hold much."""


def declare(kind: type, meaning: ValueKind) -> None:
    """Take the instances of a class, and of those derived from it, for models or transformers."""
    _LIBRARY_CLASSES[f"{kind.__module__}.{kind.__qualname__}"] = meaning
    _LIBRARIES.add(kind.__module__.partition(".")[0])
    _kinds.clear()


def type_name(kind: type) -> str:
    """The qualified name of a class by which users know it: private modules are left out.

    >>> from decimal import Decimal
    >>> type_name(Decimal)
    'decimal.Decimal'
    """
    known = _names.get(id(kind))
    if known is None or known[0]() is not kind:
        known = _names[id(kind)] = ref(kind), _type_name(kind)
    return known[1]


def _type_name(kind: type) -> str:
    module = kind.__module__
    parts = module.split(".") if type(module) is str else []
    public = [part for part in parts if part == "__main__" or not part.startswith("_")]
    if public and public[0] in _FLAT_PACKAGES:
        public = public[:1]
    elif public and public[0] in NETWORKS:
        public = published(public)
    if public == ["builtins"]:
        return kind.__qualname__
    return ".".join([*public, kind.__qualname__])


def is_estimator(value: object) -> bool:
    """Whether a value is an estimator or another model, fitted or not, by its class."""
    return kind_of(value) in (ValueKind.MODEL, ValueKind.TRANSFORMER)


def kind_of(value: object) -> ValueKind | None:
    """What a value is to an experiment, or None when it is nothing that is followed."""
    kind = type(value)
    known = _kinds.get(id(kind))
    if known is None or known[0]() is not kind:
        known = _kinds[id(kind)] = (ref(kind), _kind_of_type(kind), _by_instance(kind))
    return known[1] if known[2] is None else known[2](value)


def _by_instance(kind: type) -> Callable[[Any], ValueKind | None] | None:
    """What tells single values of a class apart, where they are not all the same."""
    if kind.__name__ == "ndarray" and kind.__module__ == "numpy":
        return _kind_of_array
    if any(
        parent.__name__ == "Pipeline" and parent.__module__ == "sklearn.pipeline" for parent in kind.__mro__
    ):
        return _kind_of_pipeline
    return check_of_network(kind)


def _kind_of_array(array: Any) -> ValueKind | None:
    """An array of axes, as `matplotlib.pyplot.subplots` returns, is no data."""
    if array.dtype.hasobject and array.size and _is_drawn_on(array.flat[0]):
        return None
    return ValueKind.DATASET


def _is_drawn_on(element: object) -> bool:
    module = type(element).__module__
    return type(module) is str and module.startswith("matplotlib.")


def _kind_of_pipeline(pipeline: Any) -> ValueKind | None:
    """A pipeline is what its last step is."""
    steps = object.__getattribute__(pipeline, "__dict__").get("steps")
    last = steps[-1] if type(steps) is list and steps else None
    found = kind_of(last[1]) if type(last) is tuple and len(last) == 2 else None
    return found if found is ValueKind.MODEL else ValueKind.TRANSFORMER


def _kind_of_type(kind: type) -> ValueKind | None:
    for parent in kind.__mro__:
        package = _package(parent)
        name = f"{parent.__module__}.{parent.__qualname__}"
        known = _LIBRARY_CLASSES.get(name) if package in _LIBRARIES else None
        if known is not None:
            return known
        if package in _DATA_PACKAGES and (parent.__name__ in _TABLES or parent.__name__ in _ARRAYS):
            return ValueKind.DATASET
        if package == "pandas" and parent.__name__ == "Index":
            return ValueKind.OTHER
    base = getattr(sys.modules.get("sklearn.base"), "BaseEstimator", None)
    if base is not None and issubclass(kind, base):
        predicts = hasattr(kind, "predict") or hasattr(kind, "fit_predict")
        transforms = any(hasattr(kind, name) for name in ("transform", "fit_transform", "fit_resample"))
        return ValueKind.TRANSFORMER if transforms and not predicts else ValueKind.MODEL
    return kind_of_network(kind)


def is_table(value: object) -> bool:
    """Whether a value is a table of pandas or polars."""
    kind = type(value)
    known = _tables.get(id(kind))
    if known is None or known[0]() is not kind:
        tables = (each for each in kind.__mro__ if each.__name__ == "DataFrame")
        found = any(_package(each) in ("pandas", "polars") for each in tables)
        known = _tables[id(kind)] = ref(kind), found
    return known[1]


def _package(kind: type) -> str:
    module = kind.__module__
    return module.partition(".")[0] if type(module) is str else ""


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of a table or array, rows first, or the length of a container; empty when it has none."""
    if any(type(value) is kind for kind in (list, tuple, dict, set)):
        return (len(value),)
    if type(value).__module__.startswith("PIL."):
        return (*value.size[::-1], len(value.getbands()))
    if is_dataset(type(value)):
        return rows_of(value) if type(value).__module__.startswith("torch.") else ()
    shape = getattr(value, "shape", ())
    if not isinstance(shape, tuple) or any(type(length) is not int for length in shape):
        return ()  # as of a lazy table: to ask its length would compute it
    return tuple(shape)


def columns_of(value: Any, limit: int = 1000) -> tuple[Column, ...]:
    """The columns of a table, at most ``limit`` of them, or the one of a named series."""
    name = type(value).__name__
    if is_columnar(value):
        return columns_of_columnar(value, limit)
    if name == "Series" and getattr(value, "name", None) is not None:
        counts = value.size <= MAX_ELEMENTS and hasattr(value, "_mgr")
        missing = missing_in(value._mgr.internal_values()) if counts else None
        return (Column(name=label_text(value.name), type=dtype_text(value.dtype), missing=missing),)
    if name not in _TABLES or not hasattr(value, "columns"):
        return ()
    if hasattr(value, "_mgr"):
        pairs = zip(value.columns, value._mgr.get_dtypes(), strict=True)
    else:
        pairs = zip(value.columns, value.dtypes, strict=True)
    by_place = missing_in_columns(value, limit) if hasattr(value, "_mgr") else {}
    return tuple(
        Column(name=label_text(name), type=dtype_text(kind), missing=by_place.get(place))
        for place, (name, kind) in enumerate(islice(pairs, limit))
    )


def element_type_of(value: Any) -> str:
    """The type of an array's elements, or of those of a column without a name; empty of anything else."""
    if type(value).__name__ in _TABLES:
        return ""
    dtype = getattr(value, "dtype", None)
    if dtype is None or _package(type(dtype)) not in _TYPING:
        return ""
    return "void" if getattr(dtype, "names", None) else dtype_text(dtype)  # fields may not be named


_dtypes: dict[int, tuple[Any, str]] = {}


def dtype_text(dtype: Any) -> str:
    """The text of an element type; those of NumPy make theirs anew each time, for microseconds."""
    known = _dtypes.get(id(dtype))
    if known is not None and known[0] is dtype:
        return known[1]
    text = str(dtype)
    if type(dtype).__module__.startswith("numpy") and dtype.isbuiltin == 1:  # there is one object of each
        _dtypes[id(dtype)] = dtype, text
    return text


def label_text(label: object) -> str:
    """The text of a column's or index's name; of a class of the user's only its name."""
    if type(label) is str:
        return label
    module = type(label).__module__
    return type(label).__qualname__ if module == "__main__" else str(label)
