"""Hands a script over to a Python interpreter that runs and records it.

The process becomes that interpreter: its signals, exit code, terminal and process id are the script's.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from provkg.config import Home

__all__ = ["Order", "launch"]

_NAMES_PROGRAM = re.compile(r"-(?![WX])[A-Za-z]*[mc]")
"""The option behind which a module or a program's text stands, perhaps with others in one word (``-Bm``)."""


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the process of a script is told.

    ``module`` says that the script is named as ``python -m`` does; ``command`` is the command line for the
    record; ``viewer`` is the interpreter that shows the summary afterwards, or empty.
    """

    module: bool = False
    command: tuple[str, ...] = ()
    viewer: str = ""


def launch(
    script: str,
    arguments: Sequence[str],
    home: Home,
    *,
    module: bool = False,
    python: str = "",
    command: tuple[str, ...] = (),
    summary: bool = True,
) -> NoReturn:
    """Become the interpreter that runs a script, recorded.

    Parameters:
        script: the script's path, or the name of its module.
        arguments: what stands behind it on the command line.
        home: where the run is recorded.
        module: whether ``script`` names a module, as with ``python -m``.
        python: the interpreter, by default the one at work with its options.
        command: the command line, for the record.
        summary: whether the run's summary is shown at the end, on the standard error stream.

    Raises:
        OSError: the interpreter cannot be executed.
    """
    order = Order(
        module=module,
        command=tuple(word.encode("utf-8", "backslashreplace").decode() for word in command),
        viewer=sys.executable if summary else "",
    )
    options = [] if python else _own_options()
    bootstrap = os.path.join(os.path.dirname(os.path.abspath(__file__)), "importlib_bootstrap.py")
    executable = python or sys.executable
    told = (msgspec.json.encode(order).decode(), os.fspath(home.path))
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(executable, [executable, *options, bootstrap, *told, script, *arguments])


def _own_options() -> list[str]:
    """The options that this interpreter was started with, such as ``-W error`` and ``-X dev``.

    They stand before the program: ``-m provkg``, ``-c …``, or a file.
    """
    options = sys.orig_argv[1 : len(sys.orig_argv) - len(sys.argv) + 1]
    before = options[-2] if len(options) > 1 else ""
    if not _NAMES_PROGRAM.fullmatch(before):
        return options[:-1]
    return [*options[:-2], *([before[:-1]] if len(before) > 2 else [])]
