"""Objects that stand for open files, such as archives, readers and handles, and what is read through them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeAlias, TypeVar
from weakref import ref

from provkg.capture.values import FileNode, Node

__all__ = ["ById", "Holders", "Maps", "Source"]

Source: TypeAlias = FileNode | Node
Held = TypeVar("Held")


class ById(Generic[Held]):
    """What is known of objects, by identity and weakly: it is forgotten with the object."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[ref[Any], Held]] = {}

    def put(self, holder: Any, held: Held) -> None:
        """Remember something of an object, unless it cannot be referred to weakly."""
        identity, known = id(holder), self._known

        def forget(dead: ref[Any]) -> None:
            if identity in known and known[identity][0] is dead:
                del known[identity]

        try:
            known[identity] = ref(holder, forget), held
        except TypeError:
            return

    def of(self, holder: Any) -> Held | None:
        """What is known of an object."""
        found = self._known.get(id(holder))
        return found[1] if found is not None and found[0]() is holder else None


class Holders:
    """Remembers which files and states an object gives out."""

    def __init__(self) -> None:
        self._sources: ById[tuple[Source, ...]] = ById()

    def hold(self, holder: Any, sources: Iterable[Source]) -> None:
        """From now on what comes out of an object comes from these."""
        self._sources.put(holder, tuple(dict.fromkeys(sources)))

    def held(self, holder: Any) -> tuple[Source, ...]:
        """What comes out of an object comes from these; empty for one that stands for no file."""
        return self._sources.of(holder) or ()


class Maps:
    """Remembers, weakly, which arrays are maps of files, so that what changes them changes the files."""

    def __init__(self) -> None:
        self._maps: dict[str, tuple[ref[Any], FileNode | None]] = {}

    def add(self, path: str, array: Any, began: FileNode | None) -> None:
        """An array is a map of a file that it may write to, and began with what that file held."""
        self._maps[path] = ref(array), began

    def map_of(self, path: str, state: FileNode) -> Any:
        """The array that is a map of a file and made the state that it is in; None where there is none."""
        array, began = self._maps.get(path, (None, None))
        return array() if array is not None and began is not state else None
