"""The one exception tree of provkg.

::

    ProvkgError
    ├── HomeError            no home folder, a damaged or unwritable one
    ├── KnowledgeError       a knowledge file that cannot be read or does not fit its schema
    ├── JournalError         a journal or object file that cannot be read or written
    ├── NotebookError        a file that is not a notebook provkg can run
    │   └── KernelError      a kernel that cannot be found, started, or captured
    ├── StoreError           the store cannot be opened or written
    │   └── StoreBusyError   another process has it open
    ├── QueryError           a query that is not valid SPARQL, or asks for what is not allowed
    │   ├── QuestionError    a question file or a parameter that is wrong
    │   └── UnknownQuestionError
    └── NotFoundError        no such run, no such thing
        └── AmbiguousError   several things answer to a name

Every message names the thing, the reason and the remedy. ``remedy`` is printed on a line of its own by
the command line, which turns any of these into exit code 2.
"""

from __future__ import annotations

__all__ = [
    "AmbiguousError",
    "HomeError",
    "JournalError",
    "KernelError",
    "KnowledgeError",
    "NotFoundError",
    "NotebookError",
    "ProvkgError",
    "QueryError",
    "QuestionError",
    "StoreBusyError",
    "StoreError",
    "UnknownQuestionError",
]


class ProvkgError(Exception):
    """What provkg raises when it cannot do what was asked.

    Parameters:
        message: what is wrong, naming the thing and the reason.
        remedy: what the user can do about it; empty when nothing is known.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message


class HomeError(ProvkgError):
    """There is no home folder, or it is damaged or cannot be written."""


class KnowledgeError(ProvkgError):
    """A file of the user's that says what library calls mean cannot be read or does not fit its schema."""


class JournalError(ProvkgError):
    """A journal or object file cannot be read or written."""


class NotebookError(ProvkgError):
    """A file is not a notebook that provkg can run."""


class KernelError(NotebookError):
    """A kernel cannot be found, started, or captured."""


class StoreError(ProvkgError):
    """The store cannot be opened, read or written."""


class StoreBusyError(StoreError):
    """Another process has the store open."""


class QueryError(ProvkgError):
    """A query is not valid SPARQL, or asks for what is not allowed."""


class QuestionError(QueryError):
    """A question file or one of its parameters is wrong."""


class UnknownQuestionError(QueryError):
    """There is no question of that name."""


class NotFoundError(ProvkgError):
    """No run or thing answers to the name given."""


class AmbiguousError(NotFoundError):
    """More than one run or thing answers to the name given; the message lists them."""
