"""Whether a library is as its hooks know it: of one that is not, they stand aside and say so once."""

from __future__ import annotations

import inspect
from typing import Any

__all__ = ["UnknownLibraryError", "known_class", "known_signature"]


class UnknownLibraryError(Exception):
    """A library differs from what its hooks know; the watch on imports notes it in the record."""


def known_signature(owner: Any, name: str, *parameters: str) -> inspect.Signature:
    """The signature of a function or method, which has to have these parameters.

    >>> import textwrap
    >>> list(known_signature(textwrap, "indent", "text", "prefix").parameters)
    ['text', 'prefix', 'predicate']

    Raises:
        UnknownLibraryError: there is no such function, or it takes other parameters.
    """
    whole = f"{getattr(owner, '__name__', owner)}.{name}"
    try:
        signature = inspect.signature(getattr(owner, name))
    except (AttributeError, TypeError, ValueError):
        raise UnknownLibraryError(f"{whole} is not there in this version: it is left alone") from None
    missing = [parameter for parameter in parameters if parameter not in signature.parameters]
    if missing:
        raise UnknownLibraryError(f"{whole} takes no {missing[0]!r} in this version: it is left alone")
    return signature


def known_class(module: Any, name: str, *methods: str) -> type:
    """A class of a module, which has to have these methods.

    >>> import collections
    >>> known_class(collections, "OrderedDict", "move_to_end").__name__
    'OrderedDict'

    Raises:
        UnknownLibraryError: there is no such class, or it has other methods.
    """
    found = getattr(module, name, None)
    if not isinstance(found, type):
        raise UnknownLibraryError(f"{module.__name__}.{name} is not there in this version: it is left alone")
    missing = [method for method in methods if not callable(getattr(found, method, None))]
    if missing:
        raise UnknownLibraryError(
            f"{module.__name__}.{name} has no {missing[0]!r} in this version: it is left alone"
        )
    return found
