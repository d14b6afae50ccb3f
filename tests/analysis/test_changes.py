"""Whose objects a cell changes in place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from provkg.analysis import analyse
from provkg.analysis.knowledge import CallMeaning, knowledge

CASES: dict[str, tuple[str, str]] = {
    "an item": ("df['a'] = 1", "df"),
    "an item of an attribute": ("df.loc[m, 'a'] = 1", "df"),
    "an attribute": ("thing.size = 1", "thing"),
    "a nested attribute": ("model.layers[0].trainable = False", "model"),
    "an augmented item": ("totals[k] += x", "totals"),
    "an augmented attribute": ("thing.n -= 1", "thing"),
    "a deleted item": ("del df['a']", "df"),
    "a target in a tuple": ("a, box[0] = 1, 2", "box"),
    "a target of a loop": ("for box['i'] in xs:\n    pass", "box"),
    "a target of with": ("with f() as box.file:\n    pass", "box"),
    "fit of a model of another cell": ("model.fit(X, y)", "model"),
    "fit of a model of this cell": ("model = make()\nmodel.fit(X, y)", "model"),
    "fit after loading in one cell": ("import numpy as np\nX = np.load('x.npy')\nmodel.fit(X, y)", "model"),
    "fit and transform": ("Xs = scaler.fit_transform(X)", "scaler"),
    "fit of a fresh model": ("model = Model().fit(X, y)", ""),
    "fit behind set_params": ("model.set_params(C=1).fit(X, y)", "model"),
    "partial_fit in a loop": ("for b in batches:\n    model.partial_fit(b)", "model"),
    "fit of a module's function": ("from scipy import stats\np = stats.norm.fit(x)", ""),
    "drop with a constant": ("df.drop('a', axis=1, inplace=True)", "df"),
    "drop with variables": ("df.drop(columns, axis=axis, inplace=True)", "df"),
    "drop with a flag that is not known": ("df.drop('a', inplace=flag)", "df"),
    "drop that returns a copy": ("df2 = df.drop('a', inplace=False)\ndf3 = df.drop('b')", ""),
    "in place on a column": ("df['a'].fillna(0, inplace=True)", "df"),
    "append in a loop": ("for x in xs:\n    rows.append(x)", "rows"),
    "append in a comprehension": ("[rows.append(x) for x in xs]", "rows"),
    "append behind setdefault": ("groups.setdefault(k, []).append(x)", "groups"),
    "append to an item": ("groups[k].append(x)", "groups"),
    "add to a set": ("seen.add(x)", "seen"),
    "add that returns a new frame": ("total = df.add(other)", ""),
    "update": ("settings.update(a=1)", "settings"),
    "pop": ("label = df.pop('label')", "df"),
    "insert": ("df.insert(0, 'a', xs)", "df"),
    "sort": ("xs.sort()", "xs"),
    "sorted": ("ys = sorted(xs)", ""),
    "numpy's sort returns a copy": ("import numpy as np\nnp.sort(a)", ""),
    "numpy's append returns a copy": ("import numpy as np\nb = np.append(a, 1)", ""),
    "the array's own sort": ("a.sort(axis=0)", "a"),
    "an out argument": ("import numpy as np\nnp.add(a, b, out=c)", "c"),
    "an out tuple": ("import numpy as np\nnp.divmod(a, b, out=(c, d))", "c d"),
    "random.shuffle": ("import random\nrandom.shuffle(xs)", "xs"),
    "numpy.random.shuffle": ("import numpy as np\nnp.random.shuffle(a[:10])", "a"),
    "shuffle imported by name": ("from random import shuffle as mix\nmix(xs)", "xs"),
    "a generator's shuffle": ("rng.shuffle(xs)", "xs"),
    "numpy.copyto": ("import numpy as np\nnp.copyto(dst, src)", "dst"),
    "numpy.copyto by keyword": ("import numpy as np\nnp.copyto(src=s, dst=d)", "d"),
    "numpy under its usual alias, imported by another cell": ("np.random.shuffle(a)", "a"),
    "setattr": ("setattr(model, 'k', 3)", "model"),
    "setattr on an attribute": ("setattr(model.config, 'k', 3)", "model"),
    "next": ("row = next(rows)", "rows"),
    "heapq": ("import heapq\nheapq.heappush(queue, x)", "queue"),
    "an optimiser's step": ("loss.backward()\noptimizer.step()", "loss optimizer"),
    "a step whose result is used": ("state = env.step(action)", ""),
    "a tensor's method": ("w.add_(1)", "w"),
    "a module's setting": ("import pandas as pd\npd.options.display.max_rows = 5", "pd"),
    "a function's own variable": ("def f():\n    xs = []\n    xs.append(1)\n    return xs", ""),
    "a global of a function that is not called": ("def f():\n    log.append(1)", ""),
    "a global of a function that is called": ("def f():\n    log.append(1)\nf()", "log"),
    "what a function of the cell does to its argument": (
        "def add(df, name):\n    df[name] = 0\nadd(train, 'a')\nadd(name='b', df=test)",
        "train test",
    ),
    "what a function does to a copy of its argument": (
        "def add(df):\n    df = df.copy()\n    df['a'] = 0\n    return df\nt = add(train)",
        "",
    ),
    "self in a method": ("class A:\n    def m(self):\n        self.x = 1", ""),
    "a comprehension's variable": ("[x.append(1) for x in xs]", ""),
    "a plain name": ("x += 1", ""),
}


@pytest.mark.parametrize("case", CASES)
def test_changes_in_place_are_recognised(case: str) -> None:
    text, changes = CASES[case]
    code = analyse(text)
    assert set(code.changes) == set(changes.split())


def test_a_chained_fit_has_its_target() -> None:
    code = analyse("from sklearn.svm import SVC\nmodel = SVC(C=2).fit(X, y)")
    assert [(c.function, c.targets) for c in code.calls] == [
        ("sklearn.svm.SVC", ("model",)),
        ("sklearn.svm.SVC().fit", ("model",)),
    ]


def test_constructing_and_fitting_in_one_cell_defines_and_changes_the_model() -> None:
    code = analyse("model = make()\nmodel.fit(X, y)")
    assert code.defines == code.changes == {"model"}
    assert set(code.reads) == {"make", "X", "y"}


def spelled(meaning: CallMeaning, name: str, *, method: bool) -> str:
    """A call that passes a variable for every argument whose object is changed."""
    given = {parameter: f"arg{rank}" for rank, parameter in enumerate(meaning.changes)}
    last = max((parameter.position for parameter in given), default=-1)
    places = {parameter.position: variable for parameter, variable in given.items()}
    arguments = [places.get(position, "0") for position in range(last + 1)]
    arguments += [
        f"{parameter.keyword}={variable}" for parameter, variable in given.items() if parameter.position < 0
    ]
    return f"{'thing.' if method else ''}{name}({', '.join(arguments)})"


def changing() -> Iterator[tuple[str, str, set[str]]]:
    """Every change in place that the knowledge knows: its name, a cell that makes it, what is changed."""
    known = knowledge()
    for name, meanings in known.functions.items():
        for meaning in meanings:
            module = name.rpartition(".")[0]
            setting = f"import {module}\n" if module and module != "object" else ""
            if meaning.changes:
                changed = {f"arg{rank}" for rank in range(len(meaning.changes))}
                yield name, setting + spelled(meaning, name, method=False), changed
    for name, meanings in known.methods.items():
        for meaning in meanings:
            changed = {f"arg{rank}" for rank in range(len(meaning.changes))}
            if meaning.changes_object or changed:
                changed |= {"thing"} if meaning.changes_object else set()
                yield name, spelled(meaning, name, method=True), changed
    for keyword in known.changing_keywords:
        yield keyword, f"thing.unknown(1, {keyword}=True)", {"thing"}
    for keyword in known.changed_keywords:
        yield keyword, f"unknown(1, {keyword}=arg)", {"arg"}


@pytest.mark.parametrize(
    ("text", "changed"), [(t, c) for _, t, c in changing()], ids=[n for n, *_ in changing()]
)
def test_every_change_that_the_knowledge_knows_is_recognised(text: str, changed: set[str]) -> None:
    assert analyse(text).changes >= changed, text
    assert analyse(f"if ready:\n    for each in every:\n        {text.splitlines()[-1]}").changes >= {
        name for name in changed if "import" not in text
    }
