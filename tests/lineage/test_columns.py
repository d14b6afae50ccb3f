"""Lineage that begins with a column: on a run that makes columns of columns, and loses sight of some."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyoxigraph import NamedNode

from provkg.errors import NotFoundError
from provkg.lineage import asked, readable, to_prov, to_svg, trace
from provkg.lineage.columns import UNKNOWN
from provkg.records import ActivityKind, ColumnLink, Evidence, FileMode, Link, Role, ValueKind, encode_event
from provkg.store import open_store
from tests.lineage.conftest import MORNING
from tests.queries.manifest import make_home
from tests.queries.story import Story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provkg.lineage import Lineage
    from provkg.store.port import Store

RUN = "0d000000-0000-4000-8000-000000000004"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    story = Story(RUN, "c.ipynb", MORNING, python="3.11.9", kernel="ipykernel 7.0", packages={}, text="c")
    with story.cell("c1", 0, "df = pd.read_csv('h.csv')") as cell:
        file = cell.file("h.csv", FileMode.READ, "houses")
        df = cell.frame("df", 50)
        cell.columns(df, "width", "length", "unit price")
        cell.step(ActivityKind.LOADING, "pandas.read_csv", [(file, Role.FILE)], [df], package="pandas")
    with story.cell("c2", 1, "X = df.assign(area=df.width * df.length)") as cell:
        x = cell.frame("X", 50)
        cell.columns(x, "width", "area", "unit price")
        made = ColumnLink(target="area", sources=("width", "length"))
        cell.add(
            "links",
            Link(
                target=x.id,
                source=df.id,
                evidence=Evidence.OBSERVED,
                operation="pandas.DataFrame.assign",
                same_columns=True,
                columns=(made,),
            ),
        )
    with story.cell("c3", 2, "odd = strange(X)") as cell:
        odd = cell.frame("odd", 50)
        cell.columns(odd, "left")
        cell.add("links", Link(target=odd.id, source=x.id, evidence=Evidence.DECLARED, operation="strange"))
    with story.cell("c4", 3, "m = Model().fit(X)") as cell:
        model = cell.value("m", ValueKind.MODEL, "sklearn.Model")
        cell.step(ActivityKind.TRAINING, "sklearn.Model.fit", [(x, Role.DATA)], [model])
    path = tmp_path_factory.mktemp("columns") / "run.jsonl"
    path.write_bytes(b"".join(encode_event(event) + b"\n" for event in story.end()))
    with open_store(make_home(path.parent, (path,))) as store:
        yield store


def steps(lineage: Lineage) -> set[tuple[str, str, str]]:
    names = {node.iri: node.name for node in lineage.nodes}
    return {(names[step.target], names[step.source], step.evidence) for step in lineage.steps}


def upstream(store: Store, word: str) -> Lineage:
    return trace(store, asked(store, word))


def downstream(store: Store, word: str) -> Lineage:
    return trace(store, asked(store, word, downstream=True), downstream=True)


def test_a_column_leads_to_the_columns_it_was_made_of_and_to_their_file(table: Store) -> None:
    assert steps(upstream(table, "X.area")) == {
        ("X[area]", "df[length]", "observed"),
        ("X[area]", "df[width]", "observed"),
        ("df[length]", "h.csv", "observed"),
        ("df[width]", "h.csv", "observed"),
    }


@pytest.mark.parametrize(
    "word", ["X[unit price]", "X['unit price']", 'X["unit price"]', "latest/X[unit price]"]
)
def test_a_column_that_was_kept_leads_to_the_one_of_its_name(table: Store, word: str) -> None:
    assert ("X[unit price]", "df[unit price]", "observed") in steps(upstream(table, word))


def test_a_column_can_be_named_by_its_iri(table: Store) -> None:
    iri = asked(table, "X.area")
    assert steps(trace(table, asked(table, iri))) == steps(upstream(table, "X.area"))
    group = iri.partition("#")[0]
    assert trace(table, asked(table, group)).nodes[0].iri == group


def test_where_columns_are_not_known_the_whole_table_follows_and_is_inferred(table: Store) -> None:
    found = upstream(table, "odd.left")
    assert ("odd[left]", "X", "inferred") in steps(found)
    assert {"df", "h.csv"} <= {node.name for node in found.nodes}
    assert UNKNOWN in {step.operation for step in found.steps}


def test_nothing_that_was_not_seen_is_followed_on_request(table: Store) -> None:
    found = trace(table, asked(table, "odd.left"), observed=True)
    assert [node.name for node in found.nodes] == ["odd[left]"]


def test_a_column_leads_on_to_columns_models_and_tables_that_may_hold_it(table: Store) -> None:
    found = steps(downstream(table, "df.length"))
    assert ("X[area]", "df[length]", "observed") in found
    assert ("m", "X[area]", "observed") in found
    assert ("odd", "X[area]", "inferred") in found
    assert not any("width" in name for step in found for name in step[:2])


def test_columns_are_drawn_and_exchanged_as_the_store_names_them(table: Store) -> None:
    found = upstream(table, "X.area")
    assert "X[area]" in to_svg(readable(found))
    assert {node.iri for node in found.nodes} <= {
        one.subject.value for one in to_prov(table, found).triples if isinstance(one.subject, NamedNode)
    }


@pytest.mark.parametrize("word", ["X.volume", "X[volume]", "nothing.area", "X[", "X[]", "x.y.z", "X[a b<>]"])
def test_words_for_no_column_are_refused(table: Store, word: str) -> None:
    with pytest.raises(NotFoundError):
        asked(table, word)


def test_a_column_that_does_not_exist_gets_the_nearest(table: Store) -> None:
    with pytest.raises(NotFoundError, match=r"no column 'aera'\.\nIt has area"):
        asked(table, "X.aera")
