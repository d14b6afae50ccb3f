"""A kernel that records by itself, driven by the messages an editor sends, with all that people do in one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from provkg.records import ActivityKind, CellExecution, OutputKind, Run, Status
from tests.capture.conftest import Recorded, StartKernel
from tests.capture.live import EXTENSION


def by_cell(run: Run) -> dict[str, CellExecution]:
    return {execution.cell_id: execution for execution in run.executions}


def shown(execution: CellExecution) -> list[tuple[OutputKind, str]]:
    return [(output.kind, output.text) for output in execution.outputs]


def bound(execution: CellExecution) -> set[str]:
    return {state.name for state in execution.defines}


def test_magics_that_run_code_are_told_as_code(kernels: StartKernel, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,4\n")
    (tmp_path / "script.py").write_text("import pandas as pd\nframe = pd.read_csv('t.csv')\n")
    kernel = kernels(EXTENSION)
    kernel.run("%run script.py", "run")
    kernel.run("%%capture said\nprint('not shown')\n7", "capture")
    kernel.run("%%time\ndouble = frame.a * 2", "time")
    kernel.run("%%bash\necho from bash", "bash")
    kernel.run("files = !ls *.csv\n!echo from shell", "shell")
    kernel.run("get_ipython().run_cell('inner = 3\\nprint(inner)', store_history=True); outer = 4", "nested")
    kernel.run("1 / 0", "fails")
    kernel.run("def f(:", "wrong")
    kernel.run("silent = 1", "silent", silent=True)
    kernel.run("unstored = 1", "unstored", store_history=False)
    asked = kernel.send("who = input('name? ')", "asks", allow_stdin=True)
    kernel.client.get_stdin_msg(timeout=30)
    kernel.client.input("Ada")
    assert kernel.wait(asked).ok
    kernel.shut_down()
    run = kernel.run_of()
    cells = by_cell(run)
    seen = Recorded(run, tmp_path)
    assert {e.status for e in run.executions if e.cell_id not in ("fails", "wrong")} == {Status.SUCCEEDED}
    assert "silent" not in cells
    assert "unstored" not in cells
    assert seen.came_from("frame") == {"t.csv"}
    assert seen.came_from("double", evidence="observed") == {"t.csv"}
    assert shown(cells["capture"]) == []
    assert shown(cells["bash"]) == [(OutputKind.STDOUT, "from bash\n")]
    assert bound(cells["nested"]) == {"inner", "outer"}
    assert shown(cells["nested"]) == [(OutputKind.STDOUT, "3\n")]
    errors = [cells[name].error for name in ("fails", "wrong")]
    assert [(error.name, error.line) for error in errors if error] == [
        ("ZeroDivisionError", 1),
        ("SyntaxError", 1),
    ]
    assert bound(cells["asks"]) == {"who"}
    # What a cell that is not kept in the history bound belongs to none.
    assert not {"silent", "unstored"} & {name for execution in run.executions for name in bound(execution)}
    assert seen.notices == []


def test_what_is_recorded_as_shown_is_what_the_notebook_shows(kernels: StartKernel) -> None:
    kernel = kernels(EXTENSION)
    kernel.run("from IPython.display import display, clear_output\nimport threading, time", "imports")
    kernel.run("print('gone'); display('gone'); clear_output(); print('kept')", "cleared")
    kernel.run("for i in range(3):\n    clear_output(wait=True); print(i); display(i)", "loop")
    kernel.run("handle = display('one', display_id='d'); handle.update('two')", "updated")
    kernel.run("handle.update('three'); 5", "later")
    kernel.run("for i in range(1200): display(i)", "many")
    kernel.run("print('x' * 3_000_000)", "large")
    kernel.shut_down()
    run = kernel.run_of()
    cells = by_cell(run)
    display, printed = OutputKind.DISPLAY, OutputKind.STDOUT
    assert shown(cells["cleared"]) == [(printed, "kept\n")]
    assert shown(cells["loop"]) == [(printed, "2\n"), (display, "2")]
    assert shown(cells["updated"]) == [(display, "'two'")]
    assert shown(cells["later"]) == [(OutputKind.RESULT, "5")]
    assert len(cells["many"].outputs) == 1000
    assert [(notice.where, notice.count) for notice in cells["many"].notices] == [("outputs", 200)]
    [large] = cells["large"].outputs
    assert large.truncated
    assert large.contents[0].size == 3_000_001
    kept = [c.sha256 for e in run.executions for o in e.outputs for c in o.contents if c.kept]
    objects = [path for path in kernel.home.objects_folder.rglob("*") if path.is_file()]
    assert {path.name for path in objects} == set(kept)


def test_what_runs_in_the_background_is_claimed_for_no_other_cell(kernels: StartKernel) -> None:
    kernel = kernels(EXTENSION)
    kernel.run(
        "import asyncio, threading, time\nfrom sklearn.linear_model import LinearRegression as LR\n"
        "X, y = [[1.], [2.], [4.]], [1., 2., 3.]\n"
        "def fit():\n    return LR().fit(X, y)",
        "imports",
    )
    kernel.run(
        "async def later():\n    await asyncio.sleep(0.3)\n    global made\n    made = fit()\n"
        "task = asyncio.create_task(later())",
        "starts a task",
    )
    kernel.run("await asyncio.sleep(0.8)\nz = 1", "awaits")
    kernel.run("async def own():\n    return fit()\na, b = await asyncio.gather(own(), own())", "own tasks")
    kernel.run(
        "def tick():\n    global ticked\n    time.sleep(0.3); ticked = fit()\n"
        "threading.Thread(target=tick).start()",
        "starts a thread",
    )
    kernel.run("time.sleep(0.8); c = 1", "sleeps")
    kernel.run("made, ticked", "reads")
    kernel.shut_down()
    run = kernel.run_of()
    cells = by_cell(run)
    assert bound(cells["awaits"]) == {"z"}
    assert bound(cells["sleeps"]) == {"c"}
    assert bound(cells["own tasks"]) == {"own", "a", "b"}
    trainings = {
        name: sum(activity.kind is ActivityKind.TRAINING for activity in execution.activities)
        for name, execution in cells.items()
    }
    assert {name for name, count in trainings.items() if count} == {"own tasks"}
    assert trainings["own tasks"] == 2
    assert {read.name: read.definer for read in cells["reads"].reads} == {"made": 0, "ticked": 0}


def test_what_a_widget_does_is_claimed_for_no_cell(kernels: StartKernel) -> None:
    kernel = kernels(EXTENSION)
    kernel.run(
        "import numpy as np\nfrom sklearn.linear_model import LinearRegression as LR\n"
        "x = np.arange(12.).reshape(-1, 2); z = x + 1; n = 1; kept = 2\n"
        "old, fit = LR().fit(z, z[:, 0]), LR().fit(z, z[:, 1])\n"
        "def clicked(comm, message):\n    global n, model\n    n = 5; x[:] = 3; print('clicked')\n"
        "    model = LR().fit(x, x[:, 0]); fit.fit(x, x[:, 1])\n"
        "get_ipython().kernel.comm_manager.register_target('button', clicked)",
        "defines",
    )
    click = kernel.client.session.msg(
        "comm_open", {"comm_id": "c1", "target_name": "button", "data": {}, "target_module": None}
    )
    kernel.client.shell_channel.send(click)
    kernel.run("print(n, kept); total = x.sum()", "reads")
    assert kernel.run("a, b = old.predict(z), fit.predict(z)", "predicts").ok
    assert kernel.run("model.coef_", "last").ok
    kernel.shut_down()
    run = kernel.run_of()
    cells, seen = by_cell(run), Recorded(run, kernel.home.path)
    assert shown(cells["reads"]) == [(OutputKind.STDOUT, "5 2\n")]
    assert bound(cells["reads"]) == {"total"}
    assert {read.name: read.definer for read in cells["reads"].reads} == {"kept": 1, "n": 0, "x": 0}
    assert {read.name: read.definer for read in cells["predicts"].reads} == {"old": 1, "fit": 0, "z": 1}
    assert {name for value in seen.values.values() if value.found for name in value.names} == {
        "x",
        "fit",
        "model",
    }
    [old, fit] = [activity.generated[0] for activity in cells["defines"].activities]
    assert old in seen.sources(seen.held("a").id)
    assert fit not in seen.sources(seen.held("b").id)


def test_interruptions_end_the_cell_and_nothing_else(kernels: StartKernel) -> None:
    kernel = kernels(EXTENSION)
    kernel.run("import asyncio, time\na = 1", "first")
    for source, name in (("time.sleep(60)", "sleeps"), ("await asyncio.sleep(60)", "awaits")):
        asked = kernel.send(f"b = 2\n{source}\nc = 3", name)
        time.sleep(0.7)
        for _ in range(3):
            kernel.interrupt()
        assert not kernel.wait(asked).ok
    for _ in range(10):  # between cells they interrupt nothing
        kernel.interrupt()
    assert kernel.run("print(a + b)", "last").text == "3\n"
    kernel.shut_down()
    cells = by_cell(kernel.run_of())
    assert [cells[name].status for name in ("first", "sleeps", "awaits", "last")] == [
        Status.SUCCEEDED,
        Status.INTERRUPTED,
        Status.INTERRUPTED,
        Status.SUCCEEDED,
    ]
    assert all(execution.ended_at is not None for execution in cells.values())
    assert {read.name: read.definer for read in cells["last"].reads} == {"a": 1, "b": 3}


def test_two_cells_at_once_are_told_apart_or_not_claimed(kernels: StartKernel) -> None:
    kernel = kernels(EXTENSION)
    message = kernel.client.session.msg("create_subshell_request")
    kernel.client.control_channel.send(message)
    subshell = kernel.client.get_control_msg(timeout=30)["content"].get("subshell_id", "")
    if not subshell:
        pytest.skip("this ipykernel has no subshells")
    kernel.run("import time\nx = 0", "imports")
    main = kernel.send("for i in range(8):\n    time.sleep(0.1)\nmine = 1", "main")
    time.sleep(0.2)
    assert kernel.wait(kernel.send("x = 5\nprint('beside')", "beside", subshell=subshell)).ok
    assert kernel.wait(main).ok
    kernel.run("x, mine", "reads")
    kernel.shut_down()
    cells = by_cell(kernel.run_of())
    assert bound(cells["main"]) == {"i", "mine"}
    assert shown(cells["main"]) == []
    assert cells["beside"].status is Status.SUCCEEDED
    assert cells["beside"].ended_at is not None
    assert [notice.where for notice in (*cells["beside"].notices, *cells["main"].notices)] == ["subshell"] * 2
    assert {read.name: read.definer for read in cells["reads"].reads} == {"mine": 2, "x": 0}


def test_a_restart_begins_another_run(kernels: StartKernel) -> None:
    kernel = kernels(EXTENSION)
    kernel.run("a = 1", "one")
    kernel.restart()
    kernel.run("b = 2", "two")
    kernel.shut_down()
    first, second = kernel.recorded()
    assert (first.status, second.status) == (Status.SUCCEEDED, Status.SUCCEEDED)
    assert [execution.cell_id for execution in first.executions] == ["one"]
    assert [(execution.order, execution.cell_id) for execution in second.executions] == [(1, "two")]


@pytest.mark.parametrize(
    ("source", "ends"),
    [
        ("os._exit(3)", False),
        ("os.abort()", False),
        ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)", False),
        ("quit()", True),
    ],
)
def test_a_kernel_that_goes_leaves_a_record_of_all_it_did(
    kernels: StartKernel, source: str, *, ends: bool
) -> None:
    kernel = kernels(EXTENSION)
    kernel.run("import os, signal, sys, time\na = 1", "first")
    kernel.send(source, "goes")
    kernel.wait_until_dead()
    run = kernel.run_of()
    cells = by_cell(run)
    assert cells["first"].status is Status.SUCCEEDED
    assert cells["goes"].status is (Status.SUCCEEDED if ends else Status.INTERRUPTED)
    assert (run.status is Status.SUCCEEDED) is ends


def test_exceptions_that_end_a_script_end_only_the_cell(kernels: StartKernel) -> None:
    kernel = kernels(EXTENSION)
    kernel.run("import sys\nsys.exit(2)", "exits")
    kernel.run("raise SystemExit", "raises")
    assert kernel.run("1", "after").ok
    kernel.shut_down()
    cells = by_cell(kernel.run_of())
    assert [cells[name].status for name in ("exits", "raises", "after")] == [
        Status.FAILED,
        Status.FAILED,
        Status.SUCCEEDED,
    ]
