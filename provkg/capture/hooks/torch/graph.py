"""Torch's own graph of what a result was computed by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

__all__ = ["functions_of", "name_of"]

_MAX_GRAPH = 5000


def name_of(function: Any) -> str:
    """The name of a function in torch's graph, as the user knows it.

    The cross entropy is a negative log-likelihood of what a softmax gives.
    """
    name = function.name().removesuffix("Backward0").removesuffix("Backward1")
    inner = [each.name() for each, _ in function.next_functions if each is not None]
    if name == "NllLoss" and any(each.startswith("LogSoftmax") for each in inner):
        return "cross_entropy"
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def functions_of(start: Any, limit: int = _MAX_GRAPH) -> Iterator[Any]:
    """The functions that a result was computed by, nearest first."""
    level, seen = [start], {id(start): start}
    while level:
        further = []
        for function in level:
            yield function
            for inner, _ in function.next_functions:
                if inner is not None and id(inner) not in seen and len(seen) < limit:
                    seen[id(inner)] = inner
                    further.append(inner)
        level = further
