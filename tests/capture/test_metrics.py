"""Results: every metric of scikit-learn, however it is called, with model, data and part of a split."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provkg.records import ActivityKind, SplitRole
from tests.capture.conftest import Execute

EVERY_METRIC = Path(__file__).with_name("every_metric.py").read_text(encoding="utf-8")
START = """import functools, numpy as np, pandas as pd
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn import metrics
X, y = load_iris(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = RandomForestClassifier(5, random_state=0).fit(X_train, y_train)
p = model.predict(X_test)
ridge = Ridge().fit(X_train, y_train); amounts = ridge.predict(X_test)"""


def test_every_metric_is_told_once_with_model_data_and_number(execute: Execute, tmp_path: Path) -> None:
    seen = execute(EVERY_METRIC, "import json\njson.dump(done, open('done.json', 'w'))")
    assert seen.notices == []
    done = json.loads((tmp_path / "done.json").read_text())
    assert len(done) >= 60
    told = {
        name: [a for a in seen.activities if a.function == f"sklearn.metrics.{name}"]
        for name in (each["name"] for each in done)
    }
    for each in done:
        activity = told[each["name"]][-1]
        assert len(told[each["name"]]) == 1 or each["name"] in ("accuracy_score", "roc_curve"), each
        model, data = seen.held(each["model"]).id, (seen.held("X_test").id,)
        assert activity.results, each
        for result in activity.results:
            assert (result.model, result.data, result.role) == (model, data, SplitRole.TEST), each
        if each["number"] is not None:
            [result] = activity.results
            assert result.value == pytest.approx(each["number"]), each
    curve = next(a for a in seen.activities if a.function == "sklearn.metrics.roc_curve")
    assert len(curve.generated) == 3
    assert seen.held("classifier").id in seen.sources(curve.generated[0])
    assert len(json.loads(curve.results[0].text)) == 3


def test_reports_tell_the_numbers_of_each_class_and_matrices_their_counts(execute: Execute) -> None:
    seen = execute(
        START,
        "names = ['the first', 'second', 'accuracy']\n"
        "print(metrics.classification_report(y_test, p, target_names=names, digits=4))",
        "table = metrics.classification_report(y_test, p, output_dict=True)\n"
        "exact = metrics.f1_score(y_test, p, average='macro')",
        "matrix = metrics.confusion_matrix(y_test, p); counts = str(matrix.tolist())",
        "parts = metrics.precision_recall_fscore_support(y_test, p, average='weighted')\n"
        "classes = metrics.recall_score(y_test, p, average=None)",
    )
    assert seen.notices == []
    printed, exact, f1, matrix, parts, classes = seen.of_kind(ActivityKind.EVALUATION)
    assert {r.model for a in (printed, exact, matrix, parts) for r in a.results} == {seen.held("model").id}
    by_class = {(r.metric, r.label): r.value for r in printed.results}
    assert {label for _, label in by_class} == {"", "the first", "second", "accuracy"}
    assert {metric for metric, label in by_class if label == "second"} == {
        "precision",
        "recall",
        "f1",
        "support",
    }
    for result in exact.results:
        label = {"0": "the first", "1": "second", "2": "accuracy"}.get(result.label, "")
        assert by_class[result.metric, label] == pytest.approx(result.value, abs=1e-4)
    assert by_class["f1_macro", ""] == pytest.approx(f1.results[0].value, abs=1e-4)
    assert ("accuracy", "") in by_class
    [counts] = [state.text for state in seen.run.executions[3].defines if state.name == "counts"]
    assert matrix.results[0].text == counts
    assert [r.metric for r in parts.results] == ["precision_weighted", "recall_weighted", "fscore_weighted"]
    assert (classes.results[0].value, len(classes.results[0].series)) == (None, 3)


def test_scorers_and_displays_are_told_with_their_metric(execute: Execute) -> None:
    seen = execute(
        START,
        "metrics.get_scorer('neg_mean_squared_error')(ridge, X_test, y_test)\n"
        "metrics.make_scorer(metrics.f1_score, average='macro')(model, X_test, y_test)\n"
        "metrics.check_scoring(model)(model, X_test, y_test)\n"
        "metrics.check_scoring(model, scoring=['accuracy', 'recall_macro'])(model, X_test, y_test)",
        "metrics.ConfusionMatrixDisplay.from_estimator(model, X_test, y_test)\n"
        "metrics.ConfusionMatrixDisplay.from_predictions(y_test, p)",
        "two = LogisticRegression(max_iter=500).fit(X_train, y_train == 1)\n"
        "metrics.RocCurveDisplay.from_estimator(two, X_test, y_test == 1)\n"
        "metrics.PrecisionRecallDisplay.from_predictions(y_test == 1, two.predict_proba(X_test)[:, 1])",
        "from sklearn.model_selection import LearningCurveDisplay\n"
        "LearningCurveDisplay.from_estimator(model, X_train, y_train, cv=3, train_sizes=[0.5, 1.0])",
    )
    assert seen.notices == []
    evaluations = seen.of_kind(ActivityKind.EVALUATION)
    assert [[r.metric for r in a.results] for a in evaluations] == [
        ["neg_mean_squared_error"],
        ["f1_macro"],
        ["accuracy"],
        ["accuracy", "recall_macro"],
        ["confusion_matrix"],
        ["confusion_matrix"],
        ["roc_auc"],
        ["average_precision"],
        ["accuracy", "accuracy"],
    ]
    models = [seen.held(name).id for name in ["ridge", *["model"] * 5, "two", "two"]]
    for activity, model in zip(evaluations, models, strict=False):
        for result in activity.results:
            assert (result.model, result.role) == (model, SplitRole.TEST), activity.function
    assert evaluations[4].results[0].text == evaluations[5].results[0].text
    assert [r.role for r in evaluations[-1].results] == [SplitRole.TRAINING, SplitRole.VALIDATION]
    drawn = {link.target for link in seen.links if link.target.startswith("o")}
    images = {o.id for e in seen.run.executions for o in e.outputs if len(o.contents) > 1}
    assert drawn == images
    assert len(images) == 5


def test_metrics_are_seen_by_whatever_name_and_way_they_are_called(execute: Execute) -> None:
    seen = execute(
        START,
        "from sklearn.metrics import accuracy_score as acc\n"
        "macro = functools.partial(metrics.f1_score, average='macro')\n"
        "table = {'recall': functools.partial(metrics.recall_score, average='macro'), 'acc': acc}\n"
        "def judge(truth, guess, metric=acc): return metric(truth, guess)\n"
        "class Judge:\n    metric = staticmethod(metrics.balanced_accuracy_score)\n"
        "    def __call__(self, truth, guess): return self.metric(truth, guess)",
        "{name: f(y_test, p) for name, f in table.items()}\nmacro(y_test, p)\njudge(y_test, p)\n"
        "Judge()(y_test, p)\nlist(map(acc, [y_test], [p]))\nacc(y_pred=p, y_true=y_test)",
        "by_hand = (y_test == p).mean(); root = np.sqrt(((y_test - amounts) ** 2).mean())",
    )
    assert seen.notices == []
    expected = [
        "recall_macro",
        "accuracy",
        "f1_macro",
        "accuracy",
        "balanced_accuracy",
        "accuracy",
        "accuracy",
    ]
    assert [result.metric for result in seen.results] == expected
    assert {result.model for result in seen.results} == {seen.held("model").id}
