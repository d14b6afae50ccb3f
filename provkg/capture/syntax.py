"""Parts of the syntax tree that say what flows where."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import CodeType
from typing import Any

from provkg.analysis import Binding, BindingKind

__all__ = [
    "argument_of",
    "given_by",
    "loop_names",
    "operands_of",
    "parameter_names",
    "results_of",
    "targets_of",
]

_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def operands_of(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions whose values an expression or statement works on; literal containers are opened."""
    match node:
        case ast.Call():
            if isinstance(node.func, ast.Attribute):
                yield node.func.value
            for each in (*node.args, *(keyword.value for keyword in node.keywords)):
                yield from opened(each)
        case ast.Attribute() | ast.Starred():
            yield from opened(node.value)
        case ast.Subscript():
            yield node.value
            yield from opened(node.slice)
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            for target in targets_of(node):
                yield from operands_of(target)
            if node.value is not None:
                yield from opened(node.value)
        case ast.For() | ast.AsyncFor():
            yield from opened(node.iter)
        case _:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    yield from opened(child)


def argument_of(node: ast.Call, value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The expression for a value among what a call is given; None where that is not certain."""
    keyword = next((name for name, held in kwargs.items() if _is_or_has(held, value)), None)
    if keyword is not None:
        found = next((each.value for each in node.keywords if each.arg == keyword), None)
        return _element(found, kwargs[keyword], value)
    position = next((index for index, held in enumerate(args) if _is_or_has(held, value)), None)
    more = len(args) - len(node.args)
    if position is None or more not in (0, 1) or any(isinstance(each, ast.Starred) for each in node.args):
        return None
    if position >= more:
        return _element(node.args[position - more], args[position], value)
    return node.func.value if isinstance(node.func, ast.Attribute) else None


def _is_or_has(held: Any, value: Any) -> bool:
    return held is value or (type(held) in (list, tuple) and any(each is value for each in held))


def _element(node: ast.expr | None, held: Any, value: Any) -> ast.expr | None:
    """The expression for an element of a list that is written out, or for the whole."""
    listed = node.elts if isinstance(node, ast.List | ast.Tuple) else []
    if held is value or len(listed) != len(held) or any(isinstance(each, ast.Starred) for each in listed):
        return node
    return next((each for each, there in zip(listed, held, strict=True) if there is value), node)


def opened(node: ast.expr) -> Iterator[ast.expr]:
    """The elements of a literal container, or the expression itself."""
    match node:
        case ast.List() | ast.Tuple() | ast.Set():
            for each in node.elts:
                yield from opened(each)
        case ast.Dict():
            for each in node.values:
                yield from opened(each)
        case ast.Starred():
            yield from opened(node.value)
        case _:
            yield node


def targets_of(node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> list[ast.expr]:
    """The targets of an assignment."""
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def given_by(statement: ast.stmt, binding: Binding) -> Iterator[ast.expr]:
    """The expressions whose data a statement gives to what it binds or changes."""
    name = binding.name
    for walrus in ast.walk(statement):
        if isinstance(walrus, ast.NamedExpr) and walrus.target.id == name:
            yield walrus.value
    match statement:
        case ast.Assign() | ast.AnnAssign() if statement.value is not None:
            targets = targets_of(statement)
            given = [each for target in targets for each in _paired(target, statement.value, name)]
            yield from given or (_changing(statement.value) if binding.kind is BindingKind.CHANGED else ())
        case ast.AugAssign():
            yield statement.value
        case ast.For() | ast.AsyncFor() if binding.kind is BindingKind.ITERATED:
            yield statement.iter
        case ast.With() | ast.AsyncWith():
            for item in statement.items:
                if item.optional_vars is not None:
                    yield from _paired(item.optional_vars, item.context_expr, name)
        case ast.Match():
            yield statement.subject
        case ast.Expr() if binding.kind is BindingKind.CHANGED:
            yield from _changing(statement.value)


def _paired(target: ast.expr, value: ast.expr, name: str) -> Iterator[ast.expr]:
    """The part of an assigned value that goes to a name, or into what the name holds."""
    if isinstance(target, ast.Tuple | ast.List):
        elements = value.elts if isinstance(value, ast.Tuple | ast.List) else []
        starred = any(isinstance(each, ast.Starred) for each in (*target.elts, *elements))
        for index, each in enumerate(target.elts):
            part = value
            if len(elements) == len(target.elts) and not starred:
                part = elements[index]
            elif not starred:
                part = ast.Subscript(value, ast.Constant(index), ast.Load())
            yield from _paired(each, part, name)
    elif isinstance(target, ast.Starred):
        yield from _paired(target.value, value, name)
    elif isinstance(target, ast.Name):
        if target.id == name:
            yield value
    elif _root(target) == name:
        yield value


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _changing(node: ast.expr) -> Iterator[ast.expr]:
    """What a call that changes something is given."""
    while isinstance(node, ast.Await):
        node = node.value
    if isinstance(node, ast.Call):
        yield from node.args
        yield from (keyword.value for keyword in node.keywords)
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):  # a loop written as a comprehension
        yield from (generator.iter for generator in node.generators)


def loop_names(node: ast.AST) -> set[str]:
    """The variables that a loop or comprehension sets in each round."""
    match node:
        case ast.For() | ast.AsyncFor():
            parts: Iterable[ast.AST] = (node.target, *node.body)
        case ast.While():
            parts = node.body
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            parts = [generator.target for generator in node.generators]
        case _:
            return set()
    return {
        each.id
        for part in parts
        for each in ast.walk(part)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    }


def results_of(definition: ast.AST) -> Iterator[ast.expr]:
    """What a function returns or yields."""
    if isinstance(definition, ast.Lambda):
        yield definition.body
        return
    pending = list(ast.iter_child_nodes(definition))
    while pending:
        node = pending.pop()
        if isinstance(node, _NESTED):
            continue
        if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom) and node.value is not None:
            yield node.value
        pending += ast.iter_child_nodes(node)


def parameter_names(code: CodeType) -> tuple[str, ...]:
    """The parameters of a function, variadic ones last."""
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)
    return code.co_varnames[:count]
