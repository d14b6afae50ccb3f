"""What an execution did to variables and files, looked up when it ends."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from provkg.analysis import BindingKind, CellCode
from provkg.capture.bindings import names_of_states, own_imports_read, read_variables, variable_states
from provkg.capture.execution import Execution
from provkg.capture.files import FileWatch
from provkg.capture.following import Following
from provkg.capture.namespace import Snapshot, variables
from provkg.capture.part_names import with_likely_role
from provkg.capture.raw_files import links_of_raw_files
from provkg.records import Error

__all__ = ["gather_files", "gather_variables"]


def gather_variables(
    execution: Execution, values: Following, hidden: Mapping[str, Any], definers: MutableMapping[str, int]
) -> dict[str, Any]:
    """The variables that it bound, changed, deleted and read, and the values and links recorded in it.

    Parameters:
        definers: which execution set each variable; brought up to date.
    """
    values.inference.is_broken = execution.error is not None
    namespace, code = values.namespace, values.texts.cell()
    values.refresh_arrays({*code.reads, *code.changes}, code.changes)
    reads = read_variables(namespace, hidden, code, definers)
    reads += own_imports_read(code, execution.record.order)
    reached, changes = _reached(code, execution.error)
    held = variables(namespace, hidden)
    execution.left = Snapshot(held)
    bound, deleted = execution.snapshot.changes(held, reached)
    for name in execution.shared - code.defines:
        bound.pop(name, None)
        definers.pop(name, None)
    deleted = tuple(name for name in deleted if name not in execution.shared)
    states = variable_states(values, bound, execution.states, changes, [read.name for read in reads])
    for name in deleted:
        definers.pop(name, None)
    for state in states:
        definers[state.name] = execution.record.order
    names = names_of_states(held, values.inference, values.kept)
    return {
        "defines": tuple(states),
        "deletes": deleted,
        "reads": reads,
        "values": tuple(
            with_likely_role(node.value(tuple(dict.fromkeys((*names.get(node.id, ()), *local)))))
            for node, local in values.kept.values()
        ),
        "links": tuple(values.links),
    }


def _reached(code: CellCode, error: Error | None) -> tuple[frozenset[str], frozenset[str]]:
    """The names that the text binds, and those whose objects it changes, as far as it was run."""
    if error is None:
        return code.defines, code.changes
    last, statements = error.line or 0, code.statements
    own = [each for each in code.bindings if each.body < 0 and statements[each.statement].end_line < last]
    names = {each.name for each in own if each.kind is not BindingKind.CHANGED}
    return code.defines & names, code.changes & {each.name for each in own}


def gather_files(execution: Execution, files: FileWatch, values: Following) -> dict[str, Any]:
    """The files first seen in it, all that it read and wrote, and all links, those of files among them."""
    used = {use.entity for activity in execution.activities for use in activity.used}
    made = {made for activity in execution.activities for made in activity.generated}
    ended = files.end_cell(used | made | {link.source for link in values.links})
    links = (*values.links, *ended.links)
    raw = links_of_raw_files(ended.written, files.maps, values.namespace.values(), values.tracker, links)
    return {
        "files": tuple(ended.new),
        "read_files": tuple(sorted({state.id for state in ended.read} | {f for f in used if f[:1] == "f"})),
        "written_files": tuple(sorted({s.id for s in ended.written} | {f for f in made if f[:1] == "f"})),
        "links": (*links, *raw),
    }
