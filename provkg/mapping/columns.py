"""Which columns came from which, as derivations between groups of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provkg.mapping.column_groups import column_groups
from provkg.mapping.values import table_schema
from provkg.records import Column, Evidence
from provkg.terms import Prov, Provkg

if TYPE_CHECKING:
    from provkg.mapping.column_groups import ColumnGroup
    from provkg.mapping.scope import Scope

__all__ = ["write_columns"]

_NAMELESS = Column(name="", type="")


def write_columns(scope: Scope) -> None:
    """The columns of a run's values and their derivations. By which operation stands at the values'."""
    for group in column_groups(scope.run):
        _write(scope, group)


def _write(scope: Scope, group: ColumnGroup) -> None:
    quads, value = scope.quads, scope.thing(group.value)
    iri = scope.names.columns(value, group.rank)
    quads.types(iri, Prov.Entity, Provkg.ColumnGroup)
    quads.link(iri, Provkg.columnsOf, value)
    quads.link(iri, Provkg.hasSchema, table_schema(scope, _columns(scope, group)))
    for hop in group.hops:
        source = scope.names.columns(scope.thing(hop.value), hop.rank)
        quads.link(iri, Prov.wasDerivedFrom, source)
        quads.link(iri, Provkg.keptColumnsOf if hop.kept else Provkg.madeOfColumns, source)
        if hop.evidence is Evidence.OBSERVED:
            quads.link(iri, Provkg.observedDerivation, source)
    for value_from in group.unknown:
        quads.link(iri, Provkg.madeOfUnknownColumnsOf, scope.thing(value_from))


def _columns(scope: Scope, group: ColumnGroup) -> tuple[Column, ...]:
    """The columns of a group; a value without columns is one that has no name."""
    named = set(group.names)
    return tuple(each for each in scope.values[group.value].columns if each.name in named) or (_NAMELESS,)
