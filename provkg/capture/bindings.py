"""What an execution did to the notebook's variables, as records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import FunctionType
from typing import Any

from provkg.analysis import CellCode
from provkg.capture.following import Following
from provkg.capture.inference import Inference
from provkg.capture.namespace import element_names, global_names, short_text, variable_type
from provkg.capture.scopes import is_container
from provkg.confidential import without_secrets
from provkg.records import Evidence, Read, VariableState

__all__ = ["names_of_states", "own_imports_read", "read_variables", "variable_states"]

_MAX_CALLS = 50
_MAX_ELEMENTS = 20_000


def variable_states(
    values: Following,
    bound: Mapping[str, Any],
    before: Mapping[str, str],
    changes: frozenset[str],
    read: Iterable[str],
) -> list[VariableState]:
    """The variables that an execution bound or changed, with the states they now hold.

    Parameters:
        bound: variables bound by the execution, with their values.
        before: the recorded states that variables held when it began.
        changes: variables whose objects its text changes in place.
        read: the variables that it read.
    """
    states = {}
    for name, value in bound.items():
        node = values.resolve_variable(name, value)
        kept = values.keep(node or values.hold(name, value), value)
        states[name] = _state(name, value, kept, Evidence.OBSERVED)
    namespace = values.namespace
    others = ((name, namespace.get(name)) for name in before if name not in bound)
    for name, node in values.tracker.find_each(others).items():
        if not node.found and (not node.id or node.id != before[name]):
            value = namespace[name]
            states[name] = _state(name, value, values.keep(node, value), Evidence.OBSERVED)
    for name in sorted({*changes, *read} - bound.keys() - before.keys()):
        if name in values.namespace:
            value = values.namespace[name]
            states |= _changed(values, name, value, told=name in changes)
    return list(states.values())


def _changed(values: Following, name: str, value: Any, *, told: bool) -> dict[str, VariableState]:
    """The variables with a plain container that an execution changed, as is seen or as its text tells."""
    seen = values.inference.plain.is_changed(name, value)
    if not seen and not told:
        return {}
    evidence = Evidence.OBSERVED if seen else Evidence.DECLARED
    if not is_container(value):
        return {name: _state(name, value, "", evidence)}
    kept = values.keep(values.hold(name, value, changed=True), value)
    names = [name, *values.inference.plain.sharing(name, value)]
    for other in names[1:]:
        values.hold(other, value)
    return {each: _state(each, value, kept, evidence) for each in names}


def _state(name: str, value: Any, kept: str, evidence: Evidence) -> VariableState:
    text = short_text(value)
    if type(value) is str:
        text = without_secrets(name, text)
    return VariableState(name=name, type=variable_type(value), value=kept, text=text, evidence=evidence)


def read_variables(
    namespace: Mapping[str, Any], hidden: Mapping[str, Any], code: CellCode, definers: Mapping[str, int]
) -> tuple[Read, ...]:
    """The variables that an execution read: those its text names, and those that the user's functions it
    names read in turn.

    Parameters:
        definers: which execution set each variable, before this execution.
    """
    counts = {name: count for name, count in code.reads.items() if name in definers or name in namespace}
    pending = list(counts)
    for name in pending[:_MAX_CALLS]:
        function = namespace.get(name)
        if type(function) is not FunctionType or function.__globals__ is not namespace:
            continue
        for further in global_names(function.__code__):
            if further not in counts and further in definers and len(pending) < _MAX_CALLS:
                counts[further] = 0
                pending.append(further)
    return tuple(
        Read(name=name, count=counts[name], definer=definers.get(name, 0))
        for name in sorted(counts)
        if name in definers or hidden.get(name) is not namespace.get(name)
    )


def own_imports_read(code: CellCode, order: int) -> tuple[Read, ...]:
    """How often an execution read what it had itself imported: uses of a module count where they stand."""
    bound = {found.alias or found.name or found.module.partition(".")[0] for found in code.imports}
    return tuple(
        Read(name=name, count=count - code.reads.get(name, 0), definer=order)
        for name, count in sorted(code.uses_modules.items())
        if name in bound and count > code.reads.get(name, 0)
    )


def names_of_states(
    held: Iterable[tuple[str, Any]],
    inference: Inference,
    wanted: Iterable[str],
    *,
    elements: bool = True,
) -> dict[str, tuple[str, ...]]:
    """The variables that hold each of the states wanted, or where there is none an element of a container in
    a variable, where ``elements`` are looked at.

    Parameters:
        held: the variables with what they hold.
    """
    names: dict[str, list[str]] = {state: [] for state in wanted}
    if not names:
        return {}
    for name, value in held:
        node = inference.state(value)
        if node is not None and node.id in names:
            names[node.id].append(name)
    nameless = {state for state, found in names.items() if not found}
    left = _MAX_ELEMENTS
    for name, value in held if nameless and elements else ():
        for expression, element in element_names(name, value):
            left -= 1
            node = inference.state(element)
            if node is not None and node.id in nameless:
                nameless.discard(node.id)
                names[node.id].append(expression)
        if left <= 0 or not nameless:
            break
    return {state: tuple(found) for state, found in names.items()}
