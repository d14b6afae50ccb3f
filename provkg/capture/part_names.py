"""The part of a split that a variable's name speaks of: ``X_train``, ``valid_df``, ``testSet``."""

from __future__ import annotations

import re

from msgspec.structs import replace

from provkg.records import Evidence, SplitRole, Value, ValueKind

__all__ = ["role_in_name", "with_likely_role"]

_WORDS = {
    **dict.fromkeys(("train", "training"), SplitRole.TRAINING),
    **dict.fromkeys(("val", "valid", "validation"), SplitRole.VALIDATION),
    **dict.fromkeys(("test", "testing", "holdout"), SplitRole.TEST),
}
_AMBIGUOUS = frozenset({"val", "valid", "test"})
"""These alone are names of other things too: of values, masks, and what was tried out."""
_BETWEEN = re.compile(r"[^A-Za-z]+|(?<=[a-z])(?=[A-Z])")


def role_in_name(name: str) -> SplitRole | None:
    """The one part of a split that a name speaks of.

    >>> role_in_name("X_train"), role_in_name("testData"), role_in_name("train_test"), role_in_name("latest")
    (<SplitRole.TRAINING: 'training'>, <SplitRole.TEST: 'test'>, None, None)
    """
    if name in _AMBIGUOUS:
        return None
    roles = {_WORDS[word] for each in _BETWEEN.split(name) if (word := each.lower()) in _WORDS}
    return roles.pop() if len(roles) == 1 else None


def with_likely_role(value: Value) -> Value:
    """Data of which no splitting was seen gets the role that all its names speak of, marked as inferred."""
    if value.role is not None or value.kind is not ValueKind.DATASET or not value.names:
        return value
    roles = {role_in_name(name) for name in value.names}
    role = roles.pop() if len(roles) == 1 else None
    return replace(value, role=role, role_evidence=Evidence.INFERRED) if role is not None else value
