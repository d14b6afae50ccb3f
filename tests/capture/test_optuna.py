"""Studies of Optuna with their trials, with the real library in a real kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.records import ActivityKind, SeriesBy, Status
from tests.capture.boosting import PARTS, settings, write_table
from tests.capture.conftest import Execute, Live

pytest.importorskip("optuna")

IMPORTS = (
    "import optuna\noptuna.logging.set_verbosity(optuna.logging.CRITICAL)\n"
    "from sklearn.linear_model import LogisticRegression\n"
)
OBJECTIVE = """
def objective(trial):
    C = trial.suggest_float('C', 0.01, 10, log=True)
    model = LogisticRegression(C=C).fit(X_train, y_train)
    trial.report(0.25, 0)
    trial.report(0.5, 1)
    if trial.number == 2:
        raise optuna.TrialPruned
    if trial.number == 3:
        raise ValueError('no')
    return accuracy_score(y_test, model.predict(X_test))
"""


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_table(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def test_a_study_is_a_tuning_with_its_trials_and_what_happens_in_them(execute: Execute) -> None:
    seen = execute(
        IMPORTS + PARTS + OBJECTIVE,
        "numbers = []\nsampler = optuna.samplers.TPESampler(seed=3, n_startup_trials=4)\n"
        "study = optuna.create_study(direction='maximize', sampler=sampler)\n"
        "study.optimize(objective, 5, catch=ValueError, callbacks=[lambda s, t: numbers.append(t.number)])",
        "assert numbers == [0, 1, 2, 3, 4]\nprint(study.best_trial.number, study.best_value)",
        "study.optimize(objective, n_trials=1)",
        "def broken(trial):\n    trial.suggest_int('k', 1, 2)\n    raise RuntimeError('stop')\n"
        "other = optuna.create_study()\nother.optimize(broken, n_trials=3)",
        "import traceback, sys\ntry:\n    other.optimize(broken, n_trials=3)\n"
        "except RuntimeError:\n    text = traceback.format_exc()\nassert 'provkg' not in text",
        allow_errors=True,
    )
    assert seen.notices == []
    assert [e.status for e in seen.run.executions] == [Status.SUCCEEDED] * 4 + [
        Status.FAILED,
        Status.SUCCEEDED,
    ]
    first, second, stopped, _ = seen.of_kind(ActivityKind.TUNING)
    trials = seen.inside(first)
    assert (first.function, first.implementation) == ("optuna.Study.optimize", "optuna.samplers.TPESampler")
    chosen = settings(first, chosen=True)
    assert (chosen["direction"], chosen["sampler.seed"], chosen["n_trials"]) == ("maximize", 3, 5)
    assert settings(first)["sampler.n_ei_candidates"] == 24
    assert settings(first)["pruner"] == "MedianPruner"
    assert not first.unseeded
    assert first.generated == (seen.held("study", 2).id,)
    assert seen.values[second.generated[0]].revision_of == first.generated[0]

    ended = [Status.SUCCEEDED, Status.SUCCEEDED, Status.INTERRUPTED, Status.FAILED, Status.SUCCEEDED]
    assert [trial.status for trial in trials] == ended
    assert {trial.function for trial in trials} == {"__main__.objective"}
    assert all(set(settings(trial, chosen=True)) == {"C"} for trial in trials)
    assert all((trial.duration or 0) > 0 for trial in trials)
    assert trials[0].results[0].series == (0.25, 0.5)
    [result] = first.results
    best, value = seen.run.executions[2].outputs[0].text.split()
    assert (result.metric, result.series_by) == ("objective", SeriesBy.TRIAL)
    assert result.series[:2] == tuple(trial.results[0].value for trial in trials[:2])
    assert (result.text, first.best) == (value, trials[int(best)].id)

    fit, prediction, evaluation = seen.inside(trials[0])
    assert (fit.kind, settings(fit)["C"]) == (ActivityKind.TRAINING, settings(trials[0])["C"])
    assert evaluation.results[0].model == fit.generated[0] == prediction.used[0].entity
    [broken] = seen.inside(stopped)
    assert (stopped.status, broken.status, set(settings(broken))) == (Status.FAILED, Status.FAILED, {"k"})
    assert stopped.unseeded


def test_loops_many_objectives_and_threads_are_told_as_far_as_they_are_seen(execute: Execute) -> None:
    seen = execute(
        IMPORTS + PARTS + OBJECTIVE,
        "many = optuna.create_study(directions=['minimize', 'maximize'])\n"
        "many.optimize(lambda trial: (trial.suggest_float('x', 0, 1), 2), n_trials=3)",
        "study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))\n"
        "study.optimize(objective, n_trials=2, n_jobs=2)",
        "loop = optuna.create_study(sampler=optuna.samplers.GridSampler({'x': [1, 2, 3, 4, 5]}))\n"
        "for _ in range(2):\n    trial = loop.ask()\n    x = trial.suggest_float('x', -9, 9)\n"
        "    loop.tell(trial, x ** 2)\nloop.tell(loop.ask(), state=optuna.trial.TrialState.FAIL)",
        "big = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))\n"
        "big.optimize(lambda trial: trial.suggest_float('x', 0, 1), n_trials=1010)",
    )
    many, threads, loop, big = seen.of_kind(ActivityKind.TUNING)
    assert settings(many)["direction"] == "minimize, maximize"
    assert [(r.metric, r.value, len(r.series)) for r in many.results] == [
        ("objective_0", None, 3),
        ("objective_1", None, 3),
    ]
    assert many.unseeded
    assert many.best == ""
    in_threads = seen.inside(threads)
    assert len(in_threads) == 2
    assert all(settings(each)["C"] for each in in_threads)
    assert all(seen.inside(each) == [] for each in in_threads)
    assert threads.unseeded  # each thread seeds the sampler anew
    assert (loop.function, loop.unseeded) == ("optuna.Study.ask", False)
    told = seen.inside(loop)
    assert [each.status for each in told] == [Status.SUCCEEDED, Status.SUCCEEDED, Status.FAILED]
    assert loop.best in {each.id for each in told}
    assert len(loop.results[0].series) == 3
    recorded = seen.inside(big)
    assert len(recorded) == 1000
    assert len(big.results[0].series) == 1010
    assert seen.notices == [
        "optuna.Study.optimize: what happens in trials of other threads is not recorded",
        "optuna.Study.optimize: of 1010 trials the first 1000 are recorded one by one",
    ]


def test_a_study_made_before_capture_began_is_seen_and_left_as_it_is(live: Live) -> None:
    seen = live(
        IMPORTS + "import inspect, pickle\nstudy = optuna.create_study()\noptimize = study.optimize\n"
        "before = [str(inspect.signature(f)) for f in (optuna.Study.optimize, optuna.samplers.TPESampler)]",
        "%load_ext provkg.capture.ipython",
        "optimize(lambda trial: trial.suggest_float('x', 0, 1), n_trials=2)",
        "again = pickle.loads(pickle.dumps(study))\nassert again.best_value == study.best_value\n"
        "now = [str(inspect.signature(f)) for f in (optuna.Study.optimize, optuna.samplers.TPESampler)]\n"
        "assert before == now",
    )
    assert seen.notices == []
    [whole] = seen.of_kind(ActivityKind.TUNING)
    assert len(seen.inside(whole)) == 2
    assert "sampler.seed" not in settings(whole)
    assert not whole.unseeded  # how the sampler was made was not seen
