"""Random numbers from NumPy's global generator: who drew them, and whether anybody had set a seed.

A draw changes the generator's state. What a step draws, the step is asked for; what is drawn between steps,
the user's own code draws.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TypeAlias

from provkg.capture.threads import others_at_work
from provkg.records import Seed

if TYPE_CHECKING:
    from provkg.capture.files import FileWatch

__all__ = ["Draws", "RandomState"]

RandomState: TypeAlias = bytes
"""The content of the generator's state and the position in it."""


_STATE = 625 * 4
"""Bytes of the state of a Mersenne Twister: 624 numbers and the position."""


class Draws:
    """What one session knows of the global generator.

    Parameters:
        files: tells whether code belongs to a package.
    """

    def __init__(self, files: FileWatch) -> None:
        self.seeded = False
        """Whether the generator has been seeded."""
        self._files = files
        self._mark: RandomState | None = None
        self._unseeded = False
        self._told = False

    def state(self) -> RandomState | None:
        """The state of the generator, for `since`.

        None while NumPy is not imported, or while another thread of the user's may draw.
        """
        generator = getattr(sys.modules.get("numpy.random.mtrand"), "_rand", None)
        if generator is None or others_at_work(self._files.is_packaged):
            return None
        return _state_of(generator._bit_generator)

    def since(self, before: RandomState | None) -> bool:
        """Whether the calling thread drew since the generator had that state."""
        now = self.state() if before is not None else None
        return now is not None and now != before

    # --- between steps ---

    def begin(self) -> None:
        """An execution begins."""
        self._mark, self._unseeded = self.state(), False

    def before(self, now: RandomState | None) -> None:
        """A step begins, with the generator in this state; what was drawn so far, the user's code drew."""
        if self._mark is not None and now is not None and now != self._mark and not self.seeded:
            self._unseeded = True
        self._mark = None

    def after(self) -> None:
        """A step ended, or the generator was seeded."""
        self._mark = self.state()

    def end(self) -> tuple[Seed, ...]:
        """The execution ended: generators left unseeded in it, and at first the seed of text hashes."""
        self.before(self.state() if self._mark is not None else None)
        found = [Seed(generator="numpy.random", value=None)] if self._unseeded else []
        if not self._told:
            self._told = True
            found += _hash_seed()
        return tuple(found)


_is_readable: bool | None = None
"""Whether the memory of the generator is laid out as expected; None until that has been looked at."""


def _state_of(bits: Any) -> RandomState | None:
    """The state of a generator, read from the memory whose address NumPy publishes.

    The attribute ``state`` makes a Python object of each of its numbers, for a hundred microseconds.
    """
    import ctypes  # which NumPy has imported

    global _is_readable
    if type(bits).__name__ != "MT19937":
        return None
    if _is_readable:
        return ctypes.string_at(bits.ctypes.state_address, _STATE)
    state = bits.state["state"]
    told: bytes = state["key"].tobytes() + int(state["pos"]).to_bytes(4, sys.byteorder)
    if _is_readable is None:
        _is_readable = len(told) == _STATE and ctypes.string_at(bits.ctypes.state_address, _STATE) == told
    return told


def _hash_seed() -> list[Seed]:
    """The seed of the hashes of texts, which order sets, where the process was started with one.

    Setting the variable later has no effect, so the environment that the process began with is looked at.
    """
    try:
        with open("/proc/self/environ", "rb") as file:
            pairs = file.read().split(b"\0")
        given = next((pair[15:].decode() for pair in pairs if pair.startswith(b"PYTHONHASHSEED=")), "")
    except OSError:
        given = os.environ.get("PYTHONHASHSEED", "")
    return [Seed(generator="PYTHONHASHSEED", value=int(given))] if given.isascii() and given.isdigit() else []
