"""Reads the columns of the wide table from the store: one scan for each metric and each setting.

What is read is kept beside the store until that is written (`Store.remember`).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
from pyoxigraph import Literal as RdfLiteral
from pyoxigraph import NamedNode, QuerySolutions

import provkg
from provkg.errors import QueryError
from provkg.queries.binding import with_values
from provkg.queries.sparql import prepare
from provkg.results import to_python
from provkg.terms import Provkg
from provkg.views import overview
from provkg.views.overview import about_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from provkg.results import Term
    from provkg.store import Store
    from provkg.views.overview import AboutRun

__all__ = ["WAYS", "Cell", "Columns", "Way", "gather"]

Value: TypeAlias = bool | int | float | str
Cell: TypeAlias = Value | list[Value] | None
"""A value, none, or all there are: numbers first, each kind in its order."""

Way: TypeAlias = Literal["run", "model"]
WAYS: tuple[Way, ...] = ("run", "model")
"""What a row of the table can be."""

_BITS = 63
"""An integer of more is kept as the nearest float."""
_ROLES = {
    Provkg.TrainingSplit: "training",
    Provkg.ValidationSplit: "validation",
    Provkg.TestSplit: "test",
}


_Pairs: TypeAlias = "dict[str, list[tuple[Term | None, Value | None]]]"
"""By the name of a metric or setting, its values with what they are of."""


class Columns(msgspec.Struct, frozen=True):
    """The columns by name, each with a cell for every row; the rows of the newest run first."""

    about: dict[str, list[Cell]]
    metrics: dict[str, list[Cell]]
    settings: dict[str, list[Cell]]

    def all(self) -> dict[str, list[Cell]]:
        """All columns under the names that the table gives them."""
        return {
            **self.about,
            **{f"metric:{name}": column for name, column in self.metrics.items()},
            **{f"setting:{name}": column for name, column in self.settings.items()},
        }


_PROPERTIES = "SELECT ?property ?name WHERE { ?property rdfs:subPropertyOf ?kind ; rdfs:label ?name }"
_DIRECT = "SELECT ?run ?value WHERE { ?run ?property ?value }"

_TRAINED = """SELECT ?model ?run ?name ?class WHERE { GRAPH ?g {
  ?model provkg:trainedBy ?training . ?g provkg:describesRun ?run .
  FILTER NOT EXISTS { ?training provkg:partOfActivity ?outer }
  OPTIONAL { ?model provkg:variableName ?name }
  OPTIONAL { ?model provkg:hasImplementation ?implementation . ?implementation rdfs:label ?class } } }"""
_NODES = """SELECT ?setting ?name ?value ?text WHERE {
  ?setting provkg:settingName ?name ; provkg:settingText ?text .
  OPTIONAL { ?setting provkg:settingValue ?value } }"""
_SET = "SELECT ?model ?setting WHERE { ?model a provkg:Model ; provkg:hasSetting ?setting }"
_CHOSEN = """SELECT ?model ?setting WHERE {
  ?training provkg:usedChosenSetting ?setting . ?model provkg:trainedBy ?training }"""
_MEASURED = """SELECT ?model ?name ?role ?value WHERE {
  ?result provkg:resultOf ?model ; provkg:metricName ?name ; provkg:resultValue ?value .
  OPTIONAL { ?result provkg:splitRole ?role }
  FILTER NOT EXISTS { ?result provkg:classLabel ?class }
  FILTER NOT EXISTS { ?result prov:wasGeneratedBy ?step . ?step provkg:partOfActivity ?outer } }"""


def gather(store: Store, by: str = "run") -> Columns:
    """The columns of the table whose rows are runs or, by ``model``, trained models.

    Raises:
        QueryError: there is no such table.
    """
    if by not in WAYS:
        raise QueryError(f"There is no table by {by!r}.", f"Take {' or '.join(WAYS)}.")
    read = _of_runs if by == "run" else _of_models
    content = store.remember(f"wide-{by}-{_version()}", lambda: _packed(read(store)))
    return msgspec.msgpack.decode(content, type=Columns)


@cache
def _version() -> str:
    """A digest of the code that reads the columns: what another one kept is not taken."""
    whole = hashlib.sha256(provkg.__version__.encode())
    for module in (Path(__file__), Path(overview.__file__)):
        if module.exists():  # a package may ship without its source
            whole.update(module.read_bytes())
    return whole.hexdigest()[:16]


def _packed(columns: Columns) -> bytes:
    return msgspec.msgpack.encode(columns)


def _of_runs(store: Store) -> Columns:
    runs = about_runs(store)
    rows: dict[Term | None, int] = {run.run: row for row, run in enumerate(runs)}
    about: dict[str, list[Cell]] = {
        "run": [_last(run.run) for run in runs],
        "started": [_text(run.started) for run in runs],
        "took": [_value(run.took) for run in runs],
        "status": [_text(run.status) for run in runs],
        "code": [_text(run.code) for run in runs],
        "name": [_text(run.name) for run in runs],
    }
    return Columns(about, _direct(store, rows, Provkg.runMetric), _direct(store, rows, Provkg.runSetting))


def _direct(store: Store, rows: Mapping[Term | None, int], kind: str) -> dict[str, list[Cell]]:
    """A column for each property of a kind, by the label of the property."""
    found = {}
    for property_, name in _read(store, _PROPERTIES, kind=NamedNode(kind)):
        assert isinstance(property_, NamedNode)
        pairs = _read(store, _DIRECT, property=property_)
        found[_text(name) or ""] = _column(rows, ((run, _value(value)) for run, value in pairs))
    return {
        name: column for name, column in sorted(found.items()) if any(cell is not None for cell in column)
    }


def _of_models(store: Store) -> Columns:
    runs: dict[Term | None, AboutRun] = {run.run: run for run in about_runs(store)}
    ranks = {run: rank for rank, run in enumerate(runs)}
    trained = {row[0]: row for row in _read(store, _TRAINED) if row[1] in runs}
    models = sorted(trained.values(), key=lambda row: (ranks[row[1]], _rank(row[0])))
    rows = {row[0]: number for number, row in enumerate(models)}
    settings, chosen = _settings(store)
    about: dict[str, list[Cell]] = {
        "run": [_last(run) for _, run, _, _ in models],
        "model": [_last(model) for model, _, _, _ in models],
        "variable": [_text(name) for _, _, name, _ in models],
        "class": [_text(class_) for _, _, _, class_ in models],
        "chosen": [
            ", ".join(sorted(chosen[model])) if model in chosen else None for model, _, _, _ in models
        ],
        "started": [_text(runs[run].started) for _, run, _, _ in models],
        "status": [_text(runs[run].status) for _, run, _, _ in models],
        "code": [_text(runs[run].code) for _, run, _, _ in models],
    }
    return Columns(about, _columns(rows, _measured(store)), _columns(rows, settings))


def _settings(store: Store) -> tuple[_Pairs, dict[Term | None, set[str]]]:
    """The values of each setting with the models that were trained so, and what was chosen for each model."""
    nodes = {
        node: (_text(name) or "", _value(value), _text(text))
        for node, name, value, text in _read(store, _NODES)
    }
    settings: _Pairs = defaultdict(list)
    for model, node in _read(store, _SET):
        name, value, _ = nodes[node]
        settings[name].append((model, value))
    chosen: dict[Term | None, set[str]] = defaultdict(set)
    for model, node in _read(store, _CHOSEN):
        name, _, text = nodes[node]
        chosen[model].add(f"{name}={text}")
    return settings, chosen


def _measured(store: Store) -> _Pairs:
    """The values of each metric with the models that they are of; the metric with the part of the data."""
    metrics: _Pairs = defaultdict(list)
    for model, name, role, value in _read(store, _MEASURED):
        metrics[_with_role(_text(name) or "", role)].append((model, _value(value)))
    return metrics


def _with_role(metric: str, role: Term | None) -> str:
    return f"{_ROLES.get(role.value, 'other')}_{metric}" if isinstance(role, NamedNode) else metric


def _columns(rows: Mapping[Term | None, int], pairs: _Pairs) -> dict[str, list[Cell]]:
    columns = ((name, _column(rows, pairs[name])) for name in sorted(pairs))
    return {name: column for name, column in columns if any(cell is not None for cell in column)}


def _column(rows: Mapping[Term | None, int], pairs: Iterable[tuple[Term | None, Value | None]]) -> list[Cell]:
    """The values in the rows of what they are of."""
    column: list[Cell] = [None] * len(rows)
    several: set[int] = set()
    for of, value in pairs:
        row = rows.get(of)
        if row is None or value is None:
            continue
        there = column[row]
        if there is None:
            column[row] = value
        else:
            column[row] = [*there, value] if isinstance(there, list) else [there, value]
            several.add(row)
    for row in several:
        cell = column[row]
        assert isinstance(cell, list)
        unlike = {(type(value), value): value for value in cell}
        column[row] = sorted(unlike.values(), key=_order) if len(unlike) > 1 else cell[0]
    return column


def _order(value: Value) -> tuple[bool, float, str]:
    return (True, 0.0, value) if isinstance(value, str) else (False, float(value), "")


def _read(store: Store, text: str, **terms: NamedNode) -> Iterator[tuple[Term | None, ...]]:
    query = prepare(text, store.prefixes)
    answer = store.query(with_values(query, terms) if terms else query)
    assert isinstance(answer, QuerySolutions)
    return map(tuple, answer)


def _value(term: Term | None) -> Value | None:
    value = to_python(term)
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > _BITS:
        return float(value)
    return value if isinstance(value, bool | int | float | str) else _text(term)


def _text(term: Term | None) -> str | None:
    if term is None:
        return None
    return term.value if isinstance(term, NamedNode | RdfLiteral) else str(term)


def _last(term: Term | None) -> str:
    """The identifier that an IRI ends in."""
    return (_text(term) or "").rpartition("/")[2]


def _rank(model: Term | None) -> tuple[int, ...]:
    """In which order the states of a run's objects came to be, as their identifiers tell."""
    return tuple(int(part) for part in _last(model).split(".") if part.isdecimal())
