"""Tables of polars are followed as those of pandas are: through methods, lazily, in place, through files."""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.records import ActivityKind, ValueKind
from tests.capture.conftest import Execute
from tests.capture.test_files import goes_through_files
from tests.capture.test_undisturbed import Both, both  # noqa: F401

pytest.importorskip("polars")

START = (
    "import os, sqlite3, numpy as np, pandas as pd, polars as pl\n"
    "df = pl.DataFrame({'a': np.random.default_rng(1).random(60), 'b': [f'r{i}' for i in range(60)],\n"
    "                   'c': [None if i % 5 == 0 else i % 7 for i in range(60)]})"
)


def test_files_of_polars_are_linked_in_both_directions(execute: Execute, tmp_path: Path) -> None:
    seen = execute(
        START,
        "df.write_csv('t.csv'); df.write_parquet('t.parquet'); df.write_ipc('t.arrow')\n"
        "df.write_json('t.json'); df.write_ndjson(file='t.ndjson'); df.write_avro('t.avro')",
        "csv = pl.read_csv('t.csv'); parquet = pl.read_parquet('t.parquet'); arrow = pl.read_ipc('t.arrow')\n"
        "json = pl.read_json('t.json'); ndjson = pl.read_ndjson('t.ndjson')\n"
        "avro = pl.read_avro(source='t.avro')",
        "df.lazy().filter(pl.col('a') > 0.1).sink_parquet('part1.parquet')\n"
        "df.lazy().sink_parquet('part2.parquet'); df.lazy().sink_csv('unsunk.csv', lazy=True)",
        "scanned = pl.scan_csv('t.csv')\n"
        "lazy = scanned.filter(pl.col('a') > 0.5).group_by('c').agg(pl.len())\n"
        "collected = lazy.collect(); parts = pl.scan_parquet('part*.parquet').collect()",
        "con = sqlite3.connect('t.db'); pd.DataFrame({'k': range(9)}).to_sql('t', con); con.commit()\n"
        "base = pl.read_database('select * from t', con)",
        "df.head(3).write_csv('t.csv')",
        "again = lazy.collect()",
    )
    assert seen.notices == []
    written = {f"t.{name}": name for name in ("parquet", "arrow", "json", "ndjson", "avro")}
    goes_through_files(seen, tmp_path, "df", written)
    for name in ("csv", "scanned", "lazy", "collected"):
        assert seen.came_from(name, evidence="observed") == {"t.csv"}, name
    assert seen.came_from("parts", evidence="observed") == {"part1.parquet", "part2.parquet"}
    assert seen.came_from("base", evidence="observed") == {"t.db"}
    first, second = (file for file in seen.files.values() if Path(file.path).name == "t.csv")
    assert first.id in seen.sources(seen.held("collected").id)
    assert second.id in seen.sources(seen.held("again").id)
    assert second.id not in seen.sources(seen.held("collected").id)
    assert first.id not in {link.source for link in seen.links if link.target == seen.held("again").id}
    loadings = {activity.function for activity in seen.of_kind(ActivityKind.LOADING)}
    assert {"polars.read_csv", "polars.scan_csv", "polars.scan_parquet", "polars.read_database"} <= loadings


def test_tables_of_polars_are_followed_through_methods_and_changes_in_place(execute: Execute) -> None:
    seen = execute(
        START,
        "x = df.filter(pl.col('a') > 0.2).with_columns(d=pl.col('a') * 2).sort('d')\n"
        "s = (x['d'] * 2).round(1)\n"
        "up = x['b'].str.to_uppercase(); groups = x.group_by('c').agg(pl.len())\n"
        "first = x.partition_by('c')[0]\n"
        "for _, group in x.group_by('c'): last = group\n"
        "joined = x.join(groups, on='c'); both = pl.concat([x, x])",
        "frame = x.to_pandas(); array = x.select('a', 'd').to_numpy(); column = np.asarray(x['a'])\n"
        "table = x.to_arrow(); back = pl.from_pandas(frame); made = pl.DataFrame({'n': array[:, 0]})",
        "queried = pl.sql('select c, count(*) as n from df group by c').collect()\n"
        "unrelated = pl.DataFrame({'df': [1]})\n"
        "context = pl.SQLContext(one=x, two=unrelated)\n"
        "asked = context.execute('select d from one', eager=True)",
        "x.insert_column(0, pl.Series('z', range(len(x))))",
        "x[0, 'a'] = 5.0",
        "x.columns = ['z', 'a', 'b', 'c', 'e']",
        "gone = x.drop_in_place('e')",
    )
    assert seen.notices == []
    source, x = seen.held("df"), seen.held("x", 2)
    assert (source.shape, source.kind) == ((60, 3), ValueKind.DATASET)
    assert source.type == "polars.DataFrame"
    assert [(c.name, c.type, c.missing) for c in source.columns] == [
        ("a", "Float64", 0),
        ("b", "String", 0),
        ("c", "Int64", 12),
    ]
    for name in ("s", "up", "groups", "first", "last", "joined", "both"):
        assert x.id in seen.sources(seen.held(name).id, evidence="observed"), name
    for name in ("frame", "array", "column", "table", "back", "made", "asked"):
        assert x.id in seen.sources(seen.held(name).id, evidence="observed"), name
    assert seen.sources(seen.held("queried").id, evidence="observed") == {source.id}
    assert seen.held("unrelated").id not in seen.sources(seen.held("asked").id)
    states = [s.value for e in seen.run.executions for s in e.defines if s.name == "x"]
    assert [seen.values[state].version for state in states] == [1, 2, 3, 4, 5]
    assert len({seen.values[state].object for state in states}) == 1
    assert seen.values[states[-1]].shape == (x.shape[0], 4)
    fingerprints = [seen.values[state].fingerprint for state in states]
    assert len(set(fingerprints)) == 5
    assert states[3] in seen.sources(seen.held("gone").id)


def test_models_see_what_polars_holds(execute: Execute) -> None:
    seen = execute(
        START,
        "from sklearn.linear_model import Ridge\nfrom sklearn.metrics import mean_squared_error\n"
        "from sklearn.model_selection import train_test_split\n"
        "df.write_csv('t.csv'); df = pl.read_csv('t.csv').with_columns(y=pl.col('a') * 3)\n"
        "train, test = train_test_split(df, test_size=0.25, random_state=0)",
        "model = Ridge().fit(train.select('a'), train['y'])",
        "told = test.with_columns(pl.Series('told', model.predict(test.select('a'))))\n"
        "mean_squared_error(told['y'], told['told'])",
    )
    assert seen.notices == []
    assert seen.came_from("model", evidence="observed") == {"t.csv"}
    [result] = seen.results
    assert result.model == seen.held("model").id
    assert result.role == "test"


def test_polars_behaves_as_without_capture(both: Both) -> None:  # noqa: F811
    both(
        "import pickle, warnings, polars as pl\ndf = pl.DataFrame({'a': [3, 1, 2]}); lf = df.lazy()",
        "with warnings.catch_warnings(record=True) as seen:\n    warnings.simplefilter('always')\n"
        "    lf.columns; df.lazy().width; pl.scan_csv\n"
        "print(*((w.category.__name__, w.filename.split('/')[-1], w.lineno) for w in seen), sep='\\n')",
        "try:\n    df.select('absent')\nexcept Exception as error:\n    print(type(error), str(error)[:80])",
        "df.select('absent')",
        "pl.read_csv('absent.csv')",
        "def inner():\n    local = pl.DataFrame({'v': [7]})\n"
        "    return pl.sql('select v from local').collect()\ninner()",
        "import inspect\nprint(inspect.signature(pl.read_csv))\n"
        "print(pl.DataFrame.filter.__name__, df.sort('a'))\n"
        "pickle.loads(pickle.dumps(df)).equals(df), pickle.loads(pickle.dumps(pl.read_csv)) is pl.read_csv",
        "import gc, weakref\ndef drop():\n    t = df.filter(pl.col('a') > 1); w = weakref.ref(t); del t\n"
        "    return w() is None\ndrop(), df.lazy().collect().shape",
    )
