"""Runs scripts in processes of their own, recorded or not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from provkg.config import Home
from provkg.journal import read_run, runs
from tests.capture.conftest import Recorded

__all__ = ["PROVKG", "Ended", "ended", "record_script", "recorded_run", "stable", "started", "write"]

PROVKG = (
    "-c",
    "import sys; sys.flags.safe_path or sys.path.pop(0); from provkg.cli.main import main; main()",
)
"""What stands behind ``python`` for the command line, whatever modules the working folder has."""


class Ended(NamedTuple):
    """How a process ended."""

    code: int
    out: str
    err: str


def write(files: Mapping[str, str | bytes], folder: Path) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def started(
    folder: Path, *command: str, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """A Python process with these options and arguments, at work."""
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def ended(process: subprocess.Popen[bytes], stdin: str = "") -> Ended:
    out, err = process.communicate(stdin.encode(), timeout=120)
    return Ended(process.returncode, stable(out), stable(err))


def stable(text: bytes) -> str:
    """Without addresses, which differ from run to run, and without the depth of the stack."""
    return re.sub(r"0x[0-9a-f]{6,}|repeated \d+ more", "", text.decode("utf-8", "backslashreplace"))


def recorded_run(home: Home, folder: Path) -> Recorded:
    """The one run of a home."""
    [run] = runs(home)
    recorded = read_run(home, run)
    assert recorded is not None
    return Recorded(recorded, folder)


def record_script(
    home: Home, files: Mapping[str, str | bytes], *command: str, options: tuple[str, ...] = ("-q",)
) -> tuple[Recorded, Ended]:
    """Write these files beside a home and run one of them; what was recorded, and how the process ended."""
    folder = home.path.parent
    write(files, folder)
    done = ended(started(folder, *PROVKG, "run", *options, *(command or ("script.py",))))
    return recorded_run(home, folder), done
