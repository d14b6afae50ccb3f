"""``random_split``: parts of a data set."""

from __future__ import annotations

import inspect
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks.calls import Begin, Call, arguments
from provkg.capture.hooks.settings import setting
from provkg.capture.hooks.torch.seeds import is_unseeded
from provkg.capture.session import Session
from provkg.records import ActivityKind, Role

__all__ = ["Splitting"]


class Splitting(Call):
    """A data set is split at random. What the parts are for, it does not tell."""

    kind = ActivityKind.SPLITTING

    def __init__(self, session: Session, given: dict[str, Any]) -> None:
        super().__init__(session, "torch.utils.data.random_split", "torch")
        dataset = given.get("dataset")
        self.node = self.use(dataset, Role.DATA, "dataset") if dataset is not None else None
        generator: Any = given.get("generator")
        is_own = generator is not None and generator is not _default()
        self.seeded = is_own or not is_unseeded((), shuffled=True)
        self.settings = (setting("lengths", given.get("lengths")),)
        if is_own:
            self.settings += (setting("seed", generator.initial_seed()),)

    @classmethod
    def of(cls, function: Any) -> Begin:
        """A beginner for calls of the function."""
        signature = inspect.signature(function)

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Splitting | None:
            session = gate.session
            return cls(session, arguments(signature, args, kwargs)) if session is not None else None

        return begin

    def succeeded(self, result: Any, seconds: float) -> None:
        """The parts are known."""
        for part in result:
            parents = (self.node,) if self.node is not None else ()
            self.make(self.tracker.derive(part, parents, self.function), part)
        self.add(seconds)

    def unseeded(self, estimator: Any) -> bool:
        """Whether the split was drawn from the global generator without a seed."""
        return not self.seeded


def _default() -> Any:
    import torch

    return torch.default_generator
