"""Analysis never raises and never comes back empty-handed from what can be parsed."""

from __future__ import annotations

import ast
import json
import random
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provkg.analysis import CellCode, analyse, analyse_function, loads_at, named_data, origins, sources_of

REAL = [Path(module.__file__ or "").read_text() for module in (ast, json, random, sys.modules[__name__])]
PIECES = [
    "df", "=", " ", "\n", "\n    ", "(", ")", "[", "]", ":", "%time ", "!", "{x}", "for ", "in ", "lambda ",
    "x", ",", ".", "def f", "class A", "if ", "else", "try", "except", "'", '"', "\\", "@", "*", "**", ":=",
    "match ", "case _", "import ", "as ", "global ", "%%time\n", "?", "ü", "\t", "1", "+", "f'{x!r:>{y}}'",
    "async ", "await ", "yield ", "del ", "with ", "return ", "\0", "\ud800",
]  # fmt: skip


def look_everywhere(code: CellCode) -> None:
    """Ask every question of an analysis."""
    for line in range(-1, 12):
        loads_at(code, line)
        for name in [*code.defines, "x"]:
            origins(code, name, line)
            sources_of(code, name, line)
    named_data(code)


@settings(deadline=None, max_examples=300)
@given(st.text())
def test_arbitrary_text_raises_nothing(text: str) -> None:
    look_everywhere(analyse(text))
    look_everywhere(analyse(text, transformed=True))
    analyse_function(text, 1, "f")


@settings(deadline=None, max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_pieces_of_code_raise_nothing(text: str) -> None:
    look_everywhere(analyse(text))


@pytest.mark.parametrize("seed", range(40))
def test_mutated_code_raises_nothing(seed: int) -> None:
    source = random.Random(seed)
    text = source.choice(REAL)
    start = source.randrange(len(text))
    lines = list(text[start : start + 3000])
    for _ in range(source.randrange(1, 30)):
        place = source.randrange(len(lines))
        match source.randrange(3):
            case 0:
                del lines[place]
            case 1:
                lines.insert(place, source.choice(PIECES))
            case _:
                lines[place] = source.choice(PIECES)
    look_everywhere(analyse("".join(lines)))


@pytest.mark.parametrize("seed", range(20))
def test_every_statement_of_real_code_has_an_answer(seed: int) -> None:
    source = random.Random(seed)
    text = source.choice(REAL)
    nodes = source.sample(ast.parse(text).body, 3)
    cell = "\n".join(ast.unparse(node) for node in nodes)
    code = analyse(cell)
    assert not code.error
    assert not code.approximate
    assert code.statements
    look_everywhere(code)


DEEP = {
    "a sum": "y = " + " + ".join(["x"] * 2000),
    "a chain of calls": "y = x" + ".f()" * 800,
    "a chain of attributes": "y = x" + ".a" * 2000,
    "parentheses": "y = " + "(" * 150 + "x" + ")" * 150,
    "lists": "y = " + "[" * 150 + "x" + "]" * 150,
    "minuses": "y = " + "-" * 900 + "x",
    "nots": "y = " + "not " * 800 + "x",
    "lambdas": "y = " + "lambda: " * 300 + "x",
    "conditions": "y = " + "1 if x else " * 500 + "x",
    "branches": "if x: y = 1\n" + "elif x: y = 2\n" * 500,
    "blocks": "".join("  " * n + "if x:\n" for n in range(90)) + "  " * 90 + "y = x",
    "functions": "".join(" " * n + "def f():\n" for n in range(80)) + " " * 80 + "return x\ny = x",
    "comprehensions": "y = " + "[z for z in " * 60 + "x" + "]" * 60,
    "strings": "y = x" + " + 'a'" * 2000,
    "subscripts": "y = x" + "[x]" * 800,
}


@pytest.mark.parametrize("case", DEEP)
def test_deep_nesting_has_an_answer(case: str) -> None:
    code = analyse(DEEP[case])
    assert code.error == ""
    assert "y" in code.defines
    assert "x" in code.reads


@pytest.mark.parametrize(
    "text", ["(" * 10_000, "y = " + "(" * 300 + "x" + ")" * 300, "y = " + "-" * 100_000 + "x"]
)
def test_what_is_nested_too_deeply_for_the_parser_is_an_error(text: str) -> None:
    code = analyse(text)
    assert code.error
    assert code.defines == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "x = 1\0",
        "\0",
        "x = '\ud800'",
        "\ufeffx = 1",
        "x = 1\r\ny = x",
        "x = 1\x0cy",
        "# coding: nonsense\nx = 1",
    ],
)
def test_odd_characters_raise_nothing(text: str) -> None:
    code = analyse(text)
    assert code.error or code.defines


def test_a_megabyte_of_literals_is_analysed_about_as_fast_as_it_is_parsed() -> None:
    text = "data = [" + ", ".join(str(n) for n in range(140_000)) + "]\nmodel.fit(data)"
    assert len(text) > 900_000
    start = time.process_time()
    ast.parse(text)
    parsed = time.process_time()
    code = analyse(text)
    analysed = time.process_time()
    assert code.changes == {"model"}
    assert analysed - parsed < 4 * (parsed - start) + 0.5


def test_a_megabyte_of_code_is_analysed() -> None:
    text = "\n".join(f"x{n + 1} = f(x{n}, 'a', k={n})" for n in range(25_000))
    assert len(text) > 700_000
    code = analyse(text)
    assert len(code.defines) == len(code.calls) == 25_000
    assert dict(code.reads) == {"f": 25_000, "x0": 1}


@pytest.mark.parametrize("text", ["x = '\\d'", "x = 1if y else 2", "assert (x, 'y')", "x is 1"])
def test_warnings_about_the_users_code_are_left_to_its_execution(text: str) -> None:
    filters = list(warnings.filters)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert not analyse(text).error
    assert caught == []
    assert list(warnings.filters) == filters


def test_analysis_does_not_make_the_interpreter_forget_what_it_has_warned_of() -> None:
    seen: dict[object, object] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(2):
            warnings.warn_explicit("old", DeprecationWarning, "cell", 1, registry=seen)  # type: ignore[arg-type]
            analyse("x = '\\d'")
    assert len(caught) == 1


def test_a_tree_that_is_given_is_not_changed() -> None:
    text = "x = f(a)\nfor i in x:\n    i.b = 1"
    tree = ast.parse(text)
    before = ast.dump(tree, include_attributes=True)
    assert analyse(text, tree=tree) == analyse(text)
    assert ast.dump(tree, include_attributes=True) == before


def test_threads_get_the_same_answers() -> None:
    expected = [analyse(text) for text in REAL]
    found: list[bool] = []

    def work() -> None:
        found.append([analyse(text) for text in REAL] == expected)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 4
