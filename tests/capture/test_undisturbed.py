"""Capture never disturbs: notebooks are run with and without it, and every output must be the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from provkg.capture.notebook import run_notebook
from provkg.config import Home
from provkg.journal import read_run
from provkg.records import ActivityKind, Run
from tests.capture.conftest import Execute

Both = Callable[..., Run]
START = (
    "import pandas as pd, numpy as np, sys, traceback, warnings, weakref\n"
    "from sklearn.linear_model import LogisticRegression, Ridge\n"
    "df = pd.DataFrame({'one': range(120), 'two': [i * 7 % 11 for i in range(120)]})\n"
    "df['label'] = (df.two > 5).astype(int); df['text'] = list('abc') * 40\n"
    "df.to_csv('a.csv', index=False)"
)


@pytest.fixture
def both(home: Home, tmp_path: Path) -> Both:
    """Runs cells without and with capture, compares what they showed, and returns the record."""

    def run_both(*cells: str) -> Run:
        path = tmp_path / "test.ipynb"
        nbformat.write(_notebook(cells), path)
        plain = nbformat.read(path, as_version=4)
        NotebookClient(plain, allow_errors=True, resources={"metadata": {"path": str(tmp_path)}}).execute()
        report = run_notebook(path, home, output=tmp_path / "out.ipynb", allow_errors=True)
        captured = nbformat.read(tmp_path / "out.ipynb", as_version=4)
        for source, before, after in zip(cells, plain.cells, captured.cells, strict=True):
            assert _shown(after) == _shown(before), source
        run = read_run(home, report.run)
        assert run is not None
        return run

    return run_both


def _notebook(cells: tuple[str, ...]) -> nbformat.NotebookNode:
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    notebook: nbformat.NotebookNode = nbformat.v4.new_notebook(cells=code, metadata=metadata)
    return notebook


def _shown(cell: nbformat.NotebookNode) -> list[str]:
    """The outputs of a cell, streams joined, without what differs from one process to the next."""
    streams: dict[str, str] = {}
    shown = []
    for output in cell.outputs:
        if output.output_type == "stream":
            streams[output.name] = streams.get(output.name, "") + output.text
        else:
            shown.append(json.dumps({**output, "execution_count": 0}, sort_keys=True))
    texts = [*sorted(streams.items()), *(("", text) for text in shown)]
    return [re.sub(r"ipykernel_\d+/\d+|0x[0-9a-f]+", "…", f"{name}: {text}") for name, text in texts]


def _notices(run: Run) -> list[str]:
    return [f"{n.where}: {n.message}" for execution in run.executions for n in execution.notices]


def test_tracebacks_and_warnings_read_as_if_there_were_no_hooks(both: Both) -> None:
    run = both(
        START,
        "try:\n    df.apply(lambda row: 1 / 0, axis=1)\nexcept ZeroDivisionError:\n"
        "    traceback.print_exc(file=sys.stdout)",
        "try:\n    LogisticRegression().fit(df[['one']], df.label[:3])\nexcept ValueError as e:\n"
        "    print(''.join(traceback.format_exception(e)))",
        "try:\n    try:\n        df['absent']\n    except KeyError as e:\n        raise ValueError from e\n"
        "except ValueError:\n    print(traceback.format_exc())",
        "class Frozen(Exception):\n    def __setattr__(self, name, value): raise AttributeError\n"
        "def refuse(row): raise Frozen('no')\n"
        "try:\n    df.apply(refuse, axis=1)\nexcept Frozen as e:\n    print(repr(e))",
        "pd.read_csv('absent.csv')",
        "table = pd.DataFrame({'a': [1]})\n"
        "for i in range(120): table[f'c{i}'] = i\ntable = table.copy()\n"
        "for i in range(120): table.insert(0, f'x{i}', i)",
        "warnings.simplefilter('always')\nwith warnings.catch_warnings(record=True) as seen:\n"
        "    pd.to_datetime(['13/02/2020', '13/03/2021'])\n    df.text.str.contains('(a)')\n"
        "    wide = pd.DataFrame(np.zeros((3, 120))).assign(**{f'c{i}': 1 for i in range(120)})\n"
        "    df['one'][0] = 5\n    df.one.fillna(3, inplace=True)\n"
        "print(*((w.category.__name__, w.filename.split('/')[-1], w.lineno) for w in seen), sep='\\n')",
        "with warnings.catch_warnings():\n    warnings.simplefilter('error')\n"
        "    pd.to_datetime(['13/02/2020', '13/03/2021'])",
    )
    assert _notices(run) == []


def test_local_variables_and_lifetimes_are_as_without_capture(both: Both) -> None:
    run = both(
        START,
        "def remember(a, b):\n    held = locals()\n    X = df[['one']]\n"
        "    model = LogisticRegression().fit(X, df.label)\n    late = model.predict(X)\n"
        "    return sorted(held)\nremember(1, 2)",
        "def let_go():\n    table = pd.read_csv('a.csv')\n    gone = weakref.ref(table)\n"
        "    X = table[['one']].copy()\n    LogisticRegression().fit(X, table.label)\n"
        "    del table\n    return gone() is None\nlet_go()",
        "def scaled(C):\n    X = df[['one']].to_numpy() * C\n    return Ridge().fit(X, df.two)\n"
        "m = scaled(3)",
        "class Local:\n    pass\nkept = weakref.ref(Local)\nx = Local()",
        "import gc\ndel x, Local\ngc.collect() > 0, kept() is None",
    )
    assert _notices(run) == []
    assert any(link.operation == "X = …" for execution in run.executions for link in execution.links)


def test_no_code_of_the_users_own_objects_is_run(both: Both) -> None:
    run = both(
        START,
        """log = []
class Spy:
    def __getattribute__(self, name): log.append(name); return object.__getattribute__(self, name)
    def __eq__(self, other): log.append('eq'); raise RuntimeError
    def __hash__(self): log.append('hash'); raise RuntimeError
    def __len__(self): log.append('len'); raise RuntimeError
    def __bool__(self): log.append('bool'); raise RuntimeError
    def __repr__(self): log.append('repr'); return 'spy'
    @property
    def __class__(self): log.append('class'); return int
    @property
    def shape(self): log.append('shape'); raise RuntimeError
spy = Spy(); held = [spy]; by_key = {'k': spy}
objects = pd.Series([spy, spy], dtype=object); array = np.array([spy] * 70); log.clear()""",
        "log",
        "again = spy; other = [spy]; n = len(held); model = Ridge(alpha=1)",
        "log",
        "class Meta(type):\n    def __eq__(cls, other): log.append('meta'); return NotImplemented\n"
        "    __hash__ = None\nclass Odd(metaclass=Meta): pass\nodd = Odd(); number = 5\n"
        "class Nameless:\n    __module__ = 5\nnameless = Nameless()\n"
        "class Text(str):\n    def __getitem__(self, at): log.append('item'); raise RuntimeError\n"
        "class Whole(int):\n    def __repr__(self): log.append('text'); raise RuntimeError\n"
        "text = Text('abc'); whole = Whole(5)",
        "log",
        "class Table(pd.DataFrame):\n    @property\n"
        "    def _constructor(self): log.append('make'); return Table\n"
        "    @property\n    def _constructor_sliced(self): log.append('slice'); return pd.Series\n"
        "table = Table({'a': range(100), 'b': range(100)}); log.clear()",
        "log",
        "class Place:\n    asked = 0\n    def __fspath__(self): Place.asked += 1; return 'a.csv'\n"
        "class Source:\n    def __init__(self): self.file = open('a.csv')\n"
        "    def __getattr__(self, name): log.append(name); return getattr(self.file, name)\n"
        "    def __iter__(self): return iter(self.file)\n    def read(self, *n): return self.file.read(*n)\n"
        "log.clear(); a, b = pd.read_csv(Place()), pd.read_csv(Source())\nPlace.asked, log",
    )
    assert _notices(run) == []
    assert {"odd", "number", "nameless"} <= {state.name for state in run.executions[5].defines}


def test_a_hook_takes_one_frame_of_the_call_stack_and_never_fails_there(execute: Execute) -> None:
    seen = execute(
        "import sys, numpy as np\ndef deep(n, call):\n    return call() if n == 0 else deep(n - 1, call)\n"
        "def most(call):\n    for n in range(sys.getrecursionlimit(), 0, -1):\n        try:\n"
        "            deep(n, call)\n            return n\n        except RecursionError:\n            pass",
        "original = np.random.seed.__wrapped__\n"
        "difference = most(lambda: original(3)) - most(lambda: np.random.seed(3))",
    )
    [difference] = [s for s in seen.run.executions[1].defines if s.name == "difference"]
    assert difference.text == "1"
    assert seen.notices == ["hooks: calls at the recursion limit are not recorded"]


def test_an_estimator_that_breaks_the_rules_of_settings_is_recorded_without_them(execute: Execute) -> None:
    seen = execute(
        "import numpy as np\nfrom sklearn.base import BaseEstimator\n"
        "class Odd(BaseEstimator):\n    def __init__(self, *parts): pass\n"
        "    def fit(self, X): np.random.rand(); return self\n    def predict(self, X): return X",
        "odd = Odd().fit(np.arange(9.).reshape(3, 3))",
    )
    [training] = seen.of_kind(ActivityKind.TRAINING)
    assert (training.implementation, training.settings) == ("__main__.Odd", ())
    assert any("settings of" in notice for notice in seen.notices)


def test_estimators_of_the_notebook_go_to_other_processes_and_back(both: Both) -> None:
    run = both(
        START + "\nimport copy, inspect, pickle, cloudpickle\n"
        "from sklearn.base import BaseEstimator, ClassifierMixin\n"
        "from sklearn.metrics import accuracy_score\nfrom sklearn.model_selection import cross_val_score",
        "class Ones(ClassifierMixin, BaseEstimator):\n"
        "    def fit(self, X, y):\n        self.classes_ = np.unique(y)\n        return self\n"
        "    def predict(self, X): return np.ones(len(X))",
        "cross_val_score(Ones(), df[['one']], df.label, cv=3, n_jobs=2)",
        "data = cloudpickle.dumps(Ones)\ncloudpickle.loads(data)().fit(df, df.label), b'Session' in data",
        "pickle.loads(pickle.dumps(accuracy_score)) is accuracy_score is copy.deepcopy(accuracy_score)",
        "inspect.signature(accuracy_score), inspect.getsource(Ones.fit), inspect.signature(Ones.fit)",
        "help(accuracy_score)",
    )
    assert _notices(run) == []
