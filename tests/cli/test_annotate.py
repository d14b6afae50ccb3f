"""What people say of runs and their things, by the command line."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from tests.penguins import RUNS

if TYPE_CHECKING:
    from provkg.config import Home
    from tests.cli.conftest import Command


def answers(provkg: Command, key: str) -> list[list[str]]:
    done = provkg("ask", "which_things_are_annotated", "-p", f"key={key}", "--format", "csv")
    assert done.code == 0
    return list(csv.reader(io.StringIO(done.out)))[1:]


def test_what_is_said_of_a_file_holds_for_its_content_until_it_is_taken_back(
    provkg: Command, recorded: Home
) -> None:
    done = provkg("annotate", "penguins.csv", "licence=CC0-1.0", "origin=palmerpenguins")
    assert (done.code, done.out) == (0, "")
    assert "licence=CC0-1.0" in done.err
    rows = answers(provkg, "licence")
    assert {row[6] for row in rows} == {"CC0-1.0", "palmerpenguins"}
    assert all("/sha256/" in row[3] for row in rows)
    assert provkg("annotate", "penguins.csv", "licence=").code == 0
    assert answers(provkg, "licence") == []
    assert len(answers(provkg, "origin")) == 1


@pytest.mark.parametrize(
    ("word", "about"), [(RUNS[0], f"/run/{RUNS[0]}"), ("penguins.ipynb", "/notebook/"), ("forest", "/value/")]
)
def test_runs_documents_and_values_can_be_annotated(
    provkg: Command, recorded: Home, word: str, about: str
) -> None:
    assert provkg("annotate", word, "purpose=paper").code == 0
    (row,) = answers(provkg, "purpose")
    assert about in row[3]


def test_the_american_spelling_is_the_same_key(provkg: Command, recorded: Home) -> None:
    assert provkg("annotate", "penguins.csv", "license=CC0-1.0").code == 0
    assert len(answers(provkg, "licence")) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("penguins.csv",), "Missing argument"),
        (("penguins.csv", "licence"), "takes name=value"),
        (("penguins.csv", "two words=1"), "cannot be a key"),
        (("penguins.csv", "licence=" + "x" * 10_001), "10,001 characters"),
        (("nothing", "a=b"), "nothing"),
    ],
)
def test_what_cannot_be_said_is_refused_and_nothing_is_kept(
    provkg: Command, recorded: Home, arguments: tuple[str, ...], said: str
) -> None:
    done = provkg("annotate", *arguments)
    assert done.code == 2
    assert said in done.err
    assert not list(recorded.journal_folder.glob("*.annotations"))


def test_the_latest_run_stays_the_latest_when_an_older_one_is_annotated(
    provkg: Command, recorded: Home
) -> None:
    assert provkg("annotate", RUNS[0], "purpose=paper").code == 0
    done = provkg("ask", "in_which_order_were_cells_executed", "--format", "csv")
    assert done.code == 0
    assert RUNS[-1] in done.out
    assert RUNS[0] not in done.out
