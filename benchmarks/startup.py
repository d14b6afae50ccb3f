"""Measures what starting costs: ``provkg --help``, a script that does nothing, importing provkg in a kernel.

Each time is that of a fresh process, and the cases take turns. For commands it is the wall time of the whole
command, beside that of an interpreter that does nothing. For the imports it is the time of the statement, in
a process that has imported what a kernel has: ipykernel and IPython.

    python -m benchmarks.startup --repeat 15
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

KERNEL = "import ipykernel.ipkernel, IPython.core.interactiveshell"
TIMED = (
    f"{KERNEL}; import time; began = time.perf_counter(); {{statement}}; print(time.perf_counter() - began)"
)
LIMITS = {"provkg --help": 150, "import provkg": 50}
"""The most that is asked of each, in milliseconds."""


FOLDER = tempfile.TemporaryDirectory()
"""Where commands run, with a script that does nothing."""


def command(*arguments: str) -> float:
    """Wall time in seconds of a Python command."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, cwd=FOLDER.name)
    return time.perf_counter() - began


def statement(text: str) -> float:
    """Seconds that a statement takes in a process that has imported what a kernel has."""
    code = TIMED.format(statement=text)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout)


CASES: dict[str, Callable[[], float]] = {
    "python -c pass": lambda: command("-c", "pass"),
    "python script.py": lambda: command("script.py"),
    "provkg run -q script.py": lambda: command("-m", "provkg", "run", "-q", "script.py"),
    "provkg --help": lambda: command("-m", "provkg", "--help"),
    "import provkg": lambda: statement("import provkg"),
    "import provkg.capture.ipython": lambda: statement("import provkg.capture.ipython"),
}


def main() -> None:
    """Time all cases in turns and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeat", type=int, default=15)
    repeat = parser.parse_args().repeat
    Path(FOLDER.name, "script.py").write_text("")
    seconds: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(repeat):
        for name, measure in CASES.items():
            seconds[name].append(measure())
    print(f"{'':32}{'median':>9}{'least':>9}{'limit':>9}   (ms, {repeat} runs)")
    for name, times in seconds.items():
        median, least = statistics.median(times) * 1000, min(times) * 1000
        limit = f"{LIMITS[name]:9}" if name in LIMITS else ""
        print(f"{name:32}{median:9.1f}{least:9.1f}{limit}")


if __name__ == "__main__":
    main()
