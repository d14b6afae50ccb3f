"""What the hooks on estimators and metrics share: a call that becomes one activity."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from provkg.capture.columns import SAME
from provkg.capture.ending import status_of
from provkg.capture.gate import gate
from provkg.capture.hooks.settings import draws_in_vain, settings_of
from provkg.capture.kinds import is_estimator, is_table, kind_of
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
    more is recorded. A call inside another one (``within``) is told about as a part of that.
    """

    kind = ActivityKind.EVALUATION
    evidence = Evidence.OBSERVED
    """How it is known that the call is what it is taken for."""
    seeded = False
    """Whether the call seeds what it draws from by itself."""

    def __init__(self, session: Session, function: str, package: str) -> None:
        self.session = session
        self.tracker = session.values.tracker
        self.within: Call | None = gate.within
        self.function = function
        self.package = package
        self.started = datetime.now(UTC)
        self.line = self.within.line if self.within is not None else session.values.line()
        self.module: str = session.values.file() if self.within is None else self.within.module
        self.used: list[Use] = []
        self._nodes: list[Node] = []
        self._by_role: dict[Role, Node] = {}
        self.generated: list[str] = []
        self.settings: tuple[Setting, ...] = ()
        self.results: list[Result] = []
        self.implementation = ""
        self.estimator: Any = None
        self.crowded = session.crowds(function, self.line)
        self.id = session.next_activity() if not self.crowded else ""
        self._random = session.draws.state() if not self.crowded else None
        if self.within is None:
            session.draws.before(self._random)
        self.fits = 0
        self.best = ""
        self.parts: list[Activity] = []
        """What happened inside, where that is recorded."""

    def use(self, value: Any, role: Role, argument: str = "", others: tuple[Any, ...] = ()) -> Node | None:
        """Record that the call uses a value; returns its state where it is followed."""
        if self.within is not None:
            node = self.handed_on(value, role, self.within)
        else:
            node = self.session.values.resolve(value, others=others)
        if node is not None:
            self._nodes.append(node)
            self._by_role.setdefault(role, node)
        if self.crowded:
            return node
        kept = self._keep(node, value)
        if kept:
            self.used.append(Use(entity=kept, role=role, evidence=self.evidence, argument=argument))
        return node

    def _keep(self, node: Node | None, value: Any) -> str:
        # Nobody gets hold of what only exists inside a call: its fingerprint would be of no use.
        return self.session.values.keep(node, value, fingerprint=self.within is None)

    def handed_on(self, value: Any, role: Role, within: Call) -> Node | None:
        """The state of what the call around this one hands on: that came from what it was given itself."""
        node = self.tracker.find(value)
        if node is not None or kind_of(value) is None:
            return node
        given = within._by_role.get(role)
        if is_estimator(value) or given is None:
            return self.tracker.node(value)
        told = SAME if is_table(value) else None
        return self.tracker.derive(value, (given,), within.function, Evidence.DECLARED, columns=told)

    def use_state(self, node: Node | None, role: Role, argument: str = "") -> None:
        """Record that the call uses a state that was recorded before, whatever became of the object."""
        if node is not None and node.id:
            self._nodes.append(node)
            if not self.crowded:
                self.used.append(Use(entity=node.id, role=role, argument=argument))

    def make(self, node: Node | None, value: Any) -> None:
        """Record that the call made a state of a value."""
        if node is not None and self.within is None:
            self.session.values.made_here(node, frozenset(self._nodes))
        kept = self._keep(node, value) if not self.crowded else ""
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
        """Record the activity, and those inside it."""
        if self.kind is ActivityKind.EVALUATION and status is Status.SUCCEEDED:
            self.session.values.measured_here(self._nodes)
        if self.crowded:
            return
        activity = self._activity(seconds, status, unseeded=self.unseeded(self.estimator))
        if self.within is not None:
            self.within.parts += [activity, *self.parts]
            return
        self.session.draws.after()
        for each in (activity, *self.parts):
            self.session.add(each)

    def begins(self) -> None:
        """A training begins, which may take long: should the process be killed in it, it is on record."""
        if not self.crowded and self.within is None:
            self.session.tell(lambda: self._activity(0.0, Status.INTERRUPTED))

    def _activity(self, seconds: float, status: Status, *, unseeded: bool = False) -> Activity:
        return Activity(
            id=self.id,
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
            parent=self.within.id if self.within is not None else "",
            best=self.best,
            fits=self.fits,
            unseeded=unseeded,
            status=status,
            evidence=self.evidence,
            line=self.line,
            file=self.module,
        )

    def drew(self) -> bool:
        """Whether the call drew random numbers from NumPy's global generator."""
        return self.session.draws.since(self._random)

    def unseeded(self, estimator: Any) -> bool:
        """Whether it drew numbers that mattered, and nobody had set a seed."""
        if self.seeded or self.session.draws.seeded:
            return False
        data = self._by_role.get(Role.DATA)
        return self.drew() and not draws_in_vain(estimator, data.shape[0] if data and data.shape else None)

    def succeeded(self, result: Any, seconds: float) -> None:
        """The call returned."""
        self.add(seconds)

    def failed(self, error: BaseException, seconds: float) -> None:
        """The call raised."""
        self.add(seconds, status_of(error))
