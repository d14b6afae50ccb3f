"""Which data figures were drawn from, and which outputs and files show them.

A figure is told what is drawn into it. It is rendered into bytes: into a file, or for the notebook. A display
of exactly these bytes shows that figure, in whichever execution it was drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from provkg.capture.ancestry import links_of
from provkg.capture.file_states import FileState
from provkg.capture.states import Edge, Node, Object
from provkg.identity import sha256
from provkg.records import Evidence, Link, Output, ValueKind

__all__ = ["Figures"]

_MAX_DRAWN = 1000
_MAX_RENDERED = 256
_Drawn: TypeAlias = dict[tuple[Node, str], None]


class Figures:
    """The figures of one session. They are held weakly, and of the data drawn only its states."""

    def __init__(self) -> None:
        self._drawn: WeakKeyDictionary[Any, _Drawn] = WeakKeyDictionary()
        self._rendered: dict[str, _Drawn] = {}
        self._saved: list[tuple[FileState, _Drawn]] = []

    def drew(self, figure: Any, sources: Iterable[Node], operation: str) -> None:
        """Data was drawn into a figure."""
        drawn = self._drawn.setdefault(figure, {})
        for node in sources:
            if len(drawn) < _MAX_DRAWN:
                drawn[node, operation] = None

    def rendered(self, figure: Any, content: bytes) -> None:
        """A figure was rendered into bytes."""
        drawn = self._drawn.get(figure)
        if drawn:
            self._rendered[sha256(content)] = dict(drawn)
            if len(self._rendered) > _MAX_RENDERED:
                del self._rendered[next(iter(self._rendered))]

    def saved(self, figure: Any, file: FileState) -> None:
        """A figure was rendered into a file."""
        drawn = self._drawn.get(figure)
        if drawn:
            self._saved.append((file, dict(drawn)))

    def end(self, outputs: Iterable[Output]) -> Iterator[Link]:
        """The links from outputs and files of the execution that ends to the data that their figures show."""
        saved, self._saved = self._saved, []
        for file, drawn in saved:
            yield from _links(file.id, drawn)
        for output in outputs if self._rendered else ():
            for content in output.contents:
                drawn = self._rendered.get(content.sha256, {})
                yield from _links(output.id, drawn)


def _links(target: str, drawn: _Drawn) -> Iterator[Link]:
    shown = Node(Object("", 0), ValueKind.OTHER)
    shown.id = target
    shown.edges = tuple(Edge(node, operation, Evidence.OBSERVED) for node, operation in drawn)
    yield from links_of(shown)
