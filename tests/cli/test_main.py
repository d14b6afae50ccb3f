from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import provkg as library
from provkg.cli.main import COMMANDS, cli, main

if TYPE_CHECKING:
    from provkg.config import Home
    from tests.cli.conftest import Command

PROVKG = (sys.executable, "-m", "provkg")


def test_the_short_help_of_the_list_is_that_of_the_command() -> None:
    context = cli.make_context("provkg", ["--help"], resilient_parsing=True)
    for name, (_, _, short) in COMMANDS.items():
        command = cli.get_command(context, name)
        assert command is not None
        assert (command.name, command.short_help) == (name, short)


def test_the_version_is_the_library_s(provkg: Command) -> None:
    assert provkg("--version").out == f"provkg {library.__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(provkg: Command, name: str) -> None:
    done = provkg(name, "--help")
    assert done.code == 0
    assert done.out.startswith(f"Usage: provkg {name}")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rnus"], "There is no command 'rnus'. Did you mean runs?"),
        (["run"], "Missing argument 'PATH'."),
        (["runs", "--format", "xml"], "'xml' is not one of"),
        (["ask", "best_runs_by_metric", "-p", "accuracy"], "-p takes name=value, not 'accuracy'."),
        (["sparql", "missing.rq"], "cannot read the query missing.rq: No such file or directory."),
        (["run", "missing.ipynb"], "missing.ipynb"),
        (["ask", "no_such_question"], "There is no question 'no_such_question'."),
        (["sparql", "SELECT ?x WHERE { ?x a"], "ends too early"),
    ],
)
def test_wrong_usage_is_one_line_with_a_remedy_and_exit_code_2(
    provkg: Command, arguments: list[str], says: str
) -> None:
    done = provkg(*arguments)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert done.err.startswith("provkg: ")
    assert done.err.count("\n") >= 2, "the remedy stands below"
    assert "Traceback" not in done.err


def test_a_home_that_is_not_there_is_named_with_its_remedy(provkg: Command, tmp_path: Path) -> None:
    for arguments in (["--home", "elsewhere", "runs"], ["runs", "--home", "elsewhere"]):
        done = provkg(*arguments)
        assert done.code == 2
        assert f"{tmp_path / 'elsewhere'}" in done.err
        assert "`provkg init`" in done.err


def test_a_bug_shows_its_traceback(provkg: Command, monkeypatch: pytest.MonkeyPatch, home: Home) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("provkg.views.overview.list_runs", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        main(["runs"])


def test_a_reader_that_goes_away_is_no_error(recorded: Home) -> None:
    writer = subprocess.Popen(
        [*PROVKG, "sparql", "SELECT ?s ?p ?o WHERE { GRAPH ?g { ?s ?p ?o } }", "--format", "tsv"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=recorded.path.parent,
    )
    assert writer.stdout is not None
    assert writer.stderr is not None
    with writer:
        writer.stdout.readline()
        writer.stdout.close()
        assert writer.stderr.read() == b""
    assert writer.returncode in {0, 141}


def test_the_help_loads_no_library_but_the_one_for_commands() -> None:
    call = "try: main(['--help'])\nexcept SystemExit: print(*sys.modules)"
    code = f"import sys; from provkg.cli.main import main\n{call}"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert not loaded & {"pyoxigraph", "rdflib", "rich", "nbformat", "nbclient", "msgspec", "pandas"}


def test_recorded_text_cannot_steer_the_terminal(provkg: Command, home: Home) -> None:
    from provkg.journal import Journal
    from provkg.records import CellExecution, CellFinished, Output, OutputKind, RunKind, RunStarted
    from tests.penguins import BEGAN

    run = "0f0c9a3e-7f43-4f6d-8c58-6b7d1a2e9c11"
    shown = Output(id="o1", kind=OutputKind.STDOUT, text="\x1b]0;title\x07\x1b[2J\x9b31m")
    cell = CellExecution(order=1, source="print()", sha256="0" * 64, started_at=BEGAN, outputs=(shown,))
    with Journal(home, run) as journal:
        journal.append(RunStarted(run=run, kind=RunKind.NOTEBOOK, started_at=BEGAN, recorder="provkg"))
        journal.append(CellFinished(execution=cell))
    out = provkg("show", "o1").out
    assert "␛]0;title␛[2J␚31m" in out
    assert not set(out) & {chr(code) for code in (*range(10), *range(11, 32), *range(0x7F, 0xA0))}
