"""The settings that an XGBoost training was given, those in force in a booster, and when it stops early."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from provkg.capture.hooks.boosting import Best

__all__ = ["SAME", "best_round", "in_force", "parameters_of", "without_aliases"]

SAME = {
    "eta": "learning_rate",
    "gamma": "min_split_loss",
    "lambda": "reg_lambda",
    "alpha": "reg_alpha",
    "random_state": "seed",
    "n_jobs": "nthread",
}
"""Two names of one setting: XGBoost takes both, and tells the value under both."""
_NOT_SETTINGS = frozenset(
    {
        "disable_default_eval_metric",
        "fail_on_invalid_gpu_id",
        "num_trees",
        "updater_seq",
        "validate_parameters",
    }
)
_NOT_PARAMETERS = frozenset(
    {"params", "dtrain", "evals", "evals_result", "xgb_model", "verbose_eval", "callbacks"}
)


def in_force(booster: Any) -> dict[str, Any]:
    """The settings that a booster was trained with, those that nobody gave included."""
    learner = json.loads(booster.save_config())["learner"]
    found: dict[str, Any] = {}
    for name in ("learner_train_param", "generic_param"):
        found.update(learner.get(name, {}))
    for name in ("gradient_booster", "objective"):
        for values in _parameters(learner.get(name, {})):
            found.update(values)
    for short, name in SAME.items():
        if name in found:
            found.pop(short, None)
    return {name: _plain(value) for name, value in found.items() if name not in _NOT_SETTINGS}


def _parameters(part: Any) -> Iterator[Mapping[str, Any]]:
    for name, value in part.items() if isinstance(part, dict) else ():
        if isinstance(value, dict) and name.endswith("_param"):
            yield value
        else:
            yield from _parameters(value)


def _plain(text: Any) -> Any:
    """A number where a text is one. XGBoost computes in single precision: 0.3 is told as 0.300000012."""
    for kind in (int, float):
        try:
            value = kind(text)
        except (TypeError, ValueError):
            continue
        return value if kind is int else float(f"{value:.7g}")
    return text


def without_aliases(given: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings without those that were given under their other name."""
    others = {SAME.get(name) for name in given}
    return {name: value for name, value in settings.items() if name not in others}


def parameters_of(named: Mapping[str, Any]) -> dict[str, Any]:
    """What ``train`` or ``cv`` was given that is no data."""
    parameters = named.get("params")
    found = dict(parameters) if isinstance(parameters, dict | list | tuple) else {}
    found |= {name: value for name, value in named.items() if name not in _NOT_PARAMETERS}
    for callback in _stopping_callbacks(named.get("callbacks")):
        found["early_stopping_rounds"] = getattr(callback, "rounds", None)
    return found


def _stopping_callbacks(callbacks: Any) -> Iterator[Any]:
    for callback in callbacks if isinstance(callbacks, list | tuple) else ():
        if type(callback).__name__ == "EarlyStopping":
            yield callback


def best_round(booster: Any, rounds: Any, callbacks: Any, sets: Collection[str]) -> Best | None:
    """The best round as a booster remembers it, where it was told to stop when it gets no better.

    Parameters:
        rounds: how many rounds it was told to wait.
        sets: the names of the evaluation sets; the last one decides, unless a callback names another.
    """
    stopping = list(_stopping_callbacks(callbacks))
    text = booster.attr("best_iteration")
    if (rounds is None and not stopping) or text is None or not text.isdigit() or not sets:
        return None
    named = [getattr(callback, "data", None) for callback in stopping]
    judge = next((name for name in sets if name in named), list(sets)[-1])
    # Trees after the best round stay, unless a callback was told to save the best.
    kept = booster.num_boosted_rounds() <= int(text) + 1
    return Best(int(text), int(text), judge, kept=kept)
