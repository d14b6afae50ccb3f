"""Any run maps to N-Quads that every engine can read, and that keep PROV's rules."""

from __future__ import annotations

import msgspec
import pyoxigraph as ox
from hypothesis import HealthCheck, given, settings

from provkg.mapping import nquads
from provkg.records import Run, decode_event, encode_event, fold
from provkg.terms import DcTerms, Foaf, Owl, Prov, Provkg, Rdf, Rdfs
from tests.mapping.example import BASE, example_run
from tests.strategies import runs
from tests.test_records import events_of

mapped = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

PROPERTIES = {
    term
    for vocabulary in (Rdf, Rdfs, Owl, DcTerms, Foaf, Prov, Provkg)
    for name, term in vocabulary.terms().items()
    if not name[0].isupper()
}
CLASSES = {
    term
    for vocabulary in (Owl, Prov, Provkg)
    for name, term in vocabulary.terms().items()
    if name[0].isupper()
}


def quads_of(run: Run) -> list[ox.Quad]:
    return list(ox.parse(nquads(run, BASE), format=ox.RdfFormat.N_QUADS))


@given(runs())
@mapped
def test_any_run_maps_to_one_graph_of_strict_nquads_without_blank_nodes(run: Run) -> None:
    quads = quads_of(run)
    assert {quad.graph_name for quad in quads} == {ox.NamedNode(f"{BASE}graph/run/{run.id}")}
    assert all(isinstance(quad.subject, ox.NamedNode) for quad in quads)
    assert all(isinstance(quad.object, ox.NamedNode | ox.Literal) for quad in quads)


@given(runs())
@mapped
def test_any_run_maps_to_terms_of_the_vocabularies_only(run: Run) -> None:
    direct = (f"{BASE}metric/", f"{BASE}setting/")
    for quad in quads_of(run):
        assert quad.predicate.value in PROPERTIES or quad.predicate.value.startswith(direct)
        if quad.predicate.value == Rdf.type:
            assert isinstance(quad.object, ox.NamedNode)
            assert quad.object.value in CLASSES


@given(runs())
@mapped
def test_nothing_is_both_an_entity_and_an_activity_or_generated_twice(run: Run) -> None:
    quads = quads_of(run)
    entities = {quad.subject for quad in quads if quad.object == ox.NamedNode(Prov.Entity)}
    activities = {quad.subject for quad in quads if quad.object == ox.NamedNode(Prov.Activity)}
    assert not entities & activities
    generated = [quad.subject for quad in quads if quad.predicate.value == Prov.wasGeneratedBy]
    assert len(generated) == len(set(generated))


@given(runs())
@mapped
def test_a_run_read_back_from_its_events_maps_to_the_same_text(run: Run) -> None:
    again = fold(decode_event(encode_event(event)) for event in events_of(run))
    assert again is not None
    whole = fold(events_of(run))
    assert whole is not None
    assert nquads(again, BASE) == nquads(whole, BASE)


@given(runs())
@mapped
def test_only_the_base_differs_between_homes(run: Run) -> None:
    elsewhere = "arcp://uuid,32a423d6-52ab-47e3-a9cd-54f418a48571/"
    assert nquads(run, elsewhere).replace(f"<{elsewhere}", f"<{BASE}") == nquads(run, BASE)


def test_no_quad_is_written_twice() -> None:
    lines = nquads(example_run(), BASE).splitlines()
    assert len(lines) == len(set(lines))


def test_texts_that_no_encoding_can_hold_are_written_as_their_escapes() -> None:
    run = example_run()
    started = msgspec.structs.replace(run.started, folder="/data/caf\udce9\x00\u2028", recorder="\ud800")
    text = nquads(msgspec.structs.replace(run, started=started), BASE)
    assert text.encode("utf-8")
    folders = [
        quad.object.value
        for quad in ox.parse(text, format=ox.RdfFormat.N_QUADS)
        if quad.predicate.value == Provkg.workingFolder and isinstance(quad.object, ox.Literal)
    ]
    assert folders == ["/data/caf\\udce9\x00\u2028"]
