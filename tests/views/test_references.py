from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from provkg.errors import JournalError, NotFoundError
from provkg.journal import journal_path
from provkg.records import CellExecution
from provkg.store import open_store
from provkg.views import find
from tests.penguins import RUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from provkg.config import Home

    Found = Callable[..., tuple[str, str]]


@pytest.fixture
def found(recorded: Home) -> Iterator[Found]:
    """The run and the thing in it that a word stands for, by their ids."""
    with open_store(recorded) as store:

        def of(word: str, run: str = "latest") -> tuple[str, str]:
            inventory, thing = find(store, recorded, word, run)
            if isinstance(thing, CellExecution):
                return inventory.run.id, f"execution {thing.order}"
            return inventory.run.id, thing.id if thing else ""

        yield of


def test_a_run_is_found_by_its_id_its_beginning_its_iri_its_notebook_or_its_age(
    found: Found, recorded: Home
) -> None:
    oldest, middle, newest = RUNS
    assert found(middle) == found("5f0d") == found(f"{recorded.base}run/{middle}") == (middle, "")
    assert found("latest") == found("penguins.ipynb") == (newest, "")
    assert found("latest~2") == (oldest, "")


def test_a_thing_is_looked_for_in_the_run_that_is_named(found: Found) -> None:
    oldest, middle, newest = RUNS
    assert found("forest") == (newest, "4.2")
    assert found("forest", "latest~1") == (middle, "4.2")
    assert found(f"{oldest[:8]}/forest") == (oldest, "4.2")
    assert found("latest~1/[3]") == (middle, "execution 3")


def test_a_content_is_its_last_occurrence_in_the_run(found: Found, recorded: Home) -> None:
    assert found(f"{recorded.base}sha256/{'ab' * 32}", RUNS[0]) == (RUNS[0], "f1")
    assert found("cdcdcdcd") == (RUNS[2], "f2")


def test_a_metric_is_its_last_result(found: Found) -> None:
    assert found("accuracy", RUNS[1]) == (RUNS[1], "r1")


@pytest.mark.parametrize("word", ["fores", "[77]", "5f0", "ffff", "latest~9", "5f0d/nothing", "a.ipynb", ""])
def test_a_word_that_stands_for_nothing_or_for_several_is_not_found(found: Found, word: str) -> None:
    with pytest.raises(NotFoundError):
        found(word)


def test_a_run_whose_journal_lost_its_beginning_is_told_so(recorded: Home) -> None:
    path = journal_path(recorded, RUNS[0])
    with open_store(recorded) as store:
        path.write_bytes(b"\n" + path.read_bytes().partition(b"\n")[2])
        with pytest.raises(JournalError, match="no readable beginning"):
            find(store, recorded, RUNS[0])
