"""What is known of a followed object: its states, and the edges between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias
from weakref import ref

from provkg.capture.columns import Columns
from provkg.capture.kinds import type_name
from provkg.records import Evidence, Fingerprint, SplitRole, Value, ValueKind

__all__ = [
    "RANK",
    "Edge",
    "FileNode",
    "Label",
    "Node",
    "Object",
    "Parent",
    "Parts",
    "Reference",
    "shared_place",
    "weakest",
]

Label: TypeAlias = str | int
Parts: TypeAlias = "dict[Label, Node | None]"
"""The states that columns with predictions came from, by label; None for a column of mixed origin."""
RANK = {Evidence.OBSERVED: 0, Evidence.DECLARED: 1, Evidence.IMPORTED: 2, Evidence.INFERRED: 3}


def weakest(evidence: Iterable[Evidence]) -> Evidence:
    """The evidence that says least: a chain is as well known as its weakest link."""
    return max(evidence, key=RANK.__getitem__)


class FileNode:
    """A file of the run as a source or target of links; always recorded."""

    __slots__ = ("id",)

    def __init__(self, identifier: str) -> None:
        self.id = identifier


class Edge:
    """That a node came from a parent, how this is known, by which operation, and which column from which."""

    __slots__ = ("columns", "evidence", "operation", "parent")

    def __init__(
        self, parent: Parent, operation: str, evidence: Evidence, columns: Columns | None = None
    ) -> None:
        self.parent = parent
        self.operation = operation
        self.evidence = evidence
        self.columns = columns


class Object:
    """One followed object: its number once a state of it is recorded, and its newest state.

    ``before`` is the state it had when the execution ``epoch`` first changed it, or its first state if it
    was made in that execution. ``doubt`` tells that it was changed unseen: by a thread of the execution at
    work, or else by nobody knows whom.
    """

    # Defaults stand in the class, here as below: most are of temporaries and never set.
    number = 0
    recorded = 0
    doubt: bool | None = None
    newest: Node | None = None
    before: Node | None = None
    reference: ref[Any] | None = None

    def __init__(self, kind: type | str, epoch: int) -> None:
        self.type = kind if isinstance(kind, str) else type_name(kind)
        self.epoch = epoch


class Node:
    """One state of a followed object.

    ``model`` and ``data`` are set on predictions and what is derived from them: the model that made
    them and the data it was given; ``trust`` is the weakest evidence on the way from there. ``parts`` are
    the columns of a table that hold predictions, ``target`` the target values in what holds both data and
    target. ``selects`` marks row numbers that a splitter gave out: what is selected with them takes over
    their role and ``fold``. ``found`` says that nothing is known of what made the state. ``dead`` tells that
    the object is gone or in another state.
    """

    id = ""
    version = 0
    revises: Node | None = None
    role: SplitRole | None = None
    fold: int | None = None
    selects = False
    model: Node | None = None
    data: Node | None = None
    target: Node | None = None
    parts: Mapping[Label, Node | None] = MappingProxyType({})
    trust = Evidence.OBSERVED
    fingerprint: Fingerprint | None = None
    shape: tuple[int, ...] = ()
    columns: tuple[Any, ...] = ()
    element_type = ""
    found = False
    dead = False

    def __init__(self, object_: Object, kind: ValueKind) -> None:
        self.object = object_
        self.kind = kind
        self.edges: tuple[Edge, ...] = ()

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
            element_type=self.element_type,
            fingerprint=self.fingerprint,
            role=self.role,
            fold=self.fold,
            revision_of=self.revises.id if self.revises is not None else "",
            found=self.found,
        )


Parent: TypeAlias = Node | FileNode


class Reference(ref[Any]):
    """A weak reference that knows the identity of what it refers to."""

    __slots__ = ("identity",)
    identity: int


def shared_place(
    places: set[tuple[SplitRole, int | None]],
) -> tuple[SplitRole | None, int | None]:
    """The role and fold that all share."""
    roles, folds = {role for role, _ in places}, {fold for _, fold in places}
    if len(roles) != 1:
        return None, None
    return roles.pop(), folds.pop() if len(folds) == 1 else None
