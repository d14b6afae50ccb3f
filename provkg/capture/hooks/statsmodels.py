"""Hooks on statsmodels: models made from tables or formulas, their fits, predictions, and results in files.

As of scikit-learn, methods are hooked where classes are made, so those of users and of all parts of the
library are seen.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.boosting import saving
from provkg.capture.hooks.calls import begin_with
from provkg.capture.hooks.known import known_class, known_signature
from provkg.capture.hooks.loading import Loading
from provkg.capture.hooks.replacing import replace, replace_method
from provkg.capture.hooks.statsmodels_steps import Building, Estimating, Extending, Predicting
from provkg.capture.hooks.wrap import follow, listen, step

__all__ = ["AFTER_IMPORT"]

_FITS = ("fit", "fit_regularized", "fit_constrained")
_PREDICTIONS = ("predict", "forecast", "get_prediction", "get_forecast")
_EXTENSIONS = ("append", "apply", "extend", "get_robustcov_results")


def _patch_model(module: ModuleType) -> None:
    model, results = known_class(module, "Model", "fit"), known_class(module, "Results", "predict")
    known_signature(model, "__init__", "endog", "exog")
    known_signature(model, "from_formula", "formula", "data")
    _watch(model, _wrap_model)
    _watch(results, _wrap_results)


def _watch(base: Any, wrap: Callable[[type], None]) -> None:
    """Wrap the methods of a class and of all that are or will be made from it."""

    def made(cls: Any, /, **kwargs: Any) -> None:
        super(base, cls).__init_subclass__(**kwargs)
        try:
            wrap(cls)
        except Exception as error:
            if gate.session is not None:
                gate.session.notice(f"hooks on {cls.__qualname__}", error)

    if "__init_subclass__" not in vars(base):
        base.__init_subclass__ = classmethod(made)
    for known in (base, *_subclasses(base)):
        wrap(known)


def _subclasses(base: type) -> Iterator[type]:
    children: list[type] = base.__subclasses__()
    for child in children:
        yield child
        yield from _subclasses(child)


def _wrap_model(model: type) -> None:
    for name in ("__init__", "from_formula"):
        _replace(model, name, Building)
    for name in _FITS:
        _replace(model, name, partial(Estimating, method=name), is_fit=True)


def _wrap_results(results: type) -> None:
    for name in _PREDICTIONS:
        _replace(results, name, partial(Predicting, method=name))
    for name in _EXTENSIONS:
        _replace(results, name, partial(Extending, method=name))


def _replace(owner: type, name: str, make: Callable[..., Any], *, is_fit: bool = False) -> None:
    def replacement(original: Any) -> Any:
        signature = inspect.signature(original)

        def begin(session: Any, given: Any) -> Any:
            return make(session, signature=signature, given=given)

        return step(original, begin_with(begin, signature), is_fit=is_fit)

    replace_method(owner, name, replacement)


def _patch_wrapper(module: ModuleType) -> None:
    wrapper = known_class(module, "ResultsWrapper", "save")
    known_signature(module, "populate_wrapper", "klass", "wrapping")
    for known in _subclasses(wrapper):
        _wrap_results(known)
    replace(module, "populate_wrapper", partial(listen, hear=_populated, always=True))
    replace_method(
        wrapper,
        "save",
        partial(step, begin=saving("statsmodels.ResultsWrapper.save", "statsmodels", unseen=False)),
    )


def _populated(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """Methods that put results in tables were given to a class: they are hooked as those inside are."""
    if args:
        _wrap_results(args[0])


def _patch_vectors(module: ModuleType) -> None:
    """Results of vector autoregressions are of a class of their own."""
    for name in ("VARProcess", "VARResults"):
        _wrap_results(known_class(module, name))


def _patch_pickling(module: ModuleType) -> None:
    replace(module, "load_pickle", partial(step, begin=Loading.of("statsmodels.load", "statsmodels")))


def _patch_tools(module: ModuleType) -> None:
    known_signature(module, "add_constant", "data")
    replace(module, "add_constant", partial(follow, observe=_derived("statsmodels.add_constant")))


def _patch_formulas(module: ModuleType) -> None:
    for name in ("dmatrix", "dmatrices"):
        known_signature(module, name, "data")
        replace(module, name, partial(follow, observe=_derived(f"patsy.{name}", 1)))


def _derived(label: str, position: int = 0) -> Callable[[tuple[Any, ...], dict[str, Any], Any], None]:
    """An observer of functions that make tables or arrays of the data at a position."""

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session = gate.session
        data = args[position] if len(args) > position else kwargs.get("data")
        if session is None or data is None:
            return
        source = session.values.resolve(data)
        for made in result if isinstance(result, tuple) else (result,):
            session.values.tracker.derive(made, [source] if source is not None else [], label)

    return observe


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {
    "patsy.highlevel": (_patch_formulas,),
    "statsmodels.base.model": (_patch_model,),
    "statsmodels.base.wrapper": (_patch_wrapper,),
    "statsmodels.iolib.smpickle": (_patch_pickling,),
    "statsmodels.tools.tools": (_patch_tools,),
    "statsmodels.tsa.vector_ar.var_model": (_patch_vectors,),
}
