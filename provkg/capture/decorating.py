"""Functions whose calls are recorded: nothing else about them changes."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Generator
from typing import Any, ParamSpec, TypeAlias, TypeVar

from provkg.capture.block import Block
from provkg.capture.hooks.settings import setting
from provkg.capture.hooks.wrap import dress, hide
from provkg.records import Setting

__all__ = ["NOWHERE", "arguments", "recorded"]

P = ParamSpec("P")
R = TypeVar("R")
Begin: TypeAlias = Callable[[tuple[Any, ...], dict[str, Any]], Block]

NOWHERE = compile("", "<unknown>", "exec")
"""The code of a callable that is not written in Python."""
_PLAIN = (str, int, float, bool, type(None))


def arguments(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Setting, ...]:
    """The plain numbers, texts and truth values that a function is called with, as parameters of the run."""
    try:
        signature = inspect.signature(function)
        bound = signature.bind(*args, **kwargs)
    except (TypeError, ValueError):  # the call itself will tell
        return ()
    bound.apply_defaults()
    return tuple(
        setting(name, value, signature.parameters[name].default)
        for name, value in bound.arguments.items()
        if type(value) in _PLAIN
    )


def recorded(function: Callable[P, R], begin: Begin) -> Callable[P, R]:
    """A replacement that records each call, and of a generator all that is between its values.

    Parameters:
        begin: begins the block of a call with these arguments.

    Raises:
        TypeError: the function is a class or an asynchronous generator.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        block = begin(args, kwargs)
        try:
            result = function(*args, **kwargs)
        except BaseException as failure:
            BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
            block.end(failure)
            raise
        block.end()
        return result

    async def coroutine(*args: Any, **kwargs: Any) -> Any:
        block = begin(args, kwargs)
        try:
            result = await function(*args, **kwargs)  # type: ignore[misc]
        except BaseException as failure:
            BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
            block.end(failure)
            raise
        block.end()
        return result

    def generator(*args: Any, **kwargs: Any) -> Any:
        block = begin(args, kwargs)
        try:
            result = yield from _paused(block, function(*args, **kwargs))  # type: ignore[arg-type]
        except BaseException as failure:
            BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
            block.end(failure)
            raise
        block.end()
        return result

    if isinstance(function, type) or inspect.isasyncgenfunction(function):
        kind = "class" if isinstance(function, type) else "asynchronous generator"
        raise TypeError(f"provkg.record cannot record calls of a {kind}: put `with provkg.record():` in it")
    if inspect.iscoroutinefunction(function):
        return dress(coroutine, function)
    return dress(generator if inspect.isgeneratorfunction(function) else call, function)


hide(recorded)


def _paused(block: Block, inner: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """A generator's values (PEP 380); what whoever consumes them does between two is not the block's."""
    resume: Callable[[Any], Any] = inner.send
    given: Any = None
    while True:
        try:
            value = resume(given)
        except StopIteration as stop:
            return stop.value
        block.pause()
        try:
            given = yield value
            resume = inner.send
        except GeneratorExit:
            block.go_on()
            inner.close()
            raise
        except BaseException as error:
            resume, given = inner.throw, error
        block.go_on()


hide(_paused)
