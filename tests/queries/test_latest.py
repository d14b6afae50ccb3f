from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from provkg.errors import NotFoundError
from provkg.journal import write_run
from provkg.queries import find_run
from provkg.queries.runs import newest_first
from provkg.records import RunFinished, RunKind, RunStarted, Status
from provkg.store import open_store

if TYPE_CHECKING:
    from provkg.config import Home
    from provkg.records import Event

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


def run(number: int, chance: random.Random) -> list[Event]:
    """A run of any length; some did not end, and of some that were imported no time is known."""
    identifier = str(UUID(int=chance.getrandbits(128), version=4))
    began = BEGAN + timedelta(hours=chance.randrange(60))
    kind = chance.choice(("ended", "ended", "ended", "endless", "imported", "timeless"))
    imported = BEGAN + timedelta(hours=100 + number) if kind in ("imported", "timeless") else None
    started = RunStarted(
        run=identifier,
        kind=RunKind.IMPORTED if imported else RunKind.NOTEBOOK,
        started_at=None if kind == "timeless" else began,
        imported_at=imported,
    )
    ended = began + timedelta(hours=chance.choice((0, 1, 90)))
    return [started, RunFinished(ended_at=ended, status=Status.SUCCEEDED)] if kind == "ended" else [started]


@pytest.mark.parametrize("seed", range(4))
def test_runs_before_the_latest_count_as_if_all_were_sorted(home: Home, seed: int) -> None:
    chance = random.Random(seed)
    runs = [run(number, chance) for number in range(70)]
    for events in runs:
        assert isinstance(events[0], RunStarted)
        write_run(home, events[0].run, events)
    with open_store(home) as store:
        ordered = newest_first(store)
        assert len(ordered) == 70
        some = (*range(12), 30, 31, 55, 69)
        assert [find_run(store, f"latest~{back}") for back in some] == [ordered[back] for back in some]
        with pytest.raises(NotFoundError, match="70 are recorded"):
            find_run(store, "latest~70")
