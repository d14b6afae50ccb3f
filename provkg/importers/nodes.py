"""The states of objects that source text speaks of, and those of them that become values of the record.

Most states are temporaries. One is recorded when a step of machine learning uses or makes it; its links lead
to the nearest recorded states and files it came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from provkg.records import Evidence, File, FileMode, Link, Role, Setting, SplitRole, Value, ValueKind

__all__ = ["FileNode", "Ledger", "Measure", "Node"]

Anything: TypeAlias = object
"""Of a class that is made of these."""
_MOST_ANCESTORS = 2000
_MOST_OPERATIONS = 6
_INFERRED = Evidence.INFERRED


@dataclass(slots=True, eq=False)
class FileNode:
    """A file that the text names, as it was read or written there; always recorded."""

    file: File


@dataclass(slots=True, eq=False)
class Measure:
    """What a number in the text measures: which metric, of which model, on which data."""

    metric: str
    step: object
    model: Node | None = None
    data: Node | None = None


@dataclass(slots=True, eq=False)
class _Object:
    """One object: its number once a state of it is recorded, and how many are."""

    number: int = 0
    recorded: int = 0
    last: Node | None = None


@dataclass(slots=True, eq=False)
class Node:
    """One state of an object.

    ``order`` is the execution in which it came to be, ``type`` its qualified class where the text tells.
    ``parents`` are what it came from, each with the operation. Predictions remember ``model`` and ``data``;
    models their ``settings`` and the data that their constructor was ``given``; open files their ``file``.
    """

    order: int
    kind: ValueKind | None = None
    type: str = ""
    names: tuple[str, ...] = ()
    parents: list[tuple[Node | FileNode, str]] = field(default_factory=list)
    role: SplitRole | None = None
    model: Node | None = None
    data: Node | None = None
    settings: dict[str, Setting] = field(default_factory=dict)
    given: tuple[tuple[Role, str, Node], ...] = ()
    measure: Measure | None = None
    file: FileNode | None = None
    package: str = ""
    revises: Node | None = None
    object: _Object = field(default_factory=_Object)
    fitting: Anything = None
    """The step that fitted an object of which nothing is known."""
    found: bool = False
    """Whether no execution that is shown set it."""
    id: str = ""

    def next_state(self, order: int, parents: Iterable[Node | FileNode], operation: str) -> Node:
        """The state that the object is in after a change in place."""
        return Node(
            order,
            self.kind,
            self.type,
            self.names,
            [(self, operation), *((parent, operation) for parent in parents if parent is not self)],
            role=self.role,
            settings=dict(self.settings),
            given=self.given,
            package=self.package,
            revises=self,
            object=self.object,
        )


class Ledger:
    """The recorded states and files of one run, with their identifiers."""

    def __init__(self) -> None:
        self._objects = 0
        self._nodes: list[Node] = []
        self._files: dict[tuple[str, FileMode, int], FileNode] = {}

    def keep(self, node: Node) -> str:
        """Record a state; returns its identifier."""
        if not node.id:
            known = node.object
            if not known.number or (known.last is not None and known.last.order > node.order):
                # A state that comes to light after a later one cannot be numbered before it any more.
                known = node.object = _Object() if known.number else known
                self._objects += 1
                known.number = self._objects
            known.recorded += 1
            node.id = f"{known.number}.{known.recorded}"
            self._nodes.append(node)
            known.last = node
        return node.id

    def file(self, place: str, url: str, mode: FileMode, order: int) -> FileNode:
        """A file that the text names: one thing wherever it is read, another for every writing."""
        key = (url or place, mode, order if mode is FileMode.WRITTEN else 0)
        known = self._files.get(key)
        if known is None:
            known = self._files[key] = FileNode(
                File(
                    id=f"f{len(self._files) + 1}",
                    path="" if url else place,
                    url=url,
                    mode=mode,
                    reason="named in the code, not read for this record",
                    evidence=_INFERRED,
                )
            )
        return known

    @property
    def files(self) -> list[FileNode]:
        """All files, in the order in which the text names them."""
        return list(self._files.values())

    def values(self) -> dict[int, list[Value]]:
        """The recorded states by the execution in which they came to be."""
        found: dict[int, list[Value]] = {}
        for node in self._nodes:
            found.setdefault(node.order, []).append(_value(node))
        return found

    def links(self) -> dict[int, list[Link]]:
        """From every recorded state to the nearest ones that it came from, by its execution."""
        found: dict[int, list[Link]] = {}
        for node in self._nodes:
            links = [
                Link(target=node.id, source=source, evidence=_INFERRED, operation=operation)
                for source, operation in _nearest(node)
            ]
            if links:
                found.setdefault(node.order, []).extend(links)
        return found


def _value(node: Node) -> Value:
    number, _, version = node.id.partition(".")
    earlier = _earlier_state(node)
    return Value(
        id=node.id,
        object=int(number),
        version=int(version),
        kind=node.kind or ValueKind.OTHER,
        type=node.type,
        names=node.names,
        role=node.role,
        role_evidence=Evidence.DECLARED,
        revision_of=earlier.id if earlier is not None else "",
        evidence=_INFERRED,
        found=node.found,
    )


def _earlier_state(node: Node) -> Node | None:
    earlier = node.revises
    while earlier is not None and not (earlier.id and earlier.object is node.object):
        earlier = earlier.revises
    return earlier


def _nearest(node: Node) -> Iterator[tuple[str, str]]:
    """The recorded ancestors that no other recorded one stands before, with the operations on the way."""
    told: set[str] = {node.id}
    seen: set[int] = set()
    waiting: list[tuple[Node | FileNode, tuple[str, ...]]] = [
        (parent, (operation,)) for parent, operation in reversed(node.parents)
    ]
    while waiting and len(seen) < _MOST_ANCESTORS:
        parent, way = waiting.pop()
        source = parent.file.id if isinstance(parent, FileNode) else parent.id
        if source:
            if source not in told:
                told.add(source)
                steps = [step for step in way if step][:_MOST_OPERATIONS]
                yield source, ", ".join(dict.fromkeys(reversed(steps)))
            continue
        if id(parent) in seen or isinstance(parent, FileNode):
            continue
        seen.add(id(parent))
        waiting += [(above, (*way, operation)) for above, operation in reversed(parent.parents)]
