"""The command line as tests call it, and a home with three recorded runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pytest

from provkg.cli.main import main

if TYPE_CHECKING:
    from provkg.config import Home


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
