"""A live session: cells executed in any order, again, edited and deleted, in a kernel that records itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from provkg.config import Home
from provkg.journal import read_run, runs
from provkg.records import ActivityKind, Run, Status
from tests.capture.conftest import Execute, Recorded

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
EXTENSION = "--IPKernelApp.extra_extensions=provkg.capture.ipython"


@pytest.fixture
def session(home: Home, tmp_path: Path) -> Run:
    """The session that left ``hidden_state.ipynb`` behind, recorded."""
    folder = tmp_path / "examples"
    shutil.copytree(EXAMPLES, folder, ignore=shutil.ignore_patterns("output", ".provkg"))
    script = str(folder / "hidden_state_session.py")
    command = [sys.executable, script, f"--argument={EXTENSION}", "--env", f"PROVKG_HOME={home.path}"]
    subprocess.run(command, check=True, cwd=folder, capture_output=True, timeout=120)
    [identifier] = runs(home)
    run = read_run(home, identifier)
    assert run is not None
    return run


def test_a_session_is_recorded_as_it_happened(session: Run, tmp_path: Path) -> None:
    assert session.status is Status.SUCCEEDED
    assert session.started.code is not None
    assert Path(session.started.code.path).name == "hidden_state.ipynb"
    assert session.environment is not None
    assert session.environment.kernel.startswith("ipykernel")
    assert len(session.executions) == 20
    assert [execution.execution_count for execution in session.executions] == list(range(1, 21))
    cells = [execution.cell_id for execution in session.executions]
    assert cells.count("scale") == 2
    assert len(set(cells)) == 13
    assert sum(execution.status is Status.FAILED for execution in session.executions) == 1
    assert session.document is not None
    gone = set(cells) - {cell.id for cell in session.document.cells}
    assert gone == {"fit-scaler", "sure"}
    scaled = [execution for execution in session.executions if execution.cell_id == "scale"]
    seen = Recorded(session, tmp_path)
    states = [state.value for execution in scaled for state in execution.defines if state.name == "X"]
    assert [seen.values[state].revision_of for state in states][1] != ""
    # The model that gave the last score was trained on data that was scaled twice.
    training = seen.of_kind(ActivityKind.TRAINING)[-1]
    assert set(states) <= seen.sources(training.generated[0])


def test_nothing_of_the_users_is_kept_alive(execute: Execute) -> None:
    seen = execute(
        "import gc, weakref, numpy as np, pandas as pd\nfrom sklearn.linear_model import Ridge",
        "df = pd.DataFrame({'a': range(100)}); X = df.to_numpy(float); model = Ridge().fit(X, X[:, 0])\n"
        "p = model.predict(X); part = df[df.a > 3]\n"
        "refs = [weakref.ref(thing) for thing in (df, X, model, p, part)]",
        "del df, X, model, p, part\ngc.collect()\nprint([ref() is None for ref in refs])",
        "from sklearn.metrics import accuracy_score, classification_report\n"
        "from sklearn.model_selection import GridSearchCV, cross_validate, train_test_split\n"
        "from sklearn.linear_model import LogisticRegression\nfrom sklearn.pipeline import make_pipeline\n"
        "from sklearn.preprocessing import StandardScaler\nimport joblib\n"
        "df = pd.DataFrame({'a': range(100), 'y': [0, 1] * 50}); df.to_csv('t.csv'); df['b'] = df.a * 2\n"
        "read = pd.read_csv('t.csv'); both = df.merge(read, on='a'); kept = {'tables': [read, both]}\n"
        "train, test, y, y_test = train_test_split(df[['a', 'b']], df.y, random_state=0)\n"
        "pipe = make_pipeline(StandardScaler(), LogisticRegression()).fit(train, y)\n"
        "search = GridSearchCV(pipe, {'logisticregression__C': [1, 2]}, cv=2).fit(train, y)\n"
        "folds = cross_validate(pipe, train, y, cv=2, return_estimator=True)['estimator']\n"
        "pred = search.predict(test); as_list = [pred.tolist()]; accuracy_score(y_test, as_list[0])\n"
        "report = classification_report(y_test, pred); joblib.dump(pipe, 'm.joblib')\n"
        "loaded = joblib.load('m.joblib')",
        "class Broken(LogisticRegression):\n    def fit(self, X, y):\n        raise ValueError\n"
        "broken = Broken()\ntry:\n    broken.fit(train, y)\nexcept ValueError:\n    pass",
        "things = [df, read, both, train, test, y, y_test, pipe, *pipe, search, search.best_estimator_]\n"
        "refs = [weakref.ref(thing) for thing in (*things, *folds, pred, loaded, broken)]",
        "del things, df, read, both, kept, train, test, y, y_test, pipe, search, folds, pred, as_list\n"
        "del loaded, broken, Broken\n_ = gc.collect()\n"
        "print([ref() for ref in refs if ref() is not None], len(refs))",
    )
    [first] = seen.run.executions[2].outputs
    assert first.text == "[True, True, True, True, True]\n"
    [output] = seen.run.executions[-1].outputs
    assert output.text == "[] 17\n"


def test_a_forked_child_writes_nothing_into_the_run(execute: Execute) -> None:
    seen = execute(
        "import os, multiprocessing\nfrom multiprocessing import get_context",
        "def work(n):\n    from sklearn.linear_model import Ridge\n"
        "    Ridge().fit([[1], [2]], [1, 2])\n    return n\n"
        "with get_context('fork').Pool(2) as pool:\n    print(pool.map(work, [1, 2]))",
        "if os.fork() == 0:\n    os._exit(0)\nos.wait()[1]",
    )
    assert len(seen.run.executions) == 3
    assert all(execution.ended_at is not None for execution in seen.run.executions)
    assert seen.activities == []
