"""The settings that a LightGBM training was given, those in force in a booster, and their other names."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["in_force", "other_names", "parameters_of", "without_aliases"]

_NOT_PARAMETERS = frozenset(
    {"callbacks", "folds", "init_model", "params", "train_set", "valid_names", "valid_sets"}
)
_NOT_SETTINGS = frozenset(
    {"data", "valid", "machines", "num_machines", "local_listen_port", "time_out", "machine_list_filename"}
)
_FILES_AND_MACHINES = ("_filename", "_file", "_column")
_BEGIN, _END = "parameters:\n", "\nend of parameters"


def in_force(booster: Any) -> dict[str, Any]:
    """The settings that a booster was trained with, those that nobody gave included."""
    # Of one tree, because the text of all of them may be large.
    text = booster.model_to_string(num_iteration=1)
    text = text[text.find(_BEGIN) + len(_BEGIN) : text.find(_END)] if _BEGIN in text else ""
    found = {}
    for line in text.split("\n"):
        name, _, value = line.strip("[]").partition(": ")
        if name and name not in _NOT_SETTINGS and not name.endswith(_FILES_AND_MACHINES):
            found[name] = _plain(value)
    return found


def _plain(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def other_names() -> dict[str, str]:
    """The name that LightGBM tells a setting by, for each other name that it takes."""
    aliases = getattr(sys.modules.get("lightgbm.basic"), "_ConfigAliases", None)
    if aliases is None:
        return {}
    aliases.get("seed")  # they are read from the library when first asked for
    known = aliases.aliases
    if not isinstance(known, dict):
        return {}
    return {name: told for told, names in known.items() for name in names if name != told}


def without_aliases(given: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings without those that were given under another name."""
    known = other_names()
    others = {known.get(name) for name in given}
    return {name: value for name, value in settings.items() if name not in others}


def parameters_of(named: Mapping[str, Any]) -> dict[str, Any]:
    """What ``train`` or ``cv`` was given that is no data."""
    parameters = named.get("params")
    found = dict(parameters) if isinstance(parameters, dict) else {}
    found |= {name: value for name, value in named.items() if name not in _NOT_PARAMETERS}
    for callback in _stopping_callbacks(named.get("callbacks")):
        found["early_stopping_round"] = getattr(callback, "stopping_rounds", None)
    return found


def _stopping_callbacks(callbacks: Any) -> Iterator[Any]:
    for callback in callbacks if isinstance(callbacks, list | tuple | set) else ():
        if type(callback).__name__ == "_EarlyStoppingCallback":
            yield callback
