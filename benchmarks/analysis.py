"""What static analysis costs, beside parsing alone, and how far it agrees with the compiler.

    python -m benchmarks.analysis [FOLDER…]

The cells are those of the notebooks and modules in the folders, or groups of four top-level statements
of the standard library's modules. Parsing with ``ast`` is the limit: nothing that looks at the code can
cost less. Both are timed in turns on the same cell, the least of three times counts.
"""

from __future__ import annotations

import ast
import platform
import sys
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles

from provkg.analysis import analyse
from tests.analysis.corpus import SIDES, cells_of, compare, standard_library, transformed


def main(folders: Sequence[str]) -> None:
    """Measure and print."""
    if folders:
        paths = [p for folder in folders for end in ("ipynb", "py") for p in Path(folder).rglob(f"*.{end}")]
        places = ", ".join(folders)
    else:
        paths, places = standard_library(step=4), "standard library"
    cells = [cell for path in sorted(paths) for cell in cells_of(path)]
    print(f"Python {platform.python_version()}; {places}: {len(paths)} files, {len(cells)} cells")
    _time(cells)
    _memory(cells)
    _agreement(cells)


def _time(cells: Sequence[str]) -> None:
    parsing, kernel, raw, lines = [], [], [], []
    analyse("x = 1")
    for cell in cells:
        try:
            python = transformed(cell)
            ast.parse(python)
        except (SyntaxError, ValueError):
            continue
        best = [min(times) for times in zip(*(_three(cell, python) for _ in range(3)), strict=True)]
        parsing.append(best[0])
        kernel.append(best[1])
        raw.append(best[2])
        lines.append(cell.count("\n") + 1)
    print(f"{len(parsing)} cells parse; median {median(lines):.0f} lines")
    print("ms per cell                              median     p95     max   total / parsing")
    for name, times in (("ast.parse", parsing), ("analyse, transformed", kernel), ("analyse, raw", raw)):
        p95 = quantiles(times, n=20)[-1]
        print(
            f"{name:<38} {median(times):8.3f} {p95:7.3f} {max(times):7.1f} {sum(times) / sum(parsing):12.2f}"
        )


def _three(cell: str, python: str) -> tuple[float, float, float]:
    start = time.perf_counter()
    ast.parse(python)
    parsed = time.perf_counter()
    analyse(python, transformed=True)
    analysed = time.perf_counter()
    analyse(cell)
    end = time.perf_counter()
    return (parsed - start) * 1e3, (analysed - parsed) * 1e3, (end - analysed) * 1e3


def _memory(cells: Sequence[str]) -> None:
    sample = cells[:: max(1, len(cells) // 300)]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = [analyse(cell) for cell in sample]
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(f"an analysis that is kept takes {(after - before) / len(kept) / 1024:.1f} kB on average")


def _agreement(cells: Sequence[str]) -> None:
    found = compare(cells)
    print(
        f"against the compiler: {found.cells} cells, {found.magic} of them with magics,"
        f" {found.exact} exact, {found.empty} empty"
    )
    for what in SIDES:
        print(
            f"  {what:<8} precision {found.precision(what):8.3%}  recall {found.recall(what):8.3%}"
            f"  ({found.agreed[what]} agreed; too many {found.too_many[what][:8]},"
            f" missing {found.missing[what][:8]})"
        )
    print(f"  unclear to the compiler: {found.unclear} names")


if __name__ == "__main__":
    main(sys.argv[1:])
