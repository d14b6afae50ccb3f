"""Which packages the user's code imports: asked at the end of each cell, answered from ``sys.modules``."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable
from importlib.machinery import PathFinder
from typing import NamedTuple

from provkg.capture.distributions import owners_of
from provkg.records import Package

__all__ = ["Imported", "PackageWatch"]


class Imported(NamedTuple):
    """What was imported since the last look.

    ``packages`` are installed distributions; ``files`` are the absolute paths of modules that no
    distribution provides, such as a script beside the notebook.
    """

    packages: tuple[Package, ...] = ()
    files: tuple[str, ...] = ()


class _Place(NamedTuple):
    """Where a module comes from: its own name, its file, and where its submodules are, if it has any."""

    name: str = ""
    file: str = ""
    search: tuple[str, ...] | None = None

    @property
    def namespace(self) -> bool:
        return self.search is not None and not self.file


class PackageWatch:
    """Tells which packages were newly imported, with the versions installed.

    Modules that are loaded when the watch is made belong to the machinery (kernel, capture) and count
    only once the user's code names them; what the user's imports load in their turn counts. So make
    it when capture has loaded all that it needs itself. The standard library is never counted.
    """

    def __init__(self) -> None:
        names = list(sys.modules)
        self._last = names[-1]
        self._divided = {name for name in names if _loaded_place(name).namespace}
        """Modules that several distributions share; each submodule is settled on its own."""
        self._settled = {self._unit(name) for name in names}
        self._own: set[str] = set()
        self._counted: set[str] = set()
        self._packages: dict[str, Package] = {}

    def imported(self, named: Iterable[str] = ()) -> Imported:
        """The packages and the user's own modules imported since the last call.

        Parameters:
            named: modules that the cell's text imports, so that those count which were loaded before.
        """
        modules: dict[str, Package] = {}
        files: list[str] = []
        for name in self._new_names():
            unit = self._unit(name)
            if unit not in self._settled:
                self._settle(unit, modules, files)
            elif unit in self._own and name != unit:
                files += _own_file(name)
        for name in named:
            unit = self._unit(name)
            if unit in sys.modules and unit not in self._counted:
                self._counted.add(unit)
                if package := self.package_of(unit):
                    modules[unit] = package
        return Imported(_by_package(modules), tuple(files))

    def package_of(self, module: str) -> Package | None:
        """The distribution that provides a module, whether or not it is loaded.

        ``modules`` of the answer names the top-level module, or the submodule of a namespace package.
        None for the standard library, for the user's own modules and for what is not installed.
        """
        if known := self._packages.get(module):
            return known
        parts = module.split(".")
        if parts[0] in sys.stdlib_module_names or parts[0] == "__main__":
            return None
        package: Package | None = None
        place = _Place()
        for depth in range(1, len(parts) + 1):
            unit = ".".join(parts[:depth])
            place = _place(unit, place.search)
            found, sole = _provider(unit, place)
            package = found or package
            if sole or place.search is None:
                break
        if package is not None:
            self._packages[module] = package
        return package

    def first_use(self, module: str) -> Package | None:
        """The distribution of a module that was loaded before the watch was made, when it is first used."""
        unit = self._unit(module)
        if unit in self._counted or unit not in self._settled:
            return None
        self._counted.add(unit)
        return self.package_of(unit)

    def _new_names(self) -> list[str]:
        # New modules stand at the end of sys.modules, so only the tail is walked.
        if next(reversed(sys.modules), None) == self._last:
            return []
        names = list(sys.modules)
        new: list[str] = []
        for name in reversed(names):
            if name == self._last:
                break
            new.append(name)
        self._last = names[-1]
        new.reverse()
        return new

    def _unit(self, name: str) -> str:
        """The part of a module's name that one distribution answers for."""
        end = name.find(".")
        while end != -1 and name[:end] in self._divided:
            end = name.find(".", end + 1)
        return name if end == -1 else name[:end]

    def _settle(self, unit: str, modules: dict[str, Package], files: list[str]) -> None:
        place = _loaded_place(unit)
        if unit.partition(".")[0] in sys.stdlib_module_names or place.name != unit:
            # Compiled modules register inner modules at the top under a second name.
            self._settled.add(unit)
            return
        package, sole = _provider(unit, place)
        if not sole and place.search is not None:
            self._divided.add(unit)
            return
        self._settled.add(unit)
        self._counted.add(unit)
        if package is not None:
            modules[unit] = self._packages[unit] = package
        elif own := _own_file(unit):
            self._own.add(unit)
            files += own


def _provider(unit: str, place: _Place) -> tuple[Package | None, bool]:
    """The package behind a module, and whether it is the only one that claims the module's file."""
    if not place.file:
        return None, not place.namespace
    owners = owners_of(unit, place.file)
    if not owners:
        return None, True
    # Of distributions that ship the same file, the last one installed has overwritten the others'.
    name, version = owners[-1].name_and_version()
    package = Package(name=name, version=version, modules=(unit,)) if name else None
    return package, len(owners) == 1


def _by_package(modules: dict[str, Package]) -> tuple[Package, ...]:
    names: dict[tuple[str, str], list[str]] = {}
    for unit, package in modules.items():
        names.setdefault((package.name, package.version), []).append(unit)
    return tuple(
        Package(name=name, version=version, modules=tuple(sorted(units)))
        for (name, version), units in sorted(names.items())
    )


def _place(name: str, search: tuple[str, ...] | None) -> _Place:
    if name in sys.modules:
        return _loaded_place(name)
    try:
        # Only the search path is asked: a finder on sys.meta_path may act on the question. That of
        # setuptools takes one for pip as a sign to let the standard library's distutils through.
        spec = PathFinder.find_spec(name, search)
    except Exception:  # a path hook of somebody else's, which may raise anything
        return _Place()
    if spec is None:
        return _Place()
    locations = spec.submodule_search_locations
    return _Place(
        name,
        spec.origin if spec.has_location and spec.origin else "",
        None if locations is None else tuple(locations),
    )


def _loaded_place(name: str) -> _Place:
    """Where a loaded module comes from, without touching it: an attribute access may run its code."""
    try:
        attributes = object.__getattribute__(sys.modules[name], "__dict__")
        file, search = attributes.get("__file__"), attributes.get("__path__")
        return _Place(
            str(attributes.get("__name__")),
            file if isinstance(file, str) else "",
            None if search is None else tuple(search),
        )
    except Exception:  # sys.modules may hold any object
        return _Place()


def _own_file(name: str) -> list[str]:
    file = _loaded_place(name).file
    path = os.path.abspath(file) if file else ""
    own = path and not path.startswith(_standard_library()) and os.path.isfile(path)
    return [path] if own else []


def _standard_library() -> str:
    return os.path.join(sysconfig.get_path("stdlib"), "")
