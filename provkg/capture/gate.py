"""The gate every hook looks at first: whether anything is being recorded, and by which session.

A hooked call closes the gate while it runs, so that what a library does inside one call is not taken
for what the user did. Calls in other threads than the one that runs the cell pass by, and so do calls in
asyncio tasks and callbacks that the cell did not start, which the event loop runs while the cell awaits.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from threading import get_ident
from time import perf_counter
from types import CodeType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from provkg.capture.session import Session

__all__ = ["HIDDEN_FILE", "MANY", "Gate", "Host", "gate", "is_hidden"]

_recorded: ContextVar[int] = ContextVar("provkg_recorded", default=0)
"""The opening of the gate that the code at work belongs to: tasks take along that of who starts them."""

MANY = 100
"""After so many new values made by quick calls at one place, the place is not followed any further."""
_QUICK = 0.0005
"""Seconds between calls below which following them would cost too much of their time."""
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
        "background",
        "belongs",
        "elsewhere",
        "enclosing",
        "exhausted",
        "given",
        "host",
        "inside_own",
        "openings",
        "places",
        "recording",
        "scalars",
        "session",
        "since",
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
        self.given: tuple[tuple[Any, ...], dict[str, Any]] | None = None
        """What the hooked call is given that is looked at just now."""
        self.elsewhere = False
        """Whether another thread or task made a step, which was not recorded."""
        self.scalars = set(map(id, (bool, int, float, complex, str, bytes)))
        """Types, by identity, whose values nobody follows."""
        self.places: dict[tuple[int, int], int] = {}
        """How many new values were made at each place: code by identity, and instruction."""
        self.since: dict[tuple[int, int], float] = {}
        self.background: frozenset[int] = frozenset()
        """The threads that were there before the execution at work."""

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
        self.places.clear()
        self.since.clear()
        self.background = frozenset(sys._current_frames()) - {self.thread}
        self.recording = self.values = self.activities = True

    def close(self) -> None:
        """Stop recording."""
        self.recording = self.values = self.activities = False
        self.host = self.within = None

    def keeps_up(self, place: tuple[int, int], original: Any) -> bool:
        """Whether following a place that made many new values costs little beside what the calls take."""
        now = perf_counter()
        began, self.since[place] = self.since[place], now
        if now - began > MANY * _QUICK:
            return True
        self.places[place] = MANY + 1
        if self.session is not None:
            name = getattr(original, "__qualname__", str(original))
            line = self.session.values.line()
            self.session.notice(name, f"values made on line {line} after the first {MANY} are not followed")
        return False

    def changed_unseen(self, value: Any) -> None:
        """A hook saw, without watching, that an object was changed."""
        thread, session = get_ident(), self.session
        own = thread == self.thread and self.belongs() == self.openings
        if session is None or (own and self.recording):
            return  # a part of what a hook watches
        beside = self.recording and thread != self.thread and thread not in self.background
        session.values.tracker.doubt(value, beside=beside)

    def __reduce__(self) -> str:
        # A class of the notebook's that is pickled by value takes its hooked methods along.
        return "gate"


gate = Gate()
