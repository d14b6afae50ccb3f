"""A user's own queries: prefixes, errors with their place, and what is refused."""

from __future__ import annotations

import re
import socket
import threading
from typing import TYPE_CHECKING

import pyoxigraph
import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad

from provkg.errors import QueryError
from provkg.queries import run_query
from provkg.queries.sparql import prepare
from provkg.results import Solutions, Triples, Truth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from provkg.store.port import EngineAnswer

BASE = "https://example.org/"
PREFIXES = {
    "prov": "http://www.w3.org/ns/prov#",
    "run": f"{BASE}run/",
    "metric": f"{BASE}metric/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}


class Memory:
    """The engine alone, in memory, with one named graph per run and their merge as the default graph."""

    base = BASE
    prefixes: Mapping[str, str] = PREFIXES

    def __init__(self) -> None:
        self.engine = pyoxigraph.Store()
        for name, score in (("a", 0.9), ("b", 0.8)):
            subject, graph = NamedNode(f"{BASE}run/{name}"), NamedNode(f"{BASE}graph/run/{name}")
            for place in (graph, DefaultGraph()):
                self.engine.add(Quad(subject, NamedNode(f"{BASE}metric/accuracy"), Literal(score), place))

    def query(self, text: str) -> EngineAnswer:
        return self.engine.query(text)


@pytest.fixture
def memory() -> Memory:
    return Memory()


def place(error: pytest.ExceptionInfo[QueryError]) -> tuple[int, int, str]:
    """Line and column that a message names, and the text that its caret stands below."""
    lines = error.value.message.split("\n")
    found = re.search(r"line (\d+), column (\d+)", lines[0])
    assert found, error.value.message
    shown, caret = lines[-2], lines[-1]
    return int(found[1]), int(found[2]), shown[caret.index("^") :]


class TestAnswers:
    def test_known_prefixes_need_no_declaration(self, memory: Memory) -> None:
        answer = run_query(
            memory,
            "SELECT ?run ?acc WHERE { GRAPH ?g { ?run metric:accuracy ?acc } } ORDER BY DESC(?acc)",
        )
        assert isinstance(answer, Solutions)
        assert [row["acc"] for row in answer] == [0.9, 0.8]

    def test_a_declaration_of_the_user_goes_before_the_known_one(self, memory: Memory) -> None:
        text = "PREFIX metric: <http://elsewhere/> ASK { GRAPH ?g { ?run metric:accuracy ?acc } }"
        assert run_query(memory, text) == Truth(False)

    def test_graphs_and_the_union_of_graphs_can_both_be_asked(self, memory: Memory) -> None:
        assert run_query(memory, "ASK { run:a metric:accuracy 9e-1 }") == Truth(True)
        assert run_query(memory, "ASK { GRAPH ?g { run:b metric:accuracy 8e-1 } }") == Truth(True)

    def test_construct_and_describe_give_triples(self, memory: Memory) -> None:
        built = run_query(memory, "CONSTRUCT { ?r prov:value ?v } WHERE { ?r metric:accuracy ?v }")
        assert isinstance(built, Triples)
        assert {triple.predicate.value for triple in built.triples} == {"http://www.w3.org/ns/prov#value"}
        described = run_query(memory, "DESCRIBE run:a")
        assert isinstance(described, Triples)
        assert len(described) == 1

    def test_what_looks_like_a_prefix_in_text_or_comment_is_none(self, memory: Memory) -> None:
        text = "SELECT ('nope:x' AS ?a) WHERE { FILTER(?b = <http://x/nope:y>) } # nope:z"
        assert isinstance(run_query(memory, text), Solutions)


class TestErrors:
    @pytest.mark.parametrize(
        ("text", "line", "column", "at"),
        [
            ("SELEC ?x WHERE { ?s ?p ?o }", 1, 1, "SELEC"),
            ("SELECT ?x\nWHERE {\n\t?x ?y }\nLIMIT 3", 3, 8, "}"),
            ("SELECT ?x WHERE { ?s ?p 'é' 'b' }", 1, 29, "'b'"),
            ("SELECT ?x WHERE { ?s ?p ?o . } ORDR BY ?x", 1, 32, "ORDR"),
            ("SELECT ?x WHERE { ?s ?p ?o\n FILTER ?x > 3 }", 2, 9, "?x"),
            ("SELECT ?x WHERE { ?s prov:used ?o\n\n FILTER(?x > ) }", 3, 14, ")"),
            ("SELECT ?x, ?y WHERE { ?s ?p ?o }", 1, 10, ","),
            ("SELECT ?x WHERE { ?s ?p 'abc }\n LIMIT 2", 1, 25, "'abc"),
            ("SELECT (COUNT(?x) ?n) WHERE { ?s ?p ?x }", 1, 19, "?n"),
            ("SELECT * { ?a ?b ?c } }", 1, 23, "}"),
            ("SELECT * { ?a <http://x y> ?b }", 1, 15, "<http"),
            ("SELECT * { ?a <relative> ?b }", 1, 15, "<relative>"),
            ("SELECT * { ?a ?b § }", 1, 18, "§"),
        ],
    )
    def test_the_caret_stands_below_what_is_wrong(self, text: str, line: int, column: int, at: str) -> None:
        with pytest.raises(QueryError) as error:
            prepare(text, PREFIXES)
        found_line, found_column, found = place(error)
        assert (found_line, found_column) == (line, column)
        assert found.startswith(at)

    def test_an_unfinished_query_points_behind_its_end_and_names_the_open_bracket(self) -> None:
        with pytest.raises(QueryError, match="ends too early") as error:
            prepare("SELECT ?x WHERE { ?s ?p ?x \n", PREFIXES)
        assert place(error)[:2] == (1, 27)
        assert "A { is not closed." in error.value.remedy

    def test_the_line_of_an_error_counts_without_the_declarations_put_in_front(self) -> None:
        with pytest.raises(QueryError) as error:
            prepare("SELECT ?x\nWHERE { ?x prov:used run:a metric:b }", PREFIXES)
        assert place(error) == (2, 28, "metric:b }")

    def test_an_unknown_prefix_lists_the_known_ones_and_the_nearest(self) -> None:
        with pytest.raises(QueryError, match="unknown prefix pro:") as error:
            prepare("SELECT ?x WHERE { ?x pro:used ?y }", PREFIXES)
        assert "Did you mean prov?" in error.value.remedy
        assert all(name in error.value.remedy for name in PREFIXES)
        assert place(error)[:2] == (1, 22)

    def test_an_ungrouped_variable_is_explained_in_words(self) -> None:
        with pytest.raises(QueryError, match="neither aggregated nor named in GROUP BY"):
            prepare("SELECT ?x ?z WHERE { ?s ?p ?x } GROUP BY ?x", PREFIXES)

    @pytest.mark.parametrize("text", ["", "   \n# nothing\n", "PREFIX a: <http://a/>"])
    def test_an_empty_query_is_called_empty(self, text: str) -> None:
        with pytest.raises(QueryError, match="the query is empty"):
            prepare(text, PREFIXES)


class TestRefusals:
    @pytest.mark.parametrize(
        "text",
        [
            "DROP ALL",
            "insert data { <a:b> <a:c> 1 }",
            "PREFIX a: <http://a/> DELETE WHERE { ?s ?p ?o }",
            "LOAD <http://127.0.0.1/x>",
            "WITH <a:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        ],
    )
    def test_updates_are_refused(self, text: str) -> None:
        with pytest.raises(QueryError, match="is an update, and queries only read"):
            prepare(text, PREFIXES)

    def test_a_default_graph_of_several_graphs_is_refused_as_it_would_count_twice(self) -> None:
        with pytest.raises(QueryError, match="twice") as error:
            prepare("SELECT ?s\nFROM <a:g> from <a:h>\nWHERE { ?s ?p ?o }", PREFIXES)
        assert place(error) == (2, 17, "<a:h>")
        assert "GRAPH ?graph" in error.value.remedy

    def test_one_graph_or_named_graphs_may_be_chosen(self, memory: Memory) -> None:
        graph = f"FROM <{BASE}graph/run/a>"
        text = f"SELECT ?from {graph} {{ ?from metric:accuracy ?acc }}"
        assert len(list(run_query(memory, text))) == 1  # type: ignore[arg-type]
        named = f"FROM NAMED <{BASE}graph/run/a> FROM NAMED <{BASE}graph/run/b>"
        text = f"SELECT ?run {graph} {named} {{ GRAPH ?g {{ ?run metric:accuracy ?acc }} }}"
        assert len(list(run_query(memory, text))) == 2  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "text",
        [
            "SELECT * { SERVICE <{url}> { ?s ?p ?o } }",
            "SELECT * { sErViCe SILENT ?where { ?s ?p ?o } }",
            "SELECT * { BIND(<{url}> AS ?w) SERVICE ?w { ?s ?p ?o } }",
            "SELECT * { { SELECT * { OPTIONAL { SERVICE#\n<{url}>{ ?s ?p ?o } } } } }",
            "ASK { FILTER EXISTS { SERVICE <{url}> { ?s ?p ?o } } }",
            # Read as IRIs, "<'x>" and "<3#>" would hide the word in a string behind them.
            "SELECT * { VALUES ?a { 1 } FILTER(?a <'x>y') SERVICE <{url}> { ?s ?p ?o FILTER(?s = 'z') } }",
            "SELECT * { VALUES ?a { 1 } FILTER(?a <3#>'''\n) SERVICE <{url}> { ?s ?p ?o } #'''\n }",
            "SELECT * { VALUES ?a { 1 } FILTER(?a <3#>'''\n) SERVICE <{url}> { ?s ?p ?o } #'''\n) }",
        ],
    )
    def test_no_spelling_of_service_reaches_another_server(
        self, memory: Memory, listener: Listener, text: str
    ) -> None:
        with pytest.raises(QueryError):
            run_query(memory, text.replace("{url}", listener.url))
        assert listener.connections == 0

    def test_the_listener_of_these_tests_hears_the_bare_engine(
        self, memory: Memory, listener: Listener
    ) -> None:
        with pytest.raises(OSError, match=r".*"):
            list(memory.query(f"SELECT * {{ SERVICE <{listener.url}> {{ ?s ?p ?o }} }}"))  # type: ignore[arg-type]
        assert listener.connections == 1

    def test_the_word_service_in_text_names_and_variables_is_allowed(self, memory: Memory) -> None:
        text = """SELECT ?service { ?service <http://x/it's#service> "service <a:b> { }" # SERVICE
        FILTER(?service < 'service' || ?service = run:service) }"""
        assert isinstance(run_query(memory, text), Solutions)


class Listener:
    """A server on this machine that counts who connects, and hangs up."""

    def __init__(self) -> None:
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/sparql"
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.close()
