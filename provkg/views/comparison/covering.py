"""One change seen in several places is told once: an edit of code that only changed settings is theirs."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from provkg.views.comparison.found import Found
from provkg.views.comparison.model import Aspect, Cause, Change

__all__ = ["without_repetition"]

_PUNCTUATION = frozenset(",=()[]{}:.+-") | {"import", "from", "as"}
_SPECIFIC = (Aspect.DATA, Aspect.SPLIT, Aspect.SETTINGS, Aspect.STEPS, Aspect.SEEDS)


def without_repetition(causes: Sequence[tuple[Cause, Found]]) -> list[Cause]:
    """The causes without edits and parameters that others of them tell of more exactly."""
    specific = [(cause, found) for cause, found in causes if cause.aspect in _SPECIFIC]
    spelled = frozenset().union(*(found.names for _, found in causes if found.names))
    kept: list[Cause] = []
    for cause, found in causes:
        if cause.aspect is Aspect.CODE and (tokens := _tokens_changed(found)) and tokens <= spelled:
            number = next((n for n, (_, other) in enumerate(specific) if other.names & tokens), None)
            if number is None:
                kept.append(cause)
                continue
            told, other = specific[number]
            also = (*told.also, f"written in {found.difference.item}")
            specific[number] = replace(told, also=also, diff=told.diff or cause.diff), other
        elif cause.aspect not in _SPECIFIC:
            kept.append(cause)
    told_once = _without_parameters([cause for cause, _ in specific])
    order = {(one.aspect, one.item): number for number, (one, _) in enumerate(causes)}
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
    same = (cause.before, cause.after) == (parameter.before, parameter.after)
    return same and cause is not parameter and not cause.item.startswith("parameter ")


def _tokens_changed(found: Found) -> frozenset[str]:
    """The names and literals that an edit took out or put in; empty where that cannot be told."""
    difference = found.difference
    before, after = difference.values[0], difference.values[1]
    if difference.change is not Change.CHANGED or before is None or after is None:
        return frozenset()
    try:
        old, new = _tokens(before), _tokens(after)
    except (tokenize.TokenError, SyntaxError):
        return frozenset()
    changed: set[str] = set()
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, start, end, first, last in matcher.get_opcodes():
        if tag != "equal":
            changed.update(old[start:end], new[first:last])
    return frozenset(changed - _PUNCTUATION)


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
