from __future__ import annotations

from typing import TYPE_CHECKING

from provkg.identity import Names
from provkg.journal import journal_path
from provkg.mapping import nquads
from provkg.store.embedded import EmbeddedStore
from provkg.store.materialize import bring_up_to_date

if TYPE_CHECKING:
    from collections.abc import Callable

    from provkg.config import Home
    from provkg.records import Run
    from provkg.store import Store

    Content = Callable[..., set[str]]
    WriteRuns = Callable[..., list[str]]


def has_graph(store: Store, run: str) -> bool:
    answer = store.query(f"ASK {{ GRAPH <{Names(store.base).run_graph(run)}> {{ ?s ?p ?o }} }}")
    return bool(answer)


def test_a_run_that_cannot_be_mapped_costs_only_itself_and_is_tried_again(
    home: Home, journal: WriteRuns, content: Content
) -> None:
    good, bad, other = journal(3)

    def fails(run: Run, base: str) -> str:
        if run.id == bad:
            raise ZeroDivisionError("strange")
        return nquads(run, base)

    with EmbeddedStore(None, home.base) as store, EmbeddedStore(None, home.base) as whole:
        report = bring_up_to_date(store, home, fails)
        assert report.runs == 2
        assert [notice.where for notice in report.notices] == [f"run {bad}"]
        assert "ZeroDivisionError: strange" in report.notices[0].message
        assert [has_graph(store, run) for run in (good, bad, other)] == [True, False, True]
        assert bring_up_to_date(store, home).runs == 1
        bring_up_to_date(whole, home)
        assert content(store) == content(whole)


def test_quads_that_are_not_n_quads_cost_only_their_run(home: Home, journal: WriteRuns) -> None:
    good, bad = journal(2)

    def slips(run: Run, base: str) -> str:
        text = nquads(run, base)
        return f"{text}<not an iri> .\n" if run.id == bad else text

    with EmbeddedStore(None, home.base) as store:
        report = bring_up_to_date(store, home, slips)
        assert (has_graph(store, good), has_graph(store, bad)) == (True, False)
        assert report.runs == 1
        assert "not N-Quads" in report.notices[0].message


def test_a_changed_run_that_cannot_be_mapped_keeps_the_graph_it_had(home: Home, journal: WriteRuns) -> None:
    (run,) = journal(1, events=slice(6))
    with EmbeddedStore(None, home.base) as store:
        bring_up_to_date(store, home)
        journal_path(home, run).unlink()
        journal(1)
        report = bring_up_to_date(store, home, lambda told, base: "nonsense")
        assert report.runs == 0
        assert has_graph(store, run)
        assert bring_up_to_date(store, home).runs == 1


def test_many_runs_are_loaded_in_pieces(home: Home, journal: WriteRuns, content: Content) -> None:
    runs = journal(40)
    with EmbeddedStore(None, home.base) as together, EmbeddedStore(None, home.base) as one_by_one:
        report = bring_up_to_date(together, home)
        assert report.runs == 40
        assert report.quads > 100_000
        for run in runs:
            path = journal_path(home, run)
            path.rename(path.with_suffix(".later"))
        for run in runs:
            path = journal_path(home, run)
            path.with_suffix(".later").rename(path)
            bring_up_to_date(one_by_one, home)
        assert content(together) == content(one_by_one)
