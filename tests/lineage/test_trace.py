from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from provkg.errors import NotFoundError
from provkg.lineage import Lineage, asked, readable, to_prov, trace
from tests.lineage.conftest import CLEANING, EARLIER, TRAINING

if TYPE_CHECKING:
    from provkg.store.port import Store


def told(lineage: Lineage) -> set[tuple[str, str, str]]:
    """The names and runs of the things, without the one asked about."""
    return {(node.kind, node.name, node.run[:2]) for node in lineage.nodes if node.iri != lineage.thing}


def test_what_a_model_came_from_is_found_in_the_run_that_wrote_its_data(store: Store) -> None:
    found = readable(trace(store, asked(store, "forest")))
    assert told(found) == {
        ("data", "df", "0c"),
        ("file", "clean.csv", "0c"),
        ("file", "clean.csv", "0b"),
        ("data", "raw", "0b"),
        ("file", "raw.csv", "0b"),
    }
    assert found.complete


def test_a_file_that_was_replaced_before_it_was_read_is_no_source(store: Store) -> None:
    """The earlier session wrote the same content to the same path, and its raw data were others."""
    found = trace(store, asked(store, "forest"))
    assert EARLIER not in {node.run for node in found.nodes}
    assert CLEANING in {node.run for node in found.nodes}


def test_what_a_file_led_to_is_found_in_later_runs(store: Store) -> None:
    found = readable(trace(store, asked(store, f"{CLEANING[:8]}/raw"), downstream=True))
    assert told(found) == {
        ("file", "clean.csv", "0b"),
        ("file", "clean.csv", "0c"),
        ("data", "df", "0c"),
        ("model", "forest", "0c"),
        ("result", "accuracy", "0c"),
        ("output", "result", "0c"),
    }


def test_nothing_that_was_read_later_came_of_a_file_that_was_replaced(store: Store) -> None:
    found = readable(trace(store, asked(store, f"{EARLIER[:8]}/raw"), downstream=True))
    assert told(found) == {("file", "clean.csv", "0a")}


def test_a_table_that_a_cell_shows_is_inferred_and_not_among_the_observed(store: Store) -> None:
    start = asked(store, "df")
    steps = {step.target: step for step in trace(store, start, downstream=True).steps}
    output = next(step for iri, step in steps.items() if "/output/" in iri)
    assert output.evidence == "inferred"
    observed = trace(store, start, downstream=True, observed=True)
    assert not any("/output/" in node.iri for node in observed.nodes)
    assert {node.name for node in observed.nodes} == {"df", "forest", "accuracy"}


def test_a_way_through_a_table_without_a_name_is_one_step_with_both_operations(store: Store) -> None:
    found = readable(trace(store, asked(store, f"{CLEANING[:8]}/clean.csv")))
    step = next(step for step in found.steps if "/value/" in step.source)
    assert step.operation == "pandas.DataFrame.dropna → pandas.DataFrame.to_csv"
    assert step.through == 1


def test_depth_counts_steps_between_things_that_are_shown(store: Store) -> None:
    whole = trace(store, asked(store, "forest"))
    assert {node.name for node in readable(whole, 1).nodes} == {"forest", "df"}
    assert [len(readable(whole, depth).nodes) for depth in (1, 2, 3, 4, 5)] == [2, 3, 4, 5, 6]


def test_a_limit_says_that_there_is_more(store: Store) -> None:
    found = trace(store, asked(store, "forest"), limit=3)
    assert len(found.nodes) == 3
    assert not found.complete


def test_a_content_leads_to_all_who_read_it_and_to_the_last_who_wrote_it(store: Store) -> None:
    content = asked(store, "clean.csv")
    assert content.startswith(f"{store.base}sha256/")
    down = trace(store, content, downstream=True, depth=1)
    assert {node.run[:2] for node in down.nodes[1:]} == {"0c"}
    up = trace(store, content, depth=1)
    assert {node.run[:2] for node in up.nodes[1:]} == {"0b"}


def test_a_metric_stands_for_its_result(store: Store) -> None:
    found = readable(trace(store, asked(store, "accuracy")))
    assert found.nodes[0].kind == "result"
    assert found.nodes[0].detail == "0.9"
    assert ("model", "forest", "0c") in told(found)


def test_a_word_that_nothing_answers_to_is_an_error_that_says_what_is_near(store: Store) -> None:
    with pytest.raises(NotFoundError, match="forrest") as error:
        asked(store, "forrest", TRAINING[:8])
    assert "forest" in error.value.remedy


def test_as_prov_every_step_is_a_derivation_and_nothing_leads_outside(store: Store) -> None:
    found = trace(store, asked(store, "forest"))
    triples = to_prov(store, found).triples
    derived = {
        (one.subject.value, one.object.value)  # type: ignore[union-attr]
        for one in triples
        if one.predicate.value.endswith("#wasDerivedFrom")
    }
    assert derived == {(step.target, step.source) for step in found.steps}
    runs = {TRAINING, CLEANING}
    assert not any(EARLIER in str(one) for one in triples)
    assert all(any(run in str(one.subject) for run in runs) for one in triples)
