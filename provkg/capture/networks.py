"""What the classes of torch, Keras and what builds on them are, and where they are published.

Nothing of these is imported here, and no code of the user's is run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from provkg.capture.memory import is_dataset
from provkg.records import ValueKind

__all__ = ["NETWORKS", "check_of_network", "kind_of_network", "published"]

NETWORKS = frozenset({"keras", "lightning", "torch", "torchmetrics"})
"""Packages that publish their classes above where they define them."""
_MAX_MODULES = 1000
_NO_MODELS = frozenset({"torch._Loss", "torchmetrics.Metric", "keras.Layer"})


def published(parts: list[str]) -> list[str]:
    """Where a class of torch and what builds on it is published: most are defined in modules further down.

    >>> published(["torch", "nn", "modules", "linear"]), published(["keras", "src", "optimizers", "adam"])
    (['torch', 'nn'], ['keras', 'optimizers'])
    """
    if parts[:2] == ["keras", "src"]:
        return [parts[0]] if parts[2:3] == ["models"] else [parts[0], *parts[2:3]]
    if parts[:3] in (["torch", "utils", "data"], ["torch", "optim", "lr_scheduler"]):
        return parts[:3]
    if parts[0] == "lightning":
        return parts[:2]
    if parts[0] == "torchmetrics":
        return parts[:1]
    return parts[:2] if parts[1:2] in (["nn"], ["optim"], ["amp"]) else parts


def kind_of_network(kind: type) -> ValueKind | None:
    """What the values of a class of torch or Keras are, some of which may be nothing that is followed."""
    bases = _bases(kind)
    if "keras.Model" in bases:
        return ValueKind.MODEL
    if kind is getattr(sys.modules.get("torch"), "Tensor", None) or is_dataset(kind):
        return ValueKind.DATASET
    return ValueKind.MODEL if "torch.Module" in bases and bases.isdisjoint(_NO_MODELS) else None


def check_of_network(kind: type) -> Callable[[Any], ValueKind | None] | None:
    """What tells single values of a class of torch apart, where they are not all the same."""
    if kind is getattr(sys.modules.get("torch"), "Tensor", None):
        return _kind_of_tensor
    bases = _bases(kind)
    is_module = "torch.Module" in bases and "keras.Model" not in bases
    return _kind_of_module if is_module and kind_of_network(kind) is not None else None


def _bases(kind: type) -> set[str]:
    return {f"{str(parent.__module__).partition('.')[0]}.{parent.__name__}" for parent in kind.__mro__}


def _kind_of_tensor(tensor: Any) -> ValueKind | None:
    """A tensor without dimensions is a single number."""
    return ValueKind.DATASET if tensor.dim() else None


def _kind_of_module(module: Any) -> ValueKind | None:
    """A module without parameters, such as an activation or a loss, has nothing to learn."""
    pending = [module]
    for _ in range(_MAX_MODULES):
        if not pending:
            return None
        attributes = object.__getattribute__(pending.pop(), "__dict__")
        if any(parameter is not None for parameter in attributes.get("_parameters", {}).values()):
            return ValueKind.MODEL
        pending += [part for part in attributes.get("_modules", {}).values() if part is not None]
    return ValueKind.MODEL
