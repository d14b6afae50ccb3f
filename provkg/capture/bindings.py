"""What an execution did to the notebook's variables, as records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import FunctionType
from typing import Any

from provkg.analysis import CellCode
from provkg.capture.following import Following
from provkg.capture.namespace import element_names, global_names, short_text, variable_type, variables
from provkg.capture.values import Tracker
from provkg.confidential import without_secrets
from provkg.records import Evidence, Read, VariableState

__all__ = ["names_of_states", "own_imports_read", "read_variables", "recorded_states", "variable_states"]

_MAX_CALLS = 50
_MAX_ELEMENTS = 20_000


def recorded_states(
    namespace: Mapping[str, Any], hidden: Mapping[str, Any], tracker: Tracker
) -> dict[str, str]:
    """The identifier of the recorded state that each variable holds; empty for a state not recorded."""
    states = {}
    for name, value in variables(namespace, hidden):
        node = tracker.find(value)
        if node is not None:
            states[name] = node.id
    return states


def variable_states(
    values: Following, bound: Mapping[str, Any], before: Mapping[str, str], code: CellCode
) -> list[VariableState]:
    """The variables that an execution bound or changed, with the states they now hold.

    Parameters:
        bound: variables bound by the execution, with their values.
        before: the recorded states that variables held when it began.
        code: the analysis of its text.
    """
    states = []
    for name, value in bound.items():
        kept = values.keep(values.resolve_variable(name, value), value)
        states.append(_state(name, value, kept, Evidence.OBSERVED))
    for name, state in before.items():
        value = values.namespace.get(name)
        if name in bound or value is None:
            continue
        node = values.tracker.find(value)
        if node is not None and (not node.id or node.id != state):
            states.append(_state(name, value, values.keep(node, value), Evidence.OBSERVED))
    known = {state.name for state in states} | before.keys()
    states.extend(
        _state(name, values.namespace[name], "", Evidence.DECLARED)
        for name in sorted(code.changes - known)
        if name in values.namespace
    )
    return states


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
    namespace: Mapping[str, Any],
    hidden: Mapping[str, Any],
    tracker: Tracker,
    wanted: Iterable[str],
    *,
    elements: bool = True,
) -> dict[str, tuple[str, ...]]:
    """The variables that hold each of the states wanted, or where there is none an element of a container in
    a variable, where ``elements`` are looked at.
    """
    names: dict[str, list[str]] = {state: [] for state in wanted}
    if not names:
        return {}
    for name, value in variables(namespace, hidden):
        node = tracker.find(value)
        if node is not None and node.id in names:
            names[node.id].append(name)
    nameless = {state for state, found in names.items() if not found}
    left = _MAX_ELEMENTS
    for name, value in variables(namespace, hidden) if nameless and elements else ():
        for expression, element in element_names(name, value):
            left -= 1
            node = tracker.find(element)
            if node is not None and node.id in nameless:
                nameless.discard(node.id)
                names[node.id].append(expression)
        if left <= 0 or not nameless:
            break
    return {state: tuple(found) for state, found in names.items()}
