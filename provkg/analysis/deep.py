"""Names of text that is nested too deeply to walk: every name counts, their order does not."""

from __future__ import annotations

import ast

from provkg.analysis.code import CellCode
from provkg.analysis.expressions import parameter_names
from provkg.analysis.scopes import BUILTINS

__all__ = ["analyse_deep"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def analyse_deep(tree: ast.Module) -> CellCode:
    """Names that a cell binds, reads and changes, without recursion and without order.

    A name that any function or comprehension around it binds counts as local to it.
    """
    defines, changes = set[str](), set[str]()
    reads: dict[str, int] = {}
    waiting: list[tuple[ast.AST, frozenset[str] | None]] = [(tree, None)]
    while waiting:
        node, local = waiting.pop()
        inner = local
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                if local is None or node.id not in local:
                    reads[node.id] = reads.get(node.id, 0) + 1
            elif local is None and isinstance(node.ctx, ast.Store):
                defines.add(node.id)
        elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            root: ast.expr = node
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if isinstance(root, ast.Name) and local is None:
                changes.add(root.id)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if local is None:
                defines.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom) and local is None:
            defines.update((a.asname or a.name.partition(".")[0]) for a in node.names if a.name != "*")
        elif (
            isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and local is None and node.name
        ):
            defines.add(node.name)
        if isinstance(node, _FUNCTIONS):
            inner = (local or frozenset()).union(parameter_names(node.args), _bound(node))
        elif isinstance(node, _COMPREHENSIONS):
            inner = (local or frozenset()).union(_bound(node))
        waiting += [(child, inner) for child in ast.iter_child_nodes(node)]
    builtin = {name: count for name, count in reads.items() if name in BUILTINS and name not in defines}
    free = {name: count for name, count in reads.items() if name not in defines and name not in builtin}
    return CellCode(
        defines=frozenset(defines), reads=free, builtins=builtin, changes=frozenset(changes), approximate=True
    )


def _bound(node: ast.AST) -> set[str]:
    nodes = list(ast.walk(node))
    declared = {name for n in nodes if isinstance(n, ast.Global) for name in n.names}
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)} - declared
