"""Which lines of a cell, by its text, have to do with some of its names and lines: a slice of the cell."""

from __future__ import annotations

from dataclasses import dataclass

from provkg.analysis import CellCode

__all__ = ["Relevant", "relevant"]

_CELL = -1


@dataclass(frozen=True, slots=True)
class Relevant:
    """The lines that count, the names they read, and the functions they call with imports resolved.

    ``whole`` says that the text could not be looked into, so that all of its lines count.
    """

    lines: frozenset[int]
    names: frozenset[str]
    calls: frozenset[str] = frozenset()
    whole: bool = False

    def among(self, lines: frozenset[int]) -> frozenset[int]:
        """Those of some lines that count."""
        return lines if self.whole else lines & self.lines


def relevant(
    code: CellCode,
    lines: frozenset[int],
    names: frozenset[str],
    settled: frozenset[str] = frozenset(),
) -> Relevant:
    r"""What of a cell leads to the statements at some lines and to the objects of some names at its end.

    It is read from the text alone and errs towards more: the order of statements is not looked at. What made
    the objects of ``settled`` names does not count.

    >>> from provkg.analysis import analyse
    >>> found = relevant(analyse("a = 1\nb = a + c\nprint(b)"), frozenset(), frozenset({"b"}))
    >>> sorted(found.lines), sorted(found.names)
    ([1, 2], ['a', 'b', 'c'])
    """
    if code.error or code.approximate or not code.statements:
        return Relevant(lines, frozenset(code.reads) | names, whole=True)
    return _Slice(code, names, settled).through(lines)


class _Slice:
    """The statements found so far, and the names wanted, each with the body whose variable it is."""

    def __init__(self, code: CellCode, names: frozenset[str], settled: frozenset[str]) -> None:
        self.code = code
        self.settled = {(_CELL, name) for name in settled - names}
        self.found: set[int] = set()
        self.wanted = {(_CELL, name) for name in names}
        self.entered: set[str] = set()
        """Functions that hold wanted lines: of them only these lines count, not all."""

    def through(self, lines: frozenset[int]) -> Relevant:
        statements = self.code.statements
        at = {
            number
            for number, one in enumerate(statements)
            if not lines.isdisjoint(range(one.line, one.end_line + 1))
        }
        self.entered = {self.code.bodies[statements[n].body].name for n in at if statements[n].body != _CELL}
        while new := (at | self._binding() | self._headers() | self._called() | self._calling()) - self.found:
            self.found |= new
            for number in new:
                body = statements[number].body
                loads = statements[number].loads - self.entered
                self.wanted |= {(self._owner(name, body), name) for name in loads} - self.settled
        chosen = [statements[number] for number in self.found]
        covered = {line for one in chosen for line in range(one.line, one.end_line + 1)}
        calls = {call.function for call in self.code.calls if call.line in covered}
        names = {name for body, name in self.wanted if body == _CELL}
        return Relevant(frozenset(covered), frozenset(names), frozenset(calls))

    def _owner(self, name: str, body: int) -> int:
        """The body whose variable a name is where a statement of ``body`` reads it."""
        while body != _CELL and name not in self.code.bodies[body].bound:
            body = self.code.bodies[body].outer
        return body

    def _binding(self) -> set[int]:
        """The statements that bind a wanted name or change its object."""
        return {
            number
            for number, one in enumerate(self.code.statements)
            if any((self._owner(name, one.body), name) in self.wanted for name in one.targets | one.changes)
        }

    def _headers(self) -> set[int]:
        """The headers of compound statements around what was found: they decide whether it runs."""
        return {
            block.start
            for block in self.code.blocks
            if any(block.start <= number < block.end for number in self.found)
        }

    def _called(self) -> set[int]:
        """The statements of functions and classes that are wanted."""
        wanted = {name for _, name in self.wanted}
        return {
            number
            for body in self.code.bodies
            if body.name in wanted
            for number in range(body.start, body.end)
        }

    def _calling(self) -> set[int]:
        """The statements that call a function which holds wanted lines: its arguments come from there."""
        statements = enumerate(self.code.statements)
        return {number for number, one in statements if not self.entered.isdisjoint(one.loads)}
