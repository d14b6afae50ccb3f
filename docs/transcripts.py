"""Writes what commands really print into the pages that show it; ``make transcripts`` runs it.

A page says ``<!-- shows: COMMAND -->`` before a block of text; the block is replaced by the command and what
it printed. ``<!-- shows 1-30: COMMAND -->`` keeps only those lines of it, ``<!-- runs: COMMAND -->`` shows
nothing. All commands of a page run in its order, in the root of the checkout, with a home of their own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "tutorial.md", ROOT / "docs" / "scripts.md")
WIDTH = "88"
CHECKOUT = "/home/ada/provkg"
"""Stands for the path of the checkout."""
MARK = re.compile(
    r"<!-- (?P<verb>shows|runs)(?: (?P<first>\d+)-(?P<last>\d+))?: (?P<command>.+?) -->\n"
    r"(?P<block>```text\n.*?```\n)?",
    re.DOTALL,
)


def main() -> None:
    """Refresh all pages."""
    for page in PAGES:
        with tempfile.TemporaryDirectory() as folder:
            refresh(page, Path(folder))


def refresh(page: Path, folder: Path) -> None:
    """Refresh one page; ``folder`` is for its home."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PROVKG_HOME": f"{folder}/.provkg",
        "COLUMNS": WIDTH,
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "user.name",
        "GIT_CONFIG_VALUE_0": "Ada Lovelace",
    }
    text = page.read_text(encoding="utf-8")
    page.write_text(MARK.sub(lambda mark: refreshed(mark, environment), text), encoding="utf-8")


def refreshed(mark: re.Match[str], environment: dict[str, str]) -> str:
    """One marked block with what its command prints now."""
    command = mark["command"]
    # The first word is looked up in the environment's own PATH; answers of "no" are shown too.
    done = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode not in {0, 1}:
        sys.exit(f"{command}: exit code {done.returncode}\n{done.stderr}")
    if mark["verb"] == "runs":
        return mark[0]
    printed = (done.stdout + done.stderr).replace(str(ROOT), CHECKOUT)
    lines = printed.rstrip().splitlines()
    if mark["last"]:
        first, last = int(mark["first"]), int(mark["last"])
        lines = [
            *(["…"] if first > 1 else []),
            *lines[first - 1 : last],
            *(["…"] if last < len(lines) else []),
        ]
    head = mark[0].partition("-->\n")[0] + "-->\n"
    return f"{head}```text\n$ {command}\n" + "\n".join(lines) + "\n```\n"


if __name__ == "__main__":
    main()
