"""Lists and dictionaries that were read from a file, recognised again when a table is made of them.

Python gives no weak reference to these. So one is taken for the other when it has the same identity, the
same elements by identity, and the same content at both ends: an object that merely came to lie at the same
place in memory has not.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from provkg.capture.holders import Source

__all__ = ["PlainData", "is_settings"]

_ENDS = 50
_MOST = 1000
_MOST_OF_ONE = 200
_DEPTH = 2
_KINDS = (list, dict)
_SCALARS = (str, int, float, bool, type(None))
_LONGEST = 50
_INNER = 10
_FEW = 10
_MOST_SETTINGS = 200


class PlainData:
    """The containers that files were read into, with these files."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, tuple[Source, ...]]] = {}

    def put(self, value: Any, sources: tuple[Source, ...]) -> None:
        """Files were read into a value; what it contains comes from them too."""
        for container in islice(_containers(value, _DEPTH), _MOST_OF_ONE):
            mark = _mark(container)
            self._known.pop(id(container), None)
            if mark is not None:
                self._known[id(container)] = mark, sources
        for identity in list(self._known)[: max(0, len(self._known) - _MOST)]:
            del self._known[identity]

    def forget(self, value: Any) -> None:
        """A new value has this identity."""
        self._known.pop(id(value), None)

    def of(self, value: Any) -> tuple[Source, ...]:
        """The files that a value was read from, where it is still as it was."""
        found = self._known.get(id(value))
        return found[1] if found is not None and found[0] == _mark(value) else ()


def is_settings(value: Any) -> bool:
    """Whether a value looks like settings, not data: names with single values, few in a list, also nested.

    Where all values are lists, these may be the columns of a small table.
    """
    pending, count = [value], 0
    if type(value) is dict and all(type(each) is list for each in islice(value.values(), _MOST_SETTINGS)):
        return False
    while pending:
        held = pending.pop()
        if type(held) is not dict or not all(type(key) is str for key in islice(held, _MOST_SETTINGS)):
            return False
        count += len(held)
        if count > _MOST_SETTINGS:
            return False
        for each in held.values():
            if type(each) is dict:
                pending.append(each)
            elif type(each) is list:
                if len(each) > _FEW or not all(type(one) in _SCALARS for one in each):
                    return False
            elif type(each) not in _SCALARS and type(each).__module__ != "datetime":
                return False
    return True


def _containers(value: Any, depth: int) -> Iterator[Any]:
    if type(value) in _KINDS:
        yield value
        for held in value.values() if type(value) is dict else value if depth else ():
            if depth:
                yield from _containers(held, depth - 1)


def _mark(value: Any) -> object:
    """What tells a container from any other; None of one that nothing is known of."""
    if type(value) not in _KINDS or not value:
        return None
    elements = list(value.values()) if type(value) is dict else value
    ends = elements if len(elements) <= 2 * _ENDS else [*elements[:_ENDS], *elements[-_ENDS:]]
    content = [_shown(each) for each in ends]
    if type(value) is dict:
        content += [_shown(key) for key in islice(value, 2 * _ENDS)]
    return type(value), len(value), tuple(map(id, ends)), tuple(content)


def _shown(value: Any, depth: int = 1) -> object:
    """An element by its content, as far as that costs little; of other classes only the class."""
    kind = type(value)
    if kind in _SCALARS:
        return kind.__name__, value if kind is not str or len(value) <= _LONGEST else hash(value)
    if kind in _KINDS and depth:
        inner = islice(value.values() if kind is dict else value, _INNER)
        return kind.__name__, len(value), tuple(_shown(each, depth - 1) for each in inner)
    return kind.__name__, len(value) if kind in _KINDS else 0
