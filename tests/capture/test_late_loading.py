"""Capture that begins after the imports: whoever imported a function before, and however, is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.records import ActivityKind
from tests.capture.conftest import Live
from tests.capture.test_network import site  # noqa: F401

IMPORTS = """import functools, inspect, pickle, random, pandas as pd, numpy as np
import sklearn.metrics as m
from pickle import dump as keep
from pandas import read_csv as read
from numpy.random import seed
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score as acc, f1_score, get_scorer, log_loss, make_scorer
from sklearn.metrics import mean_squared_error, precision_score, r2_score, recall_score
from sklearn.model_selection import cross_val_score as cv, train_test_split as split
macro = functools.partial(f1_score, average='macro')
later = functools.partial(np.save, 'x.npy'); store = {'save': np.save}; stores = [np.save]
table = {'recall': recall_score}
pair = (precision_score,)
chosen = {log_loss: 1}
def judge(y, p, metric=mean_squared_error): return metric(y, p)
def closed(metric):
    return lambda y, p: metric(y, p)
r2 = closed(r2_score)
keeping = closed(keep)
signatures = [str(inspect.signature(f)) for f in (acc, cv, split, read, np.load)]
sources = [inspect.getsource(f) for f in (acc, cv, split, read, np.load)]
pd.DataFrame({'a': range(60), 'y': [0, 1] * 30}).to_csv('a.csv', index=False)"""


def test_functions_are_seen_however_they_were_imported_before(live: Live) -> None:
    seen = live(
        IMPORTS,
        "%load_ext provkg.capture.ipython",
        "df = read('a.csv'); seed(3)\n"
        "X_train, X_test, y_train, y_test = split(df[['a']], df.y, random_state=0)\n"
        "model = LogisticRegression().fit(X_train, y_train)\np = model.predict(X_test)",
        "acc(y_test, p)\nm.balanced_accuracy_score(y_test, p)\nmacro(y_test, p)\ntable['recall'](y_test, p)\n"
        "pair[0](y_test, p)\njudge(y_test, p)\nr2(y_test, p)\n[f(y_test, p) for f in chosen]",
        "cv(model, df[['a']], df.y, cv=3)",
        "with open('m.pickle', 'wb') as file: keep(model, file)\n"
        "with open('n.pickle', 'wb') as file: keeping(model, file)\n"
        "later(X_test); store['save']('y.npy', X_test); stores[0]('z.npy', X_test)",
        "assert signatures == [str(inspect.signature(f)) for f in (acc, cv, split, read, np.load)]\n"
        "assert sources == [inspect.getsource(f) for f in (acc, cv, split, read, np.load)]\n"
        "assert acc is m.accuracy_score and pair[0] is precision_score\n"
        "assert pickle.loads(pickle.dumps(acc)) is acc\n"
        "assert read is pd.read_csv and keep is pickle.dump and acc.__name__ == 'accuracy_score'\n"
        "assert store['save'] is np.save",
    )
    assert seen.notices == []
    names = ["accuracy", "balanced_accuracy", "f1_macro", "recall", "precision", "mean_squared_error", "r2"]
    assert [result.metric for result in seen.results] == [*names, "log_loss", "accuracy"]
    assert {result.model for result in seen.results} == {seen.held("model").id}
    assert seen.came_from("model", evidence="observed") == {"a.csv"}
    [validation] = [activity for activity in seen.activities if activity.fits]
    assert validation.fits == len(seen.inside(validation)) == 3
    written = {Path(file.path).name for file in seen.files.values() if file.mode == "written"}
    assert written == {"m.pickle", "n.pickle", "x.npy", "y.npy", "z.npy"}
    [seeding] = [seed for execution in seen.run.executions for seed in execution.seeds]
    assert (seeding.generator, seeding.value) == ("numpy.random", 3)


def test_classes_and_models_made_before_are_seen_at_work(live: Live) -> None:
    seen = live(
        "import numpy as np\nfrom sklearn.base import BaseEstimator, ClassifierMixin\n"
        "from sklearn.linear_model import Ridge\nfrom sklearn.model_selection import KFold\n"
        "class Early(ClassifierMixin, BaseEstimator):\n"
        "    def fit(self, X, y):\n        self.classes_ = np.unique(y)\n        return self\n"
        "    def predict(self, X):\n        return np.zeros(len(X), int)\n"
        "class Duck:\n    def fit(self, X, y):\n        return self\n"
        "    def predict(self, X):\n        return X[:, 0] * 2\n"
        "X = np.random.default_rng(0).normal(size=(40, 2)); y = (X[:, 0] > 0).astype(int)\n"
        "model, splitter = Ridge(), KFold(2)",
        "%load_ext provkg.capture.ipython",
        "model.fit(X, y); early = Early().fit(X, y); duck = Duck().fit(X, y)\n"
        "early.score(X, y)\np = duck.predict(X)\n[len(a) for a, b in splitter.split(X)]",
    )
    assert seen.notices == []
    trained = [a.implementation.rpartition(".")[2] for a in seen.of_kind(ActivityKind.TRAINING)]
    assert trained == ["Ridge", "Early", "Duck"]
    assert [r.model for r in seen.results] == [seen.held("early").id]
    assert seen.held("duck").id in seen.sources(seen.held("p").id)
    assert len(seen.of_kind(ActivityKind.SPLITTING)) == 1


def test_files_are_seen_through_libraries_that_were_imported_before(live: Live, site: str) -> None:  # noqa: F811
    for name in ("polars", "duckdb", "h5py", "pyarrow", "requests"):
        pytest.importorskip(name)
    seen = live(
        "import io, json, sqlite3, duckdb, h5py, numpy as np, pandas as pd, polars as pl, requests\n"
        "import pyarrow.parquet as pq\nfrom PIL import Image\nfrom duckdb import sql\n"
        "from polars import read_csv as read, scan_parquet as scan\nfrom json import load as parse\n"
        "from pyarrow.parquet import read_table\n"
        "pd.DataFrame({'a': range(60), 'b': [i * 7 % 9 for i in range(60)]}).to_csv('a.csv', index=False)\n"
        "pd.read_csv('a.csv').to_parquet('a.parquet')\n"
        "pd.read_csv('a.csv').to_json('a.json', orient='records')\n"
        "con = sqlite3.connect('a.db'); pd.read_csv('a.csv').to_sql('t', con); con.commit()\n"
        "with h5py.File('a.h5', 'w') as file: file['x'] = np.arange(9.)\n"
        "Image.new('L', (9, 9)).save('a.png')",
        "%load_ext provkg.capture.ipython",
        "one = read('a.csv').filter(pl.col('a') > 3); lazy = scan('a.parquet').collect()\n"
        "few = pd.read_csv('a.csv').head(9); rows = sql('select * from few').df()\n"
        "table = read_table('a.parquet')\n"
        "with open('a.json') as file: listed = pd.DataFrame(parse(file))\n"
        "with h5py.File('a.h5') as file: x = file['x'][:]\n"
        "image = Image.open('a.png'); mapped = np.memmap('a.csv', mode='r')\n"
        f"answer = requests.get('http://{site}/t.csv'); fetched = pd.read_csv(io.BytesIO(answer.content))\n"
        "new = sqlite3.connect('a.db'); stored = pd.read_sql('select * from t', new)",
    )
    assert seen.notices == []
    expected = {
        "one": "a.csv",
        "lazy": "a.parquet",
        "rows": "a.csv",
        "table": "a.parquet",
        "listed": "a.json",
    }
    expected |= {"x": "a.h5", "image": "a.png", "mapped": "a.csv", "stored": "a.db"}
    for name, file in expected.items():
        assert seen.came_from(name, evidence="observed") == {file}, name
    fetched = seen.sources(seen.held("fetched").id)
    assert {seen.files[source].url for source in fetched if source in seen.files} == {f"http://{site}/t.csv"}
