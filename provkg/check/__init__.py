"""Is a run sound, and can it be repeated? Rules, each in a file, and what they find, with proof."""

from __future__ import annotations

from provkg.check.checking import Finding, Verdict, check_run
from provkg.check.rules import SEVERITIES, Rule, read_rule, rules
from provkg.check.sarif import to_sarif

__all__ = ["SEVERITIES", "Finding", "Rule", "Verdict", "check_run", "read_rule", "rules", "to_sarif"]
