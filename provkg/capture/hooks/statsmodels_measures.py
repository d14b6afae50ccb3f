"""What a fitted model of statsmodels says about its fit: measures that follow from it at little cost."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

__all__ = ["measures"]

_MAX_NUMBERS = 2_000_000
"""Of data larger than this, nothing is computed: a pass over it would take time."""
_LIKELIHOOD = ("llf", "aic", "bic")
_MEASURES: dict[str, tuple[str, ...]] = {
    "statsmodels.regression.linear_model.OLSResults": ("rsquared", "rsquared_adj", *_LIKELIHOOD),
    "statsmodels.regression.linear_model.RegressionResults": ("rsquared", "rsquared_adj", *_LIKELIHOOD),
    "statsmodels.discrete.discrete_model.DiscreteResults": _LIKELIHOOD,
    "statsmodels.genmod.generalized_linear_model.GLMResults": ("llf", "aic", "bic_llf", "deviance"),
    "statsmodels.tsa.statespace.mlemodel.MLEResults": (*_LIKELIHOOD, "hqic"),
    "statsmodels.tsa.holtwinters.results.HoltWintersResults": ("aic", "bic", "sse"),
    "statsmodels.tsa.ar_model.AutoRegResults": (*_LIKELIHOOD, "hqic"),
    "statsmodels.tsa.vector_ar.var_model.VARResults": (*_LIKELIHOOD, "hqic"),
}
"""By class of the results, without what another model would have to be fitted for, such as a pseudo R²."""
_WITHOUT = frozenset(
    {
        "statsmodels.regression.quantile_regression.QuantRegResults",
        "statsmodels.genmod.generalized_estimating_equations.GEEResults",
    }
)
_NAMES = {"bic_llf": "bic"}


def measures(results: Any) -> Iterator[tuple[str, Any]]:
    """The measures of fitted results, by name.

    They are asked of a copy, since statsmodels keeps what it computes in the results, and with them in files.
    """
    classes = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(results).__mro__]
    known = next((_MEASURES[name] for name in classes if name in _MEASURES), ())
    if not known or not _WITHOUT.isdisjoint(classes) or _size(results) > _MAX_NUMBERS:
        return
    copy = object.__new__(type(results))
    copy.__dict__.update(results.__dict__)
    copy.__dict__["_cache"] = dict(results.__dict__.get("_cache") or {})
    with sys.modules["numpy"].errstate(all="ignore"):
        for name in known:
            try:
                yield _NAMES.get(name, name), getattr(copy, name)
            except Exception:
                continue


def _size(results: Any) -> int:
    model = results.model
    return sum(getattr(getattr(model, name, None), "size", 0) for name in ("endog", "exog"))
