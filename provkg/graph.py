"""The knowledge graph of a home, for programs and notebooks: `open`.

>>> import provkg
>>> graph = provkg.open()                                                # doctest: +SKIP
>>> graph.ask("best_runs_by_metric", metric="accuracy").to_frame()       # doctest: +SKIP
>>> graph.lineage("forest")                                              # doctest: +SKIP
>>> graph.compare("latest~1", "latest")                                  # doctest: +SKIP
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from provkg.config import Home, find_home

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    import pandas as pd

    from provkg.check import Verdict
    from provkg.lineage import Lineage
    from provkg.queries.parameters import Given
    from provkg.results import Result, Table, Triples, Truth
    from provkg.store import Store
    from provkg.views import Card, RunSummary
    from provkg.views.comparison import Comparison
    from provkg.views.wide import Columns

__all__ = ["KnowledgeGraph", "open"]


class KnowledgeGraph:
    """What is recorded in a home, brought up to date at each call.

    A run is named as on the command line: the beginning of its id, ``latest``, ``latest~1``, the path of a
    notebook (its last run). In a ``with`` block the store stays open, which makes many calls quicker; others
    cannot have it meanwhile. Nothing of this is recorded where it is called in a cell that is.

    All methods raise `NotFoundError` where a name stands for nothing or for several things, and `StoreError`
    where the store cannot be opened.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self._kept: Store | None = None
        self._columns: dict[str, Columns] = {}
        self._stack = ExitStack()

    def runs(self, number: int = 20) -> Table:
        """The last runs (all if ``number`` is 0), newest first, each with what it measured."""
        from provkg.views import list_runs

        with self._store() as store:
            return _table(store, list_runs(store, number))

    def table(self, by: str = "run", *, where: str = "", sort: str = "", limit: int = 0) -> pd.DataFrame:
        """All runs, or ``by="model"`` all trained models, newest first, as a pandas data frame.

        There is a column for each metric (``metric:accuracy``) and each setting (``setting:C``). A cell that
        has several values, as in a run of several models, is a tuple of them. ``where`` is a condition, as
        ``accuracy > 0.9 and (C < 1 or kernel = 'rbf')``; ``sort`` names columns, as ``accuracy desc``.

        Raises:
            QueryError: the condition or the order cannot be read, or names what no row has.
        """
        from provkg.views.wide import choose, gather

        with self._store() as store:
            kept = self._columns if self._kept is not None else {}
            if by not in kept:
                kept[by] = gather(store, by)
            return choose(kept[by], where, sort, limit).to_frame()

    def run(self, run: str = "latest") -> RunSummary:
        """One run at a glance."""
        from provkg.errors import NotFoundError
        from provkg.journal import read_run
        from provkg.queries import find_run
        from provkg.views import summarize

        with self._store() as store:
            identifier = find_run(store, run).rpartition("/")[2]
        record = read_run(self.home, identifier)
        if record is None:
            raise NotFoundError(
                f"The journal of run {identifier} cannot be read.", "`provkg doctor` says more."
            )
        return summarize(record)

    def show(self, thing: str, run: str = "latest") -> Card | RunSummary:
        """One thing and all that is known of it: a run, model, table, file, result, output, cell, variable,
        package, environment or commit, named as for `provkg show` (``"forest"``, ``"cell 3"``,
        ``"variable df"``).
        """
        from provkg.views import show

        with self._store() as store:
            return show(store, self.home, thing, run)

    def ask(self, question: str, **params: Given) -> Table | Truth | Triples:
        """The answer to one of the questions (`provkg.questions` lists them).

        Raises:
            UnknownQuestionError: there is no question of that name.
            QuestionError: a parameter is missing, unknown or of the wrong type.
        """
        from provkg.queries import ask

        with self._store() as store:
            return _typed(store, ask(store, question, params).result)

    def sparql(self, query: str) -> Table | Truth | Triples:
        """The answer of a SPARQL query: rows, a truth value (ASK) or triples (CONSTRUCT).

        Raises:
            QueryError: it is not a query that can be answered.
        """
        from provkg.queries import run_query

        with self._store() as store:
            return _typed(store, run_query(store, query))

    def compare(self, *runs: str) -> Comparison:
        """In what runs, or executions of cells, differ from the first of them, and why their results do.

        Without a run the last two are compared, with one the last with it.
        """
        from provkg.views.comparison import compare

        words = runs if len(runs) > 1 else (*(runs or ("latest~1",)), "latest")
        with self._store() as store:
            return compare(store, self.home, words)

    def lineage(
        self,
        thing: str,
        *,
        downstream: bool = False,
        run: str = "latest",
        observed: bool = False,
        depth: int | None = None,
    ) -> Lineage:
        """What a thing came from, or ``downstream``, what came of it, also in other runs.

        ``observed`` follows only what was seen at run time, ``depth`` only so many steps.
        """
        from provkg.lineage import asked, readable, trace

        with self._store() as store:
            found = trace(
                store,
                asked(store, thing, run, downstream=downstream),
                downstream=downstream,
                observed=observed,
            )
        return readable(found, depth)

    def check(self, run: str = "latest", *, skip: tuple[str, ...] = ()) -> Verdict:
        """Whether a run is sound and can be repeated, by all rules but those that are left out."""
        from provkg.check import check_run, rules

        left_out = {*skip, *self.home.check.leave_out}
        known = rules(self.home.path / folder for folder in self.home.check.rules)
        with self._store() as store:
            return check_run(store, run, (rule for name, rule in known.items() if name not in left_out))

    @contextmanager
    def _store(self) -> Iterator[Store]:
        from provkg.store import open_store

        with _unrecorded():
            if self._kept is not None:
                yield self._kept
            else:
                with open_store(self.home) as store:
                    yield store

    def __enter__(self) -> Self:
        from provkg.store import open_store

        with _unrecorded():
            self._kept = self._stack.enter_context(open_store(self.home))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kept = None
        self._columns.clear()
        self._stack.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.home.path}>"


def open(path: str | os.PathLike[str] | None = None) -> KnowledgeGraph:  # noqa: A001
    """The knowledge graph of a home: the one at ``path``, else the one that holds here (see `find_home`).

    Raises:
        HomeError: there is none.
    """
    _show_in_notebooks()
    return KnowledgeGraph(find_home(path=path))


def _table(store: Store, found: Any) -> Table:
    from provkg.results import ShortNames, Table

    return Table(found, ShortNames(store.base, store.prefixes))


def _typed(store: Store, result: Result) -> Table | Truth | Triples:
    from provkg.results import Solutions

    return _table(store, result) if isinstance(result, Solutions) else result


@contextmanager
def _unrecorded() -> Iterator[None]:
    """What is done here is not the user's doing: in a kernel that records, capture looks away."""
    module = sys.modules.get("provkg.capture.gate")
    if module is None:
        yield
        return
    gate = module.gate
    was = gate.recording, gate.own.values, gate.own.activities
    gate.recording = gate.own.values = gate.own.activities = False
    try:
        yield
    finally:
        gate.recording, gate.own.values, gate.own.activities = was


def _show_in_notebooks() -> None:
    """Let IPython, where there is one, draw summaries, cards and verdicts as the command line does."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return
    drawers = {
        ("provkg.views.summary", "RunSummary"): _drawn_summary,
        ("provkg.views.card_parts", "Card"): _drawn_card,
        ("provkg.check.checking", "Verdict"): _drawn_verdict,
    }
    html = shell.display_formatter.formatters["text/html"]
    for (module, name), drawer in drawers.items():
        html.for_type_by_name(module, name, drawer)


def _drawn_summary(summary: RunSummary) -> str:
    from provkg.cli.summary_view import draw_summary

    return _pre(draw_summary(summary, (), _WIDTH))


def _drawn_card(card: Card) -> str:
    from provkg.cli.card_view import draw_card

    return _pre(draw_card(card))


def _drawn_verdict(verdict: Verdict) -> str:
    from provkg.cli.check_view import draw_verdict

    return _pre(draw_verdict(verdict))


_WIDTH = 100


def _pre(drawn: Any) -> str:
    from provkg.cli.output import rich_html

    style = "line-height: normal; white-space: pre; overflow-x: auto"
    return f'<pre style="{style}">{rich_html(drawn, _WIDTH)}</pre>'
