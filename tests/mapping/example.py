"""A notebook session told as its record: every kind of thing that the mapping knows, once or more.

Cell c1 imports, c2 reads penguins.csv and cleans it, c3 splits, scales, trains, predicts and evaluates, c4
(edited and executed again as c4) saves the model and shows a figure, c5 fails.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from provkg.identity import sha256
from provkg.records import (
    Activity,
    ActivityKind,
    Agent,
    CellExecution,
    Code,
    CodeKind,
    Column,
    Commit,
    Digest,
    Document,
    DocumentCell,
    DocumentSeen,
    Environment,
    Error,
    Evidence,
    File,
    FileMode,
    Fingerprint,
    Hardware,
    Import,
    Link,
    MediaContent,
    Notice,
    Output,
    OutputKind,
    Package,
    Read,
    Result,
    Role,
    Run,
    RunFinished,
    RunKind,
    RunStarted,
    Seed,
    SeriesBy,
    Setting,
    SplitRole,
    Status,
    Use,
    Value,
    ValueKind,
    VariableState,
)

__all__ = ["BASE", "RUN", "START", "digest_of", "example_run"]

BASE = "https://example.org/kg/"
RUN = "0b5c8f1e-7c1c-4c8e-9a43-2f3d7d8a9f10"
START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
FRAME = "pandas.core.frame.DataFrame"
FOREST = "sklearn.ensemble._forest.RandomForestClassifier"


def digest_of(text: str) -> str:
    """The digest that stands for a content."""
    return sha256(text.encode())


def example_run() -> Run:
    """The session."""
    executions = (_imports(), _loading(), _training(), _saving(), _showing(), _failing())
    return Run(
        started=RunStarted(
            run=RUN,
            kind=RunKind.NOTEBOOK,
            started_at=START,
            recorder="provkg 0.1.0",
            code=Code(
                path="/home/ada/penguins.ipynb",
                kind=CodeKind.NOTEBOOK,
                sha256=digest_of("notebook"),
                size=4096,
                title="Penguins",
            ),
            agent=Agent(user="ada", name="Ada Lovelace", orcid="0000-0002-1825-0097"),
            commit=Commit(
                hash="f" * 40, branch="main", dirty=False, repository="https://example.org/ada/penguins.git"
            ),
            command=("provkg", "run", "my penguins.ipynb"),
            folder="/home/ada",
            parameters=(Setting(name="threshold", value=0.5, type="float", explicit=True),),
        ),
        executions=executions,
        documents=(_document(0, "c4 first"), _document(0, "c4 first"), _document(40, "c4 second")),
        finished=RunFinished(
            ended_at=_at(60),
            status=Status.FAILED,
            error=executions[-1].error,
            order=6,
            notices=(Notice(where="runner", message="no media type", count=2),),
        ),
        environment=Environment(
            python="3.11.7",
            platform="Linux 6.1",
            kernel="ipykernel 7.4.0",
            packages=(
                Package(name="pandas", version="3.1.1", modules=("pandas",)),
                Package(name="scikit-learn", version="1.9.1", modules=("sklearn",)),
            ),
            hardware=Hardware(
                machine="x86_64", processor="A processor", cores=8, memory=2**34, accelerators=("A GPU",)
            ),
        ),
    )


def _at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _cell(order: int, cell: str, index: int, source: str, **seen: Any) -> CellExecution:
    return CellExecution(
        order=order,
        source=source,
        sha256=digest_of(source),
        started_at=_at(10 * order),
        ended_at=_at(10 * order + 5),
        cell_id=cell,
        index=index,
        execution_count=order,
        cpu=1.5,
        overhead=0.01,
        **seen,
    )


def _document(second: float, fourth: str) -> DocumentSeen:
    sources = ("intro", "c1", "c2", "c3", fourth)
    ids = ("m1", "c1", "c2", "c3", "c4")
    cells = tuple(
        DocumentCell(id=id_, index=index, type="code" if index else "markdown", sha256=digest_of(source))
        for index, (id_, source) in enumerate(zip(ids, sources, strict=True))
    )
    return DocumentSeen(at=_at(second), document=Document(cells=cells, sha256=digest_of(fourth + " file")))


def _imports() -> CellExecution:
    return _cell(
        1,
        "c1",
        1,
        "import pandas as pd\nimport os.path\nfrom sklearn.ensemble import *",
        tags=("setup",),
        imports=(
            Import(module="pandas", alias="pd", package="pandas"),
            Import(module="os.path", stdlib=True),
            Import(module="sklearn.ensemble", name="*", package="scikit-learn"),
        ),
        seeds=(
            Seed(generator="numpy.random", value=42, line=4),
            Seed(generator="random", value=None),
        ),
    )


def _loading() -> CellExecution:
    columns = (
        Column(name="species", type="str", missing=0),
        Column(name="mass", type="float64", missing=2),
    )
    return _cell(
        2,
        "c2",
        2,
        "df = pd.read_csv('penguins.csv')\nclean = df.dropna()\npd.DataFrame()\nn = 5\nold = 1",
        files=(
            File(
                id="f1",
                path="/home/ada/penguins.csv",
                mode=FileMode.READ,
                sha256=digest_of("penguins"),
                size=13478,
                media_type="text/csv",
                earlier_digest=True,
            ),
            File(
                id="f2",
                path="/home/ada/huge.bin",
                mode=FileMode.READ,
                sha256=digest_of("a part"),
                covers=Digest.PARTIAL,
                reason="larger than the limit",
                package="scikit-learn",
            ),
            File(
                id="f8",
                path="",
                url="https://example.org/islands.csv",
                mode=FileMode.READ,
                sha256=digest_of("islands"),
                size=200,
            ),
        ),
        read_files=("f1", "f2", "f8"),
        values=(
            Value(
                id="1.1",
                object=1,
                version=1,
                kind=ValueKind.DATASET,
                type=FRAME,
                names=("df", "frame"),
                shape=(344, 2),
                columns=columns,
                fingerprint=Fingerprint(algorithm="xxh3-frame", hex="ab"),
            ),
            Value(
                id="2.1",
                object=2,
                version=1,
                kind=ValueKind.DATASET,
                type=FRAME,
                names=("clean",),
                shape=(342, 2),
                columns=columns,
                fingerprint=Fingerprint(algorithm="xxh3-frame", hex="cd", covers=Digest.PARTIAL),
            ),
        ),
        activities=(
            Activity(
                id="a1",
                kind=ActivityKind.LOADING,
                function="pandas.read_csv",
                started_at=_at(20),
                duration=0.5,
                package="pandas",
                used=(Use(entity="f1", role=Role.FILE, argument="filepath_or_buffer"),),
                generated=("1.1",),
                line=1,
            ),
        ),
        links=(
            Link(target="1.1", source="f1", evidence=Evidence.OBSERVED, operation="read_csv"),
            Link(target="2.1", source="1.1", evidence=Evidence.OBSERVED, operation="dropna"),
        ),
        defines=(
            VariableState(name="df", type=FRAME, value="1.1"),
            VariableState(name="clean", type=FRAME, value="2.1"),
            VariableState(name="n", type="int", text="5", evidence=Evidence.INFERRED),
            VariableState(name="old", type="int", text="1"),
        ),
        reads=(Read(name="pd", count=2, definer=1), Read(name="df", count=1, definer=2)),
    )


def _training() -> CellExecution:
    split: dict[str, Any] = {"kind": ValueKind.DATASET, "version": 1, "type": FRAME}
    model: dict[str, Any] = {"object": 8, "type": FOREST, "kind": ValueKind.MODEL, "names": ("model",)}
    train, test = SplitRole.TRAINING, SplitRole.TEST
    return _cell(
        3,
        "c3",
        3,
        "X_train, X_test, y_train, y_test = train_test_split(clean, y)\n…",
        values=(
            Value(id="3.1", object=3, names=("X_train",), role=train, shape=(240, 2), **split),
            Value(id="4.1", object=4, names=("X_test",), role=test, shape=(102, 2), **split),
            Value(id="5.1", object=5, names=("y_train",), role=train, shape=(240,), **split),
            Value(
                id="6.1",
                object=6,
                names=("y_test",),
                role=test,
                shape=(102,),
                element_type="float64",
                **split,
            ),
            Value(
                id="7.1",
                object=7,
                version=1,
                kind=ValueKind.TRANSFORMER,
                type="sklearn.preprocessing._data.StandardScaler",
            ),
            Value(id="8.1", version=1, **model),
            Value(id="8.2", version=2, revision_of="8.1", **model),
            Value(
                id="9.1",
                object=9,
                version=1,
                kind=ValueKind.PREDICTION,
                type="numpy.ndarray",
                names=("y_pred",),
                role=test,
            ),
            Value(
                id="10.1",
                object=10,
                version=1,
                kind=ValueKind.OTHER,
                type="builtins.list",
                role=SplitRole.VALIDATION,
                role_evidence=Evidence.INFERRED,
                fold=2,
            ),
        ),
        links=(
            *(
                Link(target=part, source="2.1", evidence=Evidence.OBSERVED, operation="train_test_split")
                for part in ("3.1", "4.1")
            ),
            Link(target="10.1", source="9.1", evidence=Evidence.INFERRED, operation="expression"),
        ),
        activities=(_split(), _scale(), _fit(), _nested(), _predict(), *_evaluate(), *_tune()),
        defines=(VariableState(name="model", type=FOREST, value="8.2"),),
        deletes=("old",),
        reads=(Read(name="clean", definer=2), Read(name="y")),
    )


def _split() -> Activity:
    return Activity(
        id="a2",
        kind=ActivityKind.SPLITTING,
        function="sklearn.model_selection.train_test_split",
        started_at=_at(30),
        duration=0.1,
        package="scikit-learn",
        used=(Use(entity="2.1", role=Role.DATA),),
        generated=("3.1", "4.1", "5.1", "6.1"),
        settings=(Setting(name="test_size", value=0.3, type="float", explicit=True),),
        unseeded=True,
    )


def _scale() -> Activity:
    return Activity(
        id="a3",
        kind=ActivityKind.PREPROCESSING,
        function="sklearn.preprocessing.StandardScaler.fit",
        implementation="sklearn.preprocessing._data.StandardScaler",
        started_at=_at(30.5),
        package="scikit-learn",
        used=(Use(entity="3.1", role=Role.DATA),),
        generated=("7.1",),
        settings=(Setting(name="with_mean", value=True, type="bool", explicit=False),),
    )


def _fit() -> Activity:
    return Activity(
        id="a4",
        kind=ActivityKind.TRAINING,
        function=f"{FOREST}.fit",
        implementation=FOREST,
        started_at=_at(31),
        duration=2.0,
        package="scikit-learn",
        used=(
            Use(entity="3.1", role=Role.DATA, argument="X"),
            Use(entity="5.1", role=Role.TARGET, argument="y"),
            Use(entity="8.1", role=Role.MODEL),
            Use(entity="4.1", role=Role.VALIDATION, argument="eval_set"),
        ),
        generated=("8.2",),
        results=(
            Result(
                id="r4",
                metric="loss",
                value=0.1,
                series=(0.2, 0.1),
                series_by=SeriesBy.ROUND,
                model="8.2",
                data=("4.1",),
            ),
        ),
        settings=(
            Setting(name="n_estimators", value=10, type="int", explicit=True),
            Setting(name="max_depth", value=None, type="NoneType", explicit=False),
            Setting(name="criterion", value="gini", type="str"),
        ),
        fits=3,
        line=2,
    )


def _nested() -> Activity:
    return Activity(
        id="a5",
        kind=ActivityKind.TRAINING,
        function="sklearn.tree.DecisionTreeClassifier.fit",
        implementation="sklearn.tree.DecisionTreeClassifier",
        started_at=_at(31.5),
        duration=0.5,
        parent="a4",
        settings=(Setting(name="splitter", value="best", type="str"),),
    )


def _predict() -> Activity:
    return Activity(
        id="a6",
        kind=ActivityKind.PREDICTION,
        function=f"{FOREST}.predict",
        implementation=FOREST,
        started_at=_at(33.5),
        package="scikit-learn",
        used=(Use(entity="8.2", role=Role.MODEL), Use(entity="4.1", role=Role.DATA, argument="X")),
        generated=("9.1",),
    )


def _evaluate() -> tuple[Activity, Activity]:
    on_test = Activity(
        id="a7",
        kind=ActivityKind.EVALUATION,
        function="sklearn.metrics.accuracy_score",
        started_at=_at(34),
        package="scikit-learn",
        used=(
            Use(entity="6.1", role=Role.TRUTH, argument="y_true"),
            Use(entity="9.1", role=Role.PREDICTION, argument="y_pred", evidence=Evidence.DECLARED),
            Use(entity="10.1", role=Role.INPUT),
        ),
        results=(
            Result(
                id="r1",
                metric="accuracy",
                value=0.93,
                text="0.93",
                series=(0.9, None, 0.96),
                model="8.2",
                data=("4.1",),
                role=SplitRole.TEST,
            ),
        ),
    )
    on_training = Activity(
        id="a8",
        kind=ActivityKind.EVALUATION,
        function=f"{FOREST}.score",
        implementation=FOREST,
        started_at=_at(34.5),
        package="scikit-learn",
        used=(
            Use(entity="8.2", role=Role.MODEL),
            Use(entity="3.1", role=Role.DATA),
            Use(entity="5.1", role=Role.TRUTH),
        ),
        results=(
            Result(id="r2", metric="accuracy", value=1, model="8.2", data=("3.1",), role=SplitRole.TRAINING),
            Result(id="r3", metric="log_loss", value=None, text="nan", model="8.2", data=("3.1",)),
            Result(id="r5", metric="recall", value=0.5, model="8.2", data=("3.1",), label="Adelie"),
        ),
    )
    return on_test, on_training


def _tune() -> tuple[Activity, Activity]:
    search = "sklearn.model_selection.GridSearchCV"
    tuning = Activity(
        id="a10",
        kind=ActivityKind.TUNING,
        function=f"{search}.fit",
        implementation=search,
        started_at=_at(35),
        used=(Use(entity="3.1", role=Role.DATA, argument="X"),),
        best="a11",
        fits=3,
    )
    candidate = Activity(
        id="a11",
        kind=ActivityKind.TRAINING,
        function=f"{FOREST}.fit",
        implementation=FOREST,
        duration=0.2,
        parent="a10",
        settings=(Setting(name="n_estimators", value=10, type="int", explicit=True),),
    )
    return tuning, candidate


def _saving() -> CellExecution:
    return _cell(
        4,
        "c4",
        4,
        "c4 first",
        files=(
            File(
                id="f3",
                path="/home/ada/model.joblib",
                mode=FileMode.WRITTEN,
                sha256=digest_of("model"),
                size=900,
            ),
        ),
        written_files=("f3",),
        activities=(
            Activity(
                id="a9",
                kind=ActivityKind.SAVING,
                function="joblib.dump",
                started_at=_at(40),
                package="joblib",
                used=(Use(entity="8.2", role=Role.MODEL),),
                generated=("f3",),
            ),
        ),
        reads=(Read(name="model", definer=3),),
    )


def _showing() -> CellExecution:
    return _cell(
        5,
        "c4",
        4,
        "c4 second",
        outputs=(
            Output(
                id="o1",
                kind=OutputKind.DISPLAY,
                contents=(
                    MediaContent(media_type="image/png", sha256=digest_of("figure"), size=3000),
                    MediaContent(media_type="text/plain", sha256=digest_of("<Figure>"), size=8),
                ),
                text="<Figure>",
            ),
            Output(id="o2", kind=OutputKind.STDOUT, text="accuracy 0.93\n", truncated=True),
        ),
        links=(Link(target="o1", source="9.1", evidence=Evidence.OBSERVED, operation="plot"),),
        read_files=("f3",),
        notices=(Notice(where="fingerprints", message="no buffer"),),
    )


def _failing() -> CellExecution:
    return _cell(
        6,
        "c5",
        5,
        "1 / 0",
        status=Status.FAILED,
        error=Error(name="ZeroDivisionError", message="division by zero", traceback="Traceback …", line=1),
        outputs=(Output(id="o3", kind=OutputKind.ERROR),),
    )
