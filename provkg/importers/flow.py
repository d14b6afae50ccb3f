"""Follows variables through the executions of a saved notebook, by their text, in the order of execution.

What the text alone cannot tell is left open: a variable that is bound in an arm that may not have run holds
nothing known afterwards, steps in such arms and in functions are not claimed, and what stands below the line
that raised did not happen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from provkg.analysis import Binding, BindingKind, BlockKind, Call, CellCode
from provkg.analysis.knowledge import Knowledge
from provkg.importers.deeds import Deeds
from provkg.importers.given import derived, is_size, operation_of
from provkg.importers.nodes import Ledger, Measure, Node
from provkg.importers.steps import Place, Step
from provkg.records import Seed

__all__ = ["Done", "Flow", "Shown", "happened"]

_ALIAS = re.compile(r"\s*\w+\s*=\s*(\w+)\s*;?\s*(?:#.*)?")
_SHOWING = frozenset({"print", "display"})


@dataclass(slots=True)
class Shown:
    """A statement that may show numbers: its lines, the measures that variables hold and calls return there.

    ``calls`` are by line and column of the call.
    """

    line: int
    variables: dict[str, Measure]
    calls: dict[tuple[int, int], Measure]


@dataclass(slots=True)
class Done:
    """What one execution did: its steps and seeds, the states its variables hold, what it may have shown."""

    steps: list[Step]
    seeds: list[Seed]
    states: dict[str, Node]
    shown: list[Shown]


class Flow:
    """The variables of one run.

    Parameters:
        knowledge: what calls mean.
        ledger: takes the states and files of the record.
        place: resolves the paths that calls name.
    """

    def __init__(self, knowledge: Knowledge, ledger: Ledger, place: Place) -> None:
        self._knowledge = knowledge
        self._ledger = ledger
        self._place = place
        self._env: dict[str, Node] = {}

    def run(
        self,
        order: int,
        code: CellCode,
        source: str,
        definers: Mapping[str, int],
        until: int | None = None,
    ) -> Done:
        """One execution.

        Parameters:
            order: its rank.
            code: what its text says.
            source: the text that runs.
            definers: the executions that set the variables it finds.
            until: the line that raised.
        """
        if not self._concerns(code):
            return Done([], [], {}, [])
        cell = _Cell(self, order, code, source, definers)
        for index in range(len(code.statements)):
            if happened(code, index, until):
                cell.statement(index)
        cell.leave_open(until)
        return Done(cell.deeds.steps, cell.deeds.seeds, cell.states, cell.shown)

    def _concerns(self, code: CellCode) -> bool:
        """Whether a text touches anything that is followed, or calls anything that is known."""
        followed = self._env.keys()
        if not all(map(followed.isdisjoint, (code.reads, code.defines, code.changes, code.deletes))):
            return True
        return any(
            self._knowledge.of_call(call.function, call.imported)
            or (call.imported and self._knowledge.of_class(call.function) is not None)
            for call in code.calls
        )


def happened(code: CellCode, statement: int, until: int | None) -> bool:
    """Whether a statement of the cell itself stands above the line that raised."""
    one = code.statements[statement]
    return one.body == -1 and (until is None or one.line < until)


class _Cell:
    """One execution while it is followed."""

    def __init__(
        self, flow: Flow, order: int, code: CellCode, source: str, definers: Mapping[str, int]
    ) -> None:
        self.order = order
        self.code = code
        self.env = flow._env
        self.states: dict[str, Node] = {}
        self.shown: list[Shown] = []
        follow = partial(_follow, self.env, definers, order)
        self.deeds = Deeds(flow._knowledge, flow._ledger, flow._place, order, code.calls, follow, self.env)
        self._lines = source.split("\n")
        self._open = _may_not_run(code)
        self._calls = _grouped(code.calls)
        self._bindings: dict[int, list[Binding]] = {}
        for binding in code.bindings:
            if binding.body == -1:
                self._bindings.setdefault(binding.statement, []).append(binding)

    def statement(self, index: int) -> None:
        """Follow one statement."""
        bindings = self._bindings.get(index, ())
        if index in self._open:
            for binding in bindings:
                if binding.kind is not BindingKind.CHANGED:
                    self._forget(binding.name)
            return
        calls = self._calls.get(index, ())
        deeds = self.deeds
        deeds.changed = {}
        for call in calls:
            deeds.of(call)
        for name, node in deeds.changed.items():
            self._bind(name, node)
        for binding in bindings:
            self._binding(binding, calls)
        if calls or self._is_last(index):
            self._note_shown(index, calls)

    def leave_open(self, until: int | None) -> None:
        """What stands below the line that raised, or in it, may or may not have been bound."""
        if until is None:
            return
        for bindings in self._bindings.values():
            for binding in bindings:
                if binding.line == until:
                    self._forget(binding.name)

    def _bind(self, name: str, node: Node) -> None:
        self.env[name] = self.states[name] = node

    def _forget(self, name: str) -> None:
        self.env.pop(name, None)
        self.states.pop(name, None)

    def _binding(self, binding: Binding, calls: Sequence[int]) -> None:
        name = binding.name
        match binding.kind:
            case BindingKind.CHANGED:
                self._changed(binding, calls)
            case BindingKind.DELETED | BindingKind.IMPORTED | BindingKind.DEFINED | BindingKind.CAUGHT:
                self._forget(name)
            case _:
                node = self._value(binding, calls)
                if node is None:
                    self._forget(name)
                    return
                if not node.names:
                    node.names = (name,)
                self._bind(name, node)

    def _changed(self, binding: Binding, calls: Sequence[int]) -> None:
        """The object was changed in place, unless a step has said so already."""
        old = self.env.get(binding.name)
        if old is None or binding.name in self.deeds.changed:
            return
        sources = [node for name in sorted(binding.sources) if (node := self.env.get(name)) is not None]
        made = [node for call in self._outermost(calls) for node in self.deeds.results.get(call, ())]
        self._bind(binding.name, old.next_state(self.order, (*sources, *made), self._operation(calls)))

    def _value(self, binding: Binding, calls: Sequence[int]) -> Node | None:
        """The state that a binding gives its name."""
        _, equals, right = self._line(binding).partition("=")
        if equals and "=" not in right and is_size(right.partition("#")[0].rstrip("; ")):
            return None
        for call in reversed(calls):  # of a chain, the last call is the one whose result is bound
            results = self.deeds.results.get(call, ())
            targets = self.code.calls[call].targets
            if binding.name in targets and results:
                if len(results) == len(targets):
                    return results[targets.index(binding.name)]
                if len(results) == 1:
                    return results[0] if len(targets) == 1 else derived(self.order, results, "")
        if not calls and len(binding.sources) == 1 and self._is_alias(binding):
            return self.env.get(next(iter(binding.sources)))
        outer = self._outermost(calls)
        inside = {name for call in calls for name in self._consumed(call)}
        parents = [node for call in outer for node in self.deeds.results.get(call, ()) if node.file is None]
        for name in sorted(binding.sources - (inside if parents else self._measured(calls))):
            node = self.env.get(name)
            if node is not None and node.file is None:
                parents.append(node)
        return derived(self.order, parents, self._operation(calls)) if parents else None

    def _outermost(self, calls: Sequence[int]) -> list[int]:
        """The calls of a statement that are no arguments of other ones."""
        inner = {argument.call for call in calls for argument in self.code.calls[call].arguments}
        chained = {
            call - 1
            for call in calls
            if self.code.calls[call].function.startswith(f"{self.code.calls[call - 1].function}()")
        }
        return [call for call in calls if call not in inner and call not in chained]

    def _consumed(self, call: int) -> set[str]:
        one = self.code.calls[call]
        names = {name for argument in one.arguments for name in argument.names}
        return names | ({one.receiver} if one.receiver else set())

    def _measured(self, calls: Sequence[int]) -> set[str]:
        """The variables of which calls are only told how large they are."""
        arguments = (argument for call in calls for argument in self.code.calls[call].arguments)
        inside = {argument.call for argument in arguments if is_size(argument.text)}
        return {
            name
            for call in calls
            for argument in self.code.calls[call].arguments
            if call in inside or is_size(argument.text)
            for name in argument.names
        }

    def _operation(self, calls: Sequence[int]) -> str:
        return operation_of(self.code.calls[calls[-1]]) if calls else ""

    def _is_alias(self, binding: Binding) -> bool:
        match = _ALIAS.fullmatch(self._line(binding))
        return match is not None and match[1] in binding.sources

    def _line(self, binding: Binding) -> str:
        return self._lines[binding.line - 1] if 0 < binding.line <= len(self._lines) else ""

    def _is_last(self, index: int) -> bool:
        return index == len(self.code.statements) - 1

    def _note_shown(self, index: int, calls: Sequence[int]) -> None:
        """Note which measures a statement may show."""
        found = self.code.calls
        if not (self._is_last(index) or any(found[call].function in _SHOWING for call in calls)):
            return
        names = self.code.statements[index].loads
        variables = {
            name: node.measure
            for name in names
            if (node := self.env.get(name)) is not None and node.measure is not None
        }
        results = {
            (found[call].line, found[call].column): node.measure
            for call in calls
            for node in self.deeds.results.get(call, ())
            if node.measure is not None
        }
        if variables or results:
            self.shown.append(Shown(self.code.statements[index].line, variables, results))


def _follow(env: dict[str, Node], definers: Mapping[str, int], order: int, name: str) -> Node | None:
    """Follow a variable from now on, whose beginnings are not known."""
    if name not in env:
        defined = definers.get(name, 0)
        env[name] = Node(defined or order, names=(name,), found=not defined)
    return env[name]


def _grouped(calls: Sequence[Call]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for index, call in enumerate(calls):
        if call.body == -1 and not call.function.startswith(("%", "!")):
            found.setdefault(call.statement, []).append(index)
    return found


def _may_not_run(code: CellCode) -> frozenset[int]:
    """The statements in arms that need not have run."""
    found: set[int] = set()
    for block in code.blocks:
        arms: Sequence[tuple[int, int]] = ()
        if block.kind is BlockKind.IF:
            header = code.statements[block.start]
            arms = block.arms[1:] if header.loads == {"__name__"} else block.arms
        elif block.kind is BlockKind.MATCH:
            arms = block.arms
        elif block.kind is BlockKind.TRY:
            arms = block.arms[1:-2]
        elif block.kind is BlockKind.LOOP:
            arms = block.arms[1:]
        for start, end in arms:
            found.update(range(start, end))
    return frozenset(found)
