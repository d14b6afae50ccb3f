"""Mapped sessions break none of the rules that tests/ontology/*.rq look for.

Each query file has a header that says what is wrong (``problem``), what to do (``solution``), and a piece of
Turtle in which it finds something (``finds``).
"""

from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings

from provkg.records import Run
from provkg.terms import PREFIXES
from tests.mapping.example import BASE, example_run
from tests.mapping.graphs import graph_of, rows
from tests.ontology.files import triples
from tests.strategies import runs

QUERIES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.rq"))}
REST = Path(__file__).parent / "rest.ttl"
HOLD_FOR_ANY_RECORD = (
    "both_entity_and_activity",
    "content_generated",
    "chain_not_stated",
    "generated_twice",
    "link_without_prov_parent",
    "outside_of_run",
    "qualified_without_end",
    "qualified_without_plain",
    "run_not_described",
)


def header(query: str, key: str) -> str:
    match = re.search(rf"^# {key}: (.+)$", query, re.MULTILINE)
    assert match is not None, key
    return match[1]


@pytest.mark.parametrize("name", QUERIES)
def test_the_example_session_breaks_no_rule(name: str) -> None:
    assert rows(graph_of(example_run()), QUERIES[name]) == []


@pytest.mark.parametrize("name", QUERIES)
def test_a_rule_finds_what_breaks_it(name: str) -> None:
    prefixes = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
    broken = ox.Store()
    broken.load(f"{prefixes}PREFIX : <{BASE}>\n{header(QUERIES[name], 'finds')}", format=ox.RdfFormat.TURTLE)
    assert rows(broken, QUERIES[name])
    assert header(QUERIES[name], "problem").endswith(".")
    assert header(QUERIES[name], "solution").endswith(".")


@given(run=runs())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_record_whatever_makes_a_graph_that_breaks_the_rules_of_shape(run: Run) -> None:
    graph = graph_of(run)
    for name in HOLD_FOR_ANY_RECORD:
        assert rows(graph, QUERIES[name]) == [], name


def test_the_example_for_reasoning_breaks_no_rule_either() -> None:
    graph = graph_of(example_run())
    graph.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples(REST))
    for name in set(HOLD_FOR_ANY_RECORD) - {"link_without_prov_parent", "chain_not_stated"}:
        assert rows(graph, QUERIES[name]) == [], name
