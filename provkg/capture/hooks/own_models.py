"""The methods of the user's own classes that have those of a model, and no library's class for a base.

That they fit and predict is taken from their names: *declared*. What they do inside is the user's code, and
is looked at as such.
"""

from __future__ import annotations

import inspect
import sys
from time import perf_counter
from types import FunctionType
from typing import Any

from provkg.capture.gate import gate, own
from provkg.capture.hooks.calls import Begin
from provkg.capture.hooks.estimators import EstimatorCall, Fitting, Predicting, Scoring, Transforming
from provkg.capture.hooks.settings import defaults_of, setting
from provkg.capture.hooks.wrap import dress, hide, is_replacement, report
from provkg.capture.kinds import declare
from provkg.capture.threads import is_handed_on
from provkg.capture.values import Node
from provkg.records import Evidence, Setting, ValueKind

__all__ = ["hook_class"]


class _OwnCall(EstimatorCall):
    evidence = Evidence.DECLARED

    def read_settings(self, estimator: Any) -> tuple[Setting, ...]:
        """The parameters of its construction that the object keeps under their names."""
        held = object.__getattribute__(estimator, "__dict__") if hasattr(type(estimator), "__dict__") else {}
        defaults = defaults_of(type(estimator))
        return tuple(setting(name, held[name], default) for name, default in defaults.items() if name in held)


class _OwnFitting(_OwnCall, Fitting):
    def _follow_parts(self, fitted: Node) -> None:
        """What it holds was made in the user's own code, and is known from there."""


class _OwnPredicting(_OwnCall, Predicting):
    pass


class _OwnTransforming(_OwnCall, Transforming):
    pass


class _OwnScoring(_OwnCall, Scoring):
    pass


_METHODS: dict[str, type[_OwnCall]] = {
    "fit": _OwnFitting,
    "fit_transform": _OwnFitting,
    "partial_fit": _OwnFitting,
    "transform": _OwnTransforming,
    "predict": _OwnPredicting,
    "predict_proba": _OwnPredicting,
    "score": _OwnScoring,
}


def hook_class(kind: type) -> None:
    """Take the instances of a class for models or transformers, and watch their methods."""
    predicts = any(hasattr(kind, name) for name in ("predict", "predict_proba"))
    declare(kind, ValueKind.MODEL if predicts else ValueKind.TRANSFORMER)
    for name, call in _METHODS.items():
        for owner in kind.__mro__:
            found = owner.__dict__.get(name)
            if type(found) is FunctionType and not is_replacement(found) and not _is_lazy(found):
                setattr(owner, name, _openly(found, call.of(name)))


def _is_lazy(function: FunctionType) -> bool:
    return inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function)


def _openly(original: Any, begin: Begin) -> Any:  # noqa: C901, PLR0915
    """A replacement that makes a step of a call, and lets what happens inside be seen too.

    Calls that an object makes of its own methods are part of the call that is under way.
    """

    def replacement(*args: Any, **kwargs: Any) -> Any:  # noqa: C901, PLR0912, PLR0915
        watched = own.activities and gate.belongs() == gate.openings
        itself = id(args[0]) if args else 0
        if not watched or itself in own.inside_own:
            try:
                return original(*args, **kwargs)
            except BaseException as failure:
                BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
                raise
        seen, began, held = None, 0.0, None
        own.inside_own.add(itself)
        try:
            try:
                held = gate.enter()
                if held is not None and not is_handed_on():
                    seen = begin(args, kwargs)
            except Exception as error:
                report(original, error)
            finally:
                if held is not None:
                    held.release()
            began = perf_counter()
            result = original(*args, **kwargs)
            if seen is not None:
                seconds, held = perf_counter() - began, None
                try:
                    held = gate.enter()
                    if held is not None:
                        seen.succeeded(result, seconds)
                except Exception as error:
                    report(original, error)
                finally:
                    if held is not None:
                        held.release()
            return result
        except BaseException as failure:
            BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
            if seen is not None:
                seconds, held = perf_counter() - began, None
                try:
                    held = gate.enter()
                    if held is not None:
                        seen.failed(failure, seconds)
                except Exception as error:
                    report(original, error)
                finally:
                    if held is not None:
                        held.release()
            raise
        finally:
            own.inside_own.discard(itself)

    return dress(replacement, original)


hide(_openly)
