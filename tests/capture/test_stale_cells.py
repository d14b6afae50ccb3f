"""What a value came from stays what it was, whatever is run, renamed, deleted, edited or bound anew later."""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.records import Activity, ActivityKind
from tests.capture.conftest import Execute, Recorded

START = """import gc, numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score"""


def files_of(seen: Recorded, training: Activity) -> set[str]:
    """The files that the model a training made came from."""
    sources = seen.sources(training.generated[0])
    return {Path(seen.files[source].path).name for source in sources if source in seen.files}


@pytest.mark.usefixtures("tables")
def test_a_model_keeps_its_data_when_the_cells_before_it_are_run_again_or_edited(execute: Execute) -> None:
    seen = execute(
        START,
        "df = pd.read_csv('a.csv')",
        "X, y = df[['one', 'two']].to_numpy() * 2.0, df.label",
        "model = LogisticRegression().fit(X, y)",
        "df = pd.read_csv('b.csv')",
        "X, y = df[['one', 'two']].to_numpy() * 2.0, df.label",
        "p = model.predict(X)\naccuracy_score(y, p)",
        "X, y = df[['three']].to_numpy(), df.label",
        "model = LogisticRegression().fit(X, y)",
    )
    assert seen.notices == []
    first, second = seen.of_kind(ActivityKind.TRAINING)
    assert (files_of(seen, first), files_of(seen, second)) == ({"a.csv"}, {"b.csv"})
    [result] = seen.results
    assert result.model == first.generated[0]
    assert result.data == (seen.held("X", 6).id,)
    assert seen.came_from("p") == {"a.csv", "b.csv"}
    assert seen.held("model", 4).object != seen.held("model", 9).object


@pytest.mark.usefixtures("tables")
def test_names_may_be_changed_deleted_and_used_again(execute: Execute) -> None:
    seen = execute(
        START,
        "table = pd.read_csv('a.csv')\nfirst = table",
        "del table\nmodel = Ridge().fit(first[['one']], first.two)",
        "table = pd.read_csv('b.csv')\nrenamed, first = first, table",
        "again = Ridge().fit(first[['one']], first.two)\nthird = Ridge().fit(renamed[['one']], renamed.two)",
        "for table in (renamed, first):\n    inside = table[['one']].to_numpy() * 3\n"
        "    last = Ridge().fit(inside, table.two)",
        "table = inside\nfor inside in range(3): pass\nkept = table + 1",
        "model = other = again",
    )
    assert seen.notices == []
    trained = [files_of(seen, training) for training in seen.of_kind(ActivityKind.TRAINING)]
    assert trained == [{"a.csv"}, {"b.csv"}, {"a.csv"}, {"a.csv"}, {"b.csv"}]
    assert seen.came_from("kept") == {"b.csv"}
    assert seen.held("model").id == seen.held("again").id == seen.held("other").id


@pytest.mark.usefixtures("tables")
def test_a_function_means_what_it_was_when_it_was_called(execute: Execute) -> None:
    seen = execute(
        START + "\na, b = pd.read_csv('a.csv'), pd.read_csv('b.csv')\nA, B = a.to_numpy(), b.to_numpy()",
        "def load(): return A * 2\nX = load()",
        "def load(): return B * 2",
        "Y = X + 1",
        "Z = load()\nA = B",
        "def load(): return np.zeros(4)\nW = load()",
    )
    assert seen.notices == []
    assert seen.came_from("X") == seen.came_from("Y") == {"a.csv"}
    assert seen.came_from("Z") == {"b.csv"}
    assert seen.came_from("W") == set()


@pytest.mark.usefixtures("tables")
def test_an_identity_that_is_used_again_is_not_taken_for_the_object_that_had_it(execute: Execute) -> None:
    seen = execute(
        START + "\na = pd.read_csv('a.csv')\nA = a.to_numpy()",
        "used = set()\nfor i in range(300):\n    t, u, v, w = a.head(3), A * i, Ridge(), [A]\n"
        "    used |= {id(t), id(u), id(v), id(w)}\n    del t, u, v, w\n"
        "listed = A.tolist(); used.add(id(listed))",
        "del listed\ngc.collect()\n"
        "fresh = [(pd.DataFrame({'q': [i]}), np.ones(480) * i, Ridge(), [i] * 120) for i in range(200)]\n"
        "reused = sum(id(each) in used for group in fresh for each in group)\n"
        "new = [next((g[k] for g in fresh if id(g[k]) in used), fresh[0][k]) for k in range(4)]\n"
        "frame, array, model, plain = new",
        "again = array + 1; grown = plain + [1]",
    )
    [reused] = [state for state in seen.run.executions[2].defines if state.name == "reused"]
    assert int(reused.text) > 0
    for name in ("frame", "array", "model", "again"):
        assert seen.came_from(name) == set(), name
    plain = {state.name for e in seen.run.executions for state in e.defines if not state.value}
    assert {"plain", "grown"} <= plain


@pytest.mark.usefixtures("tables")
def test_a_cell_that_failed_or_was_run_twice_claims_what_it_did(execute: Execute) -> None:
    seen = execute(
        START,
        "df = pd.read_csv('a.csv')",
        "df = df.drop(columns='two')",
        "df = df.drop(columns='two')",
        "df['x'] = df.one * 2\nraise RuntimeError\ndf['y'] = 1",
        "df['x'] = df.one * 3",
        allow_errors=True,
    )
    assert [state.name for state in seen.run.executions[3].defines] == []
    assert seen.parents("df", 5) == seen.parents("df", 6) == {"before"}
    assert seen.held("df", 6).revision_of == seen.held("df", 5).id
    assert seen.held("df", 3).object == seen.held("df", 6).object
    assert seen.parents("df", 3) == {"df"}
