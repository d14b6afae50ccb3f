"""From data over splits and trainings to metrics, by the text and the outputs of saved cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.records import Activity, ActivityKind, Evidence, Result, Role, Run, Setting, SplitRole, Value
from tests.importers.conftest import Told, code, error, kinds, printed, result

IMPORTS = """\
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler"""
LOAD = "df = pd.read_csv('flowers.csv')\nX, y = df.drop(columns='kind'), df['kind']"
SPLIT = "X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=7)"
FIT = "forest = RandomForestClassifier(50, max_depth=4).fit(X_train, y_train)"
PREDICT = "predicted = forest.predict(X_test)"


def activities(run: Run, kind: ActivityKind) -> list[Activity]:
    return [one for execution in run.executions for one in execution.activities if one.kind is kind]


def values(run: Run) -> dict[str, Value]:
    return {value.id: value for execution in run.executions for value in execution.values}


def named(run: Run, name: str) -> Value:
    return next(value for value in values(run).values() if name in value.names)


def results(run: Run) -> list[Result]:
    return [one for each in activities(run, ActivityKind.EVALUATION) for one in each.results]


def ancestors(run: Run, value: str) -> set[str]:
    """The names of everything that a value came from."""
    links = [link for execution in run.executions for link in execution.links]
    found: set[str] = set()
    waiting = [value]
    while waiting:
        at = waiting.pop()
        for link in links:
            if link.target == at and link.source not in found:
                found.add(link.source)
                waiting.append(link.source)
    return {name for one in found if not one.startswith("f") for name in values(run)[one].names}


@pytest.fixture
def trained(told: Told, tmp_path: Path) -> Run:
    return told(
        code(IMPORTS, 1),
        code(LOAD, 2),
        code(SPLIT, 3),
        code(FIT, 4),
        code(PREDICT, 5),
        code("print('accuracy:', accuracy_score(y_test, predicted))", 6, printed("accuracy: 0.925\n")),
        code("f1_score(y_test, predicted, average='macro')", 7, result("0.9312345678901234", 7)),
    )


class TestATraining:
    def test_its_data_come_from_the_file_by_way_of_the_split(self, trained: Run, tmp_path: Path) -> None:
        (training,) = activities(trained, ActivityKind.TRAINING)
        given = {use.role: values(trained)[use.entity] for use in training.used}
        assert given[Role.DATA].names == ("X_train",)
        assert given[Role.TARGET].names == ("y_train",)
        assert {"df", "X"} <= ancestors(trained, given[Role.DATA].id)
        assert "X_test" not in ancestors(trained, given[Role.DATA].id)
        (loading,) = activities(trained, ActivityKind.LOADING)
        files = {file.id: file for execution in trained.executions for file in execution.files}
        (file,) = (files[use.entity] for use in loading.used)
        assert (file.path, file.evidence) == (str(tmp_path / "flowers.csv"), Evidence.INFERRED)
        assert (file.sha256, file.later_sha256) == ("", "")

    def test_the_parts_of_the_split_have_their_roles(self, trained: Run) -> None:
        (split,) = activities(trained, ActivityKind.SPLITTING)
        assert [values(trained)[part].role for part in split.generated] == [
            *(SplitRole.TRAINING, SplitRole.TEST, SplitRole.TRAINING, SplitRole.TEST)
        ]
        assert {one.name: one.value for one in split.settings} == {"test_size": 0.25, "random_state": 7}

    def test_its_settings_are_those_in_the_text_and_whether_they_are_defaults_is_not_known(
        self, trained: Run
    ) -> None:
        (training,) = activities(trained, ActivityKind.TRAINING)
        assert training.implementation.endswith("RandomForestClassifier")
        assert training.settings == (
            Setting(name="n_estimators", value=50, type="int"),
            Setting(name="max_depth", value=4, type="int"),
        )

    def test_results_lead_to_model_and_data_and_are_as_exact_as_they_were_shown(self, trained: Run) -> None:
        first, second = results(trained)
        assert (first.metric, first.value, first.text) == ("accuracy", 0.925, "0.925")
        assert (second.metric, second.value) == ("f1_macro", 0.9312345678901234)
        for one in (first, second):
            assert values(trained)[one.model].names == ("forest",)
            assert [values(trained)[each].names for each in one.data] == [("X_test",)]
            assert (one.role, one.evidence) == (SplitRole.TEST, Evidence.INFERRED)

    def test_what_was_fitted_predicts_and_is_judged(self, trained: Run) -> None:
        (training,) = activities(trained, ActivityKind.TRAINING)
        (prediction,) = activities(trained, ActivityKind.PREDICTION)
        (model,) = (use.entity for use in prediction.used if use.role is Role.MODEL)
        assert (model,) == training.generated
        assert {one.model for one in results(trained)} == {model}

    def test_nothing_is_observed(self, trained: Run) -> None:
        for execution in trained.executions:
            assert {one.evidence for one in execution.activities} <= {Evidence.INFERRED}
            assert {one.evidence for one in execution.links} <= {Evidence.INFERRED}
            assert {one.evidence for one in execution.files} <= {Evidence.INFERRED}
            assert {one.evidence for one in execution.values} <= {Evidence.INFERRED}
            assert all(state.evidence is Evidence.INFERRED for state in execution.defines)
            assert all(use.evidence is Evidence.INFERRED for a in execution.activities for use in a.used)
        assert kinds(trained) == []


def test_a_file_that_is_still_there_has_the_content_it_has_now(told: Told, tmp_path: Path) -> None:
    (tmp_path / "flowers.csv").write_text("width,kind\n1,2\n")
    run = told(code(IMPORTS, 1), code(LOAD, 2))
    (file,) = run.executions[1].files
    assert file.sha256 == ""
    assert len(file.later_sha256) == 64
    assert file.later_size == 15


@pytest.mark.parametrize(
    "cells",
    [
        ["name = 'flowers'", "import pandas as pd\ndf = pd.read_csv(f'data/{name}.csv')"],
        ["import os\nimport pandas as pd", "df = pd.read_csv(os.path.join('data', 'flowers' + '.csv'))"],
        [
            "from pathlib import Path\nimport pandas\nfolder = Path('data')",
            "pandas.read_csv(folder / 'flowers.csv')",
        ],
        ["import polars as pl\ndf = pl.read_csv('data/flowers.csv')"],
        ["with open('data/flowers.csv') as lines:\n    text = lines.read()"],
        ["import numpy as np", "path = 'data/flowers.csv'", "a = np.loadtxt(path, delimiter=',')"],
    ],
)
def test_paths_are_put_together_from_what_the_text_fixes(
    told: Told, tmp_path: Path, cells: list[str]
) -> None:
    run = told(*(code(text, count) for count, text in enumerate(cells, 1)))
    read = {file.path for execution in run.executions for file in execution.files}
    assert read == {str(tmp_path / "data" / "flowers.csv")}


@pytest.mark.parametrize(
    "cells",
    [
        ["import pandas as pd", "name = input()", "df = pd.read_csv(f'data/{name}.csv')"],
        ["import pandas as pd\nname = 'a'\nfor name in names:\n    pd.read_csv(name)"],
        ["import pandas as pd\nif False:\n    df = pd.read_csv('a.csv')"],
        ["def load():\n    return open('a.csv')"],
    ],
)
def test_what_the_text_does_not_fix_is_not_made_up(told: Told, cells: list[str]) -> None:
    run = told(*(code(text, count) for count, text in enumerate(cells, 1)))
    assert [file.path for execution in run.executions for file in execution.files] == []


def test_variables_lead_to_the_execution_that_set_them_not_to_the_cell_above(told: Told) -> None:
    run = told(code("x = 1", 1), code("print(x)", 4, printed("2")), code("x = 2", 3))
    reading = next(one for one in run.executions if one.source == "print(x)")
    (read,) = (read for read in reading.reads if read.name == "x")
    assert run.executions[read.definer - 1].source == "x = 2"


def test_what_stands_below_the_line_that_raised_did_not_happen(told: Told) -> None:
    traceback = "Cell In[1], line 3\n      2 b = 1\n----> 3 1 / 0\n      4 d = pd.read_csv('d.csv')"
    source = "import pandas as pd\na = pd.read_csv('a.csv')\n1 / 0\nd = pd.read_csv('d.csv')"
    run = told(code(source, 1, error("ZeroDivisionError", "division by zero", traceback)))
    assert [Path(file.path).name for file in run.executions[0].files] == ["a.csv"]
    assert "d" not in {state.name for state in run.executions[0].defines}
    assert run.executions[0].error is not None
    assert run.executions[0].error.line == 3


def test_a_transformed_table_leads_to_the_training(told: Told) -> None:
    scale = "scaler = StandardScaler()\nA = scaler.fit_transform(X_train)\nB = scaler.transform(X_test)"
    fit = "model = RandomForestClassifier()\nmodel.fit(A, y_train)\nmodel.score(B, y_test)"
    run = told(
        code(IMPORTS, 1), code(LOAD, 2), code(SPLIT, 3), code(scale, 4), code(fit, 5, result("0.9", 5))
    )
    (training,) = (one for one in activities(run, ActivityKind.TRAINING) if "Forest" in one.implementation)
    (data,) = (use.entity for use in training.used if use.role is Role.DATA)
    assert {"X_train", "df"} <= ancestors(run, data)
    (score,) = results(run)
    assert (score.metric, score.value) == ("accuracy", 0.9)
    assert values(run)[score.data[0]].names == ("B",)
    assert values(run)[score.data[0]].role is SplitRole.TEST


def test_a_second_fit_is_another_state_of_the_model(told: Told) -> None:
    again = "forest.fit(X_test, y_test)"
    run = told(code(IMPORTS, 1), code(LOAD, 2), code(SPLIT, 3), code(FIT, 4), code(again, 5))
    first, second = activities(run, ActivityKind.TRAINING)
    before, after = (values(run)[one.generated[0]] for one in (first, second))
    assert (before.object, after.revision_of) == (after.object, before.id)


SHOWN = [
    ("print(f'accuracy {accuracy_score(y_test, p):.2f}')", "accuracy 0.93\n", [("accuracy", 0.93)]),
    ("a = accuracy_score(y_test, p)\nprint('%.1f%%' % (a * 100))", "93.1%\n", [("accuracy", 0.931)]),
    ("print('acc={}'.format(accuracy_score(y_test, p)))", "acc=0.5\n", [("accuracy", 0.5)]),
    (
        "print(accuracy_score(y_test, p), f1_score(y_test, p))",
        "0.5 0.25\n",
        [("accuracy", 0.5), ("f1", 0.25)],
    ),
    ("print('rmse', accuracy_score(y_test, p))", "other 0.5\n", []),
    ("print('accuracy', accuracy_score(y_test, p))", "", []),
    ("print('n', len(p), accuracy_score)", "n 7 <function>\n", []),
    ("import numpy as np\nprint('root', np.sqrt(accuracy_score(y_test, p)))", "root 0.5\n", []),
    ("import numpy as np\na = np.sqrt(accuracy_score(y_test, p))\nprint('root', a)", "root 0.5\n", []),
    ("a = round(float(accuracy_score(y_test, p)), 2)\nprint('is', a)", "is 0.5\n", [("accuracy", 0.5)]),
    ("a = 1 - accuracy_score(y_test, p)\nprint('is', a)", "is 0.5\n", []),
    ("print(7)\naccuracy_score(y_test, p)\nlen(p)", "7\n", []),
    ("for i in range(2):\n    print(accuracy_score(y_test, p))", "0.5\n0.6\n", []),
]


@pytest.mark.parametrize(("source", "shown", "expected"), SHOWN, ids=[source for source, _, _ in SHOWN])
def test_numbers_count_where_the_code_says_what_they_are(
    told: Told, source: str, shown: str, expected: list[tuple[str, float]]
) -> None:
    fit = f"{FIT}\np = forest.predict(X_test)"
    run = told(code(IMPORTS, 1), code(LOAD, 2), code(SPLIT, 3), code(fit, 4), code(source, 5, printed(shown)))
    assert [one.metric for one in results(run)] == [metric for metric, _ in expected]
    assert [one.value for one in results(run)] == pytest.approx([value for _, value in expected])


def test_the_log_of_a_training_is_its_history(told: Told) -> None:
    log = (
        "Epoch 1/2\n10/10 [====] - 1s 5ms/step - loss: 0.9 - accuracy: 0.5 - val_loss: 1.1\n"
        "Epoch 2/2\n10/10 [====] - 1s 5ms/step - loss: 0.4 - accuracy: 0.75 - val_loss: 0.8\n"
    )
    source = (
        "import keras\nmodel = keras.Sequential()\nmodel.compile('adam', 'mse')\n"
        "model.fit(x, t, epochs=2, validation_split=0.2)"
    )
    run = told(code("x, t = load()", 1), code(source, 2, printed(log)))
    (training,) = activities(run, ActivityKind.TRAINING)
    found = {(one.metric, one.role): one.series for one in training.results}
    assert found[("loss", SplitRole.TRAINING)] == (0.9, 0.4)
    assert found[("accuracy", SplitRole.TRAINING)] == (0.5, 0.75)
    assert found[("loss", SplitRole.VALIDATION)] == (1.1, 0.8)


def test_seeds_in_the_text_are_told(told: Told) -> None:
    run = told(code("import random\nimport numpy as np\nrandom.seed(3)\nnp.random.seed(4)", 1))
    assert [(seed.generator, seed.value) for seed in run.executions[0].seeds] == [
        ("random", 3),
        ("numpy.random", 4),
    ]
