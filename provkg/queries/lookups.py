"""The queries by which names of things are looked up.

Each is bound by ``?name``, the word or what it can be read as. Those for one run are bound by ``?graph``,
the run's graph, too.
"""

from __future__ import annotations

from provkg.terms import PREFIXES, Provkg

__all__ = [
    "CLASSES",
    "DOCUMENTS",
    "IN_RUN",
    "LISTED",
    "MEASURED",
    "METRICS",
    "REPRESENTATIONS",
    "RUNS",
    "TYPES",
    "WORDS",
]

_PROLOGUE = "".join(f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("prov", "provkg", "rdfs"))

CLASSES = {
    "model": (Provkg.Model,),
    "data": (Provkg.Dataset, Provkg.PredictedData, Provkg.File, Provkg.FileVersion),
    "file": (Provkg.File, Provkg.FileVersion),
    "output": (Provkg.Output, Provkg.OutputContent),
    "value": (Provkg.Value,),
    "notebook": (Provkg.Notebook, Provkg.Script),
}
"""The classes that a thing of each kind can have."""

TYPES = f"{_PROLOGUE}SELECT ?thing ?type WHERE {{ GRAPH ?g {{ ?thing a ?type }} }}"
METRICS = f"{_PROLOGUE}SELECT DISTINCT ?name WHERE {{ GRAPH ?g {{ ?result provkg:metricName ?name }} }}"
MEASURED = f"""{_PROLOGUE}SELECT ?metric ?by WHERE {{
  {{ GRAPH ?g {{ ?by provkg:measures ?metric }} }}
  UNION {{ GRAPH ?g {{ ?by ?metric ?value ; a provkg:Run }} }} }} LIMIT 1"""
DOCUMENTS = f"""{_PROLOGUE}SELECT DISTINCT ?thing ?path WHERE {{
  {{ SELECT DISTINCT ?thing WHERE {{ GRAPH ?g {{ ?run provkg:runOf ?thing }} }} LIMIT 100000 }}
  GRAPH ?h {{ ?thing provkg:path ?path }} }}"""
REPRESENTATIONS = f"""{_PROLOGUE}SELECT ?thing ?content ?type WHERE {{
  GRAPH ?g {{ ?thing provkg:hasContent ?content }}
  OPTIONAL {{ GRAPH ?h {{ ?content provkg:mediaType ?type }} }} }}"""

WORDS = {
    "variable": "?is a provkg:Variable ; provkg:variableName ?name",
    "package": "?is provkg:packageName ?name",
}
WORDS = {
    kind: f"{_PROLOGUE}SELECT DISTINCT ?name WHERE {{ GRAPH ?graph {{ {pattern} }} }}"
    for kind, pattern in WORDS.items()
}
"""For each kind that stays text, all names there are."""

_NAMED = "?thing provkg:variableName ?name ; a provkg:{} ."
_OF_CLASS = "?class rdfs:label ?name . ?thing provkg:hasImplementation ?class ; a provkg:{} ."
_AT_PATH = "?file provkg:path ?name ; a provkg:File ."
_AT_URL = "?file provkg:url ?name ; a provkg:File ."
_ENDING = "?file a provkg:File ; provkg:path|provkg:url ?at . FILTER(STRENDS(?at, ?name))"
_HELD = "?file provkg:hasContent ?held . ?held provkg:sha256 ?hex . FILTER(STRSTARTS(?hex, ?name))"
_OF_FILE = f"?file a provkg:File . {_HELD}"
_OF_OUTPUT = f"?file a provkg:Output . {_HELD}"


def _in_run(pattern: str) -> str:
    if "?file" not in pattern:
        return f"""{_PROLOGUE}SELECT ?thing ?object ?state ?type ?order ?shape ?training WHERE {{
          GRAPH ?graph {{ {pattern} ?thing provkg:objectNumber ?object ; provkg:stateNumber ?state ;
            provkg:pythonType ?type ; provkg:generatedIn/provkg:executionOrder ?order }}
          OPTIONAL {{ GRAPH ?g1 {{ ?thing provkg:shape ?shape }} }}
          OPTIONAL {{ GRAPH ?g2 {{ ?thing provkg:trainedBy ?training }} }} }}"""
    thing = "?held" if "?held" in pattern else "?content, ?file"
    return f"""{_PROLOGUE}SELECT ?thing ?file ?path ?kind WHERE {{
      GRAPH ?graph {{ {pattern} }}
      OPTIONAL {{ GRAPH ?g1 {{ ?file provkg:hasContent ?content }} }}
      OPTIONAL {{ GRAPH ?g2 {{ ?file provkg:path|provkg:url ?path }} }}
      OPTIONAL {{ GRAPH ?g3 {{ ?file provkg:outputKind ?kind }} }}
      BIND(COALESCE({thing}) AS ?thing) }}"""


def _runs(pattern: str) -> str:
    return f"""{_PROLOGUE}SELECT DISTINCT ?run ?start WHERE {{
      GRAPH ?graph {{ {pattern} ?graph provkg:describesRun ?run }}
      OPTIONAL {{ GRAPH ?g1 {{ ?run prov:startedAtTime ?start }} }} }}"""


_VALUES = (("name", _NAMED.format("Value")), ("name", _OF_CLASS.format("Value")))
_FILES = (("path", _AT_PATH), ("name", _AT_URL), ("ending", _ENDING), ("digest", _OF_FILE))
_PATTERNS: dict[str, tuple[tuple[str, str], ...]] = {
    "model": (("name", _NAMED.format("Model")), ("name", _OF_CLASS.format("Model"))),
    "data": (("name", _NAMED.format("Dataset")), ("name", _NAMED.format("PredictedData")), *_FILES),
    "value": _VALUES,
    "file": _FILES,
    "output": (("digest", _OF_OUTPUT),),
    "thing": (*_VALUES, *_FILES, ("digest", _OF_OUTPUT)),
}

IN_RUN = {
    kind: tuple((form, _in_run(pattern)) for form, pattern in patterns)
    for kind, patterns in _PATTERNS.items()
}
"""For each kind, the queries to try in turn in one run, with what of a word each is bound to."""

RUNS = {
    kind: tuple((form, _runs(pattern)) for form, pattern in patterns) for kind, patterns in _PATTERNS.items()
}
"""The same, for the runs that have such a thing, with the times they began."""

_VARIABLES = "?thing a provkg:{} ; provkg:variableName ?name ."
_LISTED = {
    "model": _VARIABLES.format("Model"),
    "data": _VARIABLES.format("Dataset"),
    "value": _VARIABLES.format("Value"),
    "thing": _VARIABLES.format("Value"),
    "file": "?thing a provkg:File ; provkg:path|provkg:url ?name .",
    "output": "?thing a provkg:Output ; provkg:hasContent/provkg:sha256 ?name .",
}
LISTED = {
    kind: f"{_PROLOGUE}SELECT DISTINCT ?name WHERE {{ GRAPH ?graph {{ {pattern} }} }}"
    for kind, pattern in _LISTED.items()
}
"""For each kind, the names there are: what to suggest."""
