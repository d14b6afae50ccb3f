"""What a literal expression amounts to, without running anything: constants, and what is made of them.

Paths are the use of it: ``Path("data") / name``, ``os.path.join(folder, "a.csv")``, f-strings.
"""

from __future__ import annotations

import ast
import operator
import posixpath
from collections.abc import Callable, Mapping
from string import Formatter

from provkg.records import Scalar

__all__ = ["Constant", "fold", "may_fold"]


class _Path(str):
    """A folded path: text that ``/`` extends."""

    __slots__ = ()


class _UnknownError(Exception):
    """The expression depends on something that the text does not fix."""


Constant = tuple[Scalar, dict[str, int]]
"""A constant that a variable holds, and the variables it came by (itself too), each with the index of the
first statement whose assignment counted."""

_PATHS = frozenset({"pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "pathlib.PurePosixPath"})
_LARGEST = 1e15
_LONGEST = 10_000
_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


_CALLED = frozenset({"format", "join", "str", "fspath"})


def may_fold(node: ast.expr, constants: Mapping[str, Constant]) -> bool:
    """Whether a value is worth a try: a quick look, as most expressions have no value that the text fixes."""
    while True:
        if isinstance(node, ast.Name):
            return node.id in constants
        if isinstance(node, ast.BinOp):
            node = node.left
        elif isinstance(node, ast.Call):
            func = node.func
            name = func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")
            # Paths, and `Path` under other names, begin with a capital.
            return name in _CALLED or name[:1].isupper()
        else:
            return not isinstance(node, _NEVER)


_NEVER = (ast.Attribute, ast.Subscript, ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp)


def fold(
    node: ast.expr, constants: Mapping[str, Constant], qualified: Callable[[ast.expr], str]
) -> tuple[bool, Scalar, dict[str, int]]:
    """Whether an expression has a value that the text fixes, that value, and the variables it came by.

    Parameters:
        constants: what variables hold at this place.
        qualified: the qualified name of a called function (``os.path.join``), or an empty text.
    """
    used: dict[str, int] = {}
    try:
        value = _Fold(constants, qualified, used).value(node)
    except (_UnknownError, ArithmeticError, ValueError, TypeError, RecursionError):
        return False, None, used
    return True, value, used


class _Fold:
    __slots__ = ("_constants", "_qualified", "_used")

    def __init__(
        self, constants: Mapping[str, Constant], qualified: Callable[[ast.expr], str], used: dict[str, int]
    ) -> None:
        self._constants = constants
        self._qualified = qualified
        self._used = used

    def value(self, node: ast.expr) -> Scalar:
        match node:
            case ast.Constant(value=None | bool() | int() | float() | str() as value):
                return value
            case ast.Name(id=name) if name in self._constants:
                constant, by = self._constants[name]
                for variable, statement in by.items():
                    self._used[variable] = min(statement, self._used.get(variable, statement))
                return constant
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._number(operand)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not self.value(operand)
            case ast.BinOp():
                return self._binary(node)
            case ast.JoinedStr(values=parts):
                return _short("".join(self._part(part) for part in parts))
            case ast.Call():
                return self._call(node)
        raise _UnknownError

    def _number(self, node: ast.expr) -> int | float:
        value = self.value(node)
        if isinstance(value, int | float):
            return value
        raise _UnknownError

    def _text(self, node: ast.expr) -> str:
        value = self.value(node)
        if isinstance(value, str):
            return value
        raise _UnknownError

    def _binary(self, node: ast.BinOp) -> Scalar:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(left, str) and isinstance(right, str):
            if isinstance(node.op, ast.Add):
                return _short(left + right)
            if isinstance(node.op, ast.Div) and (isinstance(left, _Path) or isinstance(right, _Path)):
                return _Path(posixpath.join(left, right))
        elif isinstance(left, int | float) and isinstance(right, int | float):
            if isinstance(node.op, ast.Pow):
                return _power(left, right)
            operation = _ARITHMETIC.get(type(node.op))
            if operation is not None:
                return _small(operation(left, right))
        raise _UnknownError

    def _part(self, node: ast.expr) -> str:
        if isinstance(node, ast.FormattedValue):
            if node.format_spec is not None or node.conversion not in (-1, ord("s")):
                raise _UnknownError
            return str(self.value(node.value))
        return str(self.value(node))

    def _call(self, node: ast.Call) -> Scalar:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            return self._format(self._text(node.func.value), node)
        if node.keywords:
            raise _UnknownError
        name = self._qualified(node.func)
        if name in _PATHS and node.args:
            return _Path(posixpath.join(*(self._text(argument) for argument in node.args)))
        if name in {"os.path.join", "posixpath.join"} and node.args:
            return posixpath.join(*(self._text(argument) for argument in node.args))
        if name in {"str", "os.fspath"} and len(node.args) == 1:
            return str(self.value(node.args[0]))
        raise _UnknownError

    def _format(self, pattern: str, node: ast.Call) -> str:
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        text, position = "", 0
        for literal, field, specification, conversion in Formatter().parse(pattern):
            text += literal
            if field is None:
                continue
            if specification or conversion:
                raise _UnknownError
            if field == "" or field.isdecimal():
                index = position if field == "" else int(field)
                position += 1
                if index >= len(node.args):
                    raise _UnknownError
                text += str(self.value(node.args[index]))
            elif field in keywords:
                text += str(self.value(keywords[field]))
            else:
                raise _UnknownError
        return _short(text)


def _short(text: str) -> str:
    if len(text) > _LONGEST:
        raise _UnknownError
    return text


def _small(number: float) -> int | float:
    if abs(number) > _LARGEST:
        raise _UnknownError
    return number


def _power(base: float, exponent: float) -> int | float:
    if abs(exponent) > 64 or abs(base) > 1e6 or (base < 0 and exponent != int(exponent)):
        raise _UnknownError
    result: int | float = base**exponent
    return _small(result)
