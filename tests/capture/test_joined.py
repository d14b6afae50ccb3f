"""What one run saved and another loaded is one content: lineage goes on from run to run."""

from __future__ import annotations

from pathlib import Path

from provkg.config import Home
from provkg.queries import ask
from provkg.results import Solutions
from provkg.store import open_store
from tests.capture.conftest import Execute


def test_lineage_goes_through_files_that_were_saved_and_loaded(
    execute: Execute, home: Home, tmp_path: Path
) -> None:
    (tmp_path / "raw.csv").write_text("a,b\n" + "".join(f"{i},{i * 7 % 11}\n" for i in range(90)))
    first = execute(
        "import shutil, numpy as np, pandas as pd",
        "pd.read_csv('raw.csv').query('a > 3').to_parquet('clean.parquet')",
        "again = pd.read_parquet('clean.parquet'); np.save('x.npy', again[['a']].to_numpy())\n"
        "shutil.copy('clean.parquet', 'copy.parquet')",
    )
    assert first.came_from("again", evidence="observed") == {"raw.csv", "clean.parquet"}
    copied, clean = first.file("copy.parquet"), first.file("clean.parquet")
    assert copied.sha256 == clean.sha256
    assert [link.source for link in first.links if link.target == copied.id] == [clean.id]
    (tmp_path / "clean.parquet").unlink()
    second = execute(
        "import joblib, numpy as np, pandas as pd\nfrom sklearn.linear_model import Ridge",
        "table = pd.read_parquet('copy.parquet'); x = np.load('x.npy')\nmodel = Ridge().fit(x, table.b)",
        "joblib.dump(model, 'model.joblib')",
    )
    assert second.notices == []
    with open_store(home) as store:
        result = ask(store, "what_led_to", {"thing": "model"}).result
        assert isinstance(result, Solutions)
        names = {str(row["name"]).rpartition("/")[2] for row in result if row["name"]}
        assert {"table", "x", "copy.parquet", "x.npy", "raw.csv", "clean.parquet"} <= names
        affected = ask(store, "what_is_affected_by_file", {"file": "raw.csv"}).result
        assert isinstance(affected, Solutions)
        assert {"model.joblib", "x.npy", "copy.parquet"} <= {
            str(row["name"]).rpartition("/")[2] for row in affected if row["kind"] == "file"
        }
