"""Threads, tasks, pools and other processes: what is seen is right, what is not seen is not claimed."""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.records import Activity, ActivityKind
from tests.capture.conftest import Execute, Recorded

AT_WORK = "threads: steps at work in other threads at the end are not recorded"
NOT_RECORDED = "threads: steps made in other threads or tasks are not recorded"


def files_of(seen: Recorded, activity: Activity) -> set[str]:
    """The names of the files that what an activity made came from."""
    found = set()
    for made in activity.generated:
        found |= {Path(seen.files[each].path).name for each in seen.sources(made) if each in seen.files}
    return found


def alphas(seen: Recorded) -> list[str]:
    """The strengths of all models that were trained, in order."""
    settings = (
        {setting.name: setting.value for setting in training.settings}
        for training in seen.of_kind(ActivityKind.TRAINING)
    )
    return sorted(str(each.get("alpha")) for each in settings)


IMPORTS = (
    "import asyncio, threading, time\nimport numpy as np, pandas as pd\n"
    "from concurrent.futures import ThreadPoolExecutor, ProcessPoolExecutor\n"
    "from multiprocessing.pool import Pool, ThreadPool\n"
    "from joblib import Parallel, delayed\n"
    "from sklearn.linear_model import Ridge\nfrom sklearn.metrics import mean_squared_error as mse\n"
    "from sklearn.model_selection import GridSearchCV"
)


@pytest.mark.usefixtures("tables")
def test_what_threads_of_a_cell_do_is_the_cells(execute: Execute) -> None:
    seen = execute(
        IMPORTS,
        "with ThreadPoolExecutor(2) as pool:\n"
        "    a, b = pool.map(pd.read_csv, ['a.csv', 'b.csv'])\n"
        "both = pd.concat([a, b])",
        "made = {}\n"
        "def load(name):\n"
        "    table = pd.read_csv(name + '.csv')\n"
        "    made[name] = table[table['one'] > 3].drop(columns='two')\n"
        "threads = [threading.Thread(target=load, args=(name,)) for name in 'ab']\n"
        "for each in threads: each.start()\n"
        "for each in threads: each.join()\n"
        "first, second = made['a'], made['b']",
        "X, y = a[['one', 'two']], a['label']\n"
        "def fit(alpha):\n"
        "    model = Ridge(alpha=alpha).fit(X, y)\n"
        "    return model, mse(y, model.predict(X))\n"
        "with ThreadPoolExecutor(2) as pool:\n"
        "    fitted = list(pool.map(fit, [1, 2]))\n"
        "(one, _), (two, _) = fitted\n"
        "joined = Parallel(n_jobs=2, backend='threading')(delayed(fit)(alpha) for alpha in (3, 4))\n"
        "with ThreadPool(2) as pool: pooled = pool.map(fit, [5, 6])",
        "async def read(name): return await asyncio.to_thread(pd.read_csv, name)\n"
        "c, d = await asyncio.gather(read('a.csv'), read('b.csv'))\n"
        "model = Ridge(alpha=7).fit(d[['one']], d['label'])",
        "class Mean:\n"
        "    def fit(self, X, y): self.mean = y.mean(); return self\n"
        "    def predict(self, X): return np.full(len(X), self.mean)\n"
        "with ThreadPoolExecutor(1) as pool: mean = pool.submit(Mean().fit, X, y).result()",
        "frame = pd.read_csv('a.csv')\n"
        "def change(): frame['new'] = pd.read_csv('b.csv')['one']\n"
        "worker = threading.Thread(target=change); worker.start(); worker.join()\n"
        "after = frame.copy()",
    )
    assert (seen.came_from("a"), seen.came_from("b")) == ({"a.csv"}, {"b.csv"})
    assert seen.came_from("both", evidence="observed") == {"a.csv", "b.csv"}
    assert seen.came_from("first", evidence="observed") == {"a.csv"}
    assert seen.came_from("second", evidence="observed") == {"b.csv"}
    assert (seen.came_from("c"), seen.came_from("d")) == ({"a.csv"}, {"b.csv"})
    assert seen.came_from("after", evidence="observed") == {"a.csv", "b.csv"}
    assert alphas(seen) == ["1", "2", "3", "4", "5", "6", "7", "None"]
    trainings = seen.of_kind(ActivityKind.TRAINING)
    assert [files_of(seen, each) for each in trainings] == [{"a.csv"}] * 6 + [{"b.csv"}, {"a.csv"}]
    assert trainings[-1].generated == (seen.held("mean").id,)
    assert {seen.held("one").id, seen.held("two").id} == {each.generated[0] for each in trainings[:2]}
    measured = seen.of_kind(ActivityKind.EVALUATION)
    assert len(measured) == 6
    models = {used.entity for each in measured for used in each.used} | {
        result.model for each in measured for result in each.results
    }
    assert {each.generated[0] for each in trainings[:6]} <= models
    assert len(seen.of_kind(ActivityKind.LOADING)) == 8
    assert seen.notices == []


@pytest.mark.usefixtures("tables")
def test_what_earlier_cells_and_other_processes_do_is_not_claimed(execute: Execute) -> None:
    seen = execute(
        IMPORTS + "\nX, y = np.arange(120.0).reshape(60, 2), np.arange(60) % 2\n"
        "table = pd.read_csv('a.csv'); kept = table.copy(); pool = ThreadPoolExecutor(1)\n"
        "begun, go, over = threading.Event(), threading.Event(), threading.Event()\n"
        "def fit(alpha): return Ridge(alpha=alpha).fit(X, y)\n"
        "class Slow(list):\n"
        "    def __array__(self, dtype=None, copy=None):\n"
        "        begun.set(); go.wait(20); return np.asarray(list(self))\n"
        "def late():\n"
        "    global model, loaded\n"
        "    model = Ridge(alpha=100).fit(X, Slow(y)); loaded = pd.read_csv('b.csv')\n"
        "    table['more'] = loaded['one']; over.set()\n"
        "first = pool.submit(fit, 1).result()\n"
        "threading.Thread(target=late, daemon=True).start(); begun.wait(20)",
        "go.set(); over.wait(20); mine = Ridge(alpha=2).fit(X, y); second = pool.submit(fit, 101).result()",
        "read = table[['more']]; got = loaded.head()",
        "async def later():\n"
        "    await asyncio.sleep(0.05); global other\n    other = pd.read_csv('b.csv')\n"
        "task = asyncio.create_task(later())",
        "await task; own = await asyncio.to_thread(pd.read_csv, 'a.csv')",
        "def square(alpha): return Ridge(alpha=alpha).fit(X, y)\n"
        "with Pool(2) as workers: models = workers.map(square, [102, 103])\n"
        "there = Parallel(n_jobs=2)(delayed(square)(alpha) for alpha in (104, 105))\n"
        "search = GridSearchCV(Ridge(), {'alpha': [3, 4]}, cv=2, n_jobs=2).fit(X, y)\n"
        "scored = models[0].score(X, y)",
    )
    assert set(alphas(seen)) == {"1", "2"}
    assert seen.came_from("kept") == {"a.csv"}
    one, two, three, four, five, last = seen.run.executions
    assert {state.name for state in two.defines} == {"mine", "second"}
    assert not [each for each in two.activities if each.kind is ActivityKind.LOADING]
    assert {each.name: each.definer for each in three.reads}["loaded"] == 0
    assert (seen.came_from("got"), seen.came_from("read")) == (set(), set())
    assert {state.name for state in five.defines} == {"own"}
    assert seen.came_from("own") == {"a.csv"}
    told = [
        [f"{each.where}: {each.message}" for each in cell.notices] for cell in (one, two, three, four, five)
    ]
    assert told == [[AT_WORK], [NOT_RECORDED], [], [], [NOT_RECORDED]]
    [tuning] = (each.id for each in seen.of_kind(ActivityKind.TUNING))
    assert all(each.parent == tuning for each in last.activities if each.kind is ActivityKind.TRAINING)
    scoring = [each for each in last.activities if each.function.endswith(".score")]
    assert [seen.sources(each.used[0].entity) for each in scoring] == [set()]
