"""Which notebook a client plays from top to bottom, where it sends cells without their ids.

papermill, ``jupyter nbconvert --execute``, ``jupyter execute`` and other programs built on nbclient name the
notebook on their command line, and execute its code cells in order. As long as the texts agree one after the
other, an execution is taken for that of the cell; the record says that this is inferred.
"""

from __future__ import annotations

import ast
import importlib
import os
from dataclasses import dataclass
from typing import Any

from provkg.capture.parameters import parameter
from provkg.capture.saved import SavedCell, SavedNotebook, read_saved
from provkg.confidential import MARK, is_secret_setting
from provkg.records import Setting

__all__ = ["Playback", "find_playback"]

_INJECTED = "injected-parameters"
_MAX_NOTEBOOKS = 200
_ONE = ("-p", "-r", "--parameters", "--parameters_raw")
_SEVERAL = ("-y", "-b", "--parameters_yaml", "--parameters_base64")


@dataclass(frozen=True, slots=True)
class _Command:
    """The command line of the process that started this one, and its working folder."""

    words: tuple[str, ...] = ()
    folder: str = ""


class Playback:
    """Notebooks of which one is being played: those that agree with what was executed so far.

    Parameters:
        notebooks: as the command line names them, in that order.
        command: the words of the command line.
        first: the source of the first cell that is recorded; what stands above it was executed before.
    """

    def __init__(self, notebooks: list[SavedNotebook], command: tuple[str, ...], first: str) -> None:
        self.command = command
        self._named = notebooks
        self._agreeing: list[tuple[SavedNotebook, list[SavedCell]]] = []
        """The notebooks that agree so far, each with the cells that are still to come."""
        for notebook in notebooks:
            cells = [cell for cell in notebook.cells if cell.is_recorded]
            begins = next((at for at, cell in enumerate(cells) if cell.source == first), None)
            if begins is not None:
                self._agreeing.append((notebook, cells[begins:]))

    def __bool__(self) -> bool:
        return bool(self._agreeing)

    @property
    def notebook(self) -> SavedNotebook:
        """The notebook that is played: of several that agree the last, which is papermill's output."""
        return self._agreeing[-1][0]

    @property
    def source(self) -> SavedNotebook:
        """The notebook that was asked for: papermill plays its output, which it made from its input."""
        made_from = self.notebook.papermill.get("input_path")
        if isinstance(made_from, str):
            for one in self._named:
                if os.path.basename(one.path) == os.path.basename(made_from):
                    return one
        return self.notebook

    def next(self, source: str) -> SavedCell | None:
        """The cell that is executed now; None from where no notebook agrees any more."""
        agreeing = [
            (notebook, cells) for notebook, cells in self._agreeing if cells and cells[0].source == source
        ]
        if not agreeing:
            self._agreeing = [(saved, []) for saved, _ in self._agreeing]
            return None
        self._agreeing = [(saved, left[1:]) for saved, left in agreeing]
        return agreeing[-1][1][0]

    def parameters(self) -> tuple[Setting, ...]:
        """What papermill was given: its injected cell, where the notebook asked for has not the same."""
        given = [cell for cell in self.notebook.cells if _INJECTED in cell.tags]
        before = {cell.source for cell in self.source.cells} if self.source is not self.notebook else set()
        if self.source is self.notebook or not given or given[0].source in before:
            return ()
        return tuple(_assigned(given[0].source))


def find_playback(first: str) -> Playback | None:
    """What plays a notebook in this kernel, by its first cell; None where nothing of the kind does."""
    command = _starter()
    paths = [os.path.join(command.folder, word) for word in command.words if word.endswith(".ipynb")]
    line = first.strip().partition("\n")[0]
    notebooks = [
        saved for path in paths[:_MAX_NOTEBOOKS] if (saved := read_saved(os.path.abspath(path), holding=line))
    ]
    playback = Playback(notebooks, _without_values(command.words), first)
    return playback or None


def _without_values(words: tuple[str, ...]) -> tuple[str, ...]:
    """A command line of papermill's without the values of parameters that are secrets by their names."""
    shown = list(words)
    for at, word in enumerate(words):
        if word in _ONE and is_secret_setting("".join(words[at + 1 : at + 2])):
            shown[at + 2 : at + 3] = [MARK]
        elif word in _SEVERAL:
            shown[at + 1 : at + 2] = [MARK]
    return tuple(shown)


def _starter() -> _Command:
    try:
        # A kernel has psutil, for ipykernel needs it.
        psutil: Any = importlib.import_module("psutil")
        process = psutil.Process(os.getppid())
        return _Command(tuple(process.cmdline()), process.cwd())
    except Exception:  # another user's process, or one that is gone
        return _Command()


def _assigned(source: str) -> list[Setting]:
    """The variables that a cell of papermill's sets to values."""
    found = []
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError):
        return []
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                try:
                    held = ast.literal_eval(value)
                except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                    continue
                if held is None or isinstance(held, str | int | float | bool):
                    found.append(parameter(name, held))
                else:
                    found.append(
                        Setting(name=name, value=repr(held)[:1000], type=type(held).__name__, explicit=True)
                    )
    return found
