"""Measures every shipped question on generated runs: its median and its worst time.

A question about one run or thing is asked of several of them, chosen at random; a question that can be asked
of all runs, or of all runs of a notebook, is asked that way too. The time is that of the query and of reading
its answer; what it takes to find the run or thing that a word stands for is measured by itself, below.

    python -m benchmarks.questions --runs 1000 --repeat 7
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pyoxigraph import NamedNode

from benchmarks.generate_runs import generate_runs, write_runs
from provkg.config import create_home
from provkg.queries import find_run, questions, resolve
from provkg.queries.binding import with_values
from provkg.queries.parameters import bind
from provkg.queries.source import rows
from provkg.results import collect
from provkg.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from provkg.queries import Question
    from provkg.store.port import Store

ONE, MANY = 10.0, 500.0
"""The targets in milliseconds: for a question about one run or thing, and for one over all runs."""

PREFIX = "PREFIX provkg: <https://w3id.org/provkg/ontology#> "
CHOICES = {
    "run": "SELECT ?one WHERE { GRAPH ?g { ?one a provkg:Run } }",
    "model": "SELECT ?one WHERE { GRAPH ?g { ?one a provkg:Model ; provkg:trainedBy ?by } }",
    "thing": "SELECT ?one WHERE { GRAPH ?g { ?one a provkg:Result } }",
    "output": 'SELECT ?one WHERE { GRAPH ?g { ?one a provkg:OutputContent ; provkg:mediaType "image/png" } }',
    "file": "SELECT ?one WHERE { GRAPH ?g { ?file a provkg:WrittenFile ; provkg:hasContent ?one } }",
    "notebook": "SELECT DISTINCT ?one WHERE { GRAPH ?g { ?run provkg:runOf ?one } }",
    "metric": "SELECT DISTINCT ?one WHERE { GRAPH ?g { ?result provkg:measures ?one } }",
}
WORDS: dict[str, str] = {
    "variable": "X_train",
    "package": "pandas",
    "version": "3.0",
    "string": "RandomForestClassifier",
    "integer": "3",
    "double": "0.01",
}
NAMED: dict[str, str] = {
    "procedure": "train_test_split",
    "setting": "test_size",
    "value": "0.25",
    "day": "2026-01-05",
    "property": "path",
    "key": "licence",
    "profile": "Croissant",
    "cell": "c4",
    "kind": "out of order",
    "last": "7",
}
"""What is given for parameters of these names, whose types do not say enough."""
OF_QUESTION = {
    ("which_outputs_had_input_with", "value"): "/home/ada/project/data/penguins.csv",
    ("which_things_are_annotated", "value"): "CC0-1.0",
    ("which_outputs_had_annotated_input", "value"): "CC0-1.0",
    ("how_did_metric_develop", "metric"): "log_loss",
}
OF_ONE = {"run", "model", "thing", "output", "file"}
"""The types of parameters that name one run or thing."""


class Timing(NamedTuple):
    """One question asked in one way: how many rows at most, and milliseconds."""

    name: str
    asked: str
    rows: int
    times: list[float]

    @property
    def median(self) -> float:
        """The middle time."""
        return statistics.median(self.times)


def timed(task: Callable[[], object]) -> float:
    """Milliseconds that a task takes."""
    begun = time.perf_counter()
    task()
    return 1e3 * (time.perf_counter() - begun)


def ways(question: Question) -> Iterator[tuple[str, ...]]:
    """The parameters that are given, in each way of asking: none that can be left out, and each alone."""
    needed = tuple(name for name, one in question.params.items() if not one.optional)
    yield needed
    for name, one in question.params.items():
        if one.optional:
            yield (*needed, name)


def measure(store: Store, repeat: int, chance: random.Random) -> Iterator[Timing]:
    """All questions in all ways."""
    choices = {kind: [row[0] for row in rows(store, PREFIX + query)] for kind, query in CHOICES.items()}
    for question in questions().values():
        for way in ways(question):
            counts, times = [], []
            for _ in range(repeat):
                given = {name: given_for(question, name, choices, chance) for name in way}
                text = with_values(question.sparql, bind(store, question, given))
                begun = time.perf_counter()
                answer = collect(store.query(text))
                times.append(1e3 * (time.perf_counter() - begun))
                counts.append(len(answer))  # type: ignore[arg-type]
            yield Timing(question.name, ", ".join(way) or "all runs", max(counts), times)


def given_for(
    question: Question, name: str, choices: dict[str, list[str]], chance: random.Random
) -> str | NamedNode:
    """Something to ask about."""
    kind = question.params[name].type
    if (question.name, name) in OF_QUESTION:
        return OF_QUESTION[question.name, name]
    if name in NAMED and kind not in OF_ONE:
        return NAMED[name]
    if name == "metric" and kind == "string":
        return "accuracy"
    return NamedNode(chance.choice(choices[kind])) if kind in choices else WORDS[kind]


def lookups(store: Store, repeat: int, chance: random.Random) -> Iterator[Timing]:
    """What it takes to find what a word stands for."""
    some = [row[0] for row in rows(store, PREFIX + CHOICES["run"])]
    prefix = f"{store.base}run/"
    tasks: dict[str, Callable[[], object]] = {
        "run latest": lambda: find_run(store, "latest"),
        "run by its id": lambda: find_run(store, chance.choice(some).removeprefix(prefix)),
        "run by 8 characters": lambda: find_run(store, chance.choice(some).removeprefix(prefix)[:8]),
        "notebook by name": lambda: resolve(store, "notebook", "penguins_0.ipynb"),
        "model by variable": lambda: resolve(store, "model", "forest"),
        "file by name": lambda: resolve(store, "file", "penguins.csv"),
        "metric by name": lambda: resolve(store, "metric", "accuracy"),
    }
    for name, task in tasks.items():
        yield Timing(name, "", 1, [timed(task) for _ in range(repeat)])


def print_table(title: str, timings: list[Timing], target: float) -> None:
    """The timings of one kind, slowest first, and whether all medians are within the target."""
    print(f"\n{title:<42} {'given':<18} {'rows':>6} {'median ms':>10} {'worst ms':>9}")
    for one in sorted(timings, key=lambda one: -one.median):
        late = "  over the target" if one.median > target else ""
        print(
            f"{one.name:<42} {one.asked:<18} {one.rows:>6,} {one.median:>10.1f} {max(one.times):>9.1f}{late}"
        )
    slowest = max(one.median for one in timings)
    middle = statistics.median(one.median for one in timings)
    print(f"{len(timings)} in all: median {middle:.1f} ms, slowest {slowest:.1f} ms (target {target:.0f} ms)")


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="how many runs (default 1000)")
    parser.add_argument("--repeat", type=int, default=7, help="how often each is asked (default 7)")
    parser.add_argument("--home", type=Path, help="a home to keep them in (default: a temporary one)")
    options = parser.parse_args()
    folder = options.home or Path(tempfile.mkdtemp(prefix="provkg-"))
    try:
        home = create_home(folder / ".provkg")
        write_runs(home, generate_runs(options.runs))
        with open_store(home) as store:
            (size,) = rows(store, "SELECT (COUNT(*) AS ?quads) WHERE { GRAPH ?g { ?s ?p ?o } }")
            print(f"{options.runs:,} runs, {int(size[0]):,} quads, {len(questions())} questions")
            chance = random.Random(0)
            timings = list(measure(store, options.repeat, chance))
            about_one = [one for one in timings if asks_about_one(one)]
            about_many = [one for one in timings if not asks_about_one(one)]
            print_table("about one run or thing", about_one, ONE)
            print_table("over many runs", about_many, MANY)
            print_table("finding what a word stands for", list(lookups(store, options.repeat, chance)), ONE)
    finally:
        if options.home is None:
            shutil.rmtree(folder)


def asks_about_one(timing: Timing) -> bool:
    """Whether it was asked about one run or thing."""
    params = questions()[timing.name].params
    return any(name in params and params[name].type in OF_ONE for name in timing.asked.split(", "))


if __name__ == "__main__":
    main()
