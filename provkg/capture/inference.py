"""Where a value came from that no hook saw being made: by the memory it shares, or by the source text.

An array that shares the memory of a followed one was made from it: that is observed. What the user's
statement computed it from is read in the text, over the objects that are at hand: that is inferred, and
marked so. Equal content is no evidence, because it may be an accident.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Mapping
from types import CodeType, FrameType, FunctionType
from typing import Any

from provkg.capture.flow import Flow, Sources
from provkg.capture.gate import gate
from provkg.capture.givens import called_with_in, elements_of, inside_comprehensions
from provkg.capture.kinds import kind_of, type_name
from provkg.capture.memory import held_in
from provkg.capture.plain import PlainValues
from provkg.capture.rounds import Rounds
from provkg.capture.scopes import ABSENT, At, Made, Making, Scope, attributes_of, is_container
from provkg.capture.selections import selected
from provkg.capture.states import FileNode, Node
from provkg.capture.syntax import argument_of, operands_of
from provkg.capture.texts import Place, Position, Texts
from provkg.capture.usercode import UserCode
from provkg.capture.values import Tracker
from provkg.records import Evidence, ValueKind

__all__ = ["HOLDING", "Inference", "is_database", "memory_of"]

_ESTIMATORS = (ValueKind.MODEL, ValueKind.TRANSFORMER)
_MAX_MADE = 1_000
_MAX_EXPRESSIONS = 20_000
_MAX_OPENED = 200
HOLDING = "holding"
"""The operation that leads from data to a container which it is in."""


class Inference:
    """Answers where values came from, for one session.

    Parameters:
        tracker: the followed objects.
        namespace: the variables of the notebook or script.
        code: tells the user's own code from that of libraries.
    """

    def __init__(self, tracker: Tracker, namespace: Mapping[str, Any], code: UserCode) -> None:
        self.texts = Texts(code, namespace)
        self.made: Made = {}
        self.left = _MAX_EXPRESSIONS
        self.efforts: dict[int, int] = {}
        self.answers: dict[tuple[int, str, At, Rounds], Sources] = {}
        self.is_broken = False
        self.last_file: Callable[[Any], FileNode | None] = lambda value: None
        """Tells the file of a database, in the state in which it was met last."""
        self._crowded: set[tuple[CodeType | None, Position]] = set()
        self.plain = PlainValues()
        self.began: dict[str, Node] = {}
        """The states that variables held when the execution at work began."""
        self._tracker = tracker
        self._namespace = namespace
        self._code = code
        self._asking: set[int] = set()

    def begin(self, source: str, variables: Iterable[tuple[str, Any]]) -> None:
        """An execution begins, of this text."""
        self.texts.begin(source)
        self.made.clear()
        self._crowded.clear()
        self.left = _MAX_EXPRESSIONS
        self.is_broken = False
        self.efforts, self.answers = {}, {}
        self.began = self._tracker.find_each(variables)
        self.plain.begin(self._namespace)

    @property
    def tired(self) -> bool:
        """Whether there was too much text to find where all values came from."""
        return self.left < 0

    # --- what `Flow` asks ---------------------------------------------------------------------------

    def state(self, value: Any) -> Node | None:
        """The state of an object that is followed, or of a container in a variable."""
        node = self._tracker.find(value)
        if node is not None:
            return node
        if is_database(value):
            return self._database(value)
        return self.plain.of_container(value) if is_container(value) else None

    def _database(self, value: Any) -> Node | None:
        """A passing state for what comes out of a database now."""
        file = self.last_file(value)
        if file is None:
            return None
        return self._tracker.plain(None, ValueKind.DATASET, (file,), "sqlite3", Evidence.OBSERVED)

    def state_before(self, value: Any) -> Node | None:
        """The state of a followed object before the execution at work changed it."""
        return self._tracker.earliest(value)

    def origin(self, name: str, value: Any, scope: Scope) -> Node | None:
        """The state of data in a variable that nobody has followed yet: it is followed from now on."""
        if id(value) in self._asking:
            return None
        self._asking.add(id(value))
        try:
            return self._of_variable(name, value, scope)
        finally:
            self._asking.discard(id(value))

    def variable(self, name: str, scope: Scope) -> Node | None:
        """The state that a variable of the notebook held when the execution at work began."""
        if scope.module is not self._namespace:
            return None
        began = self.began.get(name) or self.plain.of_name(name)
        return began if began is None or began.kind not in _ESTIMATORS else None

    def is_user_function(self, function: FunctionType) -> bool:
        """Whether a function is the user's own."""
        return function.__globals__ is self._namespace or self._code.is_own(function.__code__)

    # --- answers ------------------------------------------------------------------------------------

    def at_end(self, name: str, value: Any) -> Node | None:
        """The state of data that a variable holds when an execution ends."""
        return self.origin(name, value, self._end())

    def plain_at_end(self, name: str) -> Sources:
        """The states whose data is in a plain value that a variable holds when an execution ends."""
        scope = self._end()
        return Flow(self, at_end=True).variable(name, scope.now, scope, by_text=True)

    def held_by(self, value: Any) -> tuple[Sources, bool]:
        """The states of the data in a container, and whether there is any and they are of all of it."""
        found: Sources = {}
        complete = True
        for element in elements_of(value):
            state = self.state(element) or self._of_memory(element)
            if state is None:
                complete = complete and kind_of(element) is None
            elif state.kind not in _ESTIMATORS:
                found[state] = None
        return found, complete and bool(found)

    def at_frame(self, value: Any, frame: FrameType | None) -> Node | None:
        """The state of data that a call is given which the user's code makes now."""
        node = self._of_memory(value)
        if node is not None or frame is None:
            return node or self._tracker.node(value)
        sources, operation = self._operand(value, frame)
        return self._from(value, sources, operation)

    def plain_at_frame(self, value: Any, frame: FrameType) -> tuple[Sources, str]:
        """The states whose data is in a plain value that a call is given, and by which operation."""
        held, complete = self.held_by(value)
        if complete:
            return held, HOLDING
        sources, operation = self._operand(value, frame)
        return held | sources, operation

    def remember(self, node: Node, used: Iterable[Node], frame: FrameType, *, opened: str = "") -> None:
        """Keep in mind that the call which a frame makes now made a state from others.

        Parameters:
            opened: the path of a file that the call opened; of many at one place, none is kept in mind.
        """
        position = self.texts.position(frame)
        if position is None:
            return
        scope = Scope.of_frame(frame, self.texts)
        made = self.made.setdefault((scope.place, position), [])
        if (scope.place, position) in self._crowded or (opened and len(made) >= _MAX_OPENED):
            self._crowded.add((scope.place, position))
            made.clear()
        else:
            del made[_MAX_MADE - 1 :]  # the last is needed
            objects = frozenset(each.object for each in used)
            made.append(Making(node, objects, called_with_in(scope), opened, self._caller(frame, scope)))

    def _caller(self, frame: FrameType, scope: Scope) -> Place | None:
        """Where the function was called that a frame, or that of a comprehension in it, is at work in."""
        inner: FrameType | None = frame
        while scope.place is not None and inner is not None:
            if inner.f_code is scope.place:
                return self.texts.place_of(inner.f_back) if inner.f_back is not None else None
            inner = inner.f_back
        return None

    # --- by memory and by text ----------------------------------------------------------------------

    def _end(self) -> Scope:
        return Scope.of_end(self.texts.cell_text(), self._namespace)

    def _of_same_memory(self, value: Any) -> Node | None:
        """The state of the followed array that an array is a view of."""
        base = _base(value)
        while base is not None:
            node = self._tracker.find(base) or self._tracker.owner(base)
            if node is not None:
                return node
            base = _base(base)
        return None

    def _of_memory(self, value: Any) -> Node | None:
        node = self._of_same_memory(value)
        if node is not None:
            return self._tracker.derive(value, [node], "view of the same memory")
        shared = self._tracker.sharing(value)
        if shared is not None:
            return self._tracker.derive(value, [shared], "view of the same memory")
        held = dict.fromkeys(
            self._tracker.find(each) or self._tracker.sharing(each) for each in held_in(value)
        )
        sources = [node for node in held if node is not None and node.kind not in _ESTIMATORS]
        return self._tracker.derive(value, sources, type_name(type(value))) if sources else None

    def _of_variable(self, name: str, value: Any, scope: Scope) -> Node | None:
        node = self._of_memory(value)
        if node is not None:
            return node
        flow = Flow(self, at_end=scope.at_end)
        sources = flow.variable(name, scope.now, scope, by_text=True)
        return self._from(value, sources, f"{name} = …")

    def _attribute(self, value: Any, source: Node) -> str:
        """The attribute of a model that a value is; empty where it is none."""
        if source.kind not in _ESTIMATORS or source.object.reference is None:
            return ""
        for name, held in attributes_of(source.object.reference()).items():
            if held is value:
                return f"{source.object.type}.{name}"
        return ""

    def _from(self, value: Any, sources: Sources, operation: str) -> Node | None:
        """The state of data that the text says comes from some states; rows of one can be seen to be so."""
        attribute = self._attribute(value, next(iter(sources))) if len(sources) == 1 else ""
        if attribute:
            return self._tracker.derive(value, tuple(sources), attribute)
        rows = selected(value, sources)
        if rows:
            return self._tracker.derive(value, rows, "selected rows")
        return self._tracker.derive(value, tuple(sources), operation, Evidence.INFERRED)

    def _operand(self, value: Any, frame: FrameType) -> tuple[Sources, str]:
        """What a call is given, by the expression for it in the text."""
        scope = Scope.of_frame(frame, self.texts)
        node = self.texts.at_work(frame)
        if node is None:
            return {}, ""
        at, flow, found = scope.now, Flow(self), Sources()
        scope = inside_comprehensions(node, at, scope)
        operands = operands_of(node)
        if isinstance(node, ast.Call) and gate.given is not None:
            one = argument_of(node, value, *gate.given)
            operands = iter([one]) if one is not None else operands
        for operand in operands:
            held = scope.held(operand, at)
            if held is value and isinstance(operand, ast.Name):
                return flow.variable(operand.id, at, scope, by_text=True), f"{operand.id} = …"
            if held is ABSENT or held is value:
                found |= flow.of(operand, at, scope)
        return found, "expression"


def is_database(value: Any) -> bool:
    """Whether an object is a connection to an SQLite database, or a cursor of one."""
    return type(value).__module__ == "sqlite3"


def _base(value: Any) -> Any:
    """The array that has the memory of another one."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not issubclass(type(value), numpy.ndarray):
        return None
    return value.base if issubclass(type(value.base), numpy.ndarray) else None


def memory_of(value: Any) -> Any:
    """The array that owns the memory of an array, or the array itself."""
    base = _base(value)
    while base is not None:
        value, base = base, _base(base)
    return value
