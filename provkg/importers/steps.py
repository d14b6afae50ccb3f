"""What recognised calls of a saved notebook did, by their text: the steps of machine learning in it.

Nothing here was seen to happen. Every activity, use and link has the evidence *inferred*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from provkg.analysis import Argument, Call
from provkg.analysis.files import argument_for
from provkg.analysis.knowledge import CallMeaning, ClassMeaning, Deed, Knowledge
from provkg.importers.given import DATA, MODELS, derived, is_size, operation_of, settings_of
from provkg.importers.nodes import Ledger, Node
from provkg.records import (
    Activity,
    ActivityKind,
    Evidence,
    Result,
    Role,
    Seed,
    Setting,
    Use,
    ValueKind,
)

__all__ = ["Place", "Step", "Steps"]

_KEEPING = frozenset({"float", "round", "numpy.round", "numpy.mean", "numpy.average"})
_KEEPING_METHODS = frozenset({"item", "mean", "numpy", "round"})
_OF_TABLES = frozenset(
    {"cudf", "dask", "datasets", "geopandas", "numpy", "pandas", "polars", "pyarrow", "scipy", "xarray"}
)
_TABLES = frozenset(
    {"Bunch", "DMatrix", "DataLoader", "Dataset", "Pool", "QuantileDMatrix", "Tensor", "TensorDataset"}
)
"""Libraries all of whose classes hold data, and classes of other ones that do."""
Place = Callable[[str], tuple[str, str]]
"""From a path or address as the text has it to the path and the address that it stands for."""

_INFERRED = Evidence.INFERRED
ROLES = {
    "data": Role.DATA,
    "target": Role.TARGET,
    "truth": Role.TRUTH,
    "prediction": Role.PREDICTION,
    "model": Role.MODEL,
    "validation": Role.VALIDATION,
}
KINDS = {"model": ValueKind.MODEL, "search": ValueKind.MODEL, "transformer": ValueKind.TRANSFORMER}


@dataclass(slots=True, eq=False)
class Step:
    """One recognised step, still open for the numbers that are found in outputs."""

    kind: ActivityKind
    function: str
    line: int
    implementation: str = ""
    package: str = ""
    used: list[Use] = field(default_factory=list)
    generated: list[str] = field(default_factory=list)
    settings: tuple[Setting, ...] = ()
    results: list[Result] = field(default_factory=list)

    def use(self, entity: str, role: Role, argument: str = "") -> None:
        """Note that the step uses a thing of the record."""
        self.used.append(Use(entity=entity, role=role, evidence=_INFERRED, argument=argument))

    def exchange(self, one: Role, other: Role) -> None:
        """Give what has the one role the other, and the other way round."""
        roles = {one: other, other: one}
        self.used = [replace(use, role=roles.get(use.role, use.role)) for use in self.used]

    def activity(self, identifier: str, above: int = 0) -> Activity:
        """The step as a record; ``above`` counts the empty lines above the text that ran."""
        return Activity(
            id=identifier,
            kind=self.kind,
            function=self.function,
            duration=None,
            implementation=self.implementation,
            package=self.package,
            used=tuple(self.used),
            generated=tuple(self.generated),
            settings=self.settings,
            results=tuple(self.results),
            evidence=_INFERRED,
            line=self.line + above,
        )


class Steps:
    """Recognises the steps in the calls of one execution.

    Parameters:
        knowledge: what calls mean.
        ledger: takes the states and files that steps use and make.
        place: resolves the paths that calls name.
        order: the execution.
        calls: the calls of its cell.
        variable: the state that a variable holds, made up where it is not followed yet.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        ledger: Ledger,
        place: Place,
        order: int,
        calls: Sequence[Call],
        variable: Callable[[str], Node | None],
        env: Mapping[str, Node],
    ) -> None:
        self.steps: list[Step] = []
        self.seeds: list[Seed] = []
        self.results: dict[int, tuple[Node, ...]] = {}
        """What calls returned, by their index: one state, or the parts of a tuple."""
        self.changed: dict[str, Node] = {}
        """The states that calls left their objects in, by the variable."""
        self._knowledge = knowledge
        self._ledger = ledger
        self._place = place
        self._order = order
        self._calls = calls
        self._variable = variable
        self._env = env

    # --- what a call is about -----------------------------------------------------------------------

    def of(self, index: int) -> None:
        """Recognise one call; those inside of it come before it."""
        call = self._calls[index]
        owner = self._owner(index, call)
        kind = self._class_made(call)
        for meaning in self._meanings(call, owner):
            if meaning.makes and kind is None:
                kind = self._knowledge.of_class(meaning.makes)
            for deed in meaning.does:
                if self._may(deed, call, owner, meaning):
                    self._do(deed, index, call, owner, meaning)
                    break
        if index in self.results or call.alone:
            return
        made = self._made(call, owner, kind)
        if made is not None:
            self.results[index] = (made,)

    def _owner(self, index: int, call: Call) -> Node | None:
        """The state of the object that a method is called on."""
        if call.receiver:
            return self.changed.get(call.receiver) or self._env.get(call.receiver)
        head = call.function.rpartition("().")[0]
        if head and index and self._calls[index - 1].function == head:
            return self._result(index - 1)
        return None

    def _held(self, call: Call, owner: Node | None) -> Node | None:
        """The state of the object itself that a method is called on, not of one that holds it."""
        head = call.function.rpartition(".")[0]
        if owner is not None:
            known = owner.kind is not None or "()" in head
            return owner if known or not call.receiver or head == call.receiver else None
        return self._variable(call.receiver) if call.receiver and head == call.receiver else None

    def _meanings(self, call: Call, owner: Node | None) -> tuple[CallMeaning, ...]:
        if owner is not None and owner.type:
            method = call.function.rpartition(".")[2]
            own = self._knowledge.of_function(f"{owner.type}.{method}")
            if own:
                return own
        if owner is None and call.receiver in self._knowledge.libraries:
            return ()  # a library that is imported later or elsewhere is no object
        return self._knowledge.of_call(call.function, call.imported)

    def _may(self, deed: Deed, call: Call, owner: Node | None, meaning: CallMeaning) -> bool:
        """Whether a call does what methods of its name often do: other objects have such methods too."""
        if call.function.rpartition(".")[2] not in meaning.methods or call.function in meaning.functions:
            return True
        kind = owner.kind if owner is not None else None
        if deed in (Deed.TRANSFORM, Deed.SCORE, Deed.CONFIGURE):
            return kind in MODELS
        if deed in (Deed.FIT, Deed.PREDICT):
            return kind not in DATA and bool(call.receiver or owner is not None)
        return True

    def _class_made(self, call: Call) -> ClassMeaning | None:
        return self._knowledge.of_class(call.function) if call.imported else None

    def _result(self, index: int) -> Node | None:
        found = self.results.get(index, ())
        return found[0] if len(found) == 1 else None

    def argument(self, argument: Argument, *, wanted: bool = True) -> Node | None:
        """The state that is passed as an argument.

        Parameters:
            wanted: whether a variable that is not followed yet is to be followed from now on.
        """
        if argument.variable:
            held = self.changed.get(argument.variable) or self._env.get(argument.variable)
            return held if held is not None or not wanted else self._variable(argument.variable)
        if argument.call >= 0:
            return self._result(argument.call) if not is_size(argument.text) else None
        sources = self._sources(argument) if not is_size(argument.text) else None
        return derived(self._order, sources, "") if sources else None

    def _sources(self, argument: Argument) -> list[Node]:
        found = [self.changed.get(name) or self._env.get(name) for name in sorted(argument.names)]
        return [node for node in found if node is not None and node.file is None]

    def _made(self, call: Call, owner: Node | None, kind: ClassMeaning | None) -> Node | None:
        """What a call returned that is no step: a new model, or data made from what it was given."""
        if kind is not None:
            return self._constructed(call, kind)
        parents = [owner] if owner is not None and owner.kind not in MODELS else []
        for argument in call.arguments:
            node = self.argument(argument, wanted=False)
            if node is not None and node.kind not in MODELS and node.file is None:
                parents.append(node)
        if not parents:
            return None
        made = derived(self._order, parents, operation_of(call))
        if _makes_object(call):
            made.kind = made.role = None
        if len(parents) == 1 and _keeps_number(call):
            made.measure = parents[0].measure
        return made

    def _constructed(self, call: Call, kind: ClassMeaning) -> Node:
        name = self._knowledge.present_name(call.function)
        made = next((m.makes for m in self._knowledge.of_call(call.function, call.imported) if m.makes), name)
        node = Node(self._order, KINDS[kind.kind], made, package=kind.package)
        data = {parameter.keyword for parameter in kind.data}
        node.settings = {s.name: s for s in settings_of(call, kind.positional) if s.name not in data}
        given = []
        for parameter in kind.data:
            argument = argument_for(call, parameter)
            value = self.argument(argument) if argument is not None else None
            if value is not None:
                given.append((ROLES.get(parameter.role, Role.INPUT), parameter.keyword, value))
        node.given = tuple(given)
        return node

    def _begin(
        self, kind: ActivityKind, call: Call, owner: Node | None = None, meaning: CallMeaning | None = None
    ) -> Step:
        function = call.function
        if owner is not None and owner.type:
            function = f"{owner.type}.{function.rpartition('.')[2]}"
        step = Step(kind, function, call.line)
        step.package = (owner.package if owner is not None else "") or (meaning.package if meaning else "")
        if owner is not None and owner.kind in MODELS:
            step.implementation = owner.type
        self.steps.append(step)
        return step

    def _use_given(self, step: Step, call: Call, meaning: CallMeaning) -> dict[Role, Node]:
        """Use the arguments that the meaning names; returns the first state of each role."""
        found: dict[Role, Node] = {}
        for parameter in meaning.data:
            argument = argument_for(call, parameter)
            node = self.argument(argument) if argument is not None else None
            if node is None:
                continue
            role = ROLES.get(parameter.role, Role.INPUT)
            if node.kind is None:
                node.kind = ValueKind.MODEL if role is Role.MODEL else ValueKind.DATASET
            step.use(self._ledger.keep(node), role, parameter.keyword)
            found.setdefault(role, node)
        return found

    def _do(self, deed: Deed, index: int, call: Call, owner: Node | None, meaning: CallMeaning) -> None:
        raise NotImplementedError


def _keeps_number(call: Call) -> bool:
    """Whether a call gives back the measure it is given: the number itself, rounded, or a mean."""
    method = not call.imported and call.function.rpartition(".")[2] in _KEEPING_METHODS
    return call.function in _KEEPING or (method and "." in call.function)


def _makes_object(call: Call) -> bool:
    """Whether a call makes an object of a class that is nobody's table or array."""
    name = call.function.rpartition(".")[2]
    holds_data = name in _TABLES or call.function.partition(".")[0] in _OF_TABLES
    return name[:1].isupper() and not name.isupper() and not holds_data
