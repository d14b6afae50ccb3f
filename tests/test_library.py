"""Programs that ask to be recorded: `provkg.record` as a block and as a decorator."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import pickle
import subprocess
import sys
import textwrap
import threading
import traceback
import warnings
from collections.abc import AsyncIterator, Generator
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import Ridge

import provkg
from provkg.config import Home
from provkg.journal import read_run, runs
from provkg.records import Activity, ActivityKind, Run, RunKind, Status
from provkg.results import Solutions

X, Y = np.eye(4), np.arange(4.0)


def train(alpha: float) -> Ridge:
    return Ridge(alpha=alpha).fit(X, Y)


@provkg.record
def fitted(alpha: float = 1.0, *, data: object = None, api_key: str = "") -> Ridge:
    """Fits."""
    sys.stdout.write("fitting\n")
    return train(alpha)


@provkg.record(name="waits", parameters={"by": "hand"})
async def fitted_later(alpha: float) -> Ridge:
    await asyncio.sleep(0.01)
    model = train(alpha)
    await asyncio.sleep(0.01)
    return model


@provkg.record
def fitted_one_by_one(alphas: list[float]) -> Generator[Ridge, str, str]:
    for alpha in alphas:
        try:
            said = yield train(alpha)
        except LookupError:
            said = "caught"
        if said == "stop":
            break
    return "the end"


def recorded(home: Home) -> list[Run]:
    """The runs of a home, first to last."""
    found = [run for run in (read_run(home, one) for one in runs(home)) if run is not None]
    return sorted(found, key=lambda run: str(run.started.started_at))


def alphas(run: Run) -> list[object]:
    """What was trained in a run."""
    return [
        _alpha(step)
        for one in run.executions
        for step in one.activities
        if step.kind is ActivityKind.TRAINING
    ]


def _alpha(training: Activity) -> object:
    return {setting.name: setting.value for setting in training.settings}["alpha"]


def parameters(run: Run) -> dict[str, object]:
    return {one.name: one.value for one in run.started.parameters}


def test_a_block_is_a_run_with_what_happens_in_it(home: Home) -> None:
    train(0.1)
    with provkg.record(name="nightly", parameters={"alpha": 0.5, "password": "hunter2"}) as block:
        sys.stdout.write("inside\n")
        model = train(0.5)
        score = model.score(X, Y)
    train(0.2)
    [run] = recorded(home)
    assert run.id == block.id
    assert run.status is Status.SUCCEEDED
    assert (run.started.kind, run.started.name) == (RunKind.SCRIPT, "nightly")
    assert run.started.code is not None
    assert run.started.code.path == __file__
    assert parameters(run) == {"alpha": 0.5, "password": "***"}
    assert alphas(run) == [0.5]
    [execution] = run.executions
    assert [output.text for output in execution.outputs] == ["inside\n"]
    assert {package.name for package in execution.packages} >= {"scikit-learn"}
    lines = Path(__file__).read_text().splitlines()
    places = [lines[step.line - 1].strip() for step in execution.activities if step.line]
    assert places == ["return Ridge(alpha=alpha).fit(X, Y)", "score = model.score(X, Y)"]

    summary = block.summary()
    assert (summary.run, summary.name, summary.status) == (run.id, "nightly", Status.SUCCEEDED)
    assert [result.value for result in summary.results] == [score]
    answer = block.ask("which_score_did_estimator_reach", {"estimator": "Ridge", "metric": "r2"}).result
    assert isinstance(answer, Solutions)
    assert [row["value"] for row in answer] == [score]


def test_each_call_of_a_decorated_function_is_a_run(home: Home) -> None:
    assert fitted(2.0, data=X, api_key="f00").alpha == 2.0
    assert fitted().alpha == 1.0
    first, second = recorded(home)
    assert parameters(first) == {"alpha": 2.0, "api_key": "***"}
    assert parameters(second) == {"alpha": 1.0, "data": None, "api_key": "***"}
    assert [run.started.name for run in (first, second)] == ["fitted", "fitted"]
    assert (alphas(first), alphas(second)) == ([2.0], [1.0])
    assert first.executions[0].outputs[0].text == "fitting\n"


def test_a_decorated_function_looks_and_fails_as_it_did(home: Home) -> None:
    def failing(x: int) -> None:
        """Fails."""
        warnings.warn("below", stacklevel=2)
        raise LookupError(x)

    watched = provkg.record(failing)
    assert inspect.signature(watched) == inspect.signature(failing)
    assert (watched.__name__, watched.__doc__) == ("failing", "Fails.")
    assert pickle.loads(pickle.dumps(fitted)) is fitted
    with pytest.raises(LookupError) as raised, pytest.warns(UserWarning, match="below") as warned:
        watched(3)
    assert warned[0].filename == __file__
    assert [entry.name for entry in traceback.extract_tb(raised.value.__traceback__)][1:] == ["failing"]
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        watched()  # type: ignore[call-arg]
    failed, refused = recorded(home)
    assert (failed.status, refused.status) == (Status.FAILED, Status.FAILED)
    assert failed.finished is not None
    assert failed.finished.error is not None
    assert (failed.finished.error.name, failed.finished.error.message) == ("LookupError", "3")
    source = Path(__file__).read_text().splitlines()
    assert failed.finished.error.line is not None
    assert source[failed.finished.error.line - 1].strip() == "raise LookupError(x)"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SystemExit(0), Status.SUCCEEDED),
        (SystemExit(2), Status.FAILED),
        (KeyboardInterrupt(), Status.INTERRUPTED),
        (asyncio.CancelledError(), Status.INTERRUPTED),
        (ValueError("x"), Status.FAILED),
    ],
)
def test_exceptions_pass_through_a_block_untouched(home: Home, error: BaseException, status: Status) -> None:
    with pytest.raises(type(error)) as raised, provkg.record():
        raise error
    assert raised.value is error
    [run] = recorded(home)
    assert run.status is status


def test_what_is_inside_of_a_recorded_block_belongs_to_it(home: Home) -> None:
    with provkg.record() as outer:
        fitted(3.0)
        with contextlib.ExitStack() as stack:
            inner = stack.enter_context(provkg.record(name="inner"))
            train(4.0)
        train(5.0)
    assert inner.id == outer.id
    assert inner.summary().run == outer.id
    [run] = recorded(home)
    assert alphas(run) == [3.0, 4.0, 5.0]


def test_coroutines_are_recorded_without_what_other_tasks_do_meanwhile(home: Home) -> None:
    async def other() -> None:
        for alpha in (7.0, 8.0):
            train(alpha)
            await asyncio.sleep(0.005)

    async def both() -> Ridge:
        busy = asyncio.create_task(other())
        model = await fitted_later(6.0)
        await busy
        return model

    assert inspect.iscoroutinefunction(fitted_later)
    assert asyncio.run(both()).alpha == 6.0
    [run] = recorded(home)
    assert alphas(run) == [6.0]
    assert (run.started.name, parameters(run)) == ("waits", {"alpha": 6.0, "by": "hand"})


def test_of_two_coroutines_at_once_the_second_is_not_recorded(home: Home) -> None:
    async def both() -> None:
        await asyncio.gather(fitted_later(1.0), fitted_later(2.0))

    asyncio.run(both())
    [run] = recorded(home)
    assert alphas(run) == [1.0]
    assert [notice.where for notice in run.executions[0].notices] == ["record", "threads"]


def test_a_generator_is_recorded_without_its_consumer(home: Home) -> None:
    assert inspect.isgeneratorfunction(fitted_one_by_one)
    made = fitted_one_by_one([1.0, 2.0, 3.0, 4.0])
    assert next(made).alpha == 1.0
    train(10.0)
    assert made.send("go on").alpha == 2.0
    assert made.throw(LookupError()).alpha == 3.0
    train(11.0)
    with pytest.raises(StopIteration) as stopped:
        made.send("stop")
    assert stopped.value.value == "the end"
    left = fitted_one_by_one([5.0, 6.0])
    next(left)
    left.close()
    whole, closed = recorded(home)
    assert (whole.status, alphas(whole)) == (Status.SUCCEEDED, [1.0, 2.0, 3.0])
    assert (closed.status, alphas(closed)) == (Status.INTERRUPTED, [5.0])


def test_what_cannot_be_recorded_as_calls_is_refused() -> None:
    async def values() -> AsyncIterator[int]:
        yield 1

    with pytest.raises(TypeError, match="asynchronous generator"):
        provkg.record(values)
    with pytest.raises(TypeError, match="class"):
        provkg.record(Ridge)


def test_a_block_in_a_thread_is_recorded_and_another_beside_it_is_not(home: Home) -> None:
    began, go_on = threading.Event(), threading.Event()
    seen: list[str] = []

    def first() -> None:
        with provkg.record(name="first") as block:
            seen.append(block.id)
            train(1.0)
            began.set()
            go_on.wait(30)
            train(2.0)

    thread = threading.Thread(target=first)
    thread.start()
    began.wait(30)
    with provkg.record(name="second") as beside:
        train(3.0)
    go_on.set()
    thread.join()
    with provkg.record(name="third", home=home):
        train(4.0)
    assert beside.id == ""
    with pytest.raises(provkg.NotFoundError):
        beside.summary()
    one, other = recorded(home)
    assert [one.id] == seen
    assert (alphas(one), alphas(other)) == ([1.0, 2.0], [4.0])


def test_a_home_that_cannot_be_made_disturbs_nobody(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    with provkg.record(home=tmp_path / "file" / "home") as block:
        model = train(1.0)
    assert model.alpha == 1.0
    assert block.id == ""
    assert "provkg does not record this block" in capfd.readouterr().err


def run_program(text: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "program.py").write_text(textwrap.dedent(text))
    return subprocess.run(
        [sys.executable, *options, "program.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_block_at_the_top_of_a_program_records_its_variables_and_files(home: Home, tmp_path: Path) -> None:
    done = run_program(
        """
        import os
        import pandas as pd
        from sklearn.linear_model import Ridge
        import provkg

        before = pd.DataFrame({"a": [1, 2, 3], "b": [2, 4, 7]})
        before.to_csv("data.csv")
        with provkg.record() as run:
            table = pd.read_csv("data.csv")
            model = Ridge().fit(
                table[["a"]], table["b"]
            )
            child = os.fork()
            if child == 0:
                Ridge(alpha=9).fit(table[["a"]], table["b"])
                os._exit(0)
            os.waitpid(child, 0)
        after = 1
        print(run.id)
        """,
        tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    [run] = recorded(home)
    assert done.stdout == f"{run.id}\n"
    [execution] = run.executions
    assert {state.name for state in execution.defines} == {"table", "model", "child", "run"}
    assert alphas(run) == [1.0]
    [training] = [step for step in execution.activities if step.kind is ActivityKind.TRAINING]
    assert training.line == 11
    assert [Path(file.path).name for file in execution.files] == ["data.csv"]
    assert run.started.command[-1] == "program.py"


def test_a_block_in_a_recorded_script_belongs_to_the_script(home: Home, tmp_path: Path) -> None:
    text = """
    import provkg
    from sklearn.linear_model import Ridge

    with provkg.record(name="inner") as run:
        Ridge(alpha=3).fit([[1], [2]], [1, 2])
    print(run.id)
    """
    (tmp_path / "script.py").write_text(textwrap.dedent(text))
    command = [sys.executable, "-m", "provkg", "run", "-q", "script.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True)
    [run] = recorded(home)
    assert done.stdout == f"{run.id}\n"
    assert alphas(run) == [3]
