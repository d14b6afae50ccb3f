"""What an execution has done by then is recorded when its process is killed in the midst of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.records import ActivityKind, Status
from tests.capture.conftest import Execute

pytest.importorskip("sklearn")

KILLED = """
import os, signal, time
import joblib
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

table = pd.read_csv("data.csv")
model = LinearRegression().fit(table[["a"]], table["b"])
time.sleep(1.1)
joblib.dump(model, "model.joblib")
shifted = model.predict(table[["a"]])

class Endless(LinearRegression):
    def fit(self, X, y):
        os.kill(os.getpid(), signal.SIGKILL)

Endless(fit_intercept=False).fit(table[["a"]], table["b"])
"""


def test_a_cell_killed_half_way_keeps_the_steps_it_had_ended(execute: Execute, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b\n1,2\n2,4\n3,6\n")
    recorded = execute("x = 1", KILLED)
    [first, cut_short] = recorded.run.executions
    assert first.status is Status.SUCCEEDED
    assert cut_short.status is Status.INTERRUPTED
    assert cut_short.ended_at is None
    kinds = [activity.kind for activity in recorded.activities]
    assert kinds == [
        ActivityKind.LOADING,
        ActivityKind.TRAINING,
        ActivityKind.SAVING,
        ActivityKind.PREDICTION,
        ActivityKind.TRAINING,
    ]
    training, killed = recorded.of_kind(ActivityKind.TRAINING)
    assert (training.status, killed.status) == (Status.SUCCEEDED, Status.INTERRUPTED)
    assert (killed.implementation, killed.generated) == ("__main__.Endless", ())
    assert {"fit_intercept": False}.items() <= {one.name: one.value for one in killed.settings}.items()
    assert recorded.values[training.generated[0]].names == ("model",)
    assert recorded.file("data.csv").id in recorded.sources(training.generated[0])
    saved = recorded.file("model.joblib")
    assert (saved.sha256, saved.reason) == ("", "the execution did not end")
    assert {"pandas", "scikit-learn"} <= {package.name for package in cut_short.packages}
