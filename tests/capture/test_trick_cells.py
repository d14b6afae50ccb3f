"""Cells that mislead readers of text: what the record claims of them is what happened."""

from __future__ import annotations

import pytest

from tests.capture.conftest import Execute, Recorded

START = """import os, numpy as np, pandas as pd
from pathlib import Path
from contextlib import nullcontext
from sklearn.linear_model import LogisticRegression, Ridge
a, b = pd.read_csv('a.csv'), pd.read_csv('b.csv')
x = a.to_numpy()"""


def defined(seen: Recorded, order: int) -> set[str]:
    return {state.name for state in seen.run.executions[order - 1].defines}


def read(seen: Recorded, order: int) -> set[str]:
    return {each.name for each in seen.run.executions[order - 1].reads}


@pytest.mark.usefixtures("tables")
def test_what_is_bound_is_what_holds_something_new(execute: Execute) -> None:
    seen = execute(
        START + "\nclass Box: pass\nbox, lst, d, total, k = Box(), [1, 2], {}, 1, 5",
        "files = !echo a.csv",
        "%time timed = a.head()",
        "%%bash\nx=5; echo $x",
        "(first, [second, lst[0]]), *rest = (a.head(2), [b.head(2), 3]), 4, 5",
        "box.table, d['b'] = a.tail(2), b.tail(2)",
        "annotated: int\nnoted: int = 3",
        "total += k; total -= 1",
        "squares = [k * k for k in range(3)]; pairs = {k: v for k, v in zip('ab', (1, 2))}",
        "def f(k, *, y=a): \n    global made\n    made = k\n    inner = y\n    return inner.shape\n"
        "f(b.head())",
        "with nullcontext(a) as entered, open('a.csv') as handle:\n    text = handle.readline()",
        "try:\n    raise ValueError('no')\nexcept ValueError as caught:\n    message = str(caught)\n"
        "else:\n    never = 1\nfinally:\n    done = True",
        "match (1, a):\n    case (1, matched): pass",
        "if (n := len(a)) > 3: big = n",
        "from math import *\nimport os.path as osp",
        "class Body:\n    attribute = a.head(1)\n    def method(self): return b",
        "lambda unbound: unbound\nprint(len(range(3)))",
    )
    assert seen.notices == []
    expected = {
        2: {"files"}, 3: {"timed"}, 4: set(), 5: {"first", "second", "rest", "lst"}, 6: {"box", "d"},
        7: {"noted"}, 8: {"total"}, 9: {"squares", "pairs"}, 10: {"f", "made"},
        11: {"entered", "handle", "text"}, 12: {"message", "done"}, 13: {"matched"},
        14: {"n", "big"}, 16: {"Body"}, 17: set(),
    }  # fmt: skip
    for order, names in expected.items():
        assert defined(seen, order) == names, order
    assert {"sqrt", "pi", "osp"} <= defined(seen, 15)
    assert seen.parents("timed") == {"a"}
    assert (seen.parents("first"), seen.parents("second")) == ({"a"}, {"b"})
    assert seen.held("entered").id == seen.held("matched").id == seen.held("a").id
    assert seen.parents("made") == {"b"}
    assert {"total", "k"} <= read(seen, 8)
    assert "k" not in read(seen, 9)
    assert read(seen, 17) == set()


@pytest.mark.usefixtures("tables")
def test_models_that_are_fitted_elsewhere_than_they_were_made_have_the_right_data(execute: Execute) -> None:
    seen = execute(
        START,
        "model = Ridge()\nmade = LogisticRegression().fit(a[['one']], a.label)",
        "model.fit(a[['one']], a.two)",
        "def train(m, table): return m.fit(table[['one']], table.two)\n"
        "c = pd.read_csv('b.csv')\ntrain(model, c)",
        "models = {'r': Ridge()}\nfor name in models: models[name].fit(b[['one']], b.two)",
        "alias = models['r']\nalias.fit(a[['two']], a.one)",
        "copied = __import__('copy').deepcopy(model)\ncopied.fit(a[['two']], a.one)",
    )
    assert seen.notices == []
    assert seen.came_from("made") == {"a.csv"}
    assert seen.parents("model", 3) >= {"before"}
    assert seen.held("model", 4).revision_of == seen.held("model", 3).id
    assert seen.held("alias", 6).names[0] in ("alias", "models['r']")
    assert seen.held("copied").object != seen.held("model").object
    assert seen.came_from("copied") == {"a.csv"}


@pytest.mark.usefixtures("tables")
def test_paths_are_those_that_were_opened_not_those_that_texts_look_like(execute: Execute) -> None:
    seen = execute(
        START,
        "label = 'see http://example.org/a: b.csv'\nfolder, name = '.', 'a'\nmaybe = 'missing.csv'",
        "one = pd.read_csv(f'{name}.csv'); two = pd.read_csv(Path(folder) / 'a.csv')\n"
        "three = pd.read_csv(os.path.join(folder, 'b.csv'))\nif False: pd.read_csv(maybe)",
        "os.makedirs('out', exist_ok=True)\none.to_csv('out/c.csv')",
    )
    assert seen.notices == []
    assert [seen.came_from(name) for name in ("one", "two", "three")] == [{"a.csv"}, {"a.csv"}, {"b.csv"}]
    assert seen.run.executions[1].read_files == ()
    assert {file.path.rpartition("/")[2] for file in seen.files.values()} == {"a.csv", "b.csv", "c.csv"}
