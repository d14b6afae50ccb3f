"""What a cell calls, with which arguments, and the data that its calls name."""

from __future__ import annotations

import pytest

from provkg.analysis import Call, analyse, named_data
from provkg.records import FileMode


def call(text: str, function: str) -> Call:
    (found,) = [c for c in analyse(text).calls if c.function == function]
    return found


def test_import_aliases_are_resolved() -> None:
    text = "import pandas as pd\nfrom sklearn.svm import SVC as S\nimport os\n"
    assert call(text + "pd.read_csv(p)", "pandas.read_csv").imported
    assert call(text + "m = S(C=1)", "sklearn.svm.SVC").targets == ("m",)
    assert call(text + "os.path.join(a)", "os.path.join").imported


def test_aliases_of_earlier_cells_are_resolved() -> None:
    (found,) = analyse("x = ds.load_iris()", aliases={"ds": "sklearn.datasets"}).calls
    assert (found.function, found.targets) == ("sklearn.datasets.load_iris", ("x",))


def test_an_alias_that_is_bound_anew_stands_for_nothing() -> None:
    assert call("import numpy as np\nnp = make()\nnp.log(x)", "np.log").receiver == "np"


def test_a_parameter_hides_an_alias() -> None:
    assert call("import numpy as np\ndef f(np):\n    return np.log(1)", "np.log").receiver == "np"


def test_arguments_have_literals_names_and_text() -> None:
    found = call("f(3, -1.5, 'a', None, True, x, y[z], *more, k=10**-3, **rest)", "f")
    told = [(a.keyword, a.text, a.known, a.literal, set(a.names), a.variable) for a in found.arguments]
    assert told == [
        ("", "3", True, 3, set(), ""),
        ("", "-1.5", True, -1.5, set(), ""),
        ("", "'a'", True, "a", set(), ""),
        ("", "None", True, None, set(), ""),
        ("", "True", True, True, set(), ""),
        ("", "x", False, None, {"x"}, "x"),
        ("", "y[z]", False, None, {"y", "z"}, ""),
        ("*", "more", False, None, {"more"}, "more"),
        ("k", "10**-3", True, 0.001, set(), ""),
        ("**", "rest", False, None, {"rest"}, "rest"),
    ]


def test_text_of_arguments_is_cut_at_bytes_of_utf_8() -> None:
    found = call("f('ü', größe, [\n  'ä',\n  é])", "f")
    assert [a.text for a in found.arguments] == ["'ü'", "größe", "[\n  'ä',\n  é]"]


def test_constants_of_the_cell_are_put_into_arguments() -> None:
    text = "n = 3\nk = 2 * n\nf(k, f'{n}-{k}', '{}/{a}'.format(n, a=k), not n)"
    assert [a.literal for a in call(text, "f").arguments] == [6, "3-6", "3/6", False]


@pytest.mark.parametrize(
    "text",
    [
        "n = 1\nif c:\n    n = 2\nf(n)",
        "n = 1\nfor i in xs:\n    f(n)\n    n = n + 1",
        "n = 1\nwhile c:\n    n = n + 1\n    f(n)",
        "n = 1\nfor i in xs:\n    n = n + 1\nf(n)",
        "n = 1\nn += 1\nf(n)",
        "n = 1\ndef g(n):\n    f(n)",
        "n = 1\nfor n in xs:\n    pass\nf(n)",
        "n = 10 ** 100\nf(n)",
        "f(f'{x}')",
        "f(f'{3:>9999999999}')",
    ],
)
def test_what_is_no_constant_is_not_known(text: str) -> None:
    (argument,) = call(text, "f").arguments
    assert not argument.known
    assert argument.literal is None


def test_a_constant_set_anew_in_a_loop_is_known_there() -> None:
    assert call("for i in xs:\n    p = 'a.csv'\n    f(p)", "f").arguments[0].literal == "a.csv"


def test_constants_go_from_cell_to_cell() -> None:
    first = analyse(
        "from pathlib import Path\nroot = Path('data')\nn = 2 * 3\nk = f()\nfor i in xs:\n    n2 = i"
    )
    assert dict(first.constants) == {"root": "data", "n": 6}
    second = analyse("p = root / 'a.csv'\nf(p, n)\nn = g()", constants=first.constants)
    assert [argument.literal for argument in second.calls[0].arguments] == ["data/a.csv", 6]
    assert dict(second.constants) == {"p": "data/a.csv"}


def test_an_argument_tells_which_call_it_is_or_is_a_part_of() -> None:
    calls = analyse("score(y, model.predict(g(X))[:, 1], h(a) + 1)").calls
    assert [c.function for c in calls] == ["g", "model.predict", "h", "score"]
    assert [argument.call for argument in calls[1].arguments] == [0]
    assert [argument.call for argument in calls[3].arguments] == [-1, 1, -1]


def test_targets_are_those_of_the_outermost_call() -> None:
    calls = analyse("a, (b, *c) = f(g(x))\nd, e = f(1), h(2)\nwith open(p) as file:\n    pass").calls
    told = [(c.function, c.targets, c.line) for c in calls]
    assert told == [
        ("g", (), 1),
        ("f", ("a", "b", "c"), 1),
        ("f", ("d",), 2),
        ("h", ("e",), 2),
        ("open", ("file",), 3),
    ]


def test_chains_are_spelled_with_brackets() -> None:
    calls = analyse("df['a'].groupby(k).mean()[0].round()\n'a'.join(xs)\nf()()").calls
    told = [(c.function, c.receiver) for c in calls]
    assert told == [
        ("df[].groupby", "df"),
        ("df[].groupby().mean", ""),
        ("df[].groupby().mean()[].round", ""),
        (".join", ""),
        ("f", ""),
        ("f()", ""),
    ]


def test_calls_know_the_function_they_stand_in() -> None:
    code = analyse("def f():\n    g()\nh()")
    assert [(c.function, c.body) for c in code.calls] == [("g", 0), ("h", -1)]
    assert code.bodies[0].name == "f"


# --- data -----------------------------------------------------------------------------------------------

PANDAS = "import pandas as pd, numpy as np, os, joblib, pickle, json\nfrom pathlib import Path\n"
READ, WRITTEN = FileMode.READ, FileMode.WRITTEN

DATA: dict[str, tuple[str, list[tuple[FileMode, str | None]]]] = {
    "a literal path": ("df = pd.read_csv('a.csv')", [(READ, "a.csv")]),
    "a path by keyword": ("pd.read_csv(sep=';', filepath_or_buffer='a.csv')", [(READ, "a.csv")]),
    "a path in a variable": ("p = 'a.csv'\ndf = pd.read_csv(p)", [(READ, "a.csv")]),
    "a path in an f-string": ("d = 'x'\ndf = pd.read_csv(f'{d}/a.csv')", [(READ, "x/a.csv")]),
    "a path added up": ("d = 'x/'\ndf = pd.read_csv(d + 'a.csv')", [(READ, "x/a.csv")]),
    "a path by Path and /": ("d = Path('x')\ndf = pd.read_csv(d / 'y' / 'a.csv')", [(READ, "x/y/a.csv")]),
    "a path by os.path.join": ("df = pd.read_csv(os.path.join('x', 'a.csv'))", [(READ, "x/a.csv")]),
    "a path nobody can know": ("df = pd.read_csv(sys.argv[1])", [(READ, None)]),
    "a path that changes in a loop": ("for p in ps:\n    pd.read_csv(p)", [(READ, None)]),
    "a path that does not exist": ("pd.read_csv('/nowhere/a.csv')", [(READ, "/nowhere/a.csv")]),
    "an address": ("pd.read_csv('https://x.org/a.csv')", [(READ, "https://x.org/a.csv")]),
    "two files under one variable": (
        "p = 'a.csv'\na = pd.read_csv(p)\np = 'b.csv'\nb = pd.read_csv(p)",
        [(READ, "a.csv"), (READ, "b.csv")],
    ),
    "with open": ("with open('a.txt') as f:\n    t = f.read()", [(READ, "a.txt")]),
    "open for writing": ("with open('a.txt', mode='wb') as f:\n    f.write(b)", [(WRITTEN, "a.txt")]),
    "open in a way nobody can know": ("open('a.txt', mode)", []),
    "reading by Path": ("t = Path('a.txt').read_text()", [(READ, "a.txt")]),
    "writing a table": ("df.to_csv('out.csv', index=False)", [(WRITTEN, "out.csv")]),
    "writing a chain": ("df.head().to_parquet('out.parquet')", [(WRITTEN, "out.parquet")]),
    "saving arrays": ("np.save('a.npy', x)\nb = np.load('b.npy')", [(WRITTEN, "a.npy"), (READ, "b.npy")]),
    "dump and load": (
        "joblib.dump(model, 'm.pkl')\nm = joblib.load('n.pkl')",
        [(WRITTEN, "m.pkl"), (READ, "n.pkl")],
    ),
    "a figure": ("import matplotlib.pyplot as plt\nplt.savefig('f.png')\nfig.savefig('g.png')",
                 [(WRITTEN, "f.png"), (WRITTEN, "g.png")]),
    "a loader of scikit-learn": ("from sklearn.datasets import load_iris as li\nd = li()", [(READ, None)]),
    "a query": ("df = pd.read_sql('SELECT * FROM t', con)", [(READ, None)]),
    # what only looks like data
    "a label with a colon": ("plt.title('Figure: result.csv')", []),
    "a mail address": ("mail = 'mailto:someone@x.org'", []),
    "a docstring with an address": ("def f():\n    '''See https://x.org/a.csv.'''", []),
    "an output directory": ("out = 'results/2020'\nos.makedirs(out)", []),
    "a path that nobody opens": ("p = 'data/a.csv'", []),
    "a function of the user's of that name": ("def read_csv(p): ...\nread_csv('a.csv')", []),
}  # fmt: skip


@pytest.mark.parametrize("case", DATA)
def test_data_is_named_by_calls_that_read_or_write_it(case: str) -> None:
    text, expected = DATA[case]
    assert [(d.mode, d.path) for d in named_data(analyse(PANDAS + text))] == expected


def test_named_data_tells_what_it_became_and_what_was_saved() -> None:
    text = (
        PANDAS + "df = pd.read_csv(folder + name)\ndf.to_csv('b.csv')\npickle.dump(model, f)\nnp.save('x', a)"
    )
    told = [(d.function, set(d.names), d.targets, d.source, d.line) for d in named_data(analyse(text))]
    assert told == [
        ("pandas.read_csv", {"folder", "name"}, ("df",), "", 3),
        ("df.to_csv", set(), (), "df", 4),
        ("pickle.dump", set(), (), "model", 5),
        ("numpy.save", set(), (), "a", 6),
    ]
