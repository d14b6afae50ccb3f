"""Other threads of the process that may run code of the user's, unseen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from threading import Thread
from typing import Any

__all__ = ["others_at_work"]

_POOLS = frozenset({"concurrent.futures.thread", "multiprocessing.pool"})
"""Modules whose threads run what they are given."""


def others_at_work(is_packaged: Callable[[str], bool]) -> bool:
    """Whether there is another thread that may be running the user's code.

    Parameters:
        is_packaged: whether a file belongs to the interpreter or an installed package.
    """
    current, main = threading.current_thread(), threading.main_thread()
    return any(
        thread is main or _runs_own(thread, is_packaged)
        for thread in threading.enumerate()
        if thread is not current
    )


def _runs_own(thread: Thread, is_packaged: Callable[[str], bool]) -> bool:
    function: Any = thread.__dict__.get("_target") or thread.__dict__.get("function") or type(thread).run
    while hasattr(function, "func"):  # functools.partial
        function = function.func
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    if getattr(function, "__module__", "") in _POOLS:
        return True
    return code is not None and not is_packaged(code.co_filename)
