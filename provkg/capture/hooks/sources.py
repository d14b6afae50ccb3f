"""Which followed data a call was given, for the hooks of any library of tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from provkg.capture.holders import Source
from provkg.capture.kinds import kind_of
from provkg.capture.session import Session

__all__ = ["sources_in"]

_MOST = 200


def sources_in(
    session: Session, args: tuple[Any, ...], kwargs: dict[str, Any], depth: int = 2
) -> Iterator[Source]:
    """The followed tables and arrays among arguments, also inside small containers, and files of readers."""
    for value in (*args, *kwargs.values()) if kwargs else args:
        node = session.values.tracker.find(value)
        if node is not None:
            yield node
        elif kind_of(value) is not None:
            found = session.values.resolve(value)
            if found is not None:
                yield found
        elif type(value) in (list, dict) and (read := session.files.plain.of(value)):
            yield from read
        elif depth and type(value) in (list, tuple) and len(value) <= _MOST:
            yield from sources_in(session, tuple(value), {}, depth - 1)
        elif depth and type(value) is dict and len(value) <= _MOST:
            yield from sources_in(session, tuple(value.values()), {}, depth - 1)
        else:
            yield from session.files.holders.held(value)
