"""One change seen in several places is told once: an edit of code that only changed settings is theirs."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

from provkg.records import Evidence
from provkg.views.comparison.found import Found
from provkg.views.comparison.model import Aspect, Cause

__all__ = ["OnLineage", "given_as", "without_repetition"]

_PUNCTUATION = frozenset(",=()[]{}:.+-") | {"import", "from", "as"}
_MOST = 1_000_000
"""Pairs of tokens that are compared; an edit beyond that is more than a setting."""
_SPECIFIC = (Aspect.DATA, Aspect.SPLIT, Aspect.SETTINGS, Aspect.STEPS, Aspect.SEEDS)


class OnLineage(NamedTuple):
    """A difference on the lineage of a result: how its values would be spelled in code, or what was edited.

    ``edit`` holds the lines before and after that have to do with the result.
    """

    cause: Cause
    spelled: frozenset[str]
    edit: tuple[str, str] | None


def given_as(parameter: Found, found: Sequence[OnLineage]) -> OnLineage | None:
    """A parameter of the run of which only its values show that a setting on the lineage took them."""
    difference = parameter.difference
    if not difference.item.startswith("parameter "):
        return None
    cause = Cause(
        aspect=difference.aspect,
        item=difference.item,
        before=difference.values[0],
        after=difference.values[1],
        because="a setting has the same values",
        evidence=Evidence.INFERRED,
    )
    took = any(_took(one.cause, cause) for one in found if one.cause.aspect in _SPECIFIC)
    return OnLineage(cause, parameter.names, None) if took else None


def without_repetition(found: Sequence[OnLineage]) -> list[Cause]:
    """The causes without edits and parameters that others of them tell of more exactly."""
    specific = [one for one in found if one.cause.aspect in _SPECIFIC]
    spelled = frozenset().union(*(one.spelled for one in specific))
    kept: list[Cause] = []
    for cause, _, edit in found:
        tokens = _tokens_changed(*edit) if edit else frozenset()
        teller = next((n for n, one in enumerate(specific) if one.spelled & tokens), None)
        if teller is not None and tokens <= spelled:
            told = specific[teller].cause
            also = (*told.also, f"written in {cause.item}")
            told = replace(told, also=also, diff=told.diff or cause.diff)
            specific[teller] = specific[teller]._replace(cause=told)
        elif cause.aspect not in _SPECIFIC:
            kept.append(cause)
    told_once = _without_parameters([one.cause for one in specific])
    order = {(one.cause.aspect, one.cause.item): number for number, one in enumerate(found)}
    return sorted([*told_once, *kept], key=lambda cause: order[cause.aspect, cause.item])


def _without_parameters(causes: Sequence[Cause]) -> list[Cause]:
    """A parameter of the run is told with the setting that took its value."""
    kept: list[Cause] = []
    parameters = [cause for cause in causes if cause.item.startswith("parameter ")]
    for cause in causes:
        if cause in parameters and any(_took(other, cause) for other in causes):
            continue
        given = [one for one in parameters if _took(cause, one)]
        also = tuple(f"given as {one.item}" for one in given)
        kept.append(replace(cause, also=(*cause.also, *also)) if also else cause)
    return kept


def _took(cause: Cause, parameter: Cause) -> bool:
    same = [_bare(cause.before), _bare(cause.after)] == [_bare(parameter.before), _bare(parameter.after)]
    return same and cause is not parameter and not cause.item.startswith("parameter ")


def _bare(value: str | None) -> str | None:
    return value and value.removesuffix(" (default)")


def _tokens_changed(before: str, after: str) -> frozenset[str]:
    """The names and literals that an edit took out or put in; empty where that cannot be told."""
    try:
        old, new = _tokens(before), _tokens(after)
    except (tokenize.TokenError, SyntaxError):
        return frozenset()
    if len(old) * len(new) > _MOST:
        return frozenset()
    changed: set[str] = set()
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, start, end, first, last in matcher.get_opcodes():
        if tag != "equal":
            changed.update(old[start:end], new[first:last])
    return frozenset(changed - _PUNCTUATION)


@lru_cache(maxsize=256)
def _tokens(text: str) -> list[str]:
    """Names, literals as Python writes them, and operators."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NUMBER, tokenize.STRING):
            try:
                found.append(repr(ast.literal_eval(token.string)))
            except (ValueError, SyntaxError):
                found.append(token.string)
        elif token.type in (tokenize.NAME, tokenize.OP):
            found.append(token.string)
    return found
