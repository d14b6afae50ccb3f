"""Compares questions on all runs with MLflow's `search_runs`, on the same runs.

Each run trains one model; both sides have its settings, four metrics (one with twenty steps), notebook,
user and times. MLflow keeps them in SQLite, and runs in an interpreter of its own. Both processes are warm
and ask in turns; provkg has its store open. Answers are compared. MLflow compares parameters only as text and
knows no OR, so such questions are asked of provkg alone.

    python -m benchmarks.search_runs --mlflow /path/to/python --runs 1000 10000 --folder /path/to/runs
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import benchmarks
from benchmarks.generate_runs import Notebook, write_runs
from benchmarks.session import PROJECT, Cell
from provkg.config import create_home
from provkg.graph import KnowledgeGraph
from provkg.records import CellFinished, EnvironmentSeen, RunFinished, RunStarted, SplitRole, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from provkg.records import Event

SERIES = """SELECT ?series WHERE { GRAPH <%sgraph/run/%s> {
  ?result provkg:metricName "log_loss" ; provkg:series ?series } }"""


class OneModel(Notebook):
    """A notebook that trains one model."""

    def execute(self) -> list[Event]:
        """The events of the run."""
        data = Cell(source="X_train, X_test, y_train, y_test = load()")
        for name in ("X_train", "X_test", "y_train", "y_test"):
            role = SplitRole.TRAINING if name.endswith("train") else SplitRole.TEST
            self.frame(data, name, 100, {}, role=role)
        cells = [data, self.train(PROJECT.estimators[self.number % len(PROJECT.estimators)])]
        events: list[Event] = [
            self.started([cell.source for cell in cells]),
            EnvironmentSeen(environment=self.environment()),
        ]
        for index, cell in enumerate(cells):
            events += self.finished(cell, index)
        return [*events, RunFinished(ended_at=self.now, status=Status.SUCCEEDED)]


class Asked(NamedTuple):
    """A question: for provkg a call, and what is sent to MLflow, which is nothing if it cannot answer."""

    text: str
    ours: Callable[[KnowledgeGraph], object]
    theirs: dict[str, Any] | None


def plain(events: list[Event]) -> dict[str, Any]:
    """What MLflow can hold of a run."""
    started = events[0]
    assert isinstance(started, RunStarted)
    assert started.code is not None
    assert started.agent is not None
    assert started.started_at is not None
    settings: dict[str, str] = {}
    metrics: dict[str, list[float | None]] = {}
    for event in events:
        for activity in event.execution.activities if isinstance(event, CellFinished) else ():
            settings |= {setting.name: str(setting.value) for setting in activity.settings}
            for result in activity.results:
                training = "training_" if result.role is SplitRole.TRAINING else ""
                metrics[training + result.metric] = list(result.series or (result.value,))
    return {
        "run": started.run.replace("-", ""),
        "code": started.code.path,
        "user": started.agent.name,
        "started": int(started.started_at.timestamp() * 1000),
        "settings": settings,
        "metrics": metrics,
    }


def questions(runs: list[dict[str, Any]]) -> Iterator[Asked]:
    """The comparison; of a run, notebook or text that is asked for, one of the recorded."""
    count, one = len(runs), runs[len(runs) // 2]
    run = uuid(one["run"])
    notebooks = sorted({one["code"] for one in runs})

    def found(**how: Any) -> Callable[[KnowledgeGraph], object]:
        return lambda graph: [str(name).replace("-", "") for name in graph.table(**how)["run"]]

    def search(where: str = "", sort: tuple[str, ...] = (), limit: int = 0) -> dict[str, Any]:
        return {"kind": "search", "where": where, "sort": list(sort), "limit": limit}

    def best(graph: KnowledgeGraph) -> object:
        table = graph.table(sort="accuracy desc").drop_duplicates("code")
        return sorted(str(name).replace("-", "") for name in table["run"])

    def row(graph: KnowledgeGraph) -> object:
        frame = graph.table(where=f"run = '{run}'")
        return sorted(float(frame[name][0]) for name in frame if str(name).startswith("metric:"))

    def history(graph: KnowledgeGraph) -> object:
        base = graph.home.base
        return json.loads(str(graph.sparql(SERIES % (base, run))[0]["series"]))  # type: ignore[index]

    accuracy = ("metrics.accuracy DESC",)
    yield Asked(f"all {count:,} runs as a frame", found(), search())
    yield Asked(
        "metric > 0.9, the best 10",
        found(where="accuracy > 0.9", sort="accuracy desc", limit=10),
        search("metrics.accuracy > 0.9", accuracy, 10),
    )
    yield Asked(
        "metric and parameter, the best 10",
        found(where="accuracy > 0.8 and kernel = 'linear'", sort="accuracy desc", limit=10),
        search("metrics.accuracy > 0.8 and params.kernel = 'linear'", accuracy, 10),
    )
    yield Asked(
        "parameter equal, all of them",
        found(where="kernel = 'linear'"),
        search("params.kernel = 'linear'"),
    )
    yield Asked(
        "parameters as numbers, OR, the best 10",
        found(where="C >= 1 or max_depth < 6", sort="accuracy desc", limit=10),
        None,
    )
    yield Asked(
        f"best run of each of {len(notebooks)} notebooks",
        best,
        {"kind": "groups", "groups": notebooks, "sort": list(accuracy)},
    )
    yield Asked("one run's settings and metrics", row, {"kind": "run", "run": one["run"]})
    yield Asked(
        "one metric's 20 steps",
        history,
        {"kind": "history", "run": one["run"], "metric": "training_log_loss"},
    )


def uuid(text: str) -> str:
    """A run's id as provkg writes it."""
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class Peer:
    """MLflow in a process of its own."""

    def __init__(self, python: str, database: Path, runs: Path) -> None:
        script = Path(benchmarks.__file__).with_name("search_runs_mlflow.py")
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self.process = subprocess.Popen(
            [python, str(script), f"sqlite:///{database}", str(runs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self.version = self.read()

    def ask(self, question: dict[str, Any]) -> tuple[float, object]:
        """How long it took and what was found."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        took, found = self.read()
        return took, found

    def read(self) -> Any:
        """The next line that it says."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())


def timed(task: Callable[[], object]) -> tuple[float, object]:
    """Milliseconds, and what came of it."""
    begun = time.perf_counter()
    found = task()
    return 1e3 * (time.perf_counter() - begun), found


def shown(times: list[float]) -> str:
    """The median and the range."""
    return f"{statistics.median(times):9.1f} ({min(times):.1f}–{max(times):.1f})"


def compare(folder: Path, count: int, python: str, repeat: int) -> None:
    """Measure all questions on so many runs, which are made where they are not there."""
    home = create_home(folder / str(count) / ".provkg")
    all_events = [OneModel(number, random.Random(f"0/{number}")).execute() for number in range(count)]
    write_runs(home, all_events)
    runs = [plain(events) for events in all_events]
    told = folder / str(count) / "runs.jsonl"
    told.write_text("".join(json.dumps(run) + "\n" for run in runs))
    graph = KnowledgeGraph(home)
    graph.table(limit=1)
    shutil.rmtree(home.store_folder / "kept")
    peer = Peer(python, folder / str(count) / "mlflow.db", told)
    load = os.getloadavg()[0]
    print(
        f"\n{count:,} runs, MLflow {peer.version}, load {load:.1f} on {os.cpu_count()} cores; milliseconds\n"
    )
    print(f"{'question':40} {'MLflow':>28} {'provkg':>28}  ratio")
    with graph:
        first, _ = timed(graph.table)
        for asked in questions(runs):
            ours: list[float] = []
            theirs: list[float] = []
            for turn in range(repeat + 1):
                took, found = timed(lambda: asked.ours(graph))  # noqa: B023 (called at once)
                ours.append(took)
                if asked.theirs is not None:
                    took, other = peer.ask(asked.theirs)
                    theirs.append(took)
                    if turn == 0:
                        assert same(found, other), (asked.text, str(found)[:300], str(other)[:300])
            row(asked.text, theirs[1:], ours[1:])
    again = [timed(lambda: graph.table(where="accuracy > 0.9", limit=10))[0] for _ in range(3)]
    print(f"{'after new runs: all, nothing kept':40} {'':28} {first:9.1f}")
    print(f"{'metric > 0.9, 10; the store opened for it':40} {'':28} {shown(again):>28}")
    cold(folder / str(count), python)


def same(found: object, other: object) -> bool:
    """Whether both found the same; of equal metrics and times any order is right."""
    return found == other or (
        isinstance(found, list) and isinstance(other, list) and set(found) == set(other)
    )


def row(text: str, theirs: list[float], ours: list[float]) -> None:
    """Print one line of the comparison."""
    ratio = f"{statistics.median(theirs) / statistics.median(ours):6.1f}" if theirs else ""
    print(f"{text:40} {shown(theirs) if theirs else 'cannot':>28} {shown(ours):>28} {ratio}", flush=True)


def cold(place: Path, python: str) -> None:
    """What it costs to start a process for one question."""
    theirs = (
        f"import mlflow; mlflow.set_tracking_uri('sqlite:///{place}/mlflow.db');"
        "mlflow.search_runs(['0'], 'metrics.accuracy > 0.9', max_results=10)"
    )
    ours = ["table", "--home", str(place / ".provkg"), "-w", "accuracy > 0.9", "-n", "10", "-f", "csv"]
    commands = ([python, "-c", theirs], [sys.executable, "-m", "provkg", *ours])
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(3):
        for command, taken in zip(commands, times, strict=True):
            taken.append(timed(lambda: subprocess.run(command, check=True, capture_output=True))[0])  # noqa: B023
    row("metric > 0.9, 10; a process for it", *times)


def main() -> None:
    """Compare on one number of runs after another."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mlflow", required=True, help="an interpreter that has MLflow")
    parser.add_argument("--runs", type=int, nargs="+", default=[1000, 10_000], help="how many runs")
    parser.add_argument("--folder", type=Path, required=True, help="where runs and stores are made, and stay")
    parser.add_argument("--repeat", type=int, default=7, help="how often each question is asked")
    options = parser.parse_args()
    for count in options.runs:
        compare(options.folder, count, options.mlflow, options.repeat)


if __name__ == "__main__":
    main()
