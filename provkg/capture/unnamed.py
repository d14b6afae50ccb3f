"""Columns that the user does not want named (``[capture] leave_out_columns``)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate

from msgspec.structs import replace

from provkg.records import Link, Value

__all__ = ["Unnamed"]


class Unnamed:
    """Takes the names of columns out of what is recorded.

    Parameters:
        patterns: of the columns, as of a shell (``patient_*``).
    """

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._pattern = re.compile("|".join(map(translate, patterns))) if patterns else None

    def in_value(self, value: Value) -> Value:
        """A value without these columns; its shape still counts them."""
        pattern = self._pattern
        if pattern is None or not value.columns:
            return value
        return replace(value, columns=tuple(one for one in value.columns if not pattern.match(one.name)))

    def in_link(self, link: Link) -> Link:
        """A link that does not name these columns, but says that there were some."""
        pattern = self._pattern
        if pattern is None or not link.columns:
            return link
        columns = []
        for one in link.columns:
            if not pattern.match(one.target):
                named = tuple(label for label in one.sources if not pattern.match(label))
                columns.append(replace(one, sources=named, further=one.further or named != one.sources))
        return replace(link, columns=tuple(columns))
