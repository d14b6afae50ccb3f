"""Leaves capture's own frames out of the tracebacks that IPython shows."""

from __future__ import annotations

import os
from types import TracebackType

from provkg.capture.gate import is_hidden

__all__ = ["without_hooks"]

_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep


def without_hooks(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback without frames of replacements and of capture; the chain is changed in place."""
    while traceback is not None and _ours(traceback):
        traceback = traceback.tb_next
    current = traceback
    while current is not None:
        following = current.tb_next
        while following is not None and _ours(following):
            following = following.tb_next
        current.tb_next = following
        current = following
    return traceback


def _ours(traceback: TracebackType) -> bool:
    code = traceback.tb_frame.f_code
    return is_hidden(code) or code.co_filename.startswith(_FOLDER)
