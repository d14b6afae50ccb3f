"""What the hooks on torch look at first, and what is known of the execution at work.

A training loop makes the same calls thousands of times. They are looked at closely until it is known which
model learns from which data; from then on a step is only counted.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import TYPE_CHECKING, Any

from provkg.capture.gate import gate

if TYPE_CHECKING:
    from weakref import ref

    from provkg.capture.hooks.torch.execution import Execution
    from provkg.capture.hooks.torch.history import Measured
    from provkg.capture.hooks.torch.loaders import Pass
    from provkg.capture.hooks.torch.loops import Loop
    from provkg.capture.session import Session

__all__ = ["Watch", "at_work", "watch"]


class Watch:
    """What torch hooks share."""

    __slots__ = (
        "aside",
        "batch",
        "counting",
        "drawn",
        "execution",
        "loop",
        "losses",
        "open",
        "passes",
        "passing",
        "places",
        "quiet",
        "scaled",
        "settled",
        "tensors",
    )

    def __init__(self) -> None:
        self.aside: Callable[[], bool] = bool
        """Whether torch runs code to compile or trace it, where any look at a tensor would be recorded."""
        self.open = True
        """Whether a module that is called now is called by the user, not by another module."""
        self.settled: set[tuple[int, int]] = set()
        """The calls that are known to belong to a training: the module, and the position in the caller."""
        self.passing: set[tuple[int, int]] = set()
        """The calls that go on predicting what comes from one pass over a data loader."""
        self.losses: list[Measured] = []
        """The losses that no step of an optimizer has been made on yet, or those of the one loop at work."""
        self.execution: Execution | None = None
        self.forget()

    def forget(self) -> None:
        """The execution ended."""
        self.execution = None
        self.settled.clear()
        self.passing.clear()
        self.losses.clear()
        self.quiet = False
        """Whether settled calls need not be looked at."""
        self.counting = False
        """Whether the losses need not be looked at either."""
        self.loop: Loop | None = None
        """The loop at work, where it is the only one and its steps need only be counted."""
        self.tensors = True
        """Whether functions of tensors are followed."""
        self.drawn: Pass | None = None
        """The pass over a data loader that the last batch came from."""
        self.batch: list[ref[Any]] = []
        """The tensors of that batch."""
        self.places: list[Any] | None = None
        """Where in the batch each stands; None where they are one after the other."""
        self.passes: dict[int, Pass] = {}
        self.scaled: tuple[ref[Any], Any] | None = None
        """The last loss that a gradient scaler scaled, and the loss before that."""

    def place_of(self, tensor: Any) -> Any:
        """Where in the last batch a tensor, or what it is a view of, stands; None where it does not."""
        base = tensor._base
        for rank, reference in enumerate(self.batch):
            drawn = reference()
            if drawn is tensor or (drawn is not None and drawn is base):
                return self.places[rank] if self.places is not None else rank
        return None

    def of(self, session: Session) -> Execution:
        """What is known of the session's execution at work."""
        known = self.execution
        if known is None or known.order != session.order or known.session is not session:
            from provkg.capture.hooks.torch.execution import Execution

            self.forget()
            known = self.execution = Execution(session)
            session.at_end(known.finish)
        return known

    def __reduce__(self) -> str:
        # A class of the notebook's that is pickled by value takes its hooked methods along.
        return "watch"


def at_work() -> Session | None:
    """The session, where hooks on activities shall look."""
    mine = gate.own.activities and gate.belongs() == gate.openings and get_ident() == gate.thread
    return gate.session if mine else None


watch = Watch()
