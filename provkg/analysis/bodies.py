"""The walk through functions and classes: scopes of their own, which run when they are called.

What is known about names (imports, constants, functions) holds in a body as it does around it, but for
the names that the body binds itself; what the body finds out is forgotten at its end.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from provkg.analysis.blocks import Blocks, first_line, header_end
from provkg.analysis.code import BindingKind, BlockKind, Body
from provkg.analysis.expressions import parameter_names, type_parameters

__all__ = ["Bodies"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = _Function | ast.ClassDef


class Bodies(Blocks):
    """Walks functions and classes."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.bodies: list[Body] = []
        self._last = -1

    def _function(self, node: _Function) -> None:
        self.begin(node, first_line(node))
        self.all(node.decorator_list)
        self.all(node.args.defaults)
        self.all(node.args.kw_defaults)
        with self._generic_over(node):
            if not self.lazy_annotations:
                every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
                extra = (node.args.vararg, node.args.kwarg)
                self.all(argument.annotation for argument in (*every, *extra) if argument)
                self.all([node.returns])
            self.bind_name(node.name, frozenset(self.data), BindingKind.DEFINED)
            self.defined.add(node.name)
            self.commit(header_end(node.body, node.returns))
            self._body(node, tuple(parameter_names(node.args)))
        self.functions[node.name] = self.bodies[self._last]

    def _class(self, node: ast.ClassDef) -> None:
        self.begin(node, first_line(node))
        self.all(node.decorator_list)
        with self._generic_over(node):
            self.all(node.bases)
            self.all(keyword.value for keyword in node.keywords)
            self.targets.append(node.name)  # it is bound when its body has run: `leave` does that
            self.forget(node.name)
            self.record(node.name, frozenset(self.data), BindingKind.DEFINED)
            self.commit(header_end(node.body, None))
            self._body(node, ())
        self.defined.add(node.name)

    @contextmanager
    def _generic_over(self, node: _Definition) -> Iterator[None]:
        """Type parameters are seen from annotations, bases and the body only."""
        hidden = self.hidden
        names, limits = type_parameters(node)
        if names:
            self.hidden = [*hidden, names]
            self.all(limits)
        yield
        self.hidden = hidden

    def _body(self, node: _Definition, parameters: tuple[str, ...]) -> None:
        header, index = self.statement, len(self.bodies)
        self.bodies.append(Body(node.name, 0, 0, header, header, outer=self.scope.index))
        scope = self.enter(index, is_class=isinstance(node, ast.ClassDef))
        scope.bound.update(parameters)
        scope.certain.update(parameters)
        scope.parameters.update(parameters)
        kept = self.meaning, self.constants, self.functions, self.defined
        self.meaning, self.constants = dict(self.meaning), dict(self.constants)
        self.functions, self.defined = dict(self.functions), set(self.defined)
        for name in parameters:
            self.forget(name)
            self.record(name, frozenset(), BindingKind.PARAMETER)
        start = len(self.statements)
        self.walk(node.body)
        self.meaning, self.constants, self.functions, self.defined = kept
        effect = self.leave(node.name)
        self.bodies[index] = Body(
            name=node.name,
            line=first_line(node) + self.shift,
            end_line=(node.end_lineno or node.lineno) + self.shift,
            start=start,
            end=len(self.statements),
            is_class=scope.is_class,
            parameters=parameters,
            bound=frozenset(scope.own()),
            reads=frozenset(effect.reads),
            changes=frozenset(effect.changes),
            changed_parameters=frozenset(scope.changed_parameters),
            outer=scope.parent.index if scope.parent else -1,
        )
        self.block(BlockKind.BODY, header, [(start, len(self.statements))])
        self._last = index

    VISITORS: ClassVar[dict[type[ast.stmt], Callable[[Any, Any], bool | None]]] = {
        **Blocks.VISITORS,
        ast.AsyncFunctionDef: _function,
        ast.ClassDef: _class,
        ast.FunctionDef: _function,
    }
