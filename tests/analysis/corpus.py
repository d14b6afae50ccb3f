"""Cells of real code, and how far `analyse` agrees with the compiler on them."""

from __future__ import annotations

import ast
import json
import re
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager

from provkg.analysis import analyse
from tests.analysis.reference import assigned_parts, reference

__all__ = ["Agreement", "cells_of", "compare", "standard_library", "transformed"]


SIDES = ("defines", "reads", "changes")


@dataclass
class Agreement:
    """Names on which both sides agree or not; unclear ones, which the compiler cannot tell, are apart.

    Of ``changes`` only those by assignment count, because what a call changes no compiler knows: there are
    none too many.
    """

    cells: int = 0
    magic: int = 0
    exact: int = 0
    empty: int = 0
    agreed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SIDES, 0))
    too_many: dict[str, list[str]] = field(default_factory=lambda: {side: [] for side in SIDES})
    missing: dict[str, list[str]] = field(default_factory=lambda: {side: [] for side in SIDES})
    unclear: int = 0

    def precision(self, what: str) -> float:
        """The part of our names that the compiler confirms."""
        return self.agreed[what] / (self.agreed[what] + len(self.too_many[what]))

    def recall(self, what: str) -> float:
        """The part of the compiler's names that we have."""
        return self.agreed[what] / (self.agreed[what] + len(self.missing[what]))


def standard_library(step: int, offset: int = 0) -> list[Path]:
    """Every ``step``-th module of the standard library, from the ``offset``-th."""
    folder = Path(sysconfig.get_path("stdlib"))
    paths = [p for p in (*folder.glob("*.py"), *folder.glob("*/*.py")) if "site-packages" not in p.parts]
    return sorted(paths)[offset::step]


def cells_of(path: Path, size: int = 4) -> Iterator[str]:
    """The code cells of a notebook, or groups of ``size`` top-level statements of a module."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".ipynb":
        yield from _notebook_cells(text)
        return
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return
    lines = text.split("\n")
    for start in range(0, len(body), size):
        group = body[start : start + size]
        decorators: list[ast.expr] = getattr(group[0], "decorator_list", [])
        first = min([group[0].lineno, *(d.lineno for d in decorators)])
        yield "\n".join(lines[first - 1 : group[-1].end_lineno])


def _notebook_cells(text: str) -> Iterator[str]:
    try:
        notebook = json.loads(text)
    except ValueError:
        return
    if not isinstance(notebook, dict):
        return
    sheets = notebook.get("worksheets", [notebook])
    for cell in (cell for sheet in sheets for cell in sheet.get("cells", [])):
        if cell.get("cell_type") == "code":
            source = "".join(cell.get("source", cell.get("input", "")))
            if source.strip():
                yield source


def compare(cells: Iterable[str]) -> Agreement:
    """Analyse cells and ask the compiler about the same cells, as IPython transforms them.

    What a magic runs is text to the compiler, so names that stand in the text of a magic are compared only
    as far as it must have defined them.
    """
    agreement = Agreement()
    for cell in cells:
        source = transformed(cell)
        try:
            opinion = reference(source)
        except (SyntaxError, ValueError):
            continue
        code, apart = analyse(cell), _words_of_magics(source)
        ours = {
            "defines": (set(code.defines), opinion.defines, opinion.unclear_defines | apart),
            "reads": (set(code.reads), opinion.reads, opinion.unclear_reads | apart),
        }
        agreement.cells += 1
        agreement.magic += bool(apart)
        agreement.unclear += len(opinion.unclear_defines) + len(opinion.unclear_reads)
        agreement.empty += bool(opinion.defines | opinion.reads) and not (code.defines or code.reads)
        agreement.exact += all(found - unclear == right - unclear for found, right, unclear in ours.values())
        for what, (found, right, unclear) in ours.items():
            agreement.agreed[what] += len(found & right)
            agreement.too_many[what] += sorted(found - right - unclear)
            agreement.missing[what] += sorted(right - found - (apart if what == "reads" else set()))
        changed = assigned_parts(source)
        agreement.agreed["changes"] += len(changed & code.changes)
        agreement.missing["changes"] += sorted(changed - code.changes)
    return agreement


def transformed(cell: str) -> str:
    """A cell as IPython runs it; as it is where IPython cannot make sense of it."""
    try:
        source: str = TransformerManager().transform_cell(cell)  # type: ignore[no-untyped-call]
    except (SyntaxError, ValueError, RuntimeError):
        return cell
    return source


def _words_of_magics(source: str) -> set[str]:
    if "get_ipython()" not in source:
        return set()
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    texts = [
        str(argument.value)
        for call in calls
        if ast.unparse(call.func).startswith("get_ipython().")
        for argument in call.args
        if isinstance(argument, ast.Constant)
    ]
    return {word for text in texts for word in re.findall(r"\w+", text)}
