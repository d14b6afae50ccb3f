"""The queries by which names of things are looked up. Each is bound by its variable ``?name``."""

from __future__ import annotations

from provkg.terms import Provkg

__all__ = ["CLASSES", "FINDERS", "LISTED", "MEASURED", "METRICS", "TYPES", "WORDS"]

CLASSES = {
    "model": (Provkg.Model,),
    "data": (Provkg.Dataset, Provkg.PredictedData, Provkg.File, Provkg.FileVersion),
    "file": (Provkg.File, Provkg.FileVersion),
    "output": (Provkg.Output, Provkg.OutputContent),
    "value": (Provkg.Value,),
    "notebook": (Provkg.Notebook, Provkg.Script),
}
"""The classes that a thing of each kind can have."""

TYPES = "SELECT ?thing ?type WHERE { GRAPH ?g { ?thing a ?type } }"

METRICS = "SELECT DISTINCT ?name WHERE { GRAPH ?g { ?result provkg:metricName ?name } }"
MEASURED = """SELECT ?metric ?by WHERE { GRAPH ?g {
  { ?by provkg:measures ?metric } UNION { ?by ?metric ?value . ?by a provkg:Run } } } LIMIT 1"""

WORDS = {
    "variable": (
        "SELECT ?name WHERE { GRAPH ?g { ?variable provkg:variableName ?name } } LIMIT 1",
        "SELECT DISTINCT ?name WHERE { GRAPH ?g { ?is a provkg:Variable ; provkg:variableName ?name } }",
    ),
    "package": (
        "SELECT ?name WHERE { GRAPH ?g { ?package provkg:packageName ?name } } LIMIT 1",
        "SELECT DISTINCT ?name WHERE { GRAPH ?g { ?package provkg:packageName ?name } }",
    ),
}
"""For each kind that stays text: whether a name exists, and all names."""

_ROW = "SELECT ?name ?thing ?run ?start ?object ?state ?label WHERE"
_SHOWN = (
    "COALESCE(CONCAT(?type, IF(BOUND(?shape), CONCAT(' ', ?shape), ''), ', execution ', STR(?order)), '')"
)


def _values(type_: str, name: str) -> str:
    return f"""{_ROW} {{ GRAPH ?g {{
      {name} ?thing a provkg:{type_} ; provkg:generatedIn ?execution ; provkg:objectNumber ?object ;
        provkg:stateNumber ?state ; provkg:pythonType ?type .
      ?execution provkg:partOfRun ?run ; provkg:executionOrder ?order .
      ?run prov:startedAtTime ?start . OPTIONAL {{ ?thing provkg:shape ?shape }}
      BIND({_SHOWN} AS ?label) }} }}"""


_NAMED = "?thing provkg:variableName ?name ."
_OF_CLASS = "?implementation rdfs:label ?name . ?thing provkg:hasImplementation ?implementation ."


def _files(type_: str, condition: str) -> str:
    """Occurrences by a condition; the thing is their content, or the occurrence where it has no digest."""
    return f"""{_ROW} {{ GRAPH ?g {{
      ?file a provkg:{type_} . {condition} OPTIONAL {{ ?file provkg:path ?path }}
      {{ ?user prov:used ?file }} UNION {{ ?file provkg:generatedIn ?user }}
      ?user provkg:partOfRun ?run . ?run prov:startedAtTime ?start .
      OPTIONAL {{ ?file provkg:hasContent ?content }}
      BIND(COALESCE(?content, ?file) AS ?thing) BIND(COALESCE(?path, '') AS ?label) }} }}"""


_AT_PATH = "?file provkg:path ?name ."
_ENDING = "?file provkg:path ?at . FILTER(STRENDS(?at, ?name))"
_DIGEST = "?file provkg:hasContent/provkg:sha256 ?digest . FILTER(STRSTARTS(?digest, ?name))"

_BY_VALUE = (("name", _values("Value", _NAMED)), ("name", _values("Value", _OF_CLASS)))
_BY_FILE = (
    ("path", _files("File", _AT_PATH)),
    ("ending", _files("File", _ENDING)),
    ("digest", _files("File", _DIGEST)),
)
_DOCUMENTS = f"""{_ROW} {{ GRAPH ?g {{ ?thing provkg:path ?path . ?run provkg:runOf ?thing ;
  prov:startedAtTime ?start . %s }} }}"""

FINDERS: dict[str, tuple[tuple[str, str], ...]] = {
    "model": (("name", _values("Model", _NAMED)), ("name", _values("Model", _OF_CLASS))),
    "data": (("name", _values("Dataset", _NAMED)), ("name", _values("PredictedData", _NAMED)), *_BY_FILE),
    "value": _BY_VALUE,
    "file": _BY_FILE,
    "output": (("digest", _files("Output", _DIGEST)),),
    "thing": (*_BY_VALUE, *_BY_FILE, ("digest", _files("Output", _DIGEST))),
    "notebook": (
        ("path", _DOCUMENTS % "FILTER(?path = ?name)"),
        ("ending", _DOCUMENTS % "FILTER(STRENDS(?path, ?name))"),
    ),
}
"""For each kind, the queries to try in turn, with what of the user's word each is bound to."""

_VARIABLES = """SELECT DISTINCT ?name ?run WHERE { GRAPH ?g {
  ?thing a %s ; provkg:variableName ?name ; provkg:generatedIn/provkg:partOfRun ?run } }"""
_PATHS = """SELECT DISTINCT ?name ?run WHERE { GRAPH ?g {
  ?file a provkg:File ; provkg:path ?name . { ?user prov:used ?file } UNION { ?file provkg:generatedIn ?user }
  ?user provkg:partOfRun ?run } }"""

LISTED = {
    "model": _VARIABLES % "provkg:Model",
    "data": _VARIABLES % "provkg:Dataset",
    "value": _VARIABLES % "provkg:Value",
    "thing": _VARIABLES % "provkg:Value",
    "file": _PATHS,
    "output": """SELECT DISTINCT ?name ?run WHERE { GRAPH ?g {
      ?output a provkg:Output ; provkg:hasContent/provkg:sha256 ?name ;
        provkg:generatedIn/provkg:partOfRun ?run } }""",
    "notebook": "SELECT DISTINCT ?name ?run WHERE { GRAPH ?g { ?run provkg:runOf/provkg:path ?name } }",
}
"""For each kind, all names there are, with their run: what to suggest."""
