"""Splits: which part of which data serves what: `train_test_split`, and splitters that are iterated by hand.

A splitter hands out row numbers. They are followed as parts of the data they number; what the user's code
selects with them takes over their role and fold.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Generator, Sequence
from threading import get_ident
from time import perf_counter
from typing import Any

from provkg.capture.columns import NONE, SAME
from provkg.capture.gate import gate
from provkg.capture.hooks.calls import Begin, Call
from provkg.capture.hooks.settings import own_settings, setting
from provkg.capture.hooks.wrap import dress, hide, report
from provkg.capture.kinds import kind_of, type_name
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import ActivityKind, Error, Role, Setting, SplitRole, Status

__all__ = ["MAX_FOLDS", "Splitting", "watch_splits"]

MAX_FOLDS = 20
"""Folds of one iteration whose row numbers are recorded."""


class Splitting(Call):
    """``train_test_split``: parts of data with their roles."""

    kind = ActivityKind.SPLITTING

    def __init__(
        self, session: Session, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        super().__init__(session, f"sklearn.model_selection.{function.__name__}", "scikit-learn")
        self.nodes = [self.use(array, Role.DATA, "arrays", _others(args, array)) for array in args]
        defaults = inspect.signature(function).parameters
        self.settings = tuple(
            setting(name, kwargs.get(name, parameter.default), parameter.default)
            for name, parameter in defaults.items()
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY and name != "stratify"
        )
        stratify = kwargs.get("stratify")
        if stratify is None:
            self.settings += (setting("stratify", None, None),)
        else:
            name = next(iter(session.values.names_in_frame(stratify)), "given")
            self.settings += (
                Setting(name="stratify", value=name, type=type_name(type(stratify)), explicit=True),
            )

    @classmethod
    def of(cls, function: Any) -> Begin:
        """A beginner for calls of a splitting function."""

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Splitting | None:
            return cls(gate.session, function, args, kwargs) if gate.session is not None else None

        return begin

    def succeeded(self, result: Any, seconds: float) -> None:
        """Each array was divided in two."""
        for position, node in enumerate(self.nodes):
            roles = _roles(node, SplitRole.TEST)
            for part, role in zip(result[2 * position : 2 * position + 2], roles, strict=False):
                if kind_of(part) is None:
                    continue
                parents = (node,) if node is not None else ()
                made = self.tracker.derive(part, parents, self.function, columns=SAME)
                if made is not None:
                    made.role, made.fold = role, None
                self.make(made, part)
        self.add(seconds)


def _others(args: Sequence[Any], array: Any) -> tuple[Any, ...]:
    return tuple(other for other in args if other is not array)


def _roles(node: Node | None, held_out: SplitRole) -> tuple[SplitRole | None, SplitRole | None]:
    """The roles of the two parts: what is held out of training data is for validation.

    Of a test part that is divided again, one half usually serves validation; which one is not known.
    """
    if node is None or node.role is None:
        return SplitRole.TRAINING, held_out
    if node.role is SplitRole.TRAINING:
        return SplitRole.TRAINING, SplitRole.VALIDATION
    return None, None


class Folding(Call):
    """The iteration of a splitter by hand: the row numbers of each fold."""

    kind = ActivityKind.SPLITTING

    def __init__(
        self, session: Session, splitter: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        kind = type(splitter)
        super().__init__(
            session, f"{type_name(kind)}.split", session.package_of(kind.__module__.partition(".")[0])
        )
        self.implementation = type_name(kind)
        given = args[0] if args else kwargs.get("X")
        target = args[1] if len(args) > 1 else kwargs.get("y")
        self._data = self.use(given, Role.DATA, "X", (target,)) if given is not None else None
        if target is not None:
            self.use(target, Role.INPUT, "y", (given,))
        self.settings = own_settings(splitter)
        # Shuffling once is how a test part is set aside; shuffling several times is a cross-validation.
        once = (
            any(each.name == "test_size" for each in self.settings) and getattr(splitter, "n_splits", 0) == 1
        )
        self._roles = _roles(self._data, SplitRole.TEST if once else SplitRole.VALIDATION)
        self._numbered = not once
        self._drew = False
        self._seconds = 0.0
        self._folds = 0
        self._told = False
        session.at_end(self._cell_ended)

    def drew(self) -> bool:
        """Between two folds it is the user's code that draws."""
        return self._drew

    def next_from(self, folds: Generator[Any, Any, Any]) -> Any:
        """Have the splitter hand out the next fold.

        Raises:
            StopIteration: there is none.
        """
        draws = self.session.draws
        began, random = perf_counter(), draws.state()
        draws.before(random)
        try:
            pair = next(folds)
        finally:
            self._seconds += perf_counter() - began
            self._drew = self._drew or draws.since(random)
            draws.after()
        try:
            self._fold(pair)
        except Exception as error:
            self.session.notice(self.function, error)
        return pair

    def _fold(self, pair: Any) -> None:
        self._folds += 1
        if type(pair) is not tuple or len(pair) != 2:
            return
        parents = (self._data,) if self._data is not None else ()
        for rows, role in zip(pair, self._roles, strict=True):
            made = self.tracker.derive(rows, parents, self.function, columns=NONE)
            if made is None:
                continue
            made.role, made.selects = role, True
            made.fold = self._folds if self._numbered else None
            if self._folds <= MAX_FOLDS and not self._told:
                self.make(made, rows)

    def _cell_ended(self, error: Error | None, interrupted: bool) -> None:
        self.ended()

    def ended(self, status: Status = Status.SUCCEEDED) -> None:
        """There are no more folds, or nobody asks for them in this execution."""
        if self._told:
            return
        self._told = True
        if self._folds > MAX_FOLDS and not self.crowded:
            self.session.notice(
                self.function, f"of {self._folds} folds the row numbers of the first {MAX_FOLDS} are recorded"
            )
        self.add(self._seconds, status)


def watch_splits(original: Callable[..., Any]) -> Callable[..., Any]:
    """A replacement for a splitter's ``split`` that is told each fold as the user's code asks for it."""

    def split(*args: Any, **kwargs: Any) -> Any:
        watched = get_ident() == gate.thread
        activities, values = gate.own.activities, gate.own.values
        if watched:
            gate.own.activities = gate.own.values = False
        try:
            folds = original(*args, **kwargs)
        except BaseException as failure:
            BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
            raise
        finally:
            if watched:
                gate.own.activities, gate.own.values = activities, values
        if not watched or not args or not inspect.isgenerator(folds):
            return folds
        try:
            if activities and gate.session is not None:
                return _watched(folds, Folding(gate.session, args[0], args[1:], kwargs))
            if gate.own.host is not None:
                gate.own.host.splits(args[0])
        except Exception as error:
            report(original, error)
        return folds

    return dress(split, original)


def _watched(folds: Generator[Any, Any, Any], seen: Folding) -> Generator[Any, Any, Any]:
    """The same folds, of which the activity is told."""

    def split() -> Generator[Any, Any, Any]:
        status = Status.SUCCEEDED
        try:
            while True:
                watched = get_ident() == gate.thread
                activities, values = gate.own.activities, gate.own.values
                if watched:
                    gate.own.activities = gate.own.values = False
                try:
                    pair = seen.next_from(folds)
                except StopIteration:
                    return
                finally:
                    if watched:
                        gate.own.activities, gate.own.values = activities, values
                yield pair
        except GeneratorExit:
            raise
        except BaseException as failure:
            status = Status.FAILED
            BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
            raise
        finally:
            folds.close()
            seen.ended(status)

    names = tuple(getattr(folds, name) for name in ("__name__", "__qualname__"))
    generator: Any = split()
    generator.__name__, generator.__qualname__ = names
    return generator  # type: ignore[no-any-return]


hide(watch_splits)
hide(_watched)
