"""Which cells speak to provkg alone, and are no part of the work that is recorded."""

from __future__ import annotations

import re

__all__ = ["is_own"]

_OWN = re.compile(r"\s*(#.*|%provkg(\s.*)?|%?(re|un)?load_ext\s+provkg(\.capture\.ipython)?\s*)?")


def is_own(source: str) -> bool:
    r"""Whether a cell speaks to provkg alone.

    >>> is_own("# begin\n%load_ext provkg"), is_own("%provkg show"), is_own("%load_ext provkg\nimport numpy")
    (True, True, False)
    """
    return all(_OWN.fullmatch(line) for line in source.splitlines()) and "provkg" in source
