"""Files of the usual formats: what was read, what it became, what was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.records import FileMode
from tests.capture.conftest import Execute

pytest.importorskip("pyarrow")


def test_tables_are_followed_into_and_out_of_files_of_every_format(execute: Execute, tmp_path: Path) -> None:
    (tmp_path / "raw.csv").write_text("a,b\n" + "\n".join(f"{i},{i % 3}" for i in range(80)))
    seen = execute(
        "import numpy as np, pandas as pd",
        "df = pd.read_csv('raw.csv')\ndf.to_parquet('t.parquet'); df.to_feather('t.feather')\n"
        "df.to_json('t.json'); df.to_pickle('t.pickle'); df.to_csv('t.csv.gz')\n"
        "np.savez('t.npz', a=df.a); np.savetxt('t.txt', df.b)",
        "parquet, feather = pd.read_parquet('t.parquet'), pd.read_feather('t.feather')\n"
        "json, pickle = pd.read_json('t.json'), pd.read_pickle('t.pickle')\n"
        "packed = pd.read_csv('t.csv.gz', engine='python'); text = np.loadtxt('t.txt')\n"
        "handle = pd.read_csv(open('raw.csv'), engine='pyarrow')",
    )
    assert seen.notices == []
    for name in ("t.parquet", "t.feather", "t.json", "t.pickle", "t.csv.gz", "t.txt"):
        written = seen.file(name, FileMode.WRITTEN)
        assert written.sha256, name
        assert written.size == (tmp_path / name).stat().st_size
    for name in ("parquet", "feather", "json", "pickle", "packed", "text", "handle"):
        assert "raw.csv" in seen.came_from(name, evidence="observed"), name
    assert seen.file("t.npz").mode is FileMode.WRITTEN
