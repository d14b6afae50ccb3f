"""A notebook's cell: constructs, fits and uses every estimator of scikit-learn, and notes what it did.

``done`` holds for each step the class, the method, how it ended, and for fits what is true of them.
"""

import inspect
import warnings
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler
from sklearn.utils import all_estimators, get_tags

random = np.random.default_rng(0)
X = random.normal(size=(60, 4)) + 3
labels = np.arange(60) % 2
labels3 = np.arange(60) % 3
y = X[:, 0] * 2 + random.normal(size=60)
positive = np.abs(X)
several = np.column_stack([labels, 1 - labels])
numbers = np.column_stack([y, X[:, 1]])
categories = np.array([["a", "b"], ["c", "b"]] * 30, dtype=object)
texts = np.array(["one two", "two three three"] * 30, dtype=object)
kernel = X @ X.T
one = X[:, 0].copy()
positives = np.abs(y)
counts = positive.astype(int)
frames = random.random((2, 12, 12))

GIVEN: dict[str, dict[str, Any]] = {
    "ClassifierChain": {"estimator": LogisticRegression()},
    "ColumnTransformer": {
        "transformers": [("scale", StandardScaler(), [0, 1]), ("rest", "passthrough", [2])]
    },
    "FeatureUnion": {"transformer_list": [("pca", PCA(2)), ("scale", StandardScaler())]},
    "FixedThresholdClassifier": {"estimator": LogisticRegression()},
    "FrozenEstimator": {"estimator": LogisticRegression().fit(X, labels)},
    "GaussianRandomProjection": {"n_components": 2},
    "GridSearchCV": {"estimator": LogisticRegression(), "param_grid": {"C": [0.1, 1]}, "cv": 2},
    "HalvingGridSearchCV": {"estimator": Ridge(), "param_grid": {"alpha": [0.1, 1]}, "cv": 2},
    "HalvingRandomSearchCV": {
        "estimator": Ridge(),
        "param_distributions": {"alpha": [0.1, 1, 2]},
        "cv": 2,
        "random_state": 0,
    },
    "OrthogonalMatchingPursuitCV": {"max_iter": 2},
    "SparseRandomProjection": {"n_components": 2},
    "TSNE": {"max_iter": 250},
    "MultiOutputClassifier": {"estimator": LogisticRegression()},
    "MultiOutputRegressor": {"estimator": Ridge()},
    "OneVsOneClassifier": {"estimator": LogisticRegression()},
    "OneVsRestClassifier": {"estimator": LogisticRegression()},
    "OutputCodeClassifier": {"estimator": LogisticRegression(), "random_state": 0},
    "Pipeline": {"steps": [("scale", StandardScaler()), ("model", LogisticRegression())]},
    "RandomizedSearchCV": {
        "estimator": Ridge(),
        "param_distributions": {"alpha": [0.1, 1, 2]},
        "n_iter": 2,
        "cv": 2,
        "random_state": 0,
    },
    "RegressorChain": {"estimator": Ridge()},
    "RFE": {"estimator": Ridge()},
    "RFECV": {"estimator": Ridge()},
    "SelectFromModel": {"estimator": Ridge()},
    "SelfTrainingClassifier": {"estimator": LogisticRegression()},
    "SequentialFeatureSelector": {"estimator": Ridge(), "cv": 2},
    "SparseCoder": {"dictionary": np.eye(4)},
    "StackingClassifier": {"estimators": [("a", LogisticRegression()), ("b", RandomForestClassifier(3))]},
    "StackingRegressor": {"estimators": [("a", Ridge()), ("b", Ridge(2.0))]},
    "TunedThresholdClassifierCV": {"estimator": LogisticRegression()},
    "VotingClassifier": {"estimators": [("a", LogisticRegression()), ("b", RandomForestClassifier(3))]},
    "VotingRegressor": {"estimators": [("a", Ridge()), ("b", Ridge(2.0))]},
    "TfidfTransformer": {},
}
SMALL: dict[str, int] = {"n_estimators": 4, "max_iter": 30, "n_init": 1, "n_iter": 2}
DATA: dict[str, tuple[Any, Any]] = {
    "AdditiveChi2Sampler": (positive, labels),
    "CCA": (X, numbers),
    "ClassifierChain": (X, several),
    "ComplementNB": (positive, labels),
    "CategoricalNB": (counts, labels),
    "CountVectorizer": (texts, None),
    "DictVectorizer": ([{"a": 1, "b": 2}, {"a": 3}], None),
    "FeatureHasher": ([{"a": 1, "b": 2}, {"a": 3}], None),
    "HashingVectorizer": (texts, None),
    "IsotonicRegression": (one, y),
    "KernelCenterer": (kernel, None),
    "LabelBinarizer": (labels3, None),
    "LabelEncoder": (labels3, None),
    "MultiLabelBinarizer": ([["a", "b"], ["c"]], None),
    "MultiOutputClassifier": (X, several),
    "OneHotEncoder": (categories, None),
    "OrdinalEncoder": (categories, None),
    "PatchExtractor": (frames, None),
    "PLSCanonical": (X, numbers),
    "PLSSVD": (X, numbers),
    "TargetEncoder": (categories, labels),
    "TfidfTransformer": (positive, None),
    "TfidfVectorizer": (texts, None),
}
NAMES = {id(value): name for name, value in list(globals().items()) if isinstance(value, np.ndarray)}
done: list[dict[str, Any]] = []


def constructed(name: str, kind: Any) -> Any:
    """An estimator with what it needs, and small where it can be."""
    known = inspect.signature(kind).parameters
    small = {key: value for key, value in SMALL.items() if key in known and name not in GIVEN}
    return kind(**small, **GIVEN.get(name, {}))


def data_for(name: str, model: Any) -> tuple[Any, Any]:
    """Data and target of the kind that an estimator takes."""
    if name in DATA:
        return DATA[name]
    tags = get_tags(model)
    kind = tags.estimator_type
    given = positive if tags.input_tags.positive_only else X
    if tags.target_tags.multi_output and not tags.target_tags.single_output:
        return given, several if kind == "classifier" else numbers
    if kind == "regressor":
        return given, positives if tags.target_tags.positive_only else y
    return given, labels


def random_state() -> tuple[bytes, int]:
    """The state of NumPy's global generator."""
    state: Any = np.random.get_state()
    return state[1].tobytes(), state[2]


def step(name: str, method: str, call: Any, *given: Any, **facts: Any) -> None:
    """Call a method, and note how it ended and whether it drew random numbers."""
    before, ended = random_state(), "succeeded"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call(*given)
        except (AttributeError, NotImplementedError, TypeError, ValueError):
            ended = "failed"
    names = [NAMES.get(id(each), "") for each in given]
    drew = before != random_state()
    done.append({"name": name, "method": method, "given": names, "ended": ended, "drew": drew, **facts})


held = []
for name, kind in all_estimators():
    model = constructed(name, kind)
    held.append(model)
    data, target = data_for(name, model)
    arguments = (data,) if target is None else (data, target)
    step(name, "fit", model.fit, *arguments, settings=sorted(model.get_params(deep=True)))
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform"):
        if hasattr(model, method):
            step(name, method, getattr(model, method), data)
    if hasattr(model, "score"):
        step(name, "score", model.score, *arguments)
    for method in ("fit_predict", "fit_transform", "partial_fit"):
        if hasattr(model, method):
            step(name, method, getattr(model, method), *arguments)
