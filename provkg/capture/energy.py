"""The energy that the machine's processors have used, where its counters can be read (Linux, RAPL).

The counters are those of the whole machine: what else ran beside an execution is in them. Most systems let
only the administrator read them; then nothing is known, and nothing is recorded.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["Meter"]

_MICRO = 1e-6


class Meter:
    """Energy since it was made.

    Parameters:
        root: where ``sys`` is found.
    """

    __slots__ = ("_began", "_zones")

    def __init__(self, root: str = "/") -> None:
        self._zones = _zones(root)
        self._began = [_count(zone) for zone, _ in self._zones]

    def joules(self) -> float | None:
        """The energy that all processors used since, in joules; None where a counter cannot be read."""
        total = 0
        for (zone, limit), began in zip(self._zones, self._began, strict=True):
            now = _count(zone)
            if began is None or now is None:
                return None
            # A counter begins again at 0 when it is full, after a minute at the earliest.
            total += now - began if now >= began else now + limit - began
        return round(total * _MICRO, 6) if self._zones else None


@cache
def _zones(root: str) -> tuple[tuple[Path, int], ...]:
    """The counter of each processor package, and the count at which it begins again."""
    found = []
    for folder in sorted(Path(root, "sys/class/powercap").glob("intel-rapl:[0-9]*")):
        limit = _count(folder / "max_energy_range_uj")
        # Parts of a package (intel-rapl:0:0) are counted in it.
        if folder.name.count(":") == 1 and limit and _count(folder / "energy_uj") is not None:
            found.append((folder / "energy_uj", limit))
    return tuple(found)


def _count(path: Path) -> int | None:
    try:
        return int(path.read_bytes())
    except (OSError, ValueError):
        return None
