"""A variable over the executions of a run: who set it, what it then held, and who read that."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from provkg.identity import Names
from provkg.records import Evidence, Value
from provkg.views.card_parts import Card, Section

if TYPE_CHECKING:
    from provkg.records import VariableState
    from provkg.views.inventory import Inventory

__all__ = ["variable_card"]


def variable_card(inventory: Inventory, name: str, base: str) -> Card | None:
    """A variable of a run; None where the run has none of the name."""
    states: list[tuple[str, ...]] = []
    readers = _readers(inventory, name)
    for execution in inventory.run.executions:
        place = inventory.place(execution.order)
        read_in = ", ".join(readers.get(execution.order, ()))
        if name in execution.deletes:
            states.append((place, "deleted", "", "", "", ""))
        for state in execution.defines:
            if state.name == name:
                held, id_ = _held(inventory, state)
                known = state.evidence.value if state.evidence is not Evidence.OBSERVED else ""
                states.append((place, held, state.type, id_, read_in, known))
        for imported in execution.imports:
            if imported.bound == name and not any(one.name == name for one in execution.defines):
                what = f"{imported.module}.{imported.name}" if imported.name else imported.module
                states.append((place, what, "imported", "", read_in, ""))
    unknown = readers.get(0, ())
    if not states and not unknown:
        return None
    facts = {
        "states": str(len(states)),
        "holds": states[-1][1] if states else "not recorded",
        "read, not known who set it": ", ".join(unknown),
    }
    columns = ("set in", "what it held", "class", "id", "read in", "known")
    run = inventory.run.id
    id_ = next((row[3] for row in reversed(states) if row[3]), "")
    return Card(
        name=name,
        kind="variable",
        id="",
        run=run,
        iri=Names(base).variable(run, name),
        facts={label: fact for label, fact in facts.items() if fact},
        sections=(Section(title="States", columns=columns, rows=tuple(states)),) if states else (),
        see=((f"{run[:8]}/{id_}", "what it last held, with what it came from"),) if id_ else (),
    )


def _readers(inventory: Inventory, name: str) -> dict[int, list[str]]:
    """The cells that read the variable, by the execution that set it."""
    found: dict[int, list[str]] = defaultdict(list)
    for execution in inventory.run.executions:
        for read in execution.reads:
            if read.name == name and read.definer != execution.order:
                found[read.definer].append(inventory.place(execution.order).removeprefix("cell "))
    return found


def _held(inventory: Inventory, state: VariableState) -> tuple[str, str]:
    """What a variable held, in words, and the identifier of its value."""
    value = inventory.things.get(state.value)
    if isinstance(value, Value):
        shape = " × ".join(f"{length:,}" for length in value.shape)
        return ", ".join(part for part in (value.kind.value, shape) if part), value.id
    return state.text or "not recorded", ""
