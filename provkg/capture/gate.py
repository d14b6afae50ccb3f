"""The gate every hook looks at first: whether anything is being recorded, and by which session.

A hooked call closes the gate while it runs, so that what a library does inside one call is not taken
for what the user did. Calls in other threads than the one that runs the cell pass by, and so do calls in
asyncio tasks and callbacks that the cell did not start, which the event loop runs while the cell awaits.
"""

from __future__ import annotations

from contextvars import ContextVar
from threading import get_ident
from types import CodeType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from provkg.capture.session import Session

__all__ = ["HIDDEN_FILE", "Gate", "Host", "gate", "is_hidden"]

_recorded: ContextVar[int] = ContextVar("provkg_recorded", default=0)
"""The opening of the gate that the code at work belongs to: tasks take along that of who starts them."""

HIDDEN_FILE = "<provkg importlib._bootstrap>"
"""The file name that the code of hooks carries: `warnings` passes over frames of such a name."""


def is_hidden(code: CodeType) -> bool:
    """Whether code belongs to a hook."""
    return code.co_filename == HIDDEN_FILE


class Host(Protocol):
    """An activity at work that wants to know of the trainings inside it."""

    def inside(self, begin: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A training begins inside: the step that records it, made by ``begin``, or None."""

    def splits(self, splitter: Any) -> None:
        """A splitter divides the data inside."""


class Gate:
    """Open or closed, for two kinds of hooks.

    ``values`` is for hooks that follow derivation (pandas methods), ``activities`` for those that
    record steps of machine learning. Both are closed outside of a recorded execution. Inside a hooked
    pandas call only ``values`` is closed, so that a model trained inside ``DataFrame.apply`` is seen.
    """

    __slots__ = (
        "activities",
        "belongs",
        "elsewhere",
        "enclosing",
        "exhausted",
        "host",
        "inside_own",
        "openings",
        "recording",
        "session",
        "thread",
        "values",
        "within",
    )

    def __init__(self) -> None:
        self.session: Session | None = None
        self.thread = 0
        self.openings = 0
        self.belongs = _recorded.get
        """The opening that the calling code belongs to, told without a frame of its own."""
        self.recording = False
        """Whether an execution is being recorded, whatever is at work in it."""
        self.values = False
        self.activities = False
        self.host: Host | None = None
        """The activity at work that is told of trainings inside it."""
        self.inside_own: set[int] = set()
        """The identities of objects of the user's own classes that are at work."""
        self.within: Any = None
        """The activity that the one that is just being made is nested in."""
        self.enclosing = ""
        """The activity that those recorded from now on are parts of."""
        self.exhausted = False
        """Whether a hook had no room left on the call stack."""
        self.elsewhere = False
        """Whether another thread or task made a step, which was not recorded."""

    def open(self, session: Session) -> None:
        """Begin recording what the calling thread does."""
        self.session = session
        self.thread = get_ident()
        self.openings += 1
        _recorded.set(self.openings)
        self.exhausted = self.elsewhere = False
        self.enclosing = ""
        self.host = self.within = None
        self.inside_own = set()
        self.recording = self.values = self.activities = True

    def close(self) -> None:
        """Stop recording."""
        self.recording = self.values = self.activities = False
        self.host = self.within = None

    def __reduce__(self) -> str:
        # A class of the notebook's that is pickled by value takes its hooked methods along.
        return "gate"


gate = Gate()
