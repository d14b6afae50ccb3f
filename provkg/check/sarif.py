"""A verdict in SARIF 2.1.0 (OASIS), for editors and code hosts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import provkg

if TYPE_CHECKING:
    from provkg.check.checking import Finding, Verdict
    from provkg.check.rules import Rule

__all__ = ["to_sarif"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def to_sarif(verdict: Verdict) -> str:
    """One SARIF log with one run of the tool. In a notebook, places are cells; in a script, lines."""
    rules = [_rule(rule) for rule in verdict.rules]
    ranks = {rule.name: rank for rank, rule in enumerate(verdict.rules)}
    driver = {
        "name": "provkg",
        "semanticVersion": provkg.__version__,
        "informationUri": "https://w3id.org/provkg",
        "rules": rules,
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"provkg check {verdict.run.rpartition('/')[2]}"},
        "results": [_result(verdict, finding, ranks[finding.rule]) for finding in verdict.findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1)


def _uri(path: str) -> str:
    """The address of a document; of one with a relative path, as imported records have it, that path."""
    return Path(path).as_uri() if Path(path).is_absolute() else quote(path)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.rationale},
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": [rule.about]},
    }


def _result(verdict: Verdict, finding: Finding, rank: int) -> dict[str, Any]:
    is_notebook = verdict.document.endswith(".ipynb")
    place: dict[str, Any] = {}
    if verdict.document:
        place["physicalLocation"] = {"artifactLocation": {"uri": _uri(verdict.document)}}
        if finding.line is not None and not is_notebook:
            place["physicalLocation"]["region"] = {"startLine": finding.line}
    if is_notebook and finding.cell:
        place["logicalLocations"] = [{"name": f"cell {finding.cell}", "kind": "module"}]
    known = {"order": finding.order, "cellIndex": finding.index}
    if is_notebook:
        known["lineInCell"] = finding.line
    return {
        "ruleId": finding.rule,
        "ruleIndex": rank,
        "level": finding.severity,
        "message": {"text": f"{finding.message}"},
        **({"locations": [place]} if place else {}),
        "properties": {
            "evidence": finding.evidence,
            "proof": list(finding.proof),
            **{name: value for name, value in known.items() if value is not None},
        },
    }
