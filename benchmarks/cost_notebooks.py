"""The six notebooks whose cost is measured: two of the examples, and four that each press on one thing."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd

__all__ = ["NOTEBOOKS", "write_notebook"]

_CUT = "\n# %%\n"
_EXAMPLES = Path(__file__).parent.parent / "examples"

_LARGE = """\
import numpy as np
import pandas as pd
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
# %%
trips = pd.read_csv('large.csv')
trips.head()
# %%
trips.info()
# %%
trips = trips.dropna()
trips['ratio'] = trips['x0'] / (trips['x1'].abs() + 1)
# %%
trips['when'] = pd.to_datetime('2026-01-01') + pd.to_timedelta(np.arange(len(trips)), unit='min')
trips['hour'] = trips['when'].dt.hour
# %%
trips.groupby(['group', 'hour'])[['x0', 'x1', 'ratio']].agg(['mean', 'std']).head()
# %%
by_group = trips.groupby('group', as_index=False)['x4'].mean().rename(columns={'x4': 'mean_x4'})
trips = trips.merge(by_group, on='group')
# %%
X = pd.get_dummies(trips.drop(columns=['label', 'when']), columns=['group'])
y = trips['label']
# %%
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
# %%
scaler = StandardScaler().fit(X_train)
model = SGDClassifier(loss='log_loss', random_state=0)
model.fit(scaler.transform(X_train), y_train)
# %%
roc_auc_score(y_test, model.predict_proba(scaler.transform(X_test))[:, 1])
# %%
trips.to_csv('cleaned.csv', index=False)
"""
_TRAINING = """\
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GridSearchCV, cross_validate, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
# %%
table = pd.read_csv('small.csv').dropna()
X = pd.get_dummies(table.drop(columns='label'))
y = table.label
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)
# %%
candidates = {
    'plain': make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
    'forest': RandomForestClassifier(150, random_state=0),
    'boosted': GradientBoostingClassifier(n_estimators=60, random_state=0),
}
# %%
for name, model in candidates.items():
    model.fit(X_train, y_train)
    predicted = model.predict(X_test)
    print(name, accuracy_score(y_test, predicted), f1_score(y_test, predicted))
# %%
scores = cross_validate(candidates['forest'], X_train, y_train, cv=4, scoring=['accuracy', 'roc_auc'])
pd.DataFrame(scores).mean()
# %%
search = GridSearchCV(RandomForestClassifier(40, random_state=0),
    {'max_depth': [3, 6, 9], 'min_samples_leaf': [1, 5]}, cv=3)
search.fit(X_train, y_train)
# %%
search.best_params_, search.score(X_test, y_test)
"""
_PLOTTING = """\
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
# %%
table = pd.read_csv('small.csv').dropna()
# %%
table.groupby('group')['x3'].mean().plot.bar()
plt.show()
# %%
table[['x0', 'x1', 'x2']].plot(subplots=True)
plt.show()
# %%
plt.imshow(np.corrcoef(table.drop(columns='group').T.to_numpy(dtype=float)))
plt.colorbar()
plt.show()
"""
_FUNCTIONS = """\
import numpy as np
import pandas as pd
from dataclasses import dataclass
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import KFold
# %%
def load(path):
    table = pd.read_csv(path)
    return clean(table)


def clean(table):
    table = table.dropna().copy()
    for name in [c for c in table if c[0] == 'x']:
        table[name] = table[name].clip(-3, 3)
    return table


def features(table):
    table = table.assign(total=lambda t: t.x0 + t.x1, spread=lambda t: t.x2 - t.x3)
    return pd.get_dummies(table.drop(columns=['x5', 'label']))
# %%
@dataclass
class Fold:
    number: int
    model: object
    error: float


def evaluate(X, y, folds=4):
    found = []
    for number, (train, test) in enumerate(KFold(folds, shuffle=True, random_state=0).split(X)):
        model = RandomForestRegressor(20, random_state=number).fit(X.iloc[train], y.iloc[train])
        error = mean_absolute_error(y.iloc[test], model.predict(X.iloc[test]))
        found.append(Fold(number, model, error))
    return found
# %%
table = load('small.csv')
X, y = features(table), table['x5']
# %%
results = evaluate(X, y)
pd.Series([fold.error for fold in results]).describe()
# %%
def summarise(table, by):
    return {key: part.mean(numeric_only=True).round(2).to_dict()
            for key, part in table.groupby(by)}

summarise(table, 'group')['north']
# %%
def bootstrap(values, times=200):
    rng = np.random.default_rng(0)
    means = [values.sample(frac=1, replace=True, random_state=rng).mean() for _ in range(times)]
    return np.percentile(means, [2.5, 97.5])

bootstrap(table['x7'])
"""


def _plots() -> tuple[str, ...]:
    imports, load, *others = _PLOTTING.split(_CUT)
    drawn = (
        f"fig, axes = plt.subplots(1, 2, figsize=(9, 3))\naxes[0].hist(table['x{i}'], bins=40)\n"
        f"axes[1].scatter(table['x{i}'], table['x{i + 1}'], c=table['label'], s=4)\nplt.show()"
        for i in range(10)
    )
    return imports, load, *drawn, *others


def _tiny() -> tuple[str, ...]:
    cells = ["import pandas as pd\ntable = pd.read_csv('small.csv').dropna()\ntotal = 0"]
    for i in range(75):
        cells += [
            f"a{i} = {i} * 2",
            f"total += a{i}\ntotal",
            f"part{i} = table[table.x{i % 20} > {i % 3}]\nlen(part{i})",
            f"print('after', {i}, total)",
        ]
    return tuple(cells)


NOTEBOOKS: dict[str, tuple[str, ...] | str] = {
    "small": "penguins.ipynb",
    "story": "bikes.ipynb",
    "large data": tuple(_LARGE.split(_CUT)),
    "tiny cells": _tiny(),
    "training": tuple(_TRAINING.split(_CUT)),
    "plotting": _plots(),
    "functions": tuple(_FUNCTIONS.split(_CUT)),
}
"""By name, the cells, or the example that it is."""


def _make_table(path: Path, rows: int) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(rows, 20)), columns=[f"x{i}" for i in range(20)])
    table["group"] = rng.choice(["north", "south", "east", "west"], rows)
    table["label"] = ((table.x0 + table.x3 - table.x5 + rng.normal(size=rows)) > 0).astype(int)
    table.loc[rng.choice(rows, rows // 50, replace=False), "x7"] = np.nan
    table.to_csv(path, index=False)


def write_notebook(name: str, folder: Path) -> Path:
    """Write one of the notebooks with the data it reads."""
    shutil.copytree(_EXAMPLES / "data", folder / "data", dirs_exist_ok=True)
    _make_table(folder / "small.csv", 5_000)
    if name == "large data":
        _make_table(folder / "large.csv", 400_000)
    cells = NOTEBOOKS[name]
    path = folder / "notebook.ipynb"
    if isinstance(cells, str):
        shutil.copyfile(_EXAMPLES / cells, path)
        return path
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, path)
    return path
