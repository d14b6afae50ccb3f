"""The walk through expressions: which names they load, and which of those carry data into the result.

A called function's name and a module's alias are loaded but carry no data; variables of comprehensions
and lambdas are neither.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from provkg.analysis.knowledge import Knowledge
from provkg.analysis.scopes import BUILTINS, Names

__all__ = ["Expressions", "parameter_names", "type_parameters"]


_CHAINS = frozenset({ast.Attribute, ast.Call, ast.Subscript})


class _Parameters(set[str]):
    """The names that are local to a lambda."""


class Expressions(Names):
    """Walks expressions and gathers, for the statement at work, what they load and change."""

    def __init__(self, knowledge: Knowledge, aliases: Mapping[str, str]) -> None:
        super().__init__()
        self.knowledge = knowledge
        self.meaning = {**knowledge.conventions, **aliases}
        """Imported names and what they stand for: ``{"pd": "pandas"}``."""
        self.defined: set[str] = set()
        """Names of functions and classes that the cell defines."""
        self.uses: dict[str, int] = {}
        self.named: ast.expr | None = None
        """The lambda that the statement at work gives a name."""
        self.captured: dict[str, int] = {}
        """What its body reads."""
        self.loads: list[str] = []
        self.data: list[str] = []
        self.changed: list[str] = []

    def visit(self, node: ast.AST) -> None:
        """Walk one expression."""
        kind = type(node)
        if kind is ast.Name:
            self.name(node)  # type: ignore[arg-type]
        elif kind in _CHAINS:
            self.chain(node)  # type: ignore[arg-type]
        elif kind is not ast.Constant:
            self._VISITORS.get(kind, Expressions._generic)(self, node)

    def chain(self, node: ast.expr) -> tuple[str, str, bool]:
        """Walk a chain of attributes, subscripts and calls."""
        raise NotImplementedError

    def all(self, nodes: Iterable[ast.AST | None]) -> None:
        """Walk several expressions in order."""
        for node in nodes:
            if node is not None and type(node) is not ast.Constant:
                self.visit(node)

    def is_hidden(self, name: str) -> bool:
        """Whether a name is a variable of a comprehension or lambda around the place at work."""
        return any(name in names for names in self.hidden)

    def name(self, node: ast.Name, *, called: bool = False) -> bool:
        """A name is read, or called; True when it is a variable that may carry data."""
        name = node.id
        if self.hidden and self.is_hidden(name):
            return False
        self.load(name)
        if name in self.meaning:
            self.uses[name] = self.uses.get(name, 0) + 1
            self.loads.append(name)
            return False
        if name in BUILTINS and name not in self.scope.bound and name not in self.module.bound:
            return False
        self.loads.append(name)
        if called or name in self.defined:
            return False
        self.data.append(name)
        return True

    def _generic(self, node: ast.AST) -> None:
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, list):
                self.all(item for item in value if isinstance(item, ast.AST))
            elif isinstance(value, ast.expr):
                self.visit(value)

    def _binary(self, node: ast.BinOp) -> None:
        rights = [node.right]
        left = node.left
        while isinstance(left, ast.BinOp):  # long sums nest to the left
            rights.append(left.right)
            left = left.left
        self.visit(left)
        self.all(reversed(rights))

    def _items(self, node: ast.List | ast.Tuple | ast.Set) -> None:
        self.all(node.elts)

    def _dict(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            self.all((key, value))

    def _formatted(self, node: ast.FormattedValue) -> None:
        self.visit(node.value)
        if node.format_spec is not None:
            self.visit(node.format_spec)

    def _walrus(self, node: ast.NamedExpr) -> None:
        start = len(self.data)
        self.visit(node.value)
        for names in reversed(self.hidden):
            if isinstance(names, _Parameters):
                names.add(node.target.id)
                return
        self.bind_name(node.target.id, frozenset(self.data[start:]))

    def bind_name(self, name: str, sources: frozenset[str]) -> None:
        """A walrus binds a name in the scope around any comprehension."""
        raise NotImplementedError

    def _lambda(self, node: ast.Lambda) -> None:
        arguments = node.args
        self.all(arguments.defaults)
        self.all(arguments.kw_defaults)
        named = node is self.named and self.scope is self.module and not self.hidden
        if named:
            self.capture = self.captured = {}
        self.inner(_Parameters(parameter_names(arguments)), [node.body])
        if named:
            self.capture = None

    def inner(self, hidden: set[str], nodes: Iterable[ast.AST | None]) -> None:
        """Walk what runs in a scope of its own: names of a class body are not seen from it."""
        scope = self.scope
        while self.scope.is_class:
            self.scope = self.scope.outer or self.module
        self.hidden.append(hidden)
        try:
            self.all(nodes)
        finally:
            self.hidden.pop()
            self.scope = scope

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        first = node.generators[0]
        self.visit(first.iter)
        hidden = set[str]()
        parts: list[ast.AST] = []
        for generator in node.generators:
            targets = [n for n in ast.walk(generator.target) if isinstance(n, ast.Name)]
            hidden.update(n.id for n in targets if isinstance(n.ctx, ast.Store))
            if not isinstance(generator.target, ast.Name):
                parts.append(generator.target)
            if generator is not first:
                parts.append(generator.iter)
            parts += generator.ifs
        if isinstance(node, ast.DictComp):
            parts += [node.key, node.value]
        else:
            parts.append(node.elt)
        self.inner(hidden, parts)

    def _starred(self, node: ast.Starred) -> None:
        self.visit(node.value)

    _VISITORS: ClassVar[dict[type[ast.AST], Callable[[Any, Any], None]]] = {
        ast.BinOp: _binary,
        ast.Dict: _dict,
        ast.DictComp: _comprehension,
        ast.FormattedValue: _formatted,
        ast.GeneratorExp: _comprehension,
        ast.Lambda: _lambda,
        ast.List: _items,
        ast.ListComp: _comprehension,
        ast.NamedExpr: _walrus,
        ast.Set: _items,
        ast.SetComp: _comprehension,
        ast.Starred: _starred,
        ast.Tuple: _items,
    }


def parameter_names(arguments: ast.arguments) -> list[str]:
    """The parameters of a function or lambda, in order of their positions."""
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    if arguments.vararg:
        names.append(arguments.vararg.arg)
    names += [argument.arg for argument in arguments.kwonlyargs]
    if arguments.kwarg:
        names.append(arguments.kwarg.arg)
    return names


def type_parameters(node: ast.AST) -> tuple[set[str], list[ast.expr | None]]:
    """The type parameters of a generic definition (``def first[T: Bound]``), and their bounds and defaults.

    Python 3.12 and later.
    """
    parameters = getattr(node, "type_params", ())
    limits = [getattr(p, part, None) for p in parameters for part in ("bound", "default_value")]
    return {parameter.name for parameter in parameters}, limits
