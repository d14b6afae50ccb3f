"""Hooks on the objects through which pandas reads a file bit by bit: chunks of text, sheets of a workbook."""

from __future__ import annotations

import sys
from functools import partial
from types import ModuleType
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks.loading import Loading, argument, sources_named
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.wrap import Follower, follow, step
from provkg.capture.kinds import kind_of

__all__ = ["patch_readers"]

_CHUNKS = (
    ("pandas.io.parsers.readers", "TextFileReader", "pandas.read_csv", ("get_chunk", "read", "__next__")),
    ("pandas.io.json._json", "JsonReader", "pandas.read_json", ("read", "__next__")),
)


def patch_readers(pandas: ModuleType) -> None:
    """Follow what readers give out to the file they read."""
    for module, name, label, methods in _CHUNKS:
        owner: Any = getattr(sys.modules.get(module), name, None)
        for method in methods if owner is not None else ():
            replace(owner, method, partial(follow, observe=_given_out(label)))
    excel: Any = pandas.ExcelFile
    replace(excel, "__init__", partial(follow, observe=_opened))
    replace(excel, "parse", partial(step, begin=Loading.of("pandas.ExcelFile.parse", "pandas")))


def _given_out(label: str) -> Follower:
    """For methods of a reader that return a part of what it reads."""

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session = gate.session
        if session is not None and kind_of(result) is not None:
            session.values.tracker.derive(result, session.files.holders.held(args[0]), label)

    return observe


def _opened(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    session = gate.session
    if session is not None:
        session.files.holders.hold(args[0], sources_named(session, argument(args, kwargs, 1)))
