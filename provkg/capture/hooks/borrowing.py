"""Calls a function as if from the frame that called its replacement.

Some functions look up the variables of whoever calls them, through that frame alone (`duckdb.sql`). A frame
of ours between would hide them; so the call is made by code that runs with the caller's variables.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from provkg.capture.gate import HIDDEN_FILE, is_hidden
from provkg.capture.hooks.wrap import dress, hide
from provkg.capture.namespace import locals_of

__all__ = ["borrow"]

_CALL, _ARGUMENTS, _NAMED = "<provkg call>", "<provkg arguments>", "<provkg named>"
"""No variable can have such a name, so none is hidden."""
_CODE = compile("call(*arguments, **named)", HIDDEN_FILE, "eval").replace(
    co_names=(_CALL, _ARGUMENTS, _NAMED)
)


def _caller() -> FrameType | None:
    """The frame that called the replacement at work."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and is_hidden(frame.f_code):
        frame = frame.f_back
    return frame


def borrow(original: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, to be called by a replacement, with the variables of the replacement's caller."""

    def borrowed(*args: Any, **kwargs: Any) -> Any:
        frame = _caller()
        if frame is None:
            return original(*args, **kwargs)
        held = dict(locals_of(frame) or frame.f_locals)
        held[_CALL], held[_ARGUMENTS], held[_NAMED] = original, args, kwargs
        try:
            return eval(_CODE, frame.f_globals, held)
        except BaseException as failure:
            own = sys.exc_info()[2].tb_next  # type: ignore[union-attr]
            BaseException.with_traceback(failure, own.tb_next if own is not None else None)
            raise

    return dress(borrowed, original)


hide(borrow)
