"""A difference while its causes are looked for: with what of each run it is a difference of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from provkg.views.comparison.model import Difference

__all__ = ["Found", "Lines", "anchor"]

Lines = Mapping[int, frozenset[int]]
"""Lines of the text that was executed, by the execution's rank."""


@dataclass(frozen=True, slots=True)
class Found:
    """A difference with its ``anchors`` in each run: things by identifier, and as `anchor` writes them.

    Of code, ``lines`` says which lines differ. What has no anchors explains nothing.
    """

    difference: Difference
    anchors: tuple[frozenset[str], ...] = ()
    lines: tuple[Lines, ...] = ()
    names: frozenset[str] = field(default_factory=frozenset)
    """Spellings of the value before and after, as they would stand in code."""

    def together(self, other: Found) -> Found:
        """One difference that was found at two places."""
        pairs = zip(self.anchors, other.anchors, strict=True)
        return replace(self, anchors=tuple(a | b for a, b in pairs), names=self.names | other.names)


def anchor(kind: str, name: object) -> str:
    """What stands for a package, a variable's setting, and other things without an identifier.

    >>> anchor("package", "pandas")
    'package:pandas'
    """
    return f"{kind}:{name}"
