"""What capture costs calls that take microseconds, many times in one cell: where a hook weighs most.

    python -m benchmarks.small_calls [--runs 5]

Each loop is a cell of its own, in a fresh process with and without capture in turns; the processor time of
the cell is divided by the number of calls. Such a loop is followed for its first hundred calls only; what is
left is what the hook itself takes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

LOOPS = {
    "s.values": (100_000, "s.values"),
    "table['a']": (50_000, "table['a']"),
    "s + 1": (5_000, "s + 1"),
    "s.mean()": (5_000, "s.mean()"),
    "table.copy()": (5_000, "table.copy()"),
    "table[table.a > 0]": (2_000, "table[table.a > 0]"),
    "Ridge().fit(X, y)": (300, "Ridge().fit(X, y)"),
    "r2_score(y, y)": (500, "r2_score(y, y)"),
}
"""Of each loop, how many calls, and the call."""
_BEGIN = """\
import numpy as np, pandas as pd
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
rng = np.random.default_rng(0)
table = pd.DataFrame(rng.normal(size=(100, 4)), columns=list('abcd'))
s, X, y = table['a'], table[['a', 'b']], table['c']
"""
_CHILD = """\
import json, sys, time
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
capture, folder, cells = json.loads(sys.argv[1])
if capture:
    from provkg.capture.ipython import Recorder
    from provkg.config import create_home
    Recorder(shell, create_home(Path(folder))).start()
taken = []
for cell in cells:
    began = time.process_time()
    shell.run_cell(cell, store_history=True).raise_error()
    taken.append(time.process_time() - began)
print(json.dumps(taken))
"""


def measure(*, capture: bool) -> dict[str, float]:
    """Microseconds of each call."""
    loops = [f"for i in range({count}):\n    {call}" for count, call in LOOPS.values()]
    with tempfile.TemporaryDirectory() as folder:
        given = json.dumps([capture, folder, [_BEGIN, *loops]])
        command = [sys.executable, "-c", _CHILD, given]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path.cwd())
    taken = json.loads(done.stdout.splitlines()[-1])[1:]
    pairs = zip(LOOPS.items(), taken, strict=True)
    return {name: seconds / count * 1e6 for (name, (count, _)), seconds in pairs}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = [(measure(capture=False), measure(capture=True)) for _ in range(parser.parse_args().runs)]
    print(f"{'call':22}{'plain':>10}{'recorded':>12}{'ratio':>8}   (least to greatest)")
    for name in LOOPS:
        plain, recorded = zip(*((without[name], with_[name]) for without, with_ in runs), strict=True)
        ratios = [b / a for a, b in zip(plain, recorded, strict=True)]
        print(
            f"{name:22}{statistics.median(plain):7.2f} µs{statistics.median(recorded):9.2f} µs"
            f"{statistics.median(ratios):8.2f}   ({min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    main()
