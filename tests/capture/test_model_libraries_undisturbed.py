"""What users of model libraries could notice of capture, in errors, lifetimes, pickles and names: nothing."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.capture.conftest import Execute

pytest.importorskip("xgboost")
pytest.importorskip("lightgbm")
pytest.importorskip("optuna")
pytest.importorskip("statsmodels")

CELL = """
import gc, pickle, traceback, warnings, weakref
import lightgbm as lgb, numpy as np, optuna, pandas as pd, statsmodels.api as sm, xgboost as xgb
warnings.simplefilter('ignore')
optuna.logging.set_verbosity(optuna.logging.CRITICAL + 1)
X = pd.DataFrame(np.random.default_rng(0).normal(size=(90, 3)), columns=list('abc'))
y = (X.a > 0).astype(int)
P, Q = {'objective': 'binary:logistic'}, {'objective': 'binary', 'verbose': -1}

class Weird:
    def __bool__(self): raise RuntimeError('bool')
    def __repr__(self): raise RuntimeError('repr')
    def __eq__(self, other): raise RuntimeError('eq')
    def __getattr__(self, name): raise RuntimeError('attr ' + name)
    __hash__ = object.__hash__

class Named(str):
    def __str__(self): raise RuntimeError('str')

W, d = Weird(), xgb.DMatrix(X, y)
wrong = [
    lambda: xgb.train(), lambda: xgb.train({}, W), lambda: xgb.train(W, d, 1),
    lambda: xgb.train({}, d, 1, evals=[(d,)]), lambda: xgb.train({}, d, 1, nonsense=3),
    lambda: xgb.train(P, d, 1, evals=[(d, Named('n'))], verbose_eval=False), lambda: xgb.cv({}, W),
    lambda: xgb.DMatrix(X, W), lambda: xgb.Booster(model_file='none.json'),
    lambda: xgb.XGBClassifier().fit(X, y, eval_set=W),
    lambda: lgb.train(), lambda: lgb.train(Q, lgb.Dataset(X, y), 1, valid_sets=W),
    lambda: lgb.train(Q, lgb.Dataset(X, y), 1, valid_sets=[lgb.Dataset(X, y)], callbacks=[W]),
    lambda: lgb.Dataset(W, W).construct(), lambda: lgb.LGBMClassifier(verbose=-1).fit(X, y, eval_set=W),
    lambda: sm.OLS(W), lambda: sm.OLS(y, X[:3]), lambda: sm.OLS(y, X).fit(cov_type='what'),
    lambda: sm.OLS.from_formula(W, W), lambda: sm.OLS(y, X).fit().predict(W), lambda: sm.load('none.pickle'),
    lambda: optuna.create_study().optimize(), lambda: optuna.create_study().optimize(W, n_trials=1),
    lambda: optuna.create_study().optimize(lambda t: W, n_trials=1),
    lambda: optuna.create_study().optimize(lambda t: 1, n_trials=1, callbacks=W),
    lambda: optuna.create_study().optimize(lambda t: 1, n_trials=1, callbacks=[W]),
    lambda: optuna.create_study().optimize(lambda t: 1, 1, 2, 3, 4, 5, 6, 7, 8),
    lambda: optuna.create_study().tell(99, 1), lambda: optuna.create_study(sampler=W),
]
for rank, call in enumerate(wrong):
    try:
        print(rank, type(call()).__name__)
    except Exception as error:
        where = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        print(rank, type(error).__name__, error.args[:1] if type(error) is RuntimeError else '', where)

held = {}
def work():
    def hold(**values):
        held.update({name: weakref.ref(value) for name, value in values.items()})
    rows, sets = xgb.DMatrix(X, y), lgb.Dataset(X, y)
    booster = xgb.train(P, rows, 2, evals=[(rows, 'a')], verbose_eval=False)
    other = lgb.train(Q, sets, 2, valid_sets=[sets])
    results, study = sm.OLS(y, X).fit(), optuna.create_study()
    def objective(trial): return trial.suggest_float('x', 0, 1)
    study.optimize(objective, n_trials=2)
    study.tell(study.ask(), 1.0)
    booster.predict(rows), other.predict(X), results.predict(X)
    hold(rows=rows, sets=sets, booster=booster, other=other, results=results)
    hold(study=study, objective=objective, sampler=study.sampler)
    print(len(pickle.dumps(results)), len(pickle.dumps(other)), sorted(vars(other)))
work()
gc.collect()
print([name for name, reference in held.items() if reference() is not None])
for function in (xgb.train, lgb.cv, sm.OLS.fit, optuna.Study.optimize):
    print(function.__module__, function.__qualname__, pickle.loads(pickle.dumps(function)) is function)
"""


def test_errors_lifetimes_pickles_and_names_are_as_without_capture(
    execute: Execute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    plain = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    NotebookClient(plain, resources={"metadata": {"path": str(tmp_path)}}).execute()
    expected = "".join(o.text for o in plain.cells[0].outputs if o.get("name") == "stdout")
    seen = execute(CELL)
    assert seen.notices == []
    assert "".join(o.text for o in seen.run.executions[0].outputs if o.kind == "stdout") == expected
    assert expected.count("\n") == 35
    assert expected.splitlines()[30] == "[]"
