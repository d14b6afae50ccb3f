"""Three sessions: one cleans a file, one trains on what it cleaned, one cleaned other data before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from provkg.records import ActivityKind, FileMode, OutputKind, Role, RunKind, ValueKind, encode_event
from provkg.store import open_store
from tests.queries.manifest import make_home
from tests.queries.story import Story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from provkg.records import Event
    from provkg.store.port import Store

EARLIER = "0a000000-0000-4000-8000-000000000001"
CLEANING = "0b000000-0000-4000-8000-000000000002"
TRAINING = "0c000000-0000-4000-8000-000000000003"
MORNING = datetime(2026, 4, 1, 8, tzinfo=UTC)
FOREST = "sklearn.ensemble._forest.RandomForestClassifier"


def clean(run: str, at: datetime, raw_content: str, path: str = "clean.csv") -> list[Event]:
    """A session that reads raw.csv, and writes it cleaned through a table without a name."""
    story = tell(run, "clean.ipynb", at)
    with story.cell("c1", 0, "raw = pd.read_csv('raw.csv')") as cell:
        file = cell.file("raw.csv", FileMode.READ, raw_content)
        raw = cell.frame("raw", 100, content=raw_content)
        cell.step(ActivityKind.LOADING, "pandas.read_csv", [(file, Role.FILE)], [raw], package="pandas")
    with story.cell("c2", 1, "raw.dropna().to_csv('clean.csv')") as cell:
        cell.reads("raw")
        between = cell.value("", ValueKind.DATASET, "pandas.DataFrame", 90)
        cell.link(between, raw, "pandas.DataFrame.dropna")
        written = cell.file(path, FileMode.WRITTEN, "cleaned")
        cell.step(
            ActivityKind.SAVING,
            "pandas.DataFrame.to_csv",
            [(between, Role.DATA)],
            [written],
            package="pandas",
        )
    return story.end()


def train() -> list[Event]:
    """A session that reads clean.csv, trains on it, measures, and shows the table."""
    story = tell(TRAINING, "train.ipynb", MORNING + timedelta(hours=2))
    with story.cell("c1", 0, "df = pd.read_csv('clean.csv')") as cell:
        file = cell.file("clean.csv", FileMode.READ, "cleaned")
        df = cell.frame("df", 90, content="cleaned")
        cell.step(ActivityKind.LOADING, "pandas.read_csv", [(file, Role.FILE)], [df], package="pandas")
    with story.cell("c2", 1, "forest = RandomForestClassifier().fit(df)") as cell:
        cell.reads("df")
        forest = cell.value("forest", ValueKind.MODEL, FOREST)
        cell.step(
            ActivityKind.TRAINING,
            f"{FOREST}.fit",
            [(df, Role.DATA)],
            [forest],
            implementation=FOREST,
        )
        result = cell.result("accuracy", 0.9, forest, df)
        cell.step(
            ActivityKind.EVALUATION,
            "sklearn.metrics.accuracy_score",
            [(forest, Role.MODEL), (df, Role.DATA)],
            results=[result],
        )
    with story.cell("c3", 2, "df") as cell:
        cell.reads("df")
        cell.output(OutputKind.RESULT, {"text/html": "<table>"})
    return story.end()


def tell(run: str, notebook: str, at: datetime) -> Story:
    return Story(
        run,
        notebook,
        at,
        python="3.11.9",
        kernel="ipykernel 7.0",
        packages={"pandas": "3.1.1", "scikit-learn": "1.9.1"},
        text=f"{notebook} {RunKind.NOTEBOOK}",
    )


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store of the three sessions, the one that cleaned earlier from other raw data."""
    folder = tmp_path_factory.mktemp("lineage")
    told = {
        "earlier": clean(EARLIER, MORNING, "raw before"),
        "cleaning": clean(CLEANING, MORNING + timedelta(hours=1), "raw"),
        "training": train(),
    }
    with open_store(
        make_home(folder, tuple(written_events(folder, name, events) for name, events in told.items()))
    ) as opened:
        yield opened


def written_events(folder: Path, name: str, events: list[Event]) -> Path:
    path = folder / f"{name}.jsonl"
    path.write_bytes(b"".join(encode_event(event) + b"\n" for event in events))
    return path
