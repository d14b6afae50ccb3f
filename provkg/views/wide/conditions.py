"""Conditions on the rows of the wide table: ``accuracy > 0.9 and (C < 1 or kernel = 'rbf')``.

Numbers are compared as numbers and texts as texts. A comparison holds where a cell has a value for which it
holds: where there is none it does not, and of several one is enough.
"""

from __future__ import annotations

import operator
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from provkg.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from provkg.views.wide.columns import Cell

    Test: TypeAlias = Callable[[Cell], bool]
    Column: TypeAlias = Callable[[str], list[Cell]]

__all__ = ["matching", "moment"]

_TOKEN = re.compile(
    r"""\s*(?: (?P<number> [-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)? (?![\w.]) )
      | (?P<text> '(?:[^']|'')*' | "(?:[^"]|"")*" )
      | (?P<name> `[^`]+` | [^\W\d][\w.:/@]* )
      | (?P<sign> <=|>=|!=|<>|==|[=<>(),] ) )""",
    re.VERBOSE,
)
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WORDS = {"and", "or", "not", "in", "like", "is", "null", "true", "false"}
_DEEPEST = 100
_LONGEST = 300
"""Python refuses to read integers of thousands of digits."""
_HELP = (
    "Write for example: accuracy > 0.9 and (C < 1 or kernel = 'rbf'). Texts stand in quotes; names that are"
    " not plain words in backticks."
)


def matching(text: str, column: Column, count: int) -> list[bool]:
    """For each of the rows, whether a condition holds.

    Raises:
        QueryError: it cannot be read.
    """
    return _Reader(text, column, count).condition()


class _Reader:
    """Reads a condition from left to right, and answers it as it goes."""

    def __init__(self, text: str, column: Column, count: int) -> None:
        self.column, self.count = column, count
        self.tokens = _tokens(text)
        self.at = self.depth = 0

    def condition(self) -> list[bool]:
        found = self.either()
        if self.at < len(self.tokens):
            self.fail("and or or")
        return found

    def either(self) -> list[bool]:
        found = self.both()
        while self.takes("or"):
            found = [one or other for one, other in zip(found, self.both(), strict=True)]
        return found

    def both(self) -> list[bool]:
        found = self.single()
        while self.takes("and"):
            found = [one and other for one, other in zip(found, self.single(), strict=True)]
        return found

    def single(self) -> list[bool]:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise QueryError(f"A condition is nested more than {_DEEPEST} deep.", _HELP)
        if self.takes("not"):
            found = [not one for one in self.single()]
        elif self.takes("("):
            found = self.either()
            self.takes(")") or self.fail(")")
        else:
            found = self.comparison()
        self.depth -= 1
        return found

    def comparison(self) -> list[bool]:
        name = self.name()
        cells = self.column(name)
        if self.takes("is"):
            absent = not self.takes("not")
            self.takes("null") or self.fail("null")
            return [(cell is None) is absent for cell in cells]
        negated = self.takes("not")
        if self.takes("in"):
            tests = self.listed(name)
        elif self.takes("like"):
            tests = [_like(self.value())]
        elif not negated and self.word() in _COMPARED:
            compared = _COMPARED[self.next()[1]]
            tests = [_test(compared, self.value(), name)]
        else:
            self.fail("a comparison")
        found = (
            [any(test(cell) for test in tests) for cell in cells]
            if len(tests) > 1
            else _each(tests[0], cells)
        )
        return (
            [not one and cell is not None for one, cell in zip(found, cells, strict=True)]
            if negated
            else found
        )

    def listed(self, name: str) -> list[Test]:
        self.takes("(") or self.fail("(")
        tests = [_test(operator.eq, self.value(), name)]
        while self.takes(","):
            tests.append(_test(operator.eq, self.value(), name))
        self.takes(")") or self.fail(")")
        return tests

    def name(self) -> str:
        if self.at == len(self.tokens) or self.tokens[self.at][0] != "name" or self.word() in _WORDS:
            self.fail("a name")
        return self.next()[1].strip("`")

    def value(self) -> bool | float | int | str:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind not in ("number", "text") and text.lower() not in ("true", "false"):
            self.fail("a number, a text in quotes, true or false")
        self.at += 1
        if kind == "number":
            whole = text.lstrip("+-").isdecimal() and len(text) < _LONGEST
            return int(text) if whole else float(text)
        return text[1:-1].replace(text[0] * 2, text[0]) if kind == "text" else text.lower() == "true"

    def takes(self, word: str) -> bool:
        if self.word() != word:
            return False
        self.at += 1
        return True

    def word(self) -> str:
        """The next token as a key word or sign; texts and names in quotes are none."""
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        return text.lower() if kind in ("name", "sign") else ""

    def next(self) -> tuple[str, str]:
        self.at += 1
        return self.tokens[self.at - 1]

    def fail(self, wanted: str) -> NoReturn:
        there = repr(self.tokens[self.at][1]) if self.at < len(self.tokens) else "the end"
        raise QueryError(f"In a condition there is {there} where {wanted} should be.", _HELP)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens = []
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise QueryError(f"A condition cannot be read from {text[at : at + 20].strip()!r} on.", _HELP)
        tokens.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    return tokens


def _each(test: Test, cells: list[Cell]) -> list[bool]:
    return [cell is not None and test(cell) for cell in cells]


def _test(compared: Callable[[Any, Any], bool], value: float | str | bool, name: str) -> Test:
    """Whether a cell compares so with a value of its kind; times are compared as times."""
    if name == "started":
        when = moment(value)
        return lambda cell: isinstance(cell, str) and compared(moment(cell), when)
    kinds: tuple[type, ...] = (int, float) if type(value) in (int, float) else (type(value),)

    def test(cell: Cell) -> bool:
        if type(cell) in kinds:
            return compared(cell, value)
        return isinstance(cell, list) and any(type(one) in kinds and compared(one, value) for one in cell)

    return test


def _like(pattern: float | str | bool) -> Test:
    """Whether a text is as an SQL pattern says, in which % stands for any characters and _ for one."""
    wild = {"%": ".*", "_": "."}
    expression = "".join(wild.get(part, re.escape(part)) for part in re.sub("%+", "%", str(pattern)))
    matches = re.compile(expression, re.DOTALL).fullmatch
    return lambda cell: any(
        isinstance(one, str) and matches(one) is not None
        for one in (cell if isinstance(cell, list) else (cell,))
    )


def moment(value: object) -> datetime:
    """A time as a person or the record writes it; in UTC where no zone is said.

    Raises:
        QueryError: it is not one.
    """
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        raise QueryError(f"{value!r} is no time.", "Write '2026-01-31' or '2026-01-31T09:30'.") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
