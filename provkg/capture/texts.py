"""The user's own text at run time: which statement and which expression of it is at work."""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Iterator, Mapping
from dis import opname
from functools import cached_property
from types import CodeType, FrameType
from typing import Any, TypeAlias

from provkg.analysis import Binding, CellCode, Knowledge, analyse, analyse_function, reaching, statement_at
from provkg.analysis.parsing import parse
from provkg.capture.namespace import locals_of
from provkg.capture.usercode import UserCode

__all__ = ["INNER", "Place", "Position", "Text", "Texts"]

INNER = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
"""Code of comprehensions, which have frames of their own up to Python 3.11."""
_Positions: TypeAlias = tuple[int | None, int | None, int | None, int | None]
_NOWHERE: _Positions = (None, None, None, None)
_EVALUATED: dict[str, type[ast.expr]] = {
    "CALL": ast.Call,
    "PRECALL": ast.Call,
    "BINARY_OP": ast.BinOp,
    "COMPARE_OP": ast.Compare,
    "BINARY_SUBSCR": ast.Subscript,
    "BINARY_SLICE": ast.Subscript,
    "UNARY": ast.UnaryOp,
    "LOAD_ATTR": ast.Attribute,
    "LOAD_METHOD": ast.Attribute,
}
"""What instructions evaluate, by the beginning of their names."""
_MAGICS = frozenset({"run_cell_magic", "run_line_magic"})

Place: TypeAlias = tuple[CodeType | None, int]
"""A function, or None for the cell itself, and a line of its text."""
Position: TypeAlias = tuple[int, int]
"""Where an expression ends: its last line, from 1, and the column behind it in bytes."""


class Text:
    """One text: what analysis says of it, and its syntax tree.

    Parameters:
        code: the analysis, with lines counted as in ``source``.
        source: the text.
        tree: its syntax tree where there is one already.
    """

    def __init__(self, code: CellCode, source: str, tree: ast.Module | None = None) -> None:
        self.code = code
        self._source = source
        self._tree = tree
        self._bindings: dict[tuple[str, int, int], frozenset[Binding | None]] = {}
        self.effort = 0
        """How many statements were passed in looking for bindings."""

    @cached_property
    def _root(self) -> ast.Module:
        return self._tree or parse(self._source, transformed=True).tree or ast.Module([], [])

    @cached_property
    def _lines(self) -> dict[int, list[ast.stmt]]:
        found: dict[int, list[ast.stmt]] = {}
        pending: list[ast.AST] = [self._root]
        while pending:
            node = pending.pop()
            if isinstance(node, ast.stmt):
                found.setdefault(node.lineno, []).append(node)
                pending += _magic_statements(node)
            for field in ("body", "orelse", "finalbody", "handlers", "cases"):
                pending += getattr(node, field, ())
        return found

    @cached_property
    def _ranks(self) -> dict[int, list[int]]:
        """The statements of each line, by their index in the analysis."""
        found: dict[int, list[int]] = {}
        for index, statement in enumerate(self.code.statements):
            found.setdefault(statement.line, []).append(index)
        return found

    @cached_property
    def _expressions(self) -> tuple[dict[Position, list[ast.expr]], dict[ast.AST, ast.AST]]:
        found: dict[Position, list[ast.expr]] = {}
        parents: dict[ast.AST, ast.AST] = {}
        for node in (each for several in self._lines.values() for each in several):
            pending: list[ast.AST] = [node]
            while pending:
                current = pending.pop()
                if isinstance(current, ast.expr):
                    end = current.end_lineno or 0, current.end_col_offset or 0
                    found.setdefault(end, []).append(current)
                for child in ast.iter_child_nodes(current):
                    parents[child] = current
                    if not isinstance(child, ast.stmt):
                        pending.append(child)
        return found, parents

    def bindings(self, name: str, statement: int, body: int) -> frozenset[Binding | None]:
        """What may have bound or changed a variable when a statement begins; None is what came before."""
        key = name, statement, body
        if key not in self._bindings:
            self.effort += len(self.code.statements)
            self._bindings[key] = reaching(self.code, *key)
        return self._bindings[key]

    def statements(self, line: int) -> list[ast.stmt]:
        """The statements that begin at a line."""
        return self._lines.get(line, [])

    def statement_of(self, binding: Binding) -> ast.stmt | None:
        """The statement that binds or changes a name."""
        found = self.statements(binding.line)
        if len(found) > 1 and (one := self.statement_at(binding.statement)) is not None:
            return one
        return next((each for each in found if _mentions(each, binding.name)), None)

    def statement_at(self, index: int) -> ast.stmt | None:
        """A statement by its index in the analysis; None where its line does not tell it."""
        line = self.code.statements[index].line
        found, same = self.statements(line), self._ranks.get(line, [])
        if len(found) != len(same):
            return None
        return sorted(found, key=lambda each: each.col_offset)[same.index(index)]

    def expression(self, operation: str, lines: tuple[int, int], columns: tuple[int, int]) -> ast.expr | None:
        """The expression that an instruction evaluates, by its name and where the expression stands."""
        kind = next((kind for prefix, kind in _EVALUATED.items() if operation.startswith(prefix)), None)
        if kind is None:
            return None
        found = [each for each in self._expressions[0].get((lines[1], columns[1]), ()) if type(each) is kind]
        # Of a call in a chain over several lines only the end is told as it is.
        start = lines[0], columns[0]
        exact = [each for each in found if (each.lineno, each.col_offset) == start]
        return next(iter(exact or (found if kind is ast.Call else [])), None)

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, innermost first."""
        parents = self._expressions[1]
        while node in parents:
            node = parents[node]
            yield node

    def function(self, code: CodeType) -> ast.AST | None:
        """The definition that a function's code was compiled from."""
        for nodes in self._lines.values():
            for node in nodes:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == code.co_name:
                    first = min((each.lineno for each in node.decorator_list), default=node.lineno)
                    if first == code.co_firstlineno:
                        return node
        return None

    def at(self, line: int) -> tuple[int, int]:
        """The index of the statement at a line, and of the body it is in."""
        index = statement_at(self.code, line)
        if index is None:
            return len(self.code.statements), -1
        return index, self.code.statements[index].body


class Texts:
    """The texts of the user's cells, functions and modules.

    Parameters:
        code: tells the user's own code from that of libraries.
        namespace: the variables of the notebook or script.
    """

    def __init__(self, code: UserCode, namespace: Mapping[str, Any]) -> None:
        self._code = code
        self._namespace = namespace
        self._source = ""
        self._text: Text | None = None
        self._functions: dict[CodeType, Text | None] = {}
        self._modules: dict[str, Text] = {}
        self._aliases: dict[str, str] = {}
        self._positions: dict[CodeType, tuple[bytes, list[_Positions]]] = {}
        self.knowledge: Knowledge | None = None
        """What library calls mean, where that is more than what ships with provkg."""

    def begin(self, source: str) -> None:
        """A cell begins; its text is analysed when first asked for."""
        if self._text is not None:
            self._aliases.update(self._text.code.aliases)
        self._source = source
        self._text = None

    def cell(self) -> CellCode:
        """The analysis of the cell at work."""
        return self.cell_text().code

    def cell_text(self) -> Text:
        """The text of the cell at work."""
        if self._text is None:
            parsed = parse(self._source, transformed=True)
            code = analyse(
                self._source,
                transformed=True,
                aliases=self._aliases,
                knowledge=self.knowledge,
                tree=parsed.tree,
            )
            self._text = Text(code, self._source, parsed.tree)
        return self._text

    def place_of(self, frame: FrameType) -> Place:
        """The function (None for the cell itself) and line of its text that a frame is at."""
        frame = _enclosing(frame)
        code = frame.f_code
        if self.is_document(code):
            return None, frame.f_lineno + self._before(frame)
        return code, frame.f_lineno

    def _before(self, frame: FrameType) -> int:
        """How many lines of the cell stand before the text that a frame of it runs."""
        if not frame.f_code.co_filename.startswith("<timed"):
            return 0
        # What a magic runs counts its lines by itself: below ``%%time``, or behind ``%time``.
        offset, outer = self.cell().offset, frame.f_back
        while not offset and outer is not None:
            if outer.f_globals is frame.f_globals and self.is_document(outer.f_code):
                return outer.f_lineno - 1
            outer = outer.f_back
        return offset

    def line(self, namespace: Mapping[str, Any]) -> int | None:
        """The line of the cell, from 1, that is at work."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_globals is namespace and self.is_document(frame.f_code):
                return self.place_of(frame)[1]
            frame = frame.f_back
        return None

    def together(self, one: int | None, other: int | None) -> bool:
        """Whether two lines of the cell are of one statement of it, such as a loop with what is in it."""
        if one is None or other is None or one == other:
            return one == other
        parsed = parse(self._source, transformed=True)
        body = parsed.tree.body if parsed.tree is not None else []
        spans = ((statement.lineno, statement.end_lineno or 0) for statement in body)
        return any(first <= min(one, other) and max(one, other) <= last for first, last in spans)

    def of(self, frame: FrameType) -> Text | None:
        """The text that a frame of the user's runs."""
        code = _enclosing(frame).f_code
        return self.cell_text() if self.is_document(code) else self.of_function(code)

    def around_function(self, frame: FrameType) -> Text:
        """The text of the cell, script or module that a function's frame sees its globals in."""
        if frame.f_globals is self._namespace:
            return self.cell_text()
        file = frame.f_code.co_filename
        if file not in self._modules:
            source = "".join(linecache.getlines(file))
            self._modules[file] = Text(analyse(source, knowledge=self.knowledge), source)
        return self._modules[file]

    def is_document(self, code: CodeType) -> bool:
        """Whether code is that of the cell or script itself, not of a function or another module."""
        document = self._code.document
        return code.co_name == "<module>" and (not document or code.co_filename == document)

    @staticmethod
    def locals_around(frame: FrameType) -> Mapping[str, Any]:
        """What the variables of a function hold, with those of a comprehension at work in it."""
        outer = _enclosing(frame)
        return locals_of(frame) if outer is frame else {**locals_of(outer), **locals_of(frame)}

    def of_function(self, code: CodeType) -> Text | None:
        """The text that a function of the user's was compiled from."""
        if code not in self._functions:
            lines = linecache.getlines(code.co_filename)
            source = "".join(lines)
            if code.co_name == "<module>":
                analysed = analyse(source, knowledge=self.knowledge)
            else:
                analysed = analyse_function(
                    source, code.co_firstlineno, code.co_name, knowledge=self.knowledge
                )
            self._functions[code] = Text(analysed, source) if lines else None
        return self._functions[code]

    def position(self, frame: FrameType) -> Position | None:
        """Where the expression that a frame is evaluating ends."""
        found = self._instruction(frame)
        return (found[1][1], found[2][1]) if found is not None else None

    def at_work(self, frame: FrameType) -> ast.AST | None:
        """The expression, or else the statement, that a frame is evaluating."""
        text, found = self.of(frame), self._instruction(frame)
        if text is None:
            return None
        node = text.expression(*found) if found is not None else None
        return node or next(iter(text.statements(self.place_of(frame)[1])), None)

    def _instruction(self, frame: FrameType) -> tuple[str, tuple[int, int], tuple[int, int]] | None:
        """The name of the instruction at work, and the lines and columns of what it evaluates."""
        code, offset = frame.f_code, frame.f_lasti
        if code not in self._positions:
            self._positions[code] = code.co_code, list(code.co_positions())
        instructions, positions = self._positions[code]
        line, end_line, column, end_column = positions[offset // 2] if offset >= 0 else _NOWHERE
        if line is None or end_line is None or column is None or end_column is None:
            return None
        while offset > 0 and opname[instructions[offset]] == "CACHE":
            offset -= 2  # a call that the interpreter has specialised is at its last cache entry
        outer = _enclosing(frame)
        shift = self._before(outer) if self.is_document(outer.f_code) else 0
        return opname[instructions[offset]], (line + shift, end_line + shift), (column, end_column)


def _enclosing(frame: FrameType) -> FrameType:
    """The frame of the function or cell that a comprehension's frame belongs to."""
    inner = frame
    while inner.f_code.co_name in INNER:
        outer = inner.f_back
        while outer is not None and inner.f_code not in outer.f_code.co_consts:
            outer = outer.f_back
        if outer is None:
            return frame
        inner = outer
    return inner


def _magic_statements(statement: ast.stmt) -> list[ast.stmt]:
    """The statements in the text of a magic such as ``%time``, with the lines of the cell."""
    node = getattr(statement, "value", None)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return []
    if node.func.attr not in _MAGICS:
        return []
    texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
    if len(texts) < 2 or not isinstance(texts[-1], str):
        return []
    parsed = parse(texts[-1], transformed=False)
    if parsed.tree is None:
        return []
    shift = node.lineno if node.func.attr == "run_cell_magic" else node.lineno - 1
    shift += texts[-1][: len(texts[-1]) - len(parsed.source)].count("\n")
    ast.increment_lineno(parsed.tree, shift)
    return parsed.tree.body


def _mentions(statement: ast.stmt, name: str) -> bool:
    """Whether a statement itself, not one in its body, names a variable."""
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name) and node.id == name:
            return True
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name:
            return True
        pending += [each for each in ast.iter_child_nodes(node) if not isinstance(each, ast.stmt)]
    return False
