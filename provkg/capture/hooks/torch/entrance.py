"""Statements put before a function's own, in the function itself.

What a training loop calls thousands of times would notice a further call around each. So these functions are
given code that looks at a flag first and then goes on as before: the same object, with the same lines, so
that tracebacks, pickles and torch's compiler see no difference.
"""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Mapping
from types import CodeType, FunctionType
from typing import Any

__all__ = ["enter", "is_entered"]

_BODY = "BODY"
_PREFIX = "_provkg_"


def enter(function: FunctionType, text: str, names: Mapping[str, Any]) -> None:
    """Give a function other code.

    Parameters:
        text: what to do; the word ``BODY``, as a statement, stands for what the function did before.
        names: global names that the text uses, which begin with ``_provkg_``.

    Raises:
        ValueError: its source is not to be had, or is of a kind that cannot be entered.
    """
    if function.__closure__ or any(not name.startswith(_PREFIX) for name in names):
        raise ValueError(f"{function.__qualname__} cannot be entered")
    if names.keys() <= function.__globals__.keys():
        return
    try:
        lines, first = inspect.getsourcelines(function)
        # Columns stay as they are: tracebacks show by them which part of a line was at work.
        tree = ast.parse("if True:\n" + "".join(lines) if lines[0][:1].isspace() else "".join(lines))
    except (OSError, TypeError, SyntaxError) as error:
        raise ValueError(f"the source of {function.__qualname__} cannot be read") from error
    definition = tree.body[0]
    if isinstance(definition, ast.If):
        tree.body = definition.body
        definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef) or definition.decorator_list:
        raise ValueError(f"{function.__qualname__} is not a plain function")
    ast.increment_lineno(tree, first - definition.lineno)
    definition.body = _Entering(definition).visit(ast.parse(text)).body
    maker = compile(tree, function.__code__.co_filename, "exec")
    code = next(each for each in maker.co_consts if isinstance(each, CodeType))
    function.__globals__.update(names)
    function.__code__ = code.replace(co_qualname=function.__code__.co_qualname)


def is_entered(code: CodeType) -> bool:
    """Whether code is of a function that was entered."""
    return any(name.startswith(_PREFIX) for name in code.co_names)


class _Entering(ast.NodeTransformer):
    """Puts a function's statements where ``BODY`` stands, and all else on its first line."""

    def __init__(self, definition: ast.FunctionDef) -> None:
        self._definition = definition

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Name) and node.value.id == _BODY:
            return copy.deepcopy(self._definition.body)
        if isinstance(node, ast.stmt | ast.expr | ast.excepthandler):
            ast.copy_location(node, self._definition)
            node.end_lineno, node.end_col_offset = node.lineno, node.col_offset
        return self.generic_visit(node)
