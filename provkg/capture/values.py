"""Follows objects by identity: which state of which object was derived from which.

Every state is a `Node`; its parents are the states and files it came from. Most nodes are temporaries
that die within a statement. Only states that matter (bound to a variable when a cell ends, or part of
an activity) are *recorded*; a recorded node's links lead to the nearest recorded ancestors, through any
temporaries between. Objects are held by weak references only, so nothing of the user's is kept alive,
and an identity that Python uses again is never mistaken for the object that had it before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any
from weakref import ref

from provkg.capture.fingerprints import fingerprint_of
from provkg.capture.kinds import columns_of, kind_of, shape_of, type_name
from provkg.capture.predictions import RANK, Label, Parts, inherit
from provkg.records import Evidence, Fingerprint, Link, SplitRole, Value, ValueKind

__all__ = ["Edge", "FileNode", "Node", "Tracker"]

_ESTIMATORS = (ValueKind.MODEL, ValueKind.TRANSFORMER)
_MAX_OPERATIONS = 6
_MAX_TEMPORARIES = 10_000


class FileNode:
    """A file of the run as a source or target of links; always recorded."""

    __slots__ = ("id",)

    def __init__(self, identifier: str) -> None:
        self.id = identifier


class Edge:
    """That a node came from a parent, how this is known, and by which operation."""

    __slots__ = ("evidence", "operation", "parent")

    def __init__(self, parent: Node | FileNode, operation: str, evidence: Evidence) -> None:
        self.parent = parent
        self.operation = operation
        self.evidence = evidence


class _Object:
    """One followed object: its number once a state of it is recorded, and its newest state."""

    __slots__ = ("kind", "newest", "number", "recorded", "reference", "type")

    def __init__(self, kind: ValueKind, type_: str) -> None:
        self.kind = kind
        self.type = type_
        self.reference: ref[Any] | None = None
        self.number = 0
        self.recorded = 0
        self.newest: Node | None = None


class Node:
    """One state of a followed object.

    ``model`` and ``data`` are set on predictions and what is derived from them: the model that made
    them and the data it was given; ``trust`` is the weakest evidence on the way from there. ``parts`` are
    the columns of a table that hold predictions, ``target`` the target values in what holds both data and
    target. ``found`` says that nothing is known of what made the state.
    """

    __slots__ = (
        "changed",
        "columns",
        "data",
        "dead",
        "edges",
        "fingerprint",
        "found",
        "id",
        "kind",
        "model",
        "object",
        "parts",
        "revises",
        "role",
        "shape",
        "target",
        "trust",
        "version",
    )

    def __init__(self, object_: _Object, kind: ValueKind) -> None:
        self.object = object_
        self.kind = kind
        self.edges: tuple[Edge, ...] = ()
        self.id = ""
        self.version = 0
        self.revises: Node | None = None
        self.role: SplitRole | None = None
        self.model: Node | None = None
        self.data: Node | None = None
        self.target: Node | None = None
        self.parts: Parts = {}
        self.trust = Evidence.OBSERVED
        self.fingerprint: Fingerprint | None = None
        self.shape: tuple[int, ...] = ()
        self.columns: tuple[Any, ...] = ()
        self.dead = False
        self.changed = False
        self.found = False

    def value(self, names: tuple[str, ...]) -> Value:
        """The record of this state."""
        return Value(
            id=self.id,
            object=self.object.number,
            version=self.version,
            kind=self.kind,
            type=self.object.type,
            names=names,
            shape=self.shape,
            columns=self.columns,
            fingerprint=self.fingerprint,
            role=self.role,
            revision_of=self.revises.id if self.revises is not None else "",
            found=self.found,
        )


class Tracker:
    """The followed objects of one session.

    Parameters:
        fingerprint_limit: values larger than this many bytes get no fingerprint.
    """

    def __init__(self, fingerprint_limit: int = 100_000_000) -> None:
        self._fingerprint_limit = fingerprint_limit
        self._objects: dict[int, _Object] = {}
        self._numbers = 0
        self._shapes: set[tuple[int, ...]] = set()
        self._by_content: dict[tuple[str, str], list[Node]] = {}

    def __len__(self) -> int:
        return len(self._objects)

    def find(self, value: object) -> Node | None:
        """The newest state of an object, if it is followed."""
        entry = self._objects.get(id(value))
        if entry is None or entry.reference is None or entry.reference() is not value:
            return None
        return entry.newest

    def node(self, value: object, kind: ValueKind | None = None) -> Node | None:
        """The newest state of an object, followed from now on; None for what cannot be followed."""
        known = self.find(value)
        if known is not None:
            return known
        kind = kind or kind_of(value)
        if kind is None:
            return None
        entry = _Object(kind, type_name(type(value)))
        identity = id(value)
        objects = self._objects

        def forget(dead: ref[Any]) -> None:
            if objects.get(identity) is entry:
                del objects[identity]
            if entry.newest is not None:
                entry.newest.dead = True

        try:
            entry.reference = ref(value, forget)
        except TypeError:
            return None
        objects[identity] = entry
        node = Node(entry, kind)
        entry.newest = node
        return node

    def derive(
        self,
        value: object,
        parents: Iterable[Node | FileNode],
        operation: str,
        evidence: Evidence = Evidence.OBSERVED,
        kind: ValueKind | None = None,
        given: Mapping[Label, Node | None] = MappingProxyType({}),
    ) -> Node | None:
        """Follow a new object and say where it came from, and of a table's columns that were given alone.

        An object that is already followed keeps what is known of it: a call that hands back what it
        was given derives nothing.
        """
        if self.find(value) is not None:
            return self.find(value)
        node, parents = self.node(value, kind), tuple(parents)
        if node is not None:
            self._link(node, parents, operation, evidence)
            self._inherit(node, value, parents, evidence, given)
        return node

    def revise(
        self,
        value: object,
        parents: Iterable[Node | FileNode],
        operation: str,
        evidence: Evidence = Evidence.OBSERVED,
        given: Mapping[Label, Node | None] = MappingProxyType({}),
    ) -> Node | None:
        """Begin a new state of an object that was changed in place, where told so in the columns given."""
        old, parents = self.find(value), tuple(parents)
        if old is None:
            node = self.node(value)
            if node is not None:
                self._link(node, parents, operation, evidence)
                self._inherit(node, value, parents, evidence, given)
            return node
        entry = old.object
        node = Node(entry, old.kind)
        node.revises = old if old.id else old.revises
        node.role = old.role
        node.target = old.target
        entry.newest = node
        parents = (old, *parents)
        self._link(node, parents, operation, evidence)
        self._inherit(node, value, parents, evidence, given)
        old.dead = True
        return node

    def replace(self, value: object, parents: Iterable[Node | FileNode], operation: str) -> Node | None:
        """Begin a new state of an object that was filled anew, and has nothing of the one before."""
        old = self.find(value)
        node = self.revise(value, parents, operation)
        if old is not None and node is not None:
            node.revises = node.role = None
            node.edges = tuple(edge for edge in node.edges if edge.parent is not old)
        return node

    def _link(
        self, node: Node, parents: Iterable[Node | FileNode], operation: str, evidence: Evidence
    ) -> None:
        parents = tuple(parents)
        edges: list[Edge] = []
        roles: set[SplitRole] = set()
        for parent in parents:
            if parent is node:
                continue
            edges.append(Edge(parent, operation, evidence))
            if isinstance(parent, FileNode):
                continue
            _shorten(parent)
            if parent.role is not None and parent.kind in (ValueKind.DATASET, ValueKind.PREDICTION):
                roles.add(parent.role)
        node.edges += tuple(edges)
        if node.role is None and len(roles) == 1:
            node.role = roles.pop()

    def _inherit(
        self,
        node: Node,
        value: object,
        parents: Iterable[Node | FileNode],
        evidence: Evidence,
        given: Mapping[Label, Node | None],
    ) -> None:
        if node.kind in _ESTIMATORS:
            return
        data = [each for each in parents if isinstance(each, Node) and each.kind not in _ESTIMATORS]
        inherit(node, value, data, evidence, given)

    def estimators(self) -> Iterator[Any]:
        """The followed models and transformers that are there."""
        for entry in list(self._objects.values()):
            value = entry.reference() if entry.kind in _ESTIMATORS and entry.reference is not None else None
            if value is not None:
                yield value

    def find_again(self, is_unchanged: Callable[[Any], bool]) -> set[Node | None]:
        """Claim no more of each object than holds after a time in which nothing was seen.

        A recorded state whose content is the same still stands; any other object is in a state of which
        nothing is known but which object it is of.

        Parameters:
            is_unchanged: whether an estimator is known to be as it was.

        Returns: the states that stand.
        """
        standing: set[Node | None] = set()
        for entry in list(self._objects.values()):
            value, old = entry.reference() if entry.reference is not None else None, entry.newest
            if value is None or old is None:
                continue
            if old.kind in _ESTIMATORS:
                same = is_unchanged(value)
            else:
                same = old.fingerprint is not None and self.fingerprint(value) == old.fingerprint
            if old.id and same:
                standing.add(old)
                continue
            entry.newest = node = Node(entry, old.kind)
            node.found = True
            node.revises = old if old.id else old.revises
            old.dead = True
        return standing

    def describe(self, node: Node, value: object) -> None:
        """Give a state its number and take its shape, columns and fingerprint, once."""
        if node.id:
            return
        entry = node.object
        if not entry.number:
            self._numbers += 1
            entry.number = self._numbers
        entry.recorded += 1
        node.version = entry.recorded
        node.id = f"{entry.number}.{node.version}"
        if node.kind in _ESTIMATORS:
            return
        node.shape = shape_of(value) or node.shape
        node.columns = columns_of(value) or node.columns
        node.fingerprint = node.fingerprint or self.fingerprint(value)
        if node.fingerprint is not None:
            self._shapes.add(node.shape)
            self._by_content.setdefault((node.fingerprint.algorithm, node.fingerprint.hex), []).append(node)

    def fingerprint(self, value: object) -> Fingerprint | None:
        """The digest of a value's content, where that is not larger than the limit."""
        return fingerprint_of(value, self._fingerprint_limit)

    def same_content(self, value: object) -> tuple[Node, ...]:
        """The recorded states with the content of a value."""
        # Most have no state of their shape recorded, and need no digest.
        fingerprint = self.fingerprint(value) if shape_of(value) in self._shapes else None
        if fingerprint is None:
            return ()
        return tuple(self._by_content.get((fingerprint.algorithm, fingerprint.hex), ()))

    def links(self, node: Node) -> Iterator[Link]:
        """The links from a recorded node to its nearest recorded ancestors; its history is then dropped."""
        best: dict[str, tuple[Evidence, str]] = {}
        for ancestor, evidence, operations in _nearest_recorded(node):
            known = best.get(ancestor)
            if known is None or RANK[evidence] < RANK[known[0]]:
                best[ancestor] = (evidence, " → ".join(operations))
        node.edges = ()
        for source, (evidence, operation) in best.items():
            if source != node.id:
                yield Link(target=node.id, source=source, evidence=evidence, operation=operation)


def _shorten(node: Node) -> None:
    """Let a temporary's edges pass over temporaries that are gone, so that chains stay short."""
    if node.id or not any(
        isinstance(e.parent, Node) and e.parent.dead and not e.parent.id for e in node.edges
    ):
        return
    edges: dict[int, Edge] = {}
    for edge in node.edges:
        parent = edge.parent
        if isinstance(parent, FileNode) or parent.id or not parent.dead:
            edges.setdefault(id(parent), edge)
            continue
        for further in parent.edges:
            operation = edge.operation
            if further.operation and further.operation != operation and further.operation.count(" → ") < 4:
                operation = f"{further.operation} → {operation}"
            evidence = max(edge.evidence, further.evidence, key=RANK.__getitem__)
            edges.setdefault(id(further.parent), Edge(further.parent, operation, evidence))
    node.edges = tuple(edges.values())


def _nearest_recorded(node: Node) -> Iterator[tuple[str, Evidence, tuple[str, ...]]]:
    """Walk up through temporaries: each nearest recorded ancestor, the weakest evidence on the way, and
    the operations, first to last.
    """
    pending: list[tuple[Node, Evidence, tuple[str, ...]]] = [(node, Evidence.OBSERVED, ())]
    seen: set[tuple[int, Evidence]] = set()
    while pending and len(seen) < _MAX_TEMPORARIES:
        current, evidence, operations = pending.pop()
        for edge in current.edges:
            weakest = max(evidence, edge.evidence, key=RANK.__getitem__)
            path = operations
            if edge.operation and (not operations or operations[0] != edge.operation):
                path = (edge.operation, *operations)[:_MAX_OPERATIONS]
            if edge.parent.id:
                yield edge.parent.id, weakest, path
            elif isinstance(edge.parent, Node) and (id(edge.parent), weakest) not in seen:
                seen.add((id(edge.parent), weakest))
                pending.append((edge.parent, weakest, path))
