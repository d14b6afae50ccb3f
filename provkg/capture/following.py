"""The values of one session: what hooks meet is resolved to states, and states that matter are kept."""

from __future__ import annotations

import sys
from collections.abc import Callable, Container, Iterable, Mapping
from threading import get_ident
from types import BuiltinFunctionType, FrameType, FunctionType, ModuleType
from typing import Any

from provkg.capture.ancestry import links_to
from provkg.capture.flow import Sources, is_text
from provkg.capture.gate import gate, is_hidden
from provkg.capture.inference import HOLDING, Inference, is_database, memory_of
from provkg.capture.kinds import kind_of
from provkg.capture.namespace import element_names, locals_of, variables
from provkg.capture.naming import name_states
from provkg.capture.plain import PlainValues
from provkg.capture.plain_data import is_settings
from provkg.capture.scopes import Scope, is_container
from provkg.capture.usercode import UserCode
from provkg.capture.values import FileNode, Node, Tracker
from provkg.records import Digest, Evidence, Link, ValueKind

__all__ = ["Following"]

_ESTIMATORS = (ValueKind.MODEL, ValueKind.TRANSFORMER)
_DATA = (ValueKind.DATASET, ValueKind.PREDICTION)
_NEVER_DATA = (ModuleType, FunctionType, BuiltinFunctionType, type)


class Following:
    """Follows the values of one session.

    Parameters:
        namespace: the variables of the notebook or script.
        tracker: follows single objects.
        code: tells the user's own code from that of libraries.
        hidden: variables that are not the user's.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        tracker: Tracker,
        code: UserCode,
        hidden: Mapping[str, Any] | None = None,
    ) -> None:
        self.namespace = namespace
        self.tracker = tracker
        self.code = code
        self.inference = Inference(self.tracker, namespace, code)
        self.texts = self.inference.texts
        self.kept: dict[str, tuple[Node, tuple[str, ...]]] = {}
        """The states first recorded in the execution at work, with the names that held them then."""
        self.links: list[Link] = []
        self._hidden = hidden or {}
        self._nameless: dict[str, Node] = {}
        self._stock: dict[str, tuple[Node, tuple[str, ...]]] = {}

    def begin(self, source: str, held: Iterable[tuple[str, Any]]) -> None:
        """An execution begins, of this text, with what variables hold."""
        self.tracker.begin()
        self.inference.begin(source, held)
        self.kept, self._stock = self._stock, {}
        self._nameless = {identifier: node for identifier, (node, names) in self.kept.items() if not names}
        self.links = []

    def take_stock(self, hidden: Mapping[str, Any], is_unchanged: Callable[[Any], bool]) -> set[str]:
        """Record what variables hold as found, whatever made it; returns those whose state still stands.

        The states come with the execution that begins next.

        Parameters:
            is_unchanged: whether an estimator is known to be as it was.
        """
        self.inference.plain = PlainValues()
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

    def states(self) -> dict[str, str]:
        """The identifier of the recorded state that each variable held at the beginning; empty for a state
        not recorded.
        """
        return {name: node.id for name, node in self.inference.began.items()}

    def frame(self) -> FrameType | None:
        """The innermost frame of the user's own code.

        None in threads that the execution has started: what variables hold while others run, the text
        does not tell.
        """
        return self.code.frame() if get_ident() == gate.thread else None

    def called_by_user(self, is_packaged: Callable[[str], bool]) -> bool:
        """Whether the hooked call at work was made by the user's own code, not by a library's.

        Parameters:
            is_packaged: whether a file belongs to the interpreter or an installed package.
        """
        frame = self._caller()
        if frame is None or frame.f_globals is self.namespace:
            return True
        return not is_packaged(frame.f_code.co_filename)

    @staticmethod
    def _caller() -> FrameType | None:
        """The frame that made the hooked call at work."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and (
            is_hidden(frame.f_code) or frame.f_globals.get("__name__", "").startswith("provkg.")
        ):
            frame = frame.f_back
        return frame

    def line(self) -> int | None:
        """The line of the cell, script or module, from 1, that is at work."""
        return self.code.place()[0] if self.code.document else self.texts.line(self.namespace)

    def file(self) -> str:
        """The absolute path of the module that `line` is in, where that is not the cell or script itself."""
        return self.code.place()[1] if self.code.document else ""

    def resolve(self, value: Any, *, others: tuple[Any, ...] = (), text: bool = True) -> Node | None:
        """The newest state of an object, looked for by identity, memory and source text.

        Parameters:
            others: objects at hand that the value did not come from.
            text: whether the text may tell, as it does where the user's own code makes the call.
        """
        node = self.tracker.find(value)
        if node is not None:
            return self.refresh(node, value)
        kind = kind_of(value)
        if kind in _ESTIMATORS:
            return self.tracker.node(value)
        if kind is None:
            return self._resolve_plain(value) if is_container(value) else None
        if text and get_ident() != gate.thread:
            return self._given_to_thread(value)
        return self.inference.at_frame(value, self.frame() if text else None)

    def _given_to_thread(self, value: Any) -> Node | None:
        """The state of data that a thread works on, by what a variable holds where the execution is now."""
        frame = self.code.frame_of(gate.thread)
        held = locals_of(frame) if frame is not None else {}
        name = next((name for name, each in held.items() if each is value and name[:1] != "_"), "")
        if frame is None or not name:
            return self.inference.at_frame(value, None)
        return self.inference.origin(name, value, Scope.of_frame(frame, self.texts))

    def resolve_named(self, value: Any) -> Node | None:
        """The state of data that a variable holds where the user's code is at work."""
        node, frame = self.tracker.find(value), self.frame()
        names = self.names_in_frame(value)
        if node is not None or frame is None or not names:
            return node
        return self.inference.origin(names[0], value, Scope.of_frame(frame, self.texts))

    def resolve_own(self, value: Any, through: str = "") -> Node | None:
        """`resolve`, for what the user's code itself gives to a call, not a library that it called.

        Parameters:
            through: a library that hands on what it is given.
        """
        frame = self._caller()
        while through and frame is not None and frame.f_globals.get("__name__", "").startswith(through):
            frame = frame.f_back
        return self.resolve(value) if frame is not None and frame is self.code.frame() else None

    def _resolve_plain(self, value: Any) -> Node | None:
        """The state of a plain container that a call is given, such as a list of predictions."""
        node = self.inference.state(value)
        frame = self.frame()
        if node is not None or frame is None:
            return node
        sources, operation = self.inference.plain_at_frame(value, frame)
        node = self._plain(value, sources, operation)
        if frame.f_locals is self.namespace:
            for name in self.names_in_frame(value):
                self.inference.plain.hold(name, value, node)
        return node

    def _plain(self, value: Any, sources: Sources, operation: str, old: Node | None = None) -> Node | None:
        """A state for a value that cannot be followed by itself, where it holds data."""
        if not sources and old is None:
            return None
        is_data = (is_container(value) or is_text(value)) and any(source.kind in _DATA for source in sources)
        if is_data and is_settings(value):
            is_data = any(source.object.reference is not None for source in sources)  # not of a file's text
        kind = old.kind if old is not None else ValueKind.OTHER
        if is_data and kind is ValueKind.OTHER:
            kind = ValueKind.DATASET
        evidence = Evidence.OBSERVED if operation == HOLDING else Evidence.INFERRED
        return self.tracker.plain(value, kind, tuple(sources), operation, evidence, old)

    def hold(self, name: str, value: Any, *, changed: bool = False) -> Node | None:
        """The state of a plain value that a variable holds when an execution ends, if it is to be recorded.

        That is so for a container of data.

        Parameters:
            changed: it held the same container before, with other contents.
        """
        inference, plain = self.inference, self.inference.plain
        is_idle = len(self.tracker) == 0 and not inference.made and not plain.has_data
        if is_idle or issubclass(type(value), _NEVER_DATA) or is_database(value):
            return None
        shared = plain.of_container(value) if is_container(value) else None
        changed = changed or plain.is_changed(name, value)
        old, shared = (shared, None) if changed else (None, shared)
        if shared is None:
            sources, complete = inference.held_by(value)
            operation = HOLDING if complete else f"{name} = …"
            if not complete:
                sources |= inference.plain_at_end(name)
            sources.pop(old, None) if old is not None else None
            shared = self._plain(value, sources, operation, old)
        plain.hold(name, value, shared)
        return shared if shared is not None and shared.kind in _DATA and is_container(value) else None

    def resolve_variable(self, name: str, value: Any) -> Node | None:
        """The newest state of what a variable holds when an execution ends."""
        node = self.tracker.find(value)
        if node is not None:
            return node
        kind = kind_of(value)
        if kind is None:
            return None
        if kind in _ESTIMATORS:
            return self.tracker.node(value)
        node = self.inference.at_end(name, value)
        return node if node is None or kind is not ValueKind.OTHER or node.edges else None

    def refresh_arrays(self, names: Iterable[str], told: Container[str] = ()) -> None:
        """Look at the arrays in some variables for changes in place, and then at those that share memory.

        Parameters:
            told: variables whose objects the text changes, which counts where nothing can show it.
        """
        changed = set()
        for name in names:
            value = self.namespace.get(name)
            node = self.tracker.find(value) if value is not None else None
            new = self.refresh(node, value) if node is not None else None
            if new is node and node is not None and name in told and self._is_unsure(node, value):
                new = self.tracker.revise(value, (), "changed in place", Evidence.DECLARED)
            if new is not node and new is not None:
                changed.add(id(memory_of(value)))
                sources = self.inference.plain_at_end(name)
                others = [each for each in sources if each.object is not new.object]
                self.tracker.add(new, value, others, f"{name} = …", Evidence.INFERRED)
        for _, value in variables(self.namespace, self._hidden) if changed else ():
            node = self.tracker.find(value)
            if node is not None and id(memory_of(value)) in changed:
                self.refresh(node, value)

    def refresh(self, node: Node, value: Any) -> Node:
        """A new state for an array whose content changed unseen since it was recorded."""
        if not node.id or node.fingerprint is None or not node.fingerprint.algorithm.startswith("xxh3-array"):
            return node
        now = self.tracker.fingerprint(value)
        if now == node.fingerprint:
            return node
        return self.tracker.revise(value, (), "changed in place") or node

    def _is_unsure(self, node: Node, value: Any) -> bool:
        """Whether an array from before this execution may have changed in it although nothing shows that."""
        whole = node.fingerprint is not None and node.fingerprint.covers is Digest.FULL
        is_array = isinstance(value, getattr(sys.modules.get("numpy"), "ndarray", ()))
        return bool(node.id) and is_array and not whole and self.tracker.is_older(node)

    def keep(self, node: Node | None, value: Any, *, fingerprint: bool = True) -> str:
        """Record a state; returns its identifier, or an empty text where there is nothing to record.

        Parameters:
            fingerprint: whether its content is worth a fingerprint.
        """
        if node is None:
            return ""
        if not node.id:
            if node.kind is ValueKind.PREDICTION:
                self.keep_state(node.model)
            self.tracker.describe(node, value, fingerprint=fingerprint)
            self.kept[node.id] = node, ()
            self._nameless[node.id] = node
            self.links += self.tracker.links(node)
        name_states(self.frame(), value, self.kept, self._nameless, self.tracker)
        return node.id

    def keep_state(self, node: Node | None) -> str:
        """Record a state that was met through another one, such as the model of a prediction."""
        if node is None or node.id:
            return node.id if node is not None else ""
        reference = node.object.reference
        value = reference() if reference is not None and node.object.newest is node else None
        if value is not None:
            return self.keep(node, value)
        self.tracker.describe(node, None, fingerprint=False)  # it is gone, or has changed since
        self.kept[node.id] = node, ()
        self.links += self.tracker.links(node)
        return node.id

    def names_in_frame(self, value: Any) -> tuple[str, ...]:
        """The variables that hold a value where the user's code is at work."""
        frame = self.frame()
        if frame is None:
            return ()
        return tuple(
            name for name, held in locals_of(frame).items() if held is value and not name.startswith("_")
        )

    def link(
        self,
        target: str,
        parents: tuple[Node | FileNode, ...],
        operation: str,
        evidence: Evidence = Evidence.OBSERVED,
    ) -> None:
        """Link a recorded thing, such as a written file, to recorded states it came from."""
        if target:
            for parent in parents:
                if parent.id:
                    self.links.append(
                        Link(target=target, source=parent.id, evidence=evidence, operation=operation)
                    )
                elif isinstance(parent, Node):
                    self.links += links_to(target, parent, operation, evidence)

    def measured_here(self, used: Iterable[Node]) -> None:
        """Remember that the user's code, where it is at work, measured states: what that gives is no data."""
        frame, used = self.frame(), frozenset(used)
        if frame is not None and used:
            node = self.tracker.plain(0.0, ValueKind.OTHER, tuple(used), "measured", Evidence.OBSERVED)
            self.inference.remember(node, used, frame)

    def made_here(self, node: Node, used: frozenset[Node]) -> None:
        """Remember that the user's code, where it is at work, made a state from others by an activity."""
        frame = self.frame()
        if frame is not None:
            self.inference.remember(node, used, frame)

    def opened_here(self, file: FileNode, path: str) -> None:
        """Remember that the user's code opened a file where it is at work.

        What is read from it then is looked for in the text: readers of the standard library are not followed.
        """
        frame, own = self._caller(), self.frame()
        while frame is not None and frame is not own:
            module = str(frame.f_globals.get("__name__", "")).partition(".")[0]
            if module not in sys.stdlib_module_names and module != "IPython":  # whose `open` cells call
                return
            frame = frame.f_back
        if own is not None:
            node = self.tracker.plain(None, ValueKind.DATASET, (file,), "open", Evidence.OBSERVED)
            self.inference.remember(node, (), own, opened=path)
