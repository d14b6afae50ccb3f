"""Hooks on libraries, one module each: what they replace, and after the import of which module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType

__all__ = ["after_imports"]


def after_imports() -> Iterator[tuple[str, Callable[[ModuleType], None]]]:
    """Every module name that has hooks, with the function to run after its import."""
    from provkg.capture.hooks import pandas, randomness, sklearn, storage

    for table in (pandas.AFTER_IMPORT, sklearn.AFTER_IMPORT):
        yield from table.items()
    for several in (randomness.AFTER_IMPORT, storage.AFTER_IMPORT):
        for name, hooks in several.items():
            for hook in hooks:
                yield name, hook
