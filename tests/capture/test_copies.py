"""Copies and pickles of values lead to what they copy, or to nothing; nothing followed is kept alive."""

from __future__ import annotations

import pytest

from tests.capture.conftest import Execute

PARTS = """import copy, gc, pickle, weakref
import numpy as np, pandas as pd, matplotlib.pyplot as plt
from sklearn.linear_model import Ridge
df = pd.read_csv('a.csv'); other = pd.read_csv('b.csv')
array = df[['one', 'two']].to_numpy(); model = Ridge(alpha=3).fit(array, df['label'])
"""


@pytest.mark.usefixtures("tables")
def test_copies_and_pickles_come_from_what_they_copy_or_from_nothing(execute: Execute) -> None:
    seen = execute(
        PARTS,
        "one, two = copy.deepcopy(df), copy.copy(df); three = df.copy(deep=False)\n"
        "four, five = copy.deepcopy(array), array.copy()",
        "six, seven = pickle.loads(pickle.dumps(df)), pickle.loads(pickle.dumps(array))\n"
        "blob = pickle.dumps(df)",
        "eight = pickle.loads(blob)",
        "twin, again = copy.deepcopy(model), pickle.loads(pickle.dumps(model))\n"
        "same = twin.predict(array); held = {'data': df}; deep = copy.deepcopy(held)['data']\n"
        "equal = [df.equals(one), df.equals(six), bool((array == four).all()), repr(twin) == repr(model)]\n"
        "print(equal)",
    )
    assert seen.notices == []
    for name in ("one", "two", "three", "four", "five", "six", "seven", "eight", "deep"):
        assert seen.came_from(name) in ({"a.csv"}, set()), name
    for name in ("one", "two", "three"):
        assert seen.came_from(name, evidence="observed") == {"a.csv"}, name
    for name in ("four", "five", "six", "seven"):
        assert seen.came_from(name) == {"a.csv"}, name
    for name in ("twin", "again"):
        assert seen.held(name).object != seen.held("model").object
        assert seen.sources(seen.held(name).id) <= seen.sources(seen.held("model").id) | {
            seen.held("model").id
        }
    assert seen.came_from("same") == {"a.csv"}
    assert seen.run.executions[-1].outputs[0].text == "[True, True, True, True]\n"


@pytest.mark.usefixtures("tables")
def test_nothing_that_was_followed_is_kept_alive(execute: Execute) -> None:
    pytest.importorskip("polars")
    seen = execute(
        PARTS + "import polars as pl\n"
        "frame = pl.read_csv('a.csv'); lazy = pl.scan_csv('b.csv'); text = open('a.csv')\n"
        "figure, axes = plt.subplots(); axes.plot(df['one'])\n"
        "parts = [df, df['one'], df[['two']], array[2:], model, frame, frame['one'], lazy]\n"
        "parts += [figure, axes, text]\n"
        "gone = [weakref.ref(part) for part in parts]; kinds = [type(part).__name__ for part in parts]",
        "text.close(); plt.close('all')\n"
        "del parts, df, array, model, frame, lazy, figure, axes, text; gc.collect()\n"
        "alive = [kind for kind, one in zip(kinds, gone) if one() is not None]\nprint(alive)",
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(1) as pool:\n"
        "    table = pool.submit(pd.read_csv, 'a.csv').result()\n"
        "    fitted = pool.submit(Ridge().fit, table[['one']], table['two']).result()\n"
        "thread, gone = list(pool._threads)[0], [weakref.ref(table), weakref.ref(fitted)]\n"
        "gone.append(weakref.ref(thread)); del table, fitted, thread, pool; gc.collect()\n"
        "print([one() for one in gone])",
    )
    assert seen.notices == []
    outputs = (output for execution in seen.run.executions for output in execution.outputs)
    shown = [output.text for output in outputs if output.text[:1] == "["]
    assert shown == ["[]\n", "[None, None, None]\n"]
