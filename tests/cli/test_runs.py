from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from tests.penguins import RUNS

if TYPE_CHECKING:
    import pytest

    from provkg.config import Home
    from tests.cli.conftest import Command


def test_runs_come_newest_first_with_what_they_measured(provkg: Command, recorded: Home) -> None:
    done = provkg("runs")
    header, *lines = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert header.split()[:4] == ["run", "started", "took", "status"]
    assert [line.split()[0] for line in lines] == [run[:8] for run in reversed(RUNS)]
    assert "failed" in lines[0]
    assert "accuracy 0.9701" in lines[0]
    assert "penguins.ipynb" in lines[0]


def test_runs_without_a_terminal_keep_each_run_on_one_line(provkg: Command, recorded: Home) -> None:
    assert len(provkg("runs").out.splitlines()) == 1 + len(RUNS)


def test_a_number_limits_the_runs_to_the_newest_and_0_to_none(provkg: Command, recorded: Home) -> None:
    newest = provkg("runs", "-n", "1", "--format", "csv").out
    assert [row["run"].rpartition("/")[2] for row in csv.DictReader(io.StringIO(newest))] == [RUNS[-1]]
    everything = provkg("runs", "-n", "0", "--format", "csv").out
    assert len(list(csv.DictReader(io.StringIO(everything)))) == len(RUNS)


def test_runs_as_json_have_typed_values(provkg: Command, recorded: Home) -> None:
    bindings = json.loads(provkg("runs", "--format", "json").out)["results"]["bindings"]
    assert bindings[0]["run"] == {"type": "uri", "value": f"{recorded.base}run/{RUNS[-1]}"}
    assert bindings[0]["took"]["datatype"].endswith("#double")


def test_no_runs_are_said_to_be_none_on_standard_error(provkg: Command) -> None:
    done = provkg("runs")
    assert (done.code, done.out, done.err) == (0, "", "Nothing recorded fits.\n")


def test_a_run_is_shown_by_any_unique_beginning_of_its_id(provkg: Command, recorded: Home) -> None:
    assert f"run {RUNS[1][:8]}" in provkg("show", "5f0d").out
    done = provkg("show", "5f0")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("provkg: 2 runs begin with '5f0'")


def test_latest_is_the_newest_run_and_a_tilde_counts_back(provkg: Command, recorded: Home) -> None:
    assert f"run {RUNS[2][:8]}" in provkg("show").out
    assert f"run {RUNS[0][:8]}" in provkg("show", "latest~2").out
    assert provkg("show", "latest~3").code == 2


def test_a_notebook_stands_for_its_last_run(provkg: Command, recorded: Home) -> None:
    assert f"run {RUNS[2][:8]}" in provkg("show", "penguins.ipynb").out


def test_a_run_shows_what_was_read_trained_measured_and_written(provkg: Command, recorded: Home) -> None:
    shown = " ".join(provkg("show").out.split())
    for part in (
        "penguins.ipynb failed in 6.2 s",
        "Failed in cell [5], the notebook's cell 6 ZeroDivisionError: division by zero > 1 1 / 0",
        "Data read data/penguins.csv 13.5 kB 344 rows abababab as penguins",
        "Models trained on train (258 rows, training part, from data/penguins.csv)",
        "forest RandomForestClassifier n_estimators=200 310 ms",
        "Results model data accuracy forest test 0.9701",
        "Files written forest.joblib 1.2 MB cdcdcdcd from forest",
        "CPython 3.11.7 · ipykernel 7.4.0",
        "commit 12345678 on main, with uncommitted changes",
        "! RandomForestClassifier (forest) has no seed of its own: cell [3], line 2",
    ):
        assert part in shown


def test_the_summary_fits_into_80_columns(
    provkg: Command, recorded: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert max(len(line) for line in provkg("show").out.splitlines()) <= 80


def test_things_are_shown_by_variable_id_path_metric_prompt_and_iri(provkg: Command, recorded: Home) -> None:
    iri = f"{recorded.base}run/{RUNS[0]}/value/4.2"
    first_lines = {
        word: provkg("show", word).out.splitlines()[0].split()
        for word in ("forest", "4.2", "f1", "data/penguins.csv", "accuracy", "[3]", "latest~1/train", iri)
    }
    newest, middle, oldest = (run[:8] for run in reversed(RUNS))
    assert first_lines["forest"] == first_lines["4.2"] == ["forest", "model", f"{newest}/4.2"]
    assert first_lines["f1"] == ["penguins.csv", "file", "read", f"{newest}/f1"]
    assert first_lines["data/penguins.csv"] == first_lines["f1"]
    assert first_lines["accuracy"] == ["accuracy", "result", f"{newest}/r1"]
    assert first_lines["[3]"] == ["cell", "[3]", "cell", "execution", f"{newest}/3"]
    assert first_lines["latest~1/train"] == ["train", "data", "set", f"{middle}/2.1"]
    assert first_lines[iri] == ["forest", "model", f"{oldest}/4.2"]


def test_a_thing_can_be_looked_for_in_another_run(provkg: Command, recorded: Home) -> None:
    assert f"{RUNS[0][:8]}/4.2" in provkg("show", "forest", "--run", "5f0c").out


def test_a_name_that_nothing_has_gets_the_nearest(provkg: Command, recorded: Home) -> None:
    done = provkg("show", "fores")
    assert (done.code, done.out) == (2, "")
    assert "'fores'" in done.err
    assert "forest" in done.err.splitlines()[1]


def test_a_thing_as_json_holds_all_that_is_printed(provkg: Command, recorded: Home) -> None:
    card = json.loads(provkg("show", "forest", "--format", "json").out)
    assert (card["name"], card["kind"], card["id"]) == ("forest", "model", "4.2")
    assert {section["title"] for section in card["sections"]} >= {"Settings", "Results", "Came from"}
    summary = json.loads(provkg("show", "--format", "json").out)
    assert summary["trainings"][0]["settings"] == {"n_estimators": 200}


def test_without_a_run_show_says_how_to_make_one(provkg: Command) -> None:
    done = provkg("show")
    assert done.code == 2
    assert "`provkg run NOTEBOOK`" in done.err
