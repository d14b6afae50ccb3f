"""The walk through compound statements: on which ways a statement is reached, and what bodies do.

Loops are taken to run at least once; an arm of an ``if`` or a handler may not run; what follows a
statement that leaves its block does not count for what comes after the block.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from msgspec.structs import replace

from provkg.analysis.code import Argument, BindingKind, Block, BlockKind, Body
from provkg.analysis.expressions import parameter_names, type_parameters
from provkg.analysis.folding import Constant
from provkg.analysis.statements import Flow, Statements

__all__ = ["Blocks"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Way = tuple[set[str], dict[str, Constant]]
"""What is certain on one way through the cell: the names bound, and the constants that variables hold."""


class Blocks(Statements):
    """Walks compound statements."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.blocks: list[Block] = []
        self.bodies: list[Body] = []
        self.jumps: list[dict[type[ast.stmt], list[_Way]]] = []
        """For each loop around the place at work: how ``break`` and ``continue`` are reached in it."""

    def _block(
        self, kind: BlockKind, header: int, arms: Sequence[tuple[int, int]], *, exhaustive: bool = False
    ) -> None:
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
        self.commit(_header_end(node.body, node.test))
        before = self._way()
        ways = []
        arms = []
        for nodes in (node.body, node.orelse):
            self._branch(*before)
            arm, exits = self._arm(nodes)
            arms.append(arm)
            if not exits:
                ways.append(self._way())
        self._block(BlockKind.IF, header, arms, exhaustive=bool(node.orelse))
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
            self.commit(_header_end(case.body, case.guard or case.pattern))
            exits = self.walk(case.body)
            arms.append((start, len(self.statements)))
            if not exits:
                ways.append(self._way())
            exhaustive |= case.guard is None and _catches_all(case.pattern)
        if not exhaustive:
            ways.append(before)
        self._block(BlockKind.MATCH, header, arms, exhaustive=exhaustive)
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
            self.commit(_header_end(handler.body, handler.type))
            if not self.walk(handler.body):
                ways.append(self._way())
            arms.append((start, len(self.statements)))
        self._branch(*completed)
        orelse, orelse_exits = self._arm(node.orelse)
        if not (body_exits or orelse_exits):
            ways.insert(0, self._way())
        exits = self._join(ways)
        final, final_exits = self._arm(node.finalbody)
        self._block(BlockKind.TRY, header, [*arms, orelse, final])
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
        self.commit(_header_end(node.body, last))
        self.walk(node.body)

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        before, places = set(self.constants), (len(self.bindings), len(self.folded))
        self.begin(node)
        header = self.statement
        self.visit(node.iter)
        self.assign(node.target, Flow(frozenset(self.data)), BindingKind.ITERATED)
        self.commit(_header_end(node.body, node.iter))
        self._loop(node, header, before, places)

    def _while(self, node: ast.While) -> None:
        before, places = set(self.constants), (len(self.bindings), len(self.folded))
        self.begin(node)
        header = self.statement
        self.visit(node.test)
        self.commit(_header_end(node.body, node.test))
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
        self._block(BlockKind.LOOP, header, [body, orelse])

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

    # --- bodies -------------------------------------------------------------------------------------

    def _function(self, node: _Function) -> None:
        self.begin(node, _first_line(node))
        header = self.statement
        self.all(node.decorator_list)
        parameters = parameter_names(node.args)
        self.all(node.args.defaults)
        self.all(node.args.kw_defaults)
        hidden = self.hidden
        generic = type_parameters(node)
        if generic:
            self.hidden = [*hidden, generic]
        if not self.lazy_annotations:
            every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            extra = (node.args.vararg, node.args.kwarg)
            self.all(argument.annotation for argument in (*every, *extra) if argument)
            self.all([node.returns])
        self.bind_name(node.name, frozenset(self.data), BindingKind.DEFINED)
        self.defined.add(node.name)
        self.commit(_header_end(node.body, node.returns))
        index = self._enter(node, header)
        self.scope.bound.update(parameters)
        self.scope.certain.update(parameters)
        kept = self.meaning, self.constants, self.functions, self.defined
        self.meaning, self.constants, self.functions, self.defined = (
            dict(self.meaning), dict(self.constants), dict(self.functions), set(self.defined)
        )  # fmt: skip
        for name in parameters:
            self.meaning.pop(name, None)
            self.constants.pop(name, None)
            self.functions.pop(name, None)
            self.defined.discard(name)
            self.record(name, frozenset(), BindingKind.PARAMETER)
        start = len(self.statements)
        self.walk(node.body)
        self.meaning, self.constants, self.functions, self.defined = kept
        self.hidden = hidden
        changed = self.scope.changed
        self._leave(node, index, header, start, tuple(parameters), changed & set(parameters))
        self.functions[node.name] = self.bodies[index]

    def _class(self, node: ast.ClassDef) -> None:
        self.begin(node, _first_line(node))
        header = self.statement
        self.all(node.decorator_list)
        hidden = self.hidden
        generic = type_parameters(node)
        if generic:
            self.hidden = [*hidden, generic]
        self.all(node.bases)
        self.all(keyword.value for keyword in node.keywords)
        self.bind_name(node.name, frozenset(self.data), BindingKind.DEFINED)
        self.defined.add(node.name)
        self.commit(_header_end(node.body, None))
        index = self._enter(node, header, is_class=True)
        kept = self.meaning, self.constants, self.functions, self.defined
        self.meaning, self.constants, self.functions, self.defined = (
            dict(self.meaning), dict(self.constants), dict(self.functions), set(self.defined)
        )  # fmt: skip
        start = len(self.statements)
        self.walk(node.body)
        self.meaning, self.constants, self.functions, self.defined = kept
        self.hidden = hidden
        self._leave(node, index, header, start, (), set())

    def _enter(self, node: _Function | ast.ClassDef, header: int, *, is_class: bool = False) -> int:
        index = len(self.bodies)
        self.bodies.append(Body(node.name, 0, 0, header, header, outer=self.scope.index))
        self.enter(index, is_class=is_class)
        return index

    def _leave(
        self,
        node: _Function | ast.ClassDef,
        index: int,
        header: int,
        start: int,
        parameters: tuple[str, ...],
        changed_parameters: Iterable[str],
    ) -> None:
        scope, end = self.scope, len(self.statements)
        effect = self.leave(node.name)
        self.bodies[index] = Body(
            name=node.name,
            line=_first_line(node) + self.shift,
            end_line=(node.end_lineno or node.lineno) + self.shift,
            start=start,
            end=end,
            is_class=scope.is_class,
            parameters=parameters,
            bound=frozenset(scope.own()),
            reads=frozenset(effect.reads),
            changes=frozenset(effect.changes),
            changed_parameters=frozenset(changed_parameters),
            outer=scope.parent.index if scope.parent else -1,
        )
        self._block(BlockKind.BODY, header, [(start, end)])

    VISITORS: ClassVar[dict[type[ast.stmt], Callable[[Any, Any], bool | None]]] = {
        **Statements.VISITORS,
        ast.AsyncFor: _for,
        ast.AsyncFunctionDef: _function,
        ast.AsyncWith: _with,
        ast.Break: _jump,
        ast.ClassDef: _class,
        ast.Continue: _jump,
        ast.For: _for,
        ast.FunctionDef: _function,
        ast.If: _if,
        ast.Match: _match,
        ast.Try: _try,
        ast.TryStar: _try,
        ast.While: _while,
        ast.With: _with,
    }


def _first_line(node: ast.stmt) -> int:
    """The line a statement begins at, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _header_end(body: Sequence[ast.stmt], last: ast.expr | ast.pattern | None) -> int:
    end = (last.end_lineno or 0) if last is not None else 0
    return max(end, _first_line(body[0]) - 1)


def _catches_all(pattern: ast.pattern) -> bool:
    if isinstance(pattern, ast.MatchOr):
        return any(_catches_all(part) for part in pattern.patterns)
    return isinstance(pattern, ast.MatchAs) and (pattern.pattern is None or _catches_all(pattern.pattern))
