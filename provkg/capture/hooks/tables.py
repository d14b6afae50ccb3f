"""What the hooks on pandas tell: which table came from which, by which method, and which was changed."""

from __future__ import annotations

import re
import sys
from types import FrameType
from typing import Any

from provkg.capture.columns import SAME
from provkg.capture.gate import gate
from provkg.capture.hooks.columns import columns_told
from provkg.capture.hooks.parts import columns_given, columns_set
from provkg.capture.hooks.told import Given
from provkg.capture.hooks.wrap import Follower
from provkg.capture.kinds import kind_of
from provkg.capture.namespace import locals_of
from provkg.capture.session import Session
from provkg.capture.states import Node, Parent, Parts
from provkg.records import ValueKind

__all__ = ["COUNTING_REFERENCES", "changed", "changing", "derived", "derived_from", "finalized", "given_to"]

COUNTING_REFERENCES = frozenset({"fillna", "ffill", "bfill", "replace", "interpolate", "clip"})
COUNTING_REFERENCES |= {"where", "mask", "update"}
"""Methods that look at reference counts, so that they are followed from inside, not replaced."""
_GIVEN_THERE = ("value", "other", "cond", "to_replace", "lower", "upper")
"""Their parameters for data."""
_NO_PARTS: Parts = {}
_MAX_ELEMENTS = 200
_MAX_FRAMES = 8
_MAX_TEXT = 10_000
_GIVING = frozenset({"assign", "init", "concat", "rename", "set_axis", "add_prefix", "add_suffix"})
"""Methods that are given columns one by one, or name them anew."""
_EVALUATING = frozenset({"eval", "query"})
_SIMPLE = frozenset({"set_value", "setitem_with_indexer", "set_values", "set_with", "set_with_engine"})
"""Setters that leave all columns what they are."""
_PLAIN = frozenset(map(id, (str, int, float, bool, type(None), slice)))
_TAKING_LISTS = frozenset({"init", "insert", "assign", "Series", "DataFrame", "concat"})
"""Methods whose lists and dictionaries are data, not names of columns."""


def given_to(
    session: Session, values: tuple[Any, ...], depth: int = 2, *, lists: bool = False, through: str = ""
) -> list[tuple[Parent, Any]]:
    """The states of tables and arrays among arguments, also inside small containers, with the objects.

    Parameters:
        lists: whether plain lists are data, too.
        through: the library that handed them on from the user's call.
    """
    find, found = session.values.tracker.find, list[tuple[Parent, Any]]()
    for value in values:
        if id(type(value)) in _PLAIN:
            continue
        node: Parent | None = find(value)
        if node is not None:
            found.append((node, value))
            continue
        kind = kind_of(value)
        if kind is not None:
            node = session.values.resolve_own(value, through) if kind is not ValueKind.OTHER else None
            if node is not None:
                found.append((node, value))
        elif type(value) in (list, dict) and (read := session.files.plain.of(value)):
            found += [(file, value) for file in read]
        elif depth and type(value) in (list, tuple, dict):
            found += _inside(session, value, depth, lists=lists, through=through)
        else:
            found += [(held, value) for held in session.files.holders.held(value)]
    return found


def _inside(
    session: Session, value: Any, depth: int, *, lists: bool, through: str
) -> list[tuple[Parent, Any]]:
    elements = tuple(value.values()) if type(value) is dict else tuple(value)
    if not elements:
        return []
    found = given_to(session, elements[:_MAX_ELEMENTS], depth - 1)
    if lists and not found:
        node = session.values.resolve_own(value, through)
        return [(node, value)] if node is not None else []
    return found


def _states(given: list[tuple[Parent, Any]]) -> Given:
    return [(node, value) for node, value in given if isinstance(node, Node)]


def _parents(given: list[tuple[Parent, Any]]) -> tuple[Parent, ...]:
    return tuple(node for node, _ in given)


def derived(label: str) -> Follower:
    """For methods and functions that return new data."""
    method = label.rpartition(".")[2].strip("_")
    makes_itself, lists = method == "init", method in _TAKING_LISTS

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session = gate.session
        if session is None:
            return
        owner = args[0] if args else None
        if result is None and owner is not None and kind_of(owner) is not None:
            if makes_itself:
                result, args = owner, args[1:]
            elif kwargs.get("inplace"):
                _revise(session, label, method, owner, args, kwargs)
                return
        results = result if type(result) is tuple and len(result) <= 20 else (result,)
        for made in results:
            if kind_of(made) is not None and (makes_itself or made is not owner):
                _derive(session, label, method, args, kwargs, made, lists)

    return observe


def _derive(
    session: Session,
    label: str,
    method: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    made: Any,
    lists: bool,
) -> None:
    tracker = session.values.tracker
    if tracker.find(made) is not None:
        return
    values = (*args, *kwargs.values()) if kwargs else args
    if method in _EVALUATING:
        values += _named_in(session, values, everything=label == "pandas.eval")
    given = given_to(session, values, lists=lists)
    if not given:
        return  # the text may tell more
    parts = columns_given(tracker, label, args, kwargs) if method in _GIVING else _NO_PARTS
    columns = columns_told(method, args, kwargs, made, _states(given))
    tracker.derive(made, _parents(given), label, given=parts, columns=columns)


def _named_in(session: Session, values: tuple[Any, ...], *, everything: bool) -> tuple[Any, ...]:
    """What the variables hold that a text for ``eval`` names: ``@limit``, or any name for `pandas.eval`."""
    text, frame = next((each for each in values if type(each) is str), ""), session.values.frame()
    names = set(re.findall(r"\b[A-Za-z_]\w*" if everything else r"(?<=@)[A-Za-z_]\w*", text[:_MAX_TEXT]))
    if frame is None or not names:
        return ()
    held = locals_of(frame)
    return tuple(held.get(name, frame.f_globals.get(name)) for name in sorted(names))


def _revise(
    session: Session, label: str, method: str, owner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    given = given_to(session, (*args[1:], *kwargs.values()))
    renames = method in ("rename", "add_prefix", "add_suffix")
    session.values.tracker.revise(owner, _parents(given), label, columns=None if renames else SAME)


def derived_from(attribute: str, label: str) -> Follower:
    """For methods of a helper object (``groupby``, ``loc``, ``str``) that holds the table it works on."""
    method = label.rpartition(".")[2].strip("_")

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session = gate.session
        if session is None or kind_of(result) is None or session.values.tracker.find(result) is not None:
            return
        table = getattr(args[0], attribute, None)
        given = given_to(session, (table, *args[1:], *kwargs.values()))
        if given:
            columns = columns_told(method, (table, *args[1:]), kwargs, result, _states(given))
            session.values.tracker.derive(result, _parents(given), label, columns=columns)

    return observe


def changing(label: str) -> Follower:
    """For methods that change their object and may return a part of it."""
    method = label.rpartition(".")[2].strip("_")

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session = gate.session
        if session is None:
            return
        tracker = session.values.tracker
        if kind_of(result) is not None:
            own = given_to(session, args[:1])
            columns = columns_told(method, args, kwargs, result, _states(own))
            tracker.derive(result, _parents(own), label, columns=columns)
        values = (*args[1:], *kwargs.values())
        given = [*given_to(session, args[:1]), *given_to(session, values, lists=method == "insert")]
        parts = columns_given(tracker, label, args, kwargs)
        told: Any = SAME
        if method == "insert":
            told = columns_told(method, args, kwargs, args[0], _states(given))
        tracker.revise(args[0], _parents(given), label, given=parts, columns=told)

    return observe


def changed(setter: str, name: str, attribute: str = "") -> Follower:
    """For pandas' own setters: ``self`` (or the table it holds) has a new state.

    Parameters:
        setter: what pandas calls it.
        name: what the user does by it (``__setitem__``).
    """
    method = setter.strip("_")
    simple = method in _SIMPLE

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session = gate.session
        table = getattr(args[0], attribute) if attribute else args[0]
        if session is None:
            return
        tracker = session.values.tracker
        old = tracker.find(table)
        operation = f"pandas.{type(table).__name__}.{name}"
        if simple and old is not None and _is_again(old, operation, args[1:]):
            return
        if old is None and kind_of(table) is None:
            return
        values = (*args[1:], *kwargs.values()) if kwargs else args[1:]
        if method == "inplace":
            values = (*(each for each in args[1:] if tracker.find(each)), *_given_outside(args[0])[1])
        given = given_to(session, values, lists=True, through="pandas.")
        parts = columns_set(tracker, setter, table, args)
        columns: Any = SAME
        if method == "set_axis":
            columns = None if args[1] == 0 and table.ndim == 2 else SAME
        elif old is not None:
            columns = columns_told(method, args, kwargs, table, [(old, table), *_states(given)])
        tracker.revise(table, _parents(given), operation, given=parts, columns=columns)

    return observe


def _is_again(state: Node, operation: str, given: tuple[Any, ...]) -> bool:
    """Whether a state that nobody has seen was made by the same operation, and no data is given to it now."""
    if state.id or state.parts or not state.edges or state.edges[0].operation != operation:
        return False
    return all(id(type(value)) in _PLAIN or id(type(value)) in gate.scalars for value in given)


def finalized(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """For ``__finalize__``, which pandas calls on a new object with the one it was made from."""
    session = gate.session
    if session is None or len(args) < 2 or kind_of(args[0]) is None or args[0] is args[1]:
        return
    method, given = _given_outside(args[1])
    method = method or kwargs.get("method") or (args[2] if len(args) > 2 else "") or "finalize"
    label = f"pandas.{type(args[0]).__name__}.{method}"
    _derive(session, label, method, (args[1], *given), {}, args[0], False)


def _given_outside(owner: Any) -> tuple[str, tuple[Any, ...]]:
    """Which of the methods that are followed from inside is at work on an object, and what it was given."""
    frame: FrameType | None = sys._getframe(2)
    for _ in range(_MAX_FRAMES):
        if frame is None:
            break
        name = frame.f_code.co_name
        if name in COUNTING_REFERENCES and frame.f_globals.get("__name__", "").startswith("pandas."):
            held = locals_of(frame)
            if held.get("self") is owner:
                return name, tuple(held[each] for each in _GIVEN_THERE if each in held)
        frame = frame.f_back
    return "", ()
