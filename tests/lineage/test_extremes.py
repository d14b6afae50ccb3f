"""Lineage of very long chains, of what turns in a circle, and of names that nothing has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from provkg.errors import NotFoundError
from provkg.lineage import asked, readable, to_svg, trace
from provkg.records import ActivityKind, FileMode, Role, encode_event
from provkg.store import open_store
from tests.lineage.conftest import MORNING
from tests.queries.manifest import make_home
from tests.queries.story import Story

if TYPE_CHECKING:
    from pathlib import Path

    from provkg.lineage import Step
    from provkg.records import Event
    from provkg.store.port import Store

RUN = "0e000000-0000-4000-8000-000000000005"
LONG = 600


def story() -> Story:
    return Story(RUN, "c.ipynb", MORNING, python="3.11.9", kernel="ipykernel 7.0", packages={}, text="c")


def written(folder: Path, events: list[Event]) -> Path:
    path = folder / "run.jsonl"
    path.write_bytes(b"".join(encode_event(event) + b"\n" for event in events))
    return path


def test_a_long_chain_of_things_without_names_becomes_one_step(tmp_path: Path) -> None:
    told = story()
    with told.cell("c1", 0, "for _ in range(600): …") as cell:
        before = first = cell.frame("first", 10)
        for _ in range(LONG):
            value = cell.frame("", 10)
            cell.link(value, before, "pandas.DataFrame.sort_values")
            before = value
        last = cell.frame("last", 10)
        cell.link(last, before, "pandas.DataFrame.head")
    with open_store(make_home(tmp_path, (written(tmp_path, told.end()),))) as store:
        found = trace(store, asked(store, "last"))
        assert (len(found.nodes), found.complete) == (LONG + 2, True)
        shown = readable(found)
        [step] = shown.steps
        assert (step.through, step.source.endswith(f"/value/{first.id}")) == (LONG, True)
        assert "<svg" in to_svg(shown)
        cut = trace(store, asked(store, "last"), limit=50)
        assert (len(cut.nodes), cut.complete) == (50, False)


def test_a_file_that_a_cell_reads_and_writes_again_unchanged_did_not_come_from_itself(tmp_path: Path) -> None:
    told = story()
    with told.cell("c1", 0, "text = path.read_text(); path.write_text(text)") as cell:
        read = cell.file("same.txt", FileMode.READ, "content")
        again = cell.file("same.txt", FileMode.WRITTEN, "content")
        cell.step(ActivityKind.SAVING, "write", [(read, Role.FILE)], [again])
    with open_store(make_home(tmp_path, (written(tmp_path, told.end()),))) as store:
        ends = {
            (step.target.rpartition("/")[2], step.source.rpartition("/")[2]) for step in _of(store, again.id)
        }
        assert ends == {(again.id, read.id)}


def test_a_file_that_a_cell_writes_and_reads_came_from_what_it_wrote(tmp_path: Path) -> None:
    told = story()
    with told.cell("c1", 0, "path.write_text('content'); path.read_text()") as cell:
        first = cell.file("same.txt", FileMode.WRITTEN, "content")
        then = cell.file("same.txt", FileMode.READ, "content")
    with open_store(make_home(tmp_path, (written(tmp_path, told.end()),))) as store:
        [step] = _of(store, then.id)
        assert step.source.endswith(first.id)


@pytest.mark.parametrize(
    "word", ["", "nothing", "[3]", "latest~99/x", "f99", "f" * 64, "a" * 100_000, "x\0y", "df.", "['a']"]
)
def test_a_word_for_nothing_is_told_to_be_unknown(tmp_path: Path, word: str) -> None:
    told = story()
    with told.cell("c1", 0, "df") as cell:
        cell.frame("df", 10)
    with (
        open_store(make_home(tmp_path, (written(tmp_path, told.end()),))) as store,
        pytest.raises(NotFoundError),
    ):
        asked(store, word)


def _of(store: Store, name: str) -> tuple[Step, ...]:
    return trace(store, asked(store, name)).steps
