"""Which notebook the cells of a live kernel stand in, and which cell of it each execution is of."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from provkg.capture.places import Unplaced, place
from provkg.capture.playback import Playback, find_playback
from provkg.capture.saved import SavedNotebook, read_saved
from provkg.identity import sha256
from provkg.records import CellsPlaced, Code, CodeKind, DocumentSeen, Evidence, is_handle

__all__ = ["Whereabouts"]

_VS_CODE = "__vsc_ipynb_file__"


class Whereabouts:
    """The notebook of one session.

    A Jupyter server names it in ``JPY_SESSION_NAME``, VS Code in a variable of the namespace. Where neither
    does, the program that plays it may have it on its command line.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._playback: Playback | None = None
        self._unplaced: list[Unplaced] = []
        self.path = ""
        """The notebook's file; empty while none is known."""
        self._identity: tuple[int, int] | None = None

    def begin(self, first: str) -> tuple[Code | None, Playback | None]:
        """The session begins with a cell; returns what code it is of, and what plays it.

        Parameters:
            first: the source of that cell.
        """
        self.path = _named(self._namespace)
        if not self.path:
            self._playback = find_playback(first)
        self._identity = _identity(self.path)
        if self._playback is None:
            return Code(path=self.path, kind=CodeKind.NOTEBOOK) if self.path else None, None
        asked = self._playback.source
        self.path = asked.path
        code = Code(path=asked.path, kind=CodeKind.NOTEBOOK, sha256=asked.sha256, size=asked.size)
        return code, self._playback

    def cell(self, order: int, source: str, given: str, meta: Mapping[str, Any]) -> dict[str, Any]:
        """What is known of the cell of an execution that begins, as fields of its record.

        Parameters:
            order: the rank of the execution.
            given: the id that the client gave, or an empty text.
            meta: what else the client sent with the request.
        """
        runner = meta.get("provkg")
        if isinstance(runner, dict):
            index = runner.get("index")
            return {"cell_id": given, "index": index if type(index) is int else None, "tags": _tags(runner)}
        if given and not is_handle(given):
            return {"cell_id": given, "tags": _tags(meta)}
        played = self._playback.next(source) if self._playback is not None and not given else None
        if played is not None:
            return {
                "cell_id": played.id,
                "index": played.index,
                "tags": played.tags,
                "cell_evidence": Evidence.INFERRED,
            }
        digest = sha256(source.encode("utf-8", "backslashreplace"))
        self._unplaced.append(Unplaced(order=order, handle=given, sha256=digest))
        return {"cell_id": given, "tags": _tags(meta)}

    def skip(self, source: str) -> None:
        """A cell is executed and not recorded."""
        if self._playback is not None:
            self._playback.next(source)

    def left(self, since: datetime) -> tuple[DocumentSeen | CellsPlaced, ...]:
        """The notebook that the session left, if it was saved since a time, and what of it was executed."""
        path = self.path or _named(self._namespace)
        if self._playback is not None:
            path = self._playback.notebook.path
        found = self._renamed(path) if path and not os.path.exists(path) else path
        saved = read_saved(found) if found else None
        if saved is None or saved.at < since:
            return ()
        document, placed = saved.document(), self._place(saved)
        if found != path:
            document = DocumentSeen(at=document.at, document=document.document, path=found)
        return (document, placed) if placed is not None else (document,)

    def _renamed(self, path: str) -> str:
        """Where a notebook is that was renamed in its folder: editors keep the file itself."""
        if self._identity is None:
            return ""
        try:
            names = [name for name in os.listdir(os.path.dirname(path)) if name.endswith(".ipynb")]
        except OSError:
            return ""
        paths = (os.path.join(os.path.dirname(path), name) for name in names)
        return next((each for each in paths if _identity(each) == self._identity), "")

    def _place(self, saved: SavedNotebook) -> CellsPlaced | None:
        return place(self._unplaced, saved) if self._unplaced else None


def _identity(path: str) -> tuple[int, int] | None:
    try:
        state = os.stat(path)
    except OSError:
        return None
    return (state.st_dev, state.st_ino)


def _named(namespace: Mapping[str, Any]) -> str:
    for path in (namespace.get(_VS_CODE), os.environ.get("JPY_SESSION_NAME")):
        if type(path) is str and path.endswith(".ipynb"):
            return os.path.abspath(path)
    return ""


def _tags(meta: Mapping[str, Any]) -> tuple[str, ...]:
    tags = meta.get("tags")
    return tuple(tag for tag in tags if type(tag) is str) if isinstance(tags, list | tuple) else ()
