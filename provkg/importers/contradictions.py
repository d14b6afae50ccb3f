"""Outputs that the code beside them cannot have made, and code whose outputs must be there and are not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provkg.importers.examined import Execution, Kind, about, listed, where
from provkg.importers.outputs import line_in_traceback
from provkg.importers.saved import SavedCell
from provkg.media import without_colour
from provkg.records import Finding

__all__ = ["contradictions"]


def contradictions(
    cells: Sequence[SavedCell], executions: Sequence[Execution], *, newest: bool
) -> Iterator[Finding]:
    """What stands side by side and cannot belong together.

    Parameters:
        cells: the cells with code.
        executions: those that were executed.
        newest: whether the code is in a version of Python that the parser here knows.
    """
    timed = any("autotime" in cell.source for cell in cells)  # an extension that prints below every cell
    for one in executions:
        yield from _other_count(one)
        yield from _without_code(one, quiet=not timed)
        yield from _other_code(one)
        if newest:
            yield from _unparsable(one)
    yield from _without_expression(cells, executions)
    yield from _missing(executions)


def _other_count(one: Execution) -> Iterator[Finding]:
    counts = {o.execution_count for o in one.cell.outputs if o.kind == "execute_result"}
    others = sorted(count for count in counts if count is not None and count != one.cell.execution_count)
    if others and one.cell.execution_count is not None:
        shown = ", ".join(map(str, others))
        told = f"The result in {where(one)} is that of execution {shown}, not of its own."
        yield about(Kind.OTHER_COUNT, told, [one])


def _without_code(one: Execution, *, quiet: bool) -> Iterator[Finding]:
    outputs = [output for output in one.cell.outputs if output.kind != "error"]
    if not outputs:
        return
    if not one.cell.source.strip():
        yield about(Kind.NO_CODE, f"{where(one)} is empty and shows outputs.", [one])
    elif quiet and one.text is not None and one.text.silent:
        shown = ", ".join(dict.fromkeys(o.name or o.kind.replace("_", " ") for o in outputs))
        told = f"{where(one)} calls nothing and shows output ({shown}): other code made it."
        yield about(Kind.SILENT, told, [one])


def _other_code(one: Execution) -> Iterator[Finding]:
    """A traceback shows the line that raised."""
    if one.code.offset or one.cell.source.lstrip().startswith(("%", "!")):
        return
    lines = one.cell.source.split("\n")
    leading = next((number for number, each in enumerate(lines) if each.strip()), 0)
    for output in one.cell.outputs:
        if output.kind != "error":
            continue
        line, text = line_in_traceback(without_colour("\n".join(output.traceback)))
        if line is None or not text:
            continue
        here = [lines[at] for at in (line - 1, line - 1 + leading) if 0 <= at < len(lines)]
        if not any(_same(text, each) for each in here):
            told = f"The error in {where(one)} was raised by line {line}, `{text[:60]}`, which is not there."
            yield about(Kind.OTHER_CODE, told, [one])


def _same(shown: str, source: str) -> bool:
    """Whether a traceback's line is a source line; magics are shown transformed, long lines may be cut."""
    shown, source = " ".join(shown.split()), " ".join(source.split())
    cut = len(shown) > 60 and source.startswith(shown[:60])
    return shown == source or cut or "get_ipython()" in shown


def _unparsable(one: Execution) -> Iterator[Finding]:
    if one.code.error and not one.failed and one.cell.execution_count is not None:
        line = f" in line {one.code.error_line}" if one.code.error_line else ""
        told = f"{where(one)} shows no error, but cannot have run as it stands: {one.code.error}{line}."
        yield about(Kind.NOT_PYTHON, told, [one])


def _without_expression(cells: Sequence[SavedCell], executions: Sequence[Execution]) -> Iterator[Finding]:
    """A result is the value of the expression that a cell ends in, unless IPython is set otherwise."""
    results = [
        sum(output.kind == "execute_result" for output in one.cell.outputs) if one.text is not None else 0
        for one in executions
    ]
    if max(results, default=0) > 1 or any("ast_node_interactivity" in cell.source for cell in cells):
        return
    wrong = [
        (one, why)
        for one, count in zip(executions, results, strict=True)
        if count and (why := _ends_without(one))
    ]
    if len(wrong) * 2 > sum(map(bool, results)) > 2:  # so many: a setting of the kernel's
        return
    for one, why in wrong:
        yield about(Kind.NO_RESULT, f"{where(one)} shows a result and {why}: other code made it.", [one])


def _ends_without(one: Execution) -> str:
    if one.cell.source.lstrip().startswith("%%"):
        return ""
    if one.text is None or not one.text.last:
        return "does not end in an expression"
    line = one.cell.source.rstrip().rpartition("\n")[2]
    return "ends in a semicolon" if line.endswith(";") and "#" not in line else ""


def _missing(executions: Sequence[Execution]) -> Iterator[Finding]:
    """What prints for certain shows something, unless its output was cleared."""
    cleared = [one for one in executions if not one.cell.outputs and _prints(one)]
    if cleared:
        yield about(Kind.MISSING, f"{listed(cleared)} must have printed and shows nothing.", cleared)


def _prints(one: Execution) -> bool:
    if one.text is None or not one.text.prints or "print" in one.code.defines:
        return False
    return not one.cell.source.lstrip().startswith("%%")
