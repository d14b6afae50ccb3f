"""A cell over runs: the texts it had, what changed in them, and each time it was executed."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from difflib import unified_diff
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from provkg.queries.source import rows
from provkg.queries.sparql import prepare
from provkg.views.card_parts import Card, Passage, Section
from provkg.views.histories.telling import moment, path_name, run_word, seconds, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from provkg.queries import Source

__all__ = ["cell_card", "cell_place"]

_EXECUTIONS = """SELECT ?cell ?execution ?run ?order ?content ?count ?index ?start ?took ?status WHERE {
  GRAPH ?g {
    ?version provkg:versionOf ?cell ; provkg:hasContent ?content .
    ?execution provkg:executedCell ?version ; provkg:partOfRun ?run ; provkg:executionOrder ?order .
    OPTIONAL { ?execution provkg:executionCount ?count } OPTIONAL { ?execution provkg:cellIndex ?index }
    OPTIONAL { ?execution prov:startedAtTime ?start } OPTIONAL { ?execution provkg:duration ?took }
    OPTIONAL { ?execution provkg:hasStatus ?status } } }"""
_OUTPUTS = """SELECT ?cell ?execution ?output ?kind ?text ?error ?message WHERE { GRAPH ?g {
  ?version provkg:versionOf ?cell . ?execution provkg:executedCell ?version .
  ?output provkg:generatedIn ?execution ; provkg:outputKind ?kind .
  OPTIONAL { ?output provkg:outputText ?text } OPTIONAL { ?output provkg:errorName ?error }
  OPTIONAL { ?output provkg:errorMessage ?message } } }"""
_SOURCES = """SELECT DISTINCT ?cell ?content ?sha256 ?source WHERE { GRAPH ?g {
  ?version provkg:versionOf ?cell ; provkg:hasContent ?content .
  ?content provkg:sourceText ?source ; provkg:sha256 ?sha256 } }"""
_ABOUT = """SELECT ?cell ?id ?document ?path WHERE { GRAPH ?g { ?cell provkg:cellId ?id .
  OPTIONAL { ?cell provkg:cellOf ?document . ?document provkg:path ?path } } } LIMIT 1"""
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class _Execution:
    iri: str
    run: str
    order: int
    content: str
    count: str
    index: str
    start: str
    took: str
    status: str


def cell_card(store: Source, cell: str) -> Card:
    """A cell, by its IRI: each text it had when it was executed, what changed, and all executions."""
    [(_, identifier, _, path), *_] = _ask(store, _ABOUT, cell) or [(cell, cell.rpartition("/")[2], "", "")]
    executions = _executions(store, cell)
    sources = {content: (sha256, text) for _, content, sha256, text in _ask(store, _SOURCES, cell)}
    numbers = _numbers(executions)
    newest = executions[-1] if executions else None
    runs = dict.fromkeys(one.run for one in executions)
    statuses = Counter(one.status for one in executions)
    facts = {
        "document": path,
        "position": str(int(newest.index) + 1) if newest and newest.index else "",
        "versions": str(len(numbers)) if numbers else "never executed",
        "executions": f"{len(executions)} in {len(runs)} run{'s' * (len(runs) != 1)}" if executions else "",
        "ended": ", ".join(f"{number} {status}" for status, number in statuses.items() if status),
        "took": _took(executions),
    }
    outputs = _outputs(store, cell)
    return Card(
        name=f"cell {identifier}",
        kind=f"cell of {path_name(path)}" if path else "cell",
        id="",
        run="",
        iri=cell,
        facts={label: fact for label, fact in facts.items() if fact},
        sections=tuple(_tables(store, executions, numbers, sources, outputs)),
        text=sources[newest.content][1] if newest and newest.content in sources else "",
        passages=tuple(_changes(store, executions, numbers, sources)),
    )


def cell_place(store: Source, cell: str, execution: str) -> str:
    """Where an execution stands among all of its cell; empty where it is the only one."""
    executions = _executions(store, cell)
    if len(executions) < 2:
        return ""
    numbers = _numbers(executions)
    rank, one = next(((n, one) for n, one in enumerate(executions, 1) if one.iri == execution), (0, None))
    if one is None:
        return ""
    runs = len({one.run for one in executions})
    told = f"execution {rank} of {len(executions)}" + (f" in {runs} runs" if runs > 1 else "")
    return f"version {numbers[one.content]} of {len(numbers)}, {told}"


def _ask(store: Source, query: str, cell: str) -> list[tuple[str, ...]]:
    return rows(store, prepare(query, store.prefixes), cell=NamedNode(cell))


def _executions(store: Source, cell: str) -> list[_Execution]:
    """All executions of a cell, in time."""
    found = {
        iri: _Execution(iri, run, int(order), content, count, index, start, took, _word(status))
        for _, iri, run, order, content, count, index, start, took, status in _ask(store, _EXECUTIONS, cell)
    }
    begun: dict[str, str] = {}
    for one in found.values():
        begun[one.run] = min(filter(None, (begun.get(one.run), one.start)), default="")
    return sorted(found.values(), key=lambda one: (begun[one.run], one.run, one.order))


def _word(iri: str) -> str:
    return iri.rpartition("#")[2].lower()


def _numbers(executions: Iterable[_Execution]) -> dict[str, int]:
    """Each text with its rank, from 1, by its first execution."""
    return {content: n for n, content in enumerate(dict.fromkeys(one.content for one in executions), 1)}


def _took(executions: Sequence[_Execution]) -> str:
    times = sorted(float(one.took) for one in executions if one.took)
    if len(times) < 2 or times[0] == times[-1]:
        return seconds(str(times[0])) if times else ""
    return f"{times[0]:.3f} – {times[-1]:.3f} s, median {median(times):.3f} s"


def _outputs(store: Source, cell: str) -> dict[str, list[str]]:
    """The outputs of each execution in a few words, errors first."""
    told: dict[str, dict[str, str]] = defaultdict(dict)
    for _, execution, output, kind, text, error, message in _ask(store, _OUTPUTS, cell):
        if error:
            told[execution][""] = _line(f"{error}: {message}")
        elif kind != "error":
            told[execution][output] = _line(text) or kind
    return {execution: [texts[key] for key in sorted(texts)] for execution, texts in told.items()}


def _line(text: str) -> str:
    """The first line with something in it; an ellipsis stands for the rest."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    return lines[0][:_LONGEST] + "…" * (len(lines) > 1 or len(lines[0]) > _LONGEST)


def _tables(
    store: Source,
    executions: Sequence[_Execution],
    numbers: dict[str, int],
    sources: dict[str, tuple[str, str]],
    outputs: dict[str, list[str]],
) -> Iterable[Section]:
    if not executions:
        return
    by_text: dict[str, list[_Execution]] = defaultdict(list)
    for one in executions:
        by_text[one.content].append(one)
    yield Section(
        title="Versions",
        columns=("version", "sha256", "first executed", "last executed", "executions", "runs"),
        rows=tuple(
            (
                str(numbers[content]),
                short(sources.get(content, ("", ""))[0]),
                moment(same[0].start),
                moment(same[-1].start),
                str(len(same)),
                str(len({one.run for one in same})),
            )
            for content, same in by_text.items()
        ),
    )
    done = tuple(
        (
            f"{run_word(store.base, one.run)}/[{one.count or one.order}]",
            moment(one.start),
            str(numbers[one.content]),
            seconds(one.took),
            "; ".join(
                (*((one.status,) if one.status not in {"", "succeeded"} else ()), *outputs.get(one.iri, ()))
            ),
        )
        for one in reversed(executions)
    )
    columns = ("execution", "began", "version", "took", "came of it")
    yield Section(title="Executions, the last first", columns=columns, rows=done)


def _changes(
    store: Source,
    executions: Sequence[_Execution],
    numbers: dict[str, int],
    sources: dict[str, tuple[str, str]],
) -> Iterable[Passage]:
    """What changed each time another text was executed than before, the last first."""
    seen: set[tuple[str, str]] = set()
    told = []
    for before, after in pairwise(executions):
        step = before.content, after.content
        if step[0] == step[1] or step in seen or not (step[0] in sources and step[1] in sources):
            continue
        seen.add(step)
        old, new = (sources[content][1].splitlines() for content in step)
        lines = list(unified_diff(old, new, lineterm="", n=2))[2:]
        title = (
            f"From version {numbers[before.content]} to {numbers[after.content]}"
            f" (run {run_word(store.base, after.run)}, {moment(after.start) or 'time not known'})"
        )
        told.append(Passage(title=title, text="\n".join(lines), language="diff"))
    return reversed(told)
