"""The walk through compound statements: on which ways a statement is reached.

Loops are taken to run at least once; an arm of an ``if`` or a handler may not run; what follows a
statement that leaves its block does not count for what comes after the block.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from msgspec.structs import replace

from provkg.analysis.code import Argument, BindingKind, Block, BlockKind
from provkg.analysis.folding import Constant
from provkg.analysis.statements import Flow, Statements

__all__ = ["Blocks", "first_line", "header_end"]

_Way = tuple[set[str], dict[str, Constant]]
"""What is certain on one way through the cell: the names bound, and the constants that variables hold."""


class Blocks(Statements):
    """Walks the compound statements that share their namespace with what is around them."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.blocks: list[Block] = []
        self.jumps: list[dict[type[ast.stmt], list[_Way]]] = []
        """For each loop around the place at work: how ``break`` and ``continue`` are reached in it."""

    def block(
        self, kind: BlockKind, header: int, arms: Sequence[tuple[int, int]], *, exhaustive: bool = False
    ) -> None:
        """Record a compound statement that has just been walked."""
        self.blocks.append(Block(kind, header, len(self.statements), tuple(arms), exhaustive))

    def _arm(self, nodes: Sequence[ast.stmt]) -> tuple[tuple[int, int], bool]:
        start = len(self.statements)
        exits = self.walk(nodes)
        return (start, len(self.statements)), exits

    def _branch(self, certain: set[str], constants: dict[str, Constant]) -> None:
        self.scope.certain = set(certain)
        self.constants = dict(constants)

    def _join(self, ways: Sequence[_Way]) -> bool:
        """Control comes together again; True when it comes on no way."""
        if not ways:
            return True
        self.scope.certain = set.intersection(*(certain for certain, _ in ways))
        first = ways[0][1]
        self.constants = {
            name: constant
            for name, constant in first.items()
            if all(constants.get(name) == constant for _, constants in ways[1:])
        }
        return False

    def _way(self) -> _Way:
        return self.scope.certain, self.constants

    # --- if, match, try -----------------------------------------------------------------------------

    def _if(self, node: ast.If) -> bool:
        self.begin(node)
        header = self.statement
        self.visit(node.test)
        self.commit(header_end(node.body, node.test))
        before = self._way()
        ways = []
        arms = []
        for nodes in (node.body, node.orelse):
            self._branch(*before)
            arm, exits = self._arm(nodes)
            arms.append(arm)
            if not exits:
                ways.append(self._way())
        self.block(BlockKind.IF, header, arms, exhaustive=bool(node.orelse))
        return self._join(ways)

    def _match(self, node: ast.Match) -> bool:
        self.begin(node)
        header = self.statement
        self.visit(node.subject)
        subject = Flow(frozenset(self.data))
        self.commit(node.subject.end_lineno or node.lineno)
        before = self._way()
        ways, arms, exhaustive = [], [], False
        for case in node.cases:
            self._branch(*before)
            start = len(self.statements)
            self.begin(case, case.pattern.lineno)
            self._pattern(case.pattern, subject)
            if case.guard is not None:
                self.visit(case.guard)
            self.commit(header_end(case.body, case.guard or case.pattern))
            exits = self.walk(case.body)
            arms.append((start, len(self.statements)))
            if not exits:
                ways.append(self._way())
            exhaustive |= case.guard is None and _catches_all(case.pattern)
        if not exhaustive:
            ways.append(before)
        self.block(BlockKind.MATCH, header, arms, exhaustive=exhaustive)
        return self._join(ways)

    def _pattern(self, pattern: ast.pattern, subject: Flow) -> None:
        for node in ast.walk(pattern):
            match node:
                case ast.MatchValue(value=value) | ast.MatchClass(cls=value):
                    self.visit(value)
                case ast.MatchMapping(keys=keys):
                    self.all(keys)
        for node in ast.walk(pattern):
            name = getattr(node, "rest", None) or getattr(node, "name", None)
            if isinstance(node, ast.MatchAs | ast.MatchStar | ast.MatchMapping) and name:
                self.bind_name(name, subject.names, BindingKind.MATCHED)

    def _try(self, node: ast.Try) -> bool:
        self.begin(node)
        header = self.statement
        self.commit(node.lineno)
        before = self._way()
        self._branch(*before)
        body, body_exits = self._arm(node.body)
        completed = self._way()
        ways, arms = [], [body]
        for handler in node.handlers:
            self._branch(*before)
            start = len(self.statements)
            self.begin(handler)
            if handler.type is not None:
                self.visit(handler.type)
            if handler.name:
                self.bind_name(handler.name, frozenset(), BindingKind.CAUGHT)
            self.commit(header_end(handler.body, handler.type))
            if not self.walk(handler.body):
                ways.append(self._way())
            arms.append((start, len(self.statements)))
        self._branch(*completed)
        orelse, orelse_exits = self._arm(node.orelse)
        if not (body_exits or orelse_exits):
            ways.insert(0, self._way())
        exits = self._join(ways)
        final, final_exits = self._arm(node.finalbody)
        self.block(BlockKind.TRY, header, [*arms, orelse, final])
        return exits or final_exits

    # --- with, loops --------------------------------------------------------------------------------

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        self.begin(node)
        last: ast.expr | None = None
        for item in node.items:
            start = len(self.data)
            last = item.optional_vars or item.context_expr
            if item.optional_vars is not None:
                self.expect([item.optional_vars], item.context_expr)
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                flow = Flow(frozenset(self.data[start:]))
                self.assign(item.optional_vars, flow, BindingKind.ENTERED)
        self.commit(header_end(node.body, last))
        self.walk(node.body)

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        before, places = set(self.constants), (len(self.bindings), len(self.folded))
        self.begin(node)
        header = self.statement
        self.visit(node.iter)
        self.assign(node.target, Flow(frozenset(self.data)), BindingKind.ITERATED)
        self.commit(header_end(node.body, node.iter))
        self._loop(node, header, before, places)

    def _while(self, node: ast.While) -> None:
        before, places = set(self.constants), (len(self.bindings), len(self.folded))
        self.begin(node)
        header = self.statement
        self.visit(node.test)
        self.commit(header_end(node.body, node.test))
        self._loop(node, header, before, places)

    def _loop(
        self,
        node: ast.For | ast.AsyncFor | ast.While,
        header: int,
        before: set[str],
        places: tuple[int, int],
    ) -> None:
        self.jumps.append({ast.Break: [], ast.Continue: []})
        body, exits = self._arm(node.body)
        jumps = self.jumps.pop()
        if exits:
            self._join(jumps[ast.Break] or jumps[ast.Continue])
        if before:
            self._forget(header, *places)
        orelse, _ = self._arm(node.orelse)
        self.block(BlockKind.LOOP, header, [body, orelse])

    def _forget(self, header: int, bindings: int, folded: int) -> None:
        """Constants from before a loop do not hold in it when it binds their variables anew."""
        bound = {binding.name for binding in self.bindings[bindings:]}

        def stale(used: dict[str, int]) -> bool:
            return any(statement < header and name in bound for name, statement in used.items())

        for call, index, used in self.folded[folded:]:
            if stale(used):
                arguments: list[Argument] = list(self.calls[call].arguments)
                arguments[index] = replace(arguments[index], literal=None, known=False)
                self.calls[call] = replace(self.calls[call], arguments=tuple(arguments))
        self.constants = {
            name: (value, used) for name, (value, used) in self.constants.items() if not stale(used)
        }

    def _jump(self, node: ast.Break | ast.Continue) -> bool:
        if self.jumps:
            certain, constants = self._way()
            self.jumps[-1][type(node)].append((set(certain), dict(constants)))
        return self._other(node)

    VISITORS: ClassVar[dict[type[ast.stmt], Callable[[Any, Any], bool | None]]] = {
        **Statements.VISITORS,
        ast.AsyncFor: _for,
        ast.AsyncWith: _with,
        ast.Break: _jump,
        ast.Continue: _jump,
        ast.For: _for,
        ast.If: _if,
        ast.Match: _match,
        ast.Try: _try,
        ast.TryStar: _try,
        ast.While: _while,
        ast.With: _with,
    }


def first_line(node: ast.stmt) -> int:
    """The line a statement begins at, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def header_end(body: Sequence[ast.stmt], last: ast.expr | ast.pattern | None) -> int:
    """The last line of the header of a compound statement, whose last part is ``last``."""
    end = (last.end_lineno or 0) if last is not None else 0
    return max(end, first_line(body[0]) - 1)


def _catches_all(pattern: ast.pattern) -> bool:
    if isinstance(pattern, ast.MatchOr):
        return any(_catches_all(part) for part in pattern.patterns)
    return isinstance(pattern, ast.MatchAs) and (pattern.pattern is None or _catches_all(pattern.pattern))
