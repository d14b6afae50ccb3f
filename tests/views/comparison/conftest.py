"""Real runs of one small experiment in variations, each recorded once for all tests that compare it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import nbformat
import pytest

from provkg.capture.notebook import run_notebook
from provkg.config import Home, create_home
from provkg.journal import get_object, read_run
from provkg.views.comparison import Comparison, Side, compare_sides
from provkg.views.inventory import take

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from provkg.records import Run

CELLS = {
    "imports": (
        "import pandas as pd\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "from sklearn.metrics import accuracy_score\n"
        "from sklearn.model_selection import train_test_split"
    ),
    "chosen": "strength = 1.0\ntitle = 'a title'",
    "load": "table = pd.read_csv('table.csv')\ntable",
    "split": "train, test = train_test_split(table, test_size=0.25, random_state=0)",
    "helper": "def features(frame):\n    return frame[['a', 'b', 'c']]",
    "train": (
        "model = LogisticRegression(C=strength, max_iter=300)\nmodel.fit(features(train), train['label'])"
    ),
    "judge": "accuracy = accuracy_score(test['label'], model.predict(features(test)))\nprint(accuracy)",
    "aside": "print(title)",
}
"""The experiment, cell by cell, under the cells' ids."""


def table(seed: int, columns: str = "abcz") -> str:
    """A table whose label follows from its columns, but for noise."""
    chance = random.Random(seed)
    rows = []
    for _ in range(160):
        numbers = [chance.gauss(0, 1) for _ in columns]
        label = int(numbers[0] + 0.4 * numbers[1] + chance.gauss(0, 0.9) > 0.3)
        rows.append(",".join([*(f"{number:.3f}" for number in numbers), str(label)]))
    return "\n".join([",".join([*columns, "label"]), *rows, ""])


class Laboratory:
    """Runs variations of the experiment, each once, and compares them."""

    def __init__(self, folder: Path) -> None:
        self.home: Home = create_home(folder / ".provkg")
        self.folder = folder
        self._done: dict[object, Run] = {}

    def run(
        self,
        changes: Mapping[str, str] | None = None,
        *,
        order: tuple[str, ...] = tuple(CELLS),
        data: str = "",
        repetition: int = 0,
    ) -> Run:
        """A run of the experiment with some cells changed, in an order of its cells.

        Parameters:
            repetition: runs of other numbers are runs of their own.
        """
        sources = CELLS | dict(changes or {})
        key = (tuple(sources.items()), order, data, repetition)
        if key not in self._done:
            cells = []
            for name in (*order, *(name for name in sources if name not in CELLS)):
                cell = nbformat.v4.new_code_cell(sources[name])
                cell["id"] = name
                cells.append(cell)
            path = self.folder / "experiment.ipynb"
            kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
            notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
            nbformat.write(notebook, path)
            (self.folder / "table.csv").write_text(data or table(0))
            run = read_run(self.home, run_notebook(path, self.home).run)
            assert run is not None
            self._done[key] = run
        return self._done[key]

    def compare(self, *runs: Run) -> Comparison:
        """The comparison of runs."""
        return compare_sides([Side(take(run)) for run in runs], self.read)

    def read(self, digest: str) -> bytes:
        """A kept content."""
        return get_object(self.home, digest)


@pytest.fixture(scope="package")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    return Laboratory(tmp_path_factory.mktemp("laboratory"))


@pytest.fixture(scope="package")
def base(laboratory: Laboratory) -> Run:
    """The experiment as it is."""
    return laboratory.run()
