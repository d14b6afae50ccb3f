"""Where a variable came from, by the text."""

from __future__ import annotations

import pytest

from provkg.analysis import BindingKind, analyse, analyse_function, loads_at, origins, sources_of

END = 1 << 30

CASES: dict[str, tuple[str, str, int, str]] = {
    # text, name, line, names it came from
    "functions and modules carry no data": ("X = np.log(df[cols]) + scale(y)", "X", END, "df cols y"),
    "methods carry their object": ("y = model.predict(X)", "y", END, "model X"),
    "imported names carry no data": ("from m import f, K\ny = f(x, K)", "y", END, "x"),
    "functions of the cell carry no data": ("def f(r): return r\ny = df.apply(f)", "y", END, "df"),
    "a comprehension's variable carries what it runs over": ("y = [x + k for x in xs]", "y", END, "xs k"),
    "a lambda's names": ("y = xs.map(lambda x: x + k)", "y", END, "xs k"),
    "as it is before the line": ("x = a\nx = b\nx = c", "x", 2, "a"),
    "as it is at the end": ("x = a\nx = b\nx = c", "x", END, "c"),
    "nothing before the first assignment": ("x = a", "x", 1, ""),
    "a name of an earlier cell": ("print(x)", "x", END, ""),
    "from itself, from an earlier cell": ("X = X / 255", "X", END, "X"),
    "from itself, from this cell": ("X = df[cols]\nX = X / 255\nX = X * k", "X", END, "df cols k"),
    "an augmented assignment": ("total = start\ntotal += x", "total", END, "start x"),
    "an item that was set": ("df = raw.copy()\ndf['a'] = b[m]", "df", END, "raw b m"),
    "a chosen part that was set": ("df.loc[mask, 'a'] = v", "df", END, "df mask v"),
    "a fit": ("model.fit(X, y)", "model", END, "model X y"),
    "an appended item": ("rows = []\nfor x in xs:\n    rows.append(f(x))", "rows", END, "x"),
    "tuples one by one": ("a, b = f(x), g(y)", "a", END, "x"),
    "an exchange": ("a, b = b, a", "a", END, "b"),
    "tuples of one value": ("a, b = f(x, y)", "b", END, "x y"),
    "both branches": ("if c:\n    x = a\nelse:\n    x = b", "x", END, "a b"),
    "one branch and what was before": ("x = a\nif c:\n    x = b", "x", END, "a b"),
    "inside its own branch": ("if c:\n    x = a\n    f(x)\nelse:\n    x = b", "x", 3, "a"),
    "a branch that leaves": ("x = a\nif c:\n    x = b\n    raise E\nf(x)", "x", 5, "a"),
    "the cases of match": (
        "match k:\n    case 1:\n        x = a\n    case _:\n        x = b",
        "x",
        END,
        "a b",
    ),
    "a capture": ("match point:\n    case (px, py):\n        print(px)", "px", 3, "point"),
    "an iterated name": ("for i, row in enumerate(rows):\n    f(row)", "row", 2, "rows"),
    "a loop goes round": ("x = a\nfor i in xs:\n    f(x)\n    x = b", "x", 3, "a b"),
    "after a loop": ("x = a\nfor i in xs:\n    x = b", "x", END, "b"),
    "out of a loop by break": (
        "for i in xs:\n    x = a\n    if i:\n        x = b\n        break",
        "x",
        END,
        "a b",
    ),
    "a handler sees what was tried": (
        "x = a\ntry:\n    x = b\n    x = c\nexcept E:\n    f(x)",
        "x",
        6,
        "a b c",
    ),
    "after try": ("try:\n    x = a\nexcept E:\n    x = b\nelse:\n    x = c\nf(x)", "x", 7, "b c"),
    "in finally": ("try:\n    x = a\nfinally:\n    f(x)", "x", 4, "a"),
    "an entered name": ("with open(path) as f:\n    t = f.read()", "f", 2, "path"),
    "a walrus": ("if (n := f(xs)):\n    g(n)", "n", 2, "xs"),
    "a local of a function": ("y = a\ndef f(p):\n    y = p + b\n    return y\n", "y", 4, "p b"),
    "a parameter": ("p = a\ndef f(p):\n    return p\n", "p", 3, ""),
    "an outer name in a function": ("y = a\ndef f():\n    return y\n", "y", 3, "a"),
    "outside a function, its locals do not count": ("def f():\n    y = a\n\ny = b", "y", END, "b"),
    "a global that a function sets": ("def f():\n    global y\n    y = a\nf()", "y", END, "a"),
    "a lone line of a function": ("def f(p):\n    q = p\n\n    return q\n\nq = 1", "q", 3, "p"),
    "a class attribute": ("class A:\n    x = a\n    y = x", "x", 3, "a"),
    "a splitter's parts": (
        "import sklearn.model_selection as m\na, b, y1, y2 = m.train_test_split(X, y, random_state=seed)",
        "y2",
        END,
        "y",
    ),
    "a timed statement": ("%time y = f(x)\nz = y", "y", 2, "x"),
    "a deleted name": ("x = a\ndel x", "x", END, ""),
}


@pytest.mark.parametrize("case", CASES)
def test_a_name_came_from_the_latest_assignments(case: str) -> None:
    text, name, line, expected = CASES[case]
    assert sources_of(analyse(text), name, line) == set(expected.split())


def test_origins_tell_the_lines_so_that_one_can_go_further_back() -> None:
    code = analyse("a = b\nb = c\nd = a\n")
    (first,) = origins(code, "d", END)
    (second,) = origins(code, "a", first.line)
    assert (first.line, set(first.sources), first.kind) == (3, {"a"}, BindingKind.ASSIGNED)
    assert (second.line, set(second.sources)) == (1, {"b"})
    assert origins(code, "b", second.line) == ()


def test_loads_at_a_line_are_those_of_the_innermost_statement() -> None:
    code = analyse("for x in xs:\n    y = f(\n        x,\n        k)\n\nif a: b(c)")
    assert loads_at(code, 1) == {"xs"}
    assert loads_at(code, 3) == {"f", "x", "k"}
    assert loads_at(code, 5) == frozenset()
    assert loads_at(code, 6) == {"a", "b", "c"}
    assert loads_at(code, 99) == frozenset()


SCRIPT = """import numpy as np

class Work:
    @cached
    def prepare(self, df, *, k=3):
        text = '''
not indented'''
        out = df[self.columns] * k
        if text:
            out = np.log(out)
        return out

def after(): pass
"""


def test_a_function_is_found_in_its_file_by_its_first_line() -> None:
    code = analyse_function(SCRIPT, 4, "prepare")
    body = code.bodies[0]
    assert code.error == ""
    assert (body.name, body.parameters, body.line, body.end_line) == ("prepare", ("self", "df", "k"), 4, 11)
    assert sources_of(code, "out", 11) == {"df", "self", "k"}
    assert loads_at(code, 10) == {"np", "out"}
    assert sources_of(code, "df", 8) == frozenset()


def test_the_analysis_of_a_function_agrees_with_the_interpreter_about_its_lines() -> None:
    module = compile(SCRIPT, "<script>", "exec")
    work = next(c for c in module.co_consts if hasattr(c, "co_name") and c.co_name == "Work")
    prepare = next(c for c in work.co_consts if hasattr(c, "co_name") and c.co_name == "prepare")
    code = analyse_function(SCRIPT, prepare.co_firstlineno, prepare.co_name)
    lines = {line for _, _, line in prepare.co_lines() if line}
    assert lines - {prepare.co_firstlineno} <= {
        n for s in code.statements for n in range(s.line, s.end_line + 1)
    }


def test_a_lambda_is_seen_in_its_whole_text() -> None:
    code = analyse_function("f = g(1,\n      lambda x: x + k)\n", 2, "<lambda>")
    assert loads_at(code, 2) == {"g", "k"}


@pytest.mark.parametrize(("text", "line"), [("", 1), ("x = 1", 7), ("def f(:\n  pass", 1), ("\0", 1)])
def test_a_function_that_is_not_there_is_an_error_and_no_exception(text: str, line: int) -> None:
    assert analyse_function(text, line, "f").error
