"""Notebooks with the flaws that the rules find, and others without: executed here, or told."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime, timedelta
from importlib import metadata
from typing import TYPE_CHECKING

import nbformat
import pytest

from provkg.capture.notebook import run_notebook
from provkg.check import check_run, rules
from provkg.config import create_home, find_home
from provkg.records import ActivityKind, Role, ValueKind, encode_event
from provkg.store import open_store
from tests.queries.manifest import make_home
from tests.queries.stories import FIXTURES, SAVED
from tests.queries.story import Story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from provkg.check import Verdict
    from provkg.records import Event

FLAWED = (
    "%pip install --quiet pip",
    """\
import json
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler""",
    """\
df = pd.read_csv('{folder}/data.csv')
large = pd.read_csv('large.csv')""",
    """\
X = pd.DataFrame(StandardScaler().fit_transform(df[['a', 'b']]), columns=['a', 'b'])
X_train, X_test, y_train, y_test = train_test_split(X, df['y'], test_size=0.25)""",
    """\
forest = RandomForestClassifier(n_estimators=5).fit(X_train, y_train)
print(forest.score(X_train, y_train), forest.score(X_test, y_test))""",
    """\
logistic = LogisticRegression().fit(X_train, y_train)
print(logistic.score(X_test, y_test))""",
    "raise ValueError('no more')",
)
CLEAN = (
    """\
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler""",
    "df = pd.read_csv('kept.csv')",
    """\
X, y = df[['a', 'b']], df['y']
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=1)""",
    """\
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_train, y_train)
print(model.score(X_test, y_test))""",
    "X_test.assign(y=model.predict(X_test)).to_csv('predicted.csv')",
)


@pytest.fixture(scope="session")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Verdict]]:
    """The verdicts on a flawed and a clean notebook that were executed, by these names.

    Afterwards one file has changed, another package version is installed, and the code is not committed.
    """
    folder = tmp_path_factory.mktemp("checked")
    rows = [f"{n % 7},{n * 5 % 11},{n % 3 == 0:d}" for n in range(40)]
    table = "\n".join(["a,b,y", *rows, ""])
    for name in ("data.csv", "kept.csv"):
        (folder / name).write_text(table)
    (folder / "large.csv").write_text(table * 20)
    home = create_home(folder / ".provkg")
    config = home.path / "config.toml"
    config.write_text(re.sub(r"digest_bytes = .*|(digest_part_bytes = ).*", _small, config.read_text()))
    home = find_home(path=home.path)
    for name, cells in (("clean", CLEAN), ("flawed", FLAWED)):
        sources = [cell.replace("{folder}", str(folder)) for cell in cells]
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
        nbformat.write(notebook, folder / f"{name}.ipynb")
    run_notebook(folder / "clean.ipynb", home)
    _commit_and_change(folder)
    run_notebook(folder / "flawed.ipynb", home)
    (folder / "data.csv").write_text(table + "9,9,9\n")
    with open_store(home) as store, pytest.MonkeyPatch.context() as patch:
        clean = check_run(store, "clean.ipynb", rules().values())
        real = metadata.version
        patch.setattr(metadata, "version", lambda name: "0.1" if name == "pandas" else real(name))
        yield {"clean": clean, "flawed": check_run(store, "flawed.ipynb", rules().values())}


def _small(setting: re.Match[str]) -> str:
    """Files of more than 2,000 bytes get no digest."""
    return f"{setting[1]}0" if setting[1] else "digest_bytes = 2_000"


def _commit_and_change(folder: Path) -> None:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for command in (
        ("init", "-q"),
        ("add", "clean.ipynb"),
        (*who, "commit", "-qm", "Add"),
        ("add", "flawed.ipynb"),
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)


RUN = "0d000000-0000-4000-8000-000000000004"


def session(*, orderly: bool) -> list[Event]:
    """A live session, of a notebook left as it was, or changed and cut afterwards."""
    story = Story(
        replace_last(RUN, orderly),
        "orderly.ipynb" if orderly else "changed.ipynb",
        datetime(2026, 5, 1, tzinfo=UTC) + timedelta(hours=orderly),
        python="3.11.9",
        kernel="ipykernel 7.0",
        packages={},
        text=f"session {orderly}",
    )
    with story.cell("c1", 0, "limit = 5") as cell:
        cell.defines("limit", "int", text="5")
    with story.cell("c2", 1 if orderly else 2, "model = train(limit)") as cell:
        cell.reads("limit")
        model = cell.value("model", ValueKind.MODEL, "sklearn.tree.DecisionTreeClassifier")
        data = cell.frame("X", 10)
        cell.step(ActivityKind.TRAINING, "fit", [(data, Role.DATA)], [model])
    with story.cell("c3", 2 if orderly else 1, "print(limit)") as cell:
        cell.reads("limit")
        cell.prints("5")
    if orderly:
        return story.end(("c1", "limit = 5"), ("c2", "model = train(limit)"), ("c3", "print(limit)"))
    return story.end(("c3", "print(limit)"), ("c2", "model = train(limit + 1)"))


def replace_last(run: str, orderly: bool) -> str:
    return f"{run[:-1]}{5 + orderly}"


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """The verdicts on live sessions and on a notebook saved long ago."""
    folder = tmp_path_factory.mktemp("told")
    files = []
    for orderly in (True, False):
        files.append(folder / f"{orderly}.jsonl")
        files[-1].write_bytes(b"".join(encode_event(event) + b"\n" for event in session(orderly=orderly)))
    with open_store(make_home(folder, (*files, FIXTURES / "saved.jsonl"))) as store:
        runs = {"orderly": "orderly.ipynb", "changed": "changed.ipynb", "saved": SAVED}
        return {name: check_run(store, run, rules().values()) for name, run in runs.items()}
