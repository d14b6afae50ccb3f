"""A script that is recorded is run as Python runs it, and its record says what happened."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.capture.scripts import SCRIPTS, Case

PROVKG = "import sys; sys.flags.safe_path or sys.path.pop(0); from provkg.cli.main import main; main()"


class Ended(NamedTuple):
    """How a process ended."""

    code: int
    out: bytes
    err: bytes


def started(command: list[str], case: Case, folder: Path) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, *case.options, *command],
        cwd=folder,
        env={**os.environ, **case.environment},
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
    )


def ended(process: subprocess.Popen[bytes], case: Case) -> Ended:
    out, err = process.communicate(case.stdin.encode(), timeout=60)
    return Ended(process.returncode, stable(out), stable(err))


def stable(text: bytes) -> bytes:
    """Without addresses, which differ from run to run, and without the depth of the stack."""
    return re.sub(rb"0x[0-9a-f]{6,}|repeated \d+ more", b"", text)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_does_what_it_does_in_python(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVKG_HOME", str(tmp_path / "home"))
    case, folder = SCRIPTS[name], tmp_path / "work"
    folder.mkdir()
    case.write(folder)
    plain = started([*case.command], case, folder)
    recorded = started(["-c", PROVKG, "run", "-q", *case.command], case, folder)
    assert ended(recorded, case) == ended(plain, case)
