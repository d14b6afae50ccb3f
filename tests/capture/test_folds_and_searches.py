"""What happens inside cross-validation, searches, pipelines and ensembles, and folds made by hand."""

from __future__ import annotations

import pytest

from provkg.records import Activity, ActivityKind, SeriesBy, SplitRole, Status, ValueKind
from tests.capture.conftest import Execute, Recorded

START = """import numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score, f1_score, make_scorer
from sklearn.model_selection import (GridSearchCV, GroupKFold, KFold, RandomizedSearchCV, ShuffleSplit,
    StratifiedKFold, StratifiedShuffleSplit, TimeSeriesSplit, cross_val_predict, cross_val_score,
    cross_validate, learning_curve, permutation_test_score, train_test_split, validation_curve)
from sklearn.pipeline import FeatureUnion, make_pipeline, Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.decomposition import PCA
rng = np.random.default_rng(0)
X = rng.normal(size=(120, 3)); y = (X[:, 0] + rng.normal(size=120) / 3 > 0).astype(int)
df = pd.DataFrame(X, columns=list('abc')); df['kind'] = ['u', 'v', 'w'] * 40; df['y'] = y"""


def settings(activity: Activity) -> dict[str, object]:
    return {setting.name: setting.value for setting in activity.settings}


def used(seen: Recorded, activity: Activity) -> list[tuple[tuple[int, ...], SplitRole | None, int | None]]:
    values = [seen.values[use.entity] for use in activity.used]
    return [(value.shape, value.role, value.fold) for value in values if value.kind is ValueKind.DATASET]


def test_each_fit_of_a_cross_validation_is_told_with_its_fold_and_score(execute: Execute) -> None:
    seen = execute(
        START,
        "scores = cross_val_score(LogisticRegression(), X, y, cv=3, scoring='f1')",
        "table = cross_validate(LogisticRegression(), df[['a']], y, cv=4, return_estimator=True,\n"
        "    return_train_score=True,\n"
        "    scoring={'acc': 'accuracy', 'own': make_scorer(f1_score, average='macro')})\n"
        "third = table['estimator'][2]; guess = third.predict(df[['a']])",
        "guessed = cross_val_predict(make_pipeline(StandardScaler(), LogisticRegression()), X, y, cv=2)",
        "cross_val_score(Ridge(), X, y, cv=KFold(30))",
        "cross_val_score(LogisticRegression(), X, y, cv=3, n_jobs=2)",
    )
    scoring, several, predicting, many, parallel = (a for a in seen.activities if "cross_val" in a.function)
    folds = seen.inside(scoring)
    assert [used(seen, fold) for fold in folds] == [
        [((80, 3), SplitRole.TRAINING, rank), ((80,), SplitRole.TRAINING, rank)] for rank in (1, 2, 3)
    ]
    assert [fold.results[0].value for fold in folds] == list(scoring.results[0].series)
    assert scoring.results[0].series_by is SeriesBy.FOLD
    assert all(fold.duration and fold.generated == () and not fold.settings for fold in folds)
    assert settings(scoring)["splitter"] == "StratifiedKFold"
    assert (settings(scoring)["splitter__n_splits"], settings(scoring)["cv"]) == (3, 3)

    metrics = [(r.metric, r.role, len(r.series)) for r in several.results]
    both = (SplitRole.VALIDATION, SplitRole.TRAINING)
    assert metrics == [(m, role, 4) for m in ("accuracy", "f1_macro") for role in both]
    assert [len(fold.results) for fold in seen.inside(several)] == [4] * 4
    assert seen.inside(several)[2].generated == (seen.held("third").id,)
    sources = seen.sources(seen.held("guess").id)
    assert {seen.values[s].fold for s in sources if seen.values[s].fold} == {3}

    assert predicting.kind is ActivityKind.PREDICTION
    assert [fold.implementation for fold in seen.inside(predicting)] == ["sklearn.pipeline.Pipeline"] * 2
    assert (many.fits, len(many.results[0].series), len(seen.inside(many))) == (30, 30, 20)
    assert any("beyond the first 20" in notice for notice in seen.notices)
    # Other processes are not seen; that there was one fit for each score is.
    assert (parallel.fits, seen.inside(parallel), len(parallel.results[0].series)) == (3, [], 3)


def test_each_candidate_of_a_search_is_told_and_which_was_chosen(execute: Execute) -> None:
    seen = execute(
        START,
        "grid = {'C': [0.01, 1.0, 100.0]}\n"
        "search = GridSearchCV(LogisticRegression(), grid, cv=StratifiedKFold(4), return_train_score=True)\n"
        "search.fit(X, y)\nbest = search.best_params_['C']",
        "pipe = make_pipeline(StandardScaler(), LogisticRegression())\n"
        "parallel = GridSearchCV(pipe, {'logisticregression__C': [1, 2]}, cv=3, n_jobs=2,\n"
        "    scoring={'one': 'accuracy', 'two': 'f1'}, refit='two').fit(X, y)",
        "wide = RandomizedSearchCV(Ridge(), {'alpha': np.arange(1, 301)}, n_iter=130, cv=2, random_state=0)\n"
        "wide.fit(X, y)",
        "from sklearn.experimental import enable_halving_search_cv\n"
        "from sklearn.model_selection import HalvingGridSearchCV\n"
        "halving = HalvingGridSearchCV(Ridge(), {'alpha': [1, 2, 3]}, cv=2, random_state=0).fit(X, y)",
        "broken = GridSearchCV(Ridge(), {'alpha': [1, -1]}, cv=2).fit(X, y)",
        "from sklearn.base import clone\nown = clone(search).set_params(refit=False).fit(X, y)",
    )
    grid, parallel, wide, halving, broken, own = seen.of_kind(ActivityKind.TUNING)
    candidates = seen.inside(grid)
    assert [settings(candidate) for candidate in candidates] == [{"C": 0.01}, {"C": 1.0}, {"C": 100.0}]
    assert [candidate.settings[0].explicit for candidate in candidates] == [True, False, True]
    assert [candidate.fits for candidate in candidates] == [4] * 3
    for rank, candidate in enumerate(candidates):
        validation, training = candidate.results
        assert (validation.role, training.role) == (SplitRole.VALIDATION, SplitRole.TRAINING)
        assert validation.value == grid.results[0].series[rank]
        assert len(validation.series) == len(training.series) == 4
        assert candidate.started_at is not None
    chosen = next(candidate for candidate in candidates if candidate.id == grid.best)
    assert chosen.results[0].value == grid.results[0].value
    assert str(settings(chosen)["C"]) == next(
        state.text for state in seen.run.executions[1].defines if state.name == "best"
    )
    assert grid.fits == 3 * 4 + 1

    assert [settings(each) for each in seen.inside(parallel)] == [
        {"logisticregression__C": 1},
        {"logisticregression__C": 2},
    ]
    assert [r.metric for r in seen.inside(parallel)[0].results] == ["accuracy", "f1"]
    assert parallel.results[0].metric == "f1"
    assert seen.inside(parallel)[0].started_at is None

    assert wide.fits == 130 * 2 + 1
    assert wide.best in {each.id for each in seen.inside(wide)}
    assert len(seen.inside(wide)) in (100, 101)
    assert any("of 130 candidates" in notice for notice in seen.notices)
    assert len(halving.results[0].series) == len(seen.inside(halving)) == 4
    assert [each.status for each in seen.inside(broken)] == [Status.SUCCEEDED, Status.FAILED]
    assert (own.fits, len(seen.inside(own))) == (3 * 4, 3)
    assert seen.values[seen.held("search").id].kind is ValueKind.MODEL


def test_the_steps_of_a_pipeline_are_told_with_the_data_between_them(execute: Execute) -> None:
    seen = execute(
        START,
        "numeric = make_pipeline(SimpleImputer(), StandardScaler(with_mean=False))\n"
        "prepare = ColumnTransformer([('n', numeric, ['a', 'b']), ('k', OneHotEncoder(), ['kind'])])\n"
        "pipe = Pipeline([('prepare', prepare), ('pca', FeatureUnion([('p', PCA(2))])),\n"
        "    ('forest', RandomForestClassifier(3, random_state=0))]).fit(df, y)",
        "encoder = pipe.named_steps['prepare'].named_transformers_['k']\n"
        "encoded = encoder.transform(df[['kind']])\nforest = pipe.named_steps['forest']",
        "pipe.set_params(forest__n_estimators=4).fit(df[:60], y[:60])",
    )
    first, second = seen.of_kind(ActivityKind.TRAINING)

    def tree(activity: Activity) -> list[object]:
        name = activity.implementation.rpartition(".")[2]
        return [name, *(tree(part) for part in seen.inside(activity))]

    assert tree(first) == [
        "Pipeline",
        ["ColumnTransformer", ["Pipeline", ["SimpleImputer"], ["StandardScaler"]], ["OneHotEncoder"]],
        ["FeatureUnion", ["PCA"]],
        ["RandomForestClassifier"],
    ]
    [prepare, union, forest] = seen.inside(first)
    assert prepare.used[0].entity == seen.held("df", 1).id
    assert union.used[0].entity in prepare.generated
    assert forest.used[0].entity in union.generated
    assert forest.used[1].entity == seen.held("y").id
    [numeric, encoder] = seen.inside(prepare)
    scaler = seen.inside(numeric)[1]
    assert (scaler.kind, settings(scaler)["with_mean"]) == (ActivityKind.PREPROCESSING, False)
    assert scaler.used[0].entity in seen.inside(numeric)[0].generated
    assert seen.held("encoder").id in encoder.generated
    assert seen.held("encoder").id in seen.sources(seen.held("encoded").id)
    assert seen.held("forest", 3).id in forest.generated
    again = seen.inside(second)[2].generated[0]
    assert seen.values[again].revision_of == seen.held("forest", 3).id
    assert settings(seen.inside(second)[2])["n_estimators"] == 4
    # A fitted pipeline came from its fitted steps, and nothing came from itself.
    assert {encoder.generated[0], forest.generated[0]} <= seen.sources(first.generated[0])
    assert all(value not in seen.sources(value) for value in seen.values)


def test_the_members_of_ensembles_are_told_up_to_a_limit(execute: Execute) -> None:
    seen = execute(
        START,
        "voting = VotingClassifier([('l', LogisticRegression()), ('f', RandomForestClassifier(3))])\n"
        "voting.fit(X, y)",
        "stack = StackingClassifier([('l', LogisticRegression())], RandomForestClassifier(2), cv=2)\n"
        "stack.fit(X, y)",
        "bag = BaggingClassifier(LogisticRegression(), n_estimators=30, random_state=0)\nbag.fit(X, y)",
        "two = [('l', LogisticRegression()), ('r', LogisticRegression(C=2))]\n"
        "threads = VotingClassifier(two, n_jobs=2)\n"
        "threads.fit(X, y)",
        "forest = RandomForestClassifier(50).fit(X, y)",
    )
    voting, stack, bag, threads, forest = seen.of_kind(ActivityKind.TRAINING)
    classes = [part.implementation.rpartition(".")[2] for part in seen.inside(voting)]
    assert classes == ["LogisticRegression", "RandomForestClassifier"]
    assert [part.unseeded for part in seen.inside(voting)] == [False, True]
    assert voting.unseeded
    assert [p.implementation.rpartition(".")[2] for p in seen.inside(stack)] == [
        *["LogisticRegression"] * 3,
        "RandomForestClassifier",
    ]
    assert len(seen.inside(bag)) == 20
    assert any("steps inside beyond the first 20" in notice for notice in seen.notices)
    assert (seen.inside(threads), seen.inside(forest)) == ([], [])


def test_data_selected_with_the_rows_of_a_fold_takes_over_its_role(execute: Execute) -> None:
    seen = execute(
        START,
        "for train, valid in KFold(4, shuffle=True, random_state=1).split(X):\n"
        "    model = LogisticRegression().fit(X[train], y[train])\n"
        "    accuracy_score(y[valid], model.predict(X[valid]))",
        "def one(frame, target, splitter, **more):\n"
        "    for rank, (a, b) in enumerate(splitter.split(frame, target, **more)):\n"
        "        part, truth = frame.iloc[a][['a', 'b']], target[a]\n"
        "        fitted = Ridge().fit(part, truth)\n"
        "        yield fitted.score(frame.iloc[b][['a', 'b']], target[b])\n"
        "scores = list(one(df, y, StratifiedKFold(3)))\n"
        "groups = list(one(df, y, GroupKFold(2), groups=np.arange(120) % 5))",
        "times = [X[b].shape for a, b in TimeSeriesSplit(3).split(X)]",
        "[(a, b)] = StratifiedShuffleSplit(n_splits=1, test_size=0.2, random_state=0).split(X, y)\n"
        "train_set, test_set = X[a], X[b]\nmodel = LogisticRegression().fit(train_set, y[a])\n"
        "model.score(test_set, y[b])",
        "X_train, X_test = train_test_split(X, random_state=0)\n"
        "a, b = next(KFold(3, shuffle=True).split(X_train)); inner = X_train[b]",
        "head, tail = X[:100], X[100:]\nLogisticRegression().fit(head, y[:100]).score(tail, y[100:])",
        "rows = list(KFold(30).split(X))",
    )
    splits = [a for a in seen.of_kind(ActivityKind.SPLITTING) if a.function.endswith(".split")]
    assert [a.implementation.rpartition(".")[2] for a in splits] == [
        "KFold",
        "StratifiedKFold",
        "GroupKFold",
        "TimeSeriesSplit",
        "StratifiedShuffleSplit",
        "KFold",
        "KFold",
    ]
    by_hand = settings(splits[0])
    assert by_hand == {"n_splits": 4, "shuffle": True, "random_state": 1}
    assert [a.unseeded for a in splits] == [False] * 5 + [True, False]
    parts = [seen.values[name] for name in splits[0].generated]
    assert [(p.shape, p.role, p.fold) for p in parts] == [
        (shape, role, fold)
        for fold in (1, 2, 3, 4)
        for shape, role in (((90,), SplitRole.TRAINING), ((30,), SplitRole.VALIDATION))
    ]
    trainings = seen.of_kind(ActivityKind.TRAINING)
    for rank, training in enumerate(trainings[:4]):
        place = (SplitRole.TRAINING, rank + 1)
        assert used(seen, training) == [((90, 3), *place), ((90,), *place)]
        model = seen.values[training.generated[0]]
        assert (model.role, model.fold) == (None, None)
        assert {seen.held("X").id, seen.held("y").id} <= seen.sources(model.id, evidence="observed")
    for rank, result in enumerate(seen.results[:4]):
        assert result.role is SplitRole.VALIDATION
        assert result.model == trainings[rank].generated[0]
        assert (seen.values[result.data[0]].fold, result.evidence) == (rank + 1, "observed")
    assert [seen.values[t.used[0].entity].fold for t in trainings[4:9]] == [1, 2, 3, 1, 2]
    assert {r.role for r in seen.results[4:9]} == {SplitRole.VALIDATION}

    train, test = seen.held("train_set", 5), seen.held("test_set", 5)
    assert (train.role, train.fold, train.shape) == (SplitRole.TRAINING, None, (96, 3))
    assert (test.role, test.fold, test.shape) == (SplitRole.TEST, None, (24, 3))
    assert seen.results[9].role is SplitRole.TEST
    assert (seen.held("inner").role, seen.held("inner").fold) == (SplitRole.VALIDATION, 1)
    assert (seen.held("head").role, seen.held("tail").role, seen.results[10].role) == (None, None, None)
    assert seen.sources(seen.held("tail").id) == {seen.held("X").id}
    assert len(splits[-1].generated) == 40
    assert any("of 30 folds" in notice for notice in seen.notices)


def test_rows_are_not_claimed_where_trying_them_gives_something_else(execute: Execute) -> None:
    seen = execute(
        START,
        "a, b = next(KFold(3).split(X))\nX2 = X * 2\nother = X[a] + 0.5\nwrong = X2[b]\n"
        "mixed = X[np.sort(rng.permutation(a))]",
        "kept = X[a].copy()\ntext = df['kind'].to_numpy()[a]\nempty = X[a][:0]",
    )
    operations = {link.target: link.operation for link in seen.links}
    assert operations[seen.held("other").id] != "selected rows"
    assert operations[seen.held("wrong").id] == "selected rows"
    assert seen.held("X2").id in seen.sources(seen.held("wrong").id)
    assert operations[seen.held("kept").id] == "selected rows"
    assert seen.notices == []


@pytest.mark.parametrize("call", ["learning_curve", "validation_curve"])
def test_curves_are_results_by_size_and_by_setting(execute: Execute, call: str) -> None:
    arguments = (
        ", train_sizes=[0.5, 1.0]" if call == "learning_curve" else ", param_name='C', param_range=[1, 2]"
    )
    seen = execute(
        START,
        f"c = {call}(LogisticRegression(), X, y, cv=3{arguments})",
        f"c = {call}(LogisticRegression(), X, y, cv=3, n_jobs=2{arguments})",
        "s = permutation_test_score(LogisticRegression(), X, y, cv=2, n_permutations=5, random_state=0)",
    )
    curve, parallel, permuted = seen.of_kind(ActivityKind.EVALUATION)
    roles = [(r.metric, r.role, len(r.series)) for r in curve.results]
    assert roles == [("accuracy", SplitRole.TRAINING, 2), ("accuracy", SplitRole.VALIDATION, 2)]
    assert (curve.fits, parallel.fits, seen.inside(curve)) == (6, 6, [])
    assert [r.metric for r in permuted.results] == ["accuracy", "permutation_test_p_value"]
    assert permuted.fits == 12
