from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.shell_completion import ShellComplete

from provkg.cli.main import COMMANDS, cli
from provkg.queries import questions
from tests.penguins import RUNS

if TYPE_CHECKING:
    from pathlib import Path

    from provkg.config import Home
    from tests.cli.conftest import Command


def offered(*words: str) -> list[str]:
    """What the shell is offered for the last of some words."""
    completion = ShellComplete(cli, {}, "provkg", "_PROVKG_COMPLETE")
    return [item.value for item in completion.get_completions(list(words[:-1]), words[-1])]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(provkg: Command, shell: str) -> None:
    done = provkg("completion", shell)
    assert done.code == 0
    assert f"_PROVKG_COMPLETE={shell}_complete" in done.out


def test_the_script_of_bash_is_valid_and_calls_a_command_that_answers(
    provkg: Command, tmp_path: Path
) -> None:
    script = tmp_path / "completion.sh"
    script.write_text(provkg("completion", "bash").out)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    answer = subprocess.run(
        [sys.executable, "-m", "provkg"],
        env={**os.environ, "_PROVKG_COMPLETE": "bash_complete", "COMP_WORDS": "provkg ru", "COMP_CWORD": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.splitlines() == ["plain,run", "plain,runs"]


def test_verbs_and_options_are_offered(home: Home) -> None:
    assert offered("") == list(COMMANDS)
    assert "--timeout" in offered("run", "--t")


def test_runs_are_offered_by_their_ids(recorded: Home) -> None:
    assert offered("show", "--run", "") == ["latest"]
    assert offered("show", "--run", "5f0") == sorted(RUNS[:2])


def test_things_of_the_latest_run_are_offered(recorded: Home) -> None:
    assert "forest" in offered("show", "fo")
    assert "penguins.csv" in offered("show", "pen")


def test_questions_and_their_parameters_are_offered(recorded: Home) -> None:
    assert offered("ask", "") == list(questions())
    assert offered("ask", "best_runs_by_metric", "-p", "") == ["metric="]
    assert "run=latest" in offered("ask", "how_to_run_again", "-p", "run=")


def test_where_there_is_no_home_nothing_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert offered("show", "--run", "5f") == []
    assert offered("show", "fo") == []
