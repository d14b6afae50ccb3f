"""Which namespace a name belongs to, and whether the cell itself has bound it by then.

The cell's own namespace follows the order of execution: ``certain`` holds the names that are bound on
every way to the place at work, loops being taken to run at least once. A function's body runs when it is
called, so what it reads is settled when its name is first used, and at the end of the cell otherwise.
"""

from __future__ import annotations

import builtins

__all__ = ["BUILTINS", "Deferred", "Names", "Scope"]

BUILTINS = (frozenset(dir(builtins)) - {"_"}) | {"display", "get_ipython", "__class__"}
"""Names that need no definition: IPython's own and the implicit ``__class__`` of methods are among them."""


class Deferred:
    """What the body of a function does to names of the cell's namespace when it runs."""

    __slots__ = ("binds", "changes", "reads")

    def __init__(self) -> None:
        self.reads: dict[str, int] = {}
        self.changes: set[str] = set()
        self.binds: set[str] = set()

    def add(self, other: Deferred) -> None:
        """This body contains another, as a class does its methods."""
        _count(self.reads, other.reads)
        self.changes |= other.changes
        self.binds |= other.binds


class Scope:
    """One function or class body, or the cell itself, while it is walked.

    ``parent`` is the scope around it and ``outer`` the next one whose names are seen from it: class
    bodies are passed over. ``index`` numbers it in `CellCode.bodies`; the cell is -1.
    """

    __slots__ = (
        "bound", "certain", "changed", "changed_parameters", "deferred", "global_binds", "global_loads",
        "globals", "index", "is_class", "loads", "nonlocals", "outer", "parameters", "parent",
    )  # fmt: skip

    def __init__(self, index: int = -1, parent: Scope | None = None, *, is_class: bool = False) -> None:
        self.index = index
        self.parent = parent
        self.is_class = is_class
        self.outer = parent
        while self.outer is not None and self.outer.is_class:
            self.outer = self.outer.parent
        self.bound: set[str] = set()
        self.certain: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.loads: dict[str, int] = {}
        self.global_loads: dict[str, int] = {}
        self.global_binds: set[str] = set()
        self.changed: set[str] = set()
        self.parameters: set[str] = set()
        """Parameters that still hold what the caller passed."""
        self.changed_parameters: set[str] = set()
        self.deferred = Deferred()

    def own(self) -> set[str]:
        """The names that are local to this body."""
        return self.bound - self.globals - self.nonlocals

    def effect(self) -> Deferred:
        """What running this body does to names around it, once it has been walked."""
        own, effect = self.own(), Deferred()
        effect.reads = {name: count for name, count in self.loads.items() if name not in own}
        _count(effect.reads, self.global_loads)
        effect.changes = self.changed - own
        effect.binds = self.global_binds
        return effect


class Names:
    """The names that the cell at work has bound, read and changed so far."""

    def __init__(self) -> None:
        self.module = Scope()
        self.scope = self.module
        self.hidden: list[set[str]] = []
        """Variables of the comprehensions and lambdas around the place at work."""
        self.capture: dict[str, int] | None = None
        """Takes the cell's reads instead, while the body of a lambda with a name is walked."""
        self.defines: set[str] = set()
        self.deletes: set[str] = set()
        self.changes: set[str] = set()
        self.reads: dict[str, int] = {}
        self.builtins: dict[str, int] = {}
        self.certain_reads: set[str] = set()
        self.pending: dict[str, Deferred] = {}
        self.abandoned: list[Deferred] = []

    def load(self, name: str) -> None:
        """A name is read in the scope at work."""
        scope = self.scope
        while scope.index >= 0:
            if name in scope.certain:
                return
            if name in scope.globals:
                scope.global_loads[name] = scope.global_loads.get(name, 0) + 1
                return
            if not scope.is_class:
                scope.loads[name] = scope.loads.get(name, 0) + 1
                return
            scope = scope.outer or self.module
        if self.capture is not None:
            self.capture[name] = self.capture.get(name, 0) + 1
            return
        if name in self.pending:
            self._settle(name)
        self._read(name, 1)

    def _read(self, name: str, count: int) -> None:
        if name in self.module.certain:
            return
        if name in self.module.bound:
            self.reads[name] = self.reads.get(name, 0) + count
        elif name in BUILTINS:
            self.builtins[name] = self.builtins.get(name, 0) + count
        else:
            self.reads[name] = self.reads.get(name, 0) + count
            self.certain_reads.add(name)

    def _settle(self, name: str) -> None:
        """A body's name is used, so the body may run from here on, and those it uses."""
        waiting, binds = [self.pending.pop(name)], set[str]()
        while waiting:
            deferred = waiting.pop()
            for read, count in deferred.reads.items():
                if read in self.pending:
                    waiting.append(self.pending.pop(read))
                self._read(read, count)
            self.changes |= deferred.changes
            binds |= deferred.binds
        self.module.certain |= binds

    def bind(self, name: str) -> None:
        """A name is bound in the scope at work."""
        scope = self.scope
        scope.certain.add(name)
        scope.parameters.discard(name)
        if scope.index >= 0 and name not in scope.globals:
            scope.bound.add(name)
            return
        self.defines.add(name)
        self.deletes.discard(name)
        self.module.bound.add(name)
        if scope.index >= 0:
            scope.global_binds.add(name)
        elif name in self.pending:
            self.abandoned.append(self.pending.pop(name))

    def change(self, name: str) -> None:
        """The object of a name is changed in place in the scope at work."""
        scope = self.scope
        while scope.index >= 0:
            if not scope.is_class:
                scope.changed.add(name)
                if name in scope.parameters:
                    scope.changed_parameters.add(name)
                return
            if name in scope.certain:
                return
            scope = scope.outer or self.module
        self.changes.add(name)

    def delete(self, name: str) -> None:
        """A name is deleted; reading it afterwards cannot reach an earlier cell's."""
        scope = self.scope
        scope.certain.add(name)
        if scope.index >= 0 and name not in scope.globals:
            scope.bound.add(name)
        else:
            self.deletes.add(name)

    def enter(self, index: int, *, is_class: bool = False) -> Scope:
        """Begin to walk the body of a function or class."""
        self.scope = Scope(index, self.scope, is_class=is_class)
        return self.scope

    def leave(self, name: str) -> Deferred:
        """End the walk of a body that is bound to ``name``; what running it does to names around it.

        A class is bound here, when its body has run; a function was bound before.
        """
        scope = self.scope
        parent, outer = scope.parent or self.module, scope.outer or self.module
        self.scope = parent
        effect = scope.deferred if scope.is_class else scope.effect()
        if scope.is_class:
            self.bind(name)
        if outer.index >= 0:
            _count(outer.loads, {n: c for n, c in effect.reads.items() if n not in scope.global_loads})
            _count(outer.global_loads, scope.global_loads)
            outer.changed |= effect.changes
            outer.global_binds |= effect.binds
        elif parent.is_class:
            parent.deferred.add(effect)
        else:
            self.defer(name, effect)
        return effect

    def defer(self, name: str, effect: Deferred) -> None:
        """What a body in the cell's own scope does is settled when its name is used."""
        self.pending[name] = effect

    def finish(self) -> None:
        """The cell ends: bodies that it did not use see the namespace as it now is."""
        for deferred in (*self.abandoned, *self.pending.values()):
            for name, count in deferred.reads.items():
                self._read(name, count)
        self.abandoned, self.pending = [], {}


def _count(totals: dict[str, int], more: dict[str, int]) -> None:
    for name, count in more.items():
        totals[name] = totals.get(name, 0) + count
