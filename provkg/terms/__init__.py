"""Prefixes and terms: the only place where an IRI of a vocabulary is spelled.

Each vocabulary is a class whose attributes are the IRIs of the terms in use: ``Prov.used``. The terms of
`Provkg` are those of ``ontology/provkg.ttl``, one for one.
"""

from __future__ import annotations

from provkg.terms.own import Provkg
from provkg.terms.vocabularies import (
    ONTOLOGY,
    PREFIXES,
    DcTerms,
    Foaf,
    Owl,
    Prov,
    Rdf,
    Rdfs,
    Vocabulary,
    Xsd,
    home_prefixes,
)

__all__ = [
    "ONTOLOGY",
    "PREFIXES",
    "DcTerms",
    "Foaf",
    "Owl",
    "Prov",
    "Provkg",
    "Rdf",
    "Rdfs",
    "Vocabulary",
    "Xsd",
    "home_prefixes",
]
