"""Asks every question of real runs of the examples, and keeps the answers that the reference page shows.

It takes a minute; ``make transcripts`` runs it after a question was changed or added. The page itself is made
from what is kept, so that it is the same on every machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from provkg.annotating import about, annotate
from provkg.capture.notebook import run_notebook
from provkg.config import create_home
from provkg.errors import NotFoundError
from provkg.queries import ask, questions
from provkg.results import ShortNames, Solutions, to_python
from provkg.store import open_store

if TYPE_CHECKING:
    from provkg.config import Home
    from provkg.queries import Question, Source
    from provkg.results import Term

ROOT = Path(__file__).parents[1]
SAMPLES = Path(__file__).with_name("samples.json")
CHECKOUT = "/home/ada/provkg"
"""Stands for the folder of the examples."""
ROWS, WIDTH = 3, 60
EXTENSION = "--IPKernelApp.extra_extensions=provkg.capture.ipython"
PENGUINS, SESSION = "latest~2", "latest~1"
PERSON = {
    "JUPYTERHUB_USER": "ada",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "user.name",
    "GIT_CONFIG_VALUE_0": "Ada Lovelace",
}
"""Who the runs are of."""
ASKED: dict[str, dict[str, str]] = {
    "where_did_output_appear": {"output": f"{PENGUINS}/o2"},
    "what_changed_in_cells": {"first": "latest~3", "second": PENGUINS},
    "what_differs_between_runs": {"first": "latest~3", "second": PENGUINS},
    "did_rerun_give_same_results": {"first": "latest~3", "second": PENGUINS, "tolerance": "0.01"},
    "what_led_to_since_step": {"thing": "forest", "since": "10"},
    "which_calls_had_setting": {"procedure": "train_test_split", "setting": "test_size", "value": "0.25"},
    "which_outputs_followed_setting": {
        "procedure": "train_test_split",
        "setting": "test_size",
        "value": "0.25",
        "run": PENGUINS,
    },
    "how_did_metric_develop": {"metric": "accuracy", "run": PENGUINS},
    "which_file_holds_model": {"model": "latest~3/logistic"},
    "which_data_trained_model": {"model": "logistic"},
    "which_settings_were_tried": {"estimator": "Pipeline"},
    "which_executed_cells_are_gone": {"run": SESSION},
    "which_results_are_stale": {"run": SESSION},
    "which_executions_failed": {},
    "which_runs_used_package_below": {"package": "pandas", "below": "100"},
    "was_anything_executed_out_of_order": {"run": SESSION},
    "did_preprocessing_see_test_data": {"run": SESSION},
    "which_imports_were_unused": {},
}
"""What questions are asked with, where it is not the example of each parameter that is needed."""


def main() -> None:
    """Run the examples, ask, and write the answers."""
    with tempfile.TemporaryDirectory() as folder:
        home = recorded(Path(folder) / "provkg")
        with open_store(home) as store:
            kept = {name: sample(store, one, Path(folder)) for name, one in questions().items()}
    SAMPLES.write_text(
        json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8"
    )


def recorded(folder: Path) -> Home:
    """Two runs of penguins, a session with hidden state and its clean failure, and something said."""
    os.environ |= PERSON
    examples = folder / "examples"
    shutil.copytree(ROOT / "examples", examples, ignore=shutil.ignore_patterns("output", ".provkg"))
    home = create_home(folder / ".provkg", "https://example.org/")
    run_notebook(examples / "penguins.ipynb", home)
    run_notebook(examples / "penguins.ipynb", home, parameters={"test_size": 0.25, "random_state": 3})
    script = [sys.executable, str(examples / "hidden_state_session.py"), f"--argument={EXTENSION}"]
    environment = ["--env", f"PROVKG_HOME={home.path}"]
    subprocess.run([*script, *environment], check=True, cwd=examples, capture_output=True)
    run_notebook(examples / "hidden_state.ipynb", home)
    with open_store(home) as store:
        data, model = about(store, "penguins.csv"), about(store, "forest")
    annotate(home, data, {"licence": "CC0-1.0", "origin": "palmerpenguins 0.1.6"})
    annotate(home, model, {"title": "A forest of penguins"})
    return home


def sample(store: Source, question: Question, folder: Path) -> dict[str, object]:
    """What a question was asked with, and the first rows of its answer as they are shown."""
    given = ASKED.get(question.name)
    if given is None:
        given = {
            name: PENGUINS if one.type == "run" else one.example
            for name, one in question.params.items()
            if one.type == "run" or one.required
        }
    answer = answered(store, question.name, given)
    names = ShortNames(store.base, store.prefixes)
    rows = [[cell(shown(term, names), folder) for term in row] for row in answer.rows[:ROWS]]
    return {
        "given": given,
        "columns": list(answer.variables),
        "rows": rows,
        "count": len(answer),
    }


def shown(term: Term | None, names: ShortNames) -> str:
    """A term as people read it."""
    if isinstance(term, NamedNode):
        return names.short(term.value)
    return "" if term is None else str(to_python(term))


def answered(store: Source, name: str, given: dict[str, str]) -> Solutions:
    """The rows of an answer."""
    try:
        result = ask(store, name, given).result
    except NotFoundError as error:
        sys.exit(f"{name} {given}: {error}")
    assert isinstance(result, Solutions)
    return result


def cell(text: str, folder: Path) -> str:
    """One field: paths of this machine are those of a made-up one, and long texts are cut."""
    told = " ".join(text.replace(str(folder / "provkg"), CHECKOUT).split())
    return told if len(told) <= WIDTH else told[: WIDTH - 1] + "…"


if __name__ == "__main__":
    main()
