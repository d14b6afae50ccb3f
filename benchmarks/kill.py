"""Kills recording kernels at random moments and looks for what is missing from their journals.

Every trial drives a kernel through cells that print, read and write files, and train models, until it is
killed by force. Each cell whose reply and idle status the client has seen must then be in the journal, whole;
the cell that was at work must be said to be interrupted; and the run must read back and map.

    python -m benchmarks.kill --trials 100
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.manager import KernelManager

from provkg.config import Home, create_home
from provkg.journal import read_run, runs
from provkg.mapping import nquads
from provkg.records import Run, Status

__all__ = ["Trial", "trial"]

ARGUMENT = "--IPKernelApp.extra_extensions=provkg"
LONGEST = 5.0
"""Seconds after its start at which a kernel is killed at the latest."""

CELLS = (
    "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression",
    "df = pd.read_csv('t.csv'); X, y = df[['a', 'b']], df.c\nprint(len(df))",
    "model = LogisticRegression().fit(X, y)",
    "model.score(X, y)",
    "df['d'] = df.a * 2; df.to_csv('out.csv')",
    "n = 1",
    "1 / 0",
    "for i in range(50): print('x' * 1000)",
    "total = sum(i * i for i in range(100_000))",
)


@dataclass(frozen=True)
class Trial:
    """What one kill left: cells finished as the client saw it, cells recorded, and what is wrong."""

    finished: int
    recorded: int
    at_work: bool
    faults: tuple[str, ...]


def trial(folder: Path, chance: random.Random) -> Trial:
    """Kill one kernel at a random moment and examine its journal."""
    home = create_home(folder / ".provkg")
    rows = (f"{i},{i * 7 % 11},{int(i > 20)}" for i in range(40))
    (folder / "t.csv").write_text("a,b,c\n" + "\n".join(rows) + "\n")
    manager = KernelManager(kernel_name="python3", transport_encryption="auto")
    environment = {**os.environ, "PROVKG_HOME": str(home.path), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    manager.start_kernel(extra_arguments=[ARGUMENT], env=environment, cwd=str(folder))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        process = manager.provisioner.pid  # type: ignore[union-attr]
        timer = threading.Timer(chance.uniform(0, LONGEST), os.kill, (process, signal.SIGKILL))
        timer.start()
        finished = _drive(client, manager, chance)
        timer.join()
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return _examine(home, finished)


def _drive(client: Any, manager: Any, chance: random.Random) -> list[str]:
    """Run cells until the kernel is dead; returns the sources of those that ended as far as was seen."""
    finished: list[str] = []
    while manager.is_alive():
        number = len(finished)
        body = CELLS[number] if number < 4 else chance.choice(CELLS)
        source = f"{body}\n# {number}"
        request = client.execute(source)
        if not (_answered(client, manager, request) and _idle(client, manager, request)):
            break
        finished.append(source)
    return finished


def _answered(client: Any, manager: Any, request: str) -> bool:
    while True:
        try:
            if client.get_shell_msg(timeout=0.2)["parent_header"].get("msg_id") == request:
                return True
        except Empty:
            if not manager.is_alive():
                return False


def _idle(client: Any, manager: Any, request: str) -> bool:
    while True:
        try:
            message = client.get_iopub_msg(timeout=0.2)
        except Empty:
            if not manager.is_alive():
                return False
            continue
        ours = message["parent_header"].get("msg_id") == request
        if ours and message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return True


def _examine(home: Home, finished: list[str]) -> Trial:
    found = list(runs(home))
    if not found and not finished:
        return Trial(0, 0, False, ())
    if len(found) != 1:
        return Trial(len(finished), 0, False, (f"{len(found)} runs",))
    notices: list[Any] = []
    run = read_run(home, found[0], notices.append)
    if run is None:
        fault = ("the run has no beginning",) if finished else ()
        return Trial(len(finished), 0, False, fault)
    faults = [str(notice) for notice in notices if "cut short" not in notice.message]
    faults += _faults(run, finished)
    if not nquads(run, home.base):
        faults.append("the run does not map")
    ended = [execution for execution in run.executions if execution.ended_at is not None]
    return Trial(len(finished), len(ended), len(ended) < len(run.executions), tuple(faults))


def _faults(run: Run, finished: list[str]) -> list[str]:
    faults = []
    for source, execution in zip(finished, run.executions, strict=False):
        wanted = Status.FAILED if source.startswith("1 / 0") else Status.SUCCEEDED
        if (execution.source, execution.status) != (source, wanted) or execution.ended_at is None:
            faults.append(f"execution {execution.order} is {execution.status}: {execution.source!r}")
        if "print" in source and not execution.outputs:
            faults.append(f"execution {execution.order} lacks its outputs")
    if len(run.executions) < len(finished):
        faults.append(f"{len(finished) - len(run.executions)} executions are missing")
    faults += [
        f"execution {execution.order} was at work and is said to have {execution.status}"
        for execution in run.executions[len(finished) :]
        if execution.ended_at is None and execution.status is not Status.INTERRUPTED
    ]
    if run.status is not None:
        faults.append("the run is said to have ended")
    return faults


def main() -> int:
    """Run the trials and say how they ended."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    began = time.monotonic()
    trials = []
    for number in range(given.trials):
        folder = Path(tempfile.mkdtemp(prefix="provkg-kill-"))
        try:
            trials.append(trial(folder, chance))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        for fault in trials[-1].faults:
            print(f"trial {number}: {fault}")
    faulty = sum(bool(one.faults) for one in trials)
    print(
        f"{len(trials)} kernels killed in {time.monotonic() - began:.0f} s; "
        f"{sum(one.finished for one in trials)} executions finished, "
        f"{sum(one.recorded for one in trials)} recorded as finished, "
        f"{sum(one.at_work for one in trials)} kernels had a cell at work; {faulty} trials with a fault"
    )
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
