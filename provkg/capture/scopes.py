"""Where in the user's text something happens, and what the variables hold there."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import islice
from types import CodeType, FrameType, MappingProxyType, ModuleType
from typing import Any, NamedTuple, TypeAlias

from provkg.analysis import Binding, BindingKind
from provkg.capture.namespace import locals_of
from provkg.capture.rounds import is_of_last_round
from provkg.capture.states import Node, Object
from provkg.capture.texts import Place, Position, Text, Texts

__all__ = [
    "ABSENT",
    "At",
    "Given",
    "Made",
    "Making",
    "Scope",
    "attributes_of",
    "contents_of",
    "in_class",
    "is_container",
    "part_of",
]

ABSENT = object()
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_DICTS = frozenset({"dict", "Bunch", "OrderedDict", "defaultdict", "Counter"})
_LISTS = frozenset(map(id, (list, tuple, set, frozenset, deque)))

At: TypeAlias = tuple[int, int]
"""The index of a statement, and of the body it is in."""


class Making(NamedTuple):
    """That an activity made a state at some place of the text, from objects; ``called_with`` are the
    identities of what the function there had been called with, ``called_from`` where, ``opened`` the path
    of a file opened there.
    """

    node: Node
    used: frozenset[Object]
    called_with: tuple[int, ...]
    opened: str = ""
    called_from: Place | None = None


Made: TypeAlias = dict[tuple[CodeType | None, Position], list[Making]]
"""What activities made in the execution at work, by function and end of the call in its text."""


class Given(NamedTuple):
    """What a variable stands for by the text: an expression, or one of the elements of its value."""

    expression: ast.expr
    at: At
    scope: Scope
    element: bool


class Scope:
    """A place in the text of a cell or function.

    Parameters:
        text: the text, where there is one.
        place: the function, or None for the cell itself.
        now: the statement at work; what variables hold is what they hold then.
        local: what the variables hold.
        outer: the place in the cell, for the variables that a function does not have itself.
        given: what variables stand for that hold nothing now.
        module: the variables of the cell, script or module, where ``local`` has more.
    """

    def __init__(
        self,
        text: Text | None,
        place: CodeType | None,
        now: At,
        local: Mapping[str, Any],
        outer: Scope | None = None,
        given: Mapping[str, Given] = _NOTHING,
        module: Mapping[str, Any] | None = None,
    ) -> None:
        self.text = text
        self.place = place
        self.now = now
        self.local = local
        self.module = local if module is None else module
        self.outer = outer
        self.given = given
        self.caller: tuple[CodeType | None, ast.Call] | None = None
        """The call of the function that is looked into, and the function which that stands in."""
        self.at_end = False
        """Whether the execution has ended."""

    @classmethod
    def of_frame(cls, frame: FrameType, texts: Texts) -> Scope:
        """The place that a frame of the user's code is at."""
        text = texts.of(frame)
        place, line = texts.place_of(frame)
        now = text.at(line) if text is not None else (0, -1)
        if place is None:
            inner = _NOTHING if texts.is_document(frame.f_code) else locals_of(frame)
            held = {**frame.f_globals, **inner} if inner else frame.f_globals
            return cls(text, None, now, held, module=frame.f_globals)
        around = texts.around_function(frame)
        cell_line = texts.line(frame.f_globals)
        at = around.at(cell_line) if cell_line is not None else (len(around.code.statements), -1)
        outer = cls(around, None, at, frame.f_globals)
        return cls(text, place, now, texts.locals_around(frame), outer)

    @classmethod
    def of_end(cls, text: Text, namespace: Mapping[str, Any]) -> Scope:
        """The end of a cell."""
        scope = cls(text, None, (len(text.code.statements), -1), namespace)
        scope.at_end = True
        return scope

    def inside(self, given: Mapping[str, Given]) -> Scope:
        """The same place, where some more variables stand for something."""
        given = {**self.given, **given}
        inner = Scope(self.text, self.place, self.now, self.local, self.outer, given, self.module)
        inner.caller = self.caller
        return inner

    def is_local(self, name: str) -> bool:
        """Whether a variable is the function's own, or the cell's in a cell."""
        code = self.place
        if code is None or self.outer is None or name in self.given:
            return True
        return name in code.co_varnames or name in code.co_cellvars or name in code.co_freevars

    def bindings(self, name: str, at: At) -> frozenset[Binding | None]:
        """What may have bound or changed a variable when a statement begins; None is what came before."""
        if self.text is None:
            return frozenset((None,))
        return self.text.bindings(name, *at)

    def is_current(self, name: str, at: At) -> bool:
        """Whether a variable is now as it was when a statement began."""
        if at == self.now:
            return True
        bindings = self.bindings(name, at)
        return bindings == self.bindings(name, self.now) and is_of_last_round(bindings, at, self)

    def held(self, node: ast.expr, at: At) -> Any:
        """The object that an expression of names, attributes and items led to when a statement began.

        ``ABSENT`` where that is not known, or could be found out only by running code of the user's.
        """
        if isinstance(node, ast.Name):
            return self._held_by(node.id, at)
        if isinstance(node, ast.Attribute):
            return part_of(self.held(node.value, at), node.attr, attribute=True)
        if isinstance(node, ast.Subscript):
            key = self._key(node.slice, at)
            return part_of(self.held(node.value, at), key) if type(key) in (str, int) else ABSENT
        return ABSENT

    def _key(self, node: ast.expr, at: At) -> Any:
        """The name or number that an item is asked for by."""
        if isinstance(node, ast.Constant):
            return node.value
        held = self.held(node, at)
        if held is ABSENT and isinstance(node, ast.Name) and self.text is not None:
            bindings = self.bindings(node.id, at)
            [binding, *more] = bindings or [None]
            if binding is not None and not more and binding.kind is BindingKind.ASSIGNED:
                statement = self.text.statement_of(binding)
                value = statement.value if isinstance(statement, ast.Assign) else None
                return value.value if isinstance(value, ast.Constant) else ABSENT
        return held

    def _held_by(self, name: str, at: At) -> Any:
        if not self.is_local(name) and self.outer is not None:
            return self.outer._held_by(name, self.outer.now)
        if name in self.local:
            return self.local[name] if self.is_current(name, at) else ABSENT
        given = self.given.get(name)
        if given is not None and not given.element:
            return given.scope.held(given.expression, given.at)
        return ABSENT


def part_of(value: Any, key: str | int, *, attribute: bool = False) -> Any:
    """A part of a container, module, class or object by its name or number; no code of the user's is run."""
    if value is ABSENT:
        return ABSENT
    kind = type(value)
    if attribute:
        return _attribute(value, kind, str(key))
    if type(key) is int and (kind is list or _is_tuple(kind)):
        return value[key] if -len(value) <= key < len(value) else ABSENT
    return dict.get(value, key, ABSENT) if _is_dict(kind) else ABSENT


def _is_tuple(kind: type) -> bool:
    """Whether a class is `tuple`, or a named one that leaves its items as they are."""
    return issubclass(kind, tuple) and not any(
        name in own
        for each in type.__getattribute__(kind, "__mro__")[:-2]
        if each is not tuple
        for own in [type.__getattribute__(each, "__dict__")]
        for name in ("__getitem__", "__len__", "__iter__")
    )


def _is_dict(kind: type) -> bool:
    """Whether a class is `dict`, or one of the known ones that leave its items as they are."""
    return issubclass(kind, dict) and kind.__name__ in _DICTS


def is_container(value: Any) -> bool:
    """Whether a value is a plain container, whose elements can be looked at."""
    kind = type(value)
    return id(kind) in _LISTS or _is_dict(kind)


def contents_of(value: Any, limit: int) -> list[Any]:
    """The elements of a container, or the attributes of an object of a class written in Python."""
    kind = type(value)
    if id(kind) in _LISTS or _is_tuple(kind):
        return list(islice(value, limit))
    return list(islice((dict.values(value) if _is_dict(kind) else attributes_of(value).values()), limit))


def _attribute(value: Any, kind: type, name: str) -> Any:
    if kind is ModuleType:
        return vars(value).get(name, ABSENT)
    if _is_dict(kind):
        return dict.get(value, name, ABSENT)
    if issubclass(kind, type):
        return next((own[name] for own in _namespaces(value) if name in own), ABSENT)
    for own in _namespaces(kind):
        if name in own:
            found = own[name]
            slot = type(found).__name__ in ("member_descriptor", "_tuplegetter")
            if slot or hasattr(type(found), "__set__"):
                return type(found).__get__(found, value, kind) if slot else ABSENT
            break
    else:
        found = ABSENT
    return attributes_of(value).get(name, found)


def in_class(value: Any, name: str) -> Any:
    """What the class of an object has by a name, such as a property."""
    return next((own[name] for own in _namespaces(type(value)) if name in own), ABSENT)


def _namespaces(kind: type) -> Iterable[Mapping[str, Any]]:
    return (type.__getattribute__(each, "__dict__") for each in type.__getattribute__(kind, "__mro__"))


def attributes_of(value: Any) -> Mapping[str, Any]:
    """The attributes of an object of a class written in Python; empty for any other."""
    kind = type(value)
    if kind.__module__ == "builtins":
        return _NOTHING
    for own in _namespaces(kind):
        if "__dict__" in own:
            if type(own["__dict__"]).__name__ not in ("getset_descriptor", "member_descriptor"):
                return _NOTHING
            break
    else:
        return _NOTHING
    try:
        held = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return _NOTHING
    return held if type(held) is dict else _NOTHING
