"""The verdict on a run and the rules, drawn with rich."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from provkg.cli.text import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provkg.check import Finding, Rule, Verdict

__all__ = ["draw_rules", "draw_verdict"]

_COLOURS = {"error": "red", "warning": "yellow", "note": "blue"}
_SHOWN = 5


def draw_verdict(verdict: Verdict) -> RenderableType:
    """The two verdicts, then the findings by rule, with remedy and proof."""
    rules = {rule.name: rule for rule in verdict.rules}
    parts: list[RenderableType] = [_heading(verdict)]
    for name, group in groupby(verdict.findings, key=lambda one: one.rule):
        findings = list(group)
        rule = rules[name]
        parts.append(
            Text.assemble(
                "\n",
                (rule.severity, f"bold {_COLOURS[rule.severity]}"),
                f"  {rule.summary}",
                (f"  {name}", "dim"),
            )
        )
        parts += [Padding(_finding(one), (0, 0, 0, 4)) for one in findings[:_SHOWN]]
        if len(findings) > _SHOWN:
            parts.append(Text(f"    and {len(findings) - _SHOWN} more", style="dim"))
        parts.append(Padding(Text(f"→ {rule.remedy}", style="italic"), (0, 0, 0, 4)))
    return Group(*parts)


def _heading(verdict: Verdict) -> Text:
    name = verdict.document.rpartition("/")[2] or "run"
    heading = Text.assemble((name, "bold"), (f"  run {short(verdict.run.rpartition('/')[2])}", "dim"), "\n")
    for about, good, bad in (
        ("soundness", "Nothing found that makes its results doubtful.", "Its results are doubtful"),
        ("reproducibility", "Nothing found that keeps it from being repeated.", "It may not be repeatable"),
    ):
        worst = verdict.worst(about)
        if not any(rule.about == about for rule in verdict.rules):
            continue
        if worst:
            concerned = {rule.name for rule in verdict.rules if rule.about == about}
            told = _counts([finding for finding in verdict.findings if finding.rule in concerned])
            heading.append(f"{bad}: {told}.\n", style=_COLOURS[worst])
        else:
            heading.append(f"{good}\n", style="green")
    heading.append(f"{len(verdict.rules)} rules were applied.", style="dim")
    return heading


def _counts(findings: Sequence[Finding]) -> str:
    counted = [(name, sum(one.severity == name for one in findings)) for name in _COLOURS]
    return ", ".join(f"{number} {name}{'s' * (number > 1)}" for name, number in counted if number)


def _finding(finding: Finding) -> Text:
    where = " ".join(
        part
        for part in (
            f"cell {finding.cell}" if finding.cell else "",
            f"line {finding.line}" if finding.line else "",
        )
        if part
    )
    told = Text.assemble((f"{where}  " if where else "", "bold"), finding.message)
    if finding.evidence != "observed":
        told.append(f"  {finding.evidence}", style="italic yellow")
    for triple in finding.proof:
        told.append(f"\n    {triple}", style="dim")
    return told


def draw_rules(rules: Sequence[Rule]) -> RenderableType:
    """Each rule: what it finds, why that matters, and what to do."""
    parts: list[RenderableType] = []
    for rule in rules:
        parts.append(
            Text.assemble(
                (rule.name, "bold"),
                "  ",
                (rule.severity, _COLOURS[rule.severity]),
                (f"  {rule.about}", "dim"),
            )
        )
        parts.append(Padding(Text(f"{rule.summary} {rule.rationale}\n→ {rule.remedy}"), (0, 0, 1, 2)))
    return Group(*parts)
