"""Makes the records of realistic notebook runs, the same ones for the same seed.

Each run is a notebook that reads a CSV file, cleans it, splits it, trains three models with all their
settings, evaluates them, draws a figure and saves the best model; about 3,000 quads. Runs share data
files, notebook versions, environments and settings as the runs of one project do, some cells are executed
again, and some runs fail.

    python -m benchmarks.generate_runs --runs 1000 --home demo/.provkg
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.session import PROJECT, Cell, Estimator, Session, digest_of
from provkg.config import Home, create_home
from provkg.journal import Journal, journal_path
from provkg.records import (
    ActivityKind,
    Annotated,
    Document,
    DocumentCell,
    DocumentSeen,
    EnvironmentSeen,
    Error,
    Event,
    FileMode,
    Import,
    OutputKind,
    Package,
    Result,
    Role,
    RunFinished,
    RunStarted,
    Seed,
    SeriesBy,
    SplitRole,
    Status,
    Use,
    Value,
    ValueKind,
    VariableState,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["generate_run", "generate_runs", "write_runs"]

SPLITS = (SplitRole.TRAINING, SplitRole.TEST)


def generate_runs(count: int, seed: int = 0) -> Iterator[list[Event]]:
    """The events of `count` runs, in the order of their beginnings."""
    for number in range(count):
        yield generate_run(number, seed)


def generate_run(number: int, seed: int = 0) -> list[Event]:
    """The events of run `number` of the project that `seed` stands for."""
    return Notebook(number, random.Random(f"{seed}/{number}")).execute()


def write_runs(home: Home, runs: Iterable[list[Event]]) -> list[str]:
    """Writes runs that the journal does not have yet; gives the ids of all."""
    written = []
    for events in runs:
        started = events[0]
        assert isinstance(started, RunStarted)
        written.append(started.run)
        if not journal_path(home, started.run).exists():
            with Journal(home, started.run) as journal:
                for event in events:
                    journal.append(event)
    return written


class Notebook(Session):
    """What the project's notebook does, cell by cell."""

    def execute(self) -> list[Event]:
        cells = [
            self.imports(),
            self.load(),
            self.clean(),
            self.split(),
            *(self.train(estimator) for estimator in PROJECT.estimators),
            self.save(),
        ]
        sources = [cell.source for cell in cells]
        if self.chance.random() < 0.3:
            cells.insert(5, self.train(PROJECT.estimators[0]))
        failed = self.chance.random() < 0.05
        events: list[Event] = [self.started(sources), EnvironmentSeen(environment=self.environment())]
        for cell in cells[:-1]:
            events += self.finished(cell, sources.index(cell.source) if cell.source in sources else 4)
        document = Document(
            cells=tuple(
                DocumentCell(id=f"c{index}", index=index, type="code", sha256=digest_of(source))
                for index, source in enumerate(sources)
            ),
            sha256=digest_of("".join(sources)),
        )
        error = None
        if failed:
            error = Error(name="NameError", message="name 'best' is not defined", line=2)
            events += self.finished(Cell(source=cells[-1].source), len(sources) - 1, error)
        else:
            events += self.finished(cells[-1], len(sources) - 1)
        events.append(DocumentSeen(at=self.now, document=document))
        status = Status.FAILED if failed else Status.SUCCEEDED
        order = self.order if failed else 0
        end = RunFinished(ended_at=self.now, status=status, error=error, order=order)
        return [*events, end, *self.said(cells)]

    def said(self, cells: list[Cell]) -> Iterator[Event]:
        """In every fiftieth run the licence and the origin of its data were written down."""
        if self.number % 50 == 0:
            about = f"sha256:{cells[1].files[0].sha256}"
            for key, value in (("licence", "CC0-1.0"), ("origin", "https://example.org/data")):
                yield Annotated(about=about, key=key, value=value, at=self.now)

    # --- the cells ------------------------------------------------------------------------------

    def imports(self) -> Cell:
        lines = (
            ("pandas", "", "pd", "pandas"),
            ("matplotlib.pyplot", "", "plt", "matplotlib"),
            ("sklearn.linear_model", "LogisticRegression", "", "scikit-learn"),
            ("sklearn.ensemble", "RandomForestClassifier", "", "scikit-learn"),
            ("sklearn.svm", "SVC", "", "scikit-learn"),
            ("sklearn.model_selection", "train_test_split", "", "scikit-learn"),
        )
        text = "\n".join(
            f"from {module} import {name}" if name else f"import {module} as {alias}"
            for module, name, alias, _ in lines
        )
        found = tuple(
            Import(module=module, name=name, alias=alias, package=package)
            for module, name, alias, package in lines
        )
        packages = tuple(
            Package(name=name, version=self.version(name), modules=(module,))
            for name, module in (
                ("pandas", "pandas"),
                ("scikit-learn", "sklearn"),
                ("matplotlib", "matplotlib"),
            )
        )
        cell = Cell(source=text, imports=found, packages=packages)
        cell.seeds.append(Seed(generator="numpy.random", value=0, line=7))
        return cell

    def load(self) -> Cell:
        cell = Cell(source=f"df = pd.read_csv('data/{self.data.file}')\ndf.head()", reads=("pd",))
        file = self.file(
            cell, f"data/{self.data.file}", FileMode.READ, self.rows * 40, str(self.data_version)
        )
        frame = self.frame(cell, "df", self.rows, self.data.columns)
        self.activity(
            cell,
            ActivityKind.LOADING,
            "pandas.io.parsers.readers.read_csv",
            "pandas",
            used=[Use(entity=file.id, role=Role.FILE, argument="filepath_or_buffer")],
            generated=[frame],
            settings={"sep": ",", "header": "infer"},
        )
        self.output(cell, OutputKind.RESULT, "text/html", f"{frame.columns[0].name} …\n" * 5)
        return cell

    def clean(self) -> Cell:
        target = self.data.target
        text = f"clean = df.dropna()\nX = clean.drop(columns='{target}')\ny = clean['{target}']"
        cell = Cell(source=text, reads=("df",))
        before = self.bound["df"]
        self.rows -= self.rows // 30
        clean = self.frame(cell, "clean", self.rows, self.data.columns)
        x = self.frame(cell, "X", self.rows, self.features)
        y = self.frame(cell, "y", self.rows, {})
        for source, made, function in (
            (before, clean, "pandas.DataFrame.dropna"),
            (clean, x, "pandas.DataFrame.drop"),
            (clean, y, "pandas.DataFrame.__getitem__"),
        ):
            self.activity(
                cell,
                ActivityKind.PREPROCESSING,
                function,
                "pandas",
                used=[Use(entity=source.id, role=Role.DATA)],
                generated=[made],
            )
        self.output(cell, OutputKind.STDOUT, "text/plain", f"{before.shape[0]} -> {self.rows} rows\n")
        return cell

    def split(self) -> Cell:
        size = self.chance.choice((0.2, 0.25, 0.3))
        text = f"X_train, X_test, y_train, y_test = train_test_split(X, y, test_size={size}, random_state=0)"
        cell = Cell(source=text, reads=("X", "y", "train_test_split"))
        test = int(self.rows * size)
        parts = []
        for name, columns in (("X", self.features), ("y", {})):
            for role, rows in zip(SPLITS, (self.rows - test, test), strict=True):
                suffix = "train" if role is SplitRole.TRAINING else "test"
                parts.append(self.frame(cell, f"{name}_{suffix}", rows, columns, role=role))
        self.activity(
            cell,
            ActivityKind.SPLITTING,
            "sklearn.model_selection._split.train_test_split",
            "scikit-learn",
            used=[Use(entity=self.bound[name].id, role=Role.DATA, argument="arrays") for name in ("X", "y")],
            generated=parts,
            settings={
                "test_size": size,
                "train_size": None,
                "random_state": 0,
                "shuffle": True,
                "stratify": None,
            },
        )
        return cell

    def train(self, estimator: Estimator) -> Cell:
        chosen = {
            name: self.chance.choice(PROJECT.tried[name])
            for name in estimator.settings
            if name in PROJECT.tried and self.chance.random() < 0.7
        }
        given = ", ".join(f"{name}={value!r}" for name, value in chosen.items())
        kind = estimator.implementation.rpartition(".")[2]
        variable = estimator.variable
        text = (
            f"{variable} = {kind}({given})\n{variable}.fit(X_train, y_train)\n"
            f"predicted = {variable}.predict(X_test)\n"
            "scores = {m.__name__: m(y_test, predicted) for m in metrics}\nscores"
        )
        cell = Cell(source=text, reads=(kind, "X_train", "y_train", "X_test", "y_test", "metrics"))
        new = self.value(cell, variable, ValueKind.MODEL, estimator.implementation)
        fitted = self.value(cell, variable, ValueKind.MODEL, estimator.implementation, revision_of=new)
        self.activity(
            cell,
            ActivityKind.TRAINING,
            f"{estimator.implementation}.fit",
            "scikit-learn",
            used=[
                Use(entity=new.id, role=Role.MODEL, argument="self"),
                Use(entity=self.bound["X_train"].id, role=Role.DATA, argument="X"),
                Use(entity=self.bound["y_train"].id, role=Role.TARGET, argument="y"),
            ],
            generated=[fitted],
            settings=estimator.settings | chosen,
            defaults=estimator.settings,
            implementation=estimator.implementation,
            results=(self.loss(fitted),),
        )
        predicted = self.frame(
            cell,
            "predicted",
            self.bound["X_test"].shape[0],
            {},
            role=SplitRole.TEST,
            kind=ValueKind.PREDICTION,
        )
        self.activity(
            cell,
            ActivityKind.PREDICTION,
            f"{estimator.implementation}.predict",
            "scikit-learn",
            used=[
                Use(entity=fitted.id, role=Role.MODEL, argument="self"),
                Use(entity=self.bound["X_test"].id, role=Role.DATA, argument="X"),
            ],
            generated=[predicted],
            implementation=estimator.implementation,
        )
        self.evaluate(cell, fitted, predicted)
        self.scores[variable] = cell.activities[-1].results[0].value or 0.0
        return cell

    def loss(self, model: Value) -> Result:
        self.counts["r"] += 1
        start = self.chance.uniform(0.6, 0.9)
        series = tuple(round(start * 0.9**epoch, 6) for epoch in range(20))
        return Result(
            id=f"r{self.counts['r']}",
            metric="log_loss",
            value=series[-1],
            text=repr(series[-1]),
            series=series,
            series_by=SeriesBy.EPOCH,
            model=model.id,
            data=(self.bound["X_train"].id,),
            role=SplitRole.TRAINING,
        )

    def evaluate(self, cell: Cell, model: Value, predicted: Value) -> None:
        truth = self.bound["y_test"]
        quality = self.chance.betavariate(40, 6)
        for metric in ("accuracy_score", "f1_score", "recall_score"):
            number = round(min(1.0, max(0.0, quality + self.chance.gauss(0, 0.01))), 6)
            self.counts["r"] += 1
            result = Result(
                id=f"r{self.counts['r']}",
                metric=metric.removesuffix("_score"),
                value=number,
                text=repr(number),
                model=model.id,
                data=(truth.id, predicted.id),
                role=SplitRole.TEST,
            )
            self.activity(
                cell,
                ActivityKind.EVALUATION,
                f"sklearn.metrics._classification.{metric}",
                "scikit-learn",
                used=[
                    Use(entity=truth.id, role=Role.TRUTH, argument="y_true"),
                    Use(entity=predicted.id, role=Role.PREDICTION, argument="y_pred"),
                ],
                settings={} if metric == "accuracy_score" else {"average": "macro", "zero_division": "warn"},
                results=(result,),
            )
        results = [result for activity in cell.activities for result in activity.results]
        text = json.dumps({result.metric: result.value for result in results})
        self.output(cell, OutputKind.RESULT, "text/plain", text)

    def save(self) -> Cell:
        best = max(self.scores, key=lambda name: self.scores[name])
        cell = Cell(source="best = choose(models)\njoblib.dump(best, 'model.joblib')\nplot(best)")
        cell.reads = ("choose", "models", "joblib", "plot")
        model = self.bound[best]
        file = self.file(cell, "model.joblib", FileMode.WRITTEN, 88_000, self.id)
        self.activity(
            cell,
            ActivityKind.SAVING,
            "joblib.numpy_pickle.dump",
            "joblib",
            used=[Use(entity=model.id, role=Role.MODEL, argument="value")],
            settings={"compress": 0},
            files=[file],
        )
        cell.defines.append(VariableState(name="best", type=model.type, value=model.id))
        self.output(cell, OutputKind.DISPLAY, "image/png", self.id)
        return cell


def main() -> None:
    """Writes generated runs to the journal of a home, which is made where there is none."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="how many (default 1000)")
    parser.add_argument("--seed", type=int, default=0, help="which project (default 0)")
    parser.add_argument("--home", type=Path, required=True, help="the home folder")
    options = parser.parse_args()
    home = create_home(options.home)
    written = write_runs(home, generate_runs(options.runs, options.seed))
    print(f"{len(written)} runs in {home.journal_folder}")


if __name__ == "__main__":
    main()
