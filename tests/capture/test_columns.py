"""Columns of real tables followed to the models that were fitted to them, and what stays unknown."""

from __future__ import annotations

from provkg.config import Home
from provkg.mapping.column_groups import ColumnGroup, column_groups
from provkg.queries import ask
from provkg.results import Solutions
from provkg.store import open_store
from tests.capture.conftest import Execute, Recorded

CELLS = """\
import numpy as np, pandas as pd
rng = np.random.default_rng(0)
columns = {name: rng.normal(size=60) for name in ["a", "b", "note", "y"]} | {"k": ["u", "v"] * 30}
pd.DataFrame(columns).to_csv("t.csv", index=False)
df = pd.read_csv("t.csv")
---
df["ratio"] = df["a"] / df["b"]
df["heard"] = [hash(each) % 7 for each in df["k"]]
---
from sklearn.linear_model import Lasso, LinearRegression, Ridge
small = LinearRegression().fit(df[["a", "ratio"]], df["y"])
---
from sklearn.model_selection import train_test_split
train, test = train_test_split(df[df.a > -9].drop(columns="note"), random_state=0)
---
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import *
parts = ColumnTransformer([("n", StandardScaler(), ["ratio"]), ("k", OneHotEncoder(), ["k"])])
T = parts.fit_transform(train)
narrow = LinearRegression().fit(T, train["y"])
---
from sklearn.decomposition import PCA
P = PCA(2).set_output(transform="pandas").fit_transform(train[["a", "b"]])
mixed = Ridge().fit(P, train["y"])
---
made = FunctionTransformer(lambda table: table.to_numpy()[:, :1]).fit_transform(train)
blind = Lasso().fit(made, train["y"])
guess = Lasso().fit(df[["heard"]], df["y"])"""


def _fed(home: Home, model: str, part: str = "data") -> set[tuple[object, object, object]]:
    """The features of a model with the columns that they came from, and whether that is known."""
    with open_store(home) as store:
        asked = ask(store, "which_columns_fed_model", {"model": model}).result
    assert isinstance(asked, Solutions)
    rows = [dict(row) for row in asked]
    assert rows
    return {(row["feature"], row["column"], row["known"]) for row in rows if row["part"] == part}


def test_columns_are_followed_through_assignments_splits_and_transformers(
    home: Home, execute: Execute
) -> None:
    recorded = execute(*CELLS.split("\n---\n"))
    assert all(each.error is None for each in recorded.run.executions)
    assert _fed(home, "small") == {("a", "a", True), ("ratio", "a", True), ("ratio", "b", True)}
    assert _fed(home, "small", "target") == {("y", "y", True)}
    assert _fed(home, "narrow") == {("", "a", True), ("", "b", True), ("", "k", True)}
    assert _fed(home, "narrow", "target") == {("y", "y", True)}
    assert _fed(home, "mixed") == {(f"pca{n}", column, True) for n in (0, 1) for column in ("a", "b")}
    # What the user's own function chose is not known, nor what a loop over elements did.
    assert _fed(home, "blind") == {("", None, False)}
    assert all(not known for _, _, known in _fed(home, "guess"))
    groups = column_groups(recorded.run)
    assert {len(each.names) for each in _of(groups, recorded, "train")} == {1, 2}


def _of(groups: list[ColumnGroup], recorded: Recorded, name: str) -> list[ColumnGroup]:
    return [each for each in groups if each.value == recorded.held(name).id]


def test_columns_that_are_left_out_are_not_named_in_links_but_said_to_be_there(
    home: Home, execute: Execute
) -> None:
    config = home.path / "config.toml"
    told = config.read_text(encoding="utf-8")
    config.write_text(
        told.replace("leave_out_columns = []", 'leave_out_columns = ["patient_*"]'), encoding="utf-8"
    )
    recorded = execute(
        "import pandas as pd\n"
        "df = pd.DataFrame({'patient_weight': [60., 70, 81], 'size': [1.6, 1.8, 1.7], 'y': [1., 2, 3]})",
        "df['index'] = df.patient_weight / df['size']\ndf['patient_twice'] = df.patient_weight * 2",
        "from sklearn.linear_model import Ridge\nmodel = Ridge().fit(df[['index']], df['y'])",
    )
    links = [one for link in recorded.links for one in link.columns]
    assert not any("patient" in name for one in links for name in (one.target, *one.sources))
    assert [(one.sources, one.further) for one in links if one.target == "index"] == [(("size",), True)]
    assert _fed(home, "model") == {("index", None, False)} | {("index", "size", True)}


def test_missing_entries_are_counted_in_tables_that_are_not_large(execute: Execute) -> None:
    recorded = execute(
        "import numpy as np, pandas as pd\n"
        "df = pd.DataFrame({'f': [1., np.nan, np.inf], 'i': [1, 2, 3], 't': ['a', None, 'b'],\n"
        "  'o': pd.Series([1, None, 'x'], dtype=object), 'n': pd.array([1, None, None], dtype='Int64'),\n"
        "  'c': pd.Categorical(['u', None, 'u']), 'd': pd.to_datetime(['2026-01-01', None, None]),\n"
        "  'z': pd.to_datetime(['2026-01-01', None, None]).tz_localize('UTC')})\n"
        "one = df['f']\nlarge = pd.DataFrame(np.zeros((500_001, 2)))"
    )
    counted = {each.name: each.missing for each in recorded.held("df").columns}
    assert counted == {"f": 1, "i": 0, "t": 1, "o": 1, "n": 2, "c": 1, "d": 2, "z": 2}
    assert [each.missing for each in recorded.held("one").columns] == [1]
    assert [each.missing for each in recorded.held("large").columns] == [None, None]
