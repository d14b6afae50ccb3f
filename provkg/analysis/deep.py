"""Names of text that is nested too deeply to walk: every name counts, their order does not."""

from __future__ import annotations

import ast

from provkg.analysis.calls import root_of
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
    names = _Names()
    waiting: list[tuple[ast.AST, frozenset[str] | None]] = [(tree, None)]
    while waiting:
        node, local = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            if local is None or node.id not in local:
                names.reads[node.id] = names.reads.get(node.id, 0) + 1
        elif local is None:
            names.note(node)
        if isinstance(node, _FUNCTIONS):
            local = (local or frozenset()).union(parameter_names(node.args), _bound(node))
        elif isinstance(node, _COMPREHENSIONS):
            local = (local or frozenset()).union(_bound(node))
        waiting += [(child, local) for child in ast.iter_child_nodes(node)]
    free = {name: count for name, count in names.reads.items() if name not in names.defines}
    return CellCode(
        defines=frozenset(names.defines),
        reads={name: count for name, count in free.items() if name not in BUILTINS},
        builtins={name: count for name, count in free.items() if name in BUILTINS},
        changes=frozenset(names.changes),
        approximate=True,
    )


class _Names:
    def __init__(self) -> None:
        self.defines: set[str] = set()
        self.changes: set[str] = set()
        self.reads: dict[str, int] = {}

    def note(self, node: ast.AST) -> None:
        """Note what a node outside all functions binds or changes."""
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                self.defines.add(name)
            case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
                self.changes.update({root_of(node)} - {""})
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self.defines.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                bound = (alias.asname or alias.name.partition(".")[0] for alias in aliases)
                self.defines.update(name for name in bound if name != "*")
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                self.defines.add(name)


def _bound(node: ast.AST) -> set[str]:
    nodes = list(ast.walk(node))
    declared = {name for n in nodes if isinstance(n, ast.Global) for name in n.names}
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)} - declared
