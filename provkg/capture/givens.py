"""What variables of comprehensions and parameters of functions stand for, by the text of a call."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import PurePath
from types import CodeType, ModuleType
from typing import Any

from provkg.capture.rounds import within
from provkg.capture.scopes import At, Given, Scope, contents_of, is_container
from provkg.capture.syntax import parameter_names

__all__ = [
    "arguments",
    "called",
    "called_with_in",
    "elements_of",
    "inside_comprehensions",
    "paths_given",
    "with_elements",
]

_MAX_ELEMENTS = 2_000


def with_elements(node: ast.AST, at: At, scope: Scope) -> Scope:
    """The scope of a comprehension, whose variables stand for elements of what it goes over."""
    for generator in getattr(node, "generators", ()):
        names = {each.id for each in ast.walk(generator.target) if isinstance(each, ast.Name)}
        scope = scope.inside(dict.fromkeys(names, Given(generator.iter, at, scope, True)))
    return scope


def inside_comprehensions(node: ast.AST, at: At, scope: Scope) -> Scope:
    """The scope that an expression is evaluated in: that of the comprehensions around it."""
    around = [each for each in within(scope, node) if hasattr(each, "generators")]
    for each in reversed(around):
        scope = with_elements(each, at, scope)
    return scope


def called_with_in(scope: Scope) -> tuple[int, ...]:
    """The identities of what the function at work was called with; empty in a cell, and of a call gone by."""
    if scope.place is None:
        return ()
    return tuple(id(scope.local[name]) for name in parameter_names(scope.place) if name in scope.local)


def paths_given(scope: Scope) -> set[str]:
    """The absolute paths that the parameters of a function may stand for, by what it is given in the text."""
    found: list[Any] = []
    for given in scope.given.values():
        expression = given.expression
        while isinstance(expression, ast.Name) and expression.id in given.scope.given:
            given = given.scope.given[expression.id]  # noqa: PLW2901
            if given.expression is expression:
                break
            expression = given.expression
        constants = [expression, *getattr(expression, "elts", ())]
        found += [each.value for each in constants if isinstance(each, ast.Constant)]
        held = given.scope.held(expression, given.at)
        found += contents_of(held, _MAX_ELEMENTS) if is_container(held) else [held]
    paths = (each for each in found if type(each) is str or issubclass(type(each), PurePath))
    return {os.path.abspath(os.fspath(each)) for each in paths}


def called(node: ast.Call, at: At, scope: Scope) -> tuple[Any, list[ast.expr]]:
    """The function that a call calls, and the expressions for its positional arguments."""
    function, values = scope.held(node.func, at), list(node.args)
    if isinstance(node.func, ast.Attribute):
        owner = scope.held(node.func.value, at)
        if type(function) is staticmethod or issubclass(type(owner), ModuleType):
            function = getattr(function, "__func__", function)
        elif type(function) is classmethod:
            function, values = function.__func__, [ast.Constant(None), *values]
        elif not issubclass(type(owner), type):
            values.insert(0, node.func.value)
    return function, values


def arguments(
    code: CodeType, values: list[ast.expr], keywords: list[ast.keyword], at: At, scope: Scope
) -> dict[str, Given]:
    """What the parameters of a function stand for in a call of it."""
    names = parameter_names(code)
    positional = list(names[: code.co_argcount])
    rest = [name for name in names if name not in positional]
    given = dict(zip(positional, values, strict=False))
    given |= {keyword.arg: keyword.value for keyword in keywords if keyword.arg in names}
    more = values[len(positional) :] + [each.value for each in keywords if each.arg not in names]
    if more and rest:
        given |= dict.fromkeys(rest[-2:], ast.Tuple(more, ast.Load()))
    return {name: Given(value, at, scope, False) for name, value in given.items()}


def elements_of(value: Any, depth: int = 2) -> Iterator[Any]:
    """What a container, or an object of a class, holds; no code of the user's is run."""
    for element in contents_of(value, _MAX_ELEMENTS):
        yield element
        if depth > 1 and is_container(element):
            yield from elements_of(element, depth - 1)
