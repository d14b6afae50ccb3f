"""Which threads the recorded code starts: what they do is told apart from what others do.

Python 3.11 has no audit event for it, so the function that `threading` starts threads by is replaced.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from threading import Thread
from types import MethodType
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks.wrap import dress, hide, report

__all__ = ["watch_starts"]

_NAMES = ("_start_joinable_thread", "_start_new_thread")


def watch_starts() -> Callable[[], None]:
    """Tell the gate of threads that are started; returns what ends that."""
    for name in _NAMES:
        original = getattr(threading, name, None)
        if original is not None:
            replacement = _watched(original)
            setattr(threading, name, replacement)
            return lambda: _put_back(name, replacement, original)
    return lambda: None


def _put_back(name: str, replacement: Any, original: Any) -> None:
    if getattr(threading, name) is replacement:
        setattr(threading, name, original)


def _watched(original: Any) -> Any:
    def start(*args: Any, **kwargs: Any) -> Any:
        if gate.recording:
            try:
                thread: Any = args[0].__self__ if args and type(args[0]) is MethodType else None
                if issubclass(type(thread), Thread):
                    gate.starting(thread)
            except Exception as error:
                report(original, error)
        try:
            return original(*args, **kwargs)
        except BaseException as failure:
            BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
            raise

    return dress(start, original)


hide(_watched)
