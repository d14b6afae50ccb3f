"""The hook on argparse: the parameters of a script as it reads them from its command line."""

from __future__ import annotations

import sys
from pathlib import PurePath
from types import ModuleType
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.settings import setting
from provkg.capture.hooks.wrap import follow
from provkg.records import Setting

__all__ = ["AFTER_IMPORT"]

_PLAIN = (str, int, float, bool, type(None))
_MAX_ELEMENTS = 100


def _observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """Parsers of other texts than the process's command line, such as those of commands, pass by."""
    session, parser = gate.session, args[0]
    given = args[1] if len(args) > 1 else kwargs.get("args")
    if session is not None and (given is None or list(given) == sys.argv[1:]):
        session.parameters(tuple(_parameters(parser, vars(result[0]))))


def _parameters(parser: Any, values: dict[str, Any]) -> list[Setting]:
    found = []
    for name, value in values.items():
        shown = _plain(value)
        if name.isidentifier() and (shown is not None or value is None):
            found.append(setting(name, shown, _plain(parser.get_default(name))))
    return found


def _plain(value: Any) -> Any:
    """A value as its text can be written without code of the user's; None for anything else."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, PurePath):
        return str(value)
    if type(value) in (list, tuple) and all(type(each) in _PLAIN for each in value):
        return value[:_MAX_ELEMENTS]
    return None


def _patch(module: ModuleType) -> None:
    replace(module.ArgumentParser, "parse_known_args", lambda original: follow(original, _observe))


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {"argparse": (_patch,)}
