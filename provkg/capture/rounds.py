"""Of which rounds of a loop a value is made, by the order of the statements in the text.

What a variable is given anew in each round is from the last one alone; what is added to it, from all. Where
the order does not tell, as behind a condition, nothing is claimed of calls that each round made again.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from provkg.analysis import Binding, BindingKind, Exit

if TYPE_CHECKING:
    from provkg.capture.scopes import At, Making, Scope

__all__ = ["LAST", "Rounds", "is_of_last_round", "makings_of", "rounds_of", "within"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_CONDITIONS = (ast.If, ast.Try, ast.TryStar, ast.Match)
_ADDING = (BindingKind.CHANGED, BindingKind.AUGMENTED)
_MAX_BINDINGS = 50

Rounds: TypeAlias = frozenset[ast.AST] | None
"""The loops whose rounds all count, of others the last alone; None where the order does not tell."""
LAST: Rounds = frozenset()


def within(scope: Scope, node: ast.AST) -> Iterator[ast.AST]:
    """What an expression stands in, up to the function it belongs to."""
    for each in scope.text.around(node) if scope.text is not None else ():
        if isinstance(each, _FUNCTIONS):
            return
        yield each


def makings_of(makings: Sequence[Making], node: ast.AST, scope: Scope, rounds: Rounds) -> Sequence[Making]:
    """Of what a call made, in the order it was made, what is in a value made in some rounds of its loops."""
    loops = _loops_around(scope, node)
    count = {isinstance(loop, _COMPREHENSIONS) or (rounds is not None and loop in rounds) for loop in loops}
    if len(makings) <= 1 or not loops:
        return makings[-1:]
    if count == {True}:
        return makings
    return makings[-1:] if count == {False} and rounds is not None else ()


def rounds_of(
    binding: Binding, others: Iterable[Binding | None], at: At, scope: Scope, rounds: Rounds
) -> Rounds:
    """Which rounds count for what a binding gives to a variable.

    Parameters:
        others: all bindings that may have given the variable what it holds.
        at: the statement that reads the variable, which was last at work in what ``rounds`` says.
    """
    node = scope.text.statement_of(binding) if scope.text is not None else None
    loops = _loops_around(scope, node) if node is not None else []
    if node is None or rounds is None or not loops:
        return rounds
    rounds |= _gathering(binding, loops, scope)
    if any(other not in (None, binding) and _is_fresh_in(other, loops, rounds, scope) for other in others):
        return None
    return rounds if at == scope.now or _is_told(binding, node, at, scope, rounds) else None


def is_of_last_round(bindings: Iterable[Binding | None], at: At, scope: Scope) -> bool:
    """Whether a statement, when last at work, read what the loops around bindings gave last."""
    for binding in bindings:
        node = scope.text.statement_of(binding) if binding is not None and scope.text is not None else None
        if binding is not None and node is not None and not _is_told(binding, node, at, scope, frozenset()):
            return False
    return True


def _loops_around(scope: Scope, node: ast.AST) -> list[ast.AST]:
    """The loops that evaluate a node in each round, innermost first."""
    found: list[ast.AST] = []
    inner, first = node, None
    for outer in within(scope, node):
        if isinstance(outer, ast.comprehension) and inner is outer.iter:
            first = outer
        elif isinstance(outer, _COMPREHENSIONS):
            if outer.generators[0] is not first:
                found.append(outer)
        elif isinstance(outer, _LOOPS) and (
            inner in outer.body or (isinstance(outer, ast.While) and inner is outer.test)
        ):
            found.append(outer)
        inner = outer
    return found


def _gathering(binding: Binding, loops: list[ast.AST], scope: Scope) -> frozenset[ast.AST]:
    """The loops over which a variable gathers what a binding gives it, as nothing in them sets it anew."""
    here = binding.statement, binding.body
    if binding.kind not in _ADDING and not _needs_itself(binding, scope):
        return frozenset()
    fresh, seen = set[ast.AST](), set[Binding]()
    pending = list(scope.bindings(binding.name, here))
    while pending and len(seen) < _MAX_BINDINGS:
        before = pending.pop()
        if before is None or before in seen:
            continue
        seen.add(before)
        if before.kind in _ADDING:
            pending += scope.bindings(before.name, (before.statement, before.body))
        elif before != binding:
            fresh.update(_loops_of(before, scope))
    return frozenset(loops) - fresh if len(seen) < _MAX_BINDINGS else frozenset()


def _needs_itself(binding: Binding, scope: Scope) -> bool:
    """Whether a binding is made of what it gave in the round before."""
    seen: set[Binding] = set()
    pending = [binding]
    while pending and len(seen) < _MAX_BINDINGS:
        current = pending.pop()
        for name in current.sources:
            for source in scope.bindings(name, (current.statement, current.body)):
                if source == binding:
                    return True
                if source is not None and source not in seen:
                    seen.add(source)
                    pending.append(source)
    return False


def _loops_of(binding: Binding, scope: Scope) -> list[ast.AST]:
    """The loops that bind a variable anew in each round."""
    node = scope.text.statement_of(binding) if scope.text is not None else None
    if node is None:
        return []
    own = [node] if binding.kind is BindingKind.ITERATED and isinstance(node, _LOOPS) else []
    return [*own, *_loops_around(scope, node)]


def _is_fresh_in(
    other: Binding | None, loops: list[ast.AST], rounds: frozenset[ast.AST], scope: Scope
) -> bool:
    """Whether another binding may have set the variable in a later round."""
    if other is None or other.kind in _ADDING:
        return False
    return any(loop not in rounds for loop in _loops_of(other, scope) if loop in loops)


def _is_told(binding: Binding, node: ast.stmt, at: At, scope: Scope, rounds: frozenset[ast.AST]) -> bool:
    """Whether a statement was at work in the very round in which the variable was bound last."""
    if scope.text is None or at[0] >= len(scope.text.code.statements):
        return True
    reader = scope.text.statement_at(at[0])
    if reader is None or isinstance(reader, ast.Return):
        return reader is not None
    own, shared = _loops_of(binding, scope), None
    between: list[ast.AST] = []
    for outer in within(scope, reader):
        if outer in own:
            shared = outer
            break
        between.append(outer)
    if shared is None or shared in rounds:
        return True
    around = list(within(scope, node))
    if at[0] <= binding.statement or any(isinstance(o, _CONDITIONS) and o not in around for o in between):
        return False
    statements = scope.text.code.statements[binding.statement + 1 : at[0]]
    return not any(each.exits is Exit.LOOP for each in statements)
