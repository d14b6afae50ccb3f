"""Changes in place make a new state that says what it came from; deletion, aliases and rebinding."""

from __future__ import annotations

import pytest

from provkg.records import ValueKind
from tests.capture.conftest import Execute, Recorded

START = """import numpy as np, pandas as pd
a, b = pd.read_csv('a.csv'), pd.read_csv('b.csv')
A, B = a[['one', 'two']].to_numpy().astype(float), b[['one', 'two']].to_numpy().astype(float)
s = b['one']"""
TABLE_CHANGES = {
    "a['new'] = s": {"s"},
    "a[['x', 'y']] = b[['one', 'two']]": {"b"},
    "a.loc[a.one > 5, 'two'] = 0": set(),
    "a.loc[:, 'two'] = s": {"s"},
    "a.loc[0, 'one'] = 7": set(),
    "a.iloc[0, 1] = 3": set(),
    "a.iloc[:, 2] = s.to_numpy()": {"s"},
    "a.at[1, 'one'] = 4": set(),
    "a.iat[2, 0] = 4": set(),
    "a['one'] += s": {"s"},
    "a['one'] *= 2": set(),
    "a.insert(0, 'first', s)": {"s"},
    "popped = a.pop('first')": set(),
    "del a['x']": set(),
    "a.update(b)": {"b"},
    "a.isetitem(0, s)": {"s"},
    "a.columns = [f'c{i}' for i in range(a.shape[1])]": set(),
    "a.index = range(len(a))": set(),
    "a.drop(columns='c1', inplace=True)": set(),
    "a.rename(columns={'c0': 'one'}, inplace=True)": set(),
    "a.fillna(0, inplace=True)": set(),
    "a.fillna(b, inplace=True)": {"b"},
    "a.dropna(inplace=True)": set(),
    "a.sort_values('one', inplace=True)": set(),
    "a.reset_index(drop=True, inplace=True)": set(),
    "a.set_index('one', inplace=True)": set(),
    "a.replace(1, 2, inplace=True)": set(),
    "a.clip(0, 50, inplace=True)": set(),
    "a.where(a > 1, 0, inplace=True)": set(),
    "a.mask(a > 40, s.iloc[0], inplace=True)": set(),
    "a.eval('made = c2 + c3', inplace=True)": set(),
    "a.query('c2 > 0', inplace=True)": set(),
    "a.attr_set = 5; a['made'] = a['made'] + 1": set(),
}
ARRAY_CHANGES = {
    "A[0, 0] = 99": set(),
    "A += 1": set(),
    "A *= B": {"B"},
    "A[:] = B": {"B"},
    "A[A > 5] -= 1": set(),
    "A.sort(axis=0)": set(),
    "A.fill(3)": set(),
    "np.copyto(A, B + 1)": {"B"},
    "np.fill_diagonal(A, 9)": set(),
    "np.put(A, [0], 5)": set(),
    "np.add(A, B, out=A)": {"B"},
    "np.random.shuffle(A)": set(),
    "np.random.default_rng(1).shuffle(A)": set(),
    "np.place(A, A > 6, B[:3, 0])": {"B"},
    "A.itemset((0, 0), 12) if hasattr(A, 'itemset') else A.put(0, 12)": set(),
    "A.resize((240, 1), refcheck=False)": set(),
}


def states(seen: Recorded, name: str) -> list[str]:
    return [state.value for e in seen.run.executions for state in e.defines if state.name == name]


@pytest.mark.usefixtures("tables")
def test_every_way_to_change_a_table_makes_a_state_that_names_what_it_came_from(execute: Execute) -> None:
    seen = execute(START, *TABLE_CHANGES)
    assert seen.notices == []
    assert [e.error for e in seen.run.executions if e.error] == []
    for order, (change, sources) in enumerate(TABLE_CHANGES.items(), 2):
        held = seen.held("a", order)
        assert held.revision_of, change
        assert seen.parents("a", order) == {"before", *sources}, change
    assert [seen.values[state].version for state in states(seen, "a")] == list(
        range(1, len(TABLE_CHANGES) + 2)
    )
    ours = {value.id for value in seen.values.values() if value.object == seen.held("a").object}
    assert {link.evidence for link in seen.links if link.target in ours} == {"observed"}


@pytest.mark.usefixtures("tables")
def test_every_way_to_change_an_array_makes_a_state(execute: Execute) -> None:
    seen = execute(START, *ARRAY_CHANGES)
    assert seen.notices == []
    assert [e.error for e in seen.run.executions if e.error] == []
    for order, (change, sources) in enumerate(ARRAY_CHANGES.items(), 2):
        assert seen.held("A", order).revision_of, change
        assert seen.parents("A", order) == {"before", *sources}, change


@pytest.mark.usefixtures("tables")
def test_an_alias_and_a_view_change_with_what_they_share(execute: Execute) -> None:
    seen = execute(
        START,
        "c = a\nview = A[:5]\nlist_of = [a]\nsame = list_of",
        "c.drop(columns='two', inplace=True)",
        "view[:] = 0",
        "def change(table, array):\n    table['new'] = 1\n    array[3] = 7\nchange(c, A)",
        "same.append(b)",
        "A.shape",
    )
    assert seen.notices == []
    assert seen.held("a", 3).id == seen.held("c", 3).id
    assert {state.name for state in seen.run.executions[3].defines} == {"A", "view"}
    assert {state.name for state in seen.run.executions[4].defines} == {"a", "c", "change", "A", "view"}
    assert seen.held("list_of", 6).id == seen.held("same", 6).id
    assert seen.held("list_of", 6).revision_of == seen.held("list_of", 2).id
    assert seen.run.executions[6].defines == ()


@pytest.mark.usefixtures("tables")
def test_containers_of_data_have_states_too(execute: Execute) -> None:
    seen = execute(
        START,
        "frames = []\nfor name in ('a.csv', 'b.csv'):\n    frames.append(pd.read_csv(name))\n"
        "both = {'a': a}\nn = [1]",
        "frames.extend([a, b])\nboth.update(b=b)\nn.append(2)",
        "both['c'] = A * 2\nframes.pop()",
        "def add(part): frames.append(part)\nadd(B)",
        "whole = pd.concat(frames[:2])\nfirst = both['a']\ncount = len(frames)",
        "frames.clear()",
    )
    assert seen.notices == []
    held = [seen.values[state] for state in states(seen, "frames")]
    assert [(value.kind, value.type, value.shape) for value in held] == [
        (ValueKind.DATASET, "list", (length,)) for length in (2, 4, 3, 4, 0)
    ]
    assert [value.revision_of for value in held] == ["", *(value.id for value in held[:-1])]
    assert seen.parents("frames", 3) == {"before", "a", "b", "frames[0]", "frames[1]"}
    assert seen.parents("frames", 5) >= {"before", "B"}
    assert seen.parents("both", 3) == {"before", "a", "b"}
    assert seen.parents("both", 4) == {"before", "a", "b", "A"}
    assert seen.came_from("whole", evidence="observed") == {"a.csv", "b.csv"}
    assert seen.held("first").id == seen.held("a").id
    assert [state.value for state in seen.run.executions[1].defines if state.name == "n"] == [""]


@pytest.mark.usefixtures("tables")
def test_deleting_and_binding_anew_is_told(execute: Execute) -> None:
    seen = execute(
        START,
        "kept = a\ndel a",
        "kept = kept.drop(columns='one')\ndel b, A",
        "a = kept * 2\nfor kept in (1, 2): pass",
    )
    assert seen.notices == []
    assert [execution.deletes for execution in seen.run.executions] == [(), ("a",), ("A", "b"), ()]
    assert seen.parents("kept", 3) == {"a"}
    assert seen.held("kept", 3).object != seen.held("kept", 2).object
    assert seen.parents("a", 4) == {"kept"}
    assert [(s.name, s.value) for s in seen.run.executions[3].defines if s.name == "kept"] == [("kept", "")]
