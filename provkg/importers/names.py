"""Variables and imports of saved executions: who set what, and who read it, in the order of execution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from provkg.analysis import BindingKind, CellCode
from provkg.importers.flow import happened
from provkg.importers.nodes import Ledger, Node
from provkg.records import Evidence, Read, Scalar, VariableState

__all__ = ["Names"]

_NOT_OWN = frozenset({"In", "Out", "_", "__", "___", "_i", "_ii", "_iii", "_dh", "exit", "quit"})
"""Variables that IPython sets."""


class Names:
    """The variables of one run as its executions follow each other."""

    def __init__(self) -> None:
        self.definers: dict[str, int] = {}
        """Which execution set each variable or imported each name last."""
        self.aliases: dict[str, str] = {}
        self.constants: dict[str, Scalar] = {}

    def reads(self, code: CellCode, order: int) -> tuple[Read, ...]:
        """What an execution read of what earlier ones set, and how often it used what it imported."""
        counts = dict(code.reads)
        for name, count in code.builtins.items():
            if name in self.definers:  # an earlier cell took the builtin's name
                counts[name] = counts.get(name, 0) + count
        found = [
            Read(name=name, count=count, definer=self.definers.get(name, 0))
            for name, count in sorted(counts.items())
            if name not in _NOT_OWN
        ]
        own = {one.bound for one in code.imports}
        found += [
            Read(name=name, count=count - code.reads.get(name, 0), definer=order)
            for name, count in sorted(code.uses_modules.items())
            if name in own and count > code.reads.get(name, 0)
        ]
        return tuple(found)

    def after(self, code: CellCode, order: int, until: int | None) -> set[str]:
        """Take note of what an execution set; returns the variables.

        Parameters:
            until: the line that raised.
        """
        bound = bound_in(code, until)
        for name in code.deletes if until is None else ():
            self.definers.pop(name, None)
        for name in (*code.defines, *code.changes):
            self.constants.pop(name, None)
            if name in code.defines:
                self.aliases.pop(name, None)
        if until is None:
            self.aliases.update(code.aliases)
            self.constants.update(code.constants)
        else:
            self.aliases.update({name: of for name, of in code.aliases.items() if name in bound})
        self.definers.update(dict.fromkeys(bound, order))
        return bound

    @staticmethod
    def states(
        code: CellCode, bound: Iterable[str], states: Mapping[str, Node], ledger: Ledger
    ) -> tuple[VariableState, ...]:
        """The variables that an execution left set, without what it imported.

        Call it when all executions have been followed: what a variable held may be recorded late.
        """
        imported = {one.bound for one in code.imports}
        found = []
        for name in sorted(set(bound) - imported):
            node = states.get(name)
            found.append(
                VariableState(
                    name=name,
                    type=node.type if node is not None else "",
                    value=node.id if node is not None else "",
                    evidence=Evidence.INFERRED,
                )
            )
        return tuple(found)


def bound_in(code: CellCode, until: int | None) -> set[str]:
    """The names that a cell bound or changed as far as it got."""
    if until is None:
        return set(code.defines | code.changes)
    return {
        binding.name
        for binding in code.bindings
        if binding.kind is not BindingKind.DELETED
        and binding.name in code.defines | code.changes
        and happened(code, binding.statement, until)
    }
