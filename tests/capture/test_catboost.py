"""Models of CatBoost, by its own interface and as estimators, with the real library in a real kernel.

CatBoost is large: these tests belong to the optional job.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.records import ActivityKind, FileMode, Role, SeriesBy, SplitRole
from tests.capture.boosting import PARTS, settings, write_table
from tests.capture.conftest import Execute, Live

pytest.importorskip("catboost")
pytestmark = pytest.mark.large

IMPORTS = "import catboost as cb\nP = {'loss_function': 'Logloss', 'verbose': 0}\n"


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_table(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def test_trainings_tell_data_settings_history_and_what_came_of_them(execute: Execute) -> None:
    seen = execute(
        IMPORTS + PARTS + "rows, others = cb.Pool(X_train, y_train), cb.Pool(X_test, y_test)",
        "model = cb.train(rows, P | {'eta': 0.2}, iterations=20, eval_set=others, early_stopping_rounds=3)",
        "fitted = cb.CatBoostClassifier(n_estimators=8, verbose=0, use_best_model=False)\n"
        "fitted.fit(X_train, y_train, eval_set=[(X_test, y_test)])\n"
        "accuracy_score(y_test, fitted.predict(X_test))\nfitted.score(X_test, y_test)\n"
        "log_loss(y_test, fitted.predict_proba(others))",
        "more = cb.CatBoostClassifier(iterations=2, verbose=0).fit(rows, init_model=fitted)\n"
        "few = rows.slice([1, 2, 3])",
    )
    assert seen.notices == []
    native, fitted, continued = seen.of_kind(ActivityKind.TRAINING)
    rows, others = seen.held("rows").id, seen.held("others").id
    assert (native.function, native.generated) == ("catboost.train", (seen.held("model").id,))
    assert [(use.entity, use.role) for use in native.used] == [
        (rows, Role.DATA),
        (seen.held("y_train").id, Role.TARGET),
        (others, Role.VALIDATION),
    ]
    assert seen.came_from("model", evidence="observed") == {"a.csv"}
    assert seen.held("rows").shape == (150, 3)
    assert settings(native, chosen=True)["eta"] == 0.2
    assert settings(native, chosen=False)["random_seed"] == 0
    assert settings(native).keys().isdisjoint({"learning_rate", "od_wait"})
    on_rows, on_others, best, rounds = native.results
    assert (on_rows.metric, on_rows.role, on_rows.data) == ("Logloss", SplitRole.TRAINING, (rows,))
    assert (on_others.role, on_others.data, on_others.series_by) == (
        SplitRole.TEST,
        (others,),
        SeriesBy.ROUND,
    )
    assert len(on_others.series) == rounds.value
    assert on_others.value == on_others.series[int(best.value or 0)]
    chosen_by = [(link.target, link.operation) for link in seen.links if link.source == others]
    assert (seen.held("model").id, "use_best_model") in chosen_by

    assert fitted.implementation == "catboost.CatBoostClassifier"
    assert settings(fitted, chosen=True) == {"n_estimators": 8, "use_best_model": False, "verbose": 0}
    assert settings(fitted)["depth"] == 6
    assert [use.role for use in fitted.used] == [Role.DATA, Role.TARGET, Role.VALIDATION, Role.VALIDATION]
    assert len(fitted.results[1].series) == 8
    accuracy, score, loss = (r for r in seen.results if r.metric in ("accuracy", "log_loss"))
    assert accuracy.model == score.model == loss.model == fitted.generated[0]
    assert accuracy.value == score.value
    assert loss.value == pytest.approx(fitted.results[1].value, rel=1e-4)
    assert (loss.data, loss.role) == ((others,), SplitRole.TEST)
    assert fitted.generated[0] in {use.entity for use in continued.used}
    assert seen.held("y_train").id in {use.entity for use in continued.used}
    assert rows in seen.sources(seen.held("few").id)


def test_cross_validations_searches_and_pipelines_count_their_fits(execute: Execute) -> None:
    seen = execute(
        IMPORTS + PARTS + "rows = cb.Pool(X_train, y_train)",
        "table = cb.cv(rows, P | {'iterations': 5}, fold_count=3)",
        "cross_val_score(cb.CatBoostClassifier(iterations=2, verbose=0), X_train, y_train, cv=3)\n"
        "search = GridSearchCV(cb.CatBoostClassifier(iterations=2, verbose=0), {'depth': [2, 3]}, cv=2)\n"
        "search.fit(X_train, y_train)",
        "pipe = make_pipeline(StandardScaler(), cb.CatBoostRegressor(iterations=3, verbose=0))\n"
        "pipe.fit(X_train, y_train, catboostregressor__eval_set=(X_test, y_test))",
    )
    assert seen.notices == []
    cv, scores = seen.of_kind(ActivityKind.EVALUATION)
    assert (cv.function, cv.unseeded) == ("catboost.cv", False)
    assert [(r.metric, r.role, r.series_by, len(r.series)) for r in cv.results] == [
        ("Logloss", SplitRole.VALIDATION, SeriesBy.ROUND, 5),
        ("Logloss", SplitRole.TRAINING, SeriesBy.ROUND, 5),
    ]
    [tuning] = [each for each in seen.of_kind(ActivityKind.TUNING) if not each.parent]
    assert (scores.fits, tuning.fits) == (3, 5)
    [pipeline] = seen.of_kind(ActivityKind.TRAINING)
    assert settings(pipeline)["catboostregressor__depth"] == 6
    assert [result.role for result in pipeline.results[:2]] == [SplitRole.TRAINING, SplitRole.TEST]


def test_a_model_read_from_a_file_is_the_one_that_was_saved(execute: Execute) -> None:
    seen = execute(
        IMPORTS + PARTS,
        "model = cb.CatBoostClassifier(iterations=3, verbose=0).fit(X_train, y_train)\n"
        "model.save_model('m.cbm'); joblib.dump(model, 'm.joblib')",
        "read = cb.CatBoostClassifier().load_model('m.cbm'); stored = joblib.load('m.joblib')\n"
        "accuracy_score(y_test, read.predict(X_test))",
    )
    assert seen.notices == []
    for file, variable in {"m.cbm": "read", "m.joblib": "stored"}.items():
        written = seen.file(file, FileMode.WRITTEN)
        assert seen.held("model").id in seen.sources(written.id)
        assert written.id in seen.sources(seen.held(variable).id, evidence="observed")
    assert [result.model for result in seen.results if result.metric == "accuracy"] == [seen.held("read").id]


def test_functions_imported_before_capture_began_are_seen(live: Live) -> None:
    seen = live(
        IMPORTS + "from catboost import Pool, train as fit\n" + PARTS,
        "%load_ext provkg.capture.ipython",
        "model = fit(Pool(X_train.to_numpy(), y_train.to_numpy()), P, iterations=2)",
    )
    assert seen.notices == []
    assert [each.function for each in seen.activities] == ["catboost.train"]
    assert seen.activities[0].generated == (seen.held("model").id,)
