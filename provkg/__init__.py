"""Records what happens when notebooks and scripts run, and answers questions about it.

The public names are those in ``__all__``; each is imported when it is first used, so that
``import provkg`` costs a kernel next to nothing.

    >>> import provkg
    >>> home = provkg.create_home(".provkg")                          # doctest: +SKIP
    >>> report = provkg.run_notebook("penguins.ipynb", home)          # doctest: +SKIP
    >>> with provkg.record(name="nightly") as run:                    # doctest: +SKIP
    ...     model.fit(X, y)
    >>> graph = provkg.open()                                         # doctest: +SKIP
    >>> graph.ask("best_runs_by_metric", metric="accuracy").to_frame()    # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provkg.capture.notebook import RunReport, run_notebook
    from provkg.config import Home, create_home, find_home
    from provkg.errors import (
        HomeError,
        JournalError,
        KernelError,
        NotebookError,
        NotFoundError,
        ProvkgError,
        QueryError,
        QuestionError,
        StoreBusyError,
        StoreError,
        UnknownQuestionError,
    )
    from provkg.graph import KnowledgeGraph, open  # noqa: A004
    from provkg.journal import read_run
    from provkg.library import RecordedRun, record
    from provkg.queries import Answer, ask, questions, run_query
    from provkg.results import Solutions, Triples, Truth, to_frame
    from provkg.store import Store, open_store, rebuild
    from provkg.views import RunSummary, summarize

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Home",
    "HomeError",
    "JournalError",
    "KernelError",
    "KnowledgeGraph",
    "NotFoundError",
    "NotebookError",
    "ProvkgError",
    "QueryError",
    "QuestionError",
    "RecordedRun",
    "RunReport",
    "RunSummary",
    "Solutions",
    "Store",
    "StoreBusyError",
    "StoreError",
    "Triples",
    "Truth",
    "UnknownQuestionError",
    "__version__",
    "ask",
    "create_home",
    "find_home",
    "open",
    "open_store",
    "questions",
    "read_run",
    "rebuild",
    "record",
    "run_notebook",
    "run_query",
    "summarize",
    "to_frame",
]

_ROOMS = {
    "provkg.capture.notebook": ("RunReport", "run_notebook"),
    "provkg.config": ("Home", "create_home", "find_home"),
    "provkg.errors": tuple(name for name in __all__ if name.endswith("Error")),
    "provkg.graph": ("KnowledgeGraph", "open"),
    "provkg.journal": ("read_run",),
    "provkg.library": ("RecordedRun", "record"),
    "provkg.queries": ("Answer", "ask", "questions", "run_query"),
    "provkg.results": ("Solutions", "Triples", "Truth", "to_frame"),
    "provkg.store": ("Store", "open_store", "rebuild"),
    "provkg.views": ("RunSummary", "summarize"),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name from its room when it is first asked for."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_ROOM_OF[name]), name)
    globals()[name] = value
    return value


def load_ipython_extension(shell: object) -> None:
    """Record this session from now on: what ``%load_ext provkg`` calls."""
    import_module("provkg.jupyter.extension").load(shell)


def unload_ipython_extension(shell: object) -> None:
    """End the record of this session: what ``%unload_ext provkg`` calls."""
    import_module("provkg.jupyter.extension").unload(shell)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
