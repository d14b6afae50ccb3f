"""The lineage of a result in its run: things, steps, executions with the lines that count, packages."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from provkg.analysis import CellCode, analyse
from provkg.mapping.derivations import Derivation, derivations, weakest
from provkg.records import (
    Activity,
    ActivityKind,
    CellExecution,
    Evidence,
    File,
    FileMode,
    Role,
    Value,
    ValueKind,
)
from provkg.views.comparison.found import anchor
from provkg.views.comparison.relevance import Relevant, relevant
from provkg.views.comparison.sides import Side
from provkg.views.inventory import Inventory

__all__ = ["Lineage", "Slice"]


@dataclass(frozen=True, slots=True)
class Way:
    """One step from something towards the result: to which thing, and how this is known."""

    to: str
    evidence: Evidence


@dataclass
class Slice:
    """All that a result came from.

    ``ways`` leads from each thing, step, execution (`anchor`) and package one step nearer to the result.
    ``lines`` are the lines of executed texts that have to do with it, ``names`` the variables that were
    followed by name only, each with the execution that set it.
    """

    result: str
    ways: dict[str, Way] = field(default_factory=dict)
    lines: dict[int, Relevant] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    calls: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)

    def __contains__(self, anchored: str) -> bool:
        return anchored in self.ways


class Lineage:
    """The derivations of one run, asked for the slices of its results."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.inventory: Inventory = side.inventory
        self._sources: dict[str, list[Derivation]] = {}
        for one in derivations(side.run):
            self._sources.setdefault(one.target, []).append(one)
        self._written = {
            (file.place, file.sha256): file.id
            for file in self.inventory.files(FileMode.WRITTEN)
            if file.sha256
        }
        self._modules = self._packages_of_modules()
        self._codes: dict[str, CellCode] = {}
        self._aliases = {
            one.bound: f"{one.module}.{one.name}" if one.name else one.module
            for execution in side.run.executions
            for one in execution.imports
            if one.bound and (one.alias or one.name or "." not in one.module)
        }

    def of(
        self, result: str, equal: frozenset[str] = frozenset(), same: frozenset[str] = frozenset()
    ) -> Slice:
        """The slice of a result; not past the things in ``equal`` and the variables in ``same``."""
        found = Slice(result)
        self._things(found, result, equal)
        self._executions(found, equal, same)
        self._packages(found, equal)
        return found

    def path(
        self, part: Slice, start: str, lines: frozenset[int] = frozenset()
    ) -> tuple[list[str], Evidence]:
        """What lies between something in a slice and its result, both included, and the weakest evidence.

        Parameters:
            lines: of the executed text, where the start is an execution.
        """
        found, evidence, name = [start], Evidence.OBSERVED, ""
        while found[-1] != part.result:
            way = part.ways[found[-1]]
            kind, _, rest = found[-1].partition(":")
            if kind == "execution":
                way = Way(self._made_in(part, int(rest), name, lines) or way.to, way.evidence)
            name = rest if kind == "variable" else ""
            found.append(way.to)
            evidence = weakest(evidence, way.evidence)
        return found, evidence

    def _made_in(self, part: Slice, order: int, name: str, lines: frozenset[int]) -> str:
        """Of what an execution made, that to which a variable or lines of its text lead most directly."""
        code = self._code(self.inventory.executions[order].source)
        best, fewest = "", 1 << 30
        for identifier in part.ways:
            if self.inventory.order.get(identifier) != order:
                continue
            thing = self.inventory.things[identifier]
            at = frozenset({thing.line} if isinstance(thing, Activity) and thing.line else ())
            names = frozenset(thing.names if isinstance(thing, Value) else ())
            if not at and not names:
                continue
            own = relevant(code, at, names)
            if (name in own.names or (lines and own.among(lines))) and len(own.lines) < fewest:
                best, fewest = identifier, len(own.lines)
        return best

    # --- things and the steps between them ------------------------------------------------------

    def _things(self, found: Slice, result: str, equal: frozenset[str]) -> None:
        found.ways[result] = Way(result, Evidence.OBSERVED)
        waiting = [result]
        for thing in waiting:
            if thing in equal:
                continue
            maker = self.inventory.generator.get(thing, "")
            if maker and maker not in found.ways:
                found.ways[maker] = Way(thing, Evidence.OBSERVED)
            for one in self._leading(thing):
                if one.activity and one.activity not in found.ways:
                    found.ways[one.activity] = Way(thing, one.evidence)
                if one.source not in found.ways:
                    found.ways[one.source] = Way(thing, one.evidence)
                    waiting.append(one.source)

    def _leading(self, thing: str) -> Iterator[Derivation]:
        yield from self._sources.get(thing, ())
        file = self.inventory.things.get(thing)
        if isinstance(file, File) and file.mode is FileMode.READ:
            written = self._written.get((file.place, file.sha256), "")
            if written and self.inventory.order[written] <= self.inventory.order[thing]:
                yield Derivation(thing, written, Evidence.OBSERVED, "same content")

    def is_chosen_by_search(self, activity: Activity) -> bool:
        """Whether a search chose the settings of the model at work, so that they are a result themselves."""
        waiting = [*(use.entity for use in activity.used if use.role is Role.MODEL), *activity.generated]
        for thing in waiting:
            maker = self.inventory.things.get(self.inventory.generator.get(thing, ""))
            if isinstance(maker, Activity) and maker.kind is ActivityKind.TUNING and maker.id != activity.id:
                return True
            for one in self._sources.get(thing, ()):
                source = self.inventory.things.get(one.source)
                if isinstance(source, Value) and source.kind is ValueKind.MODEL and one.source not in waiting:
                    waiting.append(one.source)
        return False

    # --- executions, by the lines and names that count ------------------------------------------

    def _executions(self, found: Slice, equal: frozenset[str], same: frozenset[str]) -> None:
        """Goes back through the executions that made things, and through plain variables they name."""
        lines: dict[int, set[int]] = {}
        names: dict[int, set[str]] = {}
        for identifier in [name for name in found.ways if name not in equal]:
            order = self.inventory.order.get(identifier, 0)
            if order not in self.inventory.executions:
                continue
            thing = self.inventory.things.get(identifier)
            known = anchor("execution", order)
            if isinstance(thing, Activity | Value) or identifier == found.result:
                found.ways.setdefault(known, Way(identifier, Evidence.OBSERVED))
                lines.setdefault(order, set())
            if isinstance(thing, Activity):
                if thing.line and not thing.file:
                    lines[order].add(thing.line)
                if thing.file:
                    found.ways.setdefault(anchor("module", thing.file), Way(identifier, Evidence.OBSERVED))
            if isinstance(thing, Value):
                names.setdefault(order, set()).update(thing.names)
        settled: dict[int, set[str]] = {}
        for identifier in equal & found.ways.keys():
            thing = self.inventory.things.get(identifier)
            if isinstance(thing, Value):
                settled.setdefault(self.inventory.order[identifier], set()).update(thing.names)
        self._back(found, lines, names, settled, same)

    def _back(
        self,
        found: Slice,
        lines: dict[int, set[int]],
        names: dict[int, set[str]],
        settled: dict[int, set[str]],
        same: frozenset[str],
    ) -> None:
        waiting = [-order for order in lines]
        heapq.heapify(waiting)
        while waiting:
            order = -heapq.heappop(waiting)
            if order in found.lines:
                continue
            execution = self.inventory.executions[order]
            at, wanted = frozenset(lines.get(order, ())), frozenset(names.get(order, ()))
            known = frozenset(settled.get(order, ()))
            part = relevant(self._code(execution.source), at, wanted, known)
            found.lines[order] = part
            found.calls |= part.calls
            for name, definer in self._plain(found, execution, part):
                self._own_module(found, name, definer, order)
                if name in same or definer >= order:
                    continue
                found.names.setdefault(name, definer)
                found.ways.setdefault(
                    anchor("variable", name), Way(anchor("execution", order), Evidence.INFERRED)
                )
                found.ways.setdefault(
                    anchor("execution", definer), Way(anchor("variable", name), Evidence.INFERRED)
                )
                names.setdefault(definer, set()).add(name)
                lines.setdefault(definer, set())
                heapq.heappush(waiting, -definer)

    def _code(self, source: str) -> CellCode:
        """What the text of a cell says, looked at once for all results."""
        if source not in self._codes:
            self._codes[source] = analyse(source, aliases=self._aliases)
        return self._codes[source]

    def _plain(self, found: Slice, execution: CellExecution, part: Relevant) -> Iterator[tuple[str, int]]:
        """The variables read there that no identity was followed of, with the executions that set them."""
        definers = {read.name: read.definer for read in execution.reads}
        for name in sorted(part.names):
            definer = definers.get(name)
            earlier = self.inventory.executions.get(definer or 0)
            if definer == 0:
                found.unknown.add(name)
            if earlier is None:
                continue
            state = next((one for one in reversed(earlier.defines) if one.name == name), None)
            if state is None or not state.value:
                yield name, earlier.order

    def _own_module(self, found: Slice, name: str, definer: int, order: int) -> None:
        """A module of the user's own counts where a name that was imported from it is read."""
        execution = self.inventory.executions[definer]
        for imported in execution.imports:
            if imported.bound != name or imported.package or imported.stdlib:
                continue
            ending = f"/{imported.module.replace('.', '/')}"
            for file in self.inventory.files(FileMode.IMPORTED):
                if file.path.removesuffix(".py").removesuffix("/__init__").endswith(ending):
                    way = Way(anchor("execution", order), Evidence.INFERRED)
                    found.ways.setdefault(anchor("module", file.path), way)

    # --- packages -------------------------------------------------------------------------------

    def _packages_of_modules(self) -> Mapping[str, str]:
        """The package that each top-level module belongs to."""
        environment = self.side.run.environment
        packages = environment.packages if environment else ()
        return {module.partition(".")[0]: package.name for package in packages for module in package.modules}

    def _packages(self, found: Slice, equal: frozenset[str]) -> None:
        """The packages that did the steps, made the links, or whose names the lines read."""
        for identifier in [name for name in found.ways if name not in equal]:
            thing = self.inventory.things.get(identifier)
            match thing:
                case Activity():
                    top = (thing.implementation or thing.function).partition(".")[0]
                    self._package(found, thing.package or self._modules.get(top, ""), identifier)
                case Value():
                    self._package(found, self._modules.get(thing.type.partition(".")[0], ""), identifier)
                case _:
                    pass
            for one in self._sources.get(identifier, ()):
                if one.source in found.ways:
                    for operation in one.operation.split(" → "):
                        top = operation.partition(".")[0]
                        self._package(found, self._modules.get(top, ""), identifier)
        for order, part in found.lines.items():
            for function in part.calls:
                top = function.partition(".")[0]
                if top in self._modules:
                    self._package(found, self._modules[top], anchor("execution", order), Evidence.INFERRED)

    @staticmethod
    def _package(found: Slice, package: str, user: str, evidence: Evidence = Evidence.OBSERVED) -> None:
        if package:
            found.ways.setdefault(anchor("package", package), Way(user, evidence))
