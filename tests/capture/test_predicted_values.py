"""Metrics of predictions that were listed, gathered, averaged, cut or stored still lead to their models."""

from __future__ import annotations

import pytest

from provkg.records import SplitRole, ValueKind
from tests.capture.conftest import Execute

START = """import numpy as np, pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
df = pd.read_csv('a.csv')
X, X_test, y, y_test = train_test_split(df[['one', 'two']], df.label, random_state=0)
one = LogisticRegression().fit(X, y)
two = RandomForestClassifier(3, random_state=0).fit(X, y)
models = [one, two]"""


@pytest.mark.usefixtures("tables")
def test_lists_made_of_predictions_lead_to_the_model(execute: Execute) -> None:
    seen = execute(
        START,
        "p = one.predict(X_test)\nlisted = p.tolist()\naccuracy_score(y_test, listed)",
        "accuracy_score(y_test, listed)\naccuracy_score(y_test, p.tolist())\naccuracy_score(y_test, list(p))",
        "singly = [int(one.predict(X_test.iloc[[i]])[0]) for i in range(5)]\n"
        "accuracy_score(y_test[:5], singly)",
        "gathered = []\nfor i in range(3):\n    label = one.predict(X_test.iloc[[i]])[0]\n"
        "    gathered.append(label)\naccuracy_score(y_test[:3], gathered)",
        "def judge(model, data, truth):\n    guess = [int(v) for v in model.predict(data)]\n"
        "    return accuracy_score(truth, guess)\n"
        "judge(one, X, y); judge(one, X_test, y_test); judge(two, X_test, y_test)",
        "by_name = {name: m.predict(X_test).tolist() for name, m in [('one', one)]}\n"
        "accuracy_score(y_test, by_name['one'])",
    )
    assert seen.notices == []
    names = {seen.held("one").id: "one", seen.held("two").id: "two"}
    models = [names.get(result.model, "") for result in seen.results]
    assert models == ["one"] * 4 + ["one", "one", "one", "one", "two", "one"]
    assert [result.data for result in seen.results[6:9]] == [
        (seen.held(name).id,) for name in ("X", "X_test", "X_test")
    ]
    assert {result.evidence for result in seen.results} == {"inferred"}
    held = seen.held("listed")
    assert (held.kind, held.type, held.shape) == (ValueKind.PREDICTION, "list", (30,))
    assert seen.parents("listed") == {"p"}


@pytest.mark.usefixtures("tables")
def test_predictions_of_several_models_lead_to_all_of_them(execute: Execute) -> None:
    seen = execute(
        START,
        "stacked = np.column_stack([m.predict(X_test) for m in models])\n"
        "voted = (stacked.mean(axis=1) > 0.5).astype(int)\naccuracy_score(y_test, voted)",
        "average = (one.predict_proba(X_test) + two.predict_proba(X_test)) / 2\n"
        "roc_auc_score(y_test, average[:, 1])\naccuracy_score(y_test, (average[:, 1] > .5).astype(int))",
        "parts = []\nfor m in models:\n    parts.append(m.predict_proba(X_test)[:, 1])\n"
        "roc_auc_score(y_test, np.mean(parts, axis=0))",
        "total = sum(m.predict_proba(X_test)[:, 1] for m in models) / len(models)\n"
        "roc_auc_score(y_test, total)",
    )
    assert seen.notices == []
    models = {seen.held("one").id, seen.held("two").id}
    judged = [activity for activity in seen.activities if activity.results]
    assert len(judged) == 5
    for activity in judged:
        [result] = activity.results
        prediction = next(use.entity for use in activity.used if use.role == "prediction")
        assert models <= seen.sources(prediction)
        assert (result.model, result.data, result.role) == ("", (seen.held("X_test").id,), SplitRole.TEST)
    for name in ("stacked", "average", "total"):
        assert models <= seen.sources(seen.held(name).id)
        assert seen.held(name).kind is ValueKind.PREDICTION


@pytest.mark.usefixtures("tables")
def test_probabilities_thresholds_and_stored_predictions_lead_to_the_model(execute: Execute) -> None:
    seen = execute(
        START,
        "p = one.predict_proba(X_test)[:, 1]\nroc_auc_score(y_test, p)\n"
        "log_loss(y_test, one.predict_proba(X_test))\n"
        "accuracy_score(y_test, (p > .3).astype(int))\nf1_score(y_test, np.where(p > .4, 1, 0))",
        "table = X_test.copy()\ntable['p'] = p\ntable['cut'] = (p > .5).astype(int)",
        "roc_auc_score(y_test, table['p'])\naccuracy_score(y_test, table.cut)\n"
        "accuracy_score(y_test, (table.p > .2).astype(int))\n"
        "accuracy_score(y_test, table['p'].round().to_list())",
        "table.to_csv('p.csv')\nagain = pd.read_csv('p.csv')",
    )
    assert seen.notices == []
    model = seen.held("one").id
    assert [result.model for result in seen.results] == [model] * 8
    observed = [result.evidence == "observed" for result in seen.results]
    assert observed == [True, True, False, False, True, False, True, False]
    assert model in seen.sources(seen.held("again").id)


@pytest.mark.usefixtures("tables")
def test_numbers_that_metrics_gave_are_no_predictions(execute: Execute) -> None:
    seen = execute(
        START,
        "scores = {}\nfor name, m in zip(['one', 'two'], models):\n"
        "    scores[name] = accuracy_score(y_test, m.predict(X_test))\n"
        "listed = [scores['one'], one.score(X_test, y_test)]",
        "table = pd.DataFrame({'model': list(scores), 'accuracy': list(scores.values())})",
    )
    assert seen.notices == []
    plain = {
        state.name for execution in seen.run.executions for state in execution.defines if not state.value
    }
    assert {"scores", "listed"} <= plain
    assert seen.held("table").kind is ValueKind.DATASET
    assert {seen.held("one").id, seen.held("two").id} <= seen.sources(seen.held("table").id)
