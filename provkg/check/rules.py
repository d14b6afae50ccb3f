"""Rules: what makes a run unsound or hard to repeat, one rule in a YAML file.

A rule asks one of the questions, or a SPARQL query of its own, about a run; every row of the answer that
``only`` and ``unless`` leave is a flaw. `Rule` says what each field means.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

import msgspec
import pyoxigraph

from provkg.errors import QueryError, QuestionError, UnknownQuestionError
from provkg.queries.questions import questions
from provkg.queries.sparql import prepare
from provkg.resources import folder
from provkg.terms import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["ABOUT", "SEVERITIES", "VERIFICATIONS", "Rule", "read_rule", "rules"]

SEVERITIES = ("error", "warning", "note")
"""How much a flaw matters, the gravest first."""

ABOUT = ("soundness", "reproducibility")
"""What a flaw is about: whether results mean what they say, or whether they can be had again."""

VERIFICATIONS = ("", "file", "package")
"""What a row can be held against, as it is on this machine now."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule.

    ``name`` is the file's. ``summary`` names the flaw in a sentence, ``rationale`` says why it is one,
    ``remedy`` what to do. ``message`` is the sentence about one finding, with the answer's variables in
    braces. Either ``question`` names a question that has a parameter ``run``, or ``sparql`` is a query that
    selects ``?run``. Rows count whose variables match all patterns of ``only`` and none of ``unless``
    (regular expressions that are searched for; an empty one matches what is unbound). ``verify`` is one of
    `VERIFICATIONS`: of a row with ``?path`` and ``?digest``, or ``?package`` and ``?version``, it remains a
    flaw only what differs here and now; ``{state}`` tells how. ``proof`` lists triple patterns over the
    answer's variables: those that the store holds are the proof of a finding.
    """

    summary: str
    rationale: str
    severity: str
    about: str
    remedy: str
    message: str
    question: str = ""
    sparql: str = ""
    only: dict[str, str] = {}
    unless: dict[str, str] = {}
    verify: str = ""
    proof: tuple[str, ...] = ()
    name: str = ""


def rules(own: Iterable[Path] = ()) -> Mapping[str, Rule]:
    """All rules by name: those of provkg, and those in the folders ``own``, which go before.

    Raises:
        QuestionError: a file is no rule.
    """
    found: dict[str, Rule] = {}
    for place in (folder("queries") / "checks", *own):
        if not place.is_dir():
            raise QuestionError(
                f"There is no folder of rules {place}.", "Correct `check.rules` in config.toml."
            )
        found |= {path.stem: read_rule(path) for path in sorted(place.glob("*.yaml"))}
    return dict(sorted(found.items(), key=lambda pair: (SEVERITIES.index(pair[1].severity), pair[0])))


def read_rule(path: Path) -> Rule:
    """The rule in one file.

    Raises:
        QuestionError: the file cannot be read, lacks a field, or has one that makes no sense.
    """
    try:
        rule = msgspec.yaml.decode(path.read_bytes(), type=Rule)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise QuestionError(f"{path} is no rule: {error}", "docs/check.md says what a rule has.") from error
    rule = msgspec.structs.replace(rule, name=path.stem)
    if problem := _problem(rule):
        raise QuestionError(f"{path} is no rule: {problem}.", "docs/check.md says what a rule has.")
    return rule


def _problem(rule: Rule) -> str:
    """The first thing that is wrong with a rule."""
    for field, value, allowed in (
        ("severity", rule.severity, SEVERITIES),
        ("about", rule.about, ABOUT),
        ("verify", rule.verify, VERIFICATIONS),
    ):
        if value not in allowed:
            return f"{field} is {value!r} and should be {' or '.join(filter(None, allowed))}"
    if bool(rule.question) == bool(rule.sparql):
        return "it needs either a question or sparql"
    for pattern in (*rule.only.values(), *rule.unless.values()):
        try:
            re.compile(pattern)
        except re.error as error:
            return f"{pattern!r} is no regular expression: {error}"
    try:
        variables = _variables(rule)
    except (SyntaxError, QueryError, UnknownQuestionError) as error:
        return str(error)
    if "run" not in variables:
        return "its answer has no ?run"
    known = {*variables, "state"} if rule.verify else variables
    for name in (*rule.only, *rule.unless, *re.findall(r"\{(\w+)\}", rule.message)):
        if name not in known:
            near = get_close_matches(name, known, n=1)
            return f"its answer has no ?{name}" + (f"; did you mean ?{near[0]}" if near else "")
    return ""


def _variables(rule: Rule) -> set[str]:
    if rule.question:
        known = questions()
        if rule.question not in known:
            raise UnknownQuestionError(f"there is no question {rule.question!r}", "")
        return set(known[rule.question].columns) if "run" in known[rule.question].params else set()
    answer = pyoxigraph.Store().query(prepare(rule.sparql, PREFIXES))
    return {one.value for one in answer.variables} if isinstance(answer, pyoxigraph.QuerySolutions) else set()
