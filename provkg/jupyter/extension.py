"""What IPython loads: recording, and the magic ``%provkg``. A kernel imports this: it is light."""

from __future__ import annotations

from typing import Any

from provkg.capture.ipython import load_ipython_extension, unload_ipython_extension

__all__ = ["load", "unload"]


def load(shell: Any) -> None:
    """Record the session of an IPython shell, and give it the magic."""
    shell.register_magic_function(provkg, "line", "provkg")
    load_ipython_extension(shell)


def unload(shell: Any) -> None:
    """End the record; the magic stays, to say that nothing is recorded."""
    unload_ipython_extension(shell)


def provkg(line: str) -> None:
    """Ask about the record of this session, or switch it off and on.

    ::

        %provkg status   is it recording, which run, where (also: %provkg)
        %provkg show     what this session has read, trained, measured and written
        %provkg off      record nothing from the next cell on
        %provkg on       record again from the next cell on

    What is done while recording is off is not claimed for any cell.
    """
    from provkg.jupyter.magics import answer

    answer(line.strip())
