"""Names that a cell read, although no execution that is shown had set them by then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from provkg.analysis import CellCode, analyse
from provkg.importers.examined import Execution, Kind, about, listed
from provkg.importers.saved import SavedCell
from provkg.records import Finding

__all__ = ["Unset", "unset_names"]

_GIVEN = frozenset(
    {"In", "Out", "_", "__", "___", "_i", "_ii", "_iii", "_dh", "_oh", "_ih", "exit", "quit", "__name__"}
    | {"__file__", "__builtins__", "__doc__", "__session__", "_exit_code", "copyright", "credits", "license"}
    | {"spark", "sc", "sqlContext", "dbutils"}
    | {"unicode", "xrange", "raw_input", "basestring", "long", "unichr", "reduce", "file", "execfile", "cmp"}
)
"""Variables that kernels and platforms set, and builtins of Python 2."""
_BINDING_MAGICS = frozenset(
    {"%run", "%pylab", "%load", "%store", "%macro", "%%macro", "%rerun", "%recall", "%%cython", "%reset"}
    | {"%load_ext", "%%capture", "%%sql", "%sql", "%%bigquery", "%%px", "%px", "%%R", "%R", "%automagic"}
)
"""Magics that may bind names which the text does not tell."""
_BINDING_CALLS = frozenset({"exec", "eval", "globals", "locals", "vars", "__import__"})
_MOST = 20


class Unset:
    """What executions read before any had set it, as they follow each other."""

    def __init__(self) -> None:
        self._known: set[str] = set(_GIVEN)
        self._unseen = False

    def after(self, code: CellCode) -> set[str]:
        """The names that an execution read and none so far has set; then it is one of these itself."""
        self._unseen = self._unseen or _binds_unseen(code)
        unset = set() if self._unseen else code.reads.keys() - code.uncertain - self._known
        self._known |= code.defines
        return {name for name in unset if not (name[:1] == "_" and name[1:].lstrip("i").isdigit())}


def unset_names(cells: Sequence[SavedCell], executions: Sequence[Execution]) -> Iterator[Finding]:
    """Names read at once, not in functions that may run later; nothing where a cell may bind unseen names.

    Cells without a count are left out: what ran before them is not known.

    Parameters:
        cells: all cells with code.
        executions: those that were executed.
    """
    if any(_binds_unseen(one.code) for one in executions):
        return
    setters = _setters(executions)
    never: dict[str, list[Execution]] = {}
    later: dict[str, list[Execution]] = {}
    for one in executions:
        if one.cell.execution_count is not None and not (one.failed or one.code.error):
            for name in one.text.unset if one.text is not None else ():
                (later if name in setters else never).setdefault(name, []).append(one)
    elsewhere = _set_by_others(cells, executions) if never else {}
    for name, readers in list(never.items())[:_MOST]:
        others = ", ".join(f"cell {cell.index + 1}" for cell in elsewhere.get(name, ())[:5])
        who = f"only {others} sets, which shows no execution" if others else "no cell here sets"
        yield about(Kind.UNSET, f"{listed(readers)} used `{name}`, which {who}.", readers)
    for name, readers in list(later.items())[:_MOST]:
        after = listed([one for one in setters[name] if one.order >= readers[0].order])
        told = f"{listed(readers)} used `{name}`, which only later executions set ({after})."
        yield about(Kind.SET_LATER, told, readers)


def _set_by_others(
    cells: Sequence[SavedCell], executions: Sequence[Execution]
) -> Mapping[str, list[SavedCell]]:
    """What the cells set that show no execution."""
    executed = {one.cell.index for one in executions}
    found: dict[str, list[SavedCell]] = {}
    for cell in cells:
        if cell.index not in executed:
            code = analyse(cell.source)
            for name in code.defines:
                found.setdefault(name, []).append(cell)
    return found


def _setters(executions: Sequence[Execution]) -> Mapping[str, list[Execution]]:
    found: dict[str, list[Execution]] = {}
    for one in executions:
        for name in one.code.defines:
            found.setdefault(name, []).append(one)
    return found


def _binds_unseen(code: CellCode) -> bool:
    """Whether a cell may bind names which its text does not tell."""
    return (
        code.approximate
        or any(one.name == "*" for one in code.imports)
        or any(call.function in _BINDING_CALLS or call.function in _BINDING_MAGICS for call in code.calls)
    )
