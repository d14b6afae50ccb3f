"""Fixtures that the tests of several rooms share."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from provkg.config import Home, create_home
from provkg.journal import Journal
from tests.penguins import BEGAN, RUNS, tell_penguins

if TYPE_CHECKING:
    from pathlib import Path

    from provkg.records import Event


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A fresh home; the working folder is the one that holds it."""
    monkeypatch.delenv("PROVKG_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    return create_home(tmp_path / ".provkg")


@pytest.fixture
def penguins(tmp_path: Path) -> tuple[Event, ...]:
    """What the journal holds of a run that reads, splits, trains, evaluates, saves and then fails."""
    return tuple(tell_penguins(tmp_path, "5f0c9a3e-7f43-4f6d-8c58-6b7d1a2e9c11", BEGAN))


@pytest.fixture
def recorded(home: Home, tmp_path: Path) -> Home:
    """The home with three runs in its journal, a day apart."""
    for days, run in enumerate(RUNS):
        with Journal(home, run) as journal:
            for event in tell_penguins(tmp_path, run, BEGAN + timedelta(days=days)):
                journal.append(event)
    return home
