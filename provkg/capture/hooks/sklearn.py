"""Hooks on scikit-learn: trainings, transformations, predictions, scores, splits, metrics, searches.

Estimators are hooked where classes are made (``BaseEstimator.__init_subclass__``), so third-party and
user-defined ones are seen too; functions in the modules that define them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.calls import Begin
from provkg.capture.hooks.estimators import Fitting, Predicting, Scoring, Transforming
from provkg.capture.hooks.evaluating import CrossValidating
from provkg.capture.hooks.loading import Loading
from provkg.capture.hooks.measuring import Measuring, is_metric
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.scorers import ScorerCall
from provkg.capture.hooks.searching import Searching, is_search
from provkg.capture.hooks.splitting import Splitting, watch_splits
from provkg.capture.hooks.wrap import is_replacement, step

__all__ = ["AFTER_IMPORT"]


def _fitting(method: str) -> Begin:
    fitting, searching = Fitting.of(method), Searching.of(method)

    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return searching(args, kwargs) if args and is_search(args[0]) else fitting(args, kwargs)

    return begin


_FITS: dict[str, Begin] = {
    name: _fitting(name) for name in ("fit", "partial_fit", "fit_transform", "fit_predict", "fit_resample")
}
_OTHERS: dict[str, Begin] = {
    "transform": Transforming.of("transform"),
    "inverse_transform": Transforming.of("inverse_transform"),
    "predict": Predicting.of("predict"),
    "predict_proba": Predicting.of("predict_proba"),
    "predict_log_proba": Predicting.of("predict_log_proba"),
    "decision_function": Predicting.of("decision_function"),
    "score": Scoring.of("score"),
}
_METRIC_MODULES = (
    "sklearn.metrics._classification",
    "sklearn.metrics._regression",
    "sklearn.metrics._ranking",
    "sklearn.metrics.cluster._bicluster",
    "sklearn.metrics.cluster._supervised",
    "sklearn.metrics.cluster._unsupervised",
    "sklearn.calibration",
)
_VALIDATIONS = (
    "cross_val_score",
    "cross_validate",
    "cross_val_predict",
    "learning_curve",
    "validation_curve",
    "permutation_test_score",
    "permutation_importance",
)


def _patch_base(module: ModuleType) -> None:
    base = module.BaseEstimator
    _watch_subclasses(base)
    for known in _subclasses(base):
        _wrap_methods(known)


def _watch_subclasses(base: Any) -> None:
    if "__init_subclass__" in base.__dict__:
        return

    def made(cls: Any, /, **kwargs: Any) -> None:
        super(base, cls).__init_subclass__(**kwargs)
        _wrap_quietly(cls)

    base.__init_subclass__ = classmethod(made)


def _wrap_quietly(cls: type) -> None:
    try:
        _wrap_methods(cls)
    except Exception as error:
        if gate.session is not None:
            gate.session.notice(f"hooks on {cls.__qualname__}", error)


def _subclasses(base: type) -> Iterator[type]:
    children: list[type] = base.__subclasses__()
    for child in children:
        yield child
        yield from _subclasses(child)


def _wrap_methods(owner: type) -> None:
    """Replace the methods that an estimator has, in the class of its ancestry that defines each."""
    for table, is_fit in ((_FITS, True), (_OTHERS, False)):
        for name, begin in table.items():
            defining = next((parent for parent in owner.__mro__ if name in parent.__dict__), None)
            if defining is not None:
                _wrap_method(defining, name, begin, is_fit)


def _wrap_method(owner: type, name: str, begin: Callable[..., Any], is_fit: bool) -> None:
    found = owner.__dict__[name]
    if isinstance(found, property | staticmethod | classmethod):
        return
    if callable(found):
        if not is_replacement(found):
            setattr(owner, name, step(found, begin, is_fit=is_fit))
    elif callable(getattr(found, "fn", None)) and not is_replacement(found.fn):
        # sklearn.utils.metaestimators.available_if keeps the function in ``fn``.
        found.fn = step(found.fn, begin, is_fit=is_fit)


def _patch_output(module: ModuleType) -> None:
    """``transform`` is wrapped again when its output becomes a frame (``set_output``): follow that frame."""
    mixin: Any = module._SetOutputMixin
    original = mixin.__dict__["__init_subclass__"].__func__
    if original.__module__ == __name__:
        return

    def made(cls: Any, /, *args: Any, **kwargs: Any) -> None:
        original(cls, *args, **kwargs)
        _wrap_quietly(cls)

    mixin.__init_subclass__ = classmethod(made)


def _patch_metrics(module: ModuleType) -> None:
    for name, function in _functions(module):
        if is_metric(function):
            replace(module, name, lambda original: step(original, Measuring.of(original)))


def _functions(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """The public functions that a module defines."""
    for name, function in list(vars(module).items()):
        if name.startswith("_") or not inspect.isfunction(function):
            continue
        if function.__module__ == module.__name__:
            yield name, function


def _patch_split(module: ModuleType) -> None:
    replace(module, "train_test_split", lambda original: step(original, Splitting.of(original)))


def _patch_splitters(module: ModuleType) -> None:
    for owner in [value for value in vars(module).values() if isinstance(value, type)]:
        original = owner.__dict__.get("split")
        if inspect.isfunction(original) and not is_replacement(original):
            owner.split = watch_splits(original)  # type: ignore[attr-defined]


def _patch_scorers(module: ModuleType) -> None:
    for owner in (module._BaseScorer, module._MultimetricScorer):
        original = owner.__call__
        if not is_replacement(original):
            owner.__call__ = step(original, ScorerCall.begin)


def _patch_validation(module: ModuleType) -> None:
    for name in _VALIDATIONS:
        replace(module, name, lambda original: step(original, CrossValidating.of(original)))


_NO_ARGUMENT = 99
"""None names a file: a bundled data set is opened by its loader."""


def _patch_datasets(module: ModuleType) -> None:
    for name, _ in _functions(module):
        if name.startswith(("load_", "fetch_")) and name != "load_files":
            target = 0 if name == "load_sample_image" else _NO_ARGUMENT
            loading = Loading.of(
                f"sklearn.datasets.{name}", "scikit-learn", target=target, names=("image_name",)
            )
            replace(module, name, partial(step, begin=loading))


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {
    "sklearn.utils._set_output": (_patch_output,),
    "sklearn.base": (_patch_base,),
    "sklearn.model_selection._split": (_patch_split, _patch_splitters),
    "sklearn.model_selection._validation": (_patch_validation,),
    "sklearn.inspection._permutation_importance": (_patch_validation,),
    "sklearn.datasets._base": (_patch_datasets,),
    "sklearn.metrics._scorer": (_patch_scorers,),
    **dict.fromkeys(_METRIC_MODULES, (_patch_metrics,)),
}
