"""Where a variable came from, by the text: the latest assignments that reach a line."""

from __future__ import annotations

from collections.abc import Iterable

from provkg.analysis.code import Binding, BindingKind, Block, BlockKind, CellCode, Exit, Statement

__all__ = ["loads_at", "origins", "reaching", "sources_of", "statement_at"]

_State = frozenset[Binding | None]
"""The bindings that may have given a name its object; None stands for those before the text began."""


def sources_of(code: CellCode, name: str, line: int) -> frozenset[str]:
    r"""The names that ``name``, as it is when ``line`` begins, was computed from, one step back.

    Only names that carry data: neither modules nor called functions. Bindings on several ways are
    united. Where a name was computed from itself (``X = X / 255``, ``df["a"] = b``) the step goes on to
    what that came from; the name is in the answer when it came from before the text.

    Parameters:
        line: from 1; a number beyond the end stands for the end of the text.

    >>> from provkg.analysis import analyse
    >>> code = analyse("X = np.log(df[cols])\nX = X / 255\nX.shape")
    >>> sorted(sources_of(code, "X", 3)), sorted(sources_of(code, "df", 3))
    (['cols', 'df'], [])
    """
    sources = set[str]()
    seen = set[Binding]()
    found = reaching(code, name, *_place(code, name, line))
    waiting = [binding for binding in found if binding is not None]
    while waiting:
        binding = waiting.pop()
        if binding in seen:
            continue
        seen.add(binding)
        sources |= binding.sources - {name}
        if name in binding.sources:
            before = reaching(code, name, binding.statement, binding.body)
            waiting += [earlier for earlier in before if earlier is not None]
            if None in before or not before:
                sources.add(name)
    return frozenset(sources)


def origins(code: CellCode, name: str, line: int) -> tuple[Binding, ...]:
    """The bindings that may have given ``name`` the object it has when ``line`` begins, in text order.

    Changes in place count as bindings. Empty when the name comes from before the text.
    """
    found = reaching(code, name, *_place(code, name, line))
    return tuple(sorted((b for b in found if b is not None), key=lambda binding: binding.statement))


def loads_at(code: CellCode, line: int) -> frozenset[str]:
    """The names that the innermost statement at a line loads; those of all statements of a shared line."""
    index = statement_at(code, line)
    if index is None:
        return frozenset()
    span = code.statements[index]
    same = [s for s in code.statements if (s.line, s.end_line) == (span.line, span.end_line)]
    return frozenset().union(*(statement.loads for statement in same))


def statement_at(code: CellCode, line: int, name: str = "") -> int | None:
    """The index of the innermost statement at a line; of several, the last one that loads ``name``."""
    best: tuple[int, int, int] | None = None
    for index, statement in enumerate(code.statements):
        if statement.line <= line <= statement.end_line:
            span = statement.end_line - statement.line
            rank = (-span, 1 if name in statement.loads else 0, index)
            best = rank if best is None else max(best, rank)
    return best[2] if best else None


def _place(code: CellCode, name: str, line: int) -> tuple[int, int]:
    """The index of the statement at a line, and the body it is in."""
    index = statement_at(code, line, name)
    if index is not None:
        return index, code.statements[index].body
    body = -1
    for number, candidate in enumerate(code.bodies):
        if candidate.line <= line <= candidate.end_line:
            body = number
    end = code.bodies[body].end if body >= 0 else len(code.statements)
    start = code.bodies[body].start if body >= 0 else 0
    following = (i for i in range(start, end) if code.statements[i].line > line)
    return next(following, end), body


def _owner(code: CellCode, name: str, body: int) -> int:
    """The body whose variable a name is when a statement of ``body`` reads it."""
    first = True
    while body >= 0:
        scope = code.bodies[body]
        if name in scope.bound and (first or not scope.is_class):
            return body
        first, body = False, scope.outer
    return -1


def reaching(code: CellCode, name: str, index: int, body: int) -> frozenset[Binding | None]:
    """The bindings that may have given ``name`` its object, or changed it, when a statement begins.

    None stands for those before the text began.

    Parameters:
        index: of the statement in ``statements``; their number stands for the end of the text.
        body: the function or class body it is in, or -1.
    """
    owner = _owner(code, name, body)
    bindings: dict[int, list[Binding]] = {}
    for binding in code.bindings:
        if binding.name == name and _owner(code, name, binding.body) == owner:
            bindings.setdefault(binding.statement, []).append(binding)
    if not bindings:
        return frozenset()
    start, end = 0, len(code.statements)
    state: _State = frozenset([None])
    if owner >= 0:
        start, end = code.bodies[owner].start, code.bodies[owner].end
        parameters = [b for b in bindings.get(start - 1, ()) if b.body == owner]
        state = frozenset(parameters) or state
    # A function sees an outer variable as it is when it is called: take its state at the outer end.
    return _Reach(code, owner, bindings, index if owner == body else end).to(start, end, state)


class _Reach:
    """Follows one variable of one body through the text, up to one statement."""

    def __init__(self, code: CellCode, body: int, bindings: dict[int, list[Binding]], query: int) -> None:
        self._statements = code.statements
        self._blocks = {block.start: block for block in code.blocks}
        self._body = body
        self._bindings = bindings
        self._query = query
        self._found: _State = frozenset()
        self._jumps: list[_State] = []
        self._attempts: list[_State] = []

    def to(self, start: int, end: int, state: _State) -> _State:
        """The bindings that reach the statement asked for."""
        after = self._walk(start, end, state)
        if self._query >= end:
            return after or frozenset()
        return self._found

    def _walk(self, start: int, end: int, state: _State | None) -> _State | None:
        index = start
        while index < end:
            if index == self._query and state is not None:
                self._found |= state
            block = self._blocks.get(index)
            if block is not None and block.kind is BlockKind.LOOP:
                state = self._loop(block, state)
            elif block is not None:
                state = self._arms(block, self._apply(index, state))
            else:
                state = self._leave(self._statements[index], self._apply(index, state))
            index = block.end if block is not None else index + 1
        return state

    def _apply(self, index: int, state: _State | None) -> _State | None:
        own = [b for b in self._bindings.get(index, ()) if b.body == self._body]
        if state is None or not own:
            return state
        self._attempts = [attempt | state for attempt in self._attempts]
        kept = next((i for i in reversed(range(len(own))) if own[i].kind is not BindingKind.CHANGED), 0)
        return frozenset(own[kept:])

    def _leave(self, statement: Statement, state: _State | None) -> _State | None:
        if statement.body != self._body or statement.exits is Exit.NONE:
            return state
        if statement.exits is Exit.LOOP and self._jumps and state is not None:
            self._jumps[-1] |= state
        return None

    def _arms(self, block: Block, state: _State | None) -> _State | None:
        if block.kind is BlockKind.BODY:
            start, end = block.arms[0]
            inner = (b for i in range(start, end) for b in self._bindings.get(i, ()))
            return state if state is None else state.union(inner)
        if block.kind is BlockKind.TRY:
            return self._try(block, state)
        ways = [self._walk(*arm, state) for arm in block.arms]
        if block.kind is BlockKind.MATCH and not block.exhaustive:
            ways.append(state)
        return _union(ways)

    def _loop(self, block: Block, entry: _State | None) -> _State | None:
        body, orelse = block.arms
        around, normal, left = entry, entry, frozenset[Binding | None]()
        for _ in range(2):  # the second time with what the first one left behind
            self._jumps.append(frozenset())
            after = self._walk(*body, self._apply(block.start, around))
            left = self._jumps.pop()
            normal = _union([after, left or None])
            around = _union([entry, normal])
            if self._query == block.start and around is not None:
                self._found |= around
        return _union([self._walk(*orelse, normal), left or None]) or entry

    def _try(self, block: Block, state: _State | None) -> _State | None:
        body, *handlers, orelse, final = block.arms
        self._attempts.append(state or frozenset())
        completed = self._walk(*body, state)
        attempted = self._attempts.pop().union(completed or ())
        thrown = attempted if state is not None else None
        ways = [self._walk(*handler, thrown) for handler in handlers]
        ways.append(self._walk(*orelse, completed))
        after = _union(ways)
        if after is None:
            self._walk(*final, thrown)
            return None
        return self._walk(*final, after)


def _union(ways: Iterable[_State | None]) -> _State | None:
    reached = [way for way in ways if way is not None]
    return frozenset().union(*reached) if reached else None
