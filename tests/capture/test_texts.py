"""What is read from a file by the standard library's own means leads to it, as far as the text tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.records import ValueKind
from tests.capture.conftest import Execute


@pytest.mark.usefixtures("tables")
def test_what_is_read_line_by_line_or_row_by_row_is_inferred_to_come_from_its_file(
    execute: Execute, tmp_path: Path
) -> None:
    for number in range(250):
        (tmp_path / f"{number}.txt").write_text(f"{number}\n")
    seen = execute(
        "import csv, io, json, shutil, sqlite3\nimport numpy as np, pandas as pd\nfrom pathlib import Path\n"
        "with open('c.json', 'w') as file: json.dump({'rows': [[1, 2], [3, 4]]}, file)\n"
        "with sqlite3.connect('d.db') as db: pd.read_csv('b.csv').to_sql('t', db)\ndb.close()",
        "text = Path('a.csv').read_text()",
        "rows = [line.split(',') for line in text.splitlines()[1:]]\nframe = pd.DataFrame(rows)",
        "with open('a.csv') as file: lines = file.readlines()\n"
        "numbers = np.array([float(line.split(',')[0]) for line in lines[1:]])",
        "with open('b.csv') as file: table = pd.DataFrame(list(csv.reader(file)))\n"
        "with open('b.csv') as file: records = [record for record in csv.DictReader(file)]",
        "def load(path):\n"
        "    with open(path) as file:\n"
        "        reader = csv.reader(file); next(reader)\n"
        "        return np.array([[float(x) for x in row] for row in reader])\n"
        "one, other = load('a.csv'), load('b.csv')\nnames = ['a.csv', Path('b.csv')]\n"
        "every = np.concatenate([load(name) for name in names]); either = load(names[1 % len(text) % 2])",
        "settings = json.load(open('c.json'))",
        "matrix = np.array(settings['rows'])",
        "db = sqlite3.connect('d.db')",
        "fetched = pd.DataFrame(db.execute('select * from t').fetchall())\n"
        "cursor = db.cursor(); cursor.execute('select one from t')\n"
        "first, rest = cursor.fetchone(), [row for row in cursor]\ncolumn = np.array(rest)",
        "chunks = pd.concat(pd.read_sql('select * from t', db, chunksize=50))\n"
        "parts = pd.concat(pd.read_csv('a.csv', chunksize=50))",
        "many = []\n"
        "for number in range(250):\n    last = np.array(Path(f'{number}.txt').read_text().split())",
        "count = np.array([len(Path('a.csv').read_text())])\nfree = np.array([[1, 2], [3, 4]])",
        "with open('same.csv', 'w') as file: file.write(open('a.csv').read())",
        "again = pd.read_csv(io.StringIO(Path('a.csv').read_text())); shutil.copy('a.csv', 'copy.csv')",
    )
    assert seen.notices == []
    inferred = dict.fromkeys(("rows", "frame", "lines", "numbers", "again", "one"), "a.csv")
    inferred |= dict.fromkeys(("table", "records", "other"), "b.csv")
    inferred |= dict.fromkeys(("fetched", "rest", "column"), "d.db")
    inferred |= {"settings": "c.json", "matrix": "c.json"}
    for name, file in inferred.items():
        assert seen.came_from(name) - {"b.csv"} == {file} - {"b.csv"}, name  # b.csv is in the database
        assert file in seen.came_from(name) - seen.came_from(name, evidence="observed"), name
    assert seen.came_from("every") == {"a.csv", "b.csv"}
    assert seen.came_from("either") <= {"b.csv"}
    assert seen.came_from("chunks") == {"d.db", "b.csv"}
    assert seen.came_from("parts", evidence="observed") == {"a.csv"}
    assert (seen.came_from("last"), seen.came_from("count"), seen.came_from("free")) == (set(), set(), set())
    links = {(link.target, link.source): (link.operation, link.evidence) for link in seen.links}
    assert links[seen.file("copy.csv").id, seen.file("a.csv").id] == ("shutil.copyfile", "observed")
    same = [(link.operation, link.evidence) for link in seen.links if link.target == seen.file("same.csv").id]
    assert same == [("same content", "inferred")]


def test_what_a_loop_sets_anew_comes_from_the_last_file_and_what_it_gathers_from_all(
    execute: Execute, tmp_path: Path
) -> None:
    for number in range(4):
        (tmp_path / f"{number}.txt").write_text(f"{number}\n" * 3)
        (tmp_path / f"{number}.csv").write_text(f"a\n{number}\n")
    seen = execute(
        "import numpy as np, pandas as pd\nnames = [f'{number}.txt' for number in range(4)]",
        "rows, once, kept = [], None, []\ntotal = np.zeros(1)\n"
        "for name in names:\n"
        "    with open(name) as file:\n        text = file.read()\n"
        "    words = text.split()\n"
        "    own = []\n"
        "    for word in words:\n        own.append(float(word))\n"
        "    rows += words\n"
        "    kept.append(np.array(words))\n"
        "    parts = [line.strip() for line in open(name)]\n"
        "    total = total + np.array(words, float).sum()\n"
        "    if name == '1.txt':\n        once = text.split()\n"
        "last, every, inner = np.array(words), np.array(rows), np.array(own)\n"
        "some, held, some_parts = np.array(once), np.array(kept), np.array(parts)",
        "before = current = ''\n"
        "for name in names:\n    before = current\n    current = open(name).read()\n"
        "old, new = np.array(before.split()), np.array(current.split())",
        "for name in names:\n"
        "    read = open(name).read()\n"
        "    if name == '3.txt':\n        continue\n"
        "    skipped = read.split()",
        "for name in names:\n"
        "    if name < '2':\n        either = open(name).read().split()\n"
        "    else:\n        either = open(name, 'rb').read().split()",
        "groups = [names[:2], names[2:]]\n"
        "for group in groups:\n    grouped = [open(name).read() for name in group]\n"
        "flat = [word for name in names for word in open(name).read().split()]",
        "for number in range(4):\n    column = pd.read_csv(f'{number}.csv')['a'].tolist()",
        "def column_of(name): return pd.read_csv(name)['a'].tolist()\n"
        "one = column_of('1.csv')\ntwo = column_of('2.csv')\n"
        "def words_of(name):\n    with open(name) as file: return file.read().split()\n"
        "for name in names:\n    found = words_of(name)\n"
        "    if name == '1.txt': chosen, same = found[:], found",
        "for number in range(4):\n    table = pd.read_csv(f'{number}.csv')\n"
        "    if number == 1:\n        picked = table['a'].tolist()\n"
        "after = table['a'].tolist()",
        "for name in names:\n    broken = open(name).read().split()\n    if name == '3.txt': 1 / 0\n"
        "    late = broken[:1]",
        allow_errors=True,
    )
    held = {state.name: state.value for each in seen.run.executions for state in each.defines}
    told = {name: seen.came_from(name) if value else set() for name, value in held.items()}
    files = {"0.txt", "1.txt", "2.txt", "3.txt"}
    last = ("words", "last", "own", "inner", "parts", "some_parts", "new")
    assert [told[name] for name in last] == [{"3.txt"}] * len(last)
    every = ("rows", "every", "held", "kept", "flat", "total")
    assert [told[name] for name in every] == [files] * len(every)
    assert told["column"] == {"3.csv"}
    assert (told["one"], told["two"], told["found"]) == ({"1.csv"}, {"2.csv"}, {"3.txt"})
    assert told["after"] == {"3.csv"}
    unknown = (
        "chosen",
        "same",
        "picked",
        "once",
        "some",
        "before",
        "old",
        "skipped",
        "either",
        "grouped",
        "broken",
        "late",
    )
    assert [told[name] for name in unknown] == [set()] * len(unknown)


def test_settings_read_from_a_file_are_no_data_set_and_records_are_one(
    execute: Execute, tmp_path: Path
) -> None:
    (tmp_path / "settings.json").write_text(
        '{"seed": 1, "model": {"alpha": 0.5, "names": ["a", "b"]}, "path": null, "grid": [0.1, 1, 10]}'
    )
    (tmp_path / "records.json").write_text('[{"a": 1, "b": 2}, {"a": 3, "b": 4}]')
    (tmp_path / "columns.json").write_text('{"a": [1, 3], "b": [2, 4]}')
    (tmp_path / "nested.json").write_text('{"name": "x", "rows": [{"a": 1}, {"a": 2}]}')
    (tmp_path / "settings.toml").write_text("day = 2024-01-01\n[model]\nalpha = 1.5\n")
    seen = execute(
        "import json, tomllib\nimport numpy as np, pandas as pd\nfrom pathlib import Path",
        "with open('settings.json') as file: settings = json.load(file)\n"
        "same = json.loads(Path('settings.json').read_text())\n"
        "with open('settings.toml', 'rb') as file: other = tomllib.load(file)\n"
        "records = json.load(open('records.json')); columns = json.load(open('columns.json'))\n"
        "nested = json.load(open('nested.json'))",
        "copy = dict(settings)\ngrid = np.array(settings['grid'])\n"
        "frame = pd.DataFrame(columns); means = dict(frame.mean())",
    )
    assert seen.notices == []
    held = {state.name: state.value for each in seen.run.executions for state in each.defines}
    data = {"records", "columns", "nested", "grid", "frame", "means"}
    told = {name for name, value in held.items() if value and seen.values[value].kind is ValueKind.DATASET}
    assert told == data
    for name in ("records", "columns", "nested"):
        assert seen.came_from(name) == {f"{name}.json"}, name
    assert seen.came_from("grid") == {"settings.json"}
    assert {"settings.json", "settings.toml"} <= {Path(each.path).name for each in seen.files.values()}
    assert seen.came_from("means") == {"columns.json"}
