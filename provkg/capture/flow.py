"""Which data an expression of the user's text holds: read over the objects that are at hand.

Nothing is run. Variables, attributes and items that are still as they were lead to the very objects they
hold; what is gone is read on in the statements that made it. So the answer is *inferred from source*,
although the objects in it are real ones.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any, ClassVar

from provkg.analysis import BindingKind
from provkg.capture.calling import CallFlow, Known, Sources, only
from provkg.capture.givens import elements_of, with_elements
from provkg.capture.kinds import is_estimator, kind_of
from provkg.capture.rounds import LAST, Rounds, is_of_last_round, rounds_of
from provkg.capture.scopes import ABSENT, At, Given, Scope, in_class
from provkg.capture.syntax import given_by
from provkg.records import ValueKind

__all__ = ["Flow", "Known", "Sources", "is_text"]

_MAX_STEPS = 2_000
_MAX_EFFORT = 200_000
_MAX_CHANGES = 50
_MAX_DEPTH = 40
_ESTIMATORS = (ValueKind.MODEL, ValueKind.TRANSFORMER)
_READERS = frozenset({"_io", "_csv", "csv"})
_ABOUT = frozenset({"shape", "size", "ndim", "dtype", "dtypes", "columns", "name", "names", "nbytes"})
"""Attributes that tell something about data and hold none of it."""


class Flow(CallFlow):
    """One question for the data in an expression.

    Parameters:
        at_end: the execution has ended, so that answers stay what they are.
    """

    def __init__(self, known: Known, *, at_end: bool = False) -> None:
        super().__init__(known)
        self._answers = known.answers if at_end else {}
        self._left = _MAX_STEPS
        self._depth = 0
        self._rounds = None if at_end and known.is_broken else LAST
        self._seen: set[tuple[int, str, At, Rounds]] = set()
        self._cut = False
        """Whether something was left out, so that the answer is not the whole one."""

    # --- expressions --------------------------------------------------------------------------------

    def of(self, node: ast.AST, at: At, scope: Scope) -> Sources:
        """The states whose data is in the value of an expression of a statement."""
        self._left -= 1
        self._known.left -= 1
        if self._left < 0 or self._known.left < 0 or self._depth > _MAX_DEPTH or self._tires(scope):
            self._cut = True
            return {}
        self._depth += 1
        try:
            return self._VISITORS.get(type(node), Flow._parts)(self, node, at, scope)
        finally:
            self._depth -= 1

    def _tires(self, scope: Scope) -> bool:
        """Whether looking for bindings has taken too much, as it may in a cell of many hundred statements."""
        if scope.text is None:
            return False
        began = self._known.efforts.setdefault(id(scope.text), scope.text.effort)
        if scope.text.effort - began > _MAX_EFFORT:
            self._known.left = -1
        return self._known.left < 0

    def _parts(self, node: ast.AST, at: At, scope: Scope) -> Sources:
        return self.all(ast.iter_child_nodes(node), at, scope)

    def _nothing(self, node: ast.AST, at: At, scope: Scope) -> Sources:
        return {}

    def _name(self, node: ast.Name, at: At, scope: Scope) -> Sources:
        return self.variable(node.id, at, scope)

    def _attribute(self, node: ast.Attribute, at: At, scope: Scope) -> Sources:
        if node.attr in _ABOUT:
            return {}
        owner = scope.held(node.value, at)
        if is_estimator(owner):
            return only(self._known.state(owner))
        if owner is not ABSENT and type(owner) is not ModuleType:
            found = self._object(scope.held(node, at))
            getter = getattr(in_class(owner, node.attr), "fget", None) if found is None else None
            if type(getter) is FunctionType:
                found = self.function(getter, [node.value], [], at, scope)
            if found is not None:
                return found
        return _with_part(self.of(node.value, at, scope), node.attr)

    def _subscript(self, node: ast.Subscript, at: At, scope: Scope) -> Sources:
        held = scope.held(node, at)
        found = self._object(held)
        if found is not None:
            return found
        if held is not ABSENT and any(map(self._known.state, elements_of(scope.held(node.value, at)))):
            if kind_of(held) is None or not isinstance(node.value, ast.Name):
                return {}  # a plain value beside the data in a container
            return self._by_text(node.value.id, at, scope)
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if type(key) is int:
            return self.element(node.value, key, at, scope)
        return _with_part(self.of(node.value, at, scope), key) | self.of(node.slice, at, scope)

    def _conditional(self, node: ast.IfExp, at: At, scope: Scope) -> Sources:
        return self.of(node.body, at, scope) | self.of(node.orelse, at, scope)

    def _lambda(self, node: ast.Lambda, at: At, scope: Scope) -> Sources:
        arguments = node.args
        names = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        names += [each.arg for each in (arguments.vararg, arguments.kwarg) if each is not None]
        nothing = ast.Constant(None)
        return self.of(node.body, at, scope.inside(dict.fromkeys(names, Given(nothing, at, scope, True))))

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, at: At, scope: Scope
    ) -> Sources:
        inner = with_elements(node, at, scope)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        return self.all(parts, at, inner)

    # --- variables ----------------------------------------------------------------------------------

    def variable(self, name: str, at: At, scope: Scope, *, by_text: bool = False) -> Sources:
        """The states whose data is in a variable when a statement begins.

        Parameters:
            by_text: what the variable holds is not looked at, only the text that made it.
        """
        if not scope.is_local(name) and scope.outer is not None:
            return self.variable(name, scope.outer.now, scope.outer)
        held = scope.local.get(name, ABSENT)
        if not by_text and held is not ABSENT:
            current = scope.is_current(name, at)
            found = self._object(held) if current else None
            if found is None and current and kind_of(held) in (ValueKind.DATASET, ValueKind.OTHER):
                found = only(self._known.origin(name, held, scope)) or None
            if found is None and not current and self._is_changed(name, at, scope):
                found = only(self._known.state_before(held)) or None
            if found is not None:
                return found
        if name in scope.given:
            given = scope.given[name]
            return self.of(given.expression, given.at, given.scope)
        return self._by_text(name, at, scope)

    def _by_text(self, name: str, at: At, scope: Scope) -> Sources:
        key = id(scope.text), name, at, self._rounds
        known = self._answers.get(key)
        if known is not None:
            return known
        cut, self._cut = self._cut, False
        found = self._bound(name, at, scope)
        if not self._cut and scope.outer is None and not scope.given:
            self._answers[key] = found
        self._cut = self._cut or cut
        return found

    def _bound(self, name: str, at: At, scope: Scope) -> Sources:
        """The data that statements gave to a variable, or added to what it held."""
        found: Sources = {}
        every = frozenset() if self._tires(scope) else scope.bindings(name, at)
        pending = list(every)
        if not pending and is_text(scope.local.get(name)):
            return only(self._known.variable(name, scope))
        while pending:
            binding = pending.pop()
            if binding is None:
                found |= only(self._known.variable(name, scope))
                continue
            rounds = rounds_of(binding, every, at, scope, self._rounds)
            place = id(scope.text), name, (binding.statement, binding.body), rounds
            self._known.left -= 1
            if place in self._seen or self._known.left < 0:
                self._cut = True
                continue
            self._seen.add(place)
            if binding.kind in (BindingKind.CHANGED, BindingKind.AUGMENTED):
                pending += scope.bindings(name, (binding.statement, binding.body))
            statement = scope.text.statement_of(binding) if scope.text is not None else None
            with self._in_rounds(rounds):
                for node in given_by(statement, binding) if statement is not None else ():
                    found |= self.of(node, (binding.statement, binding.body), scope)
        return found

    def _is_changed(self, name: str, at: At, scope: Scope) -> bool:
        """Whether a variable holds the object it held at a statement, changed in place since."""
        then, pending = scope.bindings(name, at), list(scope.bindings(name, scope.now))
        if not is_of_last_round(then, at, scope):
            return False
        seen = set(pending)
        while pending:
            if len(seen) > _MAX_CHANGES:
                return False
            binding = pending.pop()
            if binding in then:
                continue
            if binding is None or binding.kind is not BindingKind.CHANGED:
                return False
            before = scope.bindings(name, (binding.statement, binding.body)) - seen
            seen |= before
            pending += before
        return True

    def _object(self, held: Any) -> Sources | None:
        """The states of an object at hand; None where it does not tell where its data is from."""
        if held is ABSENT or held is None:
            return None
        state = self._known.state(held)
        if state is not None:
            return {} if state.kind in _ESTIMATORS else {state: None}
        kind = type(held)
        if kind is ModuleType or kind is FunctionType or issubclass(kind, type) or is_estimator(held):
            return {}
        found: Sources = {}
        for element in elements_of(held):
            state = self._known.state(element)
            if state is not None and state.kind not in _ESTIMATORS:
                found[state] = None
        return found or None

    _VISITORS: ClassVar[dict[type[ast.AST], Callable[[Any, Any, At, Scope], Sources]]] = {
        ast.Name: _name,
        ast.Constant: _nothing,
        ast.Attribute: _attribute,
        ast.Subscript: _subscript,
        ast.IfExp: _conditional,
        ast.Lambda: _lambda,
        ast.ListComp: _comprehension,
        ast.SetComp: _comprehension,
        ast.GeneratorExp: _comprehension,
        ast.DictComp: _comprehension,
        ast.Call: CallFlow.call,
    }


def _with_part(found: Sources, label: object) -> Sources:
    """With a table, also the predictions that the column taken from it came from."""
    if type(label) not in (str, int):
        return found
    parts = [state.parts.get(label) for state in found if state.parts]  # type: ignore[call-overload]
    return {**found, **{part: None for part in parts if part is not None}}


def is_text(held: Any) -> bool:
    """Whether a value is text, or gives it out piece by piece."""
    return type(held) in (str, bytes) or type(held).__module__ in _READERS
