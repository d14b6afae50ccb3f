"""The thirteen questions of MLProvLab's user study, asked of a notebook that holds its record.

    python -m benchmarks.user_study NOTEBOOK

15 people answered them with MLProvLab at hand, about the notebook ``binder/evaluation_notebook.ipynb`` of
https://github.com/fusion-jena/MLProvLab; its results and the key to them are published there, and the key is
what answers are compared with here. The notebook is ingested into a home of its own. Times are those of the
answers, each from its parameters as a user gives them; importing the notebook and filling the store is told
beside them. ``--rounds`` asks all again; the median of the rounds counts.
"""

from __future__ import annotations

import argparse
import base64
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from provkg.config import create_home
from provkg.importers.ingesting import Ingester
from provkg.queries import ask
from provkg.results import Solutions
from provkg.store import open_store
from provkg.store.port import Store

PEOPLE, RIGHT, SECONDS = 15, 0.815, 841
"""Who took part, how much of their answers was entirely right, and how long they took for all (median)."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """One question of the study: as it was put, and what of our question's rows answers it."""

    text: str
    name: str
    answer: Callable[[Sequence[Row]], object]
    epoch: int = 0
    more: Mapping[str, str] | None = None

    def params(self, notebook: Path, figure: Path) -> dict[str, str]:
        """The parameters as a user gives them."""
        given = dict(self.more or {})
        if self.epoch:
            given["run"] = f"{notebook.name} epoch {self.epoch}"
        if self.name == "where_did_output_appear":
            given["output"] = str(figure)
        return given


def _all(column: str) -> Callable[[Sequence[Row]], object]:
    return lambda rows: {row[column] for row in rows}


def _first(column: str) -> Callable[[Sequence[Row]], object]:
    return lambda rows: rows[0][column] if rows else None


def _changed(rows: Sequence[Row]) -> object:
    return any(row["changed"] for row in rows) if rows else None


def _place(rows: Sequence[Row]) -> object:
    """Epoch and execution; the epochs are the sessions in order of their beginnings."""
    return {(row["run"], row["order"]) for row in rows}


STUDY = (
    Asked("Which version of the kernel was used in epoch '1'?", "which_kernel_ran", _first("kernel"), 1),
    Asked("Which external modules were used in epoch '1'?", "which_modules_were_used", _all("module"), 1),
    Asked(
        "Are there any imported modules that were not used in epoch '3'?",
        "which_imports_were_unused",
        _all("module"),
        3,
    ),
    Asked(
        "Which one was the most used module in epoch '3'?", "which_module_was_used_most", _first("module"), 3
    ),
    Asked("Which data sources were used in the notebook?", "which_data_sources_were_used", _all("path")),
    Asked(
        "In which execution and epoch the following figure got printed?", "where_did_output_appear", _place
    ),
    Asked(
        "Which version of seaborn was used?",
        "which_version_of_package",
        _all("version"),
        more={"package": "seaborn"},
    ),
    Asked(
        "Which versions of python were used in the notebook?",
        "which_python_versions_were_used",
        _all("python"),
    ),
    Asked("When was the notebook last executed?", "when_was_notebook_last_executed", _first("last_executed")),
    Asked(
        "Are there any differences in the python and kernel version used in the notebook in different "
        "executions?",
        "did_python_or_kernel_change",
        _changed,
    ),
    Asked(
        "Which cells of the notebook in epoch '4' are dependent on the variable 'X_train'?",
        "which_cells_depend_on_variable",
        _all("order"),
        4,
        {"variable": "X_train"},
    ),
    Asked(
        "What is the accuracy score of the experiment in epoch '2' when RandomForestClassifier was used?",
        "which_score_did_estimator_reach",
        lambda rows: round(rows[0]["value"], 2) if rows else None,
        2,
        {"estimator": "RandomForestClassifier", "metric": "accuracy"},
    ),
    Asked(
        "Has the train-test split ratio for the dataset changed during different executions?",
        "did_split_ratio_change",
        _changed,
    ),
)
"""The questions in their order."""


def answers(store: Store, notebook: Path, figure: Path) -> tuple[list[object], list[float]]:
    """The thirteen answers, and how many seconds each took."""
    found: list[object] = []
    took = []
    for one in STUDY:
        began = time.perf_counter()
        result = ask(store, one.name, one.params(notebook, figure)).result
        assert isinstance(result, Solutions)
        found.append(one.answer(list(result)))
        took.append(time.perf_counter() - began)
    return found, took


_DATA = "D:/Projects/mnist-evaluation/data"
CHOICES = {1, 13, 14, 15, 16}
"""The cells that participants could choose from in the eleventh question."""
FIGURE = (1, 10)
"""Epoch and execution of the figure that the sixth question shows."""
KEY: tuple[object, ...] = (
    "ipython 7.22.0",
    {"matplotlib", "os", "pandas", "sklearn", "numpy", "seaborn"},
    {"numpy"},
    "sklearn",
    {f"{_DATA}/train.csv", f"{_DATA}/test.csv", _DATA},
    {FIGURE},
    {"0.11.1"},
    {"3.9.2"},
    datetime.fromisoformat("2021-06-24T10:26:21+00:00"),
    False,
    {13, 15, 16},
    0.96,
    False,
)
"""The right answers, from the published evaluation."""


def in_words_of_the_study(found: Sequence[object], runs: Sequence[str]) -> list[object]:
    """Answers with runs as epochs, and of cells those alone that there was a choice of."""
    told = list(found)
    places, cells = told[5], told[10]
    assert isinstance(places, set)
    assert isinstance(cells, set)
    told[5] = {(next((n for n, run in enumerate(runs, 1) if run in iri), 0), order) for iri, order in places}
    told[10] = cells & CHOICES
    return told


def figure_in(notebook: Path, epoch: int, execution: int) -> bytes:
    """The picture that an execution showed, from the notebook's own metadata."""
    record = json.loads(notebook.read_bytes())["metadata"]["provenance"]
    for output in record["epochs"][epoch - 1]["data"][execution - 1]["cell_outputs"]:
        if "image/png" in output.get("data", {}):
            return base64.b64decode(output["data"]["image/png"])
    raise ValueError(f"execution {execution} of epoch {epoch} shows no picture")


def main() -> None:
    """Ask and print."""
    options = argparse.ArgumentParser()
    options.add_argument("notebook", type=Path)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = create_home(Path(name) / ".provkg")
        figure = Path(name) / "figure.png"
        figure.write_bytes(figure_in(given.notebook, *FIGURE))
        began = time.perf_counter()
        done = Ingester(home).ingest(given.notebook.resolve())
        read = time.perf_counter()
        with open_store(home) as store:
            filled = time.perf_counter()
            rounds = [answers(store, given.notebook, figure) for _ in range(given.rounds)]
    told = in_words_of_the_study(rounds[0][0], done.runs)
    seconds = [median(took[rank] for _, took in rounds) for rank in range(len(STUDY))]
    for rank, (one, answer, key) in enumerate(zip(STUDY, told, KEY, strict=True), 1):
        mark = "right" if answer == key else f"WRONG, the key says {key}"
        print(f"S{rank:<3}{seconds[rank - 1] * 1000:7.1f} ms  {mark:6} {one.text}\n{'':21}{answer}")
    right = sum(answer == key for answer, key in zip(told, KEY, strict=True))
    whole = median(sum(took) for _, took in rounds)
    print(f"\nread in {read - began:.2f} s, stored in {filled - read:.2f} s")
    print(f"provkg    {right} of 13 right, {whole:.3f} s")
    print(f"{PEOPLE} people {RIGHT:.1%} right, median {SECONDS} s")


if __name__ == "__main__":
    main()
