"""Literals say in N-Quads what they say in Python."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provkg.mapping.quads import Quads, lexical_time
from provkg.records import Scalar
from provkg.terms import Xsd
from tests.strategies import times

GRAPH, THING, SAYS = "https://example.org/g", "https://example.org/s", "https://example.org/p"


def objects(quads: Quads) -> list[ox.Literal]:
    found = [quad.object for quad in ox.parse(str(quads), format=ox.RdfFormat.N_QUADS)]
    return [one for one in found if isinstance(one, ox.Literal)]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_read_back_as_it_was(text: str) -> None:
    quads = Quads(GRAPH)
    quads.text(THING, SAYS, text)
    assert [one.value for one in objects(quads)] == [text]
    assert "\n" not in str(quads).removesuffix("\n")


@given(st.text(st.characters(categories=["Cs"]), min_size=1))
def test_halves_of_surrogate_pairs_become_readable_escapes(text: str) -> None:
    quads = Quads(GRAPH)
    quads.text(THING, SAYS, text)
    [one] = objects(quads)
    assert one.value == "".join(f"\\u{ord(half):04x}" for half in text)


@pytest.mark.parametrize(
    ("value", "datatype", "lexical"),
    [
        (True, Xsd.boolean, "true"),
        (7, Xsd.integer, "7"),
        (10**30, Xsd.integer, str(10**30)),
        (0.1, Xsd.double, "0.1"),
        (1e-300, Xsd.double, "1e-300"),
        (math.inf, Xsd.double, "INF"),
        (-math.inf, Xsd.double, "-INF"),
        (math.nan, Xsd.double, "NaN"),
        ("7", "http://www.w3.org/2001/XMLSchema#string", "7"),
    ],
)
def test_a_scalar_has_the_datatype_of_what_it_is(value: Scalar, datatype: str, lexical: str) -> None:
    quads = Quads(GRAPH)
    quads.scalar(THING, SAYS, value)
    [one] = objects(quads)
    assert (one.datatype.value, one.value) == (datatype, lexical)


@given(st.floats(allow_nan=False))
def test_a_number_is_read_back_as_the_same_number(value: float) -> None:
    quads = Quads(GRAPH)
    quads.double(THING, SAYS, value)
    [one] = objects(quads)
    assert float(one.value.replace("INF", "inf")) == value


def test_what_is_not_known_makes_no_quad() -> None:
    quads = Quads(GRAPH)
    quads.scalar(THING, SAYS, None)
    quads.integer(THING, SAYS, None)
    quads.double(THING, SAYS, None)
    quads.boolean(THING, SAYS, None)
    quads.time(THING, SAYS, None)
    quads.known(THING, SAYS, "")
    assert len(quads) == 0


@given(times)
def test_a_time_keeps_its_instant_and_names_its_zone(time: datetime) -> None:
    text = lexical_time(time)
    assert text.endswith("Z") or text[-6] in "+-"
    assert datetime.fromisoformat(text) == time


def test_zones_that_xml_schema_does_not_have_become_utc() -> None:
    time = datetime(1890, 1, 1, 12, 0, tzinfo=timezone(timedelta(minutes=53, seconds=28)))
    assert lexical_time(time) == "1890-01-01T11:06:32Z"


def test_a_time_without_a_zone_is_given_none() -> None:
    assert lexical_time(datetime(2026, 1, 2, 3, tzinfo=UTC).replace(tzinfo=None)) == "2026-01-02T03:00:00"
