"""Cells with IPython's magics and shell commands, raw and as IPython transformed them."""

from __future__ import annotations

import ast

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from provkg.analysis import CellCode, analyse
from provkg.analysis.parsing import _with_plain_magics, parse

CASES: dict[str, tuple[str, str, str, str]] = {
    # text, defines, reads, changes
    "shell capture": ("files = !ls {folder}", "files", "folder", ""),
    "a shell command": ("!cp {src / 'a.csv'} $target $HOME/x", "", "src target", ""),
    "a shell command with braces of its own": ("!mv a.{txt,csv} b\n!awk '{print $1}' f", "", "txt csv", ""),
    "a shell loop": ("!for i in 1 2; do echo $i; done", "", "", ""),
    "a timed statement": ("%time y = f(x)", "y", "f x", ""),
    "a timed fit": ("%time model.fit(X, y)", "", "model X y", "model"),
    "a timed value": ("y = %timeit -o -n 3 f(x)", "y", "f x", ""),
    "names bound by timeit vanish": ("%timeit -n 10 -r3 t = f(x)\nprint(t)", "", "f x t", ""),
    "a change by timeit stays": ("%timeit xs.append(1)", "", "xs", "xs"),
    "a timed cell": ("%%time\nX = load(p)\nmodel.fit(X, y)", "X", "load p model y", "model"),
    "a timed cell with magics": ("%%time\n%time a = f(b)\nfiles = !ls", "a files", "f b", ""),
    "timeit with a setup": ("%%timeit n = 10\nf(n, x)", "", "f x", ""),
    "capture": ("%%capture out --no-stderr\ny = f(x)\n", "out y", "f x", ""),
    "capture in time": ("%%time\n%%capture out\ny = f(x)", "out y", "f x", ""),
    "profile": ("%prun -l 10 -s cumtime y = f(x)", "y", "f x", ""),
    "a shell cell": ("%%bash\nx=3\necho $y; for f in *; do cat $f; done", "", "", ""),
    "a shell cell whose output is kept": ("%%bash --out text\nls", "text", "", ""),
    "a cell of another language": ("%%R -i df,k -o result\nresult <- lm(y ~ x, df)", "result", "df k", ""),
    "a cell written to a file": ("%%writefile {folder}/a.py\nx = y", "", "folder", ""),
    "an unknown cell magic": ("%%mystery\nx = y", "", "", ""),
    "a page of HTML": ("%%html\n<b>x</b>", "", "", ""),
    "help": ("df?", "", "df", ""),
    "help of an attribute": ("df.head??", "", "df", ""),
    "a line that occurs twice": ("%matplotlib inline\nx = 1\n%matplotlib inline\ny = x + z", "x y", "z", ""),
    "magics among blocks": ("for i in xs:\n    %time f(i)\n    r = !echo {i}", "i r", "xs f", ""),
    "a magic in a function": ("def f(a):\n    %time b = g(a)\n    return b", "f", "g", ""),
    "a setting of the kernel": ("%load_ext autoreload\n%autoreload 2\nx = 1", "x", "", ""),
    "automagic text is no assignment": ("%cd {folder}\nx = 1", "x", "folder", ""),
    "a prompt from a document": (">>> x = y\n>>> z = x", "x z", "y", ""),
    "empty lines before a cell magic": ("\n\n%%time\nx = y", "x", "y", ""),
    "an indented cell": ("    x = y\n    z = x", "x z", "y", ""),
    "timeit with a setup that is all": ("%%timeit -n 2 n = f()\nn + x", "", "f x", ""),
    "quick calls": ("/f x\n,g a b", "", "f x g", ""),
}


def told(code: CellCode) -> tuple[set[str], set[str], set[str]]:
    return set(code.defines), set(code.reads), set(code.changes)


@pytest.mark.parametrize("case", CASES)
def test_magics_are_understood(case: str) -> None:
    text, *expected = CASES[case]
    code = analyse(text)
    assert code.error == ""
    assert told(code) == tuple(set(names.split()) for names in expected)


@pytest.mark.parametrize("case", CASES)
def test_transformed_cells_say_the_same_as_raw_ones(case: str) -> None:
    text = CASES[case][0]
    transformed = TransformerManager().transform_cell(text)  # type: ignore[no-untyped-call]
    assert analyse(transformed, transformed=True) == analyse(text)


def test_lines_below_a_cell_magic_are_counted_in_the_cell() -> None:
    code = analyse("%%time\nx = f(y)\n\nz = x")
    assert [(s.line, set(s.targets)) for s in code.statements[1:]] == [(2, {"x"}), (4, {"z"})]
    assert code.offset == 1


def test_calls_in_timed_statements_have_their_targets() -> None:
    calls = analyse("%time m = SVC(C=2).fit(X, y)").calls
    assert [(c.function, c.targets) for c in calls if not c.function.startswith("%")] == [
        ("SVC", ("m",)),
        ("SVC().fit", ("m",)),
    ]


PLAIN = [
    "%matplotlib inline\nx = 1",
    "!pip install a  \nimport a",
    "%%time\nx = 1\n   \ny = 2",
    "%%bash -e\nls\n  ",
    "%cd data\n!ls\n%time\n\ny = x % 2",
    "%lsmagic",
    "x = 1\n%store x",
    '%cd data\nx = """\ntext\n"""\n%who',
]
NOT_PLAIN = [
    "%time?\nx = 1",
    "files = !ls",
    "if x:\n    %time f()",
    '"""\n%time\n"""\n%who',
    "!ls \\\n -l",
    "y = (x\n%time\n)\n%who",
    "%%bash?\n",
    "!!ls",
    "  %time x",
    "df?",
    ">>> %who",
]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_magics_are_transformed_as_ipython_does(text: str) -> None:
    assert _with_plain_magics(text) == TransformerManager().transform_cell(text)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("text", [*PLAIN, *NOT_PLAIN])
def test_whatever_the_magics_the_text_that_is_parsed_is_ipythons(text: str) -> None:
    python = TransformerManager().transform_cell(text)  # type: ignore[no-untyped-call]
    with pytest.raises(SyntaxError):
        ast.parse(text)
    assert parse(text, transformed=False).source == python


def test_magics_are_told_as_calls() -> None:
    calls = analyse("%cd data\nfiles = !ls").calls
    assert [(c.function, c.arguments[0].literal, c.targets) for c in calls] == [
        ("%cd", "data", ()),
        ("!", "ls", ("files",)),
    ]


def test_a_syntax_error_is_told_and_nothing_is_made_up() -> None:
    code = analyse("x = 1\ny = (2\nprint 3")
    assert code.error.startswith("SyntaxError")
    assert code.error_line is not None
    assert told(code) == (set(), set(), set())


def test_a_magic_line_that_recurs_loses_nothing() -> None:
    code = analyse("%matplotlib inline\n" * 30 + "x = y")
    assert told(code) == ({"x"}, {"y"}, set())
    assert len(code.calls) == 30
