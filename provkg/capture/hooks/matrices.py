"""Matrices of boosting libraries, which hold data and target together: what they come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from provkg.capture.hooks.calls import Call, Given
from provkg.capture.hooks.loading import named_path
from provkg.capture.kinds import columns_of, kind_of
from provkg.capture.session import Session
from provkg.capture.values import FileNode, Node
from provkg.records import ActivityKind, Role, Use, ValueKind

__all__ = ["Assembling", "Changing", "Deriving"]

_HELD = frozenset({"data", "label", "weight"})
"""What a matrix may be given in plain containers too."""
_NOT_HELD = frozenset({"ref", "reference"})
"""What lends its bins to a matrix, not its rows."""


class Assembling(Call):
    """A call that puts data and target together in a matrix of the library's own."""

    kind = ActivityKind.LOADING

    def __init__(
        self,
        session: Session,
        function: str,
        package: str,
        given: Given,
        shape: Callable[[Any], tuple[int, ...]],
    ) -> None:
        super().__init__(session, function, session.package_of(package))
        self.matrix = given.args[0]
        self.given = given.named
        self.shape = shape

    def succeeded(self, result: Any, seconds: float) -> None:
        """The matrix is made: it comes from all that was put into it."""
        values, given = self.session.values, self.given
        nodes: dict[str, Node] = {}
        for name, value in given.items():
            holds = name in _HELD or kind_of(value) is ValueKind.DATASET
            if holds and value is not self.matrix and name not in _NOT_HELD:
                others = tuple(each for each in given.values() if each is not value)
                node = values.resolve(value, others=others)
                if node is not None:
                    nodes[name] = node
        sources: list[Node | FileNode] = list(nodes.values())
        path = _path(given.get("data"))
        file = self.session.files.read(path, named=True) if path else None
        if file is not None:
            sources.append(file)
        made = self.tracker.derive(self.matrix, sources, self.function)
        if made is None:
            return
        made.shape = self.shape(self.matrix)
        if kind_of(given.get("data")) is ValueKind.DATASET:
            made.columns = columns_of(given["data"])
        made.target = nodes.get("label")
        if not self.crowded:
            # Recorded now: when a training uses them they may be gone.
            values.keep(made.target, given.get("label"))
        if file is not None:
            self.used.append(Use(entity=file.id, role=Role.FILE, argument="data"))
            self.make(made, self.matrix)
            self.add(seconds)

    def failed(self, error: BaseException, seconds: float) -> None:
        """The call raised; there is no matrix."""


def _path(data: Any) -> str:
    """The path that is given in place of data; XGBoost takes options with it (``a.txt?format=libsvm``)."""
    return named_path(data).partition("?")[0] if kind_of(data) is None else ""


class Deriving:
    """A method that makes an object of its own kind from another, such as some rows of a matrix."""

    def __init__(self, session: Session, function: str, given: Given) -> None:
        self.session = session
        self.function = function
        self.source = session.values.resolve(given.args[0])

    def succeeded(self, result: Any, seconds: float) -> None:
        """The new object is known."""
        self.session.values.tracker.derive(result, [self.source] if self.source else [], self.function)

    def failed(self, error: BaseException, seconds: float) -> None:
        """The call raised; it made nothing."""


class Changing(Deriving):
    """A method that puts other labels or weights into a matrix."""

    def __init__(self, session: Session, function: str, given: Given) -> None:
        super().__init__(session, function, given)
        self.given = given

    def succeeded(self, result: Any, seconds: float) -> None:
        """The matrix is in a new state."""
        values, matrix = self.session.values, self.given.args[0]
        put = {name: value for name, value in self.given.named.items() if value is not matrix}
        nodes = {name: values.resolve(value) for name, value in put.items() if kind_of(value) is not None}
        changed = values.tracker.revise(matrix, [each for each in nodes.values() if each], self.function)
        if changed is None or self.source is None:
            return
        changed.shape, changed.columns = self.source.shape, self.source.columns
        if "label" in put:
            changed.target = nodes.get("label")
            values.keep(changed.target, put["label"])
