"""A notebook's cell: calls every metric function of scikit-learn on predictions, and notes what it gave.

``done`` holds for each call the function, the model whose predictions it judged, and the number it gave.
"""

import inspect
from typing import Any

import numpy as np
import sklearn.metrics
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split

random = np.random.default_rng(0)
X = random.normal(size=(120, 4)) + 3
y = (X[:, 0] + random.normal(size=120) > 3).astype(int)
amounts = np.abs(X[:, 1] * 3 + random.normal(size=120)) + 1
X_train, X_test, y_train, y_test, amounts_train, amounts_test = train_test_split(
    X, y, amounts, random_state=0
)
classifier = LogisticRegression().fit(X_train, y_train)
regressor = LinearRegression().fit(X_train, amounts_train)
clusters = KMeans(2, n_init=1, random_state=0).fit(X_train)
labels = classifier.predict(X_test)
chances = classifier.predict_proba(X_test)
chance = chances[:, 1]
decisions = classifier.decision_function(X_test)
guesses = regressor.predict(X_test)
groups = clusters.predict(X_test)
both = np.column_stack([y_test, 1 - y_test])
curve = sklearn.metrics.roc_curve(y_test, chance)

GIVEN: dict[str, tuple[Any, ...]] = {
    "auc": (curve[0], curve[1]),
    "cohen_kappa_score": (y_test, labels),
    "coverage_error": (both, chances),
    "d2_log_loss_score": (y_test, chances),
    "dcg_score": (both, chances),
    "label_ranking_average_precision_score": (both, chances),
    "label_ranking_loss": (both, chances),
    "log_loss": (y_test, chances),
    "metric_at_thresholds": (y_test, chance, sklearn.metrics.accuracy_score),
    "ndcg_score": (both, chances),
    "top_k_accuracy_score": (y_test, chance),
}
MORE: dict[str, dict[str, Any]] = {"fbeta_score": {"beta": 2.0}, "top_k_accuracy_score": {"k": 1}}
SECOND = {
    "y_score": (y_test, chance, "classifier"),
    "y_proba": (y_test, chance, "classifier"),
    "y_prob": (y_test, chance, "classifier"),
    "pred_decision": (y_test, decisions, "classifier"),
    "labels_pred": (y_test, groups, "clusters"),
    "labels": (X_test, groups, "clusters"),
}
done: list[dict[str, Any]] = []


def given_to(name: str, function: Any) -> tuple[tuple[Any, ...], str]:
    """What a metric is called with, and whose predictions that judges."""
    if name in GIVEN:
        return GIVEN[name], "classifier"
    second = list(inspect.signature(function).parameters)[1]
    if second in SECOND:
        return SECOND[second][:2], SECOND[second][2]
    if "regression" in function.__module__:
        return (amounts_test, guesses), "regressor"
    return (y_test, labels), "classifier"


names = [
    name for name in sorted(sklearn.metrics.__all__) if inspect.isfunction(getattr(sklearn.metrics, name))
]
for name in names:
    function = getattr(sklearn.metrics, name)
    if "pairwise" in function.__module__ or "_scorer" in function.__module__ or name == "consensus_score":
        continue  # distances are no measures of a model; scorers are tested by themselves
    values, model = given_to(name, function)
    result = function(*values, **MORE.get(name, {}))
    number = float(result) if isinstance(result, float | int | np.number) else None
    done.append({"name": name, "model": model, "number": number})
