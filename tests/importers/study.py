"""A notebook as MLProvLab leaves it: the record of four sessions in its metadata, one cell deleted since.

It is made up here, in the format of MLProvLab 0.1.0. The experiment is one with four classifiers; the answers
to the questions about it are in `test_mlprovlab.py`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from tests.importers.conftest import Json, code, printed, result

__all__ = ["BARS", "CURVE", "Shown", "Step", "epoch", "exported", "notebook", "study"]

BARS = b"\x89PNG\r\n\x1a\n" + b"bars"
CURVE = b"\x89PNG\r\n\x1a\n" + b"curve"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:89.0) Gecko/20100101 Firefox/89.0"


class Shown(NamedTuple):
    """What IPython shows of a variable: its class, its text, how long it is."""

    type: str
    text: str
    length: int | None = None

    def __str__(self) -> str:
        parts = {
            "Type": self.type,
            "String form": self.text,
            "Length": self.length,
            "Docstring": "Says: this.",
        }
        return "".join(
            f"\x1b[1;31m{name}:\x1b[0m  {text}\n" for name, text in parts.items() if text is not None
        )


class Step(NamedTuple):
    """One execution: the cell's id, its text, what came of it."""

    cell: str
    source: str
    outputs: Sequence[Json] = ()
    sources: Sequence[str] = ()
    shown: Mapping[str, Shown] = MappingProxyType({})
    type: str = "execution"


def picture(content: bytes) -> Json:
    """A figure that was displayed."""
    data = {"image/png": base64.b64encode(content).decode() + "\n", "text/plain": "<Figure>"}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def time(at: datetime) -> str:
    """A time as a browser writes it."""
    return format_datetime(at, usegmt=True)


def epoch(
    began: datetime,
    steps: Sequence[Step],
    *,
    python: str = "3.9.2",
    kernel: str = "7.22.0",
    counts: Sequence[int] | None = None,
    modules: Json | None = None,
) -> Json:
    """One session, an execution a second."""
    data = [
        {
            "cell_id": step.cell,
            "cell_source": step.source,
            "cell_outputs": list(step.outputs),
            "execution_count": count,
            "type": step.type,
            "local": list(step.shown),
            "remote": [],
            "imports": [],
            "local_info": {name: str(seen) for name, seen in step.shown.items()},
            "data_values": list(step.sources),
            "data_vars": [],
            "definitions": [],
            "time": time(began + timedelta(seconds=rank)),
        }
        for rank, (step, count) in enumerate(zip(steps, counts or range(1, len(steps) + 1), strict=True))
    ]
    return {
        "environment": {
            "time": time(began),
            "user_agent": BROWSER,
            "kernel": {"implementation": "ipython", "version": kernel},
            "language_info": {"name": "python", "version": python, "mimetype": "text/x-python"},
        },
        "modules": modules or {},
        "cells": list(dict.fromkeys(step.cell for step in steps)),
        "data": data,
    }


def notebook(epochs: Sequence[Any], cells: Sequence[Json]) -> Json:
    """A notebook with a record in it."""
    record = {"epochs": list(epochs), "cells": []}
    metadata = {"language_info": {"name": "python", "version": "3.9.2"}, "provenance": record}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells)}


def exported(epochs: Sequence[Json]) -> Json:
    """The file that is exported of such a notebook."""
    names = {
        "execution_count": "execution_count",
        "used_data": "data_values",
        "data_vars": "data_vars",
        "execution_info": "definitions",
        "code": "cell_source",
        "cell_id": "cell_id",
        "dependencies": "remote",
        "imports": "imports",
        "outputs": "cell_outputs",
        "definitions": "local",
        "definition_info": "local_info",
        "time": "time",
    }
    told = [
        {
            "kernel_start_time": one["environment"]["time"],
            "language": "python",
            "language_version": one["environment"]["language_info"]["version"],
            "language_mimetype": "text/x-python",
            "kernel": "ipython",
            "kernel_version": one["environment"]["kernel"]["version"],
            "user_agent": BROWSER,
            "modules": one["modules"],
            "execution_data": [{there: step[here] for there, here in names.items()} for step in one["data"]],
        }
        for one in epochs
    ]
    return {"used_data": [], "epochs": told}


FRAME = "   bill  species\n0  39.1  Adelie\n..  ...     ...\n\n[344 rows x 7 columns]"
LOADING = (
    Step(
        "c1",
        "import numpy as np\nimport pandas as pd\nimport os\n\n"
        "for folder, _, names in os.walk('D:/penguins'):\n    for name in names:\n"
        "        print(os.path.join(folder, name))",
        [printed("D:/penguins\\measured.csv\nD:/penguins\\later.csv\n")],
        ["D:/penguins"],
    ),
    Step(
        "c2",
        "df = pd.read_csv('D:/penguins/measured.csv')\n"
        "later = pd.read_csv('D:\\\\penguins\\\\later.csv')\ndf.head()",
        [result("   bill", 2)],
        ["D:/penguins/measured.csv", "D:\\penguins\\later.csv"],
        {"df": Shown("DataFrame", FRAME, 344), "later": Shown("DataFrame", "   bill", 12)},
    ),
    Step(
        "c3",
        "import matplotlib.pyplot as plt\nimport seaborn as sns\nplt.figure(figsize=(4, 3))\n"
        "sns.countplot(x='species', data=df)",
        [picture(BARS)],
    ),
)
MODULES = {
    "numpy": {"alias": "np", "version": "1.19.5"},
    "pandas": {"alias": "pd", "version": "1.2.3"},
    "os": {"version": ""},
    "matplotlib.pyplot": {"alias": "plt", "version": ""},
    "seaborn": {"alias": "sns", "version": "0.11.1"},
    "sklearn.model_selection": {"imports": ["train_test_split"], "version": ""},
}


def _split(size: float, cell: str = "c4") -> Step:
    return Step(
        cell,
        "from sklearn.model_selection import train_test_split\n"
        "X = df.drop('species', axis=1).values\ny = df['species'].values\n"
        f"X_train, X_test, y_train, y_test = train_test_split(X, y, test_size={size}, random_state=1)\n"
        "print(X_train.shape)",
        [printed("(275, 6)\n")],
        shown={
            "X_train": Shown("ndarray", "[[0 1]\n [2 3]]", 275),
            "y_train": Shown("ndarray", "['Adelie' 'Gentoo']", 275),
        },
    )


def _score(cell: str, model: str, accuracy: float) -> Step:
    report = (
        f"              precision    recall\n\n    accuracy                           {accuracy}        69\n"
    )
    source = (
        f"from sklearn.metrics import classification_report\nguesses = {model}.predict(X_test)\n"
        "print(classification_report(y_test, guesses))"
    )
    return Step(cell, source, [printed(report)])


def study(
    sizes: Sequence[float] = (0.2, 0.2, 0.2, 0.2), pythons: Sequence[str] = ("3.9.2",) * 4
) -> tuple[list[Json], list[Json]]:
    """The sessions of the experiment, and the cells that are left of the notebook."""
    began = [datetime(2021, 6, 24, hour, 0, 0, tzinfo=UTC) for hour in (8, 9, 10, 11)]
    neighbours = [
        *LOADING,
        _split(sizes[0]),
        Step(
            "c5",
            "from sklearn.neighbors import KNeighborsClassifier\nerrors = []\nfor k in range(1, 9):\n"
            "    knn = KNeighborsClassifier(n_neighbors=k)\n    knn.fit(X_train, y_train)\n"
            "    errors.append(np.mean(knn.predict(X_test) != y_test))",
            shown={"knn": Shown("KNeighborsClassifier", "KNeighborsClassifier(n_neighbors=8)")},
        ),
        Step("c6", "plt.plot(range(1, 9), errors)", [picture(CURVE)]),
        _score("c7", "knn", 0.87),
    ]
    forest = [
        *LOADING,
        _split(sizes[1]),
        Step(
            "c5",
            "from sklearn.ensemble import RandomForestClassifier\nforest = RandomForestClassifier()\n"
            "forest.fit(X_train, y_train)",
        ),
        _score("c6", "forest", 0.91),
    ]
    bayes = [
        *LOADING,
        _split(sizes[2]),
        Step("c5", "from sklearn.naive_bayes import GaussianNB\nbayes = GaussianNB().fit(X_train, y_train)"),
        _score("c6", "bayes", 0.78),
    ]
    layers = [
        *LOADING,
        _split(sizes[3]),
        Step("c5", "flat = X_train.reshape(len(X_train), -1)"),
        Step("gone", "print(len(later))", [printed("12\n")]),
        Step("c6", "from sklearn.neural_network import MLPClassifier\nnet = MLPClassifier(max_iter=50)"),
        Step("c7", "net.fit(X_train, y_train)"),
        _score("c8", "net", 0.93),
    ]
    sessions = [
        epoch(at, steps, python=python, modules=MODULES)
        for at, steps, python in zip(began, (neighbours, forest, bayes, layers), pythons, strict=True)
    ]
    cells = [
        code(step.source, count, *step.outputs, id=f"id-{step.cell}", metadata={"prov_id": step.cell})
        for count, step in enumerate(layers, 1)
        if step.cell != "gone"
    ]
    return sessions, cells
