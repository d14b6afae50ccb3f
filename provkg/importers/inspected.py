"""What IPython's inspection of a variable says: its class, its text, how long it is.

MLProvLab keeps it of every variable that a cell set, as the kernel told it after the execution.
"""

from __future__ import annotations

import re

import msgspec

from provkg.confidential import MARK, is_secret_name
from provkg.media import without_colour

__all__ = ["VariableSeen", "inspected"]

_HEADING = re.compile(r"\x1b\[[\d;]*m([A-Z][A-Za-z ]*):\x1b\[[\d;]*m")
_PLAIN_HEADING = re.compile(
    r"^(Type|String form|Length|File|Docstring|Signature|Init docstring|Call docstring):(?=\s|$)",
    re.MULTILINE,
)
_CLASS = re.compile(r"[A-Za-z_][\w.]{0,199}")
_FRAME = re.compile(r"\[(\d{1,12}) rows x (\d{1,9}) columns\]\s*\Z")
_PLACE_IN_MEMORY = re.compile(r"<.* at 0x[0-9A-Fa-f]+>", re.DOTALL)
_LONGEST = 1000
_MOST = 1_000_000
"""Characters of an inspection that are looked at."""
_SERIES = frozenset({"Series", "Index", "RangeIndex", "DatetimeIndex"})


class VariableSeen(msgspec.Struct, frozen=True):
    """What a variable held after an execution: the name of its class, its text cut to a limit, its shape."""

    type: str
    text: str = ""
    shape: tuple[int, ...] = ()


def inspected(name: str, text: str) -> VariableSeen | None:
    r"""What the inspection of a variable told; None where it told nothing.

    >>> inspected("y", "\x1b[1;31mType:\x1b[0m  ndarray\n\x1b[1;31mString form:\x1b[0m [1 2]\n"
    ...     "\x1b[1;31mLength:\x1b[0m  2\n")
    VariableSeen(type='ndarray', text='[1 2]', shape=(2,))
    """
    parts = _sections(text[:_MOST])
    kind = parts.get("Type", "").strip()
    if not _CLASS.fullmatch(kind):
        return None
    shown = parts.get("String form", "").strip()
    shape = _shape(kind, shown, parts.get("Length", "").strip())
    if is_secret_name(name):
        shown = MARK
    elif _PLACE_IN_MEMORY.fullmatch(shown):
        shown = ""
    return VariableSeen(kind, shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…", shape)


def _sections(text: str) -> dict[str, str]:
    """The texts below the headings, each heading's first."""
    heading = _HEADING if _HEADING.search(text) else _PLAIN_HEADING
    found: dict[str, str] = {}
    parts = heading.split(text)
    for title, body in zip(parts[1::2], parts[2::2], strict=False):
        found.setdefault(title, without_colour(body))
    return found


def _shape(kind: str, shown: str, length: str) -> tuple[int, ...]:
    """As far as the text tells it: of arrays with more than one dimension it shows the first alone."""
    if kind == "DataFrame" and (frame := _FRAME.search(shown)):
        return int(frame[1]), int(frame[2])
    if not re.fullmatch(r"\d{1,12}", length):
        return ()
    flat = kind == "ndarray" and shown.startswith("[") and not shown.startswith("[[")
    return (int(length),) if flat or kind in _SERIES else ()
