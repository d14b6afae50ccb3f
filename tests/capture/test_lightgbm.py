"""Models of LightGBM, by its own interface and as estimators, with the real library in a real kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.records import ActivityKind, FileMode, Role, SeriesBy, SplitRole
from tests.capture.boosting import PARTS, settings, write_table
from tests.capture.conftest import Execute, Live

pytest.importorskip("lightgbm")

IMPORTS = "import lightgbm as lgb\nP = {'objective': 'binary', 'verbose': -1, 'min_child_samples': 5}\n"


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_table(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def test_a_native_training_tells_data_settings_history_and_what_came_of_it(execute: Execute) -> None:
    seen = execute(
        IMPORTS + PARTS,
        "rows = lgb.Dataset(X_train, y_train, free_raw_data=False)\n"
        "others = lgb.Dataset(X_test, y_test, reference=rows, free_raw_data=False)\n"
        "def mine(env):\n    orders.append(mine.order)\norders = []",
        "model = lgb.train(P | {'eta': 0.2}, rows, 30, valid_sets=[rows, others], valid_names=['a', 'b'],\n"
        "    callbacks=[lgb.early_stopping(3, verbose=False), mine])\nassert set(orders) == {-1}",
        "probabilities = model.predict(X_test)\nlog_loss(y_test, probabilities)\n"
        "why = model.predict(X_test, pred_contrib=True)",
        "more = lgb.train(P, rows, 3, valid_sets=others, init_model=model)\n"
        "other = more.refit(X_test, y_test)\nfew = rows.subset([1, 2, 3])",
    )
    assert seen.notices == []
    training, continued, refitted = seen.of_kind(ActivityKind.TRAINING)
    model = seen.held("model")
    assert (training.function, training.implementation) == ("lightgbm.train", "lightgbm.Booster")
    assert training.generated == (model.id,)
    assert [(use.entity, use.role) for use in training.used] == [
        (seen.held("rows").id, Role.DATA),
        (seen.held("y_train").id, Role.TARGET),
        (seen.held("others").id, Role.VALIDATION),
    ]
    assert seen.came_from("model", evidence="observed") == {"a.csv"}
    assert seen.held("rows").shape == (150, 3)
    chosen = settings(training, chosen=True)
    assert (chosen["eta"], chosen["early_stopping_round"], chosen["num_boost_round"]) == (0.2, 3, 30)
    left = settings(training, chosen=False)
    assert (left["num_leaves"], left["bagging_seed"], left["boosting"]) == (31, 3, "gbdt")
    assert left.keys().isdisjoint({"learning_rate", "min_data_in_leaf", "num_iterations"})
    assert not training.unseeded

    on_rows, on_others, best, rounds = training.results
    assert (on_rows.metric, on_rows.role) == ("binary_logloss", SplitRole.TRAINING)
    assert (on_others.role, on_others.series_by) == (SplitRole.TEST, SeriesBy.ROUND)
    assert on_others.data == (seen.held("others").id,)
    assert len(on_others.series) == rounds.value
    assert on_others.value == on_others.series[int(best.value or 0) - 1]
    [judged] = [link for link in seen.links if link.operation == "early stopping"]
    assert (judged.target, judged.source) == (model.id, seen.held("others").id)

    loss = next(result for result in seen.results if result.metric == "log_loss")
    assert loss.model == model.id
    assert loss.data == (seen.held("X_test").id,)
    assert loss.value == pytest.approx(on_others.value)
    assert seen.held("why").kind == "data set"
    assert model.id in {use.entity for use in continued.used if use.role is Role.MODEL}
    assert len(continued.results[0].series) == 3
    assert refitted.generated == (seen.held("other").id,)
    assert {seen.held("more").id, seen.held("X_test").id} <= seen.sources(seen.held("other").id)
    assert seen.held("rows").id in seen.sources(seen.held("few").id)


def test_estimators_are_trained_once_with_the_values_in_force_and_their_history(execute: Execute) -> None:
    seen = execute(
        IMPORTS + PARTS,
        "model = lgb.LGBMClassifier(n_estimators=20, verbose=-1, min_child_samples=5)\n"
        "import inspect\nsets = {'eval_set': [(X_train, y_train), (X_test, y_test)]}\n"
        "if 'eval_X' in inspect.signature(model.fit).parameters:\n"
        "    sets = {'eval_X': (X_train, X_test), 'eval_y': (y_train, y_test)}\n"
        "model.fit(X_train, y_train, callbacks=[lgb.early_stopping(2, verbose=False)], **sets)\n"
        "accuracy_score(y_test, model.predict(X_test))",
        "model.fit(X_train, y_train)",
        "pipe = make_pipeline(StandardScaler(), lgb.LGBMRegressor(n_estimators=3, verbose=-1))\n"
        "pipe.fit(X_train, y_train, lgbmregressor__eval_set=[(X_test, y_test)])",
        "cross_val_score(lgb.LGBMClassifier(n_estimators=3, verbose=-1), X_train, y_train, cv=3)",
        "rows = lgb.Dataset(X_train, y_train)\nothers = lgb.Dataset(X_test, y_test, reference=rows)\n"
        "loop = lgb.Booster(P, rows)\nloop.add_valid(others, 'mine')\n"
        "for _ in range(3):\n    loop.update()\ntold = loop.eval_valid()",
    )
    assert seen.notices == []
    first, second, pipeline, *updates = seen.of_kind(ActivityKind.TRAINING)
    assert first.implementation == "lightgbm.LGBMClassifier"
    assert settings(first)["random_state"] == 0
    assert settings(first)["n_estimators"] == 20
    assert [use.role for use in first.used] == [Role.DATA, Role.TARGET, Role.VALIDATION, Role.VALIDATION]
    on_train, on_test, best, rounds = first.results
    assert (on_train.role, on_test.role) == (SplitRole.TRAINING, SplitRole.TEST)
    assert (on_train.model, on_test.data) == (first.generated[0], (seen.held("X_test").id,))
    assert len(on_test.series) == rounds.value
    assert best.value
    assert seen.values[second.generated[0]].revision_of == first.generated[0]
    assert second.results == ()
    assert (pipeline.results[0].metric, len(pipeline.results[0].series)) == ("l2", 3)
    assert settings(pipeline)["lgbmregressor__random_state"] == 0
    accuracy = next(result for result in seen.results if result.metric == "accuracy")
    assert accuracy.model == first.generated[0]
    assert [activity.fits for activity in seen.of_kind(ActivityKind.EVALUATION)] == [0, 3, 0]
    judged = seen.results[-1]
    assert (judged.model, judged.data) == (seen.held("loop").id, (seen.held("others").id,))
    assert (judged.metric, judged.role) == ("binary_logloss", SplitRole.TEST)
    assert [seen.values[each.generated[0]].version for each in updates] == [1, 2, 3]
    assert all(use.entity == seen.held("y_train").id for each in updates for use in each.used[1:])


def test_a_cross_validation_is_one_activity_with_folds_and_rounds(execute: Execute) -> None:
    seen = execute(
        IMPORTS + PARTS + "rows = lgb.Dataset(X_train, y_train)",
        "found = lgb.cv(P, rows, 8, nfold=4, metrics=['auc', 'binary_logloss'], return_cvbooster=True,\n"
        "               eval_train_metric=True)\nfirst = found['cvbooster'].boosters[0]",
    )
    assert seen.notices == []
    [cv] = seen.activities[2:]
    assert (cv.function, cv.kind, cv.fits) == ("lightgbm.cv", ActivityKind.EVALUATION, 4)
    assert not cv.unseeded
    found = {(r.metric, r.role, r.series_by): r for r in cv.results}
    assert len(found) == 8
    folds = found["auc", SplitRole.VALIDATION, SeriesBy.FOLD]
    means = found["auc", SplitRole.VALIDATION, SeriesBy.ROUND]
    assert (len(folds.series), len(means.series)) == (4, 8)
    assert folds.value == means.series[-1] == pytest.approx(sum(each or 0 for each in folds.series) / 4)
    assert seen.held("rows").id in seen.sources(seen.held("first").id)


def test_a_model_read_from_a_file_is_the_one_that_was_saved(execute: Execute) -> None:
    seen = execute(
        IMPORTS + PARTS,
        "model = lgb.train(P, lgb.Dataset(X_train, y_train), 3)\n"
        "wrapped = lgb.LGBMClassifier(n_estimators=2, verbose=-1).fit(X_train, y_train)",
        "model.save_model('native.txt'); wrapped.booster_.save_model('inner.txt')\n"
        "joblib.dump(wrapped, 'model.joblib'); np.savetxt('t.csv', X_test.to_numpy(), delimiter=',')",
        "native, inner = lgb.Booster(model_file='native.txt'), lgb.Booster(model_file='inner.txt')\n"
        "stored = joblib.load('model.joblib')\nlog_loss(y_test, inner.predict('t.csv'))",
    )
    assert seen.notices == []
    for file, variable in {"native.txt": "native", "inner.txt": "inner", "model.joblib": "stored"}.items():
        written = seen.file(file, FileMode.WRITTEN)
        assert written.sha256
        assert written.id in seen.sources(seen.held(variable).id, evidence="observed"), file
    assert seen.held("model").id in seen.sources(seen.file("native.txt").id)
    assert seen.held("wrapped").id in seen.sources(seen.file("inner.txt").id)
    [loss] = seen.results
    assert loss.model == seen.held("inner").id
    [prediction] = seen.of_kind(ActivityKind.PREDICTION)
    assert seen.file("t.csv", FileMode.WRITTEN).id in {use.entity for use in prediction.used}
    written_files = {Path(file.path).name for file in seen.files.values() if file.mode is FileMode.WRITTEN}
    assert written_files == {"native.txt", "inner.txt", "model.joblib", "t.csv"}


def test_functions_imported_before_capture_began_are_seen(live: Live) -> None:
    seen = live(
        IMPORTS + "from lightgbm import Dataset, cv, train as fit\n" + PARTS,
        "%load_ext provkg.capture.ipython",
        "rows = Dataset(X_train.to_numpy(), y_train.to_numpy(), free_raw_data=False)\n"
        "model = fit(P, rows, 2)\ntable = cv(P, rows, 2, nfold=2)",
    )
    assert seen.notices == []
    assert [each.function for each in seen.activities] == ["lightgbm.train", "lightgbm.cv"]
    assert seen.activities[0].generated == (seen.held("model").id,)
    assert [result.series_by for result in seen.activities[1].results] == [SeriesBy.FOLD, SeriesBy.ROUND]
