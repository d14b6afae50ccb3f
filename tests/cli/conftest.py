"""The command line as tests call it, and a home with three recorded runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import pytest

from provkg.cli.main import main
from provkg.journal import Journal
from tests.penguins import BEGAN, tell_penguins

if TYPE_CHECKING:
    from pathlib import Path

    from provkg.config import Home

RUNS = (
    "5f0c9a3e-7f43-4f6d-8c58-6b7d1a2e9c11",
    "5f0d1111-7f43-4f6d-8c58-6b7d1a2e9c12",
    "a30c9a3e-7f43-4f6d-8c58-6b7d1a2e9c13",
)
"""Three runs of ``penguins.ipynb``, oldest first."""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


class Command(Protocol):
    """Calls ``provkg`` with these arguments."""

    def __call__(self, *arguments: str) -> Done: ...


@pytest.fixture
def provkg(capsys: pytest.CaptureFixture[str], home: Home) -> Command:
    """The command line in this process, in the folder of a fresh home."""

    def run(*arguments: str) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Done(ended.value.code, out, err)

    return run


@pytest.fixture
def recorded(home: Home, tmp_path: Path) -> Home:
    """The home with three runs in its journal, a day apart."""
    for days, run in enumerate(RUNS):
        with Journal(home, run) as journal:
            for event in tell_penguins(tmp_path, run, BEGAN + timedelta(days=days)):
                journal.append(event)
    return home
