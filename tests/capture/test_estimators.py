"""Models: every estimator of scikit-learn, those of users, and what has the methods of one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from provkg.records import ActivityKind, Role, ValueKind
from tests.capture.conftest import Execute

EVERY_ESTIMATOR = Path(__file__).with_name("every_estimator.py").read_text(encoding="utf-8")
IN_VAIN = {"SVC", "SVR", "NuSVC", "NuSVR", "OneClassSVM", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV"}
IN_VAIN |= {"MultiTaskLasso", "MultiTaskLassoCV", "MultiTaskElasticNet", "MultiTaskElasticNetCV"}
IN_VAIN |= {"GraphicalLasso", "GraphicalLassoCV"}
IN_VAIN |= {"HistGradientBoostingClassifier", "HistGradientBoostingRegressor"}
"""These draw a number for a solver that then needs none."""
DELEGATING = {"FrozenEstimator": "LogisticRegression"}
TRANSFORMERS = {"PCA", "StandardScaler", "ColumnTransformer", "FeatureUnion", "TSNE", "BernoulliRBM"}
MODELS = {"KMeans", "EmpiricalCovariance", "NearestNeighbors", "GridSearchCV", "Pipeline", "DBSCAN"}
MODELS |= {"LinearDiscriminantAnalysis", "KernelDensity"}


def test_every_estimator_is_told_once_with_all_there_is_to_a_fit(execute: Execute, tmp_path: Path) -> None:
    seen = execute(EVERY_ESTIMATOR, "import json\njson.dump(done, open('done.json', 'w'))")
    done = json.loads((tmp_path / "done.json").read_text())
    assert [each for each in done if each["method"] == "fit" and each["ended"] != "succeeded"] == []
    assert len({each["name"] for each in done}) >= 190
    assert all("steps inside beyond" in notice or "folds" in notice for notice in seen.notices), seen.notices
    told = [activity for activity in seen.activities if not activity.parent][1:]  # a model among the settings
    assert len(told) == len(done)
    kinds = {}
    fits: Counter[str] = Counter()
    for each, activity in zip(done, told, strict=True):
        name = DELEGATING.get(each["name"], each["name"]) if each["method"] != "fit" else each["name"]
        assert activity.function.endswith(f".{name}.{each['method']}"), each
        assert activity.status == each["ended"], each
        assert activity.duration, each
        used = {use.role: seen.values[use.entity] for use in activity.used}
        assert activity.unseeded == (each["drew"] and each["name"] not in IN_VAIN), each
        if each["given"][0]:
            assert each["given"][0] in used[Role.DATA].names, each
        if "fit" not in each["method"]:
            assert used[Role.MODEL].type.endswith(name), each
            continue
        fits[each["name"]] += each["ended"] == "succeeded"
        if len(each["given"]) > 1 and each["given"][1]:
            assert each["given"][1] in used[Role.TARGET].names, each
        if each["ended"] == "succeeded":
            made = seen.values[activity.generated[0]]
            assert (made.type, made.version) == (activity.implementation, fits[each["name"]]), each
            assert used[Role.DATA].id in seen.sources(made.id) if Role.DATA in used else True, each
            kinds[each["name"]] = made.kind
        if "settings" in each:
            assert [setting.name for setting in activity.settings][: len(each["settings"])] == each[
                "settings"
            ]
    assert {kinds[name] for name in TRANSFORMERS} == {ValueKind.TRANSFORMER}
    assert {kinds[name] for name in MODELS} == {ValueKind.MODEL}


START = """import numpy as np, pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin, clone
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
rng = np.random.default_rng(0)
X = rng.normal(size=(80, 3)); y = (X[:, 0] > 0).astype(int)"""


def test_settings_are_those_in_force_when_the_model_is_fitted(execute: Execute) -> None:
    seen = execute(
        START,
        "model = RandomForestClassifier(n_estimators=3)\nmodel.set_params(max_depth=2)\n"
        "model.min_samples_leaf = 5\n"
        "model.fit(X, y)",
        "model.n_estimators = 6; model.warm_start = True; model.fit(X, y)",
        "copied = clone(model).fit(X[:40], y[:40])",
        "sgd = SGDClassifier(random_state=np.random.RandomState(3))\n"
        "for part in (slice(0, 40), slice(40, 80)):\n    sgd.partial_fit(X[part], y[part], classes=[0, 1])",
        "halves = [(np.arange(40), np.arange(40, 80))]\n"
        "wide = GridSearchCV(Ridge(), {'alpha': list(range(1, 300))}, cv=halves).fit(X, y)",
    )
    first, second, third, fourth, fifth = seen.of_kind(ActivityKind.TRAINING)
    chosen = {s.name: s.value for s in first.settings if s.explicit}
    assert chosen == {"n_estimators": 3, "max_depth": 2, "min_samples_leaf": 5}
    assert len(first.settings) >= 18
    assert {s.name: s.value for s in second.settings}["n_estimators"] == 6
    assert seen.values[second.generated[0]].revision_of == first.generated[0]
    assert seen.values[third.generated[0]].object != seen.values[first.generated[0]].object
    assert [a.generated[0].rpartition(".")[2] for a in (fourth, fifth)] == ["1", "2"]
    assert {s.name: s.value for s in fourth.settings}["random_state"] == "RandomState(MT19937)"
    assert not fourth.unseeded
    [tuning] = seen.of_kind(ActivityKind.TUNING)
    assert all(len(str(setting.value)) <= 500 for setting in tuning.settings)


def test_estimators_of_users_are_seen_with_what_they_fit_inside(execute: Execute, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "class Mean:\n    def __init__(self, power=1):\n        self.power = power\n"
        "    def fit(self, X, y):\n        self.value_ = (y ** self.power).mean()\n        return self\n"
        "    def predict(self, X):\n        return X[:, 0] * 0 + self.value_\n"
    )
    seen = execute(
        START,
        "class Wrapped(ClassifierMixin, BaseEstimator):\n"
        "    def __init__(self, C=1.0):\n        self.C = C\n"
        "    def fit(self, X, y):\n        self.scaler_ = StandardScaler().fit(X)\n"
        "        self.inner_ = LogisticRegression(C=self.C).fit(self.scaler_.transform(X), y)\n"
        "        self.classes_ = self.inner_.classes_\n        return self\n"
        "    def predict(self, X):\n        return self.inner_.predict(self.scaler_.transform(X))\n"
        "wrapped = Wrapped(C=3).fit(X, y)\np = wrapped.predict(X)\n"
        "wrapped.score(X, y)\n"
        "scores = cross_val_score(Wrapped(), X, y, cv=2)",
        "class Duck:\n    def __init__(self, depth, seed=None):\n"
        "        self.depth, self.secret = depth, seed\n"
        "    def fit(self, X, y):\n"
        "        self.model = RandomForestClassifier(3, max_depth=self.depth, random_state=0)\n"
        "        self.model.fit(X, y)\n        self.trained_on = accuracy(y, self.predict(X))\n"
        "        return self\n"
        "    def predict(self, X):\n        return self.model.predict(X)\n"
        "    def fit_predict(self, X, y):\n        return self.fit(X, y).predict(X)\n"
        "from sklearn.metrics import accuracy_score as accuracy\n"
        "duck = Duck(2, seed=5).fit(X, y)\nq = duck.predict(X)\naccuracy(y, q)",
        "from mine import Mean",
        "mean = Mean(2).fit(X, y); r = mean.predict(X)",
        "import pickle\nagain = pickle.loads(pickle.dumps(duck))\n"
        "Duck.fit.__name__, Duck.__name__, again.depth",
        "class Plot:\n    def fit(self, width): self.width = width\nPlot().fit(3)",
    )
    assert seen.notices == []
    wrapped, duck, inner, mean = seen.of_kind(ActivityKind.TRAINING)
    assert [part.implementation.rpartition(".")[2] for part in seen.inside(wrapped)] == [
        "StandardScaler",
        "LogisticRegression",
    ]
    assert {s.name: s.value for s in wrapped.settings} == {"C": 3}
    assert [r.metric for r in seen.results][:2] == ["accuracy", "accuracy"]
    assert duck.implementation == "__main__.Duck"
    assert (duck.evidence, inner.evidence) == ("declared", "observed")
    assert {s.name: (s.value, s.explicit) for s in duck.settings} == {"depth": (2, None)}
    assert seen.held("X").id in seen.sources(seen.held("duck").id)
    assert seen.held("duck").kind is ValueKind.MODEL
    assert mean.implementation == "mine.Mean"
    assert {s.name: s.value for s in mean.settings} == {"power": 2}
    assert seen.held("r").kind is ValueKind.PREDICTION
    assert seen.held("mean").id in seen.sources(seen.held("r").id)
    assert [o.text for o in seen.run.executions[5].outputs] == ["('fit', 'Duck', 2)"]
