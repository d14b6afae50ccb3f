from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from provkg.check import check_run, read_rule, rules, to_sarif
from provkg.check.verifying import difference
from provkg.errors import QuestionError
from provkg.records import encode_event
from provkg.store import open_store
from tests.check.conftest import RUN
from tests.queries.manifest import make_home
from tests.queries.story import Story

if TYPE_CHECKING:
    from provkg.check import Finding, Verdict

EXECUTED = {
    "absolute_path": "data.csv is written out in the code.",
    "code_not_committed": "There were uncommitted changes at commit ",
    "evaluated_on_training_data": "was measured on its training data (same table).",
    "execution_failed": "It failed: ValueError: no more",
    "import_not_used": "json (json) was imported and not used.",
    "input_changed_since": "data.csv has other content now.",
    "input_without_digest": "large.csv has no digest: ",
    "package_differs_here": "and is here 0.1.",
    "package_not_pinned": "`%pip install --quiet pip` does not say which version.",
    "preprocessed_before_split": "StandardScaler was fitted on data that hold the test set X_test.",
    "random_without_seed": "drew random numbers, and nothing was seeded.",
    "test_set_used_for_choosing": "2 models were measured on the test set X_test.",
}
TOLD = {
    "cell_executed_out_of_order": "The cell at position 1 was executed after the one at position 2.",
    "hidden_state": "`limit` was set by execution 1, whose text is not in the document that was left.",
    "stale_result": "The model `model` was made by execution 2;",
}


def of(verdict: Verdict, rule: str) -> list[Finding]:
    return [finding for finding in verdict.findings if finding.rule == rule]


@pytest.mark.parametrize("rule", EXECUTED)
def test_a_flaw_of_an_executed_notebook_is_found(verdicts: dict[str, Verdict], rule: str) -> None:
    assert any(EXECUTED[rule] in finding.message for finding in of(verdicts["flawed"], rule))


def test_a_notebook_without_flaws_has_none(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["clean"].findings == ()
    assert len(verdicts["clean"].rules) == len(rules())


@pytest.mark.parametrize("rule", TOLD)
def test_a_flaw_of_a_session_is_found(told: dict[str, Verdict], rule: str) -> None:
    assert any(TOLD[rule] in finding.message for finding in of(told["changed"], rule))
    assert of(told["orderly"], rule) == []


def test_what_contradicts_itself_in_a_saved_notebook_is_found(told: dict[str, Verdict]) -> None:
    found = of(told["saved"], "saved_notebook_contradicts_itself")
    assert found
    assert all(finding.evidence == "inferred" for finding in found)
    assert of(told["orderly"], "saved_notebook_contradicts_itself") == []


def test_the_rule_in_the_documentation_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "check.md").read_text()
    path = tmp_path / "not_saved.yaml"
    path.write_text(page.partition("```yaml\n")[2].partition("```")[0])
    assert read_rule(path).about == "reproducibility"


def test_every_rule_is_held_to_a_flaw() -> None:
    assert {*EXECUTED, *TOLD, "saved_notebook_contradicts_itself"} == {*rules()}


def test_findings_say_where_and_prove_what_they_say(verdicts: dict[str, Verdict]) -> None:
    (split,) = of(verdicts["flawed"], "preprocessed_before_split")
    assert (split.cell, split.index) == ("[4]", 3)
    assert any("provkg:trainedOn" in triple for triple in split.proof)
    (failed,) = of(verdicts["flawed"], "execution_failed")
    assert failed.line == 1


def test_each_finding_is_told_once_and_the_gravest_come_first(verdicts: dict[str, Verdict]) -> None:
    findings = verdicts["flawed"].findings
    assert len({(one.rule, one.message, one.order, one.line) for one in findings}) == len(findings)
    severities = [one.severity for one in findings]
    assert severities == sorted(severities, key=("error", "warning", "note").index)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"severity": "grave"}, "severity is 'grave'"),
        ({"about": "style"}, "about is 'style'"),
        ({"message": "{modul} was"}, r"has no \?modul; did you mean \?module"),
        ({"only": {"bound": "["}}, "no regular expression"),
        ({"question": "which_imports_were_unusd"}, "there is no question"),
        ({"sparql": "SELECT ?run WHERE { }"}, "either a question or sparql"),
        ({"question": "", "sparql": "SELECT WHERE"}, "no rule"),
        ({"question": "", "sparql": "SELECT ?x WHERE { ?x a provkg:Run }"}, r"no \?run"),
        ({"colour": "red"}, "colour"),
        ({"summary": None}, "summary"),
    ],
)
def test_a_file_that_is_no_rule_says_what_is_wrong(
    tmp_path: Path, change: dict[str, object], problem: str
) -> None:
    fields: dict[str, object] = {
        "summary": "It is so.",
        "rationale": "It matters.",
        "severity": "note",
        "about": "soundness",
        "remedy": "Change it.",
        "message": "{module} was imported.",
        "question": "which_imports_were_unused",
    }
    fields |= change
    path = tmp_path / "mine.yaml"
    path.write_text(json.dumps({name: value for name, value in fields.items() if value is not None}))
    with pytest.raises(QuestionError, match=problem):
        read_rule(path)


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("!pip install numpy", True),
        ("%conda install -y numpy", True),
        ("!pip install numpy==2.4.6", False),
        ("%conda install numpy=2.4", False),
        ("!pip install git+https://example.org/a.git@0123456789abcdef", False),
        ("!pip install -r requirements.txt", False),
        ("# pip install numpy", False),
    ],
)
def test_an_installation_is_pinned_by_a_version_a_commit_or_a_file(
    tmp_path: Path, command: str, found: bool
) -> None:
    story = Story(
        RUN, "a.ipynb", datetime(2026, 5, 1, tzinfo=UTC), python="3.11.9", kernel="", packages={}, text="a"
    )
    with story.cell("c1", 0, f"import os\n{command}\nprint(1)"):
        pass
    path = tmp_path / "run.jsonl"
    path.write_bytes(b"".join(encode_event(event) + b"\n" for event in story.end(("c1", "x"))))
    with open_store(make_home(tmp_path / "home", (path,))) as store:
        verdict = check_run(store, RUN, [rules()["package_not_pinned"]])
    assert [finding.message for finding in verdict.findings] == (
        [f"`{command}` does not say which version."] if found else []
    )


def test_a_file_of_another_size_is_not_read_to_tell_that_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a hole of a terabyte: to read it would take an hour
    assert (
        difference("file", {"path": str(path), "digest": "0" * 64, "size": "10"}) == "has other content now"
    )
    assert difference("file", {"path": str(tmp_path), "digest": "0" * 64}) == ""
    assert difference("file", {"path": str(tmp_path / "none"), "digest": "0" * 64}) == "is not there any more"


def test_a_document_whose_path_is_relative_has_a_relative_address(told: dict[str, Verdict]) -> None:
    changed = msgspec.structs.replace(told["changed"], document="old notebooks/a.ipynb")
    (run,) = json.loads(to_sarif(changed))["runs"]
    places = {
        place["physicalLocation"]["artifactLocation"]["uri"]
        for result in run["results"]
        for place in result["locations"]
    }
    assert places == {"old%20notebooks/a.ipynb"}
