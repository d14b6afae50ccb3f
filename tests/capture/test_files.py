"""Files of the usual formats: what was read and what it became, what was written and from what, observed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from provkg.records import ActivityKind, FileMode
from tests.capture.conftest import Execute, Recorded

FRAME = "df = pd.DataFrame({'a': [i * 7 % 83 / 4 for i in range(80)], 'b': [f'r{i}' for i in range(80)]})"


def goes_through_files(seen: Recorded, folder: Path, source: str, files: dict[str, str]) -> None:
    """Check that each file was written from a variable and became another one.

    Parameters:
        source: the variable that was written.
        files: the variable that each file became.
    """
    for name, becomes in files.items():
        written = seen.file(name, FileMode.WRITTEN)
        content = (folder / name).read_bytes()
        assert written.sha256 == hashlib.sha256(content).hexdigest(), name
        assert written.size == len(content), name
        observed = {(link.source, link.target) for link in seen.links if link.evidence == "observed"}
        assert (seen.held(source).id, written.id) in observed, name
        assert (written.id, seen.held(becomes).id) in observed, name
        kinds = {a.kind for a in seen.activities if written.id in {*a.generated, *(u.entity for u in a.used)}}
        assert kinds == {ActivityKind.LOADING, ActivityKind.SAVING}, name


def test_pandas_reads_and_writes_are_linked_in_every_format(execute: Execute, tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    seen = execute(
        f"import sqlite3, pandas as pd\n{FRAME}",
        "df.to_csv('t.csv'); df.to_csv('t.csv.gz'); df.to_csv(path_or_buf='t.tsv', sep='\\t')\n"
        "df.to_parquet('t.parquet'); df.to_feather('t.feather'); df.to_json('t.json')\n"
        "df.to_pickle('t.pickle')\n"
        "df.to_excel('t.xlsx'); df.to_json('t.jsonl', orient='records', lines=True)\n"
        "with pd.ExcelWriter('two.xlsx') as book:\n    df.to_excel(book, sheet_name='one')\n"
        "con = sqlite3.connect('t.db'); df.to_sql('t', con); con.commit()",
        "c = pd.read_csv('t.csv', engine='c'); gz = pd.read_csv('t.csv.gz', engine='python')\n"
        "tsv = pd.read_csv('t.tsv', sep='\\t', engine='pyarrow'); parquet = pd.read_parquet('t.parquet')\n"
        "feather = pd.read_feather('t.feather'); json = pd.read_json('t.json')\n"
        "pickle = pd.read_pickle('t.pickle'); excel = pd.read_excel('t.xlsx')\n"
        "jsonl = pd.concat(pd.read_json('t.jsonl', orient='records', lines=True, chunksize=30))\n"
        "book = pd.ExcelFile('two.xlsx'); sheet = pd.read_excel(book, sheet_name='one')\n"
        "sql = pd.read_sql('select * from t', con)\n"
        "rows = pd.concat(pd.read_sql('select * from t', con, chunksize=7)); con.close()",
        "handle = pd.read_csv(open('t.csv'), engine='pyarrow')\n"
        "part = next(pd.read_csv('t.csv', chunksize=9))\n"
        "sheets = pd.read_excel('t.xlsx', sheet_name=None); one = sheets['Sheet1']",
    )
    assert seen.notices == []
    goes_through_files(
        seen,
        tmp_path,
        "df",
        {
            "t.csv": "c",
            "t.csv.gz": "gz",
            "t.tsv": "tsv",
            "t.parquet": "parquet",
            "t.feather": "feather",
            "t.json": "json",
            "t.jsonl": "jsonl",
            "t.pickle": "pickle",
            "t.xlsx": "excel",
            "two.xlsx": "sheet",
            "t.db": "sql",
        },
    )
    parts = {"handle": "t.csv", "part": "t.csv", "one": "t.xlsx", "rows": "t.db"}
    for name, file in parts.items():
        assert file in seen.came_from(name, evidence="observed")
    assert {Path(file.path).name for file in seen.files.values()} == {
        *("t.csv", "t.csv.gz", "t.tsv", "t.parquet", "t.feather", "t.json", "t.jsonl", "t.pickle", "t.xlsx"),
        *("two.xlsx", "t.db"),
    }


def test_numpy_joblib_and_pickle_files_are_linked(execute: Execute, tmp_path: Path) -> None:
    seen = execute(
        "import pickle, joblib, numpy as np\nx = np.random.default_rng(3).random(90)",
        "x.tofile('x.bin'); np.save('x.npy', x); np.savez('x.npz', x)\n"
        "np.savez_compressed('packed.npz', name=x); np.savetxt('x.txt', x); joblib.dump(x, 'x.joblib')\n"
        "with open('x.pickle', 'wb') as file: pickle.dump(x, file)",
        "npy = np.load('x.npy'); archive = np.load('x.npz'); npz = archive['arr_0']\n"
        "packed = np.load('packed.npz')['name']; text = np.loadtxt('x.txt'); job = joblib.load('x.joblib')\n"
        "with open('x.pickle', 'rb') as file: pickled = pickle.load(file)\n"
        "lazy = np.load('x.npy', mmap_mode='r'); view = lazy[10:]; some = np.genfromtxt('x.txt')",
        "raw = np.fromfile('x.bin'); seen = np.memmap('x.bin', dtype=float, mode='r')",
        "made = np.memmap('new.bin', dtype=float, mode='w+', shape=(9,)); made[:] = x[:9]; made.flush()",
        "old = np.memmap('x.bin', dtype=float); old[0] = 5; old.flush()",
    )
    assert seen.notices == []
    files = {"x.npy": "npy", "x.npz": "npz", "packed.npz": "packed", "x.txt": "text", "x.joblib": "job"}
    goes_through_files(seen, tmp_path, "x", files | {"x.pickle": "pickled"})
    came = {
        "lazy": "x.npy",
        "view": "x.npy",
        "some": "x.txt",
        "raw": "x.bin",
        "seen": "x.bin",
        "old": "x.bin",
    }
    for name, file in came.items():
        assert file in seen.came_from(name, evidence="observed"), name
    links = {(link.source, link.target, link.operation) for link in seen.links}
    dumped, changed = (file for file in seen.files.values() if Path(file.path).name == "x.bin")
    assert (seen.held("x").id, dumped.id, "numpy.ndarray.tofile") in links
    assert (seen.held("old").id, changed.id, "numpy.memmap") in links
    assert (dumped.id, changed.id, "written further") in links
    assert (seen.held("made").id, seen.file("new.bin").id, "numpy.memmap") in links


def test_pyarrow_files_are_linked_and_only_the_parts_that_were_read(execute: Execute, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    seen = execute(
        "import pyarrow as pa, pyarrow.parquet as pq, pyarrow.csv as pc, pyarrow.feather as pf\n"
        "import pandas as pd\nfrom pyarrow import dataset as ds\n"
        "t = pa.table({'a': [i * 7 % 83 / 4 for i in range(90)], 'k': [i % 3 for i in range(90)]})",
        "pq.write_table(t, 't.parquet'); pc.write_csv(t, 't.csv'); pf.write_feather(t, 't.feather')\n"
        "with pq.ParquetWriter('w.parquet', t.schema) as writer: writer.write_table(t)",
        "parquet = pq.read_table('t.parquet'); csv = pc.read_csv('t.csv')\n"
        "feather = pf.read_table('t.feather')\n"
        "file = pq.ParquetFile('w.parquet'); written = file.read(); group = file.read_row_group(0)",
        "pq.write_to_dataset(t, 'parts', partition_cols=['k'])",
        "whole = pd.read_parquet('parts'); part = pd.read_parquet('parts', filters=[('k', '==', 1)])\n"
        "table = pq.read_table('parts', filters=[('k', '==', 2)]); lazy = ds.dataset('parts')\n"
        "read = lazy.to_table()",
        "frame = parquet.to_pandas()",
        "from pyarrow import json as pj, orc\norc.write_table(t, 't.orc')\n"
        "with open('t.jsonl', 'w') as file: file.writelines('{\"a\": %d}\\n' % i for i in range(70))",
        "columnar = orc.read_table('t.orc'); lines = pj.read_json('t.jsonl')",
    )
    assert seen.notices == []
    files = {"t.parquet": "parquet", "t.csv": "csv", "t.feather": "feather", "w.parquet": "written"}
    files["t.orc"] = "columnar"
    goes_through_files(seen, tmp_path, "t", files)
    assert "w.parquet" in seen.came_from("group", evidence="observed")
    assert seen.came_from("lines", evidence="observed") == {"t.jsonl"}
    parts = {f.id: Path(f.path).parent.name for f in seen.files.values() if "parts" in f.path}
    assert {parts[s] for s in seen.sources(seen.held("whole").id) if s in parts} == {"k=0", "k=1", "k=2"}
    assert {parts[s] for s in seen.sources(seen.held("part").id) if s in parts} == {"k=1"}
    assert {parts[s] for s in seen.sources(seen.held("table").id) if s in parts} == {"k=2"}
    assert {parts[s] for s in seen.sources(seen.held("lazy").id, evidence="observed") if s in parts} == {
        *("k=0", "k=1", "k=2")
    }
    [link] = [link for link in seen.links if link.target == seen.held("read").id]
    assert (link.source, link.evidence) == (seen.held("lazy").id, "inferred")
    assert "t.parquet" in seen.came_from("frame", evidence="observed")
    columns = [(column.name, column.type, column.missing) for column in seen.held("t").columns]
    assert columns == [("a", "double", 0), ("k", "int64", 0)]
    assert seen.held("t").fingerprint == seen.held("csv").fingerprint


def test_arrays_in_hdf5_files_and_images_are_linked(execute: Execute, tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    pytest.importorskip("PIL")
    seen = execute(
        "import h5py, numpy as np\nfrom PIL import Image\n"
        "x = np.random.default_rng(3).random((20, 30)); y = x[0] * 2",
        "with h5py.File('x.h5', 'w') as file:\n"
        "    file.create_dataset('x', data=x); group = file.create_group('g'); group['y'] = y",
        "with h5py.File('x.h5') as file:\n"
        "    whole = file['x'][:]; some = file['g/y'][2:5]; array = np.asarray(file['x'])\n"
        "    filled = np.empty((20, 30)); file['x'].read_direct(filled)\n"
        "    single = file['x'].astype('float32')[:]",
        "later = h5py.File('x.h5', 'a'); later['z'] = some",
        "later.close()",
        "image = Image.fromarray((x * 255).astype('uint8')); image.save('i.png')",
        "opened = Image.open('i.png'); turned = opened.convert('RGB').rotate(90)",
        "turned.thumbnail((5, 5)); turned.save('small.jpg')",
    )
    assert seen.notices == []
    first, second, third = (file for file in seen.files.values() if Path(file.path).name == "x.h5")
    links = {(link.source, link.target) for link in seen.links if link.evidence == "observed"}
    assert (seen.held("x").id, first.id) in links
    assert (seen.held("y").id, first.id) in links
    for name in ("whole", "some", "array", "filled", "single"):
        assert (first.id, seen.held(name).id) in links, name
    assert {(seen.held("some").id, second.id), (first.id, second.id), (second.id, third.id)} <= links
    assert third.sha256 == hashlib.sha256((tmp_path / "x.h5").read_bytes()).hexdigest()
    assert (seen.held("image").id, seen.file("i.png").id) in links
    assert seen.came_from("opened", evidence="observed") >= {"i.png"}
    assert seen.held("opened").shape == (20, 30, 1)
    assert seen.file("i.png").id in seen.sources(seen.file("small.jpg").id, evidence="observed")
    assert [state.value for e in seen.run.executions for state in e.defines if state.name == "turned"] == [
        *(f"{seen.held('turned').object}.{version}" for version in (1, 2))
    ]


def test_lists_and_dictionaries_that_were_read_from_text_lead_to_its_file(execute: Execute) -> None:
    seen = execute(
        "import io, json, pandas as pd\nfrom pathlib import Path\n"
        "rows = [{'a': i, 'b': f'r{i}'} for i in range(60)]\n"
        "for name, content in (('x.json', rows), ('y.json', {'meta': 1, 'rows': rows})):\n"
        "    with open(name, 'w') as file: json.dump(content, file)",
        "with open('x.json') as file: data = json.load(file)\nframe = pd.DataFrame(data)",
        "later = pd.DataFrame(data)\n"
        "nested = pd.json_normalize(json.loads(Path('y.json').read_text())['rows'])",
        "data.append({'a': 1, 'b': 'x'}); grown = pd.DataFrame(data)",
        "del data\nother = [{'a': i, 'b': f'r{i}'} for i in range(60)]; unrelated = pd.DataFrame(other)",
        "import tomllib, yaml\n"
        "Path('z.yaml').write_text(yaml.safe_dump(rows))\n"
        "Path('z.toml').write_text('\\n'.join(f'[[rows]]\\na = {i}\\nb = \"r{i}\"' for i in range(60)))",
        "with open('z.yaml') as file: listed = pd.DataFrame(yaml.safe_load(file))\n"
        "with open('z.toml', 'rb') as file: tabled = pd.DataFrame(tomllib.load(file)['rows'])",
    )
    assert seen.notices == []
    assert seen.came_from("frame", evidence="observed") == {"x.json"}
    assert seen.came_from("later", evidence="observed") == {"x.json"}
    # Equal content may be an accident: of a text it is guessed which file it was read from.
    assert (seen.came_from("nested", evidence="observed"), seen.came_from("nested")) == (set(), {"y.json"})
    assert seen.came_from("grown", evidence="observed") == {"x.json"}  # by the rows in it
    assert seen.came_from("unrelated", evidence="observed") == set()
    assert seen.came_from("listed", evidence="observed") == {"z.yaml"}
    assert seen.came_from("tabled", evidence="observed") == {"z.toml"}
