"""Follows objects by identity: which state of which object was derived from which.

Every state is a `Node`; its parents are the states and files it came from. Most nodes are temporaries
that die within a statement. Only states that matter (bound to a variable when a cell ends, or part of
an activity) are *recorded*; a recorded node's links lead to the nearest recorded ancestors, through any
temporaries between. Objects are held by weak references only, so nothing of the user's is kept alive,
and an identity that Python uses again is never mistaken for the object that had it before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from types import MappingProxyType
from typing import Any, TypeAlias
from weakref import ref

from provkg.capture.ancestry import links_of, shorten
from provkg.capture.columns import SAME, Columns
from provkg.capture.fingerprints import fingerprint_of
from provkg.capture.kinds import columns_of, element_type_of, kind_of, shape_of
from provkg.capture.lightly import Light, LightValues
from provkg.capture.memory import Memory, is_dataset, is_tensor
from provkg.capture.predictions import inherit
from provkg.capture.states import Edge, FileNode, Label, Node, Object, Parent, Reference, shared_place
from provkg.records import Digest, Evidence, Fingerprint, Link, SplitRole, ValueKind

__all__ = ["Edge", "FileNode", "Node", "Tracker"]

_ESTIMATORS = (ValueKind.MODEL, ValueKind.TRANSFORMER)
_DATA = (ValueKind.DATASET, ValueKind.PREDICTION)
_NOTHING: Mapping[Label, Node | None] = MappingProxyType({})
_Told: TypeAlias = "Columns | Mapping[Node, Columns] | None"
"""Which columns came from which: of the first parent, or of each."""


class Tracker:
    """The followed objects of one session.

    Parameters:
        fingerprint_limit: of values larger than this many bytes a part gets a fingerprint.
        fingerprint_part: about how many bytes of them; 0 for none.
    """

    def __init__(self, fingerprint_limit: int = 100_000_000, fingerprint_part: int = 16_000_000) -> None:
        self._fingerprint_limit = fingerprint_limit
        self._fingerprint_part = fingerprint_part
        self._objects: dict[int, Object] = {}
        self._memory: dict[int, tuple[Reference, Object, Node]] = {}
        """Arrays that are not followed but own the memory of one that is."""
        self.tensors = Memory()
        self.light = LightValues(self)
        self._numbers = count(1)
        self._epoch = 0
        self._forgetting = self._forget

    def __len__(self) -> int:
        return len(self._objects)

    def begin(self) -> None:
        """An execution begins: states that exist now are older than what it makes."""
        self._epoch += 1

    def find(self, value: object) -> Node | None:
        """The newest state of an object, if it is followed."""
        entry = self._objects.get(id(value))
        if entry is None or entry.reference is None or entry.reference() is not value:
            return self.light.state(value) if self.light else None
        return entry.newest if entry.doubt is None else self._made_sure(entry)

    def find_each(self, held: Iterable[tuple[str, object]]) -> dict[str, Node]:
        """The newest state of each object in variables that is followed."""
        objects, light, found = self._objects, bool(self.light), {}
        for name, value in held:
            entry = objects.get(id(value))
            if entry is not None and entry.doubt is None and entry.reference is not None:
                node = entry.newest if entry.reference() is value else None
            else:
                node = self.find(value) if entry is not None or light else None
            if node is not None:
                found[name] = node
        return found

    def doubt(self, value: object, *, beside: bool) -> None:
        """An object was changed unseen.

        Parameters:
            beside: by a thread of the execution at work, not by one of an earlier execution.
        """
        entry = self._objects.get(id(value))
        if entry is not None:
            entry.doubt = beside and entry.doubt is not False

    def _made_sure(self, entry: Object) -> Node | None:
        """A new state for an object that was changed unseen."""
        beside, entry.doubt, old = entry.doubt, None, entry.newest
        if old is None:
            return None
        entry.newest = node = Node(entry, old.kind)
        node.revises, node.role = old if old.id else old.revises, old.role
        if beside:
            node.edges = (Edge(old, "changed in another thread", Evidence.OBSERVED),)
        else:
            node.found = True
        old.dead = True
        return node

    def is_older(self, node: Node) -> bool:
        """Whether an object's state is from before the execution at work."""
        return node.object.epoch != self._epoch

    def earliest(self, value: object) -> Node | None:
        """The state that a followed object had when the execution at work began, or its first one since."""
        node = self.find(value)
        if node is None or node.object.epoch != self._epoch:
            return node
        return node.object.before

    def owner(self, value: object) -> Node | None:
        """The newest state of the array whose memory is that of ``value``, an array not followed itself."""
        reference, entry, first = self._memory.get(id(value), (None, None, None))
        if reference is None or reference() is not value:
            return None
        return (entry.newest if entry is not None else None) or first

    def node(self, value: object, kind: ValueKind | None = None) -> Node | None:
        """The newest state of an object, followed from now on; None for what cannot be followed."""
        return self.find(value) or self._begin(value, kind)

    def _begin(self, value: object, kind: ValueKind | None) -> Node | None:
        """Follow an object that is not followed yet."""
        kind = kind or kind_of(value)
        if kind is None:
            return None
        try:
            reference = Reference(value, self._forgetting)
        except TypeError:
            return None
        reference.identity = identity = id(value)
        entry = Object(type(value), self._epoch)
        entry.reference = reference
        self._objects[identity] = entry
        entry.newest = entry.before = node = Node(entry, kind)
        if type(value).__name__ == "ndarray":
            base = value.base  # type: ignore[attr-defined]
            if type(base) is type(value) and id(base) not in self._objects and self.owner(base) is None:
                known = Reference(base, self._forget_memory)
                known.identity = id(base)
                self._memory[known.identity] = known, entry, node
        if is_tensor(value):
            self.tensors.remember(value, entry)
        return node

    def sharing(self, value: object) -> Node | None:
        """The state of the followed tensor whose memory a tensor or array is a view of."""
        owner = self.tensors.owner(value)
        if isinstance(owner, Light):
            return self.light.settle(owner)
        return owner.newest if isinstance(owner, Object) else owner

    def extend(
        self, node: Node, parents: Iterable[Parent], operation: str, evidence: Evidence = Evidence.OBSERVED
    ) -> None:
        """Say of a state that is not recorded yet what else it came from."""
        known = {id(edge.parent) for edge in node.edges}
        new = tuple(each for each in parents if id(each) not in known)
        self._link(node, None, new, operation, evidence, _NOTHING)

    def _forget(self, dead: ref[Any]) -> None:
        identity = dead.identity  # type: ignore[attr-defined]
        entry = self._objects.get(identity)
        if entry is None or entry.reference is not dead:
            return
        del self._objects[identity]
        if entry.newest is not None:
            entry.newest.dead = True
            self.tensors.hand_on(entry, entry.newest)
        # A state and its object refer to each other: without this only a collection would free them.
        entry.newest = entry.before = None

    def _forget_memory(self, dead: ref[Any]) -> None:
        identity = dead.identity  # type: ignore[attr-defined]
        if self._memory.get(identity, (None,))[0] is dead:
            del self._memory[identity]

    def derive(
        self,
        value: object,
        parents: Iterable[Parent],
        operation: str,
        evidence: Evidence = Evidence.OBSERVED,
        kind: ValueKind | None = None,
        given: Mapping[Label, Node | None] = _NOTHING,
        columns: _Told = None,
    ) -> Node | None:
        """Follow a new object and say where it came from, and of a table's columns that were given alone.

        An object that is already followed keeps what is known of it: a call that hands back what it
        was given derives nothing.
        """
        known = self.find(value)
        if known is not None:
            return known
        node = self._begin(value, kind)
        if node is not None:
            self._link(node, value, tuple(parents), operation, evidence, given, columns)
        return node

    def plain(
        self,
        value: object,
        kind: ValueKind,
        parents: Iterable[Parent],
        operation: str,
        evidence: Evidence,
        old: Node | None = None,
    ) -> Node:
        """A state of a value that cannot be followed by itself.

        Parameters:
            old: its state before it was changed in place.
        """
        entry = old.object if old is not None else Object(type(value), self._epoch)
        node = Node(entry, kind)
        if old is not None:
            node.revises, node.role, node.fold = old if old.id else old.revises, old.role, old.fold
            self._link(node, value, (old,), operation, Evidence.OBSERVED, _NOTHING)
        self._link(node, value, tuple(parents), operation, evidence, _NOTHING)
        return node

    def revise(
        self,
        value: object,
        parents: Iterable[Parent],
        operation: str,
        evidence: Evidence = Evidence.OBSERVED,
        given: Mapping[Label, Node | None] = _NOTHING,
        columns: _Told = SAME,
    ) -> Node | None:
        """Begin a new state of an object that was changed in place, where told so in the columns given."""
        old, parents = self.find(value), tuple(parents)
        if old is None:
            node = self.node(value)
            if node is not None:
                self._link(node, value, parents, operation, evidence, given, columns)
            return node
        entry = old.object
        if entry.epoch != self._epoch:
            entry.epoch, entry.before = self._epoch, old
        entry.newest = node = Node(entry, old.kind)
        node.revises = old if old.id else old.revises
        node.role, node.fold, node.target = old.role, old.fold, old.target
        self._link(node, value, (old, *parents), operation, evidence, given, columns)
        old.dead = True
        return node

    def replace(self, value: object, parents: Iterable[Parent], operation: str) -> Node | None:
        """Begin a new state of an object that was filled anew, and has nothing of the one before."""
        old = self.find(value)
        node = self.revise(value, parents, operation)
        if old is not None and node is not None:
            node.revises = node.role = node.fold = None
            node.edges = tuple(edge for edge in node.edges if edge.parent is not old)
        return node

    def _link(
        self,
        node: Node,
        value: object,
        parents: tuple[Parent, ...],
        operation: str,
        evidence: Evidence,
        given: Mapping[Label, Node | None],
        columns: _Told = None,
    ) -> None:
        if len(parents) == 1 and type(parents[0]) is Node and not given and parents[0] is not node:
            self._link_one(node, value, parents[0], operation, evidence, columns)
            return
        edges: list[Edge] = []
        seen = {id(node)}
        places: set[tuple[SplitRole, int | None]] = set()
        chosen: set[tuple[SplitRole, int | None]] = set()
        inherits = bool(given)
        for parent in parents:
            if id(parent) in seen:
                continue
            seen.add(id(parent))
            if isinstance(parent, FileNode):
                edges.append(Edge(parent, operation, evidence))
                continue
            told = columns.get(parent) if type(columns) is dict else None if edges else columns
            edges.append(Edge(parent, operation, evidence, told))  # type: ignore[arg-type]
            if parent.edges and not parent.id:
                shorten(parent)
            if parent.kind is ValueKind.PREDICTION or parent.parts:
                inherits = True
            if parent.role is not None and parent.kind in _DATA:
                (chosen if parent.selects else places).add((parent.role, parent.fold))
        node.edges = (*node.edges, *edges)
        if node.role is None and node.kind not in _ESTIMATORS:
            node.role, node.fold = shared_place(chosen or places)
        if inherits and node.kind in _DATA and not is_dataset(type(value)):
            data = [each for each in parents if isinstance(each, Node) and each.kind not in _ESTIMATORS]
            inherit(node, value, data, evidence, given)

    def add(
        self, node: Node, value: object, parents: Sequence[Node], operation: str, evidence: Evidence
    ) -> None:
        """Say of a state where else it came from."""
        if parents:
            self._link(node, value, tuple(parents), operation, evidence, _NOTHING)

    def _link_one(
        self, node: Node, value: object, parent: Node, operation: str, evidence: Evidence, columns: _Told
    ) -> None:
        """`_link` for the common case."""
        told = columns.get(parent) if type(columns) is dict else columns
        node.edges = (*node.edges, Edge(parent, operation, evidence, told))  # type: ignore[arg-type]
        if parent.edges and not parent.id:
            shorten(parent)
        if node.role is None and parent.kind in _DATA and node.kind not in _ESTIMATORS:
            node.role, node.fold = parent.role, parent.fold
        inherits = parent.kind is ValueKind.PREDICTION or parent.parts
        if inherits and node.kind in _DATA and not is_dataset(type(value)):
            inherit(node, value, [parent], evidence, _NOTHING)

    def estimators(self) -> Iterator[Any]:
        """The followed models and transformers that are there."""
        for entry in list(self._objects.values()):
            if entry.newest is not None and entry.newest.kind in _ESTIMATORS and entry.reference is not None:
                value = entry.reference()
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
                whole = old.fingerprint is not None and old.fingerprint.covers is Digest.FULL
                same = whole and self.fingerprint(value) == old.fingerprint
            if old.id and same:
                standing.add(old)
                continue
            entry.newest = entry.before = node = Node(entry, old.kind)
            node.found = True
            node.revises = old if old.id else old.revises
            old.dead = True
        return standing

    def describe(self, node: Node, value: object, *, fingerprint: bool = True) -> None:
        """Give a state its number and take its shape, columns and fingerprint, once."""
        if node.id:
            return
        entry = node.object
        if not entry.number:
            entry.number = next(self._numbers)
        entry.recorded += 1
        node.version = entry.recorded
        node.id = f"{entry.number}.{node.version}"
        if node.kind in _ESTIMATORS:
            return
        node.shape = shape_of(value) or node.shape
        node.columns = columns_of(value) or node.columns
        node.element_type = "" if node.columns else element_type_of(value) or node.element_type
        if fingerprint and node.fingerprint is None:
            node.fingerprint = self.fingerprint(value)

    def fingerprint(self, value: object) -> Fingerprint | None:
        """The digest of a value's content, or of a part of it where it is larger than the limit."""
        return fingerprint_of(value, self._fingerprint_limit, self._fingerprint_part)

    def links(self, node: Node) -> Iterator[Link]:
        """The links from a recorded node to its nearest recorded ancestors; its history is then dropped."""
        return links_of(node)
