"""What capture costs on seven notebooks: off, on, and with each part of it off in turn.

    python -m benchmarks.cost [--notebooks small tiny] [--runs 5] [--parts]
                              [--ipyflow PYTHON] [--noworkflow PYTHON]

Both sides run in alternation. Of each kernel the processor time of its whole life, the processor time of
each cell (around the kernel's own execution of a request, so all that capture does is in it) and the largest
resident memory are read by the kernel process itself. ``--parts`` leaves out each part of capture in turn, by
settings that users have. ``--ipyflow`` names an interpreter that has ipyflow and what the notebooks import;
it is compared with the plain kernel of that interpreter. ``--noworkflow`` names one that has noWorkflow,
which takes scripts: the cells of the notebook, one after the other, are compared with the same script in the
plain interpreter, by the processor time of the process and those it starts. provkg is compiled to bytecode
first.
"""

from __future__ import annotations

import argparse
import asyncio
import compileall
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient

import provkg
from benchmarks.cost_notebooks import NOTEBOOKS, write_notebook
from provkg.capture.hooks import HOOKS
from provkg.capture.notebook import run_notebook
from provkg.config import create_home

_CLOCK = """
import sys
if any('ipykernel' in word or 'ipyflow' in word for word in sys.orig_argv):
    import atexit, json, os, resource, time
    cells, process = [], os.getpid()

    def watch(kernel):
        execute = kernel.execute_request

        async def execute_request(self, *args, **kwargs):
            began = time.process_time()
            try:
                return await execute(self, *args, **kwargs)
            finally:
                cells.append(time.process_time() - began)
                tell()  # a kernel that is slow to end may be killed

        kernel.execute_request = execute_request

    def tell():
        if not cells or os.getpid() != process:  # a helper that the kernel started
            return
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with open(os.environ['KERNEL_CLOCK'], 'w') as file:
            json.dump({'total': time.process_time(), 'cells': cells, 'memory': memory * 1024}, file)

    import ipykernel.kernelbase
    watch(ipykernel.kernelbase.Kernel)
    atexit.register(tell)
"""


class Cost(NamedTuple):
    """What one kernel took: processor seconds in all and by cell, and bytes of memory at most."""

    total: float
    cells: list[float]
    memory: int


def parts() -> dict[str, dict[str, object]]:
    """The settings that leave out one part of capture each."""
    found: dict[str, dict[str, object]] = {
        "without files": {"files": False},
        "without outputs": {"outputs": False},
        "without fingerprints": {"fingerprint_bytes": 0, "fingerprint_part_bytes": 0},
        "without any hooks": {"leave_out_hooks": list(HOOKS)},
    }
    for name in ("pandas", "sklearn"):
        found[f"without hooks on {name}"] = {"leave_out_hooks": [name]}
    return found


def measure(action: str, notebook: Path, settings: dict[str, object], python: str = sys.executable) -> Cost:
    """Execute the notebook once in a fresh process and kernel."""
    with tempfile.TemporaryDirectory() as name:
        clock = Path(name)
        (clock / "sitecustomize.py").write_text(_CLOCK, encoding="utf-8")
        variables = {
            "KERNEL_CLOCK": str(clock / "cost.json"),
            "PYTHONPATH": os.pathsep.join([str(clock), os.environ.get("PYTHONPATH", ""), str(Path.cwd())]),
            "PROVKG_HOME": str(clock / "home"),
        }
        command = [sys.executable, "-m", "benchmarks.cost", "--one", action, str(notebook), python]
        done = subprocess.run(
            [*command, json.dumps(settings)],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, **variables},
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        return Cost(**json.loads((clock / "cost.json").read_text(encoding="utf-8")))


def execute_once(action: str, path: Path, python: str, settings: dict[str, object]) -> None:
    """Execute the notebook with provkg, or in a plain kernel, or in ipyflow's."""
    if action == "provkg":
        home = create_home(Path(os.environ["PROVKG_HOME"]))
        config = home.path / "config.toml"
        text = config.read_text(encoding="utf-8")
        for name, value in settings.items():
            [line] = [line for line in text.splitlines() if line.startswith(f"{name} = ")]
            text = text.replace(line, f"{name} = {json.dumps(value)}")
        config.write_text(text, encoding="utf-8")
        report = run_notebook(path, home)
        if report.status != "succeeded":
            raise SystemExit(f"{path}: {report.error}")
        return
    launcher = {"plain": ["-m", "ipykernel_launcher"], "ipyflow": ["-m", "ipyflow.kernel"]}[action]
    with tempfile.TemporaryDirectory() as folder:
        specification = Path(folder) / "kernels" / "measured"
        specification.mkdir(parents=True)
        argv = [python, *launcher, "-f", "{connection_file}"]
        content = {"argv": argv, "display_name": "measured", "language": "python"}
        (specification / "kernel.json").write_text(json.dumps(content), encoding="utf-8")
        os.environ["JUPYTER_PATH"] = folder
        notebook = nbformat.read(path, as_version=4)
        resources = {"metadata": {"path": str(path.parent)}}
        client = NotebookClient(notebook, kernel_name="measured", resources=resources)
        asyncio.run(client.async_execute())


def spread(values: Sequence[float]) -> str:
    """Median, least and greatest as text."""
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def compare(label: str, without: Sequence[Cost], with_: Sequence[Cost]) -> float:
    """Print the ratio of one side to the other, pair by pair; returns its median."""
    totals = [b.total / a.total for a, b in zip(without, with_, strict=True)]
    cells = [sum(b.cells) / sum(a.cells) for a, b in zip(without, with_, strict=True)]
    medians = [
        1000 * (statistics.median(b.cells) - statistics.median(a.cells))
        for a, b in zip(without, with_, strict=True)
    ]
    grown = statistics.median((b.memory - a.memory) / 2**20 for a, b in zip(without, with_, strict=True))
    print(
        f"  {label:26} whole {spread(totals)}   cells {statistics.median(cells):.3f}   "
        f"median cell {statistics.median(medians):+.2f} ms   memory {grown:+.0f} MB",
        flush=True,
    )
    return statistics.median(totals)


def measure_notebook(name: str, runs: int, variants: dict[str, tuple[str, dict[str, object]]]) -> float:
    """Print what each variant costs on one notebook; returns the ratio with all of capture on."""
    with tempfile.TemporaryDirectory() as folder:
        notebook = write_notebook(name, Path(folder))
        everything = {"off": ("plain", {}), "on": ("provkg", {}), **variants}
        costs: dict[str, list[Cost]] = {label: [] for label in everything}
        for run in range(runs + 1):
            for label, (action, settings) in everything.items():
                cost = measure(action, notebook, settings)
                if run:  # the first fills the caches of the disk
                    costs[label].append(cost)
        seconds = [cost.total for cost in costs["off"]]
        print(f"\n{name}: {len(costs['off'][0].cells)} cells, {spread(seconds)} s of processor time plain")
        ratio = compare("capture on", costs["off"], costs["on"])
        for label in variants:
            compare(label, costs["off"], costs[label])
        return ratio


def measure_ipyflow(name: str, runs: int, python: str) -> None:
    """Print what ipyflow costs on one notebook against the plain kernel of the same interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        notebook = write_notebook(name, Path(folder))
        plain: list[Cost] = []
        flow: list[Cost] = []
        for run in range(runs + 1):
            for action, found in (("plain", plain), ("ipyflow", flow)):
                cost = measure(action, notebook, {}, python)
                if run:
                    found.append(cost)
        compare("ipyflow", plain, flow)


def measure_noworkflow(name: str, runs: int, python: str) -> None:
    """Print what noWorkflow costs on one notebook's cells against the plain interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        notebook = nbformat.read(write_notebook(name, Path(folder)), as_version=4)
        cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        (Path(folder) / "script.py").write_text("\n\n".join(cells) + "\n", encoding="utf-8")
        plain: list[float] = []
        recorded: list[float] = []
        for run in range(runs + 1):
            for arguments, found in ((["script.py"], plain), (["-c", _NOW, "run", "script.py"], recorded)):
                seconds = _of_children([python, *arguments], folder)
                if seconds is None:
                    print(f"  noWorkflow                 does not run: {' '.join(arguments)}")
                    return
                if run:
                    found.append(seconds)
        ratios = [b / a for a, b in zip(plain, recorded, strict=True)]
        kept = (file for file in Path(folder, ".noworkflow").rglob("*") if file.is_file())
        stored = sum(file.stat().st_size for file in kept) / (runs + 1) / 2**20
        print(f"  noWorkflow                 whole {spread(ratios)}   {stored:.0f} MB a run", flush=True)


_NOW = "import sys; from noworkflow import main; sys.argv[0] = 'now'; sys.exit(main())"


def _of_children(command: list[str], folder: str) -> float | None:
    """The processor seconds of a command and what it starts; None where it fails or takes ten minutes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "MPLBACKEND": "agg"}
    environment.pop("PYTHONPATH", None)
    try:
        subprocess.run(command, check=True, capture_output=True, cwd=folder, env=environment, timeout=600)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notebooks", nargs="+", choices=NOTEBOOKS, default=list(NOTEBOOKS))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--parts", action="store_true", help="leave out each part of capture in turn")
    parser.add_argument("--ipyflow", metavar="PYTHON", help="compare ipyflow, installed for this interpreter")
    parser.add_argument(
        "--noworkflow", metavar="PYTHON", help="compare noWorkflow, installed for this interpreter"
    )
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        action, path, python, settings = options.one
        execute_once(action, Path(path), python, json.loads(settings))
        return
    compileall.compile_dir(Path(provkg.__file__).parent, quiet=2)
    variants = {label: ("provkg", settings) for label, settings in parts().items()} if options.parts else {}
    ratios = []
    for name in options.notebooks:
        ratios.append(measure_notebook(name, options.runs, variants))
        if options.ipyflow:
            measure_ipyflow(name, options.runs, options.ipyflow)
        if options.noworkflow:
            measure_noworkflow(name, options.runs, options.noworkflow)
    print(f"\nRatio of whole notebooks, median over {len(ratios)}: {spread(ratios)}")


if __name__ == "__main__":
    main()
