from __future__ import annotations

import random

import pytest

from provkg.analysis import analyse
from provkg.views.comparison.code import Cell, diff_text, match_cells
from provkg.views.comparison.matching import Matcher, align, by_keys, by_likeness, moved
from provkg.views.comparison.relevance import relevant


def cell(identifier: str, source: str) -> Cell:
    return Cell(identifier, "", None, executions=[(1, source)])


TRAIN = "model = SVC(C=1)\nmodel.fit(X_train, y_train)\nmodel.score(X_test, y_test)"
LOAD = "import pandas as pd\ntable = pd.read_csv('table.csv')\ntable.head()"


def matched(first: list[Cell], second: list[Cell]) -> set[tuple[str, str]]:
    return {(first[a].source, second[b].source) for a, b in match_cells(first, second)}


def test_a_cell_with_the_same_id_and_an_edited_text_is_the_same_cell() -> None:
    edited = TRAIN.replace("C=1", "C=10, gamma=0.1")
    # The other one has the text that the first had; its id says that it is a copy.
    assert matched([cell("x", TRAIN)], [cell("copy", TRAIN), cell("x", edited)]) == {(TRAIN, edited)}


def test_ids_that_only_count_cells_do_not_match_unlike_texts() -> None:
    first = [cell("cell-0", LOAD), cell("cell-1", TRAIN)]
    second = [cell("cell-0", "%matplotlib inline"), cell("cell-1", LOAD), cell("cell-2", TRAIN)]
    assert matched(first, second) == {(LOAD, LOAD), (TRAIN, TRAIN)}


def test_cells_without_ids_are_matched_by_text_then_by_likeness() -> None:
    edited = TRAIN.replace("C=1", "C=2")
    assert matched([cell("", LOAD), cell("", TRAIN)], [cell("", edited), cell("", LOAD)]) == {
        (LOAD, LOAD),
        (TRAIN, edited),
    }
    assert matched([cell("", LOAD)], [cell("", TRAIN)]) == set()


def test_a_cell_whose_text_was_replaced_keeps_its_id_when_no_other_fits() -> None:
    assert matched([cell("x", LOAD)], [cell("x", "1")]) == {(LOAD, "1")}


def test_keys_match_in_order_and_weaker_keys_take_what_is_left() -> None:
    match: Matcher[str] = by_keys(lambda word: word, lambda word: word[:1])
    assert match(["ab", "ac", "ab"], ["ab", "ad", "ab"]) == [(0, 0), (2, 2), (1, 1)]


def test_things_of_many_sides_stand_in_rows_and_those_that_one_adds_come_last() -> None:
    rows = align([["a", "b"], ["b", "c"], ["c", "a"]], by_keys(lambda word: word))
    assert rows == [("a", None, "a"), ("b", "b", None), (None, "c", "c")]


@pytest.mark.parametrize("seed", range(20))
def test_the_fewest_are_said_to_have_moved(seed: int) -> None:
    ranks = random.Random(seed).sample(range(8), 8)
    kept = [rank for position, rank in enumerate(ranks) if position not in moved(ranks)]
    assert kept == sorted(kept)
    longest = max(
        sum(mask >> n & 1 for n in range(8))
        for mask in range(256)
        if (chosen := [ranks[n] for n in range(8) if mask >> n & 1]) == sorted(chosen)
    )
    assert len(kept) == longest


def test_likeness_of_very_many_texts_is_not_looked_at() -> None:
    many = [str(number) for number in range(1_000)]
    assert by_likeness(many, many, 0.5) == []


def test_a_diff_of_huge_texts_is_cut() -> None:
    assert diff_text("", "\n".join(map(str, range(100_000)))).endswith("more lines")


def test_lines_count_by_the_names_they_lead_to() -> None:
    def lines(source: str, *names: str, at: tuple[int, ...] = ()) -> list[int]:
        return sorted(relevant(analyse(source), frozenset(at), frozenset(names)).lines)

    assert lines("a = 1\nb = a\nprint(b)\nc = 2", "b") == [1, 2]
    assert lines("if fine:\n    a = 1\nelse:\n    b = 2", "a") == [1, 2]
    assert lines("xs = []\nfor x in data:\n    xs.append(x)\n    print(x)", "xs") == [1, 2, 3]
    assert lines("def f(a):\n    return a\n\ndef g(a):\n    return 1\nb = f(2)", "b") == [1, 2, 6]
    # Of a function that holds a step, the lines that lead to the step count, and what it is called with.
    script = "a = 1\ndef main(x):\n    print('go')\n    y = x + 1\n    fit(y)\nmain(a)"
    assert lines(script, at=(5,)) == [1, 2, 4, 5, 6]
    assert relevant(analyse("this is no Python"), frozenset(), frozenset()).whole
