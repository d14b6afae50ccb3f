"""Models evaluated on data that share rows with their training data, in two notebooks that are really run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from provkg.capture.notebook import run_notebook
from provkg.config import create_home
from provkg.queries import ask
from provkg.records import Status
from provkg.results import Solutions
from provkg.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

TRAINING = (
    """\
import joblib
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
table = pd.read_csv("table.csv")
X, y = table[["a", "b"]], table["kind"]""",
    """\
same = LogisticRegression().fit(X, y)
same.score(X, y)""",
    """\
twin = X.copy()
copied = LogisticRegression().fit(X, y)
copied.score(twin, y)""",
    """\
changed = X.assign(b=X["b"] * 2)
derived = LogisticRegression().fit(X, y)
derived.score(changed, y)""",
    """\
some, more = X.iloc[:100], X.iloc[50:]
sharing = LogisticRegression().fit(some, y.iloc[:100])
sharing.score(more, y.iloc[50:])""",
    """\
front, back = X.iloc[:75], X.iloc[100:]
apart = LogisticRegression().fit(front, y.iloc[:75])
apart.score(back, y.iloc[100:])""",
    """\
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
clean = LogisticRegression().fit(X_train, y_train)
clean.score(X_test, y_test)""",
    """\
whole = LogisticRegression().fit(X_train, y_train)
whole.score(X, y)
joblib.dump(clean, "clean.joblib")""",
)
SCORING = (
    """\
import joblib
import pandas as pd
from sklearn.model_selection import train_test_split
table = pd.read_csv("table.csv")
loaded = joblib.load("clean.joblib")
loaded.score(table[["a", "b"]], table["kind"])""",
    """\
X_train, X_test, y_train, y_test = train_test_split(table[["a", "b"]], table["kind"], random_state=0)
again = joblib.load("clean.joblib")
again.score(X_test, y_test)""",
)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The reasons found for the model in each variable."""
    folder = tmp_path_factory.mktemp("leaks")
    rows = "\n".join(f"{n % 7},{n % 11 + n / 1000},{n % 2}" for n in range(150))
    (folder / "table.csv").write_text(f"a,b,kind\n{rows}\n")
    home = create_home(folder / ".provkg")
    for name, cells in (("training", TRAINING), ("scoring", SCORING)):
        assert run_notebook(written(folder / f"{name}.ipynb", cells), home).status is Status.SUCCEEDED
    with open_store(home) as store:
        answer = ask(store, "was_model_evaluated_on_training_data").result
        names = ask_names(store)
    assert isinstance(answer, Solutions)
    found: dict[str, set[str]] = {}
    for row in answer:
        found.setdefault(names[str(row["model"])], set()).add(str(row["overlap"]))
    return found


def written(path: Path, cells: tuple[str, ...]) -> Path:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, path)
    return path


def ask_names(store: Any) -> dict[str, str]:
    query = "SELECT ?model ?name { GRAPH ?g { ?model a provkg:Model ; rdfs:label ?name } }"
    prefixes = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in store.prefixes.items())
    return {row["model"].value: row["name"].value for row in store.query(prefixes + query)}


def test_each_way_of_sharing_rows_is_told(verdicts: dict[str, set[str]]) -> None:
    assert verdicts == {
        "same": {"same table"},
        "copied": {"same content"},
        "derived": {"derived"},
        "sharing": {"shared rows"},
        "apart": {"common origin"},
        "whole": {"whole"},
        "loaded": {"common origin"},
    }
