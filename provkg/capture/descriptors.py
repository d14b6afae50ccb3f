"""Which files this process holds open for writing, where the operating system tells."""

from __future__ import annotations

import os
from collections.abc import Collection

__all__ = ["written_here"]

_OPEN = "/proc/self/fd"


def written_here(paths: Collection[str]) -> set[str]:
    """Those of some paths that this process has open and can write to."""
    found: set[str] = set()
    if not paths:
        return found
    try:
        descriptors = os.listdir(_OPEN)
    except OSError:
        return found
    for descriptor in descriptors:
        try:
            path = os.readlink(f"{_OPEN}/{descriptor}")
            if path in paths and path not in found and _is_writable(descriptor):
                found.add(path)
        except OSError:
            continue  # closed meanwhile
    return found


def _is_writable(descriptor: str) -> bool:
    with open(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as told:
        flags = next(line.split()[1] for line in told if line.startswith("flags:"))
    return int(flags, 8) & (os.O_WRONLY | os.O_RDWR) != 0
