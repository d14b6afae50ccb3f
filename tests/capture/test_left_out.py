"""What a run's record leaves out: secrets, and what the configuration says."""

from __future__ import annotations

import json

import pytest

from provkg.config import Home
from provkg.journal import runs
from tests.capture.conftest import Execute


def test_no_secret_of_a_run_reaches_the_home(
    home: Home, execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_PASSWORD", "s3cret-of-ann")
    recorded = execute(
        "import os, sys\npw = os.environ['WAREHOUSE_PASSWORD']\nprint(pw)\nconnection = {'who': pw}",
        "from IPython.display import HTML\nHTML(f'<a href=\"https://ann:{pw}@example.org\">')",
        "import pandas as pd\nurl = 'https://ann:hunter22@example.org/x.csv?token=hunter33'",
        "print(url, file=sys.stderr)\nraise ValueError(f'cannot read {url} with {pw}')",
        parameters={"api_key": "hunter44", "lr": 0.1},
    )
    assert recorded.run.executions[-1].error is not None
    everything = b"".join(path.read_bytes() for path in home.path.rglob("*") if path.is_file())
    assert b"cannot read https://example.org/x.csv?token=***" in everything
    for secret in (b"s3cret-of-ann", b"hunter22", b"hunter33"):
        assert secret not in everything
    [journal] = [home.journal_folder / f"{run}.jsonl" for run in runs(home)]
    started = json.loads(journal.read_bytes().splitlines()[0])
    assert {each["name"]: each["value"] for each in started["parameters"]} == {"api_key": "***", "lr": 0.1}


def test_columns_and_outputs_can_be_left_out(home: Home, execute: Execute) -> None:
    config = home.path / "config.toml"
    told = config.read_text(encoding="utf-8")
    config.write_text(
        told.replace("leave_out_columns = []", 'leave_out_columns = ["patient_*"]').replace(
            "outputs = true", "outputs = false"
        ),
        encoding="utf-8",
    )
    recorded = execute(
        "import pandas as pd\nseen = pd.DataFrame({'patient_name': ['Ann'], 'age': [40]})\n"
        "print(seen.age[0], 'years')\nseen"
    )
    value = recorded.held("seen")
    assert value.shape == (1, 2)
    assert [column.name for column in value.columns] == ["age"]
    outputs = recorded.run.executions[0].outputs
    assert [(each.text, each.contents[0].kept) for each in outputs] == [("", False), ("", False)]
    assert all(len(content.sha256) == 64 for each in outputs for content in each.contents)
