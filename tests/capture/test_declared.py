"""What the user's own knowledge file declares is seen at run time, and said to be declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.config import Home
from provkg.records import ActivityKind, Evidence, FileMode, Role, ValueKind
from tests.capture.conftest import Execute

LIBRARY = {
    "fastdata/__init__.py": "from ._io import slurp, spill\nfrom .learn import Learner, halve, rate\n",
    "fastdata/_io.py": """
import os
import pandas as pd

def slurp(name, folder="."):
    # Python does not see how this is read.
    return pd.DataFrame({"x": [float(line) for line in os.popen(f"cat {folder}/{name}")]})

def spill(table, where):
    os.system(f"echo {len(table)} > {where}")
""",
    "fastdata/learn.py": """
class Base:
    def infer(self, table):
        return table["x"] * self.factor

class Learner(Base):
    def __init__(self, factor=2):
        self.factor = factor

    def train(self, table, target):
        self.seen = len(table)
        return self

def halve(table, target):
    middle = len(table) // 2
    return table[:middle].copy(), table[middle:].copy(), target[:middle].copy(), target[middle:].copy()

def rate(guess, truth):
    return float((guess == truth).mean())
""",
}
KNOWLEDGE = """
schema = 1

[[call]]
functions = ["fastdata.slurp"]
does = ["load"]
path = { position = 0, keyword = "name" }

[[call]]
functions = ["fastdata.spill"]
does = ["save"]
path = { position = 1 }
data = [{ position = 0, role = "data" }]

[[call]]
functions = ["fastdata.halve"]
does = ["split"]
pairs = true
data = [{ position = 0, role = "data" }, { position = 1, role = "target" }]

[[class]]
classes = ["fastdata.Learner"]
kind = "model"

[[call]]
functions = ["fastdata.Learner.train"]
does = ["fit"]
data = [{ position = 0, role = "data" }, { position = 1, role = "target" }]

[[call]]
functions = ["fastdata.learn.Base.infer"]
does = ["predict"]
data = [{ position = 0, role = "data" }]

[[call]]
functions = ["fastdata.rate"]
does = ["metric"]
metric = "hit rate"
data = [{ position = 0, role = "prediction" }, { position = 1, role = "truth" }]
"""
CELLS = (
    "import sys\nsys.path.insert(0, '.')\nimport fastdata as fd\nfrom fastdata.learn import rate",
    "df = fd.slurp('numbers.txt')",
    "a, b, ya, yb = fd.halve(df, df['x'] * 2)",
    "model = fd.Learner(factor=2)\nmodel.train(a, target=ya)",
    "guess = model.infer(b)\nscore = rate(guess, yb)",
    "fd.spill(b, 'out.txt')",
)


@pytest.fixture
def library(tmp_path: Path) -> None:
    for name, text in LIBRARY.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "numbers.txt").write_text("1\n2\n3\n4\n")


@pytest.mark.usefixtures("library")
def test_calls_that_the_users_file_declares_are_recorded_as_declared(home: Home, execute: Execute) -> None:
    (home.path / "knowledge.toml").write_text(KNOWLEDGE)
    recorded = execute(*CELLS)
    assert recorded.notices == []
    told = [(activity.kind, activity.function) for activity in recorded.activities]
    assert told == [
        (ActivityKind.LOADING, "fastdata.slurp"),
        (ActivityKind.SPLITTING, "fastdata.halve"),
        (ActivityKind.TRAINING, "fastdata.Learner.train"),
        (ActivityKind.PREDICTION, "fastdata.learn.Base.infer"),
        (ActivityKind.EVALUATION, "fastdata.rate"),
        (ActivityKind.SAVING, "fastdata.spill"),
    ]
    assert {activity.evidence for activity in recorded.activities} == {Evidence.DECLARED}
    assert recorded.came_from("df", evidence="declared") == {"numbers.txt"}
    assert recorded.file("numbers.txt", FileMode.READ).sha256
    assert recorded.file("out.txt", FileMode.WRITTEN).size == 2
    model, part, held_out = recorded.held("model"), recorded.held("a"), recorded.held("b")
    assert (model.kind, part.role, held_out.role) == (ValueKind.MODEL, "training", "test")
    [training] = recorded.of_kind(ActivityKind.TRAINING)
    assert {(use.role, use.argument, use.evidence) for use in training.used} >= {
        (Role.DATA, "table", Evidence.DECLARED),
        (Role.TARGET, "target", Evidence.DECLARED),
    }
    assert training.generated == (model.id,)
    [result] = recorded.results
    assert (result.metric, result.value, result.model, result.data) == (
        "hit rate",
        1.0,
        model.id,
        (held_out.id,),
    )
    assert (result.role, result.evidence) == ("test", Evidence.DECLARED)
    assert "numbers.txt" in recorded.came_from("model")


@pytest.mark.usefixtures("library")
def test_a_mistake_in_the_users_file_is_noted_and_breaks_nothing(home: Home, execute: Execute) -> None:
    (home.path / "knowledge.toml").write_text("schema = 1\n[[call]]\nfunction = ['fastdata.slurp']\n")
    config = home.path / "config.toml"
    config.write_text(config.read_text().replace("\nfiles = []", "\nfiles = ['../team.toml']"))
    (home.path.parent / "team.toml").write_text(KNOWLEDGE)
    recorded = execute(*CELLS)
    [notice] = recorded.notices
    assert notice.endswith("line 3: `call[0]`: there is no `function`. Did you mean `functions`?")
    assert len(recorded.activities) == 6
