"""Optuna's studies at work: a tuning, with its trials as parts that may have parts of their own."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import get_ident
from time import perf_counter
from types import FunctionType, MethodType
from typing import Any
from weakref import WeakKeyDictionary, ref

from msgspec.structs import replace

from provkg.capture.gate import gate
from provkg.capture.hooks.calls import Call, Given
from provkg.capture.hooks.settings import setting
from provkg.capture.hooks.trials import Trials
from provkg.capture.hooks.wrap import dress, hide, report
from provkg.capture.session import Session
from provkg.records import ActivityKind, Error, Setting, Status, ValueKind

__all__ = ["Optimizing", "Telling", "made_with", "surround"]

_PACKAGE = "optuna"
_NOT_SETTINGS = frozenset({"callbacks", "func", "self", "show_progress_bar"})
_NEVER_DRAWING = frozenset({"GridSampler"})
"""Samplers that have a seed of their own when they are given none."""

_settings: WeakKeyDictionary[Any, tuple[Setting, ...]] = WeakKeyDictionary()


def made_with(maker: Any, settings: tuple[Setting, ...]) -> None:
    """Remember what a sampler or pruner was made with: they do not tell it themselves."""
    _settings[maker] = settings


def _of_study(study: Any) -> Iterator[Setting]:
    """The settings of a study: where it goes, and by which sampler and pruner."""
    directions = ", ".join(each.name.lower() for each in study.directions)
    yield setting("direction", directions, "minimize")
    yield setting("sampler", type(study.sampler).__name__, "TPESampler")
    yield setting("pruner", type(study.pruner).__name__, "MedianPruner")
    for part in ("sampler", "pruner"):
        for each in _settings.get(getattr(study, part), ()):
            yield replace(each, name=f"{part}.{each.name}")


def _draws(sampler: Any, *, together: bool) -> bool:
    """Whether a sampler drew numbers that no seed decides.

    Parameters:
        together: whether trials ran at the same time: each then began with a seed of its own.
    """
    if type(sampler).__name__ in _NEVER_DRAWING:
        return False
    seed = next((each for each in _settings.get(sampler, ()) if each.name == "seed"), None)
    if not together and (seed is None or seed.value is not None):
        return False
    held = [*vars(sampler).values()]
    held += [each for part in held for each in getattr(part, "__dict__", {}).values()]
    lazy = [each for each in held if type(each).__name__ == "LazyRandomState"]
    return any(getattr(each, "_rng", None) is not None for each in lazy)


def _best(study: Any) -> Any:
    """The best trial, also of earlier calls; None where there is none, or more than one objective."""
    if len(study.directions) != 1:
        return None
    try:
        return study.best_trial
    except ValueError:
        return None


class _Tuning(Call):
    """What a study does, in one call or in a loop of the user's own."""

    kind = ActivityKind.TUNING

    def __init__(self, session: Session, function: str, study: Any) -> None:
        super().__init__(session, function, session.package_of(_PACKAGE))
        self.implementation = f"optuna.samplers.{type(study.sampler).__name__}"
        self.settings = tuple(_of_study(study))
        self.trials = Trials(session, study, self.id)
        self.drawn = False

    def finish(self, study: Any, seconds: float, status: Status, *, together: bool = False) -> None:
        """Record the whole, with the study as it is now."""
        best = _best(study)
        self.drawn = _draws(study.sampler, together=together)
        self.results = list(self.trials.results(best))
        self.best = self.trials.recorded.get(best.number, "") if best is not None else ""
        if self.tracker.find(study) is None:
            state = self.tracker.node(study, ValueKind.OTHER)
        else:
            state = self.tracker.revise(study, (), self.function)
        self.make(state, study)
        self.trials.say_what_is_left_out(self.function)
        self.add(seconds, status)

    def unseeded(self, estimator: Any) -> bool:
        """Whether the sampler drew without a seed."""
        return self.drawn


class Optimizing(_Tuning):
    """``Study.optimize``, with an objective and callbacks that tell of the trials."""

    def __init__(self, session: Session, bound: inspect.BoundArguments) -> None:
        named = bound.arguments
        super().__init__(session, "optuna.Study.optimize", named["self"])
        self.study = named["self"]
        self.together = named.get("n_jobs", 1) != 1
        self.objective = _name_of(named["func"])
        self.settings += tuple(
            replace(setting(name, value), explicit=True)
            for name, value in named.items()
            if name not in _NOT_SETTINGS
        )
        self._raised: tuple[int, dict[str, Any]] | None = None
        self._elsewhere: list[Any] = []
        others = named.get("callbacks")
        if others is None or hasattr(type(others), "__iter__"):
            named["callbacks"] = _Callbacks(self.told, others)
        named["func"] = _watch(named["func"], self)

    def enter(self, trial: Any) -> str:
        """A trial begins in the recorded thread: what is seen from now on is a part of it."""
        around = gate.own.enclosing
        try:
            gate.own.enclosing = self.trials.begun(trial.number) or around
        except Exception as error:
            report(self.enter, error)
        gate.own.activities = gate.own.values = True
        return around

    def leave(self, trial: Any, around: str, error: BaseException | None) -> None:
        """The trial ends."""
        gate.own.activities = gate.own.values = False
        gate.own.enclosing = around
        try:
            self._raised = (trial.number, trial.params) if error is not None else None
        except Exception as failure:
            report(self.leave, failure)

    def told(self, study: Any, frozen: Any) -> None:
        """Optuna tells of a trial that ended, in whichever thread."""
        if get_ident() != gate.thread:
            self._elsewhere.append(frozen)
            return
        self._raised = None
        self.trials.ended(frozen, self.objective, self.line)

    def succeeded(self, result: Any, seconds: float) -> None:
        """All trials have ended."""
        self._end(seconds, Status.SUCCEEDED)

    def failed(self, error: BaseException, seconds: float) -> None:
        """A trial raised, or a callback."""
        if self._raised is not None:
            self.trials.broken(*self._raised, self.objective, self.line)
        self._end(seconds, Status.INTERRUPTED if isinstance(error, KeyboardInterrupt) else Status.FAILED)

    def _end(self, seconds: float, status: Status) -> None:
        if self._elsewhere:
            self.session.notice(self.function, "what happens in trials of other threads is not recorded")
        for frozen in sorted(self._elsewhere, key=lambda each: each.number):
            self.trials.ended(frozen, self.objective, self.line)
        self.finish(self.study, seconds, status, together=self.together)


def _name_of(objective: Any) -> str:
    """The qualified name of an objective, or of the class of one that is an object."""
    while type(objective) is functools.partial:
        objective = objective.func
    named = objective if isinstance(objective, FunctionType | MethodType) else type(objective)
    return f"{named.__module__}.{named.__qualname__}".replace(".<locals>", "")


class _Callbacks:
    """Tells of each trial before the user's own callbacks do what they do."""

    def __init__(self, told: Callable[[Any, Any], None], others: Any) -> None:
        self._told = told
        self._others = others

    def __iter__(self) -> Iterator[Any]:
        yield self._tell
        if self._others is not None:
            yield from self._others

    def _tell(self, study: Any, frozen: Any) -> None:
        try:
            self._told(study, frozen)
        except Exception as error:
            report(self._told, error)


class Telling:
    """``Study.tell``: a trial that the user's own loop asked for has ended."""

    def __init__(self, session: Session, given: Given) -> None:
        self._session = session
        self._study = given.args[0]

    def succeeded(self, result: Any, seconds: float) -> None:
        """The trial is told, for the first time in this execution."""
        session, study = self._session, self._study
        loop = _loops.get(study)
        if loop is None or loop.order != session.order:
            loop = _loops[study] = _Loop(session, study)
        if result.number not in loop.told:
            loop.told.add(result.number)
            loop.trials.ended(result, "optuna.Study.tell", session.values.line())

    def failed(self, error: BaseException, seconds: float) -> None:
        """Optuna does not take what it was told."""


class _Loop(_Tuning):
    """A loop of the user's own that asks for trials and tells of them, in one execution."""

    def __init__(self, session: Session, study: Any) -> None:
        super().__init__(session, "optuna.Study.ask", study)
        self.study = ref(study)
        self.order = session.order
        self.told: set[int] = set()
        session.at_end(self._ended)

    def _ended(self, error: Error | None, interrupted: bool) -> None:
        study = self.study()
        if study is None:
            self.add(self._seconds())
            return
        status = Status.SUCCEEDED if error is None else Status.INTERRUPTED if interrupted else Status.FAILED
        self.finish(study, self._seconds(), status)

    def _seconds(self) -> float:
        return (datetime.now(UTC) - self.started).total_seconds()


_loops: WeakKeyDictionary[Any, _Loop] = WeakKeyDictionary()


def _watch(objective: Any, study: Optimizing) -> Any:
    """An objective that tells the study's activity when a trial begins and ends in the recorded thread."""

    def trial_at_work(trial: Any) -> Any:
        if not (get_ident() == gate.thread and gate.belongs() == gate.openings):
            return objective(trial)
        around = study.enter(trial)
        failure: BaseException | None = None
        try:
            return objective(trial)
        except BaseException as error:
            failure = error
            BaseException.with_traceback(error, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
            raise
        finally:
            study.leave(trial, around, failure)
            failure = None

    return trial_at_work


def surround(original: Callable[..., Any]) -> Callable[..., Any]:
    """A replacement for ``Study.optimize`` that hands on an objective and callbacks that tell of trials."""
    signature = inspect.signature(original)

    def replacement(*args: Any, **kwargs: Any) -> Any:
        if not (gate.own.activities and gate.belongs() == gate.openings and get_ident() == gate.thread):
            try:
                return original(*args, **kwargs)
            except BaseException as failure:
                BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
                raise
        values, host = gate.own.values, gate.own.host
        gate.own.activities = gate.own.values = False
        gate.own.host = None
        seen: Optimizing | None = None
        began = 0.0
        try:
            try:
                bound = signature.bind(*args, **kwargs)
                seen = Optimizing(gate.session, bound)  # type: ignore[arg-type]
                args, kwargs = bound.args, bound.kwargs
            except Exception as error:
                if not isinstance(error, TypeError):
                    report(original, error)
            began = perf_counter()
            result = original(*args, **kwargs)
            if seen is not None:
                try:
                    seen.succeeded(result, perf_counter() - began)
                except Exception as error:
                    report(original, error)
            return result
        except BaseException as failure:
            BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
            if seen is not None:
                try:
                    seen.failed(failure, perf_counter() - began)
                except Exception as error:
                    report(original, error)
            raise
        finally:
            gate.own.activities, gate.own.values, gate.own.host = True, values, host

    return dress(replacement, original)


hide(_watch)
hide(surround)
