"""Where a value came from that no hook saw being made: by memory, by content, or by the source text.

In this order: the array whose memory it shares (observed), a recorded value of the same content
(observed), and last the names that the user's statement read (inferred, and marked so).
"""

from __future__ import annotations

import linecache
from collections.abc import Iterator, Mapping
from types import CodeType, FrameType
from typing import Any, TypeAlias

from provkg.analysis import CellCode, analyse, analyse_function, loads_at, origins, sources_of
from provkg.capture.fingerprints import is_telling
from provkg.capture.kinds import is_estimator, shape_of
from provkg.capture.namespace import locals_of
from provkg.capture.usercode import UserCode
from provkg.capture.values import Node, Tracker
from provkg.records import Evidence, ValueKind

__all__ = ["Made", "Origin", "Scope", "Texts", "origin_of"]

_DATA = (ValueKind.DATASET, ValueKind.PREDICTION)
_MAX_STEPS = 12
_END = 1 << 30
_MAX_LINES = 200


Place: TypeAlias = tuple[CodeType | None, int]
"""A function, or None for the cell itself, and a line of its text."""
Made: TypeAlias = dict[Place, dict[int, tuple[Node, frozenset[Node]]]]
"""What activities made at each place of the text, by the call's position in it, and from which states."""


class Origin:
    """The states a value came from, how this is known, and by which operation."""

    __slots__ = ("evidence", "operation", "parents")

    def __init__(self, parents: list[Node], operation: str, evidence: Evidence) -> None:
        self.parents = parents
        self.operation = operation
        self.evidence = evidence


class Texts:
    """The analysed source texts of the user's cells, functions and modules."""

    def __init__(self, code: UserCode) -> None:
        self._code = code
        self._current: CellCode | None = None
        self._current_source = ""
        self._functions: dict[CodeType, CellCode | None] = {}
        self._aliases: dict[str, str] = {}

    def begin(self, source: str) -> None:
        """A cell begins; its text is analysed when first asked for."""
        if self._current is not None:
            self._aliases.update(self._current.aliases)
        self._current_source = source
        self._current = None

    def cell(self) -> CellCode:
        """The analysis of the cell at work."""
        if self._current is None:
            self._current = analyse(self._current_source, transformed=True, aliases=self._aliases)
        return self._current

    def place_of(self, frame: FrameType) -> Place:
        """The function (None for the cell itself) and line of its text that a frame is at."""
        code = frame.f_code
        if self._is_current(code):
            # The body of a cell magic such as ``%%time`` counts its lines by itself.
            return None, frame.f_lineno + self.cell().offset
        return code, frame.f_lineno

    def line(self, namespace: Mapping[str, Any]) -> int | None:
        """The line of the cell, from 1, that is at work."""
        frame = self._code.frame()
        while frame is not None:
            if frame.f_globals is namespace and frame.f_code.co_name == "<module>":
                return self.place_of(frame)[1]
            frame = frame.f_back
        return None

    def of(self, frame: FrameType) -> CellCode | None:
        """The analysis of the text that a frame of the user's runs."""
        code = frame.f_code
        if self._is_current(code):
            return self.cell()
        if code not in self._functions:
            self._functions[code] = _function(code)
        return self._functions[code]

    def _is_current(self, code: CodeType) -> bool:
        """Whether code is that of the cell or script itself, not of a function or another module."""
        document = self._code.document
        return code.co_name == "<module>" and (not document or code.co_filename == document)


def _function(code: CodeType) -> CellCode | None:
    lines = linecache.getlines(code.co_filename)
    if not lines:
        return None
    if code.co_name == "<module>":
        return analyse("".join(lines))
    return analyse_function("".join(lines), code.co_firstlineno, code.co_name)


class Scope:
    """A place in the user's text and the variables that are seen from it."""

    __slots__ = ("code", "global_", "line", "local", "made", "name", "place")

    def __init__(
        self,
        code: CellCode | None,
        line: int,
        local: Mapping[str, Any],
        global_: Mapping[str, Any],
        made: Made,
        place: CodeType | None = None,
        name: str = "",
    ) -> None:
        self.made = made
        self.place = place
        self.code = code
        self.line = line
        self.local = local
        self.global_ = global_
        self.name = name

    @classmethod
    def of_frame(cls, frame: FrameType, texts: Texts, made: Made) -> Scope:
        """The line that a frame is at."""
        place, line = texts.place_of(frame)
        return cls(texts.of(frame), line, locals_of(frame), frame.f_globals, made, place)

    @classmethod
    def at_end(cls, code: CellCode, name: str, namespace: Mapping[str, Any], made: Made) -> Scope:
        """The end of a cell, where ``name`` holds the value in question."""
        return cls(code, _END, namespace, namespace, made, None, name)

    def get(self, name: str) -> Any:
        """What a variable holds, or None."""
        return self.local.get(name, self.global_.get(name))

    def name_of(self, value: Any) -> str:
        """The variable that holds a value, or an empty text."""
        return self.name or next((name for name, held in self.local.items() if held is value), "")


def origin_of(value: Any, tracker: Tracker, scope: Scope | None, exclude: set[int]) -> Origin | None:
    """Where an object came from that is not followed.

    Parameters:
        scope: the place in the user's text where it was met.
        exclude: identities of objects that the value did not come from, such as the call's other arguments.
    """
    base = getattr(value, "base", None)
    while base is not None and type(base).__name__ in ("ndarray", "memmap"):
        node = tracker.find(base)
        if node is not None:
            return Origin([node], "view of the same memory", Evidence.OBSERVED)
        base = getattr(base, "base", None)
    same = _same_content(value, tracker, scope, exclude) if shape_of(value) else None
    if same is not None:
        return Origin([same], "same content", Evidence.OBSERVED)
    return _by_text(value, tracker, scope, exclude) if scope is not None else None


def _same_content(value: Any, tracker: Tracker, scope: Scope | None, exclude: set[int]) -> Node | None:
    """The one recorded state of the same content, where that is no accident.

    Zeros, counts and labels are often equal without having to do with each other, and what was copied is
    equal to its original. Of those only the one counts that the text names.
    """
    candidates = tracker.same_content(value)
    if len(candidates) == 1 and is_telling(value):
        return candidates[0]
    if not candidates or scope is None or scope.code is None:
        return None
    named = _named(value, tracker, scope, scope.code, scope.name_of(value), exclude)
    found = [node for node in candidates if id(node) in named]
    return found[0] if len(found) == 1 else None


def _by_text(value: Any, tracker: Tracker, scope: Scope, exclude: set[int]) -> Origin | None:
    """The values that the text computes it from: variables, and what activities made on the way."""
    code = scope.code
    if code is None:
        return None
    name = scope.name_of(value)
    parents = _named(value, tracker, scope, code, name, exclude)
    for made, used in _made(tracker, scope, code, name):
        parents = {key: node for key, node in parents.items() if node not in used}
        parents[id(made)] = made
    if not parents:
        return None
    operation = f"{name} = …" if name else "expression"
    return Origin(list(parents.values()), operation, Evidence.INFERRED)


def _named(
    value: Any, tracker: Tracker, scope: Scope, code: CellCode, name: str, exclude: set[int]
) -> dict[int, Node]:
    """The followed data in the variables that a value was computed from, step by step."""
    names = set(sources_of(code, name, scope.line) if name else loads_at(code, scope.line))
    seen = {name} if name else set()
    parents: dict[int, Node] = {}
    for _ in range(_MAX_STEPS):
        further: set[str] = set()
        for source in names - seen:
            held = scope.get(source)
            if held is None or id(held) in exclude or held is value:
                continue
            node = tracker.find(held)
            if node is not None:
                if node.kind in _DATA:
                    parents[id(node)] = node
            elif not (callable(held) or _holds_models(held)):
                further |= sources_of(code, source, scope.line)
        seen |= names
        names = further
        if not names:
            break
    return parents


def _holds_models(held: Any) -> bool:
    """Whether a container holds estimators: what is computed with them did not come from their own data."""
    if type(held) is dict:
        held = tuple(held.values())
    return type(held) in (list, tuple) and any(is_estimator(each) for each in held[:_MAX_LINES])


def _made(
    tracker: Tracker, scope: Scope, code: CellCode, name: str
) -> Iterator[tuple[Node, frozenset[Node]]]:
    """What activities made in the statements that computed a value, from the data those statements name."""
    spans: list[tuple[int, int, frozenset[str]]] = []
    if name:
        for binding in origins(code, name, scope.line):
            statement = code.statements[binding.statement]
            spans.append((statement.line, statement.end_line, binding.sources))
    else:
        spans.append((scope.line, scope.line, loads_at(code, scope.line)))
    for first, last, names in spans:
        nodes = {tracker.find(scope.get(source)) for source in names}
        for line in range(first, min(last, first + _MAX_LINES) + 1):
            for made, used in scope.made.get((scope.place, line), {}).values():
                if nodes & used:
                    yield made, used
