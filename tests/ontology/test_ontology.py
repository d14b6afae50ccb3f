"""The ontology is complete: metadata, labels, definitions, parents, and one block per term in order."""

from __future__ import annotations

import re

import pyoxigraph as ox
import pytest

from provkg.terms import PREFIXES, Provkg
from tests.ontology.files import IRI, OWL, RDFS, load, own_terms, short, text_of, values

SKOS, DCTERMS = PREFIXES["skos"], PREFIXES["dcterms"]
VANN = "http://purl.org/vocab/vann/"
STORE = load("provkg.ttl")
TERMS = own_terms(STORE)
INDIVIDUALS = {iri for iri, kind in TERMS.items() if kind == "individual"}

# What automatic checks of FAIRness ask of an ontology's header.
METADATA = {
    "minimal": {
        f"{DCTERMS}title",
        f"{DCTERMS}description",
        f"{DCTERMS}license",
        f"{OWL}versionIRI",
        f"{DCTERMS}creator",
        f"{VANN}preferredNamespaceUri",
    },
    "recommended": {
        f"{VANN}preferredNamespacePrefix",
        f"{OWL}versionInfo",
        f"{DCTERMS}created",
        f"{DCTERMS}bibliographicCitation",
    },
    "detailed": {
        f"{DCTERMS}identifier",
        f"{DCTERMS}publisher",
        f"{DCTERMS}contributor",
        f"{DCTERMS}abstract",
        f"{DCTERMS}source",
        f"{DCTERMS}issued",
        f"{DCTERMS}modified",
        "http://purl.org/ontology/bibo/status",
        "http://xmlns.com/foaf/0.1/logo",
    },
}


@pytest.mark.parametrize("level", METADATA)
def test_the_header_has_the_metadata_of_each_level(level: str) -> None:
    missing = {short(term) for term in METADATA[level] if not values(STORE, IRI, term)}
    assert not missing


def test_the_version_is_the_same_everywhere_in_the_header() -> None:
    [version] = values(STORE, IRI, f"{OWL}versionInfo")
    assert values(STORE, IRI, f"{OWL}versionIRI") == [f"{IRI}/{version}"]
    assert version in values(STORE, IRI, f"{DCTERMS}bibliographicCitation")[0]
    assert values(STORE, IRI, f"{VANN}preferredNamespaceUri") == [Provkg.namespace]


def literals(term: str, predicate: str) -> list[ox.Literal]:
    found = STORE.quads_for_pattern(ox.NamedNode(term), ox.NamedNode(predicate), None)
    return [quad.object for quad in found if isinstance(quad.object, ox.Literal)]


def definition_of(term: str) -> str:
    return values(STORE, term, f"{SKOS}definition")[0]


@pytest.mark.parametrize("predicate", [f"{RDFS}label", f"{SKOS}definition"], ids=short)
def test_every_term_has_one_label_and_one_definition_in_english(predicate: str) -> None:
    texts = {short(term): literals(term, predicate) for term in TERMS}
    assert not {term for term, found in texts.items() if [text.language for text in found] != ["en"]}
    assert not {term for term, [text] in texts.items() if text.value != text.value.strip() or not text.value}


def test_every_term_says_where_it_is_defined() -> None:
    assert not {short(term) for term in TERMS if values(STORE, term, f"{RDFS}isDefinedBy") != [IRI]}


def test_every_definition_is_one_sentence() -> None:
    # A dot inside a version number or a file name has no blank behind it.
    one = re.compile(r"[A-Z](?:[^.!?]|[.!?](?! )){14,}\.")
    assert not {short(term): definition_of(term) for term in TERMS if not one.fullmatch(definition_of(term))}


def test_terms_of_one_kind_have_different_labels_and_definitions() -> None:
    for predicate in (f"{RDFS}label", f"{SKOS}definition"):
        seen: dict[tuple[str, str], str] = {}
        for term, kind in TERMS.items():
            [text] = values(STORE, term, predicate)
            other = seen.setdefault((kind, text), term)
            assert other == term, f"{short(term)} and {short(other)}: {text}"


def test_every_class_and_object_property_has_a_parent_or_says_why_not() -> None:
    for term, kind in TERMS.items():
        if kind in {"class", "object property"}:
            parents = values(STORE, term, f"{RDFS}subClassOf") + values(STORE, term, f"{RDFS}subPropertyOf")
            assert parents or re.search(r"PROV-O|prov:", definition_of(term)), short(term)


def test_the_roots_of_the_classes_are_those_of_prov_or_say_why_not() -> None:
    def roots(term: str) -> set[str]:
        parents = values(STORE, term, f"{RDFS}subClassOf")
        return set().union(*(roots(parent) for parent in parents)) if parents else {term}

    for term, kind in TERMS.items():
        if kind == "class":
            for root in roots(term):
                assert (
                    root.startswith(PREFIXES["prov"])
                    or "PROV-O" in values(STORE, root, f"{SKOS}definition")[0]
                )


def test_every_property_has_a_range_unless_its_values_are_of_several_types() -> None:
    without = {
        term.removeprefix(Provkg.namespace)
        for term, kind in TERMS.items()
        if "property" in kind and len(values(STORE, term, f"{RDFS}range")) != 1
    }
    assert without == {"resultValue", "settingValue", "runMetric", "runSetting"}


def test_every_individual_belongs_to_a_class_and_differs_from_the_others_of_it() -> None:
    query = """SELECT ?one { ?all a owl:AllDifferent ; owl:distinctMembers/rdf:rest*/rdf:first ?one }"""
    solutions = STORE.query(query, prefixes=PREFIXES)
    assert isinstance(solutions, ox.QuerySolutions)
    listed = [str(getattr(solution["one"], "value", "")) for solution in solutions]
    assert sorted(listed) == sorted(INDIVIDUALS)


def test_only_terms_that_are_declared_are_used() -> None:
    mentioned = {
        iri
        for quad in STORE
        for iri in (str(getattr(part, "value", "")) for part in (quad.subject, quad.predicate, quad.object))
        if iri.startswith((Provkg.namespace, PREFIXES["prov"]))
    }
    declared = {
        str(getattr(quad.subject, "value", ""))
        for quad in STORE.quads_for_pattern(None, ox.NamedNode(f"{PREFIXES['rdf']}type"), None)
    }
    assert mentioned <= declared | {Provkg.namespace}


def test_terms_stand_in_alphabetical_order_within_their_section() -> None:
    for section in re.split(r"\n# =+\n# ", text_of("provkg.ttl"))[1:]:
        title, _, body = section.partition("\n")
        if title.startswith(("Classes", "Individuals", "Object", "Datatype")):
            blocks = re.findall(r"^:(\w+) a ", body, re.MULTILINE)
            assert blocks == sorted(blocks, key=str.lower), title
            assert blocks, title


def test_every_term_has_one_block() -> None:
    blocks = re.findall(r"^:(\w+) a owl:", text_of("provkg.ttl"), re.MULTILINE)
    assert sorted(blocks) == sorted(term.removeprefix(Provkg.namespace) for term in TERMS)
