"""The numbers that a loop computes, such as its losses: by step, and their means by pass over the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from provkg.capture.hooks.torch.curve import Curve

__all__ = ["History", "Measured", "measured"]

_CHUNK = 256
Measured: TypeAlias = "float | tuple[Any, int]"
"""A number; or a tensor on a device that holds it, and how often the tensor had been changed by then."""


def measured(tensor: Any) -> Measured:
    """The number in a tensor of one element. On a device it is left there, as reading it would make the
    program wait: only its memory is held, and nothing that it was computed from.
    """
    return tensor.item() if tensor.is_cpu else (tensor.detach(), tensor._version)


class History:
    """Numbers as they come, on whatever device; held as two series of bounded length."""

    __slots__ = ("_count", "_new", "_sum", "count", "epochs", "last", "steps")

    def __init__(self) -> None:
        self.steps = Curve()
        self.epochs = Curve()
        self.last: float | None = None
        self.count = 0
        self._new: list[Measured] = []
        self._sum = 0.0
        self._count = 0

    def add(self, numbers: Sequence[Measured]) -> None:
        """Take more numbers."""
        self._new += numbers
        if len(self._new) >= _CHUNK:
            self.end()

    def end_epoch(self) -> None:
        """What comes next is of another pass over the data."""
        self.end()
        if self._count:
            self.epochs.add(self._sum / self._count)
            self._sum, self._count = 0.0, 0

    def end(self) -> None:
        """Look at the numbers so far."""
        numbers, self._new = _read(self._new), []
        for number in numbers:
            self.steps.add(number)
        if numbers:
            self.count += len(numbers)
            self.last = numbers[-1]
            self._sum += sum(numbers)
            self._count += len(numbers)


def _read(numbers: Sequence[Measured]) -> list[float]:
    """The numbers, with those on devices read together. What was changed in place since is not known."""
    known = [each for each in numbers if type(each) is not tuple or each[0]._version == each[1]]
    held = [each[0].reshape(()).double() for each in known if type(each) is tuple]
    if not held:
        return list(known)  # type: ignore[arg-type]
    gathered = held[0].new_empty(len(held))
    for index, tensor in enumerate(held):
        gathered[index] = tensor
    found = iter(gathered.tolist())
    return [next(found) if type(each) is tuple else float(each) for each in known]  # type: ignore[arg-type]
