from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from provkg.queries import questions
from tests.penguins import RUNS

if TYPE_CHECKING:
    from pathlib import Path

    from provkg.config import Home
    from tests.cli.conftest import Command

ACCURACY = "SELECT ?run ?acc WHERE { GRAPH ?g { ?run metric:accuracy ?acc } } ORDER BY DESC(?acc)"


def test_all_questions_are_listed_with_their_parameters(provkg: Command) -> None:
    listed = provkg("questions").out
    for name, question in questions().items():
        assert name in listed
        assert all(parameter in listed for parameter in question.params)


def test_questions_as_csv_have_one_line_each(provkg: Command) -> None:
    lines = provkg("questions", "--format", "csv").out.splitlines()
    assert lines[0] == "name,group,question,parameters"
    assert len(lines) == 1 + len(questions())


def test_one_question_is_told_with_its_sparql(provkg: Command) -> None:
    shown = provkg("questions", "best_runs_by_metric").out
    assert "provkg ask best_runs_by_metric -p metric=" in shown
    assert "SELECT" in shown


def test_a_question_is_answered_from_what_was_recorded(provkg: Command, recorded: Home) -> None:
    done = provkg("ask", "best_runs_by_metric", "-p", "metric=accuracy", "--format", "json")
    rows = json.loads(done.out)["results"]["bindings"]
    assert {row["value"]["value"] for row in rows} == {"0.97014925"}
    assert len(rows) == 3


def test_a_question_that_lacks_a_parameter_says_which(provkg: Command, recorded: Home) -> None:
    done = provkg("ask", "best_runs_by_metric")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("provkg: best_runs_by_metric needs metric.")


def test_a_query_is_taken_from_the_line_a_file_or_standard_input(
    provkg: Command, recorded: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    (tmp_path / "accuracy.rq").write_text(ACCURACY)
    monkeypatch.setattr("sys.stdin", io.StringIO(ACCURACY))
    outs = [provkg("sparql", query, "--format", "tsv").out for query in (ACCURACY, "accuracy.rq", "-")]
    assert outs[0] == outs[1] == outs[2]
    assert outs[0].splitlines()[0] == "?run\t?acc"
    assert len(outs[0].splitlines()) == 4


def test_answers_come_in_the_form_that_fits_them(provkg: Command, recorded: Home) -> None:
    assert provkg("sparql", "ASK { GRAPH ?g { ?run a provkg:Run } }").out == "yes\n"
    assert provkg("sparql", "ASK { GRAPH ?g { ?run a provkg:Cat } }").out == "no\n"
    turtle = provkg("sparql", "CONSTRUCT { ?r a prov:Activity } WHERE { GRAPH ?g { ?r a provkg:Run } }").out
    assert turtle.startswith("@prefix")
    assert turtle.count("a prov:Activity") == 3
    wrong = provkg("sparql", ACCURACY, "--format", "turtle")
    assert (wrong.code, wrong.out) == (2, "")


def test_an_error_in_a_query_is_shown_with_its_line_and_a_caret(provkg: Command, recorded: Home) -> None:
    done = provkg("sparql", "SELECT ?run WHERE { ?run foo:bar ?x }")
    assert done.code == 2
    lines = done.err.splitlines()
    assert lines[0] == "provkg: unknown prefix foo: (line 1, column 26)"
    assert lines[2].index("^") == lines[1].index("foo:bar")


def test_an_update_is_refused(provkg: Command, recorded: Home) -> None:
    assert provkg("sparql", "DROP ALL {}").code == 2
    assert len(provkg("runs").out.splitlines()) == 4


def test_no_answer_is_said_to_be_none(provkg: Command, recorded: Home) -> None:
    done = provkg("sparql", "SELECT ?x WHERE { GRAPH ?g { ?x a provkg:Cat } }")
    assert (done.code, done.out, done.err) == (0, "", "Nothing recorded fits.\n")


def test_answers_are_told_in_plain_words_with_near_paths_and_short_digests(
    provkg: Command, recorded: Home
) -> None:
    sources = provkg("ask", "which_data_sources_were_used", "-p", "run=latest").out
    assert " data/penguins.csv " in sources
    assert "abababab" in sources
    assert "ab" * 32 not in sources
    best = provkg("ask", "best_runs_by_metric", "-p", "metric=accuracy").out
    assert "observed" in best
    assert "provkg:" not in best
    assert "RandomForestClassifier" in best
    assert "sklearn." not in best


def test_what_all_rows_share_is_said_once_where_there_is_little_room(
    provkg: Command, recorded: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("ask", "best_runs_by_metric", "-p", "metric=accuracy")
    assert provkg(*arguments).out.count("observed") == 3
    monkeypatch.setenv("COLUMNS", "80")
    narrow = provkg(*arguments).out
    assert narrow.count("observed") == 1
    assert all(run[:8] in narrow for run in RUNS)
    assert max(len(line) for line in narrow.splitlines()) <= 80
