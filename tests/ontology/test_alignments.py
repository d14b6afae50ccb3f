"""The links to other vocabularies lead to terms that exist there, of the same kind."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pyoxigraph as ox
import rdflib.namespace as rdflib_namespace

from provkg.terms import PREFIXES, Provkg
from tests.ontology.files import RDF, RDFS, TERM_KINDS, listed, load, own_terms, short, values

ALIGNED = load("alignments.ttl")
OWN = own_terms(load("provkg.ttl"))
LISTED = tomllib.loads((Path(__file__).parent / "foreign_terms.toml").read_text(encoding="utf-8"))
PARENTS = {f"{RDFS}subClassOf", f"{RDFS}subPropertyOf"}
MATCHES = {f"{PREFIXES['skos']}closeMatch"}


def links() -> list[tuple[str, str, str]]:
    return [
        (quad.subject.value, quad.predicate.value, quad.object.value)
        for quad in ALIGNED
        if quad.predicate.value in PARENTS | MATCHES
        and isinstance(quad.subject, ox.NamedNode)
        and isinstance(quad.object, ox.NamedNode)
    ]


def kinds(term: str) -> set[str]:
    return {TERM_KINDS[type_] for type_ in values(ALIGNED, term, f"{RDF}type") if type_ in TERM_KINDS}


def vocabulary(term: str) -> dict[str, set[str]]:
    """The terms by kind of the vocabulary that a term belongs to, as far as they are listed."""
    for entry in LISTED.values():
        if term.startswith(entry["namespace"]):
            return {
                kind: {entry["namespace"] + name for name in entry.get(key, [])}
                for kind, key in (
                    ("class", "classes"),
                    ("object property", "object_properties"),
                    ("datatype property", "datatype_properties"),
                    ("individual", "individuals"),
                )
            }
    standard = {
        PREFIXES["schema"]: rdflib_namespace.SDO,
        PREFIXES["dcat"]: rdflib_namespace.DCAT,
        PREFIXES["dcterms"]: rdflib_namespace.DCTERMS,
        PREFIXES["foaf"]: rdflib_namespace.FOAF,
    }
    for namespace, terms in standard.items():
        if term.startswith(namespace):
            # rdflib spells schema.org with https; schema.org itself takes both for the same.
            names = {name.replace("https://schema.org/", namespace) for name in listed(terms)}
            return dict.fromkeys(TERM_KINDS.values(), names)
    raise AssertionError(f"no list of the vocabulary of {term}")


def test_every_link_joins_two_existing_terms_of_one_kind() -> None:
    for ours, how, theirs in links():
        where = f"{short(ours)} {short(how)} {short(theirs)}"
        assert ours in OWN, where
        assert kinds(theirs) == {OWN[ours]}, where
        assert theirs in vocabulary(theirs)[OWN[ours]], where
        parent = f"{RDFS}subClassOf" if OWN[ours] == "class" else f"{RDFS}subPropertyOf"
        assert how in MATCHES or (how == parent and OWN[ours] != "individual"), where


def test_every_foreign_term_is_labelled_and_says_where_it_is_defined() -> None:
    for theirs in {theirs for _, _, theirs in links()}:
        assert values(ALIGNED, theirs, f"{RDFS}label"), short(theirs)
        assert values(ALIGNED, theirs, f"{RDFS}isDefinedBy"), short(theirs)


def test_the_vocabularies_that_matter_are_linked() -> None:
    linked = {short(theirs).partition(":")[0] for _, _, theirs in links()}
    assert linked >= {"mls", "p-plan", "repr", "schema", "fair4ml", "dcat", "provone", "dcterms", "foaf"}


def test_only_a_training_is_a_run_in_the_sense_of_ml_schema() -> None:
    run = f"{PREFIXES['mls']}Run"
    assert [ours for ours, _, theirs in links() if theirs == run] == [f"{Provkg.namespace}Training"]


def test_the_axioms_of_prov_are_about_its_own_terms_and_all_of_them() -> None:
    axioms = load("prov-axioms.ttl")
    terms = {
        quad.subject.value
        for quad in axioms.quads_for_pattern(None, ox.NamedNode(f"{RDF}type"), None)
        if isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(PREFIXES["prov"])
    }
    assert terms <= listed(rdflib_namespace.PROV)
    # Thirty classes, 44 object and six datatype properties: PROV-O's own count.
    assert len(terms) == 80
