"""Prefixes, what a vocabulary is, and those of others that are in use."""
# ruff: noqa: N815  (terms keep the spelling of their vocabularies)

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "ONTOLOGY",
    "PREFIXES",
    "DcTerms",
    "Foaf",
    "Owl",
    "Prov",
    "Rdf",
    "Rdfs",
    "Vocabulary",
    "Xsd",
    "home_prefixes",
]

ONTOLOGY = "https://w3id.org/provkg/ontology"
"""The IRI of the ontology."""

PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "fair4ml": "https://w3id.org/fair4ml#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "mls": "http://www.w3.org/ns/mls#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "p-plan": "http://purl.org/net/p-plan#",
    "prov": "http://www.w3.org/ns/prov#",
    "provkg": f"{ONTOLOGY}#",
    "provone": "http://purl.dataone.org/provone/2015/01/15/ontology#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "repr": "https://w3id.org/reproduceme#",
    "schema": "http://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""The prefixes that every home knows."""


def home_prefixes(base: str) -> dict[str, str]:
    """All prefixes of a home: the common ones and those of its own instances.

    >>> home_prefixes("https://example.org/")["metric"]
    'https://example.org/metric/'
    """
    folders = ("agent", "cell", "environment", "graph", "metric", "notebook", "run", "setting")
    own = {folder: f"{base}{folder}/" for folder in folders}
    return {**PREFIXES, **own, "data": f"{base}sha256/", "pypi": "pkg:pypi/"}


class Vocabulary:
    """A namespace and those of its terms that are in use."""

    namespace: ClassVar[str]

    def __init_subclass__(cls, prefix: str) -> None:
        cls.namespace = PREFIXES[prefix]
        for name in cls.__annotations__:
            setattr(cls, name, cls.namespace + name)

    @classmethod
    def terms(cls) -> dict[str, str]:
        """The IRI of each term by its name in this class."""
        return {name: getattr(cls, name) for name in cls.__annotations__}


class Rdf(Vocabulary, prefix="rdf"):
    """RDF."""

    type: ClassVar[str]


class Rdfs(Vocabulary, prefix="rdfs"):
    """RDF Schema."""

    label: ClassVar[str]
    subPropertyOf: ClassVar[str]


class Owl(Vocabulary, prefix="owl"):
    """OWL 2."""

    DatatypeProperty: ClassVar[str]
    versionInfo: ClassVar[str]


class Xsd(Vocabulary, prefix="xsd"):
    """XML Schema datatypes."""

    boolean: ClassVar[str]
    dateTime: ClassVar[str]
    double: ClassVar[str]
    integer: ClassVar[str]


class DcTerms(Vocabulary, prefix="dcterms"):
    """DCMI metadata terms."""

    created: ClassVar[str]
    title: ClassVar[str]


class Foaf(Vocabulary, prefix="foaf"):
    """Friend of a friend."""

    name: ClassVar[str]


class Prov(Vocabulary, prefix="prov"):
    """PROV-O."""

    Activity: ClassVar[str]
    Agent: ClassVar[str]
    Association: ClassVar[str]
    Bundle: ClassVar[str]
    Collection: ClassVar[str]
    Derivation: ClassVar[str]
    Entity: ClassVar[str]
    Generation: ClassVar[str]
    Person: ClassVar[str]
    Plan: ClassVar[str]
    SoftwareAgent: ClassVar[str]
    Usage: ClassVar[str]
    actedOnBehalfOf: ClassVar[str]
    activity: ClassVar[str]
    agent: ClassVar[str]
    endedAtTime: ClassVar[str]
    entity: ClassVar[str]
    generatedAtTime: ClassVar[str]
    hadActivity: ClassVar[str]
    hadMember: ClassVar[str]
    hadPlan: ClassVar[str]
    hadPrimarySource: ClassVar[str]
    hadRole: ClassVar[str]
    qualifiedAssociation: ClassVar[str]
    qualifiedDerivation: ClassVar[str]
    qualifiedGeneration: ClassVar[str]
    qualifiedUsage: ClassVar[str]
    specializationOf: ClassVar[str]
    startedAtTime: ClassVar[str]
    used: ClassVar[str]
    wasAssociatedWith: ClassVar[str]
    wasAttributedTo: ClassVar[str]
    wasDerivedFrom: ClassVar[str]
    wasGeneratedBy: ClassVar[str]
    wasInformedBy: ClassVar[str]
    wasInvalidatedBy: ClassVar[str]
    wasRevisionOf: ClassVar[str]
