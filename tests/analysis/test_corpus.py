"""On real code, the names that a cell defines and reads are those that the compiler has."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

import pytest

import provkg
from provkg.analysis import analyse
from tests.analysis import test_calls, test_changes, test_magics, test_names
from tests.analysis.corpus import Agreement, cells_of, compare, standard_library
from tests.analysis.reference import reference

ROOT = Path(provkg.__file__).parents[1]


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    return compare(cell for path in standard_library(step=29) for cell in cells_of(path))


@pytest.mark.parametrize("what", ["defines", "reads"])
def test_names_agree_with_the_compiler_on_the_standard_library(agreement: Agreement, what: str) -> None:
    assert agreement.agreed[what] > 300
    assert agreement.precision(what) >= 0.995, agreement.too_many
    assert agreement.recall(what) >= 0.995, agreement.missing


def test_hardly_any_name_is_unclear_to_the_compiler(agreement: Agreement) -> None:
    assert agreement.unclear < 0.05 * sum(agreement.agreed.values())


def test_no_cell_comes_back_empty_and_most_are_exactly_right(agreement: Agreement) -> None:
    assert agreement.empty == 0
    assert agreement.exact >= 0.99 * agreement.cells


def test_names_agree_with_the_compiler_on_notebooks() -> None:
    paths = [*ROOT.glob("examples/**/*.ipynb"), *ROOT.glob("tests/notebooks/*.ipynb")]
    found = compare(cell for path in paths for cell in cells_of(path))
    assert found.cells > 20
    assert found.magic > 2
    assert found.exact == found.cells, (found.too_many, found.missing)
    assert found.missing["changes"] == []


NOT_FOLLOWED = {"a walrus in a comprehension", "a function that sets a global, called"}
"""Names that are bound by what runs at once elsewhere, which the reference does not follow."""

TRICKS = {
    "names": [text for name, (text, *_) in test_names.CASES.items() if name not in NOT_FOLLOWED],
    "changes": [text for text, *_ in test_changes.CASES.values()],
    "magics": [text for text, *_ in test_magics.CASES.values()],
    "data": [text for text, *_ in test_calls.DATA.values()],
}


@pytest.mark.parametrize("kind", TRICKS)
def test_names_agree_with_the_compiler_on_trick_cells(kind: str) -> None:
    found = compare(TRICKS[kind])
    assert found.cells >= 0.9 * len(TRICKS[kind])
    assert found.exact == found.cells, (found.too_many, found.missing)
    assert found.empty == 0
    assert found.missing["changes"] == []


def test_a_cell_takes_a_millisecond_at_the_median() -> None:
    cells = [cell for path in standard_library(step=29) for cell in cells_of(path)]
    times = []
    for cell in cells:
        start = time.process_time()
        analyse(cell)
        times.append(time.process_time() - start)
    assert median(times) < 0.001


@pytest.mark.parametrize(
    ("text", "defines", "reads", "unclear"),
    [
        ("x = y\nprint(x, z)", "x", "y z", ""),
        ("x += 1", "x", "x", ""),
        ("print(x)\nx = 1", "x", "x", ""),
        ("if c:\n    x = 1\nprint(x)", "x", "c", "x"),
        ("def f():\n    global g\n    g = h", "f g", "h", ""),
        ("[a for a in b if c]", "", "b c", ""),
        ("class A:\n    k = 1\n    j = k\n    m = n", "A", "n", ""),
        ("del x", "", "", ""),
        ("x: int", "", "", ""),
        ("try:\n    x = 1\nexcept E as e:\n    raise\nprint(x)", "x e", "E", ""),
    ],
)
def test_the_reference_itself_is_right(text: str, defines: str, reads: str, unclear: str) -> None:
    found = reference(text)
    assert (found.defines, found.reads) == (set(defines.split()), set(reads.split()))
    assert found.unclear_reads == set(unclear.split())
