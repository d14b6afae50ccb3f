"""Rules applied to a run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from pyoxigraph import Literal, NamedNode, QueryTriples

from provkg.check.rules import SEVERITIES
from provkg.check.verifying import difference
from provkg.queries import find_run
from provkg.queries.asking import ask
from provkg.queries.binding import with_values
from provkg.queries.source import rows
from provkg.queries.sparql import prepare
from provkg.results import ShortNames, Solutions, collect, to_python

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from provkg.check.rules import Rule
    from provkg.queries import Source
    from provkg.results import Term

__all__ = ["Finding", "Verdict", "check_run"]

_MOST_PROVED = 50
_EVIDENCE = {
    "Observed": "observed",
    "Declared": "declared",
    "Imported": "imported",
    "InferredFromSource": "inferred",
}
_PLACES = """SELECT ?run ?order ?count ?index WHERE {
  GRAPH ?g { ?execution provkg:partOfRun ?run ; provkg:executionOrder ?order }
  OPTIONAL { GRAPH ?g1 { ?execution provkg:executionCount ?count } }
  OPTIONAL { GRAPH ?g2 { ?execution provkg:cellIndex ?index } } }"""
_DOCUMENT = """SELECT ?run ?path ?start WHERE {
  GRAPH ?g { ?run provkg:runOf ?document . ?document provkg:path ?path }
  OPTIONAL { GRAPH ?g1 { ?run prov:startedAtTime ?start } } }"""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One flaw of a run.

    ``rule`` names the rule and ``severity`` is its. ``order`` is the rank of the execution concerned, from 1,
    ``cell`` its prompt, ``index`` its cell's position in the document, from 0, ``line`` the line in the cell
    or script; each is absent where it is not known. ``evidence`` says how the flaw is known; ``proof`` are
    triples that the store holds, in Turtle with short names.
    """

    rule: str
    severity: str
    message: str
    order: int | None = None
    cell: str = ""
    index: int | None = None
    line: int | None = None
    evidence: str = "observed"
    proof: tuple[str, ...] = ()


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules say of a run: the gravest findings first. ``rules`` are those that were applied."""

    run: str
    document: str
    started: str
    findings: tuple[Finding, ...]
    rules: tuple[Rule, ...]

    def count(self, severity: str) -> int:
        """How many findings have this severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def worst(self, about: str = "") -> str:
        """The gravest severity found, of one of the things rules are about, or empty text."""
        concerned = {rule.name for rule in self.rules if not about or rule.about == about}
        found = {finding.severity for finding in self.findings if finding.rule in concerned}
        return next((severity for severity in SEVERITIES if severity in found), "")


def check_run(store: Source, run: str, applied: Iterable[Rule]) -> Verdict:
    """Apply rules to a run (any word that `provkg.queries.find_run` takes).

    Raises:
        NotFoundError: there is no such run, or several.
        QueryError: a rule's query cannot be answered.
    """
    iri = find_run(store, run)
    used = tuple(applied)
    places = {row[1]: row[2:] for row in rows(store, prepare(_PLACES, store.prefixes), run=NamedNode(iri))}
    found = [finding for rule in used for finding in _apply(store, iri, rule, places)]
    found.sort(
        key=lambda one: (SEVERITIES.index(one.severity), one.rule, one.order or 0, one.line or 0, one.message)
    )
    document = rows(store, prepare(_DOCUMENT, store.prefixes), run=NamedNode(iri))
    path, start = document[0][1:] if document else ("", "")
    return Verdict(run=iri, document=path, started=start, findings=tuple(found), rules=used)


def _apply(store: Source, run: str, rule: Rule, places: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    names = ShortNames(store.base, store.prefixes)
    seen = set()
    for row in _answer(store, run, rule):
        words = {name: _word(term, names) for name, term in row.items()}
        if not _counts(rule, words):
            continue
        if rule.verify and not (state := difference(rule.verify, words)):
            continue
        message = _filled(rule.message, {**words, "state": state} if rule.verify else words)
        order = words.get("order") or None
        if (message, order) in seen:
            continue
        seen.add((message, order))
        count, index = places.get(order or "", ("", ""))
        yield Finding(
            rule=rule.name,
            severity=rule.severity,
            message=message,
            order=int(order) if order else None,
            cell=f"[{count or order}]" if order else "",
            index=int(index) if index else None,
            line=int(words["line"]) if words.get("line") else None,
            evidence=_EVIDENCE.get(words.get("evidence", "").rpartition(":")[2], "observed"),
            proof=tuple(_proof(store, rule, row)) if len(seen) <= _MOST_PROVED else (),
        )


def _answer(store: Source, run: str, rule: Rule) -> Iterator[dict[str, Term | None]]:
    if rule.question:
        answer = ask(store, rule.question, {"run": NamedNode(run)}).result
    else:
        answer = collect(
            store.query(with_values(prepare(rule.sparql, store.prefixes), {"run": NamedNode(run)}))
        )
    assert isinstance(answer, Solutions)
    for row in answer.rows:
        yield dict(zip(answer.variables, row, strict=True))


def _word(term: Term | None, names: ShortNames) -> str:
    """A term as a message has it: IRIs short, numbers with six digits at most."""
    if isinstance(term, NamedNode):
        return names.short(term.value)
    value = to_python(term)
    return f"{value:.6g}" if isinstance(value, float) else "" if value is None else str(value)


def _filled(message: str, words: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: words[found[1]], message)


def _counts(rule: Rule, words: Mapping[str, str]) -> bool:
    def fits(name: str, pattern: str) -> bool:
        word = words.get(name, "")
        return bool(re.search(pattern, word)) if pattern else not word

    return all(fits(*one) for one in rule.only.items()) and not any(fits(*one) for one in rule.unless.items())


def _proof(store: Source, rule: Rule, row: Mapping[str, Term | None]) -> Iterator[str]:
    """The triples that fit the patterns of a rule and the terms of one finding."""
    names = ShortNames(store.base, store.prefixes)
    for pattern in rule.proof:
        terms = {
            name: term
            for name, term in row.items()
            if isinstance(term, NamedNode | Literal) and re.search(rf"\?{name}\b", pattern)
        }
        query = prepare(f"CONSTRUCT {{ {pattern} }} WHERE {{ GRAPH ?proof {{ {pattern} }} }}", store.prefixes)
        answer = store.query(with_values(query, terms))
        assert isinstance(answer, QueryTriples)
        told = {
            f"{_short(one.subject, names)} {_short(one.predicate, names)} {_short(one.object, names)} ."
            for one in answer
        }
        yield from sorted(told)


def _short(term: Term, names: ShortNames) -> str:
    return names.short(term.value) if isinstance(term, NamedNode) else str(term)
