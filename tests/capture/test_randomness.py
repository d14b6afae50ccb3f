"""Randomness: which generators were seeded, which steps truly drew numbers without a seed."""

from __future__ import annotations

import pytest

from provkg.records import Activity, ActivityKind, Evidence, SplitRole
from tests.capture.conftest import Execute

START = """import os, random, numpy as np, pandas as pd
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.model_selection import KFold, ShuffleSplit, cross_val_score, train_test_split
from sklearn.utils import resample, shuffle
df = pd.DataFrame({'a': range(60), 'b': [i * 7 % 11 for i in range(60)]}); y = df.a % 2"""


def settings(activity: Activity) -> dict[str, object]:
    return {setting.name: setting.value for setting in activity.settings}


def test_steps_that_draw_without_a_seed_are_told_and_no_others(execute: Execute) -> None:
    seen = execute(
        START,
        "df.sample(frac=0.5); df.sample(5, random_state=1); df.groupby(y).sample(2)\n"
        "shuffle(df, y); resample(df, random_state=0)",
        "train_test_split(df, y); train_test_split(df, y, random_state=np.random.RandomState(1))\n"
        "train_test_split(df, y, shuffle=False)",
        "list(KFold(3).split(df)); list(KFold(3, shuffle=True).split(df)); list(ShuffleSplit(2).split(df))",
        "RandomForestClassifier(2).fit(df, y)\n"
        "RandomForestClassifier(2, random_state=np.random.RandomState(0)).fit(df, y)\n"
        "HistGradientBoostingClassifier(max_iter=2).fit(df, y); Lasso().fit(df, y)\n"
        "cross_val_score(RandomForestClassifier(2), df, y, cv=2)",
        "np.random.seed(1)\nRandomForestClassifier(2).fit(df, y); df.sample(3)",
    )
    assert seen.notices == []
    steps = [a for a in seen.activities if not a.parent]
    assert [a.unseeded for a in steps] == [
        *[True, False, True, True, False],
        *[True, False, False],
        *[False, True, True],
        *[True, False, False, False, True],
        *[False, False],
    ]
    sampled = steps[0]
    assert sampled.function == "pandas.DataFrame.sample"
    assert sampled.kind is ActivityKind.PREPROCESSING
    assert (settings(sampled)["frac"], settings(sampled)["random_state"]) == (0.5, None)
    assert settings(steps[2])["n"] == 2
    [source] = sampled.used
    assert source.entity == seen.held("df").id
    assert seen.held("df").id in seen.sources(sampled.generated[0], evidence="observed")
    assert len(steps[3].generated) == 2


def test_a_sample_and_its_complement_come_from_the_table_with_a_role_by_name(
    execute: Execute,
) -> None:
    seen = execute(
        START,
        "train = df.sample(frac=0.8, random_state=0)\ndf_test = df.drop(train.index)\n"
        "model = LogisticRegression().fit(train[['a']], train.b > 5)\n"
        "model.score(df_test[['a']], df_test.b > 5)",
    )
    for name in ("train", "df_test"):
        assert seen.held("df").id in seen.sources(seen.held(name).id)
    train, test = seen.held("train"), seen.held("df_test")
    assert (train.role, test.role) == (SplitRole.TRAINING, SplitRole.TEST)
    assert {train.role_evidence, test.role_evidence} == {Evidence.INFERRED}
    assert seen.held("train").shape[0] + seen.held("df_test").shape[0] == 60
    assert seen.results[0].role is None
    assert settings(seen.activities[0])["random_state"] == 0


def test_seeds_are_told_with_their_line_and_what_is_drawn_outside_of_steps_too(
    execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "42")
    seen = execute(
        START,
        "noise = np.random.rand(5)",
        "rng = np.random.default_rng(7)\nmore = rng.random(3); other = np.random.default_rng()",
        "X, _ = make_classification(20, random_state=3)",
        "X, _ = make_classification(20)",
        "os.environ['PYTHONHASHSEED'] = '0'\nrandom.seed(5)\nnp.random.seed(9)\nagain = np.random.rand(5)",
        "np.random.shuffle(again)",
        "RandomForestClassifier(2).fit(df, y)",
        "np.random.seed(None); last = np.random.rand(2)",
    )
    assert seen.notices == []
    seeds = [[(s.generator, s.value, s.line) for s in e.seeds] for e in seen.run.executions]
    assert seeds == [
        [("PYTHONHASHSEED", 42, None)],
        [("numpy.random", None, None)],
        [("numpy.random.default_rng", 7, 1), ("numpy.random.default_rng", None, 2)],
        [],
        [("numpy.random", None, None)],
        [("random", 5, 2), ("numpy.random", 9, 3)],
        [],
        [],
        [("numpy.random", None, 1), ("numpy.random", None, None)],
    ]
    assert not seen.activities[-1].unseeded
