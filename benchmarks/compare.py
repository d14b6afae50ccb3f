"""Measures ``provkg compare latest~1 latest`` in a home of many generated runs, as a user waits for it.

The command is run in a fresh process each time; below stands where the time goes, measured in one process.
The first run of the benchmark makes the runs and the store, which takes minutes for 10,000.

    python -m benchmarks.compare --runs 10000 --home many/.provkg
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.generate_runs import generate_runs, write_runs
from provkg.cli.compare_view import draw_comparison
from provkg.cli.output import rich_text
from provkg.config import create_home
from provkg.queries import find_run
from provkg.store import open_store
from provkg.views.comparison import compare
from provkg.views.comparison.page import document

if TYPE_CHECKING:
    from collections.abc import Callable

    from provkg.config import Home

TARGET = 1.0
"""Seconds that the command may take."""


def command(home: Path, *words: str) -> tuple[float, float]:
    """Seconds of wall time and of processor time that a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    arguments = [sys.executable, "-m", "provkg", "--home", str(home), *words]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "COLUMNS": "120"})
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def timed(task: Callable[[], object], repeat: int) -> float:
    """The median of the milliseconds that a task takes."""
    times = []
    for _ in range(repeat):
        begun = time.perf_counter()
        task()
        times.append(1e3 * (time.perf_counter() - begun))
    return statistics.median(times)


def parts(home: Home, repeat: int) -> dict[str, float]:
    """What the command consists of, in milliseconds."""
    found = {"open the store": timed(lambda: open_store(home).close(), repeat)}
    with open_store(home) as store:
        words = ("latest~1", "latest")
        found["find both runs"] = timed(lambda: [find_run(store, word) for word in words], repeat)
        ids = [find_run(store, word) for word in words]
        found["read, compare and explain"] = timed(lambda: compare(store, home, ids), repeat)
        comparison = compare(store, home, ids)
    found["draw the table"] = timed(lambda: rich_text(draw_comparison(comparison, 120), 120), repeat)
    found["write the report"] = timed(lambda: document(comparison), repeat)
    return found


def main() -> None:
    """Prints the times."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="how many runs (default 1000)")
    parser.add_argument("--repeat", type=int, default=9, help="how often each is measured (default 9)")
    parser.add_argument("--home", type=Path, help="a home to keep them in (default: a temporary one)")
    options = parser.parse_args()
    folder = options.home or Path(tempfile.mkdtemp(prefix="provkg-")) / ".provkg"
    try:
        home = create_home(folder)
        write_runs(home, generate_runs(options.runs))
        with open_store(home) as store:
            print(f"{options.runs:,} runs; store: {store.report}")
        for words in (("compare", "latest~1", "latest"), ("compare", "--format", "json"), ("--version",)):
            taken = [command(folder, *words) for _ in range(options.repeat)]
            wall, processor = (statistics.median(one) for one in zip(*taken, strict=True))
            late = "  over the target" if wall > TARGET else ""
            name = f"provkg {' '.join(words)}"
            print(f"{name:<34} {wall:6.3f} s wall, {processor:6.3f} s of processor time{late}")
        for name, milliseconds in parts(home, options.repeat).items():
            print(f"  {name:<32} {milliseconds:7.1f} ms")
    finally:
        if options.home is None:
            shutil.rmtree(folder.parent)


if __name__ == "__main__":
    main()
