"""The knowledge graph as programs and notebooks have it: `provkg.open`."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import provkg
from provkg.capture.notebook import run_notebook
from provkg.records import Status
from provkg.results import Table, Triples, Truth
from provkg.store import open_store
from tests.penguins import RUNS

if TYPE_CHECKING:
    from pathlib import Path

    from provkg.config import Home


@pytest.fixture
def graph(recorded: Home) -> provkg.KnowledgeGraph:
    return provkg.open(recorded.path)


def test_runs_are_rows_of_python_values_newest_first(graph: provkg.KnowledgeGraph) -> None:
    runs = graph.runs()
    assert isinstance(runs, Table)
    assert [str(row["run"]).rpartition("/")[2] for row in runs] == list(reversed(RUNS))
    assert runs[0]["status"] == "failed"
    assert len(graph.runs(1)) == 1
    assert runs[:2].columns == runs.columns


def test_answers_are_tables_frames_truths_and_triples(graph: provkg.KnowledgeGraph) -> None:
    answer = graph.ask("which_data_trained_model", model="forest")
    assert isinstance(answer, Table)
    assert len(answer.to_frame()) == len(answer) > 0
    assert answer.to_frame().columns.tolist() == list(answer.columns)
    assert graph.sparql("ASK { GRAPH ?g { ?run a provkg:Run } }") == Truth(True)
    triples = graph.sparql("CONSTRUCT { ?run a provkg:Run } WHERE { GRAPH ?g { ?run a provkg:Run } }")
    assert isinstance(triples, Triples)
    assert len(triples) == len(RUNS)


def test_a_table_is_shown_as_html_in_which_nothing_is_markup(graph: provkg.KnowledgeGraph) -> None:
    table = graph.sparql("SELECT ?a WHERE { VALUES ?a { '<script>' 'x' } }")
    assert isinstance(table, Table)
    shown = table._repr_html_()
    assert "<script>" not in shown
    assert shown.count("<tr>") == 3
    assert repr(table).splitlines() == ["a", "<script>", "x"]
    long = graph.sparql("SELECT ?a WHERE { VALUES ?a { " + " ".join(map(str, range(100))) + " } }")
    assert isinstance(long, Table)
    assert "and 40 more rows" in long._repr_html_()


def test_a_run_a_thing_a_lineage_a_comparison_and_a_verdict_can_be_had(graph: provkg.KnowledgeGraph) -> None:
    assert graph.run("latest~1").run == RUNS[1]
    assert graph.show("forest").kind == "model"
    assert graph.show("latest") == graph.run()
    lineage = graph.lineage("forest")
    assert any(node.name == "penguins.csv" for node in lineage.nodes)
    assert "<svg" in lineage._repr_mimebundle_()["image/svg+xml"]
    assert "forest" in repr(lineage)
    assert graph.compare()._repr_html_()
    assert graph.check().worst() == "error"
    skipped = tuple(rule.name for rule in graph.check().rules if rule.severity == "error")
    assert graph.check(skip=skipped).worst() != "error"


def test_outside_of_a_block_others_can_open_the_store(graph: provkg.KnowledgeGraph, recorded: Home) -> None:
    graph.runs()
    with open_store(recorded, timeout=0.1):
        pass
    with graph:
        graph.runs()
        with pytest.raises(provkg.StoreBusyError):
            open_store(recorded, timeout=0.1)
    graph.runs()


def test_a_home_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(provkg.HomeError):
        provkg.open(tmp_path / "none")


def test_in_a_recorded_notebook_it_is_shown_and_not_recorded(home: Home, tmp_path: Path) -> None:
    import nbformat

    cells = [
        "x = 1",
        "import provkg\ngraph = provkg.open()",
        "rows = graph.sparql('SELECT ?e WHERE { GRAPH ?g { ?e provkg:executionOrder 1 } }')",
        "print(len(rows))\nrows",
        "graph.run()",
    ]
    path = tmp_path / "asks.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)
    report = run_notebook(path, home, output=tmp_path / "done.ipynb")
    assert report.status is Status.SUCCEEDED
    record = provkg.read_run(home, report.run)
    assert record is not None
    assert not [file.path for execution in record.executions for file in execution.files]
    done = nbformat.read(tmp_path / "done.ipynb", 4)
    assert done.cells[3].outputs[0].text == "1\n"
    assert "<table>" in done.cells[3].outputs[1].data["text/html"]
    assert "asks.ipynb" in done.cells[4].outputs[0].data["text/html"]


def test_opening_loads_no_engine_until_something_is_asked(recorded: Home) -> None:
    code = f"import sys, provkg; provkg.open({str(recorded.path)!r}); print('pyoxigraph' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
