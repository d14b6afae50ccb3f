"""Which cell a user's word means: an id, a position in the document, or the prompt of an execution."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from provkg.errors import AmbiguousError, NotFoundError
from provkg.identity import Names
from provkg.queries import find_run
from provkg.queries.runs import split_run
from provkg.queries.source import rows
from provkg.queries.sparql import prepare
from provkg.records import is_handle
from provkg.views.references import inventory_of

if TYPE_CHECKING:
    from provkg.config import Home
    from provkg.queries import Source
    from provkg.views.inventory import Inventory

__all__ = ["find_cell"]

_PROMPT = re.compile(r"\[([0-9]{1,9})\]")
_POSITION = re.compile(r"[0-9]{1,9}")
_CELLS = """SELECT DISTINCT ?cell ?id ?path WHERE { GRAPH ?g { ?cell provkg:cellId ?id .
  OPTIONAL { ?cell provkg:cellOf ?document . ?document provkg:path ?path } } }"""
_SHOWN = 8


def find_cell(store: Source, home: Home, word: str, run: str) -> str:
    """The IRI of the cell that a word means in ``run``: its id, the beginning of one, its position in the
    document from 1, or a prompt (``[3]``); else of the cell of any document whose id so begins.

    Raises:
        NotFoundError: no cell answers to it, or several do.
        JournalError: the run's journal cannot be read.
    """
    first, local = split_run(word)
    inventory = inventory_of(store, home, find_run(store, first or run))
    ids = _ids(inventory)
    if match := _PROMPT.fullmatch(local):
        return _iri(store, inventory, _of_prompt(inventory, int(match[1])))
    if local in ids:
        return _iri(store, inventory, local)
    if _POSITION.fullmatch(local) and (placed := _at(inventory, int(local) - 1)):
        return _iri(store, inventory, placed)
    begun = [one for one in ids if one.startswith(local)] if local else []
    if len(begun) > 1:
        told = ", ".join(begun[:_SHOWN])
        raise AmbiguousError(
            f"{len(begun)} cells of run {inventory.run.id[:8]} have ids that begin with {local!r}: {told}.",
            "Give more of the id.",
        )
    return _iri(store, inventory, begun[0]) if begun else _elsewhere(store, inventory, local)


def _ids(inventory: Inventory) -> dict[str, None]:
    document = inventory.run.document
    placed = [cell.id for cell in document.cells] if document else []
    return dict.fromkeys(
        one for one in (*placed, *(done.cell_id for done in inventory.run.executions)) if one
    )


def _of_prompt(inventory: Inventory, count: int) -> str:
    for execution in reversed(inventory.run.executions):
        if execution.execution_count == count:
            if execution.cell_id:
                return execution.cell_id
            raise NotFoundError(
                f"The cell of [{count}] has no id, so its executions in other runs are not known.",
                f"`provkg show {inventory.run.id[:8]}/[{count}]` shows this execution.",
            )
    raise NotFoundError(
        f"Run {inventory.run.id} has no cell [{count}].",
        f"It has {len(inventory.executions)} cell executions.",
    )


def _at(inventory: Inventory, index: int) -> str:
    """The id of the cell at a position of the document as the run left it, or where it was executed."""
    document = inventory.run.document
    for cell in document.cells if document else ():
        if cell.index == index and cell.id:
            return cell.id
    done = (one.cell_id for one in reversed(inventory.run.executions) if one.index == index)
    return next((one for one in done if one), "")


def _iri(store: Source, inventory: Inventory, cell_id: str) -> str:
    names, run, code = Names(store.base), inventory.run.id, inventory.run.started.code
    if is_handle(cell_id) or code is None:
        return names.cell(run, cell_id)
    return names.cell(code.notebook_id or code.path, cell_id)


def _elsewhere(store: Source, inventory: Inventory, word: str) -> str:
    known = rows(store, prepare(_CELLS, store.prefixes)) if word else []
    found = [row for row in known if row[1] == word] or [row for row in known if row[1].startswith(word)]
    if len({row[0] for row in found}) == 1:
        return found[0][0]
    if not found:
        raise NotFoundError(
            f"No cell {word!r} in run {inventory.run.id[:8]}, nor in another.",
            "Give its id, its position in the notebook (3), or a prompt ([3]).",
        )
    listed = "\n".join(f"  <{iri}>  {one} in {path or 'a document'}" for iri, one, path in found[:_SHOWN])
    more = f"\n  and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    raise AmbiguousError(
        f"{word!r} can stand for {len(found)} cells:\n{listed}{more}",
        "Give one of these instead, or the notebook in front: a.ipynb/ID.",
    )
