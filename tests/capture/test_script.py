"""A script that is recorded is run as Python runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.capture.processes import PROVKG, ended, started, write
from tests.capture.scripts import SCRIPTS


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_does_what_it_does_in_python(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVKG_HOME", str(tmp_path / "home"))
    case, folder = SCRIPTS[name], tmp_path / "work"
    folder.mkdir()
    write(case.files, folder)
    plain = started(folder, *case.options, *case.command, environment=case.environment)
    command = (*case.options, *PROVKG, "run", "-q", *case.command)
    recorded = started(folder, *command, environment=case.environment)
    assert ended(recorded, case.stdin) == ended(plain, case.stdin)
    assert len(list((tmp_path / "home" / "journal").iterdir())) == 1
