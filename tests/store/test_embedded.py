from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provkg.errors import QueryError, StoreBusyError, StoreError
from provkg.store.embedded import EmbeddedStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = "https://example.org/"
TYPES = "SELECT ?subject ?graph WHERE { GRAPH ?graph { ?subject ?property ?object } }"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "store", BASE) as opened:
        yield opened


def quad(subject: int | str, graph: str = "g", value: int | str = 0) -> str:
    return f'<{BASE}{subject}> <{BASE}p> "{value}" <{BASE}{graph}> .\n'


def all_quads(store: EmbeddedStore, graph: str | None = None) -> set[str]:
    output = BytesIO()
    store.dump(output, graph)
    return {f"{line}\n" for line in output.getvalue().decode().split("\n") if line}


def count(store: EmbeddedStore, graph: str) -> int:
    answer = store.query(
        f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{BASE}{graph}> {{ ?s ?p ?o }} }}",
    )
    assert isinstance(answer, ox.QuerySolutions)
    (row,) = answer
    return int(row[0].value)


def test_replacing_a_graph_makes_the_quads_its_whole_content_and_leaves_the_others(
    store: EmbeddedStore,
) -> None:
    store.load(quad(1) + quad(2) + quad(1, "other"))
    store.replace_graph(f"{BASE}g", quad(2) + quad(3))
    assert all_quads(store) == {quad(2), quad(3), quad(1, "other")}
    assert all_quads(store, f"{BASE}g") == {quad(2), quad(3)}


@given(
    st.lists(
        st.tuples(
            st.sampled_from("gh"), st.sets(st.tuples(st.integers(0, 4), st.integers(0, 2)), max_size=6)
        ),
        max_size=5,
    )
)
def test_any_sequence_of_replacements_leaves_the_last_content_of_each_graph(
    steps: list[tuple[str, set[tuple[int, int]]]],
) -> None:
    last: dict[str, set[str]] = {}
    with EmbeddedStore(None, BASE) as store:
        for graph, content in steps:
            last[graph] = {quad(subject, graph, value) for subject, value in content}
            store.replace_graph(f"{BASE}{graph}", "".join(last[graph]))
            assert all_quads(store) == set().union(*last.values())


def test_numbers_in_another_spelling_than_the_engine_keeps_are_replaced_like_others(
    store: EmbeddedStore,
) -> None:
    double = "http://www.w3.org/2001/XMLSchema#double"
    text = f'<{BASE}s> <{BASE}p> "1.0"^^<{double}> <{BASE}g> .\n'
    for _ in range(2):
        store.replace_graph(f"{BASE}g", text)
        assert all_quads(store) == {text.replace("1.0", "1")}


def test_a_graph_with_blank_nodes_is_replaced_not_added_to(store: EmbeddedStore) -> None:
    text = f"_:a <{BASE}p> _:b <{BASE}g> .\n_:b <{BASE}p> <<( _:a <{BASE}p> _:b )>> <{BASE}g> .\n"
    for _ in range(3):
        store.replace_graph(f"{BASE}g", text)
        assert len(all_quads(store)) == 2
    store.replace_graph(f"{BASE}g", quad(1))
    assert all_quads(store) == {quad(1)}


def test_text_with_every_escape_survives_replacing(store: EmbeddedStore) -> None:
    store.replace_graph(f"{BASE}g", quad(1))
    text = '\\"quoted\\" \\\\ } ; DROP ALL # \\n\\r\\t\\b\\f \\u0000 \\u2028 \U0001f427'
    store.replace_graph(f"{BASE}g", quad(1, value=text))
    (found,) = ox.parse("".join(all_quads(store)), ox.RdfFormat.N_QUADS)
    (given_quad,) = ox.parse(quad(1, value=text), ox.RdfFormat.N_QUADS)
    assert found == given_quad


def test_replacing_by_nothing_removes_the_graph(store: EmbeddedStore) -> None:
    store.load(quad(1))
    store.replace_graph(f"{BASE}g", "")
    assert all_quads(store) == set()


def test_quads_of_another_graph_are_refused(store: EmbeddedStore) -> None:
    store.load(quad(1))
    with pytest.raises(StoreError, match=r"https://example\.org/h"):
        store.replace_graph(f"{BASE}g", quad(2) + quad(3, "h"))
    assert all_quads(store) == {quad(1)}


@pytest.mark.parametrize("rest", ["nonsense", "<relative> <p> <o> <g> ."])
def test_what_is_not_n_quads_changes_nothing(store: EmbeddedStore, rest: str) -> None:
    store.load(quad(1))
    for change in (store.load, lambda text: store.replace_graph(f"{BASE}g", text)):
        with pytest.raises(StoreError, match="not N-Quads"):
            change(quad(2) + rest)
        assert all_quads(store) == {quad(1)}


def test_a_large_load_with_an_error_at_its_end_adds_nothing(store: EmbeddedStore) -> None:
    text = "".join(quad(number) for number in range(40_000))
    with pytest.raises(StoreError, match="not N-Quads"):
        store.load(text + "nonsense")
    assert count(store, "g") == 0
    store.load(text)
    assert count(store, "g") == 40_000


def test_readers_see_a_graph_before_or_after_its_replacement_and_never_between(store: EmbeddedStore) -> None:
    contents = ["".join(quad(number, value=version) for number in range(300)) for version in range(2)]
    seen: list[int] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.append(count(store, "g"))

    store.replace_graph(f"{BASE}g", contents[0])
    reader = threading.Thread(target=watch)
    reader.start()
    for turn in range(1, 21):
        store.replace_graph(f"{BASE}g", contents[turn % 2])
    done.set()
    reader.join()
    assert set(seen) == {300}


def test_replacements_by_many_threads_are_made_one_after_another(store: EmbeddedStore) -> None:
    contents = ["".join(quad(number, value=version) for number in range(50)) for version in range(40)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda text: store.replace_graph(f"{BASE}g", text), contents))
    assert all_quads(store) in [set(text.splitlines(keepends=True)) for text in contents]


def test_a_dropped_graph_is_gone_and_dropping_it_again_is_fine(store: EmbeddedStore) -> None:
    store.load(quad(1) + quad(2, "h"))
    for _ in range(2):
        store.drop_graph(f"{BASE}g")
        assert all_quads(store) == {quad(2, "h")}


def test_the_default_graph_of_queries_is_the_union_of_all(store: EmbeddedStore) -> None:
    store.load(quad(1) + quad(1, "h") + quad(2, "h"))
    answer = store.query("SELECT DISTINCT ?s WHERE { ?s ?p ?o } ORDER BY ?s")
    assert isinstance(answer, ox.QuerySolutions)
    assert [row["s"].value for row in answer] == [f"{BASE}1", f"{BASE}2"]


@pytest.mark.xfail(reason="Oxigraph 0.5 gives it once for each graph (its issue 1919)")
def test_a_triple_of_several_graphs_stands_once_in_their_union(store: EmbeddedStore) -> None:
    store.load(quad(1) + quad(1, "h"))
    answer = store.query("SELECT ?s WHERE { ?s ?p ?o }")
    assert isinstance(answer, ox.QuerySolutions)
    assert len(list(answer)) == 1


def test_a_substituted_variable_has_its_value_wherever_it_stands(store: EmbeddedStore) -> None:
    store.load(quad(1) + quad(2))
    answer = store.query(
        "SELECT ?s ?n WHERE { ?s ?p ?o { SELECT ?s (COUNT(*) AS ?n) WHERE { ?s ?q ?r } GROUP BY ?s } }",
        substitutions={ox.Variable("s"): ox.NamedNode(f"{BASE}2")},
    )
    assert isinstance(answer, ox.QuerySolutions)
    assert [(row["s"].value, row["n"].value) for row in answer] == [(f"{BASE}2", "1")]


def test_a_wrong_query_is_an_error_of_the_query(store: EmbeddedStore) -> None:
    with pytest.raises(QueryError, match="Not a SPARQL query"):
        store.query("SELECT WHERE")
    with pytest.raises(QueryError, match=r"\?x"):
        store.query("SELECT ?s WHERE { ?s ?p ?o }", substitutions={ox.Variable("x"): ox.Literal("1")})


def test_the_prefixes_are_those_of_the_home(store: EmbeddedStore) -> None:
    assert store.prefixes["run"] == f"{BASE}run/"
    assert store.prefixes["prov"] == "http://www.w3.org/ns/prov#"


def test_quads_are_there_when_the_store_is_opened_again(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path / "store", BASE) as store:
        store.load(quad(1))
        store.flush()
    with EmbeddedStore(tmp_path / "store", BASE) as store:
        assert all_quads(store) == {quad(1)}


def test_openings_leave_no_growing_heap_of_files(tmp_path: Path) -> None:
    for _ in range(10):
        EmbeddedStore(tmp_path / "store", BASE).close()
    assert len(list((tmp_path / "store").glob("LOG*"))) <= 2


def test_files_that_are_open_elsewhere_are_busy(tmp_path: Path, store: EmbeddedStore) -> None:
    with pytest.raises(StoreBusyError):
        EmbeddedStore(tmp_path / "store", BASE)


def test_a_closed_store_says_so(store: EmbeddedStore) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError, match="is closed"):
        store.load(quad(1))
