"""What calls are given, as settings, and what comes of data that was made from other data."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from provkg.analysis import Argument, Call
from provkg.confidential import MARK, is_secret_setting
from provkg.importers.nodes import Node
from provkg.records import Setting, SplitRole, ValueKind

__all__ = ["DATA", "MODELS", "derived", "is_size", "operation_of", "parts_of", "settings_of"]

MODELS = (ValueKind.MODEL, ValueKind.TRANSFORMER)
_VALIDATION = re.compile(r"(?:^|_)(?:val|valid|validation|dev)(?:_|$)", re.IGNORECASE)
_SIZE = re.compile(r".*(?:\.(?:shape|ndim|dtype|size)(?:\[[-\w]+\])?|\blen\([^()]*\))")
_LONGEST = 500
DATA = (ValueKind.DATASET, ValueKind.PREDICTION)


def derived(order: int, parents: Sequence[Node], operation: str) -> Node:
    """Data that was made from other data; what holds of all of it holds of what came of it."""
    data = [node for node in parents if node.kind in DATA] or list(parents)
    node = Node(order, parents=[(parent, operation) for parent in parents])
    kinds = {parent.kind for parent in data}
    node.kind = kinds.pop() if len(kinds) == 1 else None
    if node.kind in MODELS:
        node.kind = None
    roles = {parent.role for parent in data}
    node.role = roles.pop() if len(roles) == 1 else None
    if node.kind is ValueKind.PREDICTION:
        models, tables = {id(p.model) for p in data}, {id(p.data) for p in data}
        node.model = data[0].model if len(models) == 1 else None
        node.data = data[0].data if len(tables) == 1 else None
    return node


def operation_of(call: Call) -> str:
    """The methods of a chain, or the function: what a link names as the operation."""
    if call.imported and "()" not in call.function:
        return call.function
    first, *methods = [part.strip("()[]") for part in call.function.split(".")]
    return ", ".join(method for method in methods if method) or first


def settings_of(call: Call, positional: Sequence[str]) -> tuple[Setting, ...]:
    """The arguments of a call as settings; whether they differ from the defaults is not known."""
    found = []
    place = 0
    for argument in call.arguments:
        name = argument.keyword
        if not name:
            name = positional[place] if place < len(positional) else ""
            place += 1
        if name and name not in ("*", "**"):
            found.append(_setting(name, argument))
    return tuple(found)


def _setting(name: str, argument: Argument) -> Setting:
    if is_secret_setting(name):
        return Setting(name=name, value=MARK, type="str")
    if argument.known:
        return Setting(name=name, value=argument.literal, type=type(argument.literal).__name__)
    try:
        value = ast.literal_eval(argument.text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return Setting(name=name, value=argument.text, type="source text")
    return Setting(name=name, value=repr(value), type=type(value).__name__)


def is_size(text: str) -> bool:
    """Whether an expression only says how large data is, or of which type: nothing of what is in it.

    >>> is_size("X_train.shape[1]"), is_size("len(df)"), is_size("X[: len(df)]")
    (True, True, False)
    """
    return len(text) <= _LONGEST and _SIZE.fullmatch(text) is not None


def parts_of(whole: Node | None, held_out: str = "") -> tuple[SplitRole | None, SplitRole | None]:
    """The roles of the two parts: of training data, what is held out is for validation.

    Parameters:
        held_out: the variable that takes the second part, which may say what it is for.
    """
    if whole is not None and whole.role is SplitRole.TEST:
        return None, None
    validates = _VALIDATION.search(held_out) or (whole is not None and whole.role is SplitRole.TRAINING)
    return SplitRole.TRAINING, SplitRole.VALIDATION if validates else SplitRole.TEST
