"""The walk through simple statements: what each binds, and from what."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

from provkg.analysis.calls import Calls, root_of
from provkg.analysis.code import BindingKind, Exit, Statement
from provkg.analysis.expressions import type_parameters
from provkg.analysis.folding import fold, may_fold
from provkg.analysis.scopes import Deferred
from provkg.records import Import

__all__ = ["Flow", "Statements"]

_LISTED = (ast.Tuple, ast.List)
_NO_CONSTANT = (ast.List, ast.Tuple, ast.Dict, ast.Set, ast.Subscript, ast.Attribute)
_PLACEHOLDER = Statement(0, 0, frozenset(), frozenset(), frozenset())
_EXITS = {ast.Return: Exit.BODY, ast.Raise: Exit.BODY, ast.Break: Exit.LOOP, ast.Continue: Exit.LOOP}


class Flow(NamedTuple):
    """The names that carry data into a value, and into each of its items where these are spelled out."""

    names: frozenset[str]
    items: tuple[Flow, ...] = ()


class Statements(Calls):
    """Walks simple statements."""

    targets: list[str]
    lazy_annotations = False
    """Whether annotations are never evaluated: ``from __future__ import annotations``."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.statements: list[Statement] = []
        self.imports: list[Import] = []

    def walk(self, nodes: Sequence[ast.stmt]) -> bool:
        """Walk statements in order; True when control never comes out at their end."""
        exits = False
        for node in nodes:
            exits = self.VISITORS.get(type(node), Statements._other)(self, node) or exits
        return exits

    def begin(self, node: ast.stmt | ast.ExceptHandler | ast.match_case, line: int = 0) -> None:
        """A statement or header begins."""
        self.statement = len(self.statements)
        self.statements.append(_PLACEHOLDER)
        self.line = (line or node.lineno) + self.shift  # type: ignore[union-attr]
        self.loads, self.data, self.changed, self.targets = [], [], [], []
        self.results, self.alone, self.named = {}, None, None

    def commit(self, end_line: int, exits: Exit = Exit.NONE) -> None:
        """The statement or header ends."""
        self.statements[self.statement] = Statement(
            self.line,
            max(self.line, end_line + self.shift),
            frozenset(self.loads),
            frozenset(self.targets),
            frozenset(self.changed),
            self.scope.index,
            exits,
        )

    # --- binding ------------------------------------------------------------------------------------

    def bind_name(self, name: str, sources: frozenset[str], kind: BindingKind = BindingKind.ASSIGNED) -> None:
        """The statement at work binds a name to an object that ``sources`` carry data into."""
        self.bind(name)
        self.targets.append(name)
        self.forget(name)
        self.record(name, sources, kind)

    def forget(self, name: str) -> None:
        """A name no longer stands for the import, constant or function that it did."""
        self.meaning.pop(name, None)
        self.constants.pop(name, None)
        self.functions.pop(name, None)
        self.defined.discard(name)

    def assign(self, target: ast.expr, flow: Flow, kind: BindingKind = BindingKind.ASSIGNED) -> None:
        """Assign to a target of any form."""
        if isinstance(target, ast.Name):
            self.bind_name(target.id, flow.names, kind)
        elif isinstance(target, _LISTED):
            paired = len(flow.items) == len(target.elts) and not any(
                isinstance(item, ast.Starred) for item in target.elts
            )
            for index, item in enumerate(target.elts):
                self.assign(item, flow.items[index] if paired else flow, kind)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, flow, kind)
        else:
            self.change_target(target, flow.names)

    def change_target(self, target: ast.expr, sources: frozenset[str]) -> None:
        """An attribute or item is assigned or deleted: the object at the root is changed."""
        start = len(self.data)
        root = self.chain(target)[1] or root_of(target)
        if root:
            self.changes_object(root, sources.union(self.data[start:]))

    def _flow(self, node: ast.expr, *, apart: bool) -> Flow:
        """Walk a value; keep its items apart where it is unpacked."""
        start = len(self.data)
        listed = node.elts if isinstance(node, _LISTED) else []
        if apart and listed and not any(isinstance(item, ast.Starred) for item in listed):
            items = tuple(self._flow(item, apart=True) for item in listed)
            return Flow(frozenset(self.data[start:]), items)
        self.visit(node)
        items = self._parts() if apart and isinstance(node, ast.Call) else ()
        return Flow(frozenset(self.data[start:]), items)

    def _parts(self) -> tuple[Flow, ...]:
        """What a splitter's results come from: two parts of each positional argument."""
        call = self.calls[-1] if self.calls else None
        if call is None or call.statement != self.statement:
            return ()
        if not any(meaning.pairs for meaning in self.knowledge.of_function(call.function)):
            return ()
        if any(argument.keyword == "*" for argument in call.arguments):
            return ()
        whole = [Flow(argument.names) for argument in call.arguments if not argument.keyword]
        return tuple(flow for flow in whole for _ in range(2))

    def expect(self, targets: Sequence[ast.expr], value: ast.expr | None) -> None:
        """Note which names the result of a call is assigned to."""
        while isinstance(value, ast.Await):
            value = value.value
        if isinstance(value, ast.Call):
            self.results[value] = tuple(name for target in targets for name in _names(target))
        elif isinstance(value, _LISTED):
            for target in targets:
                if isinstance(target, _LISTED) and len(target.elts) == len(value.elts):
                    for item, part in zip(target.elts, value.elts, strict=True):
                        self.expect([item], part)

    # --- simple statements --------------------------------------------------------------------------

    def _assign(self, node: ast.Assign) -> None:
        self.begin(node)
        value, targets = node.value, node.targets
        self.expect(targets, value)
        if isinstance(value, ast.Lambda) and isinstance(targets[0], ast.Name):
            self.named = value
        flow = self._flow(value, apart=any(isinstance(target, _LISTED) for target in targets))
        for target in targets:
            self.assign(target, flow)
        for target in targets:
            if isinstance(target, ast.Name):
                self._keep(target.id, value)
        self.commit(node.end_lineno or node.lineno)

    def _keep(self, name: str, value: ast.expr) -> None:
        """Remember what a name stands for while that is a constant or a lambda."""
        if self.named is not None:
            if self.scope is self.module:
                effect = Deferred()
                effect.reads = dict(self.captured)
                self.defer(name, effect)
            return
        if isinstance(value, _NO_CONSTANT):
            return
        if not may_fold(value, self.constants):
            return
        known, constant, used = fold(value, self.constants, self.qualified)
        if known and name not in used:
            self.constants[name] = constant, {name: self.statement, **used}
        elif known:
            self.constants[name] = constant, used

    def _annotated(self, node: ast.AnnAssign) -> None:
        self.begin(node)
        target = node.target
        if node.value is not None:
            self.expect([target], node.value)
            flow = self._flow(node.value, apart=False)
            self.assign(target, flow)
            if isinstance(target, ast.Name):
                self._keep(target.id, node.value)
        elif not isinstance(target, ast.Name):
            self.visit(target)
        in_function = self.scope.index >= 0 and not self.scope.is_class
        if in_function and node.simple and isinstance(target, ast.Name):
            self.scope.bound.add(target.id)
        if not self.lazy_annotations and not (in_function and node.simple):
            self.visit(node.annotation)
        self.commit(node.end_lineno or node.lineno)

    def _augmented(self, node: ast.AugAssign) -> None:
        self.begin(node)
        target = node.target
        if isinstance(target, ast.Name):
            self.name(target)
            self.visit(node.value)
            sources = frozenset((*self.data, target.id))
            self.bind_name(target.id, sources, BindingKind.AUGMENTED)
        else:
            self.visit(node.value)
            self.change_target(target, frozenset(self.data))
        self.commit(node.end_lineno or node.lineno)

    def _delete(self, node: ast.Delete) -> None:
        self.begin(node)
        self._delete_targets(node.targets)
        self.commit(node.end_lineno or node.lineno)

    def _delete_targets(self, targets: Iterable[ast.expr]) -> None:
        for target in targets:
            if isinstance(target, ast.Name):
                self.delete(target.id)
                self.forget(target.id)
                self.record(target.id, frozenset(), BindingKind.DELETED)
            elif isinstance(target, _LISTED):
                self._delete_targets(target.elts)
            else:
                self.change_target(target, frozenset())

    def _import(self, node: ast.Import) -> None:
        self.begin(node)
        for alias in node.names:
            top = alias.name.partition(".")[0]
            name = alias.asname or top
            stdlib = top in sys.stdlib_module_names
            self.imports.append(Import(module=alias.name, alias=alias.asname or "", stdlib=stdlib))
            self.bind_name(name, frozenset(), BindingKind.IMPORTED)
            self.meaning[name] = alias.name if alias.asname else top
        self.commit(node.end_lineno or node.lineno)

    def _import_from(self, node: ast.ImportFrom) -> None:
        self.begin(node)
        module = "." * node.level + (node.module or "")
        stdlib = not node.level and module.partition(".")[0] in sys.stdlib_module_names
        for alias in node.names:
            self.imports.append(
                Import(module=module, name=alias.name, alias=alias.asname or "", stdlib=stdlib)
            )
            if alias.name == "*":
                continue
            name = alias.asname or alias.name
            self.bind_name(name, frozenset(), BindingKind.IMPORTED)
            self.meaning[name] = f"{module.rstrip('.')}.{alias.name}" if node.module else module + alias.name
            if module == "__future__" and alias.name == "annotations":
                self.lazy_annotations = True
        self.commit(node.end_lineno or node.lineno)

    def _global(self, node: ast.Global) -> None:
        self.begin(node)
        self.scope.globals.update(node.names)
        self.commit(node.end_lineno or node.lineno)

    def _nonlocal(self, node: ast.Nonlocal) -> None:
        self.begin(node)
        self.scope.nonlocals.update(node.names)
        self.commit(node.end_lineno or node.lineno)

    def _expression(self, node: ast.Expr) -> None:
        self.begin(node)
        value = node.value
        if isinstance(value, ast.ListComp | ast.SetComp):  # a loop written as a comprehension
            self.alone = value.elt
        else:
            self.alone = value.value if isinstance(value, ast.Await) else value
        self.visit(value)
        self.commit(node.end_lineno or node.lineno)

    def _other(self, node: ast.stmt) -> bool:
        self.begin(node)
        for value in ast.iter_child_nodes(node):
            self.visit(value)
        exits = _EXITS.get(type(node), Exit.NONE)
        self.commit(node.end_lineno or node.lineno, exits)
        return bool(exits)

    def _type_alias(self, node: Any) -> None:
        self.begin(node)
        self.bind_name(node.name.id, frozenset(), BindingKind.DEFINED)
        names, limits = type_parameters(node)
        self.inner(names, [*limits, node.value])
        self.commit(node.end_lineno or node.lineno)

    VISITORS: ClassVar[dict[type[ast.stmt], Callable[[Any, Any], bool | None]]] = {
        ast.AnnAssign: _annotated,
        ast.Assert: _other,
        ast.Assign: _assign,
        ast.AugAssign: _augmented,
        ast.Delete: _delete,
        ast.Expr: _expression,
        ast.Global: _global,
        ast.Import: _import,
        ast.ImportFrom: _import_from,
        ast.Nonlocal: _nonlocal,
        ast.Pass: _other,
        ast.Raise: _other,
        ast.Return: _other,
    }
    if sys.version_info >= (3, 12):
        VISITORS[ast.TypeAlias] = _type_alias


def _names(target: ast.expr) -> Iterable[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Starred):
        yield from _names(target.value)
    elif isinstance(target, _LISTED):
        for item in target.elts:
            yield from _names(item)
