"""Where arrays and plain values come from that no hook saw being made: read in the text."""

from __future__ import annotations

import pytest

from tests.capture.conftest import Execute, Recorded

START = """import numpy as np, pandas as pd
a, b = pd.read_csv('a.csv'), pd.read_csv('b.csv')
A, B = a[['one', 'two']].to_numpy(), b[['one', 'two']].to_numpy()"""


def nearest(seen: Recorded, *names: str) -> dict[str, set[str]]:
    return {name: seen.parents(name) for name in names}


@pytest.mark.usefixtures("tables")
def test_arrays_are_followed_through_functions_methods_and_comprehensions(execute: Execute) -> None:
    seen = execute(
        START,
        "def clean(x):\n    y = x * 2\n    return y - 1\n"
        "def pick(first, second, *, which): return second / 2\n"
        "def rows(x):\n    for row in x:\n        yield row * 2\n"
        "def both(*parts, **named): return np.concatenate(parts)",
        "c1 = clean(A); c2 = pick(A, B, which=0); c3 = np.array(list(rows(A)))\n"
        "c4 = (lambda v: v + 1)(B); c5 = both(A, B); c6 = [v * 2 for v in A]\n"
        "c7 = {k: v.sum() for k, v in [('a', A)]}\nc8 = np.vstack([A[i] for i in range(3)] + [B[:2]])\n"
        "c9 = list(map(lambda v: v - 1, B))",
        "class Holder:\n    def __init__(self, X): self.X = X\n"
        "    def double(self):\n        self.Y = self.X * 2\n        return self\n"
        "    @property\n    def more(self): return self.X + 1\n"
        "    @staticmethod\n    def triple(v): return v * 3\n"
        "    @classmethod\n    def quadruple(cls, v): return v * 4\n"
        "held = Holder(A).double()\n"
        "d1 = held.Y; d2 = held.more; d3 = Holder.triple(B); d4 = held.quadruple(B)",
        "d5 = held.Y - 1; other = Holder(B); d6 = other.X * 2",
        "shared = A\ndef use(): return shared * 2\ne1 = use()\ndef give():\n    global given\n"
        "    given = B * 2\ngive()\nasync def later(v): return v * 2\ne2 = await later(A)",
        "def two(u, v): return u * 2, v * 2\nf1, f2 = two(A, B)\nf3 = two(A, B)[1]\n"
        "f4, f5 = pair = [A * 3, B * 3]\nf6, f7 = pair\n"
        "def three(u, v):\n    pair = u - 1, v - 1\n    return pair\nf8, f9 = three(A, B)",
        "def spread(v):\n    for part in (v[:5], v[5:]): yield part\ne3, e4 = spread(A)\n"
        "if len(A) > 3: e5 = A * 2\nelse: e5 = B * 2\ne6 = (w := B * 3) + 1",
    )
    assert seen.notices == []
    assert nearest(seen, "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9") == {
        "c1": {"A"}, "c2": {"B"}, "c3": {"A"}, "c4": {"B"}, "c5": {"A", "B"}, "c6": {"A"}, "c7": {"A"},
        "c8": {"A", "B"}, "c9": {"B"},
    }  # fmt: skip
    assert nearest(seen, "d1", "d2", "d3", "d4", "d5", "d6") == {
        "d1": {"A"}, "d2": {"A"}, "d3": {"B"}, "d4": {"B"}, "d5": {"d1"}, "d6": {"B"},
    }  # fmt: skip
    assert nearest(seen, "e1", "given", "e2", "e3", "e4", "e6") == {
        "e1": {"A"}, "given": {"B"}, "e2": {"A"}, "e3": {"A"}, "e4": {"A"}, "e6": {"B"},
    }  # fmt: skip
    assert nearest(seen, "f1", "f2", "f3", "f4", "f5", "f8", "f9") == {
        "f1": {"A"}, "f2": {"B"}, "f3": {"B"}, "f4": {"A"}, "f5": {"B"}, "f8": {"A"}, "f9": {"B"},
    }  # fmt: skip
    assert seen.parents("e5") <= {"A", "B"}
    assert {link.evidence for link in seen.links if link.target == seen.held("c1").id} == {"inferred"}


@pytest.mark.usefixtures("tables")
def test_what_is_in_a_container_is_told_from_what_is_beside_it(execute: Execute) -> None:
    seen = execute(
        START + "\nfrom dataclasses import dataclass\nfrom types import SimpleNamespace\n"
        "from collections import namedtuple, OrderedDict",
        "@dataclass\nclass Data:\n    X: object\n    y: object\nclass Config: data = B\n"
        "Pair = namedtuple('Pair', 'p q')\n"
        "data, config, pair = Data(A, a.label), Config(), Pair(A, B)\n"
        "parts = {'train': A, 'test': B, 'n': 3}\nspace = SimpleNamespace(X=B)\n"
        "deep = {'folds': [(A, B), (B, A)]}\nordered = OrderedDict(x=A, y=B)",
        "c1 = data.X * 2; c2 = config.data + 1; c3 = parts['test'] ** 2; c4 = pair.q - 1; c5 = pair[0] - 1\n"
        "c6 = space.X * 2; c7 = deep['folds'][0][1] * 2; c8 = ordered['y'] * 2\n"
        "c9 = np.ones(3) * parts['n']; key = 'train'; c10 = parts[key] * 2\n"
        "for key in parts:\n    last = parts[key] * 2",
        "lst = [A]\nlst.append(B * 3)",
        "whole = np.concatenate(lst)",
        "inner = lst[0] * 2; x, y = parts['train'], parts['test']; z = y - 1",
    )
    assert seen.notices == []
    names = [f"c{number}" for number in range(1, 11)]
    assert nearest(seen, *names) == {
        "c1": {"A"}, "c2": {"B"}, "c3": {"B"}, "c4": {"B"}, "c5": {"A"}, "c6": {"B"}, "c7": {"B"},
        "c8": {"B"}, "c9": set(), "c10": {"A"},
    }  # fmt: skip
    assert nearest(seen, "lst", "whole", "inner", "z") == {
        "lst": {"A", "B"}, "whole": {"lst"}, "inner": {"A"}, "z": {"B"},
    }  # fmt: skip
    assert seen.parents("parts") == {"A", "B"}
    assert {link.evidence for link in seen.links if link.target == seen.held("parts").id} == {"observed"}


@pytest.mark.usefixtures("tables")
def test_a_variable_means_what_it_held_at_the_time(execute: Execute) -> None:
    seen = execute(
        START,
        "tmp = A * 2; early = tmp + 1; tmp = B * 3; late = tmp + 1",
        "x = A * 2\nx = x - 1\nkept = x * 1\nx = B * 5\nnew = x + 1",
        "for t in (A, B):\n    step = t * 2\n    seen_last = step - 1",
        "try:\n    tried = A + 1\n    raise ValueError\nexcept ValueError:\n    tried = B + 1",
        "first, (second, third) = A * 1, (B * 1, A - B)",
        "A, B = B, A",
        "swapped = A * 7",
        "def f(v): return v * 2\nbefore = f(A)\ndef f(v): return np.zeros(3)\nafter = f(A)",
    )
    assert seen.notices == []
    assert nearest(seen, "early", "late", "kept", "new", "tried", "first", "second", "third") == {
        "early": {"A"}, "late": {"tmp"}, "kept": {"A"}, "new": {"x"}, "tried": {"B"}, "first": {"A"},
        "second": {"B"}, "third": {"A", "B"},
    }  # fmt: skip
    assert "b.csv" in seen.came_from("swapped")
    assert "a.csv" not in seen.came_from("swapped")
    assert "b.csv" in seen.came_from("before")
    assert seen.parents("after") == set()


@pytest.mark.usefixtures("tables")
def test_what_only_tells_something_about_data_is_none_of_it(execute: Execute) -> None:
    seen = execute(
        START,
        "zeros = np.zeros(A.shape); n = len(A); steps = np.arange(n) * 2.; noise = np.random.rand(*A.shape)\n"
        "like = np.zeros_like(A); full = np.full((len(B), 2), 3.); cols = list(a.columns); kind = A.dtype\n"
        "rng = np.random.default_rng(0); order = rng.permutation(len(A)); names = pd.Index(cols)",
        "twice = np.arange(len(A)) + np.zeros(A.shape[0])\nagain = np.arange(120) * 2.",
        "blank = np.zeros((120, 2))",
        "one = np.random.default_rng(3).random((120, 2))\nother = np.random.default_rng(3).random((120, 2))",
        "chosen = A[order]; scaled = A * A.mean() / n",
    )
    assert seen.notices == []
    for name in (
        "zeros",
        "steps",
        "noise",
        "like",
        "full",
        "order",
        "twice",
        "again",
        "blank",
        "one",
        "other",
    ):
        assert seen.sources(seen.held(name).id) == set(), name
    assert nearest(seen, "chosen", "scaled") == {"chosen": {"A", "order"}, "scaled": {"A"}}
    plain = {state.name for state in seen.run.executions[1].defines if not state.value}
    assert {"n", "cols", "kind", "rng"} <= plain


@pytest.mark.usefixtures("tables")
def test_lines_behind_magics_are_read_and_commands_are_not(execute: Execute) -> None:
    seen = execute(
        START,
        "%time c1 = A * 2",
        "%%time\nc2 = B * 2\nc3 = c2 + A",
        "out = !echo 1\nc4 = %timeit -o -q -n1 -r1 A * 2",
    )
    assert seen.notices == []
    assert nearest(seen, "c1", "c2", "c3") == {"c1": {"A"}, "c2": {"B"}, "c3": {"c2", "A"}}


@pytest.mark.usefixtures("tables")
def test_sparse_matrices_indexes_and_learnt_attributes_lead_to_what_they_are_from(execute: Execute) -> None:
    seen = execute(
        START + "\nfrom scipy import sparse\nfrom sklearn.linear_model import Ridge",
        "m = sparse.csr_matrix(A); wide = sparse.hstack([m, sparse.csr_matrix(B)]); dense = wide.toarray()\n"
        "idx = a[a.one > 5].index\n"
        "times = pd.DatetimeIndex(pd.to_datetime(b.one, unit='D')); year = times.year",
        "model = Ridge().fit(A, a.label); coef = model.coef_; scaled = model.coef_ * 2\n"
        "shown = pd.Series(model.coef_, index=['one', 'two'])",
    )
    assert seen.notices == []
    assert nearest(seen, "m", "wide", "dense", "coef", "scaled", "shown") == {
        "m": {"A"}, "wide": {"m", "B"}, "dense": {"wide"}, "coef": {"model"}, "scaled": {"model"},
        "shown": {"coef"},
    }  # fmt: skip
    assert (seen.came_from("idx"), seen.came_from("year")) == ({"a.csv"}, {"b.csv"})
    assert {link.evidence for link in seen.links if link.target == seen.held("coef").id} == {"observed"}


def test_a_cell_of_very_many_statements_is_read_within_bounds(execute: Execute) -> None:
    flags = "\n".join(f"i{n} = {n} % 2" for n in range(300))
    lines = "\n".join(f"if i{n}: d['k{n}'] = x * {n}\ny{n} = x + d.get('k{n}', 0)" for n in range(300))
    seen = execute(f"import numpy as np\nx = np.arange(9.) * 2\nd = {{}}\n{flags}", lines)
    assert seen.run.executions[-1].overhead < 5  # type: ignore[operator]
    assert seen.parents("y3") <= {"x", "d"}
    assert seen.notices == ["origins: there is too much text to read where all values came from"]


def test_shape_and_element_type_of_arrays_are_told_and_of_tables_those_of_columns(execute: Execute) -> None:
    seen = execute(
        "import numpy as np, pandas as pd, polars as pl, scipy.sparse as sp\n"
        "table = pd.DataFrame({'a': [1.5, None, 2.0], 'b': [1, 2, 3], 'dtype': list('xyz')})\n"
        "fields = np.array([(1, 2.0)], dtype=[('secret', 'i4'), ('x', 'f8')])",
        "matrix = table[['a', 'b']].to_numpy()\nsmall = table['b'].to_numpy().astype('int8')\n"
        "when = np.array(['2024-01-01'], 'M8[D]')\nsparse = sp.csr_matrix(matrix.astype('float32'))\n"
        "bare = pd.Series([True, False])\nnamed = table['b']\n"
        "series = pl.Series('p', [1, None], dtype=pl.Int16)\n"
        "frame = pl.DataFrame({'p': series, 'q': ['x', None]})",
    )
    assert seen.notices == []
    told = {
        name: (seen.held(name).shape, seen.held(name).element_type) for name in ("matrix", "small", "when")
    }
    assert told == {
        "matrix": ((3, 2), "float64"),
        "small": ((3,), "int8"),
        "when": ((1,), "datetime64[D]"),
    }
    types = [seen.held(name).element_type for name in ("sparse", "bare", "fields", "table", "named", "frame")]
    assert types == ["float32", "bool", "void", "", "", ""]
    columns = {
        name: [(each.name, each.type, each.missing) for each in seen.held(name).columns]
        for name in ("table", "named", "series", "frame")
    }
    assert columns["table"][:2] == [("a", "float64", 1), ("b", "int64", 0)]
    assert (columns["named"], columns["series"]) == ([("b", "int64", 0)], [("p", "Int16", 1)])
    assert columns["frame"] == [("p", "Int16", 1), ("q", "String", 1)]
