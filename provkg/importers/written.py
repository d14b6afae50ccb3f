"""What the checks of a notebook ask of the syntax tree of a cell: answered at once, as trees are large."""

from __future__ import annotations

import ast
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from provkg.importers.saved import SavedCell

__all__ = ["Written", "written"]

_QUIET = (
    *(ast.Pass, ast.Constant, ast.Name, ast.Store, ast.Load, ast.Assign, ast.alias),
    *(ast.List, ast.Tuple, ast.Dict, ast.Set),
)
"""What neither prints nor calls anything that could."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.GeneratorExp)
_MAGICS = ("%", "!")


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in a cell whose text could be parsed.

    ``silent`` says that it only gives names to constants and other names, or defines plain functions; it is
    asked of cells with outputs. ``prints`` says that it shows something for certain; it is asked of cells
    without. ``last`` tells whether it ends in an expression, ``unset`` which names of those it was asked for
    are loaded at once.
    """

    silent: bool = False
    prints: bool = False
    last: bool = False
    unset: tuple[str, ...] = ()


def written(cell: SavedCell, tree: ast.Module, names: AbstractSet[str]) -> Written:
    """What the checks need to know of a cell.

    Parameters:
        names: of which it is asked whether the text loads them at once.
    """
    body = tree.body
    outputs = cell.outputs
    return Written(
        silent=bool(outputs and body) and all(map(_says_nothing, body)) and not _begins_with_magic(cell),
        prints=not outputs and any(map(_prints, body)),
        last=bool(body) and isinstance(body[-1], ast.Expr),
        unset=tuple(sorted(names & _loaded_at_once(tree))) if names else (),
    )


def _begins_with_magic(cell: SavedCell) -> bool:
    return cell.source.lstrip().startswith(_MAGICS)


def _says_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.FunctionDef):
        given = statement.args
        notes = [statement.returns, *(argument.annotation for argument in (*given.args, *given.kwonlyargs))]
        return not (statement.decorator_list or given.defaults or any(given.kw_defaults) or any(notes))
    quiet = isinstance(statement, ast.Assign | ast.Pass)
    return quiet and all(isinstance(node, _QUIET) for node in ast.walk(statement))


def _prints(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "print"
        and not call.keywords
        and any(isinstance(each, ast.Constant) and str(each.value).strip() for each in call.args)
    )


def _loaded_at_once(tree: ast.Module) -> set[str]:
    """The names that the text loads outside of functions, and not where an error is expected."""
    found: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        if isinstance(node, ast.Try) and node.handlers:
            waiting += (*node.handlers, *node.orelse, *node.finalbody)
        elif not isinstance(node, _FUNCTIONS):
            waiting += ast.iter_child_nodes(node)
    return found
