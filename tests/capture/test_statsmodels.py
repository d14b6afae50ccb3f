"""Models of statsmodels, from tables and formulas, with the real library in a real kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.records import ActivityKind, FileMode, Role, SplitRole
from tests.capture.boosting import PARTS, settings, write_table
from tests.capture.conftest import Execute, Live

pytest.importorskip("statsmodels")

IMPORTS = "import statsmodels.api as sm, statsmodels.formula.api as smf\n"
HALVES = "train, test = df[:150], df[150:]\n"


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_table(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def test_a_fit_tells_data_settings_and_measures_and_leaves_the_results_as_they_are(execute: Execute) -> None:
    seen = execute(
        IMPORTS + PARTS,
        "X = sm.add_constant(X_train)\nfitted = sm.OLS(y_train, X).fit(cov_type='HC1')\n"
        "asked = list(fitted._results._cache); r2 = fitted.rsquared",
        "predicted = fitted.predict(sm.add_constant(X_test))\nmean_squared_error(y_test, predicted)\n"
        "inside = fitted.predict()\nmean_squared_error(y_train, inside)",
        "fitted.save('m.pickle'); joblib.dump(fitted, 'm.joblib')",
        "first, second = sm.load('m.pickle'), joblib.load('m.joblib')\n"
        "mean_squared_error(y_test, second.predict(sm.add_constant(X_test)))",
        "assert {'rsquared', 'llf'}.isdisjoint(asked)\nprint(float(r2))",
    )
    assert seen.notices == []
    [training] = seen.of_kind(ActivityKind.TRAINING)
    model = seen.held("fitted").id
    assert training.function == "statsmodels.regression.linear_model.OLS.fit"
    assert (training.implementation, training.package) == (
        "statsmodels.regression.linear_model.OLS",
        "statsmodels",
    )
    assert training.generated == (model,)
    assert [(use.entity, use.role) for use in training.used[:2]] == [
        (seen.held("y_train").id, Role.TARGET),
        (seen.held("X").id, Role.DATA),
    ]
    assert settings(training, chosen=True) == {"cov_type": "HC1"}
    assert settings(training)["method"] == "pinv"
    measured = {result.metric: result for result in training.results}
    assert set(measured) == {"rsquared", "rsquared_adj", "llf", "aic", "bic"}
    assert measured["rsquared"].text == seen.run.executions[-1].outputs[0].text.strip()
    assert {(r.role, r.model, r.data) for r in training.results} == {
        (SplitRole.TRAINING, model, (seen.held("X").id,))
    }
    assert seen.came_from("fitted", evidence="observed") == {"a.csv"}

    outside, inside, again = (r for r in seen.results if r.metric == "mean_squared_error")
    assert (outside.model, outside.role) == (model, SplitRole.TEST)
    assert (inside.model, inside.data, inside.role) == (model, (seen.held("X").id,), SplitRole.TRAINING)
    assert again.model == seen.held("second").id
    for file, variable in {"m.pickle": "first", "m.joblib": "second"}.items():
        written = seen.file(file, FileMode.WRITTEN)
        assert model in seen.sources(written.id)
        assert written.id in seen.sources(seen.held(variable).id, evidence="observed")


def test_formulas_and_time_series_lead_to_their_tables(execute: Execute) -> None:
    seen = execute(
        IMPORTS + PARTS + HALVES,
        "linear = smf.ols('two ~ one + C(three)', data=train).fit()\n"
        "interval = linear.get_prediction(test)\nframe = interval.summary_frame()\n"
        "mean_squared_error(test.two, frame['mean'])",
        "logit = sm.Logit(train.label, sm.add_constant(train[['one']])).fit(disp=0)\n"
        "chances = logit.predict(sm.add_constant(test[['one']]))\naccuracy_score(test.label, chances > 0.5)",
        "binomial = smf.glm('label ~ one', train, family=sm.families.Binomial()).fit()\n"
        "binomial.predict(test).mean()",
        "arima = sm.tsa.ARIMA(train.two, order=(1, 0, 0)).fit()\nahead = arima.forecast(50)\n"
        "mean_squared_error(test.two, ahead)\nlonger = arima.get_forecast(50)\n"
        "mean_squared_error(test.two, longer.predicted_mean)\nmore = arima.append(test.two)",
        "pairs = sm.tsa.VAR(train[['two', 'three']]).fit(1)\n"
        "next_pairs = pairs.forecast(test[['two', 'three']].to_numpy(), 2)",
    )
    assert seen.notices == []
    linear, logit, binomial, arima, appended, pairs = seen.of_kind(ActivityKind.TRAINING)
    train = seen.held("train").id
    assert linear.generated == (seen.held("linear").id,)
    assert [(use.entity, use.role, use.argument) for use in linear.used[:1]] == [(train, Role.DATA, "data")]
    assert settings(linear)["formula"] == "two ~ one + C(three)"
    assert {result.metric for result in logit.results} == {"llf", "aic", "bic"}
    assert {result.metric for result in binomial.results} == {"llf", "aic", "bic", "deviance"}
    assert settings(arima)["order"] == "(1, 0, 0)"
    assert {result.metric for result in arima.results} == {"llf", "aic", "bic", "hqic"}
    assert {seen.held("arima").id, seen.held("test").id} <= seen.sources(appended.generated[0])
    assert pairs.generated == (seen.held("pairs").id,)

    interval, accuracy, ahead, longer = (r for r in seen.results if r.role is None)
    assert interval.model == seen.held("linear").id
    assert interval.data == (seen.held("test").id,)
    assert accuracy.model == seen.held("logit").id
    assert ahead.model == longer.model == seen.held("arima").id
    assert seen.held("test").id in seen.sources(ahead.data[0])
    assert train not in seen.sources(ahead.data[0])
    assert {interval.evidence, longer.evidence} == {"observed"}
    assert {seen.held("pairs").id, seen.held("test").id} <= seen.sources(seen.held("next_pairs").id)


def test_models_imported_and_made_before_capture_began_are_seen(live: Live) -> None:
    seen = live(
        IMPORTS + "from statsmodels.formula.api import ols as least\nimport inspect\n" + PARTS + HALVES,
        "signature = str(inspect.signature(least)), str(inspect.signature(sm.OLS))\n"
        "before = sm.OLS(train.two, train[['one']])",
        "%load_ext provkg.capture.ipython",
        "fitted = least('two ~ one', data=train).fit()\nother = before.fit()\n"
        "mean_squared_error(test.two, fitted.predict(test))\nfitted.summary()",
        "assert signature == (str(inspect.signature(least)), str(inspect.signature(sm.OLS)))",
    )
    assert seen.notices == []
    first, second = seen.of_kind(ActivityKind.TRAINING)
    assert first.generated == (seen.held("fitted").id,)
    assert second.generated == (seen.held("other").id,)
    assert seen.results[-1].model == seen.held("fitted").id
