"""Numbers in saved outputs that the text of the cell says are measured.

A number counts only where the code tells what it is: the last expression of the cell is a metric and its
result a number, or a ``print`` whose literal text stands around the number in the output. A training's own
log of its epochs counts too. The evidence is always *inferred*.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from string import Formatter

from provkg.importers.flow import Shown
from provkg.importers.nodes import Measure

__all__ = ["Number", "epochs_in", "numbers_in"]

_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|nan|[-+]?inf"
_WRAPPED = re.compile(rf" *(?:(?:np|numpy)\.float\d+\()?({_NUMBER})\)?")
_SPEC = re.compile(r"%(?:\((?P<name>\w+)\))?[-+ #0]*\d*(?:\.\d+)?(?P<kind>[diouxXeEfFgGrsa%])")
_KEEPING = frozenset({"float", "str", "round", "np.round", "numpy.round", "abs", "format", "repr"})
_AVERAGING = frozenset({"np.mean", "numpy.mean", "np.average", "mean"})
_KEEPING_METHODS = frozenset({"item", "round", "mean", "numpy"})
_EPOCH = re.compile(r"^Epoch +(\d+)/(\d+)", re.MULTILINE)
_LOGGED = re.compile(rf"(?:^|[ -])([A-Za-z]\w*): ({_NUMBER})(?=\s|$|\x08|-)")
_LONGEST_LINE = 2_000
_LONGEST = 200_000
"""Characters of a stream that are looked at."""
_MOST = 50


@dataclass(frozen=True, slots=True)
class Number:
    """A number that was shown, with its text there; ``scale`` is what the shown one is multiplied with."""

    measure: Measure
    text: str
    scale: float = 1.0

    @property
    def value(self) -> float:
        """The number itself."""
        return float(self.text) * self.scale


@dataclass(frozen=True, slots=True)
class _Hole:
    """A place in printed text that a number fills."""

    measure: Measure
    scale: float = 1.0


_Template = list["str | _Hole | None"]
"""Literal text, numbers that are measured, and None for anything else."""


def numbers_in(
    tree: ast.Module, shown: Sequence[Shown], stdout: str, result: str, *, above: int = 0
) -> Iterator[Number]:
    """The measured numbers that a cell's outputs show.

    Parameters:
        tree: the syntax tree of the cell.
        shown: its statements that may show measures.
        stdout: what it printed.
        result: the plain text of its result.
        above: lines of the cell above the first line of the tree.
    """
    at = {one.line - above: one for one in shown}
    printed: dict[tuple[object, ...], list[_Template]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and node.lineno in at:
            reader = _Reader(at[node.lineno], above)
            call = node.value
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print":
                for line in _lines(reader.printed(call), open_end=_open_end(call)):
                    if any(isinstance(part, _Hole) for part in line):
                        key = tuple("" if isinstance(part, _Hole) else part for part in line)
                        printed.setdefault(key, []).append(line)
            elif node is tree.body[-1] and result:
                template = reader.value(node.value)
                yield from _numbers(template, _match(template, result.strip()))
    lines = [line for line in stdout[:_LONGEST].split("\n") if len(line) <= _LONGEST_LINE]
    for templates in list(printed.values())[:_MOST]:
        matches = [texts for line in lines if (texts := _match(templates[0], line)) is not None]
        if len(matches) == len(templates):  # else nobody can tell which line is whose
            for template, texts in zip(templates, matches, strict=True):
                yield from _numbers(template, texts)


def _numbers(template: _Template, texts: Sequence[str] | None) -> Iterator[Number]:
    holes = [part for part in template if isinstance(part, _Hole)]
    for hole, text in zip(holes, texts or (), strict=False):
        yield Number(hole.measure, text, hole.scale)


def _match(template: _Template, line: str) -> list[str] | None:
    """The texts of the numbers that a line has in the holes of a template; None where it does not fit.

    Without going back, so that no text takes long: what stands for anything ends where the literal text
    behind it first occurs.
    """
    place, anything = 0, False
    texts: list[str] = []
    for part in template:
        if part is None:
            anything = True
        elif isinstance(part, _Hole):
            number = _WRAPPED.match(line, place) if not anything else None
            if number is None:
                return None
            texts.append(number[1])
            place = number.end()
        else:
            found = line.find(part, place) if anything else place
            if found < 0 or not line.startswith(part, found):
                return None
            place, anything = found + len(part), False
    return texts if anything or place == len(line) else None


def _lines(template: _Template, *, open_end: bool) -> Iterator[_Template]:
    """The lines that a template writes."""
    line: _Template = []
    for part in template:
        if not isinstance(part, str):
            line.append(part)
            continue
        first, *more = part.split("\n")
        line.append(first)
        for text in more:
            yield [each for each in line if each != ""]
            line = [text]
    yield [*(each for each in line if each != ""), *([None] if open_end else [])]


def _open_end(call: ast.Call) -> bool:
    """Whether something may follow a print on its line."""
    return any(keyword.arg == "end" for keyword in call.keywords)


class _Reader:
    """Reads what an expression will look like when it is printed."""

    def __init__(self, shown: Shown, above: int) -> None:
        self._shown = shown
        self._above = above

    def printed(self, call: ast.Call) -> _Template:
        """What a print writes."""
        separator: _Template = [" "]
        for keyword in call.keywords:
            if keyword.arg == "sep":
                constant = isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str)
                separator = [keyword.value.value] if constant else [None]  # type: ignore[attr-defined]
        parts: _Template = []
        for rank, argument in enumerate(call.args):
            parts += (separator if rank else []) + self.value(argument)
        return parts

    def value(self, node: ast.expr) -> _Template:
        """The text of a value."""
        if isinstance(node, ast.Call) and _is_formatting(node):
            return self._format(node.func.value.value, node)  # type: ignore[attr-defined]
        measure, scale = self._measure(node)
        if measure is not None:
            return [_Hole(measure, scale)]
        match node:
            case ast.Constant(value=str() as text):
                return [text]
            case ast.JoinedStr(values=values):
                return [part for value in values for part in self._piece(value)]
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return [*self.value(left), *self.value(right)]
            case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str() as text), right=right):
                return self._percent(text, right)
            case ast.Tuple(elts=items) if items:
                parts: _Template = ["("]
                for rank, item in enumerate(items):
                    parts += ([", "] if rank else []) + self.value(item)
                return [*parts, ")"]
        return [None]

    def _piece(self, value: ast.expr) -> _Template:
        if not isinstance(value, ast.FormattedValue):
            return self.value(value)
        spec = value.format_spec
        return self._formatted(value.value, ast.unparse(spec).strip("f'\"") if spec is not None else "")

    def _formatted(self, node: ast.expr, spec: str) -> _Template:
        measure, scale = self._measure(node)
        if measure is None:
            return [None]
        if spec.endswith("%"):
            return [_Hole(measure, scale / 100), "%"]
        return [_Hole(measure, scale)]

    def _percent(self, text: str, right: ast.expr) -> _Template:
        items = list(right.elts) if isinstance(right, ast.Tuple) else [right]
        parts: _Template = []
        end = 0
        for spec in _SPEC.finditer(text):
            parts.append(text[end : spec.start()])
            end = spec.end()
            if spec["kind"] == "%":
                parts.append("%")
            elif spec["name"] or not items:
                parts.append(None)
            else:
                parts += self._formatted(items.pop(0), spec[0][1:].lstrip("-+ #"))
        return [*parts, text[end:]]

    def _format(self, text: str, node: ast.Call) -> _Template:
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        parts: _Template = []
        position = 0
        try:
            fields = list(Formatter().parse(text))
        except ValueError:
            return [None]
        for literal, name, spec, _ in fields:
            parts.append(literal)
            if name is None:
                continue
            index = position if name == "" else int(name) if name.isdecimal() else -1
            position += 1
            given = node.args[index] if 0 <= index < len(node.args) else keywords.get(name)
            parts += self._formatted(given, spec or "") if given is not None else [None]
        return parts

    def _measure(self, node: ast.expr) -> tuple[Measure | None, float]:
        """What an expression measures, and what its number is multiplied with to be that."""
        match node:
            case ast.Name(id=name):
                return self._shown.variables.get(name), 1.0
            case ast.Call():
                return self._called(node)
            case ast.BinOp(op=ast.Mult(), left=left, right=ast.Constant(value=100 | 100.0)):
                measure, scale = self._measure(left)
                return measure, scale / 100
            case ast.BinOp(op=ast.Mult(), left=ast.Constant(value=100 | 100.0), right=right):
                measure, scale = self._measure(right)
                return measure, scale / 100
        return None, 1.0

    def _called(self, node: ast.Call) -> tuple[Measure | None, float]:
        known = self._shown.calls.get((node.lineno + self._above, node.col_offset))
        function = ast.unparse(node.func) if not isinstance(node.func, ast.Call) else ""
        if function in _KEEPING | _AVERAGING and node.args:
            return self._measure(node.args[0])
        if isinstance(node.func, ast.Attribute) and node.func.attr in _KEEPING_METHODS:
            inner = self._measure(node.func.value)
            if inner[0] is not None:
                return inner
        return known, 1.0


def _is_formatting(node: ast.Call) -> bool:
    """Whether a call is of the method `format` of a literal text."""
    match node.func:
        case ast.Attribute(value=ast.Constant(value=str()), attr="format"):
            return True
    return False


def epochs_in(stdout: str) -> dict[str, tuple[float, ...]]:
    r"""The last numbers of each epoch in the log that Keras prints of a training, by name.

    >>> epochs_in("Epoch 1/2\n 9/10 - loss: 0.7\r10/10 - loss: 0.5\nEpoch 2/2\n10/10 - loss: 0.2 - acc: 1\n")
    {'loss': (0.5, 0.2)}
    """
    text = stdout[:_LONGEST]
    marks = list(_EPOCH.finditer(text))
    if not marks or [int(mark[1]) for mark in marks] != list(range(1, len(marks) + 1)):
        return {}
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    logged = [_last(text[mark.end() : end]) for mark, end in zip(marks, ends, strict=True)]
    return {name: tuple(each[name] for each in logged) for name in _in_all(logged)}


def _last(log: str) -> dict[str, float]:
    lines = [line for line in re.split(r"[\r\n\x08]+", log) if ": " in line]
    found = _LOGGED.findall(lines[-1]) if lines else []
    return {name: float(number) for name, number in found if name != "ETA"}


def _in_all(logged: Iterable[dict[str, float]]) -> list[str]:
    each = list(logged)
    return [name for name in each[0] if all(name in one for one in each)]
