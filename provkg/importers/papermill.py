"""papermill's record in a notebook: parameters, times, and how the run ended.

It stays in the file when the notebook is executed again by other means, so it counts only as far as the
rest of the notebook agrees with it.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from provkg.confidential import MARK, is_secret_setting
from provkg.importers.examined import Kind
from provkg.importers.recorded import Recorded
from provkg.importers.saved import Metadata, SavedNotebook, section
from provkg.importers.timing import Times, span_of, times_of
from provkg.importers.told import Ran, Told
from provkg.records import Finding, Setting, Status

__all__ = ["with_papermill"]

_INJECTED = "injected-parameters"
_SLACK = timedelta(seconds=5)
_LONGEST_VERSION = 50


def with_papermill(told: Told, notebook: SavedNotebook) -> Told:
    """A run with what papermill recorded of it."""
    record = section(notebook.metadata, "papermill")
    if not record:
        return told
    parameters, stale = _parameters(record, notebook)
    findings = list(told.findings)
    if stale:
        names = ", ".join(sorted(stale))
        findings.append(
            Finding(
                kind=Kind.STALE_PARAMETERS,
                message=f"No cell sets papermill's parameters {names} so: they are of another run.",
            )
        )
    times = span_of(record)
    if not _is_of_this_run(told.ran, times):
        findings.append(
            Finding(
                kind=Kind.STALE_PARAMETERS,
                message="Cells were executed after papermill: its times and outcome are of an earlier run.",
            )
        )
        return replace(told, findings=tuple(findings))
    failed = record.get("exception") is True
    ran = tuple(replace(one, record=_failed(one)) for one in told.ran)
    unfinished = [ran for ran in told.ran if _state(ran) not in ("completed", "")]
    if unfinished and not failed:
        cells = tuple(ran.cell.index for ran in unfinished)
        message = f"papermill did not complete {len(unfinished)} of the cells that show outputs."
        findings.append(Finding(kind=Kind.UNFINISHED, message=message, cells=cells))
    ended = times.end is not None
    return replace(
        told,
        ran=ran,
        origin=_tool(record.get("version")),
        parameters=parameters,
        started_at=times.start or told.started_at,
        ended_at=times.end,
        status=(Status.FAILED if failed else Status.SUCCEEDED) if ended else None,
        findings=tuple(findings),
    )


def _tool(version: Any) -> str:
    return f"papermill {version[:_LONGEST_VERSION]}" if isinstance(version, str) else "papermill"


def _failed(ran: Ran) -> Recorded | None:
    """What papermill says of a cell that an error ended, whether or not the output that shows it is there."""
    return Recorded(failed=True) if _state(ran) == "failed" else ran.record


def _is_of_this_run(ran: Sequence[Ran], times: Times) -> bool:
    """Whether all executions happened within papermill's times, and in its order."""
    counts = [one.cell.execution_count for one in ran]
    if times.start is None or (any(counts) and counts != list(range(1, len(ran) + 1))):
        return False
    end = times.end
    for one in ran:
        start = times_of(one.cell.metadata).start
        if start is None and "papermill" not in one.cell.metadata:
            return False
        if start is not None and (start < times.start - _SLACK or (end and start > end + _SLACK)):
            return False
    return True


def _state(ran: Ran) -> str:
    state = section(ran.cell.metadata, "papermill").get("status")
    return state if isinstance(state, str) else ""


def _parameters(record: Metadata, notebook: SavedNotebook) -> tuple[tuple[Setting, ...], set[str]]:
    """The parameters that the injected cell sets too, and the names of those it does not."""
    given = section(record, "parameters")
    injected = [cell for cell in notebook.code_cells if _INJECTED in cell.tags]
    set_there: dict[str, Any] = {}
    for cell in injected:
        set_there.update(_literals(cell.source))
    found, stale = [], set()
    for name, value in given.items():
        if name in set_there and _same(set_there[name], value):
            found.append(_setting(name, value))
        elif not (injected and notebook.language != "python"):
            stale.add(name)
        else:
            found.append(_setting(name, value))  # another language: nobody here reads its cells
    return tuple(found), stale


def _literals(source: str) -> dict[str, Any]:
    """The constants that plain assignments of a cell give to names."""
    found: dict[str, Any] = {}
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return found
    for statement in body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            try:
                found[statement.targets[0].id] = ast.literal_eval(statement.value)
            except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                found[statement.targets[0].id] = _number(statement.value)
    return found


def _number(node: ast.expr) -> Any:
    """What JSON cannot say, papermill writes as ``float('nan')``."""
    text = ast.unparse(node)
    return float(text[7:-2]) if text in ("float('nan')", "float('inf')", "float('-inf')") else None


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left) and math.isnan(right):
        return True
    return type(left) is type(right) and bool(left == right)


def _setting(name: str, value: Any) -> Setting:
    if is_secret_setting(name):
        return Setting(name=name, value=MARK, type="str", explicit=True)
    if value is None or isinstance(value, str | int | float):
        return Setting(name=name, value=value, type=type(value).__name__, explicit=True)
    return Setting(name=name, value=repr(value), type=type(value).__name__, explicit=True)
