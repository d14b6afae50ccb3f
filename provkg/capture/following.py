"""The values of one session: what hooks meet is resolved to states, and states that matter are kept."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from provkg.capture.gate import is_hidden
from provkg.capture.inference import Made, Scope, Texts, origin_of
from provkg.capture.kinds import kind_of
from provkg.capture.namespace import element_names, locals_of, variables
from provkg.capture.usercode import UserCode
from provkg.capture.values import FileNode, Node, Tracker
from provkg.records import Evidence, Link, ValueKind

__all__ = ["Following"]


class Following:
    """Follows the values of one session.

    Parameters:
        namespace: the variables of the notebook or script.
        fingerprint_limit: values larger than this many bytes get no fingerprint.
        code: tells the user's own code from that of libraries.
    """

    def __init__(self, namespace: Mapping[str, Any], fingerprint_limit: int, code: UserCode) -> None:
        self.namespace = namespace
        self.tracker = Tracker(fingerprint_limit)
        self.code = code
        self.texts = Texts(code)
        self.kept: dict[str, tuple[Node, tuple[str, ...]]] = {}
        """The states first recorded in the execution at work, with the names that held them then."""
        self.links: list[Link] = []
        self._made: Made = {}
        self._stock: dict[str, tuple[Node, tuple[str, ...]]] = {}

    def begin(self, source: str) -> None:
        """An execution begins, of this text."""
        self.texts.begin(source)
        self._made.clear()
        self.kept, self._stock = self._stock, {}
        self.links = []

    def take_stock(self, hidden: Mapping[str, Any], is_unchanged: Callable[[Any], bool]) -> set[str]:
        """Record what variables hold as found, whatever made it; returns those whose state still stands.

        The states come with the execution that begins next.

        Parameters:
            is_unchanged: whether an estimator is known to be as it was.
        """
        standing = self.tracker.find_again(is_unchanged)
        names = set()
        for name, value in variables(self.namespace, hidden):
            if self.tracker.find(value) in standing:
                names.add(name)
            for held in (value, *(element for _, element in element_names(name, value))):
                known = self.tracker.find(held)
                node = known or self.tracker.node(held)
                if node is None or (known is not None and not known.found) or node.id:
                    continue
                node.found = True
                self.tracker.describe(node, held)
                self._stock[node.id] = (node, ())
        return names

    def frame(self) -> FrameType | None:
        """The innermost frame of the user's own code."""
        return self.code.frame()

    def called_by_user(self, is_packaged: Callable[[str], bool]) -> bool:
        """Whether the hooked call at work was made by the user's own code, not by a library's.

        Parameters:
            is_packaged: whether a file belongs to the interpreter or an installed package.
        """
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and (
            is_hidden(frame.f_code) or frame.f_globals.get("__name__", "").startswith("provkg.")
        ):
            frame = frame.f_back
        if frame is None or frame.f_globals is self.namespace:
            return True
        return not is_packaged(frame.f_code.co_filename)

    def line(self) -> int | None:
        """The line of the cell, script or module, from 1, that is at work."""
        return self.code.place()[0] if self.code.document else self.texts.line(self.namespace)

    def file(self) -> str:
        """The absolute path of the module that `line` is in, where that is not the cell or script itself."""
        return self.code.place()[1] if self.code.document else ""

    def resolve(self, value: Any, *, others: tuple[Any, ...] = ()) -> Node | None:
        """The newest state of an object, looked for by identity, memory, content and source text.

        Parameters:
            others: objects at hand that the value did not come from.
        """
        node = self.tracker.find(value)
        if node is not None:
            return self.refresh(node, value)
        if kind_of(value) is None:
            return None
        if kind_of(value) in (ValueKind.MODEL, ValueKind.TRANSFORMER):
            return self.tracker.node(value)
        frame = self.frame()
        scope = Scope.of_frame(frame, self.texts, self._made) if frame is not None else None
        return self._derived(value, scope, {id(other) for other in others})

    def resolve_variable(self, name: str, value: Any) -> Node | None:
        """The newest state of what a variable holds when an execution ends."""
        node = self.tracker.find(value)
        if node is not None or kind_of(value) is None:
            return node
        if kind_of(value) in (ValueKind.MODEL, ValueKind.TRANSFORMER):
            return self.tracker.node(value)
        return self._derived(value, Scope.at_end(self.texts.cell(), name, self.namespace, self._made), set())

    def _derived(self, value: Any, scope: Scope | None, exclude: set[int]) -> Node | None:
        origin = origin_of(value, self.tracker, scope, exclude)
        if origin is None:
            return self.tracker.node(value)
        return self.tracker.derive(value, origin.parents, origin.operation, origin.evidence)

    def refresh(self, node: Node, value: Any) -> Node:
        """A new state for an array whose content changed unseen since it was recorded."""
        if not node.id or node.fingerprint is None or node.fingerprint.algorithm != "xxh3-array":
            return node
        now = self.tracker.fingerprint(value)
        if now == node.fingerprint:
            return node
        return self.tracker.revise(value, (), "changed in place") or node

    def keep(self, node: Node | None, value: Any) -> str:
        """Record a state; returns its identifier, or an empty text where there is nothing to record."""
        if node is None:
            return ""
        if not node.id:
            self.tracker.describe(node, value)
            self.kept[node.id] = (node, self.names_in_frame(value))
            self.links += self.tracker.links(node)
        elif node.id in self.kept and not self.kept[node.id][1]:
            # Made and recorded before a variable was bound to it.
            self.kept[node.id] = node, self.names_in_frame(value)
        return node.id

    def names_in_frame(self, value: Any) -> tuple[str, ...]:
        """The variables that hold a value where the user's code is at work."""
        frame = self.frame()
        if frame is None:
            return ()
        return tuple(name for name, held in locals_of(frame).items() if held is value)

    def link(self, target: str, parents: tuple[Node | FileNode, ...], operation: str) -> None:
        """Link a recorded thing, such as a written file, to recorded states it came from."""
        if target:
            for parent in parents:
                if parent.id:
                    self.links.append(
                        Link(target=target, source=parent.id, evidence=Evidence.OBSERVED, operation=operation)
                    )

    def made_here(self, node: Node, used: frozenset[Node]) -> None:
        """Remember that the user's code, where it is at work, made a state from others by an activity."""
        frame = self.frame()
        if frame is not None:
            self._made.setdefault(self.texts.place_of(frame), {})[frame.f_lasti] = (node, used)
