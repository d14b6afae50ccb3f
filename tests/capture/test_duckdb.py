"""Queries of DuckDB: what they read of files, tables and variables, and the values and files that becomes."""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.records import ActivityKind, FileMode
from tests.capture.conftest import Execute
from tests.capture.test_undisturbed import Both, both  # noqa: F401

pytest.importorskip("duckdb")

START = (
    "import duckdb, pandas as pd, polars as pl\n"
    "df = pd.DataFrame({'a': [i * 7 % 83 / 4 for i in range(90)], 'k': [i % 3 for i in range(90)]})\n"
    "names = pl.DataFrame({'k': [0, 1, 2], 'name': ['x', 'y', 'z']})\n"
    "df.to_csv('t.csv', index=False); df.to_parquet('t.parquet')"
)


def test_rows_lead_to_the_files_and_variables_that_their_query_read(execute: Execute) -> None:
    seen = execute(
        START,
        "relation = duckdb.sql(\"select * from 't.csv' where a > 3\")\n"
        "frame = relation.df(); polars = relation.pl(); table = relation.to_arrow_table()\n"
        "read = duckdb.read_parquet('t.parquet').filter('a > 3').project('a').df()\n"
        "rows = duckdb.sql(\"from 't.parquet'\").fetchall()",
        "joined = duckdb.sql('select name, avg(a) m from df join names using (k) group by name').df()\n"
        "nested = duckdb.sql('select max(a) from relation').df()\n"
        "def total():\n    few = df[df.k == 1]\n    return duckdb.sql('select sum(a) s from few').df()\n"
        "summed = total()",
        "con = duckdb.connect()\ncon.execute(\"create table t as select * from 't.parquet'\")\n"
        "counted = con.execute('select count(*) c from t').df()\n"
        "array = con.execute('from df').fetchnumpy()['a']\n"
        "con.register('given', names); shown = con.sql('select * from given').df()\n"
        "told = con.execute('select * from read_csv(?)', ['t.csv']).df()",
        "df.head(9).to_csv('t.csv', index=False); df.head(9).to_parquet('t.parquet')",
        "later = relation.df(); same = con.sql('from t').df()",
    )
    assert seen.notices == []
    for name in ("frame", "polars", "table", "nested", "told"):
        assert "t.csv" in seen.came_from(name, evidence="observed"), name
    for name in ("read", "counted", "same"):
        assert "t.parquet" in seen.came_from(name, evidence="observed"), name
    df, names = seen.held("df").id, seen.held("names").id
    assert {df, names} <= seen.sources(seen.held("joined").id, evidence="observed")
    assert seen.sources(seen.held("summed").id, evidence="observed") == {df}
    assert seen.sources(seen.held("array").id, evidence="observed") == {df}
    assert seen.sources(seen.held("shown").id, evidence="observed") == {names}
    direct = {link.target: set[str]() for link in seen.links}
    for link in seen.links:
        direct[link.target].add(link.source)
    old, new = (file.id for file in seen.files.values() if Path(file.path).name == "t.csv")
    assert direct[seen.held("frame").id] == {old}
    assert direct[seen.held("later").id] == {new}
    first, second = (file.id for file in seen.files.values() if Path(file.path).name == "t.parquet")
    assert direct[seen.held("same").id] == {first}
    loadings = [
        (a.function.rpartition(".")[2], use.entity)
        for a in seen.of_kind(ActivityKind.LOADING)
        for use in a.used
    ]
    assert ("fetchall", first) in loadings
    assert loadings.count(("execute", first)) == 1
    assert not any(used == second for _, used in loadings)
    assert second not in direct[seen.held("counted").id]


def test_what_queries_write_is_linked_to_what_they_read(execute: Execute, tmp_path: Path) -> None:
    seen = execute(
        START,
        "con = duckdb.connect()\n"
        "con.execute(\"copy (select * from 't.csv' where k = 1) to 'o.parquet' (format parquet)\")\n"
        "duckdb.sql('select * from df').write_csv('o.csv')\n"
        "duckdb.sql('from names').write_parquet('n.parquet')",
        "base = duckdb.connect('base.duckdb'); base.execute('create table u as select * from df')",
        "base.close(); base = duckdb.connect('base.duckdb', read_only=True)\n"
        "back = base.cursor().execute('select * from u').df(); base.close()",
    )
    assert seen.notices == []
    links = {(link.source, link.target) for link in seen.links if link.evidence == "observed"}
    assert (seen.file("t.csv").id, seen.file("o.parquet").id) in links
    assert (seen.held("df").id, seen.file("o.csv").id) in links
    assert (seen.held("names").id, seen.file("n.parquet").id) in links
    assert seen.file("o.csv").size == (tmp_path / "o.csv").stat().st_size
    made, closed = (file for file in seen.files.values() if Path(file.path).name == "base.duckdb")
    assert {made.mode, closed.mode} == {FileMode.WRITTEN}
    assert {(seen.held("df").id, made.id), (made.id, closed.id), (closed.id, seen.held("back").id)} <= links


def test_duckdb_finds_variables_and_keeps_locks_as_without_capture(both: Both) -> None:  # noqa: F811
    both(
        "import duckdb, os, sqlite3, subprocess, sys, traceback, pandas as pd\n"
        "for name in ('x.duckdb', 'x.db'):\n    if os.path.exists(name): os.remove(name)\n"
        "df = pd.DataFrame({'a': [1, 2]}); con = duckdb.connect('x.duckdb')\n"
        "con.execute('create table t as select * from df').fetchall()",
        "def inner(own):\n    local = pd.DataFrame({'v': [7]})\n"
        "    found = con.sql('select v from local').fetchall(), con.execute('from own').fetchall()\n"
        "    return found, sorted(locals())\ninner(df)",
        "class Holder:\n    inside = pd.DataFrame({'v': [8]})\n"
        "    rows = duckdb.sql('from inside').fetchall()\n"
        "Holder.rows, [duckdb.sql('from df').fetchall() for _ in range(2)]",
        "try:\n    con.sql('select absent from df')\nexcept Exception:\n"
        "    traceback.print_exc(file=sys.stdout)",
        "con.execute('selec')",
        "def lone():\n    hidden = pd.DataFrame({'v': [9]})\n"
        "    def within():\n        return con.sql('from hidden')\n    return within()\nlone()",
        "code = \"import duckdb; duckdb.connect('x.duckdb')\"\n"
        "tried = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)\n"
        "'lock' in tried.stderr",
        "lite = sqlite3.connect('x.db'); lite.execute('create table t (a)'); lite.commit()\n"
        "lite.execute('begin exclusive').fetchall()",
        "code = \"import sqlite3; sqlite3.connect('x.db', timeout=0.1).execute('delete from t')\"\n"
        "tried = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)\n"
        "'locked' in tried.stderr",
    )
