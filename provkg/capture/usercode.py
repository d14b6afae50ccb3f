"""Tells which frames run the user's own code, and which place of it is at work.

Of a notebook, that is what its cells define: its code has the notebook's variables for globals. Of a script,
the modules that no package provides are the user's as well.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from types import CodeType, FrameType
from typing import Any

import provkg

__all__ = ["UserCode"]

_OWN = os.path.dirname(os.path.abspath(provkg.__file__)) + os.sep


class UserCode:
    """The user's own code in one process.

    Parameters:
        namespace: the variables of the notebook or script.
        is_packaged: whether a file belongs to the interpreter or an installed package.
    """

    def __init__(self, namespace: Mapping[str, Any], is_packaged: Callable[[str], bool]) -> None:
        self.document = ""
        """The file name that the code of the script carries; empty for a notebook."""
        self._namespace = namespace
        self._is_packaged = is_packaged
        self._files: dict[str, bool] = {}

    def frame(self) -> FrameType | None:
        """The innermost frame of the user's own code."""
        return self._from(sys._getframe(1))

    def frame_of(self, thread: int) -> FrameType | None:
        """That of another thread, which may be running on."""
        return self._from(sys._current_frames().get(thread))

    def _from(self, frame: FrameType | None) -> FrameType | None:
        while frame is not None and frame.f_globals is not self._namespace:
            if self.document and self._is_own(frame.f_code.co_filename):
                break
            frame = frame.f_back
        return frame

    def is_own(self, code: CodeType) -> bool:
        """Whether code is from a module of the user's, beside the document."""
        return bool(self.document) and self._is_own(code.co_filename)

    def _is_own(self, file: str) -> bool:
        known = self._files.get(file)
        if known is None:
            # What has no file, such as ``<string>``, says nothing of whose it is.
            path = os.path.abspath(file)
            known = file[:1] != "<" and not path.startswith(_OWN) and not self._is_packaged(path)
            self._files[file] = known
        return known

    def place(self) -> tuple[int | None, str]:
        """The line at work in the user's code, and its file where that is not the script's own."""
        frame = self.frame()
        if frame is None:
            return None, ""
        file = frame.f_code.co_filename
        return frame.f_lineno, "" if file == self.document else os.path.abspath(file)
