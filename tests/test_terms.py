"""Every term that the code spells exists in its vocabulary, and the ontology has no other terms."""

from __future__ import annotations

import pytest
import rdflib.namespace as rdflib_namespace

from provkg.terms import PREFIXES, DcTerms, Foaf, Owl, Prov, Provkg, Rdf, Rdfs, Vocabulary, Xsd, home_prefixes
from tests.ontology.files import listed, load, own_terms, short

STANDARD = {
    DcTerms: rdflib_namespace.DCTERMS,
    Foaf: rdflib_namespace.FOAF,
    Owl: rdflib_namespace.OWL,
    Prov: rdflib_namespace.PROV,
    Rdf: rdflib_namespace.RDF,
    Rdfs: rdflib_namespace.RDFS,
    Xsd: rdflib_namespace.XSD,
}


@pytest.mark.parametrize("vocabulary", STANDARD, ids=lambda vocabulary: vocabulary.__name__)
def test_every_standard_term_exists_in_its_vocabulary(vocabulary: type[Vocabulary]) -> None:
    assert set(vocabulary.terms().values()) <= listed(STANDARD[vocabulary])


def test_a_term_that_does_not_exist_would_be_found() -> None:
    assert f"{Prov.namespace}wasMadeUp" not in listed(rdflib_namespace.PROV)


def test_our_terms_are_those_of_the_ontology_one_for_one() -> None:
    defined = own_terms(load("provkg.ttl"))
    assert sorted(map(short, Provkg.terms().values())) == sorted(map(short, defined))


def test_classes_and_individuals_begin_with_a_capital_and_properties_do_not() -> None:
    for iri, kind in own_terms(load("provkg.ttl")).items():
        first = iri.removeprefix(Provkg.namespace)[0]
        assert first.isupper() == (kind in {"class", "individual"}), iri


def test_prefixes_are_the_namespaces_that_the_vocabularies_have() -> None:
    # Each of these has a well-known misspelling in the wild.
    assert PREFIXES["prov"] == "http://www.w3.org/ns/prov#"
    assert PREFIXES["p-plan"] == "http://purl.org/net/p-plan#"
    assert PREFIXES["fair4ml"] == "https://w3id.org/fair4ml#"
    assert PREFIXES["mls"] == "http://www.w3.org/ns/mls#"


def test_a_home_adds_prefixes_for_its_own_things_and_hides_none() -> None:
    prefixes = home_prefixes("https://example.org/kg/")
    assert prefixes.items() >= PREFIXES.items()
    assert prefixes["run"] == "https://example.org/kg/run/"
    assert prefixes["data"] == "https://example.org/kg/sha256/"
