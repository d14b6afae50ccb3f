"""What the hooks on estimators and metrics share: a call that becomes one activity."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from provkg.capture.gate import gate
from provkg.capture.hooks.randomness import global_state
from provkg.capture.hooks.settings import draws_in_vain, settings_of
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import Activity, ActivityKind, Evidence, Result, Role, Setting, Status, Use

__all__ = ["Begin", "Call", "Given", "arguments", "begin_with"]

Begin = Callable[[tuple[Any, ...], dict[str, Any]], Any]


def arguments(
    signature: inspect.Signature | None, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Arguments by parameter name, and where they do not fit by their order: some libraries take more."""
    if signature is None:
        return dict(kwargs)
    try:
        return dict(signature.bind_partial(*args, **kwargs).arguments)
    except TypeError:
        return dict(zip(signature.parameters, args, strict=False)) | kwargs


class Given(NamedTuple):
    """What a call was given: as it was written, and by parameter name."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    named: dict[str, Any]


def begin_with(
    make: Callable[[Session, Given], Any], signature: inspect.Signature, *, wanted: str = ""
) -> Begin:
    """A beginner that binds the arguments to a signature.

    Parameters:
        wanted: a parameter without which the call is none to be recorded.
    """

    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        session = gate.session
        if session is None:
            return None
        named = arguments(signature, args, kwargs)
        if wanted and named.get(wanted) is None:
            return None
        return make(session, Given(args, kwargs, named))

    return begin


class Call:
    """A call that becomes one activity.

    Where one line makes the same call very often (``crowded``), derivation is still followed, but nothing
    more is recorded.
    """

    kind = ActivityKind.EVALUATION
    evidence = Evidence.OBSERVED
    """How it is known that the call is what it is taken for."""
    seeded = False
    """Whether the call seeds what it draws from by itself."""

    def __init__(self, session: Session, function: str, package: str) -> None:
        self.session = session
        self.tracker = session.values.tracker
        self.function = function
        self.package = package
        self.started = datetime.now(UTC)
        self.line = session.values.line()
        self.used: list[Use] = []
        self._nodes: list[Node] = []
        self.generated: list[str] = []
        self.settings: tuple[Setting, ...] = ()
        self.results: list[Result] = []
        self.implementation = ""
        self.estimator: Any = None
        self.crowded = session.crowds(function, self.line)
        self._random = global_state() if not self.crowded else None
        self.fits = 0

    def use(self, value: Any, role: Role, argument: str = "", others: tuple[Any, ...] = ()) -> Node | None:
        """Record that the call uses a value; returns its state where it is followed."""
        node = self.session.values.resolve(value, others=others)
        if node is not None:
            self._nodes.append(node)
        if self.crowded:
            return node
        kept = self.session.values.keep(node, value)
        if kept:
            self.used.append(Use(entity=kept, role=role, evidence=self.evidence, argument=argument))
        return node

    def make(self, node: Node | None, value: Any) -> None:
        """Record that the call made a state of a value."""
        if node is not None:
            self.session.values.made_here(node, frozenset(self._nodes))
        kept = self.session.values.keep(node, value) if not self.crowded else ""
        if kept:
            self.generated.append(kept)

    def read_settings(self, estimator: Any) -> tuple[Setting, ...]:
        """The settings of an estimator; none of one that does not keep to scikit-learn's rules for them."""
        try:
            return settings_of(estimator)
        except Exception as error:
            self.session.notice(f"settings of {self.function}", error)
            return ()

    def add(self, seconds: float, status: Status = Status.SUCCEEDED) -> None:
        """Record the activity."""
        if self.crowded:
            return
        drew = not self.seeded and self._random is not None and self._random != global_state()
        self.session.add(
            Activity(
                id=self.session.next_activity(),
                kind=self.kind,
                function=self.function,
                package=self.package,
                implementation=self.implementation,
                started_at=self.started,
                duration=round(seconds, 6),
                used=tuple(self.used),
                generated=tuple(self.generated),
                settings=self.settings,
                results=tuple(self.results),
                fits=self.fits,
                unseeded=drew and not self.session.global_seed and not draws_in_vain(self.estimator),
                status=status,
                evidence=self.evidence,
                line=self.line,
            )
        )

    def succeeded(self, result: Any, seconds: float) -> None:
        """The call returned."""
        self.add(seconds)

    def failed(self, error: BaseException, seconds: float) -> None:
        """The call raised."""
        self.add(seconds, Status.FAILED)
