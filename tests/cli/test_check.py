from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from provkg.config import Home
    from tests.cli.conftest import Command

RULE = """\
summary: The run has a name.
rationale: Names are for people.
severity: warning
about: soundness
remedy: Rename it.
message: "{count} executions were seen."
sparql: |
  SELECT ?run (COUNT(?execution) AS ?count)
  WHERE { GRAPH ?g { ?execution provkg:partOfRun ?run } }
  GROUP BY ?run
"""


def test_a_failed_run_is_told_with_code_1_and_where_it_failed(provkg: Command, recorded: Home) -> None:
    done = provkg("check", "--rule", "execution_failed")
    assert done.code == 1
    assert "An execution ended with an error." in done.out
    assert "cell [" in done.out


def test_what_is_skipped_or_switched_off_is_not_applied(provkg: Command, recorded: Home) -> None:
    assert "execution_failed" not in provkg("check", "--skip", "execution_failed").out
    config = recorded.path / "config.toml"
    text = config.read_text()
    config.write_text(text.replace("leave_out = []", "leave_out = ['execution_failed']"))
    assert "execution_failed" not in provkg("check").out
    assert "execution_failed" in provkg("check", "--rule", "execution_failed").out


def test_rules_of_ones_own_are_applied(provkg: Command, recorded: Home) -> None:
    folder = recorded.path / "rules"
    folder.mkdir()
    (folder / "named.yaml").write_text(RULE)
    config = recorded.path / "config.toml"
    config.write_text(config.read_text().replace("rules = []", "rules = ['rules']"))
    done = provkg("check", "--rule", "named", "--fail-on", "warning")
    assert done.code == 1
    assert "executions were seen." in done.out
    (folder / "named.yaml").write_text(RULE.replace("warning", "bad"))
    refused = provkg("check", "--rule", "named")
    assert refused.code == 2
    assert "named.yaml is no rule: severity is 'bad'" in refused.err


def test_an_unknown_rule_is_told_with_the_nearest(provkg: Command, recorded: Home) -> None:
    done = provkg("check", "--skip", "unused_import")
    assert done.code == 2
    assert "import_not_used" in done.err


def test_sarif_names_rule_place_and_proof(provkg: Command, recorded: Home, tmp_path: Path) -> None:
    assert provkg("check", "-f", "sarif", "-o", str(tmp_path / "log.sarif")).code == 1
    log = json.loads((tmp_path / "log.sarif").read_text())
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    result = next(one for one in run["results"] if one["ruleId"] == "execution_failed")
    assert rules[result["ruleIndex"]]["id"] == "execution_failed"
    assert result["level"] == "error"
    (place,) = result["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"].endswith("/penguins.ipynb")
    assert place["logicalLocations"][0]["name"].startswith("cell [")
    assert result["properties"]["proof"]


def test_every_rule_is_listed_with_why_and_what_to_do(provkg: Command, recorded: Home) -> None:
    listed = provkg("check", "--list")
    assert listed.code == 0
    assert listed.out.count("→") >= 16
