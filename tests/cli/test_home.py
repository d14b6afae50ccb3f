from __future__ import annotations

import json
from typing import TYPE_CHECKING

from provkg.journal import journal_path
from tests.penguins import RUNS

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from provkg.config import Home
    from tests.cli.conftest import Command


def test_init_makes_a_home_here_and_prints_where(provkg: Command, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    done = provkg("init", "--home", str(folder / ".provkg"))
    assert (done.code, done.out) == (0, f"{folder / '.provkg'}\n")
    assert (folder / ".provkg" / "config.toml").is_file()
    assert provkg("init", "--home", str(folder / ".provkg")).code == 0, "again changes nothing"


def test_init_takes_a_base_and_refuses_one_that_is_none(provkg: Command, tmp_path: Path) -> None:
    made = provkg("init", "--home", str(tmp_path / "a"), "--base", "https://example.org/")
    assert "https://example.org/" in made.err
    wrong = provkg("init", "--home", str(tmp_path / "b"), "--base", "example")
    assert wrong.code == 2
    assert not (tmp_path / "b").exists()


def test_rebuild_makes_the_store_anew_and_says_of_how_much(provkg: Command, recorded: Home) -> None:
    before = provkg("sparql", "SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }", "-f", "csv").out
    done = provkg("rebuild")
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("3 runs (")
    after = provkg("sparql", "SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }", "-f", "csv").out
    assert after == before


def test_the_doctor_finds_a_sound_home_sound(provkg: Command, recorded: Home) -> None:
    done = provkg("doctor")
    assert (done.code, done.err) == (0, "")
    assert "3 runs" in done.out
    assert "kernel python3" in done.out
    assert done.out.rstrip().endswith("Nothing is wrong.")


def test_the_doctor_tells_torn_from_damaged_lines(provkg: Command, recorded: Home) -> None:
    torn, damaged = journal_path(recorded, RUNS[0]), journal_path(recorded, RUNS[1])
    torn.write_bytes(torn.read_bytes()[:-20])
    lines = damaged.read_bytes().splitlines(keepends=True)
    damaged.write_bytes(b"".join([lines[0], b"{broken}\n", *lines[1:]]))
    done = provkg("doctor", "--format", "json")
    found = {check["name"]: check for check in json.loads(done.out) if check["state"] != "fine"}
    assert done.code == 1
    assert found[f"journal of {RUNS[1][:8]}"]["state"] == "wrong"
    assert "damaged" in found[f"journal of {RUNS[1][:8]}"]["found"]
    assert found[f"journal of {RUNS[0][:8]}"]["state"] == "note"
    assert all(check["remedy"] for check in found.values())


def test_the_doctor_says_when_there_is_no_home(
    provkg: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = provkg("doctor", "--home", str(tmp_path / "nowhere"))
    assert done.code == 1
    assert "`provkg init`" in " ".join(done.out.split())


def test_the_doctor_checks_the_users_own_knowledge(provkg: Command, recorded: Home) -> None:
    path = recorded.path / "knowledge.toml"
    path.write_text('schema = 1\n[[call]]\nfunctions = ["lab.load"]\ndoes = ["load"]\n')
    assert f"{path}: 1 name" in provkg("doctor", "--format", "json").out
    path.write_text('schema = 1\n[[call]]\nfunctions = ["lab.load"]\ndoes = ["lode"]\n')
    done = provkg("doctor", "--format", "json")
    [wrong] = [check for check in json.loads(done.out) if check["state"] == "wrong"]
    assert done.code == 1
    assert wrong["found"] == f"{path}, line 4: `call[0].does[0]`: 'lode' is not allowed."
    assert wrong["remedy"].startswith("Allowed: load, save,")
