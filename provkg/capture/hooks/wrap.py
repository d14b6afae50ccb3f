"""Replacements for library functions that call the original and tell the session what they saw.

A replacement never raises of its own, passes the original's result and exception through untouched,
and keeps its name, signature and place for `pickle` and `inspect`.

Warnings and tracebacks must read as if it were not there: ``warnings.warn(stacklevel=2)`` has to name
the user's line. The `warnings` module passes over frames whose file name holds ``importlib`` and
``_bootstrap`` (`warnings._is_internal_frame`), so the code of replacements carries such a name; and a
replacement takes its frame off the traceback of every exception that passes through: a bare ``raise`` adds
none. The method of `BaseException` does that, because an exception class may refuse to have attributes set.
At the recursion limit there is no room for a report: only a mark is left in the gate.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from sys import _getframe
from threading import get_ident
from time import perf_counter
from types import CodeType
from typing import Any, Protocol

from provkg.capture.gate import HIDDEN_FILE, MANY, gate, is_hidden, own
from provkg.capture.threads import is_handed_on

__all__ = [
    "Follower",
    "Step",
    "dress",
    "follow",
    "follow_each",
    "hide",
    "is_replacement",
    "listen",
    "original_of",
    "report",
    "step",
    "wrap_method",
]

Follower = Callable[[tuple[Any, ...], dict[str, Any], Any], None]


class Step(Protocol):
    """One call that may become an activity: made before the call, told how it ended."""

    def succeeded(self, result: Any, seconds: float) -> None:
        """The call returned."""

    def failed(self, error: BaseException, seconds: float) -> None:
        """The call raised."""


Beginner = Callable[[tuple[Any, ...], dict[str, Any]], "Step | None"]


def follow(  # noqa: C901
    original: Callable[..., Any], observe: Follower, *, frames: bool = False, changes: bool = False
) -> Callable[..., Any]:
    """A replacement that tells ``observe`` the arguments and the result of a call that returned.

    What makes new values very often at one place is told of no more after a while (`Gate.keeps_up`).

    Parameters:
        frames: whether the original looks its caller's variables up by stack depth through a keyword
            ``level`` (`pandas.eval`), so that the frame added here must be counted.
        changes: whether the original changes its first argument: that is always told, and of a change that
            nobody watches it is kept in mind that there was one.
    """
    follows = not changes

    # In one piece, because each further function would take time and room from the user's calls.
    def replacement(*args: Any, **kwargs: Any) -> Any:  # noqa: C901, PLR0912
        if frames:
            kwargs["level"] = kwargs.get("level", 0) + 1
        watched = own.values and gate.belongs() == gate.openings
        if watched:
            own.values = False
        try:
            result = original(*args, **kwargs)
            if watched:
                held = None
                try:
                    if follows:
                        if id(type(result)) in gate.scalars:
                            return result
                        caller = _getframe(1)
                        place = id(caller.f_code), caller.f_lasti
                        count = gate.places.get(place, 0)
                        if count >= MANY and (count > MANY or not gate.keeps_up(place, original)):
                            return result
                        if not count:
                            gate.since[place] = perf_counter()
                        gate.places[place] = count % MANY + 1
                    held = gate.enter()
                    if held is not None:
                        gate.given = args, kwargs
                        observe(args, kwargs, result)
                except RecursionError:
                    gate.exhausted = True
                except Exception as error:
                    report(original, error)
                finally:
                    if held is not None:
                        gate.given = None
                        held.release()
            elif changes and gate.session is not None:
                gate.changed_unseen(args[0])
            return result
        except BaseException as failure:
            BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
            raise
        finally:
            if watched:
                own.values = True

    return dress(replacement, original)


def follow_each(  # noqa: C901
    original: Callable[..., Any], observe: Follower
) -> Callable[..., Any]:
    """A replacement for a generator function that tells ``observe`` the arguments and what is yielded."""

    def replacement(*args: Any, **kwargs: Any) -> Iterator[Any]:  # noqa: PLR0912
        advance, place = original(*args, **kwargs).__next__, (id(original), 0)
        while True:
            watched = own.values and gate.belongs() == gate.openings
            if watched:
                own.values = False
            try:
                each = advance()
                if watched:
                    count = gate.places.get(place, 0)
                    if count < MANY or (count == MANY and gate.keeps_up(place, original)):
                        if not count:
                            gate.since[place] = perf_counter()
                        gate.places[place] = count % MANY + 1
                        held = None
                        try:
                            held = gate.enter()
                            if held is not None:
                                observe(args, kwargs, each)
                        except Exception as error:
                            report(original, error)
                        finally:
                            if held is not None:
                                held.release()
            except StopIteration:
                return
            except BaseException as failure:
                BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
                raise
            finally:
                if watched:
                    own.values = True
            yield each

    return dress(replacement, original)


def step(  # noqa: C901, PLR0915
    original: Callable[..., Any], begin: Beginner, *, is_fit: bool = False
) -> Callable[..., Any]:
    """A replacement that makes a `Step` before a call and tells it how the call ended.

    Parameters:
        is_fit: whether the call trains, so that the activity around it, if any, may want to know of it.
    """

    # In one piece, because each further function would take room from the user's recursion.
    def replacement(*args: Any, **kwargs: Any) -> Any:  # noqa: C901, PLR0912, PLR0915
        host = own.host if is_fit else None
        watched = own.activities
        if not ((watched or host is not None) and gate.belongs() == gate.openings):
            if watched:
                gate.elsewhere = True
            try:
                return original(*args, **kwargs)
            except BaseException as failure:
                BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
                raise
        values = own.values
        own.activities = own.values = False
        own.host = None
        seen: Step | None = None
        began = 0.0
        held = None
        try:
            try:
                held = gate.enter()
                if held is None or is_handed_on():
                    pass
                elif watched:
                    gate.given = args, kwargs
                    seen = begin(args, kwargs)
                elif host is not None:
                    seen = host.inside(begin, args, kwargs)
            except RecursionError:
                gate.exhausted = True
            except Exception as error:
                report(original, error)
            finally:
                if held is not None:
                    gate.given = None
                    held.release()
            began = perf_counter()
            result = original(*args, **kwargs)
            if seen is not None:
                seconds, held = perf_counter() - began, None
                try:
                    held = gate.enter()
                    if held is not None:
                        seen.succeeded(result, seconds)
                except RecursionError:
                    gate.exhausted = True
                except Exception as error:
                    report(original, error)
                finally:
                    if held is not None:
                        held.release()
            return result
        except BaseException as failure:
            BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
            if seen is not None:
                seconds, held = perf_counter() - began, None
                try:
                    held = gate.enter()
                    if held is not None:
                        seen.failed(failure, seconds)
                except RecursionError:
                    gate.exhausted = True
                except Exception as error:
                    report(original, error)
                finally:
                    if held is not None:
                        held.release()
            raise
        finally:
            own.activities, own.values, own.host = watched, values, host

    return dress(replacement, original)


def wrap_method(owner: type, name: str, begin: Beginner, *, is_fit: bool = False) -> None:
    """Replace a method that a class defines by a `step`, once; what the class has from another stays."""
    found = owner.__dict__.get(name)
    if found is not None and not is_replacement(found):
        setattr(owner, name, step(found, begin, is_fit=is_fit))


def listen(original: Callable[..., Any], hear: Follower, *, always: bool = False) -> Callable[..., Any]:
    """A replacement that tells ``hear`` of calls that returned, also of those inside a hooked call.

    Parameters:
        always: also of those while nothing is recorded.
    """

    def replacement(*args: Any, **kwargs: Any) -> Any:
        try:
            result = original(*args, **kwargs)
            if always or (gate.recording and get_ident() == gate.thread):
                try:
                    hear(args, kwargs, result)
                except RecursionError:
                    gate.exhausted = True
                except Exception as error:
                    report(original, error)
            return result
        except BaseException as failure:
            BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
            raise

    return dress(replacement, original)


def is_replacement(function: Any) -> bool:
    """Whether ``function`` is one of ours."""
    code = getattr(function, "__code__", None)
    return code is not None and is_hidden(code)


def original_of(function: Any) -> Any:
    """The function that ``function`` replaces, or ``function`` itself."""
    return function.__wrapped__ if is_replacement(function) else function


def dress(replacement: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    """Let a replacement look like its original."""
    dressed: Callable[..., Any] = functools.wraps(original)(replacement)
    return dressed


def hide(maker: Any) -> None:
    """Give the code of all replacements that a maker makes the hidden file name, once."""
    constants = (
        each.replace(co_filename=HIDDEN_FILE) if isinstance(each, CodeType) else each
        for each in maker.__code__.co_consts
    )
    maker.__code__ = maker.__code__.replace(co_consts=tuple(constants))


hide(follow)
hide(follow_each)
hide(step)
hide(listen)


def report(original: Callable[..., Any], error: Exception) -> None:
    """Note that the hook of a function failed."""
    if gate.session is not None:
        gate.session.notice(f"hook of {getattr(original, '__qualname__', original)}", error)
