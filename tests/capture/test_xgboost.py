"""Models of XGBoost, by its own interface and as estimators, with the real library in a real kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.records import ActivityKind, FileMode, Role, SeriesBy, SplitRole, Status
from tests.capture.boosting import PARTS, settings, write_table
from tests.capture.conftest import Execute, Live

pytest.importorskip("xgboost")

IMPORTS = "import copy, xgboost as xgb\n"


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_table(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def test_a_native_training_tells_data_settings_history_and_what_came_of_it(execute: Execute) -> None:
    seen = execute(
        IMPORTS + PARTS,
        "dtrain, dtest = xgb.DMatrix(X_train, label=y_train), xgb.DMatrix(X_test, y_test)\n"
        "params = {'objective': 'binary:logistic', 'eta': 0.2, 'max_depth': 2, 'seed': 7}",
        "given = {}\nmodel = xgb.train(params, dtrain, 30, evals=[(dtrain, 'train'), (dtest, 'eval')],\n"
        "    early_stopping_rounds=3, verbose_eval=False, evals_result=given)\nlength = len(given['eval'])",
        "other = xgb.train({}, dtrain, 2, [(dtest, 'eval')], verbose_eval=False)\n"
        "sets = [(dtest, 'eval'), (dtrain, 'train')]\n"
        "on_itself = xgb.train(params, dtrain, 3, sets, early_stopping_rounds=2, verbose_eval=False)",
        "predicted = model.predict(dtest)\nlog_loss(y_test, predicted)\n"
        "again = model.inplace_predict(X_test)\naccuracy_score(y_test, again > 0.5)\n"
        "why = model.predict(dtest, pred_contribs=True)",
    )
    assert seen.notices == []
    training, other, _ = seen.of_kind(ActivityKind.TRAINING)
    model = seen.held("model")
    assert (training.function, training.implementation) == ("xgboost.train", "xgboost.Booster")
    assert training.generated == (model.id,)
    used = {(use.entity, use.role) for use in training.used}
    assert used == {
        (seen.held("dtrain").id, Role.DATA),
        (seen.held("y_train").id, Role.TARGET),
        (seen.held("dtest").id, Role.VALIDATION),
    }
    assert seen.came_from("model", evidence="observed") == {"a.csv"}
    assert seen.held("dtrain").shape == (150, 3)
    assert [column.name for column in seen.held("dtest").columns] == ["one", "two", "three"]
    chosen = {"objective": "binary:logistic", "eta": 0.2, "max_depth": 2, "seed": 7}
    assert settings(training, chosen=True) == chosen | {"num_boost_round": 30, "early_stopping_rounds": 3}
    left = settings(training, chosen=False)
    assert (left["subsample"], left["reg_lambda"], left["booster"]) == (1, 1, "gbtree")
    assert "learning_rate" not in left
    assert settings(other, chosen=False)["learning_rate"] == 0.3
    assert not training.unseeded

    on_train, on_eval, best, rounds = training.results
    assert (on_train.metric, on_train.role, on_train.data) == (
        "logloss",
        SplitRole.TRAINING,
        (seen.held("dtrain").id,),
    )
    assert (on_eval.role, on_eval.series_by) == (SplitRole.TEST, SeriesBy.ROUND)
    assert len(on_eval.series) == rounds.value
    assert on_eval.series[int(best.value or 0)] == min(each or 0 for each in on_eval.series)
    assert on_eval.value == on_eval.series[-1]  # the trees after the best round stay
    # Of several sets the last one decides when to stop: it was the training data itself once.
    [judged] = [link for link in seen.links if link.operation == "early stopping"]
    assert (judged.target, judged.source) == (model.id, seen.held("dtest").id)
    assert len(other.results) == 1
    assert len(other.results[0].series) == 2

    loss, accuracy = seen.results[-2:]
    assert loss.model == accuracy.model == model.id
    assert (loss.data, accuracy.data) == ((seen.held("dtest").id,), (seen.held("X_test").id,))
    assert loss.role is SplitRole.TEST
    assert loss.value == pytest.approx(on_eval.value, rel=1e-4)
    assert seen.held("predicted").kind == "prediction"
    assert seen.held("why").kind == "data set"


def test_loops_of_rounds_slices_and_labels_put_in_later_make_new_states(execute: Execute) -> None:
    seen = execute(
        IMPORTS + PARTS,
        "rows = xgb.QuantileDMatrix(X_train)\nrows.set_label(y_train)\n"
        "few = xgb.DMatrix(X_train, y_train).slice([1, 2, 3])",
        "model = xgb.Booster({'objective': 'binary:logistic'}, [rows])\n"
        "for i in range(3):\n    model.update(rows, i)\n    told = model.eval_set([(rows, 'mine')], i)\n"
        "listed = xgb.DMatrix(X_train, label=y_train.tolist())\nsame_again = xgb.train({}, listed, 1)",
        "same, first = copy.deepcopy(model), model[:2]\n"
        "more = xgb.train({'objective': 'binary:logistic'}, rows, 2, xgb_model=model)",
        "np.savetxt('t.csv', np.column_stack([y_train, X_train]), delimiter=',')\n"
        "file = xgb.DMatrix('t.csv?format=csv&label_column=0')\nlast = xgb.train({}, file, 2)",
    )
    assert seen.notices == []
    assert seen.held("y_train").id in seen.sources(seen.held("rows").id)
    assert {seen.held("X_train").id, seen.held("y_train").id} <= seen.sources(seen.held("few").id)
    updates = [each for each in seen.of_kind(ActivityKind.TRAINING) if each.function.endswith("update")]
    assert [seen.values[each.generated[0]].version for each in updates] == [1, 2, 3]
    data_and_target = [seen.held("rows").id, seen.held("y_train").id]
    assert all([use.entity for use in each.used] == data_and_target for each in updates)
    model = seen.held("model").id
    evaluations = seen.of_kind(ActivityKind.EVALUATION)
    judged = [(r.metric, r.model, r.data) for each in evaluations for r in each.results]
    assert judged == [("logloss", each.generated[0], (seen.held("rows").id,)) for each in updates]
    listed = seen.of_kind(ActivityKind.TRAINING)[3]
    [target] = [use.entity for use in listed.used if use.role is Role.TARGET]
    assert seen.held("y_train").id in seen.sources(target)
    assert {model} <= seen.sources(seen.held("same").id)
    assert {model} <= seen.sources(seen.held("first").id)
    continued = seen.of_kind(ActivityKind.TRAINING)[4]
    assert [use.entity for use in continued.used if use.role is Role.MODEL] == [model]
    assert model in seen.sources(seen.held("more").id)
    assert seen.came_from("last") == {"t.csv", "a.csv"}


def test_estimators_are_trained_once_with_the_values_in_force_and_their_history(execute: Execute) -> None:
    seen = execute(
        IMPORTS + PARTS,
        "model = xgb.XGBClassifier(n_estimators=20, early_stopping_rounds=2)\n"
        "model.fit(X_train, y_train, eval_set=[(X_train, y_train), (X_test, y_test)], verbose=False)\n"
        "accuracy_score(y_test, model.predict(X_test))\nlog_loss(y_test, model.predict_proba(X_test))",
        "model.set_params(early_stopping_rounds=None)\nmodel.fit(X_train, y_train)",
        "class Mine(xgb.XGBClassifier):\n    pass\n"
        "pipe = make_pipeline(StandardScaler(), Mine(n_estimators=3, max_depth=2))\n"
        "rows, others = X_train.to_numpy(), X_test.to_numpy()\n"
        "pipe.fit(rows, y_train, mine__eval_set=[(others, y_test)], mine__verbose=False)",
        "cross_val_score(xgb.XGBClassifier(n_estimators=3), X_train, y_train, cv=3)\n"
        "search = GridSearchCV(xgb.XGBClassifier(n_estimators=3), {'max_depth': [1, 2]}, cv=2)\n"
        "search.fit(X_train, y_train)",
    )
    assert seen.notices == []
    first, second, pipeline = seen.of_kind(ActivityKind.TRAINING)
    assert first.implementation == "xgboost.XGBClassifier"
    assert settings(first, chosen=True) == {"n_estimators": 20, "early_stopping_rounds": 2}
    assert settings(first)["learning_rate"] == 0.3
    assert settings(first)["max_depth"] == 6
    assert [use.role for use in first.used] == [Role.DATA, Role.TARGET, Role.VALIDATION, Role.VALIDATION]
    on_train, on_test, best, rounds = first.results
    assert (on_train.role, on_test.role) == (SplitRole.TRAINING, SplitRole.TEST)
    assert (on_train.model, on_test.data) == (first.generated[0], (seen.held("X_test").id,))
    assert len(on_test.series) == rounds.value
    assert on_test.value == on_test.series[int(best.value or 0)]
    [loss] = [result for result in seen.results if result.metric == "log_loss"]
    assert loss.value == pytest.approx(on_test.value, rel=1e-4)
    assert seen.values[second.generated[0]].revision_of == first.generated[0]
    assert second.results == ()
    assert settings(pipeline, chosen=True) == {"mine__n_estimators": 3, "mine__max_depth": 2}
    assert settings(pipeline)["mine__learning_rate"] == 0.3
    assert len(pipeline.results[0].series) == 3
    [accuracy] = [result for result in seen.results if result.metric == "accuracy" and not result.series]
    assert accuracy.model == first.generated[0]
    [evaluation] = [each for each in seen.activities if each.function.endswith("cross_val_score")]
    [tuning] = [a for a in seen.of_kind(ActivityKind.TUNING) if not a.parent]
    assert (evaluation.fits, tuning.fits) == (3, 5)


def test_a_cross_validation_is_one_activity_with_folds_and_rounds(execute: Execute) -> None:
    seen = execute(
        IMPORTS + PARTS + "rows = xgb.DMatrix(X_train, y_train)",
        "params = {'objective': 'binary:logistic', 'max_depth': 2}\n"
        "table = xgb.cv(params, rows, 9, nfold=4, metrics=['logloss', 'error'], early_stopping_rounds=3)",
    )
    assert seen.notices == []
    [cv] = seen.of_kind(ActivityKind.EVALUATION)
    assert (cv.function, cv.fits, cv.unseeded) == ("xgboost.cv", 4, False)
    assert cv.generated == (seen.held("table").id,)
    assert seen.of_kind(ActivityKind.TRAINING) == []
    rounds = seen.held("table").shape[0]
    found = {(r.metric, r.role, r.series_by): r for r in cv.results}
    assert len(found) == 8
    folds = found["logloss", SplitRole.VALIDATION, SeriesBy.FOLD]
    means = found["logloss", SplitRole.VALIDATION, SeriesBy.ROUND]
    assert (len(folds.series), len(means.series)) == (4, rounds)
    assert folds.value == means.series[-1] == pytest.approx(sum(each or 0 for each in folds.series) / 4)
    assert folds.data == (seen.held("rows").id,)


def test_a_model_read_from_a_file_is_the_one_that_was_saved(execute: Execute) -> None:
    seen = execute(
        IMPORTS + PARTS,
        "rows = xgb.DMatrix(X_train, y_train)\nmodel = xgb.train({'objective': 'binary:logistic'}, rows, 3)\n"
        "wrapped = xgb.XGBClassifier(n_estimators=2).fit(X_train, y_train)",
        "model.save_model('native.ubj'); wrapped.save_model('wrapped.json')\n"
        "wrapped.get_booster().save_model('inner.ubj'); joblib.dump(model, 'model.joblib')",
        "native = xgb.Booster(model_file='native.ubj'); stored = joblib.load('model.joblib')\n"
        "fresh = xgb.XGBClassifier(); fresh.load_model('wrapped.json')\n"
        "filled = xgb.train({}, rows, 1); filled.load_model('inner.ubj')\n"
        "accuracy_score(y_test, fresh.predict(X_test))",
        "xgb.Booster(model_file='missing.ubj')",
        allow_errors=True,
    )
    assert seen.notices == []
    saved = {"native.ubj": "native", "model.joblib": "stored", "wrapped.json": "fresh", "inner.ubj": "filled"}
    for file, variable in saved.items():
        written = seen.file(file, FileMode.WRITTEN)
        assert written.sha256
        assert written.id in seen.sources(seen.held(variable).id, evidence="observed"), file
    assert seen.held("model").id in seen.sources(seen.file("native.ubj").id)
    assert seen.held("wrapped").id in seen.sources(seen.file("inner.ubj").id)
    assert seen.held("filled").revision_of == ""
    nearest = {link.source for link in seen.links if link.target == seen.held("filled").id}
    assert nearest == {seen.file("inner.ubj").id}
    assert seen.results[-1].model == seen.held("fresh").id
    assert seen.run.executions[-1].status is Status.FAILED


def test_functions_imported_before_capture_began_are_seen_and_left_as_they_are(live: Live) -> None:
    seen = live(
        IMPORTS + "from xgboost import DMatrix, cv, train as fit\nimport pickle, inspect\n"
        "before = str(inspect.signature(fit)), inspect.getsource(cv)\n" + PARTS,
        "%load_ext provkg.capture.ipython",
        "rows = DMatrix(X_train.to_numpy(), y_train.to_numpy())\n"
        "model = fit({'objective': 'binary:logistic'}, rows, 2)\ntable = cv({}, rows, 2)",
        "assert before == (str(inspect.signature(fit)), inspect.getsource(cv))\n"
        "assert pickle.loads(pickle.dumps(fit)) is fit is xgb.train is xgb.training.train\n",
    )
    assert seen.notices == []
    assert [each.function for each in seen.activities] == ["xgboost.train", "xgboost.cv"]
    assert seen.activities[0].generated == (seen.held("model").id,)


def test_a_version_that_is_not_known_is_left_alone_and_said_so_once(execute: Execute, tmp_path: Path) -> None:
    package = tmp_path / "xgboost"
    package.mkdir()
    (package / "__init__.py").write_text("from .core import Booster\nfrom .training import train\n")
    (package / "core.py").write_text("class Booster:\n    def teach(self):\n        return 1\n")
    (package / "training.py").write_text("def train(everything):\n    return everything\n")
    seen = execute(
        "import xgboost\nfrom xgboost import train", "x = train(5), train(6), xgboost.Booster().teach()"
    )
    assert seen.run.status is Status.SUCCEEDED
    without = ("xgboost.core.Booster has no 'attr'", "xgboost.training.train takes no 'params'")
    assert [each.partition("Error: ")[2] for each in seen.notices] == [
        f"{difference} in this version: it is left alone" for difference in without
    ]
    assert seen.activities == []
