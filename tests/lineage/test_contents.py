"""Equal contents at different paths: a hint, and no more than that."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from provkg.lineage import asked, trace
from provkg.records import FileMode
from provkg.store import open_store
from tests.lineage.conftest import CLEANING, MORNING, TRAINING, tell, written_events
from tests.queries.manifest import make_home

if TYPE_CHECKING:
    from pathlib import Path

LONG = "a,b\n" + "1,2\n" * 30


@pytest.mark.parametrize(
    ("written", "read", "content", "evidence"),
    [
        ("clean.csv", "clean.csv", LONG, ["observed"]),
        ("clean.csv", "clean.csv", "{}", ["observed"]),
        ("clean.csv", "renamed.csv", LONG, ["inferred"]),
        ("clean.csv", "renamed.csv", "{}", []),
        ("clean.csv", "renamed.csv", "", []),
    ],
)
def test_only_at_the_same_path_is_it_seen_who_wrote_what_was_read(
    tmp_path: Path, written: str, read: str, content: str, evidence: list[str]
) -> None:
    writing = tell(CLEANING, "clean.ipynb", MORNING)
    with writing.cell("c1", 0, "write()") as cell:
        cell.file(written, FileMode.WRITTEN, content)
    reading = tell(TRAINING, "train.ipynb", MORNING + timedelta(hours=1))
    with reading.cell("c1", 0, "read()") as cell:
        cell.file(read, FileMode.READ, content)
    files = tuple(
        written_events(tmp_path, name, story.end()) for name, story in (("w", writing), ("r", reading))
    )
    with open_store(make_home(tmp_path / "home", files)) as store:
        start = asked(store, f"{store.base}run/{TRAINING}/file/f1")
        assert [step.evidence for step in trace(store, start).steps] == evidence
        seen = trace(store, start, observed=True)
        assert [step.evidence for step in seen.steps] == [one for one in evidence if one == "observed"]
