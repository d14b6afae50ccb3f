"""Calls back when a module has been imported, before anyone who imported it goes on.

A finder at the head of ``sys.meta_path`` lets the other finders find the module and wraps the loader of
those it is asked about. Functions replaced in the module that *defines* them are seen by whoever imports
them later by whatever name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.abc import Loader  # with which come modules that nothing else here needs

__all__ = ["ImportWatch"]

AfterImport = Callable[[ModuleType], None]


class ImportWatch:
    """Runs ``hooks[name](module)`` after the import of each named module, at once if it is imported already.

    Parameters:
        report: is told of a hook that raised; the import goes on.
    """

    def __init__(self, report: Callable[[str, Exception], None]) -> None:
        self._hooks: dict[str, list[AfterImport]] = {}
        self._report = report
        self._searching: set[str] = set()

    def after(self, name: str, hook: AfterImport) -> None:
        """Run ``hook`` when ``name`` has been imported."""
        module = sys.modules.get(name)
        if module is not None and getattr(module.__spec__, "_initializing", False) is False:
            self._run(hook, module)
            return
        self._hooks.setdefault(name, []).append(hook)

    def install(self) -> None:
        """Begin watching."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def uninstall(self) -> None:
        """Stop watching."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find as the other finders do, with the loader wrapped."""
        if fullname not in self._hooks or fullname in self._searching:
            return None
        self._searching.add(fullname)
        try:
            for finder in sys.meta_path:
                if finder is self:
                    continue
                spec = finder.find_spec(fullname, path, target)
                if spec is not None:
                    if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                        self._wrap(spec.loader, fullname)
                    return spec
        finally:
            self._searching.discard(fullname)
        return None

    def _wrap(self, loader: Loader, name: str) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            del loader.exec_module
            for hook in self._hooks.pop(name, ()):
                self._run(hook, module)

        try:
            loader.exec_module = exec_module  # type: ignore[method-assign]
        except AttributeError:
            self._report(f"import of {name}", TypeError("the module's loader cannot be wrapped"))

    def _run(self, hook: AfterImport, module: ModuleType) -> None:
        try:
            hook(module)
        except Exception as error:
            self._report(f"hooks on {module.__name__}", error)
