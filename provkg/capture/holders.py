"""Objects that stand for open files, such as archives, readers and handles, and what is read through them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import ref

from provkg.capture.values import FileNode, Node

__all__ = ["Holders", "Maps", "Source", "Writers"]

Source = FileNode | Node


class Holders:
    """Remembers by identity, and weakly, which files and states an object gives out."""

    def __init__(self) -> None:
        self._held: dict[int, tuple[ref[Any], tuple[Source, ...]]] = {}
        self._named: dict[int, tuple[ref[Any], dict[str, tuple[Source, ...]]]] = {}

    def hold(self, holder: Any, sources: Iterable[Source]) -> None:
        """From now on what comes out of an object comes from these."""
        given = tuple(dict.fromkeys(sources))
        identity, held = id(holder), self._held

        def forget(dead: ref[Any]) -> None:
            if identity in held and held[identity][0] is dead:
                del held[identity]

        try:
            held[identity] = (ref(holder, forget), given)
        except TypeError:
            return  # it cannot be referred to weakly

    def names(self, holder: Any) -> dict[str, tuple[Source, ...]]:
        """The tables that an object knows by name, such as a database connection; to be added to."""
        identity, named = id(holder), self._named
        known = named.get(identity)
        if known is None or known[0]() is not holder:

            def forget(dead: ref[Any]) -> None:
                if identity in named and named[identity][0] is dead:
                    del named[identity]

            known = named[identity] = (ref(holder, forget), {})
        return known[1]

    def held(self, holder: Any) -> tuple[Source, ...]:
        """What comes out of an object comes from these; empty for one that stands for no file."""
        found = self._held.get(id(holder))
        return found[1] if found is not None and found[0]() is holder else ()


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


class Writers:
    """Remembers, weakly, which files objects write to bit by bit."""

    def __init__(self) -> None:
        self._paths: dict[int, tuple[ref[Any], str]] = {}

    def hold(self, writer: Any, path: str) -> None:
        """What an object is given goes to this file."""
        identity, paths = id(writer), self._paths

        def forget(dead: ref[Any]) -> None:
            if identity in paths and paths[identity][0] is dead:
                del paths[identity]

        paths[identity] = ref(writer, forget), path

    def held(self, writer: Any) -> str:
        """The path that an object writes to; empty for one that is not known to write."""
        known = self._paths.get(id(writer))
        return known[1] if known is not None and known[0]() is writer else ""
