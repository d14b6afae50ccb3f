"""Answers as values and in every format."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Store,
    parse,
    parse_query_results,
)
from rich.console import Console

from provkg.errors import QueryError
from provkg.results import (
    ShortNames,
    Solutions,
    Triples,
    Truth,
    collect,
    render,
    to_csv,
    to_frame,
    to_json,
    to_python,
    to_table,
    to_tsv,
    to_turtle,
)

XSD = "http://www.w3.org/2001/XMLSchema#"
BASE = "https://example.org/"
RUN = f"{BASE}run/1f0c9a3e-7f43-4f6d-8c58-6b7d1a2e9c11"
NAMES = ShortNames(BASE, {"prov": "http://www.w3.org/ns/prov#", "xsd": XSD})


def typed(text: str, name: str) -> Literal:
    return Literal(text, datatype=NamedNode(XSD + name))


def solve(query: str, data: str = "") -> Solutions:
    store = Store()
    store.load(data.encode(), format=RdfFormat.N_QUADS)
    result = collect(store.query(query))
    assert isinstance(result, Solutions)
    return result


MIXED = Solutions(
    ("run", "accuracy", "count", "at", "note"),
    (
        (
            NamedNode(RUN),
            typed("0.9533333333", "double"),
            Literal(3),
            typed("2026-01-02T10:00:00+01:00", "dateTime"),
            None,
        ),
        (
            NamedNode(RUN),
            None,
            Literal(12),
            typed("2026-01-02T10:00:00Z", "dateTime"),
            Literal('say "é",\n\ttab', language="en"),
        ),
    ),
)


def shown(solutions: Solutions, width: int) -> list[str]:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    with console.capture() as capture:
        console.print(to_table(solutions, NAMES, width))
    return [line.rstrip() for line in capture.get().splitlines()]


class TestCollect:
    def test_select_gives_rows_in_order_with_none_for_unbound(self) -> None:
        answer = solve("SELECT ?a ?b { VALUES (?a ?b) { (1 UNDEF) (2 'x') } } ORDER BY ?a")
        assert answer.variables == ("a", "b")
        assert answer.rows == ((Literal(1), None), (Literal(2), Literal("x")))

    def test_ask_gives_a_truth_value(self) -> None:
        assert collect(Store().query("ASK { }")) == Truth(True)
        assert not collect(Store().query("ASK { ?s ?p ?o }"))

    def test_construct_gives_each_triple_once(self) -> None:
        answer = collect(Store().query("CONSTRUCT { <a:b> <a:c> <a:d> } { VALUES ?x { 1 2 } }"))
        assert isinstance(answer, Triples)
        assert len(answer) == 1

    def test_rows_can_be_read_as_python_values(self) -> None:
        first = next(iter(MIXED))
        assert first["run"] == RUN
        assert first["accuracy"] == pytest.approx(0.9533333333)
        assert first["note"] is None

    def test_columns_can_be_left_out(self) -> None:
        assert MIXED.without("run", "at", "note").rows[1] == (None, Literal(12))


@pytest.mark.parametrize(
    ("term", "value"),
    [
        (typed("007", "integer"), 7),
        (typed("-INF", "double"), float("-inf")),
        (typed("true", "boolean"), True),
        (typed("2026-01-02T03:04:05.5Z", "dateTime"), datetime(2026, 1, 2, 3, 4, 5, 500000, tzinfo=UTC)),
        (typed("2026-01-02", "date"), date(2026, 1, 2)),
        (typed("P1DT1H0.5S", "dayTimeDuration"), timedelta(days=1, hours=1, seconds=0.5)),
        (typed("-PT2M", "duration"), timedelta(minutes=-2)),
        (typed("P1Y", "duration"), "P1Y"),
        (typed("three", "integer"), "three"),
        (Literal("1.10"), "1.10"),
        (Literal("chat", language="fr"), "chat"),
    ],
)
def test_a_literal_becomes_what_it_denotes(term: Literal, value: object) -> None:
    assert to_python(term) == value
    assert type(to_python(term)) is type(value)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
terms = st.one_of(
    st.none(),
    st.integers(0, 99).map(lambda n: NamedNode(f"http://example.org/{n}")),
    texts.map(Literal),
    texts.map(lambda text: Literal(text, language="de")),
    st.integers(-9, 9).map(Literal),
)
tables = st.lists(st.tuples(terms, terms), max_size=4).map(lambda rows: Solutions(("a", "b"), tuple(rows)))


class TestMachineFormats:
    @given(tables)
    def test_json_and_tsv_read_back_as_the_same_rows(self, solutions: Solutions) -> None:
        for text, kind in (
            (to_json(solutions), QueryResultsFormat.JSON),
            (to_tsv(solutions), QueryResultsFormat.TSV),
        ):
            back = parse_query_results(text.encode(), format=kind)
            assert isinstance(back, QuerySolutions)
            assert collect(back) == solutions

    @given(tables)
    def test_csv_holds_the_text_of_every_term(self, solutions: Solutions) -> None:
        back = list(csv.reader(io.StringIO(to_csv(solutions), newline="")))
        assert back[0] == ["a", "b"]
        expected = [["" if term is None else term.value for term in row] for row in solutions.rows]  # type: ignore[union-attr]
        assert back[1:] == expected

    def test_csv_ends_lines_as_the_recommendation_says(self) -> None:
        assert to_csv(Solutions(("a",), ((Literal(1),),))) == "a\r\n1\r\n"

    def test_blank_nodes_and_truth_values_have_their_forms(self) -> None:
        assert to_csv(Solutions(("a",), ((BlankNode("x"),),))) == "a\r\n_:x\r\n"
        assert json.loads(to_json(Truth(False))) == {"head": {}, "boolean": False}

    def test_turtle_declares_only_the_prefixes_it_uses(self) -> None:
        prov = NAMES.prefixes["prov"]
        answer = collect(Store().query(f"CONSTRUCT {{ <{RUN}> a <{prov}Activity> }} {{ }}"))
        assert isinstance(answer, Triples)
        text = to_turtle(answer, NAMES.prefixes)
        assert "@prefix prov:" in text
        assert "@prefix xsd:" not in text
        assert "prov:Activity" in text
        assert {quad.triple for quad in parse(text.encode(), format=RdfFormat.TURTLE)} == set(answer.triples)

    def test_render_refuses_a_format_that_cannot_hold_the_answer(self) -> None:
        with pytest.raises(QueryError, match="triples cannot be written as csv"):
            render(Triples(()), "csv")
        with pytest.raises(QueryError, match="solutions cannot be written as turtle"):
            render(MIXED, "turtle")
        assert render(Triples(()), "ntriples") == ""
        assert render(MIXED, "csv") == to_csv(MIXED)


class TestFrame:
    def test_each_column_has_the_dtype_of_its_values(self) -> None:
        frame = to_frame(MIXED)
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
            "run": "str",
            "accuracy": "float64",
            "count": "int64",
            "at": "datetime64[us, UTC]",
            "note": "str",
        }
        assert frame["at"].dt.hour.tolist() == [9, 10]
        assert frame["accuracy"].isna().tolist() == [False, True]

    def test_missing_integers_stay_integers(self) -> None:
        frame = to_frame(Solutions(("n", "t"), ((Literal(2**60), Literal(True)), (None, None))))
        assert str(frame["n"].dtype) == "Int64"
        assert frame["n"][0] == 2**60
        assert str(frame["t"].dtype) == "boolean"

    def test_durations_and_empty_answers_have_frames(self) -> None:
        frame = to_frame(Solutions(("d",), ((typed("PT1.5S", "dayTimeDuration"),),)))
        assert frame["d"].dt.total_seconds().tolist() == [1.5]
        empty = to_frame(Solutions(("a", "b"), ()))
        assert list(empty.columns) == ["a", "b"]
        assert len(empty) == 0

    def test_pandas_is_imported_only_for_a_frame(self) -> None:
        code = "import sys, provkg.results; assert 'pandas' not in sys.modules, 'imported'"
        subprocess.run([sys.executable, "-c", code], check=True)


class TestTable:
    def test_iris_are_shortened_and_numbers_end_below_each_other(self) -> None:
        lines = shown(MIXED.without("at", "note"), 80)
        assert lines[0].split() == ["run", "accuracy", "count"]
        assert lines[1].startswith("1f0c9a3e ")
        assert "0.953333" in lines[1]
        assert lines[1].endswith("    3")
        assert lines[2].endswith("   12")

    def test_no_line_is_wider_than_the_terminal(self) -> None:
        wide = Solutions(("a", "b"), ((Literal("word " * 40), Literal("x" * 200)),))
        for width in (40, 80, 200):
            assert max(map(len, shown(wide, width))) <= width

    def test_rows_become_records_when_columns_do_not_fit(self) -> None:
        lines = shown(MIXED, 40)
        assert "count     3" in lines
        assert not any(line.startswith("run") and "accuracy" in line for line in lines)

    def test_square_brackets_of_a_value_are_shown_as_they_are(self) -> None:
        assert "df[bold]" in "\n".join(shown(Solutions(("a",), ((Literal("df[bold]"),),)), 80))


class TestNames:
    @pytest.mark.parametrize(
        ("iri", "short"),
        [
            (RUN, "1f0c9a3e"),
            (f"{RUN}/value/7.2", "1f0c9a3e/7.2"),
            (f"{RUN}/file/f3", "1f0c9a3e/f3"),
            (f"{RUN}/execution/4", "1f0c9a3e/execution/4"),
            (f"{RUN}/variable/df/2", "1f0c9a3e/variable/df/2"),
            (f"{BASE}sha256/{'ab' * 32}", "sha256/abababab"),
            (f"{BASE}metric/accuracy", "metric/accuracy"),
            ("http://www.w3.org/ns/prov#used", "prov:used"),
            ("http://www.w3.org/ns/prov#a/b", "http://www.w3.org/ns/prov#a/b"),
            ("pkg:pypi/numpy@2.0", "pkg:pypi/numpy@2.0"),
        ],
    )
    def test_a_short_form_keeps_what_tells_things_apart(self, iri: str, short: str) -> None:
        assert NAMES.short(iri) == short
