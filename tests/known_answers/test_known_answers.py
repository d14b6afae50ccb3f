"""What other trackers were seen to get wrong, asked of the store: each must come out right.

The cases are failures of autologging that were reproduced, and the stale cell: a cell that is run again with
other data after the model was trained. That training loops of torch are seen is tested with torch.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.config import Home
from provkg.queries import ask
from provkg.results import Solutions
from provkg.store import open_store
from tests.capture.conftest import Execute, Live
from tests.known_answers.conftest import Asked

DATA = (
    "import numpy as np, pandas as pd\nfrom sklearn.linear_model import LogisticRegression\n"
    "rng = np.random.default_rng(0)\n"
    "pd.DataFrame({'a': rng.normal(size=90), 'b': rng.normal(size=90), 'y': [0, 1, 1] * 30})"
    ".to_csv('a.csv', index=False)"
)
FIT = "df = pd.read_csv('a.csv')\nmodel = LogisticRegression().fit(df[['a', 'b']], df.y)"
OF_MODEL = """
SELECT ?metric ?value ?name ?path WHERE {
  ?result provkg:metricName ?metric ; provkg:resultValue ?value ; provkg:resultOf ?model .
  ?model rdfs:label ?name ; prov:wasDerivedFrom+ ?file . ?file a provkg:File ; provkg:path ?path }"""


def names(rows: list[dict[str, object]]) -> list[tuple[object, object, str]]:
    return [(row["metric"], row["name"], Path(str(row["path"])).name) for row in rows]


def test_a_metric_imported_before_recording_began_is_known_with_its_model(live: Live, asked: Asked) -> None:
    live(
        DATA + "\nfrom sklearn.metrics import accuracy_score as score",
        "%load_ext provkg.capture.ipython",
        FIT,
        "score(df.y, model.predict(df[['a', 'b']]))",
    )
    assert names(asked(OF_MODEL)) == [("accuracy", "model", "a.csv")]


def test_a_metric_imported_while_recording_is_known_with_its_model(execute: Execute, asked: Asked) -> None:
    execute(
        DATA + "\nfrom sklearn.metrics import accuracy_score as score",
        FIT,
        "score(df.y, model.predict(df[['a', 'b']]))",
    )
    assert names(asked(OF_MODEL)) == [("accuracy", "model", "a.csv")]


NESTED = """
SELECT ?function ?fits (COUNT(?inner) AS ?nested) (COUNT(DISTINCT ?fold) AS ?folds) WHERE {
  ?outer a provkg:Evaluation ; provkg:calledFunction ?function ; provkg:fitCount ?fits .
  FILTER NOT EXISTS { ?outer provkg:partOfActivity ?further }
  ?inner provkg:partOfActivity ?outer ; a provkg:Training ; provkg:usedTrainingData|provkg:usedData ?part .
  ?part provkg:foldNumber ?fold ; provkg:splitRole provkg:TrainingSplit } GROUP BY ?function ?fits"""
STRAY = """
SELECT ?training WHERE { ?training a provkg:Training
  FILTER NOT EXISTS { ?training provkg:partOfActivity ?outer } }"""


@pytest.mark.parametrize("late", [False, True])
def test_a_cross_validation_is_one_activity_with_a_fit_to_each_fold(
    execute: Execute, live: Live, asked: Asked, *, late: bool
) -> None:
    cells = [
        DATA + "\nfrom sklearn.model_selection import cross_val_score\ndf = pd.read_csv('a.csv')",
        "scores = cross_val_score(LogisticRegression(), df[['a', 'b']], df.y, cv=3)",
    ]
    if late:
        live(cells[0], "%load_ext provkg.capture.ipython", cells[1])
    else:
        execute(*cells)
    [row] = asked(NESTED)
    assert str(row["function"]).endswith("cross_val_score")
    assert (row["fits"], row["nested"], row["folds"]) == (3, 3, 3)
    assert asked(STRAY) == []


def test_a_metric_of_a_copy_or_a_list_leads_to_the_model(execute: Execute, asked: Asked) -> None:
    execute(
        DATA + "\nfrom sklearn.metrics import accuracy_score, f1_score, recall_score",
        FIT,
        "pred = model.predict(df[['a', 'b']])\naccuracy_score(df.y, pred.copy())",
        "f1_score(df.y, pred.tolist())\nrecall_score(list(df.y), [int(p) for p in pred])",
    )
    found = sorted(names(asked(OF_MODEL)))
    assert found == [(metric, "model", "a.csv") for metric in ("accuracy", "f1", "recall")]
    evidence = asked(
        "SELECT ?metric ?evidence WHERE { ?r provkg:metricName ?metric ; provkg:evidence ?evidence }"
    )
    assert len(evidence) == 3


def test_a_model_leads_to_the_file_that_was_read_with_its_digest(
    execute: Execute, asked: Asked, home: Home, tmp_path: Path
) -> None:
    from hashlib import sha256

    execute(DATA, FIT)
    [row] = asked(
        """SELECT ?digest ?path WHERE { ?model provkg:trainedBy ?training ; provkg:observedDerivation+ ?file .
        ?file a provkg:File ; provkg:path ?path ; provkg:hasContent/provkg:sha256 ?digest }"""
    )
    assert row["digest"] == sha256((tmp_path / "a.csv").read_bytes()).hexdigest()
    with open_store(home) as store:
        shown = ask(store, "which_data_trained_model", {"model": "model"}).result
    assert isinstance(shown, Solutions)
    assert {Path(str(row["path"])).name for row in map(dict, shown)} == {"a.csv"}


def test_tables_that_differ_in_late_rows_or_in_dates_are_told_apart(execute: Execute, asked: Asked) -> None:
    execute(
        "import numpy as np, pandas as pd\n"
        "days = pd.date_range('2020-01-01', periods=20_000)\n"
        "one = pd.DataFrame({'n': np.arange(20_000) % 97, 'day': days})",
        "late = one.copy(); late.loc[15_000:, 'n'] += 1",
        "dated = one.copy(); dated['day'] += pd.Timedelta(days=1)",
        "same = one.copy()",
    )
    rows = asked("SELECT ?name ?print WHERE { ?value provkg:variableName ?name ; provkg:fingerprint ?print }")
    prints = {str(row["name"]): row["print"] for row in rows}
    assert prints["same"] == prints["one"]
    assert len({prints["one"], prints["late"], prints["dated"]}) == 3


def test_a_parquet_file_is_known_though_it_is_not_read_by_python(execute: Execute, asked: Asked) -> None:
    pytest.importorskip("pyarrow")
    execute(
        DATA,
        "pd.read_csv('a.csv').to_parquet('a.parquet')",
        "df = pd.read_parquet('a.parquet')\nmodel = LogisticRegression().fit(df[['a', 'b']], df.y)",
    )
    rows = asked(
        """SELECT DISTINCT ?path WHERE { ?model provkg:trainedBy ?training ;
          (prov:wasDerivedFrom|provkg:hasContent/^provkg:hasContent)+ ?file .
          ?file a provkg:File ; provkg:path ?path ; provkg:hasContent ?content }"""
    )
    assert {Path(str(row["path"])).name for row in rows} == {"a.parquet", "a.csv"}


def test_thirty_equal_outputs_are_thirty_occurrences_of_one_content(execute: Execute, asked: Asked) -> None:
    execute(*["print('the same')"] * 30)
    [row] = asked(
        """SELECT (COUNT(DISTINCT ?output) AS ?outputs) (COUNT(DISTINCT ?content) AS ?contents)
          (COUNT(DISTINCT ?execution) AS ?executions) WHERE {
          ?output a provkg:Output ; provkg:hasContent ?content ; prov:wasGeneratedBy ?execution }"""
    )
    assert (row["outputs"], row["contents"], row["executions"]) == (30, 1, 30)
    assert asked("SELECT ?c WHERE { ?c a provkg:OutputContent ; prov:wasGeneratedBy ?activity }") == []


def test_a_model_keeps_its_data_when_the_reading_cell_is_run_again(execute: Execute, asked: Asked) -> None:
    execute(
        DATA + "\npd.DataFrame({'a': [1.5] * 90, 'b': 2.0, 'y': [0, 1] * 45}).to_csv('b.csv', index=False)",
        FIT,
        "df = pd.read_csv('b.csv')",
        "from sklearn.metrics import accuracy_score\naccuracy_score(df.y, model.predict(df[['a', 'b']]))",
    )
    trained = asked(
        """SELECT DISTINCT ?path WHERE { ?model rdfs:label "model" ; provkg:trainedOn ?data .
        ?data prov:wasDerivedFrom* ?file . ?file a provkg:File ; provkg:path ?path }"""
    )
    measured = asked(
        """SELECT DISTINCT ?path WHERE { ?result provkg:metricName "accuracy" ;
        provkg:measuredOn/prov:wasDerivedFrom* ?file . ?file a provkg:File ; provkg:path ?path }"""
    )
    assert [Path(str(row["path"])).name for row in trained] == ["a.csv"]
    assert [Path(str(row["path"])).name for row in measured] == ["b.csv"]


@pytest.mark.parametrize(("module", "name"), [("joblib", "m.joblib"), ("pickle", "m.pickle")])
def test_a_model_loaded_in_another_run_leads_to_its_training_through_the_file(
    execute: Execute, asked: Asked, module: str, name: str
) -> None:
    save, load = f"{module}.dump(model, '{name}')", f"{module}.load('{name}')"
    if module == "pickle":
        save = f"with open('{name}', 'wb') as file: pickle.dump(model, file)"
        load = f"pickle.load(open('{name}', 'rb'))"
    execute(f"{DATA}\nimport {module}", FIT, save)
    execute(
        f"import {module}, pandas as pd\nfrom sklearn.metrics import accuracy_score",
        f"served = {load}\ndf = pd.read_csv('a.csv')\naccuracy_score(df.y, served.predict(df[['a', 'b']]))",
    )
    rows = asked(
        """SELECT DISTINCT ?training ?run ?other WHERE {
          ?result provkg:metricName "accuracy" ; provkg:resultOf ?served ; provkg:generatedIn ?execution .
          ?execution provkg:partOfRun ?run .
          ?served rdfs:label "served" ; (prov:wasDerivedFrom|provkg:hasContent/^provkg:hasContent)+ ?model .
          ?model provkg:trainedBy ?training . ?training provkg:partOfRun ?other }"""
    )
    assert len(rows) == 1
    assert rows[0]["run"] != rows[0]["other"]


def test_settings_can_be_compared_as_numbers_and_with_alternatives(execute: Execute, asked: Asked) -> None:
    execute(
        DATA,
        "df = pd.read_csv('a.csv')\n"
        "for C in (0.5, 9.0, 10.0):\n    LogisticRegression(C=C).fit(df[['a', 'b']], df.y)",
    )
    query = """SELECT ?value WHERE { ?training a provkg:Training ; provkg:usedSetting ?setting .
      ?setting provkg:settingName "C" ; provkg:settingValue ?value FILTER(?value > 8 || ?value = 0.5) }"""
    assert sorted(row["value"] for row in asked(query)) == [0.5, 9.0, 10.0]
