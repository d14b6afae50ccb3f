"""The chain file → frame → split → model → prediction → result, from what is observed, on real libraries."""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.config import Home
from provkg.records import ActivityKind, FileMode, SplitRole, Status, ValueKind
from tests.capture.conftest import Execute

IMPORTS = """import numpy as np, pandas as pd, joblib, pickle
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, mean_squared_error, f1_score, confusion_matrix
from sklearn.model_selection import cross_val_score, GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
"""


@pytest.mark.usefixtures("tables")
def test_a_result_leads_back_to_the_file_through_every_step(execute: Execute) -> None:
    seen = execute(
        IMPORTS,
        "df = pd.read_csv('a.csv')\nclean = df.dropna().assign(ratio=df.one / (df.two + 1))",
        "X, y = clean.drop(columns='label'), clean['label']\n"
        "parts = train_test_split(X, y, test_size=0.25, random_state=3, stratify=y)\n"
        "X_train, X_test, y_train, y_test = parts",
        "model = make_pipeline(StandardScaler(), LogisticRegression(C=0.5)).fit(X_train, y_train)",
        "predicted = model.predict(X_test)\naccuracy_score(y_test, predicted)",
    )
    assert seen.notices == []
    assert seen.came_from("model", evidence="observed") == {"a.csv"}
    [result] = seen.results
    assert result.metric == "accuracy"
    assert result.model == seen.held("model").id
    assert result.data == (seen.held("X_test").id,)
    assert result.role is SplitRole.TEST
    assert seen.held("X_train").role is SplitRole.TRAINING
    assert seen.held("X_train").id in seen.sources(seen.held("model").id)
    assert seen.held("X_test").id not in seen.sources(seen.held("model").id)
    assert seen.held("predicted").kind is ValueKind.PREDICTION
    [training] = seen.of_kind(ActivityKind.TRAINING)
    chosen = {setting.name: setting.value for setting in training.settings if setting.explicit}
    assert chosen == {"logisticregression__C": 0.5}
    [splitting] = seen.of_kind(ActivityKind.SPLITTING)
    settings = {setting.name: setting.value for setting in splitting.settings}
    assert (settings["test_size"], settings["random_state"], settings["stratify"]) == (0.25, 3, "y")
    [loading] = seen.of_kind(ActivityKind.LOADING)
    assert loading.function == "pandas.read_csv"
    assert loading.used[0].entity == seen.file("a.csv").id
    assert loading.package == "pandas"


@pytest.mark.usefixtures("tables")
def test_a_model_keeps_its_data_when_the_reading_cell_is_run_again_on_another_file(execute: Execute) -> None:
    seen = execute(
        IMPORTS,
        "df = pd.read_csv('a.csv')",
        "model = LogisticRegression().fit(df[['one', 'two']], df['label'])",
        "df = pd.read_csv('b.csv')",
        "again = LogisticRegression().fit(df[['one', 'two']], df['label'])",
        "model = Ridge().fit(df[['one', 'two']], df['label'])",
    )
    first, second = (a for a in seen.of_kind(ActivityKind.TRAINING) if "Logistic" in a.function)
    files = {seen.file("a.csv").id: "a", seen.file("b.csv").id: "b"}
    assert {files[s] for s in seen.sources(first.generated[0]) if s in files} == {"a"}
    assert {files[s] for s in seen.sources(second.generated[0]) if s in files} == {"b"}
    assert seen.came_from("model") == {"b.csv"}


@pytest.mark.usefixtures("tables")
def test_values_are_followed_through_functions_containers_and_new_names(execute: Execute) -> None:
    seen = execute(
        IMPORTS,
        "def load(name):\n    raw = pd.read_csv(name)\n    return prepare(raw)\n"
        "def prepare(table):\n    table = table[table.one > 3].copy()\n"
        "    table['sum'] = table.one + table.two\n"
        "    return {'X': table[['one', 'sum']], 'y': table.label}\n\n"
        "def fit(parts):\n    inner = RandomForestClassifier(5, random_state=0)\n"
        "    return inner.fit(parts['X'], parts['y'])",
        "data = load('a.csv')\nalias = data['X']\nother = alias\ndel alias",
        "models = {'forest': fit(data)}\nkept = models['forest']\ndel data",
    )
    assert seen.notices == []
    assert seen.came_from("kept", evidence="observed") == {"a.csv"}
    assert seen.came_from("other", evidence="observed") == {"a.csv"}
    assert seen.run.executions[2].deletes == ()
    assert "models['forest']" in seen.held("kept").names or "kept" in seen.held("kept").names
    assert seen.run.executions[3].deletes == ("data",)


@pytest.mark.usefixtures("tables")
def test_every_change_in_place_makes_a_new_state(execute: Execute) -> None:
    seen = execute(
        IMPORTS,
        "df = pd.read_csv('a.csv')\nextra = pd.read_csv('b.csv')",
        "df['new'] = extra['one']",
        "df.loc[df.one > 5, 'two'] = 0",
        "df.drop(columns='three', inplace=True)",
        "df.columns = ['a', 'b', 'label', 'new']",
        "df.fillna(0, inplace=True)",
        "array = df.to_numpy()",
        "array[0, 0] = 99",
        "array += 1",
        "df",
    )
    assert seen.notices == []
    states = [
        state.value for execution in seen.run.executions for state in execution.defines if state.name == "df"
    ]
    assert [seen.values[state].version for state in states] == [1, 2, 3, 4, 5, 6]
    assert len({seen.values[state].object for state in states}) == 1
    assert seen.values[states[1]].revision_of == states[0]
    assert seen.came_from("df", evidence="observed") == {"a.csv", "b.csv"}
    arrays = [
        state.value
        for execution in seen.run.executions
        for state in execution.defines
        if state.name == "array"
    ]
    assert [seen.values[state].version for state in arrays] == [1, 2, 3]
    assert seen.run.executions[-1].defines == ()


@pytest.mark.usefixtures("tables")
def test_refitting_a_model_makes_a_new_state_of_it(execute: Execute) -> None:
    seen = execute(
        IMPORTS,
        "df = pd.read_csv('a.csv')\nmodel = RandomForestClassifier(3, random_state=1)",
        "model.fit(df[['one']], df.label)",
        "model.set_params(n_estimators=4)\nmodel.fit(df[['two']], df.label)\np = model.predict(df[['two']])",
        "accuracy_score(df.label, p)",
    )
    first, second = seen.of_kind(ActivityKind.TRAINING)
    old, new = seen.values[first.generated[0]], seen.values[second.generated[0]]
    assert old.object == new.object
    assert new.revision_of == old.id
    assert {s.name: s.value for s in second.settings}["n_estimators"] == 4
    assert seen.results[0].model == new.id


@pytest.mark.usefixtures("tables")
def test_a_prediction_that_was_copied_or_listed_still_leads_to_its_model(execute: Execute) -> None:
    seen = execute(
        IMPORTS,
        "df = pd.read_csv('a.csv')\nmodel = LogisticRegression().fit(df[['one']], df.label)",
        "pred = model.predict(df[['one']])\nscore = accuracy_score(df.label, pred.copy())",
        "series = pd.Series(pred, index=df.index)\nscore = accuracy_score(df.label, series)",
        "frame = df.assign(pred=pred)\nscore = accuracy_score(frame['label'], frame['pred'])",
    )
    model = seen.of_kind(ActivityKind.TRAINING)[0].generated[0]
    assert [result.model for result in seen.results] == [model] * 3
    assert {result.role for result in seen.results} == {None}


@pytest.mark.usefixtures("tables")
def test_cross_validation_is_one_activity_with_its_fits_and_folds(execute: Execute) -> None:
    seen = execute(
        "from sklearn.model_selection import cross_val_score\n" + IMPORTS,
        "df = pd.read_csv('a.csv')\nforest = RandomForestClassifier(3, random_state=0)",
        "scores = cross_val_score(forest, df[['one', 'two']], df.label, cv=3)",
        "search = GridSearchCV(LogisticRegression(), {'C': [0.1, 1]}, cv=2).fit(df[['one']], df.label)",
    )
    [evaluation] = seen.of_kind(ActivityKind.EVALUATION)
    assert evaluation.fits == 3
    [result] = evaluation.results
    assert result.metric == "accuracy"
    assert len(result.series) == 3
    assert result.value == pytest.approx(sum(x for x in result.series if x is not None) / 3)
    [tuning] = seen.of_kind(ActivityKind.TUNING)
    assert tuning.fits == 2 * 2 + 1
    assert len(tuning.results[0].series) == 2
    assert seen.came_from("search", evidence="observed") == {"a.csv"}
    assert seen.of_kind(ActivityKind.TRAINING) == []


@pytest.mark.usefixtures("tables")
def test_a_model_read_from_a_file_is_the_one_that_was_saved(execute: Execute) -> None:
    seen = execute(
        IMPORTS,
        "df = pd.read_csv('a.csv')\nmodel = Ridge().fit(df[['one']], df.two)\n"
        "joblib.dump(model, 'm.joblib')\nwith open('m.pickle', 'wb') as f:\n    pickle.dump(model, f)\n"
        "np.save('x.npy', df[['one']].values)",
        "first = joblib.load('m.joblib')\n"
        "with open('m.pickle', 'rb') as f:\n    second = pickle.load(f)\n"
        "x = np.load('x.npy')\nprint(mean_squared_error(df.two, second.predict(x)))",
    )
    assert seen.notices == []
    written = seen.file("m.joblib")
    assert written.mode is FileMode.WRITTEN
    assert written.sha256
    for name in ("first", "second"):
        assert seen.held("model").id in seen.sources(seen.held(name).id, evidence="observed")
        assert "a.csv" in seen.came_from(name, evidence="observed")
    assert seen.results[0].model == seen.held("second").id
    assert "a.csv" in seen.came_from("x")


@pytest.mark.usefixtures("tables")
def test_pandas_operations_of_many_kinds_are_derivations(execute: Execute) -> None:
    seen = execute(
        IMPORTS,
        "a = pd.read_csv('a.csv')\nb = pd.read_csv('b.csv')",
        """merged = a.merge(b, on='one', suffixes=('', '_b'))
stacked = pd.concat([a, b])
grouped = a.groupby('label').two.mean().reset_index()
pivoted = a.pivot_table(index='three', values='two')
text = a.one.astype(str).str.zfill(4)
when = pd.to_datetime(a.one, unit='D').dt.year
masked = a[(a.one > 2) & (a.two < 9)]
queried = a.query('one > 4')
filled = a.fillna(0)
dummies = pd.get_dummies(a, columns=['three'])
logged = np.log1p(a.one)
applied = a.apply(lambda r: r.one, axis=1)
array = np.asarray(a['two'])
built = pd.DataFrame({'x': a.one, 'y': b.two})
clipped = a.clip(0, 5)
rolled = a.one.rolling(3).mean()
binned = pd.cut(a.one, 3)
indexed = a.iloc[:10]
located = a.loc[a.one > 1, ['one']]""",
    )
    assert seen.notices == []
    both = {"merged", "stacked", "built"}
    names = both | {"grouped", "pivoted", "text", "when", "masked", "queried", "filled", "dummies", "logged"}
    names |= {"applied", "array", "clipped", "rolled", "binned", "indexed", "located"}
    for name in sorted(names):
        expected = {"a.csv", "b.csv"} if name in both else {"a.csv"}
        assert seen.came_from(name, evidence="observed") == expected, name


@pytest.mark.usefixtures("tables")
def test_what_only_the_text_tells_is_marked_as_inferred(execute: Execute) -> None:
    seen = execute(
        IMPORTS,
        "a = pd.read_csv('a.csv')\nX = a[['one', 'two']].to_numpy()",
        "scaled = (X - 3) ** 2\nunrelated = np.arange(300) * 0.5",
        "model = Ridge().fit(scaled[:, :1] + 1, a.two)",
    )
    assert seen.came_from("scaled", evidence="observed") == set()
    assert seen.came_from("scaled") == {"a.csv"}
    assert seen.sources(seen.held("unrelated").id) == set()
    [link] = [link for link in seen.links if link.target == seen.held("scaled").id]
    assert link.evidence == "inferred"
    assert link.source == seen.held("X").id
    assert "a.csv" in seen.came_from("model")


def test_a_bundled_data_set_is_named_by_its_file_and_package(execute: Execute) -> None:
    seen = execute(
        "from sklearn.datasets import load_iris\nX, y = load_iris(return_X_y=True)\n"
        "from sklearn.tree import DecisionTreeClassifier\n"
        "tree = DecisionTreeClassifier(random_state=0).fit(X, y)",
    )
    iris = seen.file("iris.csv")
    assert iris.package == "scikit-learn"
    assert iris.sha256
    assert "iris.csv" in seen.came_from("tree", evidence="observed")


@pytest.mark.usefixtures("tables")
def test_plain_opening_and_writing_is_seen_and_noise_is_not(execute: Execute, tmp_path: Path) -> None:
    seen = execute(
        "import json, tempfile\nfrom pathlib import Path\nimport matplotlib.pyplot as plt",
        "text = Path('a.csv').read_text()\n"
        "with open('out.json', 'w') as f:\n    json.dump({'n': len(text)}, f)",
        "plt.plot([1, 2]); plt.title('é'); plt.savefig('figure.png'); plt.show()",
        "len(open('out.json').read())",
    )
    assert {Path(f.path).name for f in seen.files.values()} == {"a.csv", "out.json", "figure.png"}
    assert seen.file("out.json").sha256
    assert seen.file("figure.png").size == (tmp_path / "figure.png").stat().st_size
    assert seen.run.executions[1].read_files == (seen.file("a.csv").id,)
    assert seen.run.executions[3].read_files == (seen.file("out.json").id,)


@pytest.mark.usefixtures("tables")
def test_seeds_and_draws_without_one_are_told_apart(execute: Execute) -> None:
    seen = execute(
        IMPORTS + "import random",
        "df = pd.read_csv('a.csv')\nX, y = df[['one', 'two']], df.label",
        "RandomForestClassifier(2).fit(X, y)\nLogisticRegression().fit(X, y)\n"
        "RandomForestClassifier(2, random_state=0).fit(X, y)",
        "parts = train_test_split(X, y)",
        "np.random.seed(5); random.seed(6)\nRandomForestClassifier(2).fit(X, y)",
    )
    assert [activity.unseeded for activity in seen.activities[1:]] == [True, False, False, True, False]
    seeds = [(seed.generator, seed.value) for seed in seen.run.executions[4].seeds]
    assert seeds == [("numpy.random", 5), ("random", 6)]


@pytest.mark.usefixtures("tables")
def test_a_failing_fit_is_recorded_as_failed(execute: Execute) -> None:
    seen = execute(
        IMPORTS,
        "df = pd.read_csv('a.csv')\nLogisticRegression().fit(df[['one']], df.label[:10])",
    )
    assert seen.run.status is Status.FAILED
    [training] = seen.of_kind(ActivityKind.TRAINING)
    assert training.status is Status.FAILED
    assert training.generated == ()
    error = seen.run.executions[-1].error
    assert error is not None
    assert error.name == "ValueError"
    assert error.line == 2


def test_a_fit_that_is_broken_off_is_recorded_as_interrupted(execute: Execute) -> None:
    seen = execute(
        IMPORTS
        + "class Slow(LogisticRegression):\n    def fit(self, X, y):\n        raise KeyboardInterrupt",
        "import numpy as np\nSlow().fit(np.eye(3), [0, 1, 1])",
    )
    [training] = seen.of_kind(ActivityKind.TRAINING)
    assert training.status is Status.INTERRUPTED
    assert training.generated == ()


@pytest.mark.usefixtures("tables")
def test_user_defined_estimators_are_seen(execute: Execute) -> None:
    seen = execute(
        IMPORTS + "from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin",
        "class Majority(ClassifierMixin, BaseEstimator):\n"
        "    def __init__(self, tie=0):\n        self.tie = tie\n"
        "    def fit(self, X, y):\n        self.classes_ = np.unique(y)\n"
        "        self.value_ = int(y.mean() > 0.5) or self.tie\n        return self\n"
        "    def predict(self, X):\n        return np.full(len(X), self.value_)\n"
        "class Double(TransformerMixin, BaseEstimator):\n    def fit(self, X, y=None):\n        return self\n"
        "    def transform(self, X):\n        return X * 2",
        "df = pd.read_csv('a.csv')\nmodel = Majority(tie=1).fit(df[['one']], df.label)\n"
        "doubled = Double().fit_transform(df[['one']])\nmodel.score(df[['one']], df.label)",
    )
    [training] = seen.of_kind(ActivityKind.TRAINING)
    assert training.implementation == "__main__.Majority"
    assert [s.name for s in training.settings if s.explicit] == ["tie"]
    assert seen.held("doubled").id in {
        g for a in seen.of_kind(ActivityKind.PREPROCESSING) for g in a.generated
    }
    assert seen.results[0].metric == "accuracy"
    assert seen.came_from("doubled", evidence="observed") == {"a.csv"}


def test_calls_of_one_line_are_not_recorded_without_end(execute: Execute) -> None:
    seen = execute(
        "import numpy as np\nfrom sklearn.linear_model import SGDClassifier\n"
        "from sklearn.metrics import accuracy_score",
        "X = np.arange(200.).reshape(-1, 1); y = (X[:, 0] > 90).astype(int)\n"
        "model = SGDClassifier(random_state=0)\n"
        "for _ in range(250):\n    model.partial_fit(X, y, classes=[0, 1])",
        "accuracy_score(y, model.predict(X))",
    )
    assert len(seen.of_kind(ActivityKind.TRAINING)) == 100
    assert any("beyond the first 100" in notice for notice in seen.notices)
    assert seen.results[0].model == seen.held("model").id


@pytest.mark.usefixtures("tables")
def test_a_prediction_that_numpy_transformed_leads_to_its_model_by_the_text(execute: Execute) -> None:
    seen = execute(
        IMPORTS,
        "df = pd.read_csv('a.csv')\nX, y = df[['one', 'two']], np.log1p(df.three)\n"
        "def judge(model, X, y):\n    truth, guess = np.expm1(y), np.expm1(model.predict(X))\n"
        "    return mean_squared_error(truth, guess)",
        "ridge, forest = Ridge().fit(X, y), RandomForestClassifier(3, random_state=0).fit(X, df.label)\n"
        "scores = [judge(model, X, y) for model in (ridge, forest)]\n"
        "both = mean_squared_error(y, (ridge.predict(X) + forest.predict(X)) / 2)",
    )
    assert seen.notices == []
    first, second, mixed = seen.results
    assert first.model == seen.held("ridge").id
    assert second.model == seen.held("forest").id
    assert mixed.model == ""
    assert first.data == second.data == (seen.held("X").id,)
    assert first.evidence == second.evidence == "inferred"


@pytest.mark.usefixtures("tables")
def test_what_a_library_draws_or_seeds_by_itself_is_not_the_users(execute: Execute) -> None:
    seen = execute(
        IMPORTS + "from sklearn.svm import SVC\nimport matplotlib.pyplot as plt",
        "df = pd.read_csv('a.csv')\n"
        "model = make_pipeline(StandardScaler(), SVC()).fit(df[['one']], df.label)\n"
        "df.plot.scatter('one', 'two'); plt.savefig('p.png')",
    )
    assert not seen.of_kind(ActivityKind.TRAINING)[0].unseeded
    assert [seed for execution in seen.run.executions for seed in execution.seeds] == []


@pytest.mark.usefixtures("tables")
def test_columns_of_predictions_lead_to_the_model_of_each(execute: Execute) -> None:
    seen = execute(
        IMPORTS,
        "df = pd.read_csv('a.csv'); X, y = df[['one', 'two']], df.label\n"
        "a = LogisticRegression().fit(X, y)\nb = RandomForestClassifier(3, random_state=0).fit(X, y)",
        "df['a'] = a.predict(X)\ndf['b'] = b.predict(X)",
        "accuracy_score(df['label'], df['a'])\naccuracy_score(df['label'], df.b)\n"
        "accuracy_score(df.label, df['one'] > 60)",
        "made = pd.DataFrame({'truth': y, 'a': a.predict(X), 'b': b.predict(X)})\n"
        "kept = made[made.truth >= 0].sort_values('b').assign(c=a.predict(X))\n"
        "f1_score(kept.truth, kept['b'])\nf1_score(kept['truth'], kept.c)\nf1_score(kept.b, kept.truth)",
        "df.loc[df.index[:60], 'half'] = a.predict(X[:60])\naccuracy_score(df.label[:60], df.half[:60])\n"
        "df.loc[df.index[60:], 'half'] = b.predict(X[60:])\naccuracy_score(df.label, df.half)\n"
        "accuracy_score(df.label, df.a)",
        "df['a'] = 0\naccuracy_score(df.label, df.a)\naccuracy_score(df.label, df.b)\n"
        "renamed = df.rename(columns={'b': 'c', 'a': 'b'})\naccuracy_score(renamed.label, renamed.b)",
    )
    assert seen.notices == []
    models = {seen.held("a").id: "a", seen.held("b").id: "b"}
    expected = ["a", "b", "", "b", "a", "b", "a", "", "a", "", "b", ""]
    assert [models.get(result.model, "") for result in seen.results] == expected


def test_equal_content_is_no_link_where_it_may_be_an_accident(execute: Execute) -> None:
    seen = execute(
        IMPORTS,
        "zeros, steps, labels = np.zeros(500), np.arange(500), np.repeat([0, 1], 60)\n"
        "noise = np.random.default_rng(1).random((100, 3))",
        "mask, counts = np.zeros(500), np.arange(500)\ncopied = np.array(noise.tolist())",
        "X = np.arange(120.).reshape(-1, 1); y = (X[:, 0] > 59).astype(int)\n"
        "one = RandomForestClassifier(3, random_state=0).fit(X, y)\n"
        "two = RandomForestClassifier(4, random_state=1).fit(X, y)\n"
        "first, second = one.predict(X), two.predict(X)",
        "accuracy_score(y, np.array([each for each in second]))\naccuracy_score(y, first.copy())",
    )
    assert seen.notices == []
    linked = {link.target for link in seen.links if link.operation == "same content"}
    assert linked.isdisjoint(seen.held(name).id for name in ("mask", "counts", "labels"))
    assert seen.sources(seen.held("copied").id) == {seen.held("noise").id}
    assert [result.model for result in seen.results] == [seen.held("two").id, seen.held("one").id]


@pytest.mark.usefixtures("tables")
def test_the_part_that_data_plays_is_told_as_it_is(execute: Execute) -> None:
    seen = execute(
        IMPORTS + "from sklearn.model_selection import cross_val_predict",
        "df = pd.read_csv('a.csv')\n"
        "X_train, X_test, y_train, y_test = train_test_split(df[['one']], df.label, random_state=0)",
        "folds = cross_val_predict(LogisticRegression(), X_train, y_train, cv=3)\n"
        "accuracy_score(y_train, folds)",
        "models = [m.fit(X_train, y_train) for m in (LogisticRegression(), RandomForestClassifier(2))]\n"
        "stacked = np.column_stack([m.predict(X_test) for m in models])",
        "accuracy_score(models[0].predict(X_test), y_test)",
    )
    assert [result.role for result in seen.results] == [SplitRole.VALIDATION, SplitRole.TEST]
    assert seen.results[1].model == seen.of_kind(ActivityKind.TRAINING)[0].generated[0]
    nearest = {link.source for link in seen.links if link.target == seen.held("stacked").id}
    assert nearest.isdisjoint({seen.held("X_train").id, seen.held("y_train").id})


@pytest.mark.usefixtures("tables")
def test_lines_in_a_timed_cell_are_those_of_the_cell(execute: Execute) -> None:
    seen = execute(
        IMPORTS,
        "%%time\ndf = pd.read_csv('a.csv')\nX = df[['one']].to_numpy() * 2\nother = np.arange(9)\n"
        "model = Ridge().fit(X - 1, df.two)",
        "%%time\nlist_of = [1]\nlist_of[3]",
        "sizes = []\ntable = pd.DataFrame({'a': [1]})",
        "pd.testing.assert_frame_equal(table, table)\nnp.random.shuffle(sizes)\n1 / 0",
        allow_errors=True,
    )
    assert [activity.line for activity in seen.activities] == [2, 5]
    assert "a.csv" in seen.came_from("model")
    assert [e.error.line for e in seen.run.executions if e.error] == [3, 3]
    assert [state.name for state in seen.run.executions[4].defines] == ["sizes"]


@pytest.mark.usefixtures("tables")
def test_the_groups_of_a_table_come_from_it_and_cost_little(execute: Execute) -> None:
    seen = execute(
        IMPORTS,
        "df = pd.read_csv('a.csv')",
        "models = {}\nfor name, part in df.groupby('three'):\n"
        "    models[name] = Ridge().fit(part[['one']], part.two)",
        "trained = df.groupby('label').apply(lambda g: LogisticRegression().fit(g[['one']], g.one > 50).C)",
    )
    assert seen.notices == []
    trainings = seen.of_kind(ActivityKind.TRAINING)
    assert len(trainings) == 7
    for training in trainings[:5]:
        sources = seen.sources(training.generated[0], evidence="observed")
        assert seen.held("df").id in sources


def test_secrets_do_not_get_into_the_record(
    execute: Execute, monkeypatch: pytest.MonkeyPatch, home: Home
) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "swordfish-1")
    execute(
        "import os, pandas as pd\npw = os.environ['DATABASE_PASSWORD']\n"
        "address = f'postgres://ann:{pw}@db/x'\nheader = 'Bearer ' + pw\n"
        "api_key = ''.join(['hid', 'den'])\n"
        "site = 'https://{}:{}@localhost:1/a.csv'.format('bob', 'open' + 'sesame')",
        "try:\n    pd.read_csv(site)\nexcept OSError as e:\n    failed = True",
        "visible = 'plain text'; other = 'https://localhost/' + 'a.csv'",
    )
    [journal] = home.journal_folder.iterdir()
    text = journal.read_text()
    for secret in ("swordfish-1", '"hidden"', "opensesame"):
        assert secret not in text
    assert "plain text" in text
    assert "https://localhost/a.csv" in text


@pytest.mark.usefixtures("tables")
def test_a_part_that_is_divided_again_gets_the_role_that_is_certain_or_none(execute: Execute) -> None:
    seen = execute(
        IMPORTS,
        "df = pd.read_csv('a.csv')\nrest, test = train_test_split(df, random_state=0)\n"
        "train, valid = train_test_split(rest, random_state=0)\n"
        "one, other = train_test_split(test, random_state=0)",
    )
    roles = [seen.held(name).role for name in ("rest", "train", "valid", "one", "other")]
    assert roles == [SplitRole.TRAINING, SplitRole.TRAINING, SplitRole.VALIDATION, None, None]
