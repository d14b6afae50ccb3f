"""What the calls in a user's text give: what activities made at them, or what their functions return."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType
from typing import Any, Protocol, TypeAlias

from provkg.capture.givens import arguments, called, called_with_in, paths_given
from provkg.capture.kinds import is_estimator
from provkg.capture.rounds import LAST, Rounds, makings_of, rounds_of, within
from provkg.capture.scopes import ABSENT, At, Made, Scope
from provkg.capture.states import Node
from provkg.capture.syntax import given_by, loop_names, operands_of, results_of
from provkg.capture.texts import Place, Texts

__all__ = ["CallFlow", "Known", "Sources", "only"]

_MAX_CALLS = 4
_TELLING = frozenset({"len", "range", "type", "isinstance", "issubclass", "id", "print", "hasattr"})
_TELLING |= {"callable", "zeros_like", "ones_like", "empty_like", "shape", "ndim", "size", "info", "plot"}
_TELLING |= {"get_params", "get_feature_names_out"}
"""Functions whose result holds none of the data they are given."""

Sources: TypeAlias = dict[Node, None]


class Known(Protocol):
    """What is known of objects and variables apart from the text."""

    texts: Texts
    made: Made
    left: int
    """How many more expressions may be looked at in the execution at work."""
    is_broken: bool
    """Whether the execution has ended with an error, perhaps in the midst of a round of a loop."""
    efforts: dict[int, int]
    """The effort that each text had taken when it was first looked at in the execution at work."""
    answers: dict[tuple[int, str, At, Rounds], Sources]
    """What was found for variables when the execution ended."""

    def state(self, value: Any) -> Node | None:
        """The state of an object that is followed, or held as a plain value."""

    def state_before(self, value: Any) -> Node | None:
        """The state of a followed object before the execution at work changed it."""

    def origin(self, name: str, value: Any, scope: Scope) -> Node | None:
        """The state of data in a variable that nobody has followed yet."""

    def variable(self, name: str, scope: Scope) -> Node | None:
        """The state that a variable of the notebook held when the execution at work began."""

    def is_user_function(self, function: FunctionType) -> bool:
        """Whether a function is the user's own."""


class CallFlow:
    """The data that calls give, for `Flow`."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._calls = 0
        self._rounds: Rounds = LAST

    @contextmanager
    def _in_rounds(self, rounds: Rounds) -> Iterator[None]:
        """For a while, calls in loops are those of some rounds."""
        before, self._rounds = self._rounds, rounds
        try:
            yield
        finally:
            self._rounds = before

    def of(self, node: ast.AST, at: At, scope: Scope) -> Sources:
        """The states whose data is in the value of an expression of a statement."""
        raise NotImplementedError

    def all(self, nodes: Iterable[ast.AST], at: At, scope: Scope) -> Sources:
        """The states whose data is in the values of some expressions."""
        found: Sources = {}
        for node in nodes:
            found |= self.of(node, at, scope)
        return found

    def call(self, node: ast.Call, at: At, scope: Scope) -> Sources:
        """The states whose data is in what a call gives."""
        made = self._made(node, at, scope)
        if made is not None:
            return made
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in _TELLING:
            return {}
        function, values = called(node, at, scope)
        if type(function) is FunctionType:
            found = self.function(function, values, node.keywords, at, scope, node=node)
            if found is not None:
                return found
        found = self.all((*node.args, *(keyword.value for keyword in node.keywords)), at, scope)
        if isinstance(node.func, ast.Attribute):
            found |= self._receiver(node.func.value, at, scope)
        elif not isinstance(node.func, ast.Name):
            found |= self.of(node.func, at, scope)
        return found

    def _receiver(self, node: ast.expr, at: At, scope: Scope) -> Sources:
        owner = scope.held(node, at)
        if is_estimator(owner):
            return only(self._known.state(owner))
        return {} if type(owner) is ModuleType else self.of(node, at, scope)

    def _made(self, node: ast.Call, at: At, scope: Scope) -> Sources | None:
        """What activities made at this call from the objects that it names; None where none did."""
        shift = node.end_lineno or 0, node.end_col_offset or 0
        makings = self._known.made.get((scope.place, shift), ())
        if not makings or scope.text is None:
            return None
        needed = [
            state.object
            for operand in operands_of(node)
            if (state := self._known.state(scope.held(operand, at))) is not None
            and not self._varies(operand, node, scope)
        ]
        called_with = called_with_in(scope)
        fitting = [
            making
            for making in makings
            if (not called_with or making.called_with == called_with) and making.used.issuperset(needed)
        ]
        if scope.caller is not None and not called_with:
            fitting = [each for each in fitting if _is_from(each.called_from, *scope.caller)]
            if self._rounds is None and len(fitting) > 1:
                return {}
        if scope.place is not None and not called_with and len({each.opened for each in fitting}) > 1:
            named = paths_given(scope)
            return {making.node: None for making in fitting if making.opened in named} or None
        if not fitting:
            return None
        return {making.node: None for making in makings_of(fitting, node, scope, self._rounds)}

    def _varies(self, operand: ast.expr, node: ast.Call, scope: Scope) -> bool:
        """Whether an operand is another one in each round of the loop around it."""
        names = {each.id for each in ast.walk(operand) if isinstance(each, ast.Name)}
        return any(not names.isdisjoint(loop_names(each)) for each in within(scope, node))

    def function(
        self,
        function: FunctionType,
        values: list[ast.expr],
        keywords: list[ast.keyword],
        at: At,
        scope: Scope,
        index: int | None = None,
        *,
        node: ast.Call | None = None,
    ) -> Sources | None:
        """What a function of the user's returns, or one element of that, for what it is given here."""
        if self._calls >= _MAX_CALLS or not self._known.is_user_function(function):
            return None
        text = self._known.texts.of_function(function.__code__)
        definition = text.function(function.__code__) if text is not None else None
        if text is None or definition is None or any(isinstance(each, ast.Starred) for each in values):
            return None
        given = arguments(function.__code__, values, keywords, at, scope)
        end = max((body.end for body in text.code.bodies[:1]), default=0)
        inner = Scope(text, function.__code__, (end, 0), {}, scope.outer or scope, given)
        inner.caller = (scope.place, node) if node is not None else None
        self._calls += 1
        try:
            found: Sources = {}
            for each in results_of(definition):
                place = text.at(each.lineno)
                if index is None:
                    found |= self.of(each, place, inner)
                else:
                    found |= self.element(each, index, place, inner)
            return found
        finally:
            self._calls -= 1

    def element(self, node: ast.expr, index: int, at: At, scope: Scope) -> Sources:
        """The states whose data is in one element of a value, such as one of several that a call returns."""
        if isinstance(node, ast.Tuple | ast.List):
            starred = any(isinstance(each, ast.Starred) for each in node.elts)
            if not starred and -len(node.elts) <= index < len(node.elts):
                return self.of(node.elts[index], at, scope)
        elif isinstance(node, ast.Name) and scope.held(node, at) is ABSENT:
            found = self._element_bound(node.id, index, at, scope)
            if found is not None:
                return found
        elif isinstance(node, ast.IfExp):
            return self.element(node.body, index, at, scope) | self.element(node.orelse, index, at, scope)
        elif isinstance(node, ast.Call) and self._made(node, at, scope) is None:
            function, values = called(node, at, scope)
            if type(function) is FunctionType:
                found = self.function(function, values, node.keywords, at, scope, index, node=node)
                if found is not None:
                    return found
        return self.of(node, at, scope)

    def _element_bound(self, name: str, index: int, at: At, scope: Scope) -> Sources | None:
        """An element of what a variable was given, where the text gives it one thing."""
        bindings = scope.bindings(name, at)
        binding = next(iter(bindings), None)
        if binding is None or len(bindings) != 1 or scope.text is None:
            return None
        statement = scope.text.statement_of(binding)
        given = list(given_by(statement, binding)) if isinstance(statement, ast.Assign) else []
        if len(given) != 1 or isinstance(given[0], ast.Name):
            return None
        with self._in_rounds(rounds_of(binding, bindings, at, scope, self._rounds)):
            return self.element(given[0], index, (binding.statement, binding.body), scope)


def _is_from(place: Place | None, function: CodeType | None, node: ast.Call) -> bool:
    """Whether a place is that of a call in the text of a function, or of the cell."""
    return place is not None and place[0] is function and node.lineno <= place[1] <= (node.end_lineno or 0)


def only(state: Node | None) -> Sources:
    """A state as sources."""
    return {} if state is None else {state: None}
