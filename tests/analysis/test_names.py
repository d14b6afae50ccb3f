"""Which names a cell binds and which it reads of the notebook around it."""

from __future__ import annotations

import sys

import pytest

from provkg.analysis import analyse

CASES: dict[str, tuple[str, str, str]] = {
    # each: the text, the names defined, the names read
    "a plain tuple": ("a, b = point", "a b", "point"),
    "a starred target": ("first, *rest = items", "first rest", "items"),
    "several targets": ("a = b = c", "a b", "c"),
    "a nested tuple whose literal does not match": ("(a, b), c = pairs, 3", "a b c", "pairs"),
    "a tuple that contains an item and an attribute": ("a, box['k'], thing.x = f(v)", "a", "box thing f v"),
    "a tuple of items and attributes only": ("box['k'], thing.x = f(v)", "", "box thing f v"),
    "an attribute": ("thing.size = n", "", "thing n"),
    "an item": ("box[k] = n", "", "box k n"),
    "a bare annotation": ("x: int", "", ""),
    "an annotation with a value": ("x: Table = make()", "x", "Table make"),
    "an annotated attribute": ("thing.x: Size = 1", "", "thing Size"),
    "an augmented assignment": ("total += x", "total", "total x"),
    "an augmented item": ("totals[k] += x", "", "totals k x"),
    "use before definition": ("print(x)\nx = 1", "x", "x"),
    "a name made from itself": ("X = X / 255", "X", "X"),
    "use after definition": ("x = 1\nprint(x)", "x", ""),
    "a conditional expression": ("y = a if c else b", "y", "a b c"),
    "an f-string with a nested format": ("s = f'{x:{width}.{n}f} {y!r}'", "s", "x width n y"),
    "a walrus": ("if (n := len(xs)) > 2:\n    print(n)", "n", "xs"),
    "a walrus in a comprehension": ("ys = [last := x for x in xs]\nprint(last)", "ys last", "xs"),
    "a keyword constant": ("f(x, how=None, flag=True)", "", "f x"),
    "keyword arguments by name": ("f(data=table)", "", "f table"),
    "deletion": ("del x", "", ""),
    "deletion of what the cell made": ("x = 1\ndel x", "x", ""),
    "deletion of an item": ("del box['k']", "", "box"),
    "a deleted name cannot be an earlier cell's": ("del x\nprint(x)", "", ""),
    # --- scopes
    "a list comprehension": ("[x * k for x in xs if x]", "", "xs k"),
    "a set comprehension": ("{x for x in xs}", "", "xs"),
    "a dictionary comprehension": ("{k: v + w for k, v in d.items()}", "", "d w"),
    "a generator": ("sum(x for row in rows for x in row)", "", "rows"),
    "a nested comprehension": ("[[y for y in x] for x in xs]", "", "xs"),
    "a comprehension's variable that is also a real name": ("a = [x for x in xs]\nprint(x)", "a", "xs x"),
    "a first iterable that is the variable's own name": ("[x for x in x]", "", "x"),
    "a tuple in a comprehension": ("[a + b for a, (b, *c) in xs]", "", "xs"),
    "a lambda's parameters": ("f = lambda x, *a, k=d, **kw: x + a + k + kw + free", "f", "d free"),
    "a function's parameters": (
        "def f(a, /, b, *c, d=e, **g):\n    return a, b, c, d, g, free",
        "f",
        "e free",
    ),
    "a function's locals": ("def f():\n    x = 1\n    return x\n", "f", ""),
    "a local that is bound after it is read": ("def f():\n    print(x)\n    x = 1", "f", ""),
    "a global of a function": ("def f():\n    return data", "f", "data"),
    "a global of a function that another cell defines": ("y = f()", "y", "f"),
    "an assignment to a global in a function": ("def f():\n    global g\n    g = data", "f g", "data"),
    "a global that a function sets and then reads": (
        "def f():\n    global g\n    g = 1\n    return g",
        "f g",
        "",
    ),
    "a global that a function increments": ("def f():\n    global n\n    n += 1", "f n", "n"),
    "nonlocal": (
        "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x += y\n    return g",
        "f",
        "y",
    ),
    "a nested function's free name": ("def f(a):\n    def g():\n        return a, b\n    return g", "f", "b"),
    "an asynchronous function": (
        "async def f(x):\n    async with x as y:\n        async for z in y:\n            await g(z)",
        "f",
        "g",
    ),
    "await at the top": ("r = await fetch(url)", "r", "fetch url"),
    "a function defined later in the cell": ("def f():\n    return g()\ndef g():\n    return 1", "f g", ""),
    "a function used before what it reads is set": (
        "def f():\n    return data\ny = f()\ndata = 1",
        "f y data",
        "data",
    ),
    "a function that another calls before what it reads is set": (
        "def f():\n    return data\ndef g():\n    return f()\ny = g()\ndata = 1",
        "f g y data",
        "data",
    ),
    "a function used after what it reads is set": ("def f():\n    return data\ndata = 1\nf()", "f data", ""),
    "a lambda used after what it reads is set": ("f = lambda: data\ndata = 1\nf()", "f data", ""),
    "a lambda used before what it reads is set": ("f = lambda: data\nf()\ndata = 1", "f data", "data"),
    "a function that calls itself": ("def f(n):\n    return f(n - 1)", "f", ""),
    "a function that sets a global, called": (
        "def setup():\n    global cfg\n    cfg = 1\nsetup()\nprint(cfg)",
        "setup cfg",
        "",
    ),
    "a decorator and its arguments": ("@wrap(n)\ndef f():\n    pass", "f", "wrap n"),
    "a function's annotations": ("def f(a: A, *b: B) -> C:\n    x: D = 1", "f", "A B C"),
    "a class body": ("class A(Base, metaclass=M):\n    x = y\n    z = x\n", "A", "Base M y"),
    "a method's parameters": ("class A:\n    def m(self, a):\n        return self.b + a + free", "A", "free"),
    "a class attribute is not seen by methods": (
        "class A:\n    k = 1\n    def m(self):\n        return k",
        "A",
        "k",
    ),
    "a class attribute is not seen by its comprehensions": (
        "class A:\n    k = 1\n    xs = [1, 2]\n    ys = [x * k for x in xs]",
        "A",
        "k",
    ),
    "a class attribute named as what it is made of": ("class A:\n    k = k", "A", "k"),
    "a class that names itself in its body": ("class A:\n    def m(self) -> A: ...", "A", "A"),
    "a class that names itself in a method": ("class A:\n    def m(self):\n        return A()", "A", ""),
    "super": ("class A(B):\n    def m(self):\n        super().m(__class__)", "A", "B"),
    # --- blocks
    "for": ("for i, (a, b) in enumerate(rows):\n    print(i, a, b)\nprint(i)", "i a b", "rows"),
    "a loop is taken to run": ("for x in xs:\n    y = x\nprint(y)", "x y", "xs"),
    "a loop with continue": ("for x in xs:\n    if x:\n        continue\n    y = x\nprint(y)", "x y", "xs"),
    "a search": (
        "for x in xs:\n    if x:\n        found = x\n        break\nelse:\n    found = None\nprint(found)",
        "x found",
        "xs",
    ),
    "a name read in a loop before it is bound": (
        "for x in xs:\n    print(last)\n    last = x",
        "x last",
        "xs last",
    ),
    "while with else": ("while cond:\n    a = 1\nelse:\n    b = c", "a b", "cond c"),
    "while true": (
        "while True:\n    if done():\n        y = 1\n        break\n    else:\n        continue\nprint(y)",
        "y",
        "done",
    ),
    "if with else": ("if c:\n    x = a\nelse:\n    x = b\nprint(x)", "x", "a b c"),
    "if without else": ("if c:\n    x = a\nprint(x)", "x", "a c x"),
    "an arm that raises": ("if c:\n    x = 1\nelse:\n    raise E\nprint(x)", "x", "c E"),
    "with": ("with open(path) as f, lock:\n    text = f.read()", "f text", "path lock"),
    "with and a tuple": ("with make() as (a, b.c):\n    pass", "a", "make b"),
    "try": (
        "try:\n    a = f()\nexcept (E, F) as e:\n    a = g(e)\nelse:\n    b = h\nfinally:\n    c = a",
        "a b c e",
        "f E F g h",
    ),
    "try with an import": (
        "try:\n    import fast as m\nexcept ImportError:\n    import slow as m\nm.f()",
        "m",
        "",
    ),
    "a handler that goes on without the name": (
        "try:\n    x = f()\nexcept E:\n    pass\nprint(x)",
        "x",
        "f E x",
    ),
    "an exception group": ("try:\n    f()\nexcept* E as e:\n    print(e)", "e", "f E"),
    "match": (
        """match cmd:
            case {'a': a, **rest} if a > lim:
                print(a, rest)
            case [Point(x=px), *others] | [px, *others]:
                print(px, others)
            case Color.RED as c:
                print(c)
            case other:
                print(other)
        """,
        "a rest px others c other",
        "cmd lim Point Color",
    ),
    "match with all cases": (
        "match k:\n    case 1:\n        x = 1\n    case _:\n        x = 2\nprint(x)",
        "x",
        "k",
    ),
    "match without all cases": ("match k:\n    case 1:\n        x = 1\nprint(x)", "x", "k x"),
    # --- names bound by import statements
    "import": ("import os, numpy as np\nnp.log(os.sep)", "os np", ""),
    "a dotted import": ("import os.path\nos.path.join(a)", "os", "a"),
    "a dotted import with an alias": ("import matplotlib.pyplot as plt\nplt.show()", "plt", ""),
    "from": ("from sklearn.svm import SVC, NuSVC as N\nN(SVC())", "SVC N", ""),
    "a star import": ("from numpy import *\nx = 1", "x", ""),
    "a future import": ("from __future__ import annotations\ndef f(a: A): ...", "annotations f", ""),
    # builtins
    "builtins": ("for i in range(len(xs)):\n    print(i)", "i", "xs"),
    "a shadowed builtin": ("list = f()\nlist[0]", "list", "f"),
    "history": ("x = _ + Out[3] + _4", "x", "_ Out _4"),
}


@pytest.mark.parametrize("case", CASES)
def test_names_are_defined_and_read_as_python_runs_the_cell(case: str) -> None:
    text, defines, reads = CASES[case]
    code = analyse(text)
    assert code.error == ""
    assert set(code.defines) == set(defines.split())
    assert set(code.reads) == set(reads.split())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters came with Python 3.12")
def test_type_parameters_are_local_to_their_definition() -> None:
    code = analyse(
        "def f[T: Bound](x: T) -> T:\n    return free\nclass A[U](Base[U]): ...\ntype P[V] = list[V] | W"
    )
    assert set(code.defines) == {"f", "A", "P"}
    assert set(code.reads) == {"Bound", "free", "Base", "W"}


def test_every_textual_reading_is_counted() -> None:
    code = analyse("y = x + x * k\nprint(x)\nx = 1\nprint(x)\ndef f():\n    return k")
    assert dict(code.reads) == {"x": 3, "k": 2}
    assert dict(code.builtins) == {"print": 2}


def test_names_that_the_cell_binds_on_some_ways_are_uncertain() -> None:
    code = analyse("if c:\n    x = 1\nprint(x, y)")
    assert set(code.reads) == {"c", "x", "y"}
    assert code.uncertain == {"x"}


def test_a_body_knows_what_it_reads_and_changes_outside() -> None:
    code = analyse("def f(a, b):\n    a['x'] = data\n    b = b.copy()\n    b['y'] = 1\n    log.append(a)\n")
    (body,) = code.bodies
    assert (body.name, body.parameters, body.line, body.end_line) == ("f", ("a", "b"), 1, 5)
    assert [set(s) for s in (body.reads, body.changes, body.changed_parameters)] == [
        {"data", "log"},
        {"log"},
        {"a"},
    ]


def test_deleted_names_are_told_unless_they_are_bound_again() -> None:
    assert analyse("del x, (y, z)\nx = 1").deletes == {"y", "z"}


def test_imports_are_told_as_written() -> None:
    code = analyse("import a.b as c, os\nfrom sklearn import svm as s\nfrom . import x\nfrom ..y import *")
    told = [(i.module, i.name, i.alias, i.stdlib) for i in code.imports]
    assert told == [
        ("a.b", "", "c", False),
        ("os", "", "", True),
        ("sklearn", "svm", "s", False),
        (".", "x", "", False),
        ("..y", "*", "", False),
    ]
    assert dict(code.aliases) == {"c": "a.b", "os": "os", "s": "sklearn.svm", "x": ".x"}


def test_uses_of_imported_names_are_counted_by_alias() -> None:
    code = analyse("import numpy as np\nnp.log(np.abs(x))\npd.concat([y])", aliases={"pd": "pandas"})
    assert dict(code.uses_modules) == {"np": 2, "pd": 1}


def test_every_statement_is_told_at_any_depth() -> None:
    code = analyse(
        "for i in xs:\n    if i:\n        box[i] = (a +\n            b)\n\ndef f(q):\n    return q\n"
    )
    told = [(s.line, s.end_line, set(s.loads), set(s.targets), set(s.changes)) for s in code.statements]
    assert told == [
        (1, 1, {"xs"}, {"i"}, set()),
        (2, 2, {"i"}, set(), set()),
        (3, 4, {"a", "b", "box", "i"}, set(), {"box"}),
        (6, 6, set(), {"f"}, set()),
        (7, 7, {"q"}, set(), set()),
    ]
