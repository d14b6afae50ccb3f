from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provkg.errors import QueryError, StoreBusyError, StoreError
from provkg.identity import Names
from provkg.store import embedded
from provkg.store.embedded import EmbeddedStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from provkg.store import Store

    Merged = Callable[[Store], None]

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
    return number(store, f"GRAPH <{BASE}{graph}> {{ ?s ?p ?o }}")


def number(store: EmbeddedStore, pattern: str) -> int:
    answer = store.query(f"SELECT (COUNT(*) AS ?n) WHERE {{ {pattern} }}")
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
    text = "".join(quad(number) for number in range(80_000))
    assert len(text) > embedded._BULK
    with pytest.raises(StoreError, match="not N-Quads"):
        store.load(text + "nonsense")
    assert count(store, "g") == 0
    store.load(text)
    assert count(store, "g") == number(store, "?s ?p ?o") == 80_000


def test_readers_see_a_graph_before_or_after_its_replacement_and_never_between(store: EmbeddedStore) -> None:
    contents = ["".join(quad(number, value=version) for number in range(300)) for version in range(2)]
    seen: list[int] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.extend((count(store, "g"), number(store, "?s ?p ?o")))

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


def shared(value: str, *graphs: str) -> str:
    """Each graph says the same of one thing."""
    return "".join(quad("shared", graph, value) for graph in graphs)


def test_what_graphs_share_is_counted_once_where_no_graph_is_named(store: EmbeddedStore) -> None:
    """Three runs used one setting: its name joined with its value is one row, not nine."""
    for run in "abc":
        store.load(
            f"<{BASE}{run}> <{BASE}used> <{BASE}setting> <{BASE}graph/{run}> .\n"
            f'<{BASE}setting> <{BASE}name> "max_depth" <{BASE}graph/{run}> .\n'
            f'<{BASE}setting> <{BASE}value> "3" <{BASE}graph/{run}> .\n'
        )
    pattern = f"?run <{BASE}used> ?setting . ?setting <{BASE}name> ?name ; <{BASE}value> ?value"
    assert number(store, pattern) == 3
    assert number(store, f"?setting <{BASE}name> ?name ; <{BASE}value> ?value") == 1
    assert number(store, f"GRAPH ?graph {{ {pattern} }}") == 3
    assert number(store, f"GRAPH ?graph {{ ?setting <{BASE}name> ?name }}") == 3


def test_what_a_graph_shared_stays_in_the_default_graph_until_the_last_one_lets_go(
    store: EmbeddedStore, merged: Merged
) -> None:
    store.load(shared("x", "g", "h", "i"))
    store.replace_graph(f"{BASE}g", quad(1))
    merged(store)
    store.drop_graph(f"{BASE}h")
    merged(store)
    assert number(store, "?s ?p 'x'") == 1
    store.drop_graph(f"{BASE}i")
    merged(store)
    assert number(store, "?s ?p 'x'") == 0


GRAPHS = st.sampled_from(["g", "h", "i", "graph/catalog"])
CONTENT = st.sets(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=5)
STEP = st.tuples(st.sampled_from(["replace", "drop", "load", "bulk"]), GRAPHS, CONTENT, st.booleans())


@given(st.lists(STEP, max_size=8))
def test_after_any_changes_the_default_graph_is_the_union_of_the_others(
    merged: Merged, steps: list[tuple[str, str, set[tuple[int, int]], bool]]
) -> None:
    with EmbeddedStore(None, BASE) as store:
        for task, graph, content, blank in steps:
            text = "".join(quad(subject, graph, value) for subject, value in content)
            if blank:
                text += f'_:a <{BASE}p> _:b <{BASE}{graph}> .\n_:b <{BASE}p> "0" <{BASE}{graph}> .\n'
            if task == "replace":
                store.replace_graph(f"{BASE}{graph}", text)
            elif task == "drop":
                store.drop_graph(f"{BASE}{graph}")
            else:
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(embedded, "_BULK", 0 if task == "bulk" else 10_000)
                    store.load(text)
            merged(store)


def test_blank_nodes_of_two_texts_are_two_things(store: EmbeddedStore) -> None:
    for graph in "gh":
        store.replace_graph(f"{BASE}{graph}", f"_:a <{BASE}in> <{BASE}{graph}> <{BASE}{graph}> .\n")
    assert number(store, f"?thing <{BASE}in> <{BASE}g> , <{BASE}h>") == 0
    assert number(store, f"?thing <{BASE}in> ?graph") == 2


def test_a_blank_node_that_two_graphs_speak_of_stays_while_one_does(
    store: EmbeddedStore, merged: Merged
) -> None:
    store.load("".join(f"_:a <{BASE}p> _:b <{BASE}{graph}> .\n" for graph in "gh"))
    assert number(store, "?s ?p ?o") == 1
    store.drop_graph(f"{BASE}g")
    merged(store)
    assert number(store, "?s ?p ?o") == 1
    store.drop_graph(f"{BASE}h")
    assert number(store, "?s ?p ?o") == 0


def test_what_the_catalog_says_is_found_by_its_name_only(store: EmbeddedStore, merged: Merged) -> None:
    catalog = Names(BASE).catalog_graph()
    for value in range(2):
        store.replace_graph(catalog, f'<{BASE}g> <{BASE}size> "{value}" <{catalog}> .\n')
        assert number(store, "?s ?p ?o") == 0
        assert number(store, f"GRAPH <{catalog}> {{ ?s ?p '{value}' }}") == 1
    store.replace_graph(f"{BASE}g", f'<{BASE}g> <{BASE}size> "1" <{BASE}g> .\n')
    store.drop_graph(catalog)
    merged(store)
    assert number(store, "?s ?p ?o") == 1


@pytest.mark.parametrize("content", ["", quad(1), f"_:a <{BASE}p> _:b <{BASE}g> .\n"])
def test_what_only_the_catalog_still_says_leaves_the_default_graph(
    store: EmbeddedStore, merged: Merged, content: str
) -> None:
    store.load(shared("x", "g", "graph/catalog"))
    assert number(store, "?s ?p 'x'") == 1
    store.replace_graph(f"{BASE}g", content)
    assert number(store, "?s ?p 'x'") == 0
    merged(store)


@pytest.mark.parametrize("graph", ["", "_:graph"])
def test_a_triple_of_no_named_graph_is_refused(store: EmbeddedStore, graph: str, merged: Merged) -> None:
    store.load(quad(1))
    for change in (store.load, lambda text: store.replace_graph(f"{BASE}g", text)):
        with pytest.raises(StoreError, match="names no graph"):
            change(f"{quad(2)}<{BASE}s> <{BASE}p> <{BASE}o> {graph} .\n")
        assert all_quads(store) == {quad(1)}
        merged(store)


CHANGES = """
import sys
from itertools import count
from pathlib import Path
from provkg.store.embedded import EmbeddedStore
base = sys.argv[2]
store = EmbeddedStore(Path(sys.argv[1]), base)
for turn in count():
    graph = f"{base}{turn % 3}"
    quads = (f'<{base}{n}> <{base}p> "{turn % 2 * (n % 2)}" <{graph}> .\\n' for n in range(600))
    store.replace_graph(graph, "".join(quads))
    if turn % 4 == 3:
        store.drop_graph(f"{base}{turn % 2}")
    if turn == 5:
        print("changes", flush=True)
"""


@pytest.mark.parametrize("delay", [0.0, 0.03, 0.07, 0.12, 0.2])
def test_a_kill_between_two_changes_leaves_the_default_graph_right(
    tmp_path: Path, merged: Merged, delay: float
) -> None:
    arguments = [sys.executable, "-c", CHANGES, str(tmp_path / "store"), BASE]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "changes\n"
    time.sleep(delay)
    process.kill()
    process.communicate()
    with EmbeddedStore(tmp_path / "store", BASE) as store:
        assert number(store, "?s ?p ?o") >= 600
        merged(store)


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
