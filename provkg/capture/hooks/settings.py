"""Settings as records: the values given to estimators and functions, defaults included."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

from msgspec.structs import replace

from provkg.capture.kinds import is_estimator, kind_of, type_name
from provkg.confidential import MARK, is_secret_setting
from provkg.records import Scalar, Setting

__all__ = [
    "defaults_of",
    "draws_in_vain",
    "own_settings",
    "part_types",
    "scalar",
    "setting",
    "settings_of",
    "splitter_settings",
]

_MAX_PARTS = 100
_CONTAINERS = (list, tuple, dict, set, frozenset)
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
_MAX_TEXT = 500
_LIBSVM = frozenset({"SVC", "NuSVC", "SVR", "NuSVR", "OneClassSVM"})
"""These are given a seed at every fit and use it for probability estimates alone."""
_COORDINATE_DESCENT = frozenset(
    {
        f"{multi}{name}{cv}"
        for multi in ("", "MultiTask")
        for name in ("Lasso", "ElasticNet")
        for cv in ("", "CV")
    }
)
"""These draw a seed at every fit and use it for a random order of the features alone."""
_HISTOGRAMS = frozenset({"HistGradientBoostingClassifier", "HistGradientBoostingRegressor"})
"""These use their seed to sample rows (of many), features, or a part for early stopping."""
_DRAWING_WITHOUT_SEED = frozenset({"GraphicalLasso", "GraphicalLassoCV"})
"""These cannot be given a seed, and use the one they draw for nothing."""
_MANY = 200_000


def scalar(value: Any) -> tuple[Scalar, str]:
    """A setting's value as a JSON scalar, and its Python class.

    >>> scalar(0.5)
    (0.5, 'float')
    >>> scalar(float("nan"))
    ('nan', 'float')
    >>> scalar([1, 2])
    ('[1, 2]', 'list')
    """
    kind = type(value)
    if value is None or kind in (bool, int, str):
        if kind is int and not -(2**63) <= value < 2**63:
            return str(value), "int"
        return value[:_MAX_TEXT] if kind is str else value, kind.__name__
    if kind is float:
        return (value if math.isfinite(value) else str(value)), "float"
    if kind.__module__ == "numpy" and getattr(value, "shape", None) == ():
        return scalar(value.item())
    if is_estimator(value):
        return type(value).__name__, type_name(kind)
    if kind_of(value) is not None:
        return f"{kind.__name__} of shape {getattr(value, 'shape', '?')}", type_name(kind)
    if callable(value):
        return getattr(value, "__qualname__", kind.__name__)[:_MAX_TEXT], "function"
    if kind in _CONTAINERS and len(value) > _MAX_PARTS:
        return f"{kind.__name__} of {len(value)}", kind.__name__
    if kind.__module__ == "__main__":
        return kind.__qualname__[:_MAX_TEXT], type_name(kind)  # its text would be made by the user's code
    # Where an object stands in memory is no setting, and differs from run to run.
    return _ADDRESS.sub("", repr(value)[:_MAX_TEXT]), type_name(kind)


def setting(name: str, value: Any, default: Any = inspect.Parameter.empty) -> Setting:
    """One setting as a record; whether it is explicit is known when its default is."""
    shown, kind = scalar(value)
    explicit = None
    if default is not inspect.Parameter.empty:
        explicit = scalar(default) != (shown, kind)
    if kind == "str" and is_secret_setting(name):
        shown = MARK
    return Setting(name=name, value=shown, type=kind, explicit=explicit)


_known_defaults: WeakKeyDictionary[type, Mapping[str, Any]] = WeakKeyDictionary()


def defaults_of(kind: type) -> Mapping[str, Any]:
    """The parameters of a class, with their defaults."""
    if kind not in _known_defaults:
        found: dict[str, Any] = {}
        for parent in kind.__mro__:
            if "__init__" not in parent.__dict__ and parent is not kind:
                continue
            parameters = _parameters(parent)
            found = {name: parameter.default for name, parameter in parameters.items()} | found
            # Only what takes any name hands those on to its parent.
            if not any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values()):
                break
        _known_defaults[kind] = found
    return _known_defaults[kind]


def _parameters(kind: type) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(kind).parameters
    except (TypeError, ValueError):
        return MappingProxyType({})


def settings_of(estimator: Any, given: Mapping[str, Any] | None = None) -> tuple[Setting, ...]:
    """All settings of an estimator, defaults included; those of nested estimators by their path.

    Parameters:
        given: settings to tell of instead of those that the estimator has.
    """
    parameters = estimator.get_params(deep=True)
    owners = {"": estimator} | {name: value for name, value in parameters.items() if is_estimator(value)}
    told = parameters if given is None else given
    found = []
    for name in sorted(told):
        path, _, own = name.rpartition("__")
        default = (
            defaults_of(type(owners[path])).get(own, inspect.Parameter.empty)
            if path in owners
            else (inspect.Parameter.empty)
        )
        found.append(setting(name, told[name], default))
    return tuple(found)


def own_settings(thing: Any) -> tuple[Setting, ...]:
    """The settings of what is made like an estimator and is none, as a splitter: its parameters, by name."""
    return tuple(
        setting(name, getattr(thing, name), default)
        for name, default in defaults_of(type(thing)).items()
        if hasattr(thing, name)
    )


def splitter_settings(splitter: Any) -> tuple[Setting, ...]:
    """The splitter that a ``cv`` argument came to, and its settings; what the user chose is in ``cv``."""
    kind = type(splitter)
    own = (replace(each, name=f"splitter__{each.name}", explicit=False) for each in own_settings(splitter))
    return Setting(name="splitter", value=kind.__name__, type=type_name(kind), explicit=False), *own


def part_types(estimator: Any) -> frozenset[type]:
    """The classes of the estimators that one was given for settings, as a pipeline is."""
    try:
        parameters = estimator.get_params(deep=False)
    except Exception:  # it does not keep to scikit-learn's rules for settings
        return frozenset()
    return frozenset(
        type(each)
        for value in parameters.values()
        for item in (value[:_MAX_PARTS] if type(value) in (list, tuple) else (value,))
        for each in (item if type(item) is tuple else (item,))
        if is_estimator(each)
    )


def draws_in_vain(estimator: Any, rows: int | None = None) -> bool:
    """Whether those without a seed, of an estimator and the ones in it, all draw one and leave it unused.

    Parameters:
        rows: of the data that it was fitted to.
    """
    if not is_estimator(estimator):
        return False
    try:
        parts = (estimator, *estimator.get_params(deep=True).values())
    except Exception:  # it does not keep to scikit-learn's rules for settings
        return False
    drawing = [
        part
        for part in parts
        if (hasattr(part, "random_state") and part.random_state is None)
        or type(part).__name__ in _DRAWING_WITHOUT_SEED
    ]
    return bool(drawing) and all(_draws_in_vain(part, rows) for part in drawing)


def _draws_in_vain(estimator: Any, rows: int | None) -> bool:
    name = type(estimator).__name__
    if name in _LIBSVM:
        return getattr(estimator, "probability", False) is not True
    if name in _COORDINATE_DESCENT:
        return getattr(estimator, "selection", "") == "cyclic"
    if name in _HISTOGRAMS:
        whole = getattr(estimator, "max_features", 1.0) == 1.0
        return whole and getattr(estimator, "do_early_stopping_", True) is False and (rows or _MANY) < _MANY
    return name in _DRAWING_WITHOUT_SEED
