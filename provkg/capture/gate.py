"""The gate every hook looks at first: whether anything is being recorded, and by which session.

A hooked call closes the gate while it runs, so that what a library does inside one call is not taken
for what the user did. Each thread has a gate of its own. Those of threads that the execution at work has
started are open as well, unless they were started inside a hooked call, whose part they are. Calls in threads
that were there before pass by, and so do calls in asyncio tasks and callbacks that the cell did not start,
which the event loop runs while the cell awaits.
"""

from __future__ import annotations

import sys
import threading
from contextvars import ContextVar
from threading import RLock, Thread, get_ident
from time import perf_counter
from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from weakref import ref

if TYPE_CHECKING:
    from provkg.capture.session import Session

__all__ = ["HIDDEN_FILE", "MANY", "Gate", "Host", "Own", "gate", "is_hidden", "own"]

_recorded: ContextVar[int] = ContextVar("provkg_recorded", default=0)
"""The opening of the gate that the code at work belongs to: tasks take along that of who starts them."""

_PATIENCE = 2.0
"""Seconds that a hook waits for another thread's: the user's code may have come between, and wait for it."""

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


class Own(threading.local):
    """The gate of each thread: open or closed, for two kinds of hooks.

    ``values`` is for hooks that follow derivation (pandas methods), ``activities`` for those that
    record steps of machine learning. Both are closed outside of a recorded execution. Inside a hooked
    pandas call only ``values`` is closed, so that a model trained inside ``DataFrame.apply`` is seen.

    Parameters:
        started: the threads that recorded code has started.
    """

    values = True
    activities = True
    host: Host | None = None
    """The activity at work that is told of trainings inside it."""
    enclosing = ""
    """The activity that those recorded from now on are parts of."""

    def __init__(self, started: dict[int, _Start]) -> None:
        """Is called again in every thread that looks at its gate for the first time."""
        self.inside_own: set[int] = set()
        """The identities of objects of the user's own classes that are at work."""
        # Not `current_thread`, which would make an object for a thread that has none.
        thread = getattr(threading, "_active", {}).get(get_ident())
        start = started.pop(id(thread), None)
        if start is not None and start.thread() is thread:
            self.values, self.activities = start.values, start.activities
            if not _recorded.get():  # else it runs in the context of another task
                _recorded.set(start.opening)

    def __reduce__(self) -> str:
        return "own"


class _Start(NamedTuple):
    """That recorded code has started a thread: in which opening, and how its own gate stood."""

    thread: ref[Thread]
    opening: int
    values: bool
    activities: bool


class Gate:
    """What is recorded, and by whom; whether it is just now, each thread knows for itself (`Own`)."""

    __slots__ = (
        "background",
        "belongs",
        "elsewhere",
        "exhausted",
        "given",
        "lock",
        "openings",
        "own",
        "places",
        "recording",
        "scalars",
        "session",
        "since",
        "started",
        "thread",
        "within",
    )

    def __init__(self) -> None:
        self.session: Session | None = None
        self.thread = 0
        """The thread that runs the execution at work."""
        self.openings = 1
        self.belongs = _recorded.get
        """The opening that the calling code belongs to, told without a frame of its own."""
        self.recording = False
        """Whether an execution is being recorded, whatever is at work in it."""
        self.started: dict[int, _Start] = {}
        """The threads that recorded code has started, till they look at the gate, by identity."""
        self.own = Own(self.started)
        self.own.values = self.own.activities = False
        self.lock = RLock()
        """Is held by the thread that tells the session something."""
        self.within: Any = None
        """The activity that the one that is just being made is nested in."""
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
        """Begin recording what the calling thread does, and those that it starts."""
        self.session = session
        self.lock = RLock()  # whatever interrupted who held the old one
        self.thread = get_ident()
        self.openings += 1
        _recorded.set(self.openings)
        self.exhausted = self.elsewhere = False
        self.within = self.given = None
        self.places.clear()
        self.since.clear()
        for identity, start in list(self.started.items()):
            if start.thread() is None:
                self.started.pop(identity, None)
        self.background = frozenset(sys._current_frames()) - {self.thread}
        own = self.own
        own.enclosing, own.host = "", None
        own.inside_own.clear()
        self.recording = own.values = own.activities = True

    def close(self) -> None:
        """Stop recording."""
        own = self.own
        self.recording = own.values = own.activities = False
        self.openings += 1  # for the threads that go on
        own.host = self.within = None
        lock = self.lock
        if lock.acquire(timeout=_PATIENCE):  # when one of them is telling something
            lock.release()

    def starting(self, thread: Thread) -> None:
        """A thread is about to be started by the calling one."""
        if self.is_at_work():
            own = self.own
            self.started[id(thread)] = _Start(ref(thread), self.openings, own.values, own.activities)

    def is_at_work(self) -> bool:
        """Whether the calling code belongs to the execution at work, in whichever thread."""
        return self.recording and self.belongs() == self.openings

    def enter(self) -> Any:
        """The lock, now held, if what the calling code belongs to is still at work; else None."""
        lock = self.lock
        if not lock.acquire(timeout=_PATIENCE):
            self.elsewhere = True
        elif self.recording and self.belongs() == self.openings:
            return lock
        else:
            lock.release()
        return None

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
        session = self.session
        if session is None or self.is_at_work():
            return  # a part of what a hook watches
        beside = self.recording and get_ident() not in self.background
        session.values.tracker.doubt(value, beside=beside and get_ident() != self.thread)

    def __reduce__(self) -> str:
        # A class of the notebook's that is pickled by value takes its hooked methods along.
        return "gate"


gate = Gate()
own = gate.own
