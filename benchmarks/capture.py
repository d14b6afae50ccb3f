"""What capture costs: the same notebook with and without it, in alternation, by processor time of the kernel.

    python -m benchmarks.capture [--rows 6000 100000] [--runs 7]

Prints, for each size, the median and spread of the kernel's processor time (all its life: start, imports,
cells; read by the kernel itself as it ends), the ratio pair by pair, what capture itself counts around
cells, and where its time goes by module (from one profiled run; a profile inflates small functions, so read
it as shares). provkg is compiled to bytecode first, as an installer does.
"""

from __future__ import annotations

import argparse
import asyncio
import compileall
import contextlib
import cProfile
import io
import os
import pstats
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
from nbclient import NotebookClient
from nbformat import NotebookNode

import provkg
from provkg.capture.notebook import run_notebook
from provkg.config import create_home
from provkg.journal import read_run

CELLS = (
    """import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler""",
    "df = pd.read_csv('data.csv')\ndf.head()",
    "df.describe()",
    "df = df.dropna()\ndf['ratio'] = df['x0'] / (df['x1'].abs() + 1)\ndf['big'] = (df['x2'] > 1).astype(int)",
    "df.groupby('group')[['x0', 'x1', 'ratio']].agg(['mean', 'std'])",
    "X = pd.get_dummies(df.drop(columns='label'))\ny = df['label']",
    "X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=0, stratify=y)",
    "plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))\nplain.fit(X_train, y_train)",
    "forest = RandomForestClassifier(30, max_depth=8, random_state=0)\nforest.fit(X_train, y_train)",
    """scores = {}
for name, model in {'plain': plain, 'forest': forest}.items():
    predicted = model.predict(X_test)
    scores[name] = accuracy_score(y_test, predicted), f1_score(y_test, predicted)
pd.DataFrame(scores, index=['accuracy', 'f1'])""",
    "confusion_matrix(y_test, forest.predict(X_test))",
    "fig, ax = plt.subplots()\nax.hist(df['ratio'].clip(-5, 5), bins=40)\nplt.show()",
)


def make_data(folder: Path, rows: int) -> None:
    """A table of 20 numeric columns, one of text and a label that depends on some of them."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(rows, 20)), columns=[f"x{i}" for i in range(20)])
    table["group"] = rng.choice(["north", "south", "east", "west"], rows)
    table["label"] = ((table.x0 + table.x3 - table.x5 + rng.normal(size=rows)) > 0).astype(int)
    table.loc[rng.choice(rows, rows // 50, replace=False), "x7"] = np.nan
    table.to_csv(folder / "data.csv", index=False)


def make_notebook() -> NotebookNode:
    """The notebook that is measured."""
    notebook: NotebookNode = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in CELLS],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    return notebook


CLOCK = """import atexit, os, sys, time
if any('ipykernel' in argument for argument in sys.orig_argv):
    def tell():
        with open(os.environ['KERNEL_CLOCK'], 'w') as file:
            file.write(str(time.process_time()))
    atexit.register(tell)
"""


def processor_time(action: str, folder: Path) -> float:
    """Processor seconds of the kernel that executes the notebook once for a fresh process."""
    command = [sys.executable, "-m", "benchmarks.capture", "--one", action, str(folder)]
    clock = folder / "clock"
    clock.mkdir(exist_ok=True)
    (clock / "sitecustomize.py").write_text(CLOCK, encoding="utf-8")
    result = clock / "seconds"
    variables = {"KERNEL_CLOCK": str(result), "PYTHONPATH": os.pathsep.join([str(clock), str(Path.cwd())])}
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **variables})
    return float(result.read_text(encoding="utf-8"))


def execute_once(action: str, folder: Path) -> None:
    """Execute the notebook."""
    if action == "plain":
        notebook = nbformat.read(folder / "bench.ipynb", as_version=4)
        client = NotebookClient(notebook, resources={"metadata": {"path": str(folder)}})
        asyncio.run(client.async_execute())
    else:
        report = run_notebook(folder / "bench.ipynb", create_home(folder / ".provkg"))
        assert report.status == "succeeded", report


def spread(values: list[float], unit: str = "s") -> str:
    """Median, least and greatest as text."""
    return f"{statistics.median(values):.3f} {unit} ({min(values):.3f} to {max(values):.3f})"


def compare(rows: int, runs: int) -> None:
    """Execute with and without capture in alternation, and print what it costs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_data(folder, rows)
        nbformat.write(make_notebook(), folder / "bench.ipynb")
        for action in ("plain", "captured"):
            processor_time(action, folder)
        times: dict[str, list[float]] = {"plain": [], "captured": []}
        for _ in range(runs):
            for action, found in times.items():
                found.append(processor_time(action, folder))
        ratios = [with_ / without for with_, without in zip(times["captured"], times["plain"], strict=True)]
        print(f"\n{rows:,} rows, {runs} pairs, processor time of the kernel")
        print(f"  without capture   {spread(times['plain'])}")
        print(f"  with capture      {spread(times['captured'])}")
        print(f"  ratio, by pair    {spread(ratios, '')}")
        show_cells(folder)


def show_cells(folder: Path) -> None:
    """Print what capture counted itself around the cells."""
    home = create_home(folder / ".provkg")
    overheads = []
    cells = []
    for path in home.journal_folder.glob("*.jsonl"):
        run = read_run(home, path.stem)
        if run is not None:
            overheads.append(sum(execution.overhead or 0 for execution in run.executions))
            cells.append(sum(execution.cpu or 0 for execution in run.executions))
    print(f"  counted around cells {spread(overheads)} of {spread(cells)} in cells")


def profile(rows: int) -> None:
    """Where capture's time goes: own time by module of provkg, in one profiled run in this process."""
    from IPython.core.interactiveshell import InteractiveShell

    from provkg.capture import ipython as extension

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_data(folder, rows)
        shell = InteractiveShell.instance()
        before = Path.cwd()
        os.chdir(folder)
        os.environ["MPLBACKEND"] = "agg"
        home = create_home(folder / ".provkg")
        recorder = extension.Recorder(shell, home)
        profiler = cProfile.Profile()
        with contextlib.redirect_stdout(io.StringIO()):
            profiler.enable()
            recorder.start()
            for source in CELLS:
                shell.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
            profiler.disable()
            recorder.stop()
        os.chdir(before)
    totals: Counter[str] = Counter()
    everything = 0.0
    for (file, _, _), (_, _, own, _, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        everything += own
        if "provkg" in file:
            totals[Path(file).stem if file[:1] != "<" else "replacements"] += own
    print(f"\nOwn time by module at {rows:,} rows, of {everything:.2f} s profiled in all:")
    for module, seconds in totals.most_common(12):
        print(f"  {module:15} {1000 * seconds:8.1f} ms")


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[6_000, 100_000])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--one", nargs=2, metavar=("ACTION", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        execute_once(options.one[0], Path(options.one[1]))
        return
    compileall.compile_dir(Path(provkg.__file__).parent, quiet=2)
    for rows in options.rows:
        compare(rows, options.runs)
    sys.stdout.flush()
    profile(options.rows[-1])


if __name__ == "__main__":
    main()
