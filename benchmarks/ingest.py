"""How many saved notebooks are ingested in a second, beside reading and parsing them alone.

    python -m benchmarks.ingest [--rounds N] [FOLDER…]

The limit reads the JSON of each notebook and parses the code of its cells with ``ast``, after IPython's
transform where a cell has magics: nothing that looks at the code can cost less. It keeps nothing; ingesting
writes the journals and the contents of outputs too. Both do the same notebooks in turns, with one process
each and with one for each processor; the ratio of each round counts. Without a folder, the notebooks are
those of the examples and tests, two hundred times with differences. Afterwards: how long the store takes for
the first thousand, and a question then.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

from provkg.config import Home, create_home
from provkg.importers.folders import notebooks_in
from provkg.importers.workers import ingest_all

HERE = Path(__file__).parent.parent
ASKED = 1000
COPIES = 200


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("folders", nargs="*", type=Path)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        paths, _ = notebooks_in(given.folders or [_made(scratch / "notebooks")])
        size = sum(path.stat().st_size for path in paths) / 1e6
        print(f"{len(paths)} notebooks, {size:.0f} MB, {os.cpu_count()} processors, {given.rounds} rounds")
        for jobs in sorted({1, os.cpu_count() or 1}):
            _compare(paths, scratch, jobs, given.rounds)
        _ask(paths[:ASKED], scratch)


def _compare(paths: Sequence[Path], scratch: Path, jobs: int, rounds: int) -> None:
    limits, ours = [], []
    for number in range(rounds):
        home = create_home(scratch / f"home-{jobs}-{number}")
        limits.append(_seconds(lambda: _limit(paths, jobs)))
        ours.append(_seconds(lambda home=home: _ingest(paths, home, jobs)))  # type: ignore[misc]
    ratios = sorted(one / limit for one, limit in zip(ours, limits, strict=True))
    print(
        f"{jobs} process{'es' if jobs > 1 else ''}: limit {len(paths) / median(limits):.0f} notebooks/s,"
        f" ingest {len(paths) / median(ours):.0f} notebooks/s;"
        f" ratio {median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    )


def _seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def _ingest(paths: Sequence[Path], home: Home, jobs: int) -> None:
    for _ in ingest_all(paths, home, jobs):
        pass


# --- the limit --------------------------------------------------------------------------------------


def _limit(paths: Sequence[Path], jobs: int) -> None:
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for _ in pool.map(_read_and_parse, paths, chunksize=4):
            pass


def _read_and_parse(path: Path) -> None:
    warnings.simplefilter("ignore")
    try:
        notebook = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return
    for source in _sources(notebook):
        try:
            ast.parse(source)
        except (SyntaxError, ValueError):
            with suppress(SyntaxError, ValueError, RuntimeError):
                ast.parse(_transformer().transform_cell(source))


def _sources(notebook: Any) -> Iterable[str]:
    if isinstance(notebook, dict):
        sheets = notebook.get("worksheets", [])
        for cell in notebook.get("cells") or [cell for sheet in sheets for cell in sheet["cells"]]:
            if cell.get("cell_type") == "code":
                source = cell.get("source", cell.get("input", ""))
                yield source if isinstance(source, str) else "".join(source)


@cache
def _transformer() -> Any:
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager()  # type: ignore[no-untyped-call]


# --- notebooks, and questions -----------------------------------------------------------------------


def _made(folder: Path) -> Path:
    """Notebooks that differ from each other, without being written by anybody."""
    folder.mkdir()
    originals = [*(HERE / "examples").glob("*.ipynb"), *(HERE / "tests" / "notebooks").glob("*.ipynb")]
    for original in originals:
        try:
            notebook = json.loads(original.read_bytes())
        except ValueError:
            continue
        if not isinstance(notebook, dict) or "metadata" not in notebook:
            continue
        code = [cell for cell in notebook.get("cells", ()) if cell["cell_type"] == "code"]
        for count, cell in enumerate(code, 1):
            cell["execution_count"] = count
        for copy in range(COPIES):
            notebook["metadata"]["copy"] = copy
            (folder / f"{original.stem}-{copy}.ipynb").write_text(json.dumps(notebook))
    return folder


def _ask(paths: Sequence[Path], scratch: Path) -> None:
    home = create_home(scratch / "asked")
    _ingest(paths, home, os.cpu_count() or 1)
    ask = [sys.executable, "-m", "provkg", "--home", str(home.path), "ask", "which_findings_were_made"]
    first, again = (_seconds(lambda: subprocess.run(ask, check=True, capture_output=True)) for _ in range(2))
    print(f"{len(paths)} notebooks: first question {first:.1f} s with making the store, next {again:.2f} s")


if __name__ == "__main__":
    main()
