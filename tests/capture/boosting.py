"""What the tests of boosting libraries share: a table with one class that can be learnt, and its parts."""

from __future__ import annotations

from pathlib import Path

from provkg.records import Activity, Scalar

__all__ = ["PARTS", "settings", "write_table"]

PARTS = """import numpy as np, pandas as pd, joblib, pickle
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
df = pd.read_csv('a.csv')
parts = train_test_split(df[['one', 'two', 'three']], df.label, random_state=0)
X_train, X_test, y_train, y_test = parts
"""


def write_table(folder: Path) -> None:
    """Write ``a.csv``; a model gets worse on other rows of it after a few rounds."""
    rows = [f"{i},{(i * 5) % 17},{(i * 7) % 5},{int(i % 7 < 3)}" for i in range(200)]
    (folder / "a.csv").write_text("one,two,three,label\n" + "\n".join(rows) + "\n")


def settings(activity: Activity, *, chosen: bool | None = None) -> dict[str, Scalar]:
    """The settings of an activity, all or those that were chosen or left as they are."""
    return {each.name: each.value for each in activity.settings if chosen in (None, each.explicit)}
