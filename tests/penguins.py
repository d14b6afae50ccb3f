"""A run told by hand: it reads, splits, trains, evaluates, saves and then fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from provkg.records import (
    Activity,
    ActivityKind,
    Agent,
    CellExecution,
    CellFinished,
    Code,
    CodeKind,
    Commit,
    Environment,
    EnvironmentSeen,
    Error,
    Event,
    Evidence,
    File,
    FileMode,
    Hardware,
    Import,
    Link,
    Notice,
    Package,
    Result,
    Role,
    RunFinished,
    RunKind,
    RunStarted,
    Seed,
    Setting,
    SplitRole,
    Status,
    Use,
    Value,
    ValueKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


CELLS = (
    "import pandas as pd\npenguins = pd.read_csv('data/penguins.csv')",
    "train, test = train_test_split(penguins, random_state=0)",
    "forest = RandomForestClassifier(n_estimators=200)\nforest.fit(train, y_train)",
    "accuracy_score(y_test, forest.predict(test))\njoblib.dump(forest, 'forest.joblib')",
    "1 / 0",
)
BEGAN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
RUNS = (
    "5f0c9a3e-7f43-4f6d-8c58-6b7d1a2e9c11",
    "5f0d1111-7f43-4f6d-8c58-6b7d1a2e9c12",
    "a30c9a3e-7f43-4f6d-8c58-6b7d1a2e9c13",
)
"""Three runs of ``penguins.ipynb``, oldest first."""


def tell_penguins(folder: Path, run: str, began: datetime) -> Iterator[Event]:
    """The events of a run of ``penguins.ipynb`` in a folder."""
    yield RunStarted(
        run=run,
        kind=RunKind.NOTEBOOK,
        started_at=began,
        recorder="provkg 0.1.0",
        code=Code(
            path=str(folder / "penguins.ipynb"), kind=CodeKind.NOTEBOOK, sha256="c" * 64, title="Penguins"
        ),
        agent=Agent(user="ada", name="Ada Lovelace"),
        commit=Commit(hash="1234567890" * 4, branch="main", dirty=True),
        folder=str(folder),
        parameters=(Setting(name="trees", value=200, type="int"),),
    )
    packages = (
        Package(name="pandas", version="3.1.1", modules=("pandas",)),
        Package(name="pip", version="26.3"),
    )
    yield EnvironmentSeen(
        environment=Environment(
            python="3.11.7",
            platform="Linux-6.1-x86_64",
            kernel="ipykernel 7.4.0",
            packages=packages,
            hardware=Hardware(cores=2, memory=16_000_000_000),
        )
    )
    for order, execution in enumerate(_penguin_cells(folder, began), start=1):
        assert execution.order == order
        yield CellFinished(execution=execution)
    yield RunFinished(
        ended_at=began + timedelta(seconds=6.24),
        status=Status.FAILED,
        error=Error(name="ZeroDivisionError", message="division by zero"),
        order=5,
    )


def _penguin_cells(folder: Path, began: datetime) -> Iterator[CellExecution]:
    csv, saved = str(folder / "data/penguins.csv"), str(folder / "forest.joblib")
    frame, model = "pandas.DataFrame", "sklearn.ensemble._forest.RandomForestClassifier"

    def cell(order: int, **seen: Any) -> CellExecution:
        return CellExecution(
            order=order,
            source=CELLS[order - 1],
            sha256=f"{order}" * 64,
            started_at=began + timedelta(seconds=order),
            ended_at=began + timedelta(seconds=order + 0.5),
            index=order,
            execution_count=order,
            **seen,
        )

    def table(identifier: str, name: str, rows: int, role: SplitRole | None = None) -> Value:
        number, version = identifier.split(".")
        return Value(
            id=identifier,
            object=int(number),
            version=int(version),
            kind=ValueKind.DATASET,
            type=frame,
            names=(name,),
            shape=(rows, 7),
            role=role,
        )

    def observed(target: str, source: str, operation: str) -> Link:
        return Link(target=target, source=source, evidence=Evidence.OBSERVED, operation=operation)

    yield cell(
        1,
        files=(File(id="f1", path=csv, mode=FileMode.READ, sha256="ab" * 32, size=13_478),),
        values=(table("1.1", "penguins", 344),),
        activities=(
            Activity(
                id="a1",
                kind=ActivityKind.LOADING,
                function="pandas.read_csv",
                started_at=began,
                used=(Use(entity="f1", role=Role.FILE),),
                generated=("1.1",),
            ),
        ),
        links=(observed("1.1", "f1", "read_csv"),),
        imports=(Import(module="pandas", alias="pd", package="pandas"),),
    )
    yield cell(
        2,
        values=(
            table("2.1", "train", 258, SplitRole.TRAINING),
            table("3.1", "test", 86, SplitRole.TEST),
        ),
        activities=(
            Activity(
                id="a2",
                kind=ActivityKind.SPLITTING,
                function="sklearn.model_selection.train_test_split",
                started_at=began,
                used=(Use(entity="1.1", role=Role.DATA),),
                generated=("2.1", "3.1"),
            ),
        ),
        links=(observed("2.1", "1.1", "train_test_split"), observed("3.1", "1.1", "train_test_split")),
        seeds=(Seed(generator="numpy.random", value=7), Seed(generator="random", value=None)),
    )
    yield cell(
        3,
        values=(
            Value(id="4.1", object=4, version=1, kind=ValueKind.MODEL, type=model),
            Value(
                id="4.2",
                object=4,
                version=2,
                kind=ValueKind.MODEL,
                type=model,
                names=("forest",),
                revision_of="4.1",
            ),
        ),
        activities=(
            Activity(
                id="a3",
                kind=ActivityKind.TRAINING,
                function=f"{model}.fit",
                implementation=model,
                package="scikit-learn",
                started_at=began,
                duration=0.31,
                used=(Use(entity="2.1", role=Role.DATA), Use(entity="4.1", role=Role.MODEL)),
                generated=("4.2",),
                settings=(
                    Setting(name="n_estimators", value=200, type="int", explicit=True),
                    Setting(name="max_depth", value=None, type="NoneType", explicit=False),
                ),
                unseeded=True,
                line=2,
            ),
        ),
        packages=(
            Package(name="joblib", version="1.6.0", modules=("joblib",)),
            Package(name="scikit-learn", version="1.9.1", modules=("sklearn",)),
        ),
        imports=(Import(module="sklearn.ensemble", name="RandomForestClassifier", package="scikit-learn"),),
    )
    yield cell(
        4,
        files=(File(id="f2", path=saved, mode=FileMode.WRITTEN, sha256="cd" * 32, size=1_204_311),),
        activities=(
            Activity(
                id="a4",
                kind=ActivityKind.EVALUATION,
                function="sklearn.metrics.accuracy_score",
                started_at=began,
                used=(Use(entity="4.2", role=Role.MODEL), Use(entity="3.1", role=Role.DATA)),
                results=(Result(id="r1", metric="accuracy", value=0.970_149_25, model="4.2", data=("3.1",)),),
            ),
        ),
        links=(observed("f2", "4.2", "dump"),),
        notices=(Notice(where="joblib hook", message="broken on purpose"),),
    )
    error = Error(name="ZeroDivisionError", message="division by zero", line=1)
    yield cell(5, status=Status.FAILED, error=error)
