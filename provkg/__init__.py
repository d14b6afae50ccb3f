"""Records what happens when notebooks run, and answers questions about it.

The public names are those in ``__all__``; each is imported when it is first used, so that
``import provkg`` costs a kernel next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provkg.errors import (
        HomeError,
        JournalError,
        KernelError,
        NotebookError,
        NotFoundError,
        ProvkgError,
        QueryError,
        QuestionError,
        RecordError,
        StoreBusyError,
        StoreError,
        UnknownQuestionError,
    )

__version__ = "0.1.0"

__all__ = [
    "HomeError",
    "JournalError",
    "KernelError",
    "NotFoundError",
    "NotebookError",
    "ProvkgError",
    "QueryError",
    "QuestionError",
    "RecordError",
    "StoreBusyError",
    "StoreError",
    "UnknownQuestionError",
    "__version__",
]

_ROOMS = dict.fromkeys((name for name in __all__ if name.endswith("Error")), "provkg.errors")


def __getattr__(name: str) -> object:
    """Import a public name from its room when it is first asked for."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_ROOMS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
