"""Every question, as its manifest entry asks it, against its known answer."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest
import rdflib
from pyoxigraph import Literal, NamedNode, RdfFormat, Store

from provkg.errors import QuestionError
from provkg.mapping import nquads
from provkg.queries import question, questions
from provkg.queries.binding import with_values
from provkg.queries.parameters import bind
from provkg.queries.questions import GROUPS, check, read_question
from provkg.records import decode_event, fold
from provkg.results import Solutions, collect
from tests.queries.manifest import (
    BASE,
    answer,
    comparable,
    read_expected,
    read_manifest,
)
from tests.queries.stories import FIXTURES, stories

if TYPE_CHECKING:
    from pathlib import Path

    from provkg.results import Term
    from provkg.store.port import Store as OpenStore

ENTRIES = read_manifest()
DATA = tuple(sorted(FIXTURES.glob("*.jsonl")))
LASTING = "The default graph is the union of all runs"
"""What stands in the questions that follow ways from run to run, which no single named graph holds."""


@pytest.fixture(scope="module")
def second_engine() -> rdflib.Dataset:
    """The same quads in another SPARQL engine."""
    dataset = rdflib.Dataset(default_union=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # rdflib's, of itself
        for path in DATA:
            run = fold(decode_event(line) for line in path.read_bytes().splitlines())
            assert run is not None
            dataset.parse(data=nquads(run, BASE), format="nquads")
    return dataset


@pytest.mark.parametrize("name", ENTRIES)
class TestEntries:
    def test_a_question_has_its_known_answer(self, store: OpenStore, name: str) -> None:
        entry = ENTRIES[name]
        given, expected = answer(store, entry), read_expected(entry)
        assert given.variables == expected.variables
        assert comparable(given) == comparable(expected)

    def test_what_nearly_answers_it_is_in_the_data_and_not_in_the_answer(
        self, store: OpenStore, name: str
    ) -> None:
        entry = ENTRIES[name]
        assert entry.data == DATA
        assert entry.near_misses
        answered = {term for row in answer(store, entry).rows for term in row}
        for term in entry.near_misses:
            assert _in_data(store, term), term
            assert term not in answered

    def test_every_row_carries_its_run(self, store: OpenStore, name: str) -> None:
        entry = ENTRIES[name]
        given = answer(store, entry)
        (column, *_) = [one for one in given.variables if one in {"run", "first"}]
        without = [row for row in given.rows if row[given.variables.index(column)] is None]
        # The content of a file is no run's own.
        of_all_runs = f"{BASE}sha256/"
        assert all(any(str(term).startswith(f"<{of_all_runs}") for term in row) for row in without)

    @pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
    def test_another_engine_gives_the_same_answer(
        self, store: OpenStore, second_engine: rdflib.Dataset, name: str
    ) -> None:
        entry = ENTRIES[name]
        asked = question(entry.question)
        terms = bind(store, asked, entry.parameters)
        found = second_engine.query(with_values(asked.sparql, terms))
        assert found.vars is not None
        variables = tuple(str(variable) for variable in found.vars)
        rows = tuple(tuple(_from_rdflib(row[name]) for name in variables) for row in found)  # type: ignore[index,call-overload]
        assert comparable(Solutions(variables, rows)) == comparable(read_expected(entry))


@pytest.mark.parametrize(
    "name", [name for name, one in ENTRIES.items() if LASTING not in one.query.read_text()]
)
def test_the_default_graph_can_be_empty(store: OpenStore, name: str) -> None:
    entry = ENTRIES[name]
    asked = question(entry.question)
    bare = Store()
    for path in DATA:
        run = fold(decode_event(line) for line in path.read_bytes().splitlines())
        assert run is not None
        bare.load(nquads(run, BASE), format=RdfFormat.N_QUADS)
    text = with_values(asked.sparql, bind(store, asked, entry.parameters))
    given = collect(bare.query(text, use_default_graph_as_union=False))
    assert isinstance(given, Solutions)
    assert comparable(given) == comparable(read_expected(entry))


@pytest.mark.parametrize("name", questions())
class TestQuestionFiles:
    def test_a_question_has_an_entry(self, name: str) -> None:
        assert any(entry.question == name for entry in ENTRIES.values())

    def test_a_question_is_sound(self, name: str) -> None:
        assert check(question(name)) == []

    def test_its_texts_are_sentences(self, name: str) -> None:
        asked = question(name)
        assert asked.description.endswith(".")
        assert asked.summary[0].isupper()
        for text in (*asked.columns.values(), *(one.description for one in asked.params.values())):
            assert text
            assert not text.endswith(".")


def test_questions_come_by_group_and_number() -> None:
    order = [(GROUPS.index(one.group), one.number) for one in questions().values()]
    assert order == sorted(order)


def test_the_thirteen_questions_of_the_study_are_all_there() -> None:
    assert {one.study for one in questions().values()} == {None, *range(1, 11), 12, 13, 11}


def test_the_fixtures_hold_what_the_stories_tell() -> None:
    for name, events in stories().items():
        lines = (FIXTURES / f"{name}.jsonl").read_bytes().splitlines()
        assert [decode_event(line) for line in lines] == events


GOOD = """\
#+ summary: Which runs are there?
#+ description: All of them.
#+ group: people
#+ number: 1
#+ source: a test
#+ params: {name: {type: string, description: a name, example: x, optional: true}}
#+ columns: {run: the run, name: the name}
SELECT ?run ?name WHERE { GRAPH ?g { ?run ?name ?x } }
"""


class TestReading:
    def read(self, folder: Path, text: str) -> list[str]:
        (folder / "people").mkdir(exist_ok=True)
        path = folder / "people" / "which_runs.rq"
        path.write_text(text)
        return check(read_question(path))

    def test_a_good_file_has_no_problem(self, tmp_path: Path) -> None:
        assert self.read(tmp_path, GOOD) == []

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            ("SELECT ?run ?name", "SELECT ?run", "the columns are run, name, but SELECT has run"),
            ("SELECT ?run ?name", "SELECT ?run", "parameter name is not in SELECT"),
            (
                "?run ?name WHERE { GRAPH ?g { ?run ?name ?x",
                "?run (?x AS ?name) WHERE { GRAPH ?g { ?run ?y ?x",
                "name stands in no group",
            ),
            ("?run ?name ?x }", "?run ?y ?x BIND(?x AS ?name) }", "with name given it is not valid"),
            ("type: string", "type: colour", "parameter name has the unknown type colour"),
            ("optional: true", "optional: true, default: y", "has a default and is optional"),
            ("there?", "there.", "the summary is not a question"),
            ("?x } }", "?x }", "not valid SPARQL"),
            (
                "SELECT ?run ?name WHERE { GRAPH ?g { ?run ?name ?x } }",
                "SELECT DISTINCT ?run ?name WHERE { GRAPH ?g { ?run ?name ?x } } ORDER BY ?run",
                "sort outside",
            ),
        ],
    )
    def test_a_problem_is_told(self, tmp_path: Path, old: str, new: str, problem: str) -> None:
        assert any(problem in told for told in self.read(tmp_path, GOOD.replace(old, new)))

    @pytest.mark.parametrize(
        ("pattern", "problem"),
        [
            ("GRAPH ?g { ?run prov:used+ <urn:x> ; a ?name }", "joined with a type"),
            (
                "GRAPH ?g { ?run a <urn:C> } GRAPH ?g { <urn:x> (prov:used|^prov:used)* ?run, ?name }",
                "with a type",
            ),
            ("GRAPH ?g { ?run prov:used+ ?name }", "both ends of the path from ?run to ?name are free"),
            (
                "{ SELECT ?run { ?run ?b ?c } } { ?run ?b ?name } UNION { ?run prov:used* ?name }",
                "both ends of the path from ?run to ?name are free",
            ),
            ("GRAPH ?g { ?run prov:used/prov:entity? ?name }", "may be left out"),
            (
                "GRAPH ?g { ?run ?b ?name OPTIONAL { ?run prov:used ?x OPTIONAL { ?x prov:used ?y } } }",
                "OPTIONAL stands in OPTIONAL",
            ),
            (
                "GRAPH ?g { ?run ?b ?name OPTIONAL { ?run ?c ?d . ?d ?e ?f ; ?i ?j . ?j ?k ?l } }",
                "more than 3",
            ),
            ("GRAPH ?g { ?run ?b ?name } } VALUES ?run { <urn:x>", "behind the query"),
            ("VALUES ?run { UNDEF } GRAPH ?g { ?run ?b ?name }", "UNDEF"),
        ],
    )
    def test_a_slow_shape_is_told(self, tmp_path: Path, pattern: str, problem: str) -> None:
        query = f"PREFIX prov: <http://www.w3.org/ns/prov#>\nSELECT ?run ?name WHERE {{ {pattern} }}"
        text = GOOD.partition("SELECT")[0] + query
        assert any(problem in told for told in self.read(tmp_path, text))

    @pytest.mark.parametrize(
        "pattern",
        [
            "GRAPH ?g { ?run prov:used+ <urn:x> ; prov:entity ?name FILTER EXISTS { ?run a <urn:C> } }",
            "GRAPH ?g { ?name a <urn:C> { SELECT ?run { ?run prov:used+ <urn:x> } LIMIT 9 } }",
            "GRAPH ?g { ?run prov:entity/prov:used* ?name . ?name prov:used ?b }",
            "{ SELECT ?run { GRAPH ?g { ?run ?b ?c } } } { ?run prov:used+ ?name }",
            'GRAPH ?g { ?run ?b ?name FILTER(REGEX(STR(?name), "a+? (b)*")) BIND(?x * ?y + 1 AS ?z) }',
            "GRAPH ?g { ?run ?b ?name OPTIONAL { ?run prov:used ?x } OPTIONAL { ?x prov:used ?y } }",
        ],
    )
    def test_a_quick_shape_is_left_alone(self, tmp_path: Path, pattern: str) -> None:
        query = f"PREFIX prov: <http://www.w3.org/ns/prov#>\nSELECT ?run ?name WHERE {{ {pattern} }}"
        assert self.read(tmp_path, GOOD.partition("SELECT")[0] + query) == []

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            ("#+ number: 1\n", "", "missing required field `number`"),
            ("number: 1", "number: one", "Expected `int`"),
            ("#+ source: a test", "#+ sauce: a test", "sauce"),
            ("#+ description: All of them.", "#+ description: [", "does not fit"),
            ("group: people", "group: model", "says that its group is model"),
        ],
    )
    def test_a_header_that_cannot_be_read_is_refused(
        self, tmp_path: Path, old: str, new: str, problem: str
    ) -> None:
        with pytest.raises(QuestionError) as error:
            self.read(tmp_path, GOOD.replace(old, new))
        assert problem in error.value.message


def _in_data(store: OpenStore, term: Term) -> bool:
    query = "SELECT ?term WHERE { { GRAPH ?g { ?term ?p ?o } } UNION { GRAPH ?g { ?s ?p ?term } } } LIMIT 1"
    assert isinstance(term, NamedNode | Literal)
    return any(True for _ in store.query(with_values(query, {"term": term})))  # type: ignore[union-attr]


def _from_rdflib(term: Any) -> Term | None:
    if term is None:
        return None
    if isinstance(term, rdflib.URIRef):
        return NamedNode(str(term))
    assert isinstance(term, rdflib.Literal)
    return Literal(str(term), datatype=NamedNode(str(term.datatype))) if term.datatype else Literal(str(term))
