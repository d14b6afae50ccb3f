"""One part of a program that asked to be recorded: a ``with`` block, or a call of a decorated function.

A process records one run at a time. A block inside of what is recorded already belongs to that run; one that
begins in another thread or task meanwhile is not recorded, for what is whose could not be told.
"""

from __future__ import annotations

import ast
import linecache
import os
import sys
from collections.abc import Mapping, Sequence
from textwrap import dedent
from threading import Lock, get_ident
from types import CodeType
from typing import Any

from provkg.capture.ending import ending_of
from provkg.capture.gate import gate
from provkg.capture.recording import Recording, at_work
from provkg.capture.tracebacks import without_hooks
from provkg.config import Home, ensure_home
from provkg.records import Code, CodeKind, RunKind, Setting, Status

__all__ = ["Block"]

_beginning = Lock()


class Block:
    """One block, recorded from `begin` to `end`.

    ``run`` is the id of its run, and empty where it is not recorded; ``home`` is where that is kept.

    Parameters:
        name: what the user calls the run.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.home: Home | None = None
        self.run = ""
        self._recording: Recording | None = None

    def begin(
        self,
        home: str | os.PathLike[str] | None,
        namespace: Mapping[str, Any],
        code: CodeType,
        line: int,
        parameters: Sequence[Setting],
    ) -> None:
        """The block is about to run. Nothing is raised: what cannot be recorded is said on standard error.

        Parameters:
            home: where the run is recorded; by default in the home that holds here.
            namespace: the variables of the module that the block is in.
            code: what runs the block.
            line: the line of its ``with`` statement, or 0 where the block is a whole function.
            parameters: those the user gave.
        """
        try:
            with _beginning:
                outer = at_work()
                if outer is not None:
                    self._join(outer)
                    return
                self.home = ensure_home(path=home)
                recording = Recording(self.home, namespace, patience=0.0)
                recording.start()
            try:
                self._begin_run(recording, namespace, code, line, parameters)
            except BaseException:
                recording.stop()
                raise
            self.run, self._recording = recording.run, recording
        except Exception as error:
            self._complain("does not record", error)

    def _begin_run(
        self,
        recording: Recording,
        namespace: Mapping[str, Any],
        code: CodeType,
        line: int,
        parameters: Sequence[Setting],
    ) -> None:
        lines = linecache.getlines(code.co_filename, dict(namespace))
        recording.begin_run(
            RunKind.SCRIPT,
            "",
            _document(code.co_filename, recording),
            folder=os.path.dirname(os.path.abspath(code.co_filename)),
            command=tuple(sys.orig_argv),
            parameters=tuple(parameters),
            name=self.name,
        )
        recording.session.values.code.document = code.co_filename
        recording.session.take_stock()
        # Of a block in a function the text says nothing of the module's variables.
        in_module = code.co_name == "<module>"
        recording.session.begin("".join(lines), _text_of_block(lines, line) if in_module else "")

    def _join(self, outer: Recording) -> None:
        here = gate.belongs() == gate.openings and get_ident() == gate.thread
        if gate.recording and here:
            self.home, self.run = outer.home, outer.run
        elif gate.recording:
            outer.session.notice("record", "a block in another thread or task is not recorded")

    def pause(self) -> None:
        """What runs from now on is not the block's."""
        if self._recording is not None:
            gate.close()

    def go_on(self) -> None:
        """The block is at work again."""
        if self._recording is not None and at_work() is self._recording:
            gate.open(self._recording.session)

    def end(self, error: BaseException | None = None) -> None:
        """The block ended, by an exception or without one."""
        recording, self._recording = self._recording, None
        if recording is None:
            return
        try:
            session = recording.session
            traceback = without_hooks(error.__traceback__) if error is not None else None
            status, told = ending_of(error, traceback, session.values.code.document)
            recording.stop()
            session.end(error=told, interrupted=status is Status.INTERRUPTED)
            session.finish(status, told)
            recording.close()
        except Exception as failure:
            self._complain("cannot record all of", failure)

    def _complain(self, what: str, error: Exception) -> None:
        print(f"provkg {what} {self.name or 'this block'}: {error}", file=sys.__stderr__)


def _document(file: str, recording: Recording) -> Code | None:
    """The file that holds the block's code; None for what was typed in."""
    path = os.path.abspath(file)
    try:
        with open(path, "rb") as opened:
            content = opened.read()
    except OSError:
        return None
    return Code(
        path=os.fsencode(path).decode("utf-8", "backslashreplace"),
        kind=CodeKind.SCRIPT,
        sha256=recording.put(content)[0],
        size=len(content),
    )


def _text_of_block(lines: Sequence[str], line: int) -> str:
    r"""The statements of the ``with`` block that begins in a line, at their places in the file.

    >>> _text_of_block(["x = 1\n", "with record():\n", "    y = 2\n", "z = 3\n"], 2)
    '\n\ny = 2\n'
    """
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError, RecursionError):
        return ""
    found = ""
    for node in ast.walk(tree):
        if isinstance(node, ast.With) and node.lineno <= line < node.body[0].lineno:
            first, last = node.body[0].lineno, node.body[-1].end_lineno
            found = "\n" * (first - 1) + dedent("".join(lines[first - 1 : last]))
    return found
