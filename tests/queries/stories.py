"""Six sessions of one project and a notebook saved long ago: the fixtures of `test_questions`.

Run as a module it writes them to ``fixtures/``, from where the tests read them:

    python -m tests.queries.stories
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from provkg.records import (
    ActivityKind,
    Agent,
    CellExecution,
    CellFinished,
    Code,
    CodeKind,
    Commit,
    Document,
    DocumentCell,
    DocumentSeen,
    FileMode,
    Finding,
    FindingsMade,
    OutputKind,
    Role,
    RunKind,
    RunStarted,
    SplitRole,
    ValueKind,
    encode_event,
)
from tests.queries.story import FOLDER, Cell, Story, sha

if TYPE_CHECKING:
    from collections.abc import Callable

    from provkg.records import Event, Value

FIXTURES = Path(__file__).parent / "fixtures"
ZONE = timezone(timedelta(hours=1))
ADA = Agent(user="ada", name="Ada Lovelace", orcid="0000-0002-1825-0097")
GRACE = Agent(user="grace", name="Grace Hopper")
FIRST = "1f0c9a3e-7f43-4f6d-8c58-6b7d1a2e9c11"
SECOND = "2b7d41c0-52a1-4e0b-9d3f-0c7e55aa8b22"
SCORING = "3c55e8aa-9e0d-4c1f-8a77-1d2f3e4b5c33"
IRIS = "4d90b1f2-6c3b-4b8e-b5d1-7f8091a2b344"
NET = "6fb2d8e4-9f50-4071-8d1e-2f3041526377"
AGAIN = "70c3e9f5-a061-4182-9e2f-304152637488"
SAVED = "5ea1c7d3-8e4f-5a6b-9c0d-1e2f3a4b5c66"

COLUMNS = ("bill", "mass")
LOGISTIC = "sklearn.linear_model._logistic.LogisticRegression"
FOREST = "sklearn.ensemble._forest.RandomForestClassifier"
SCALER = "sklearn.preprocessing._data.StandardScaler"
MODULE = "torch.nn.modules.container.Sequential"
NEIGHBORS = "sklearn.neighbors._classification.KNeighborsClassifier"

C1 = """\
import json
import numpy as np
import pandas as pd
import seaborn as sns
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler"""
C2 = "df = pd.read_csv('penguins.csv')\ndf.head()"
C3 = "clean = df.dropna()\nX = clean.drop(columns='species')\ny = clean['species']"
C4 = "X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=0)"
C5 = (
    "scaler = StandardScaler().fit(X_train)\n"
    "A_train, A_test = scaler.transform(X_train), scaler.transform(X_test)"
)
C6 = (
    "logistic = LogisticRegression(C=0.5).fit(A_train, y_train)\n"
    "accuracy_score(y_test, logistic.predict(A_test))"
)
C7 = "forest = RandomForestClassifier().fit(A_train, y_train)\naccuracy_score(y_test, forest.predict(A_test))"
C8 = "sns.heatmap(confusion_matrix(y_test, guessed))"
C9 = "joblib.dump(forest, 'model.joblib')"
# The same cells as they were changed for the second session, and one that was deleted in it.
D4 = (
    "scaler = StandardScaler()\n"
    "S = scaler.fit_transform(X)\n"
    "X_train, X_test, y_train, y_test = train_test_split(S, y, test_size=0.2)"
)
D6 = (
    "logistic = LogisticRegression(C=0.5).fit(X_train, y_train)\n"
    "seen = X_train.copy()\n"
    "logistic.score(seen, y_train)"
)
D7 = (
    "forest = RandomForestClassifier(max_depth=5).fit(X_train, y_train)\n"
    "accuracy_score(y_test, forest.predict(X_test))"
)
N1 = "import torch\ntorch.manual_seed(7)"
N2 = "birds = pd.read_csv('penguins.csv')\nbirds.tail()"
N3 = "module = torch.load('pretrained.pt')\ntrain(module, birds)"
N4 = "accuracy(module, birds)"
GONE = "df['ratio'] = df.bill_length / df.bill_depth"


def stories() -> dict[str, list[Event]]:
    """The events of each session by the name of its file."""
    tellers: dict[str, Callable[[], list[Event]]] = {
        "first": first,
        "second": second,
        "scoring": scoring,
        "iris": iris,
        "saved": saved,
        "net": lambda: net(NET, datetime(2026, 2, 27, 10, tzinfo=ZONE), (0.9, 0.5, None, 0.25), 0.8),
        "again": lambda: net(AGAIN, datetime(2026, 2, 27, 11, tzinfo=ZONE), (0.9, 0.5, None, 0.375), 0.75),
    }
    return {name: tell() for name, tell in tellers.items()}


def first() -> list[Event]:
    """The notebook from top to bottom: everything in order, seeded, scaled after splitting."""
    story = Story(
        FIRST,
        "penguins.ipynb",
        datetime(2026, 3, 2, 9, tzinfo=ZONE),
        python="3.11.9",
        kernel="ipykernel 6.29.5",
        packages={"ipykernel": "6.29.5", "pandas": "2.10.1", "scikit-learn": "1.9.1", "seaborn": "0.13.2"},
        text="penguins as first run",
        agent=ADA,
        commit=Commit(
            hash="a" * 40, branch="main", dirty=False, repository="https://example.org/penguins.git"
        ),
    )
    with story.cell("c1", 0, C1) as cell:
        _imports(cell)
        cell.seeds("numpy.random", 0)
    with story.cell("c2", 1, C2) as cell:
        df = _load(cell, "penguins.csv", "penguins, first version", 344)
    with story.cell("c3", 2, C3) as cell:
        x, y = _clean(cell, df, 333)
    with story.cell("c4", 3, C4) as cell:
        parts = _split(cell, x, y, 0.25, 250, 83, random_state=0)
    with story.cell("c5", 4, C5) as cell:
        cell.reads("StandardScaler", "X_train", "X_train", "X_test")
        scaler = _fit_scaler(cell, parts["X_train"], "fit")
        a_train, a_test = (
            _scale(cell, scaler, parts[f"X_{n}"], f"A_{n}", 250 if n == "train" else 83)
            for n in ("train", "test")
        )
    with story.cell("c6", 5, C6) as cell:
        cell.reads("LogisticRegression", "A_train", "y_train", "A_test", "y_test")
        model = _fit(
            cell,
            "logistic",
            LOGISTIC,
            a_train,
            parts["y_train"],
            {"C": (0.5, True), "max_iter": (100, False)},
        )
        guessed = _predict(cell, model, LOGISTIC, a_test, 83)
        _score(cell, "accuracy", 0.95, model, a_test, parts["y_test"], guessed)
    with story.cell("c7", 6, C7) as cell:
        cell.reads("RandomForestClassifier", "A_train", "y_train", "A_test", "y_test")
        forest = _fit(
            cell,
            "forest",
            FOREST,
            a_train,
            parts["y_train"],
            {"max_depth": (None, False), "n_estimators": (200, True)},
        )
        guessed = _predict(cell, forest, FOREST, a_test, 83)
        _score(cell, "accuracy", 0.9625, forest, a_test, parts["y_test"], guessed)
        _score(cell, "accuracy", 1.0, forest, a_train, parts["y_train"], guessed)
        _score(cell, "f1", 0.96, forest, a_test, parts["y_test"], guessed)
        cell.prints("forest: 0.9625\n")
    with story.cell("c8", 7, C8) as cell:
        cell.reads("sns", "y_test", "guessed")
        cell.output(
            OutputKind.DISPLAY,
            {"image/png": "heat map of the first run", "text/plain": "<Figure size 640x480 with 1 Axes>"},
            "<Figure size 640x480 with 1 Axes>",
        )
    with story.cell("c9", 8, C9) as cell:
        cell.reads("forest")
        file = cell.file("model.joblib", FileMode.WRITTEN, "the forest of the first run")
        cell.step(
            ActivityKind.SAVING, "joblib.numpy_pickle.dump", [(forest, Role.MODEL)], [file], package="joblib"
        )
    story.annotate(f"sha256:{sha('penguins, first version')}", licence="CC0-1.0", origin="palmerpenguins")
    story.annotate(forest.id, licence="MIT", title="A forest of penguins")
    story.annotate("document", author="Ada Lovelace", licence="MIT")
    story.annotate("", purpose="paper")
    story.annotate("", purpose="")
    ids = ("c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9")
    return story.end(*zip(ids, (C1, C2, C3, C4, C5, C6, C7, C8, C9), strict=True))


def second() -> list[Event]:
    """The same notebook a day later: newer data, Python and packages, other split, and several mistakes."""
    story = Story(
        SECOND,
        "penguins.ipynb",
        datetime(2026, 3, 3, 14, tzinfo=ZONE),
        python="3.12.1",
        kernel="ipykernel 7.0.0",
        packages={"ipykernel": "7.0.0", "pandas": "2.10.1", "scikit-learn": "1.10.0", "seaborn": "0.13.2"},
        text="penguins as run a second time",
        agent=ADA,
        commit=Commit(
            hash="b" * 40, branch="main", dirty=True, repository="https://example.org/penguins.git"
        ),
    )
    with story.cell("c1", 0, C1) as cell:
        _imports(cell)
    with story.cell("c2", 1, C2) as cell:
        df = _load(cell, "penguins.csv", "penguins, second version", 340)
    with story.cell("c3", 2, C3) as cell:
        x, y = _clean(cell, df, 330)
    with story.cell("c4", 3, D4) as cell:
        cell.reads("StandardScaler")
        scaler = _fit_scaler(cell, x, "fit_transform")
        scaled = _scale(cell, scaler, x, "S", 330)
        parts = _split(cell, scaled, y, 0.2, 264, 66, random_state=None)
    with story.cell("c7", 6, D7) as cell:
        cell.reads("RandomForestClassifier", "X_train", "y_train", "X_test", "y_test")
        forest = _fit(
            cell,
            "forest",
            FOREST,
            parts["X_train"],
            parts["y_train"],
            {"max_depth": (5, True), "n_estimators": (100, False)},
        )
        guessed = _predict(cell, forest, FOREST, parts["X_test"], 66)
        _score(cell, "accuracy", 0.91, forest, parts["X_test"], parts["y_test"], guessed)
    with story.cell("c6", 5, D6) as cell:
        cell.reads("LogisticRegression", "X_train", "X_train", "y_train")
        model = _fit(
            cell,
            "logistic",
            LOGISTIC,
            parts["X_train"],
            parts["y_train"],
            {"C": (0.5, True), "max_iter": (100, False)},
        )
        seen = cell.frame("seen", 264, content=f"{SECOND} X_train")
        cell.link(seen, parts["X_train"], "copy")
        result = cell.result("accuracy", 0.99, model, seen)
        cell.step(
            ActivityKind.EVALUATION,
            f"{LOGISTIC}.score",
            [(model, Role.MODEL), (seen, Role.DATA)],
            results=[result],
        )
    with story.cell("c5", 4, GONE) as cell:
        cell.reads("df", "df")
        cell.value("df", ValueKind.DATASET, "pandas.DataFrame", 340, content="df with a ratio", after=df)
    with story.cell("c8", 7, C8) as cell:
        cell.reads("y_test", "guessed")
        cell.output(
            OutputKind.DISPLAY,
            {"image/png": "heat map of the second run", "text/plain": "<Figure size 640x480 with 1 Axes>"},
            "<Figure size 640x480 with 1 Axes>",
        )
    ids = ("c1", "c2", "c3", "c4", "c6", "c7", "c8")
    return story.end(*zip(ids, (C1, C2, C3, D4, D6, D7, C8), strict=True))


def scoring() -> list[Event]:
    """Another notebook uses the model that the first session saved, and fails in its last cell."""
    story = Story(
        SCORING,
        "scoring.ipynb",
        datetime(2026, 3, 4, 8, tzinfo=ZONE),
        python="3.11.9",
        kernel="ipykernel 6.29.5",
        packages={"ipykernel": "6.29.5", "joblib": "1.4.2", "pandas": "2.9.0", "scikit-learn": "1.9.1"},
        text="scoring",
        agent=GRACE,
    )
    with story.cell("s1", 0, "import joblib\nimport pandas as pd") as cell:
        cell.imports("joblib", package="joblib")
        cell.imports("pandas", alias="pd", package="pandas")
    with story.cell("s2", 1, "model = joblib.load('model.joblib')\nnew = pd.read_csv('new.csv')") as cell:
        cell.reads("joblib", "pd")
        file = cell.file("model.joblib", FileMode.READ, "the forest of the first run")
        model = cell.value("model", ValueKind.MODEL, FOREST)
        cell.step(
            ActivityKind.LOADING, "joblib.numpy_pickle.load", [(file, Role.FILE)], [model], package="joblib"
        )
        new = _load(cell, "new.csv", "new birds", 20, name="new")
    with story.cell("s3", 2, "answer = model.predict(new)\nanswer.to_csv('answer.csv')") as cell:
        cell.reads("model", "new")
        answer = _predict(cell, model, FOREST, new, 20, name="answer")
        file = cell.file("answer.csv", FileMode.WRITTEN, "answers for the new birds")
        cell.step(
            ActivityKind.SAVING, "pandas.DataFrame.to_csv", [(answer, Role.DATA)], [file], package="pandas"
        )
    with story.cell("s4", 3, "answer.describe()\nplot(answr)") as cell:
        cell.reads("answer")
        cell.fails("NameError", "name 'answr' is not defined", 2)
        cell.output(OutputKind.ERROR, {"text/plain": "NameError: name 'answr' is not defined"})
    return story.end(("s1", "import joblib\nimport pandas as pd"), ("s2", "…"), ("s3", "…"), ("s4", "…"))


def iris() -> list[Event]:
    """Other data; the score is only printed, and a log file was too large to read."""
    story = Story(
        IRIS,
        "iris.ipynb",
        datetime(2026, 3, 5, 17, tzinfo=ZONE),
        python="3.11.9",
        kernel="ipykernel 6.29.5",
        packages={"ipykernel": "6.29.5", "pandas": "2.10.1", "scikit-learn": "1.9.1"},
        text="the iris notebook",
        agent=GRACE,
    )
    fitting = "model = KNeighborsClassifier().fit(data, kind)\nprint('Accuracy: ', check(model))"
    with story.cell(
        "i1", 0, "import pandas as pd\nfrom sklearn.neighbors import KNeighborsClassifier"
    ) as cell:
        cell.imports("pandas", alias="pd", package="pandas")
        cell.imports("sklearn.neighbors", "KNeighborsClassifier", package="scikit-learn")
        cell.seeds("random", None)
    with story.cell("i2", 1, "data = pd.read_csv('iris.csv')\nkind = data.pop('kind')") as cell:
        data = _load(cell, "iris.csv", "iris", 150, name="data")
        kind = cell.value("kind", ValueKind.DATASET, "pandas.Series", 150, content="kinds of iris")
        cell.link(kind, data, "pop")
        cell.file("huge.log", FileMode.READ, "", reason="larger than 1 GB")
    with story.cell("i3", 2, fitting) as cell:
        cell.reads("KNeighborsClassifier", "data", "kind")
        _fit(cell, "model", NEIGHBORS, data, kind, {"n_neighbors": (5, False)})
        cell.prints("Accuracy:  0.8812\n")
    with story.cell("i4", 3, "data.shape") as cell:
        cell.reads("data")
        cell.output(OutputKind.RESULT, {"text/plain": "(150, 4)"}, "(150, 4)")
    return story.end(("i1", "…"), ("i2", "…"), ("i3", fitting), ("i4", "data.shape"))


def saved() -> list[Event]:
    """A notebook that was saved long ago and only read: what does not fit together in it was found."""
    sources = ("total = 0", "total += share")
    cells = tuple(
        DocumentCell(id=f"s{index}", index=index, type="code", sha256=sha(source))
        for index, source in enumerate(sources)
    )
    ingested = datetime(2026, 3, 6, 8, tzinfo=ZONE)
    executions = (
        CellFinished(
            execution=CellExecution(
                order=order,
                source=sources[index],
                sha256=sha(sources[index]),
                cell_id=f"s{index}",
                index=index,
                execution_count=count,
            )
        )
        for order, (index, count) in enumerate(((1, 2), (0, 5)), 1)
    )
    return [
        RunStarted(
            run=SAVED,
            kind=RunKind.IMPORTED,
            imported_at=ingested,
            recorder="provkg 0.1.0",
            code=Code(path=f"{FOLDER}/saved.ipynb", kind=CodeKind.NOTEBOOK, sha256=sha("saved"), size=5),
            folder=FOLDER,
        ),
        DocumentSeen(at=ingested, document=Document(cells=cells, sha256=sha("saved"))),
        *executions,
        FindingsMade(
            findings=(
                Finding(
                    kind="out of order",
                    message="Cell 1 [5] ran after a cell further down.",
                    orders=(2,),
                    cells=(0,),
                ),
                Finding(kind="gap in counts", message="Executions 1, 3 to 4 are not shown."),
                Finding(
                    kind="name that nothing sets", message="Cell 2 [2] used `share`.", orders=(1,), cells=(1,)
                ),
            )
        ),
    ]


def net(id_: str, began: datetime, losses: tuple[float | None, ...], accuracy: float) -> list[Event]:
    """A network is loaded from a file and trained on, after a cell was corrected; its numbers vary."""
    story = Story(
        id_,
        "net.ipynb",
        began,
        python="3.12.1",
        kernel="ipykernel 7.0.0",
        packages={"ipykernel": "7.0.0", "pandas": "2.10.1", "torch": "2.12.0"},
        text="the notebook of the network",
        agent=GRACE,
        commit=Commit(hash="c" * 40, branch="main", dirty=False),
    )
    with story.cell("n1", 0, N1) as cell:
        cell.imports("torch", package="torch")
        cell.seeds("torch", 7)
    with story.cell("n2", 1, N2.replace("tail", "head")) as cell:
        birds = _load(cell, "penguins.csv", "penguins, first version", 344, name="birds")
        cell.output(OutputKind.RESULT, {"text/plain": "the first five"}, "the first five")
    with story.cell("n2", 1, N2) as cell:
        birds = _load(cell, "penguins.csv", "penguins, first version", 344, name="birds")
        cell.output(OutputKind.RESULT, {"text/plain": "the last five"}, "the last five")
    with story.cell("n3", 2, N3) as cell:
        cell.reads("torch", "birds")
        file = cell.file("pretrained.pt", FileMode.READ, "weights from elsewhere")
        loaded = cell.value("module", ValueKind.MODEL, MODULE)
        cell.step(ActivityKind.LOADING, "torch.load", [(file, Role.FILE)], [loaded], package="torch")
        module = cell.value("module", ValueKind.MODEL, MODULE, after=loaded)
        loss = cell.result("loss", 0.25, module, birds, role=SplitRole.TRAINING, series=losses)
        cell.step(
            ActivityKind.TRAINING,
            "torch loop",
            [(loaded, Role.MODEL), (birds, Role.DATA)],
            [module],
            implementation=MODULE,
            package="torch",
            settings={"lr": (0.01, True), "parameters": (1234, None)},
            results=[msgspec.structs.replace(loss, value=losses[-1], text=repr(losses[-1]))],
        )
    with story.cell("n4", 3, N4) as cell:
        cell.reads("module", "birds")
        _score(cell, "accuracy", accuracy, module, birds, birds, module)
    return story.end(("n1", N1), ("n2", N2), ("n3", N3), ("n4", N4))


def _imports(cell: Cell) -> None:
    cell.imports("json")
    cell.imports("numpy", alias="np", package="numpy")
    cell.imports("pandas", alias="pd", package="pandas")
    cell.imports("seaborn", alias="sns", package="seaborn")
    cell.imports("sklearn.ensemble", "RandomForestClassifier", package="scikit-learn")
    cell.imports("sklearn.linear_model", "LogisticRegression", package="scikit-learn")
    cell.imports("sklearn.model_selection", "train_test_split", package="scikit-learn")
    cell.imports("sklearn.preprocessing", "StandardScaler", package="scikit-learn")


def _load(cell: Cell, path: str, content: str, rows: int, *, name: str = "df") -> Value:
    cell.reads("pd")
    file = cell.file(path, FileMode.READ, content)
    frame = cell.frame(name, rows)
    if path == "penguins.csv":
        cell.columns(frame, *COLUMNS, "note", "species")
    cell.step(ActivityKind.LOADING, "pandas.read_csv", [(file, Role.FILE)], [frame], package="pandas")
    return frame


def _clean(cell: Cell, df: Value, rows: int) -> tuple[Value, Value]:
    cell.reads("df")
    clean, x = cell.frame("clean", rows), cell.frame("X", rows)
    y = cell.value("y", ValueKind.DATASET, "pandas.Series", rows, content=f"{cell.story.id} y")
    cell.columns(clean, *COLUMNS, "note", "species")
    cell.columns(x, *COLUMNS)
    cell.columns(y, "species")
    cell.link(clean, df, "dropna", same_columns=True)
    cell.link(x, clean, "drop", same_columns=True)
    cell.link(y, clean, "getitem", "species")
    return x, y


def _split(
    cell: Cell, x: Value, y: Value, size: float, train: int, test: int, *, random_state: int | None
) -> dict[str, Value]:
    cell.reads("train_test_split", x.names[0], y.names[0])
    parts = {}
    for whole, letter in ((x, "X"), (y, "y")):
        for role, rows, suffix in ((SplitRole.TRAINING, train, "train"), (SplitRole.TEST, test, "test")):
            name = f"{letter}_{suffix}"
            parts[name] = cell.frame(name, rows, role=role, content=f"{cell.story.id} {name}")
            cell.columns(parts[name], *(COLUMNS if letter == "X" else ("species",)))
            cell.link(parts[name], whole, "train_test_split", same_columns=True)
    cell.step(
        ActivityKind.SPLITTING,
        "sklearn.model_selection.train_test_split",
        [(x, Role.DATA), (y, Role.DATA)],
        list(parts.values()),
        settings={"test_size": (size, True), "random_state": (random_state, random_state is not None)},
        unseeded=random_state is None,
    )
    return parts


def _fit_scaler(cell: Cell, data: Value, method: str) -> Value:
    new = cell.value("scaler", ValueKind.TRANSFORMER, SCALER)
    fitted = cell.value("scaler", ValueKind.TRANSFORMER, SCALER, after=new)
    cell.step(
        ActivityKind.PREPROCESSING,
        f"{SCALER}.{method}",
        [(new, Role.MODEL), (data, Role.DATA)],
        [fitted],
        implementation=SCALER,
        settings={"with_mean": (True, False)},
    )
    return fitted


def _scale(cell: Cell, scaler: Value, data: Value, name: str, rows: int) -> Value:
    scaled = cell.frame(name, rows, role=data.role)
    used = [(scaler, Role.MODEL), (data, Role.DATA)]
    cell.step(ActivityKind.PREPROCESSING, f"{SCALER}.transform", used, [scaled], implementation=SCALER)
    cell.link(scaled, data, f"{SCALER}.transform", *COLUMNS)
    cell.link(scaled, scaler, f"{SCALER}.transform")
    return scaled


def _fit(
    cell: Cell, name: str, class_: str, data: Value, target: Value, settings: dict[str, tuple[object, bool]]
) -> Value:
    new = cell.value(name, ValueKind.MODEL, class_)
    fitted = cell.value(name, ValueKind.MODEL, class_, after=new)
    cell.step(
        ActivityKind.TRAINING,
        f"{class_}.fit",
        [(new, Role.MODEL), (data, Role.DATA), (target, Role.TARGET)],
        [fitted],
        implementation=class_,
        settings=settings,  # type: ignore[arg-type]
        unseeded=class_ == FOREST,
    )
    return fitted


def _predict(
    cell: Cell, model: Value, class_: str, data: Value, rows: int, *, name: str = "guessed"
) -> Value:
    made = cell.value(name, ValueKind.PREDICTION, "numpy.ndarray", rows, role=data.role)
    used = [(model, Role.MODEL), (data, Role.DATA)]
    cell.step(ActivityKind.PREDICTION, f"{class_}.predict", used, [made], implementation=class_)
    return made


def _score(
    cell: Cell, metric: str, value: float, model: Value, data: Value, truth: Value, guessed: Value
) -> None:
    """A metric of what a model guessed for ``data``."""
    result = cell.result(metric, value, model, data, role=data.role)
    used = [(truth, Role.TRUTH), (guessed, Role.PREDICTION)]
    cell.step(ActivityKind.EVALUATION, f"sklearn.metrics.{metric}_score", used, results=[result])


def write() -> None:
    """Write the sessions to the folder of fixtures."""
    for name, events in stories().items():
        lines = b"".join(encode_event(event) + b"\n" for event in events)
        (FIXTURES / f"{name}.jsonl").write_bytes(lines)


if __name__ == "__main__":
    write()
