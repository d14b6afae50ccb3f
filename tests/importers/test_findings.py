"""What in a saved notebook does not fit together is found, and what fits is left in peace."""

from __future__ import annotations

import pytest

from provkg.importers.examined import Kind
from tests.importers.conftest import Json, Told, code, error, kinds, printed, result

TRACEBACK = (
    "---------------------------------------------------------------------------\n"
    "ZeroDivisionError                         Traceback (most recent call last)\n"
    "Cell In[2], line 2\n      1 a = 1\n----> 2 b = a / 0\n\nZeroDivisionError: division by zero"
)
AT = {"iopub.execute_input": "2024-05-01T10:00:0{}Z", "shell.execute_reply": "2024-05-01T10:00:0{}.5Z"}


def timed(source: str, count: int, second: int) -> Json:
    told = {name: text.format(second) for name, text in AT.items()}
    return code(source, count, metadata={"execution": told})


FOUND = [
    (Kind.NOT_EXECUTED, [code("x = 1"), code("print(x)")]),
    (Kind.NO_COUNT, [code("print(1)", None, printed("1\n"))]),
    (Kind.TWICE, [code("x = 1", 1), code("y = 1", 1)]),
    (Kind.GAP, [code("x = 1", 1), code("y = 1", 3)]),
    (Kind.GAP, [code("x = 1", 2)]),
    (Kind.OUT_OF_ORDER, [code("x = 1", 2), code("y = 1", 1)]),
    (Kind.TIMES, [timed("x = 1", 2, 1), timed("y = 1", 1, 2)]),
    (Kind.OTHER_COUNT, [code("1", 1, result("1", 2))]),
    (Kind.NO_CODE, [code("", 1, printed("1\n"))]),
    (Kind.SILENT, [code("x = 1", 1, printed("1\n"))]),
    (Kind.SILENT, [code("def f(a):\n    return print(a)", 1, printed("1\n"))]),
    (Kind.NO_RESULT, [code("x = f()", 1, result("1", 1)), code("def f(): pass", 2)]),
    (Kind.NO_RESULT, [code("max(1, 2);", 1, result("2", 1))]),
    (Kind.MISSING, [code("print('there')", 1)]),
    (Kind.OTHER_CODE, [code("a = 1\nb = a / 1", 1, error("ZeroDivisionError", "", TRACEBACK))]),
    (Kind.NOT_PYTHON, [code("x = = 1", 1)]),
    (Kind.UNSET, [code("y = x + 1", 1)]),
    (Kind.UNSET, [code("x = 1"), code("y = x + 1", 1)]),
    (Kind.SET_LATER, [code("y = x + 1", 1), code("x = 1", 2)]),
    (Kind.SAME_ID, [code("x = 1", 1, id="same"), code("y = 1", 2, id="same")]),
]


@pytest.mark.parametrize(("kind", "cells"), FOUND, ids=lambda value: value if isinstance(value, str) else "")
def test_what_does_not_fit_is_found(told: Told, kind: str, cells: list[Json]) -> None:
    python = {"language_info": {"name": "python", "version": "3.10.1"}}
    assert kind in kinds(told(*cells, metadata=python))


FITTING = [
    [code("x = 1", 1), code("print(x)", 2, printed("1\n")), code("x", 3, result("1", 3))],
    [code("a = 1\nb = a / 0", 1, error("ZeroDivisionError", "", TRACEBACK))],
    [code("\n\na = 1\nb = a / 0", 1, error("ZeroDivisionError", "", TRACEBACK))],
    [code("from math import *", 1), code("y = sqrt(x)", 2)],
    [code("exec('x = 1')", 1), code("y = x", 2)],
    [code("%run other.py", 1), code("y = x", 2)],
    [code("def f():\n    return later", 1), code("later = 1", 2), code("f()", 3, result("1", 3))],
    [code("try:\n    x\nexcept NameError:\n    x = 1", 1)],
    [code("[y for y in range(3)]", 1, result("[0, 1, 2]", 1))],
    [code("%%time\nx = f()", 1, printed("Wall time: 1 s")), code("def f(): pass", None)],
    [code("%load_ext autotime", 1, printed("time: 1 ms")), code("x = 1", 2, printed("time: 1 ms"))],
    [code("@show\ndef f(): pass", 1, printed("f")), code("def show(f): ...")],
    [code("from x import show", 1), code("def f(a=show()): pass", 2, printed("f"))],
    [code("print()\nprint('')\nprint(*[])", 1), code("print('x', file=out)", None)],
    [code("print(x, end='')\nx = 1", 1, error("NameError", "name 'x' is not defined"))],
    [code("y = x", 1, error("NameError", "name 'x' is not defined"))],
    [code("print(_, __, _3, In, Out, __name__)", 1, printed("1"))],
    [code("if x_is_there():\n    pass", None), code("x = 1", 1)],
    [],
]


@pytest.mark.parametrize("cells", FITTING, ids=lambda cells: repr(cells[0]["source"]) if cells else "empty")
def test_what_fits_is_left_in_peace(told: Told, cells: list[Json]) -> None:
    assert kinds(told(*cells, metadata={"language_info": {"name": "python", "version": "3.10.1"}})) == []


def test_what_newer_pythons_may_take_is_not_called_wrong(told: Told) -> None:
    future = {"language_info": {"name": "python", "version": "3.99.0"}}
    assert Kind.NOT_PYTHON not in kinds(told(code("x = = 1", 1), metadata=future))
    assert Kind.NOT_PYTHON not in kinds(told(code("print 1", 1), metadata={}))


def test_results_of_every_line_are_a_setting_and_no_finding(told: Told) -> None:
    setting = "InteractiveShell.ast_node_interactivity = 'all'"
    cells = [code(setting, 1), code("1\nx = 2", 2, result("1", 2)), code("3;", 3, result("3", 3))]
    assert Kind.NO_RESULT not in kinds(told(*cells))


def test_a_finding_names_its_cells_and_executions(told: Told) -> None:
    run = told(code("x = 1", 2), {"cell_type": "markdown", "source": "so", "metadata": {}}, code("y = x", 1))
    assert run.examined is not None
    found = {finding.kind: finding for finding in run.examined.findings}
    assert found[Kind.OUT_OF_ORDER].cells == (0,)
    assert found[Kind.OUT_OF_ORDER].orders == (2,)
    assert "cell 1 [2]" in found[Kind.OUT_OF_ORDER].message.lower()
    assert "`x`" in found[Kind.SET_LATER].message


def test_of_another_language_only_counts_and_outputs_are_looked_at(told: Told) -> None:
    r = {"kernelspec": {"name": "ir", "language": "R"}, "language_info": {"name": "R", "version": "4.3.1"}}
    cells = [code("x <- 1", 1), code("y <- x", 3), code("summary(y)", 2, printed("1"))]
    run = told(*cells, metadata=r)
    assert set(kinds(run)) == {Kind.OUT_OF_ORDER}
    assert [execution.execution_count for execution in run.executions] == [1, 2, 3]
    assert not any(execution.defines or execution.reads for execution in run.executions)
    assert run.environment is not None
    assert (run.environment.language, run.environment.language_version) == ("r", "4.3.1")
