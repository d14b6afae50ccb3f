"""The record of a script says what the script did."""

from __future__ import annotations

import signal
from hashlib import sha256
from pathlib import Path

import pytest

from provkg.config import Home
from provkg.journal import read_run, runs
from provkg.records import ActivityKind, CodeKind, FileMode, RunKind, Setting, Status, ValueKind
from tests.capture.processes import PROVKG, ended, record_script, recorded_run, started, write

pytest.importorskip("sklearn")

TRAIN = """\
import argparse

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split

import features


def load(path):
    table = pd.read_csv(path)
    return table.dropna()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--alpha", type=float, default=1.0)
    parser.add_argument("--api-key")
    parser.add_argument("--data", default="data.csv")
    arguments = parser.parse_args()
    table = features.widened(load(arguments.data))
    train, test = train_test_split(table, random_state=1)
    model = Ridge(alpha=arguments.alpha)
    model.fit(train[["a", "c"]], train["b"])
    print("R2", features.judged(model, test))
    return model


if __name__ == "__main__":
    final = main()
"""
FEATURES = """\
\"\"\"Features and their use.\"\"\"

from sklearn.metrics import r2_score


def widened(table):
    wide = table.assign(c=table["a"] ** 2)
    return wide


def judged(model, test):
    predicted = model.predict(test[["a", "c"]])
    return r2_score(test["b"], predicted)
"""
DATA = "a,b\n" + "".join(f"{n},{n * 2 + n % 3}\n" for n in range(40)) + ",1\n"
FILES = {"script.py": TRAIN, "features.py": FEATURES, "data.csv": DATA}


def test_a_training_script_is_recorded_with_its_functions_and_modules(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)  # bytecode of its modules is no data
    recorded, done = record_script(home, FILES, "script.py", "--alpha", "0.5", "--api-key", "f00")
    run, folder = recorded.run, recorded.folder
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("R2 0.9")

    assert run.started.kind is RunKind.SCRIPT
    assert run.status is Status.SUCCEEDED
    code = run.started.code
    assert code is not None
    assert (code.kind, code.path) == (CodeKind.SCRIPT, str(folder / "script.py"))
    assert (code.sha256, code.size) == (sha256(TRAIN.encode()).hexdigest(), len(TRAIN))
    assert run.started.command[-6:] == ("-q", "script.py", "--alpha", "0.5", "--api-key", "***")
    assert run.started.parameters == (
        Setting(name="alpha", value=0.5, type="float", explicit=True),
        Setting(name="api_key", value="***", type="str", explicit=True),
        Setting(name="data", value="data.csv", type="str", explicit=False),
    )

    [execution] = run.executions
    assert execution.source == TRAIN
    [out] = execution.outputs
    assert out.text == done.out
    assert {package.name for package in execution.packages} >= {"pandas", "scikit-learn", "numpy"}
    assert {found.module for found in execution.imports} >= {"argparse", "features", "pandas"}
    assert {state.name for state in execution.defines} >= {"load", "main", "final", "features", "np"}
    assert "arguments" not in {state.name for state in execution.defines}

    module = recorded.file("features.py")
    assert module.mode is FileMode.IMPORTED
    assert module.sha256 == sha256(FEATURES.encode()).hexdigest()
    assert {file.mode for file in recorded.files.values()} == {FileMode.IMPORTED, FileMode.READ}

    lines = TRAIN.splitlines()
    steps = [
        (one.kind, one.line and (one.file or lines[one.line - 1].strip())) for one in recorded.activities
    ]
    other = str(folder / "features.py")
    assert steps == [
        (ActivityKind.LOADING, "table = pd.read_csv(path)"),
        (ActivityKind.SPLITTING, "train, test = train_test_split(table, random_state=1)"),
        (ActivityKind.TRAINING, 'model.fit(train[["a", "c"]], train["b"])'),
        (ActivityKind.PREDICTION, other),
        (ActivityKind.EVALUATION, other),
    ]
    assert [one.line for one in recorded.activities[-2:]] == [12, 13]

    model = recorded.held("final")
    assert model.names == ("final", "model")
    assert recorded.came_from("final", evidence="observed") == {"data.csv"}
    [result] = recorded.results
    assert (result.metric, result.model, result.role) == ("r2", model.id, "test")
    measured_on = {
        name
        for source in recorded.sources(result.data[0])
        if source in recorded.values
        for name in recorded.values[source].names
    }
    assert "test" in measured_on
    assert "train" not in measured_on
    assert recorded.notices == []


@pytest.mark.parametrize(
    ("text", "code", "status", "error", "line"),
    [
        ("x = 1\nimport sys\nsys.exit()", 0, Status.SUCCEEDED, None, None),
        ("import sys\nsys.exit(3)", 3, Status.FAILED, ("SystemExit", "3"), None),
        ("def f():\n    1 / 0\n\nf()", 1, Status.FAILED, ("ZeroDivisionError", "division by zero"), 2),
        ("x =", 1, Status.FAILED, ("SyntaxError", "invalid syntax (script.py, line 1)"), 1),
        ("raise KeyboardInterrupt", -2, Status.INTERRUPTED, ("KeyboardInterrupt", ""), 1),
    ],
)
def test_how_a_script_ends_is_how_its_run_ends(
    home: Home, text: str, code: int, status: Status, error: tuple[str, str] | None, line: int | None
) -> None:
    recorded, done = record_script(home, {"script.py": text})
    run = recorded.run
    assert done.code == code
    assert (run.status, run.executions[0].status) == (status, status)
    assert run.finished is not None
    found = run.finished.error
    assert (found and (found.name, found.message)) == error
    assert (found and found.line) == line
    assert run.finished.order == (1 if error else 0)
    if error and done.err and line and "SyntaxError" not in done.err:
        assert found is not None
        assert found.traceback == done.err


def test_what_cannot_be_run_is_recorded_as_failed(home: Home, tmp_path: Path) -> None:
    for command in (("absent.py",), ("-m", "absent")):
        assert ended(started(tmp_path, *PROVKG, "run", *command)).code > 0
    found = [read_run(home, run) for run in runs(home)]
    assert len(found) == 2
    for run in found:
        assert run is not None
        assert run.status is Status.FAILED
        assert run.finished is not None
        assert run.finished.error is not None
        assert "absent" in run.finished.error.message


def test_the_summary_goes_to_the_error_stream_behind_all_that_the_script_writes(home: Home) -> None:
    text = "import atexit, sys\natexit.register(print, 'last', file=sys.stderr)\nprint('out')"
    recorded, done = record_script(home, {"script.py": text}, options=())
    assert done.out == "out\n"
    first, second, *_ = done.err.splitlines()
    assert first == "last"
    assert second.startswith("script.py  succeeded")
    assert recorded.run.id[:8] in done.err


LONG = """\
import os, signal, sys
import numpy as np
from sklearn.linear_model import Ridge

X, y = np.eye(5), np.arange(5.0)
models = [Ridge(alpha=alpha).fit(X, y) for alpha in range(1, 5)]
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_script_that_is_killed_keeps_the_steps_it_had_ended(
    home: Home, tmp_path: Path, number: signal.Signals
) -> None:
    write({"script.py": LONG}, tmp_path)
    process = started(tmp_path, *PROVKG, "run", "script.py")
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    done = ended(process)
    assert done == (-number, "", "")
    recorded = recorded_run(home, tmp_path)
    assert recorded.run.status is None
    [execution] = recorded.run.executions
    assert execution.status is Status.INTERRUPTED
    alphas = [
        {setting.name: setting.value for setting in training.settings}["alpha"]
        for training in recorded.of_kind(ActivityKind.TRAINING)
    ]
    assert alphas == [1, 2, 3, 4]


FORKED = """\
import multiprocessing, os
import numpy as np
from sklearn.linear_model import Ridge

X, y = np.eye(5), np.arange(5.0)

def train(alpha):
    Ridge(alpha=alpha).fit(X, y)
    open(f"written_{alpha}.txt", "w").close()
    if alpha == 7:
        os.abort()

if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            pool.map(train, [1, 2])
    crashing = multiprocessing.get_context("fork").Process(target=train, args=(7,))
    crashing.start()
    crashing.join()
    child = os.fork()
    if child == 0:
        train(3)
        raise SystemExit(4)
    os.waitpid(child, 0)
    Ridge(alpha=9).fit(X, y)
"""


def test_what_child_processes_do_is_not_claimed(home: Home, tmp_path: Path) -> None:
    recorded, done = record_script(home, {"script.py": FORKED})
    assert (done.code, done.err) == (0, "")
    [training] = recorded.of_kind(ActivityKind.TRAINING)
    assert {setting.name: setting.value for setting in training.settings}["alpha"] == 9
    assert recorded.files == {}
    assert recorded.run.status is Status.SUCCEEDED
    assert list(runs(home)) == [recorded.run.id]


PACKAGE = {
    "shop/__init__.py": "",
    "shop/__main__.py": "from .trainer import Trainer\n\ntrainer = Trainer('data.csv')\ntrainer.fit()\n",
    "shop/trainer.py": """\
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split


class Trainer:
    def __init__(self, path):
        self.table = pd.read_csv(path).dropna()

    @property
    def X(self):
        raise AssertionError("nothing of the user's is run")

    def fit(self):
        self.parts = dict(zip(("train", "test"), train_test_split(self.table, random_state=1)))
        self.model = Ridge()
        self.model.fit(self.parts["train"][["a"]], self.parts["train"]["b"])
""",
    "data.csv": DATA,
}


def test_what_objects_of_the_users_hold_is_named_by_the_way_to_it(home: Home) -> None:
    recorded, done = record_script(home, PACKAGE, "-m", "shop")
    assert (done.code, done.out, done.err) == (0, "", "")
    code = recorded.run.started.code
    assert code is not None
    assert code.path == str(recorded.folder / "shop" / "__main__.py")
    [training] = recorded.of_kind(ActivityKind.TRAINING)
    assert (training.line, training.file) == (17, str(recorded.folder / "shop" / "trainer.py"))
    named = {name: value for value in recorded.values.values() for name in value.names}
    assert named.keys() >= {"self.table", "self.parts['train']", "self.parts['test']", "self.model"}
    assert named["self.parts['train']"].id in recorded.sources(training.generated[0])
    imported = [file.path for file in recorded.files.values() if file.mode is FileMode.IMPORTED]
    assert sorted(Path(path).name for path in imported) == ["__init__.py", "trainer.py"]


THREADED = """\
import threading
import time
from concurrent.futures import ThreadPoolExecutor
import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score

X, y = np.arange(120.0).reshape(60, 2), np.arange(60) % 2
pd.DataFrame(X).to_csv("other.csv", index=False)
pd.DataFrame(X).to_csv("mine.csv", index=False)
stop = threading.Event()

def busy(number):
    while not stop.is_set():
        table = pd.read_csv("other.csv")
        Ridge(alpha=100 + number).fit(table, y)
        np.random.random()
        time.sleep(0.2)

def fit(alpha):
    return Ridge(alpha=alpha).fit(X, y)

threads = [threading.Thread(target=busy, args=(number,)) for number in range(2)]
for thread in threads:
    thread.start()
for alpha in range(1, 21):
    table = pd.read_csv("mine.csv")
    model = Ridge(alpha=alpha).fit(table, y)
stop.set()
for thread in threads:
    thread.join()
with ThreadPoolExecutor(2) as pool:
    pooled = list(pool.map(fit, [200, 201]))
for backend in ("threading", "loky", "multiprocessing"):
    Parallel(n_jobs=2, backend=backend)(delayed(fit)(alpha) for alpha in (300, 301))
scores = cross_val_score(Ridge(alpha=50), X, y, cv=3, n_jobs=2)
forest = RandomForestClassifier(4, n_jobs=2, random_state=1).fit(X, y)
last = pooled[0].score(X, y)
"""


WORKERS = """\
import asyncio
import multiprocessing
import pandas as pd
from concurrent.futures import ProcessPoolExecutor
from joblib import Parallel, delayed
from sklearn.linear_model import Ridge


def fit(name, alpha=200):
    table = pd.read_csv(name)
    return Ridge(alpha=alpha).fit(table[["a"]], table["b"])


async def main():
    read = await asyncio.gather(*(asyncio.to_thread(pd.read_csv, name) for name in ("one.csv", "two.csv")))
    fitted = await asyncio.gather(asyncio.to_thread(fit, "one.csv", 1), asyncio.to_thread(fit, "two.csv", 2))

    async def later(table, alpha):
        await asyncio.sleep(0)
        return Ridge(alpha=alpha).fit(table[["a"]], table["b"])

    return fitted + await asyncio.gather(later(read[0], 3), later(read[1], 4))


if __name__ == "__main__":
    models = asyncio.run(main())
    first, second = models[:2]
    with multiprocessing.Pool(2) as pool:
        theirs = pool.map(fit, ["one.csv", "two.csv"])
    with ProcessPoolExecutor(2) as executor:
        theirs += executor.map(fit, ["one.csv", "two.csv"])
    theirs += Parallel(n_jobs=2)(delayed(fit)(name) for name in ("one.csv", "two.csv"))
    table = pd.read_csv("three.csv")
    scores = [model.score(table[["a"]], table["b"]) for model in (first, theirs[0])]
"""


def test_coroutines_and_their_threads_are_recorded_in_scripts_and_what_workers_do_is_not(home: Home) -> None:
    data = {f"{name}.csv": DATA.removesuffix(",1\n") for name in ("one", "two", "three")}
    recorded, done = record_script(home, {"script.py": WORKERS, **data})
    assert (done.code, done.err) == (0, "")

    def files(entity: str) -> set[str]:
        return {
            Path(recorded.files[each].path).name for each in recorded.sources(entity) & recorded.files.keys()
        }

    made_from = {
        {setting.name: setting.value for setting in training.settings}["alpha"]: files(training.generated[0])
        for training in recorded.of_kind(ActivityKind.TRAINING)
    }
    assert made_from == {1: {"one.csv"}, 2: {"two.csv"}, 3: {"one.csv"}, 4: {"two.csv"}}
    loadings = recorded.of_kind(ActivityKind.LOADING)
    read = sorted(Path(recorded.files[each.used[0].entity].path).name for each in loadings)
    assert read == ["one.csv", "one.csv", "three.csv", "two.csv", "two.csv"]
    known, unknown = (
        next(use.entity for use in each.used if recorded.values[use.entity].kind is ValueKind.MODEL)
        for each in recorded.of_kind(ActivityKind.EVALUATION)
    )
    assert (files(known), files(unknown)) == ({"one.csv"}, set())
    assert recorded.notices == []


def test_steps_in_threads_are_told_apart_and_those_in_other_processes_not_claimed(home: Home) -> None:
    recorded, done = record_script(home, {"script.py": THREADED})
    assert (done.code, done.err) == (0, "")
    made_from: dict[object, list[set[str]]] = {}
    for training in recorded.of_kind(ActivityKind.TRAINING):
        alpha = {setting.name: setting.value for setting in training.settings}.get("alpha")
        sources = recorded.sources(training.generated[0]) & recorded.files.keys()
        files = {Path(recorded.files[source].path).name for source in sources}
        made_from.setdefault(alpha, []).append(files)
        assert not training.unseeded
    others = made_from.pop(100) + made_from.pop(101)
    assert others == [{"other.csv"}] * len(others)
    mine = {alpha: [{"mine.csv"}] for alpha in range(1, 21)}
    assert made_from == mine | {alpha: [set()] for alpha in (200, 201, 300, 301, None)}
    read = [
        Path(recorded.files[each.used[0].entity].path).name for each in recorded.of_kind(ActivityKind.LOADING)
    ]
    assert read.count("mine.csv") == 20
    assert len(others) <= read.count("other.csv") <= len(others) + 2
    validation, scoring = recorded.of_kind(ActivityKind.EVALUATION)
    assert len(validation.results[0].series) == 3
    assert scoring.function == "sklearn.linear_model.Ridge.score"
    scored = recorded.values[scoring.used[0].entity]
    assert {name for each in recorded.sources(scored.id) for name in recorded.values[each].names} == {
        "X",
        "y",
    }
    assert [each for each in recorded.notices if "further calls" not in each] == []
