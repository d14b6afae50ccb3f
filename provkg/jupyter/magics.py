"""What ``%provkg`` answers: texts, shown in a notebook and in a terminal."""

from __future__ import annotations

import html
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING

from provkg.capture.gate import gate
from provkg.capture.ipython import Recorder, recorder, refusal
from provkg.journal import read_run

if TYPE_CHECKING:
    from provkg.records import Run

__all__ = ["answer"]

WIDTH = 100
_MAX_NOTICES = 5


class Shown:
    """A text for people: preformatted in a notebook, as it is in a terminal."""

    def __init__(self, text: str, formatted: str = "") -> None:
        self._text = text
        self._html = formatted or html.escape(text)

    def __repr__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        style = "line-height: normal; white-space: pre; overflow-x: auto"
        return f'<pre style="{style}">{self._html}</pre>'


def answer(line: str) -> None:
    """Do what a line asks for and show the answer.

    Raises:
        UsageError: it asks for nothing that there is; IPython shows it without a traceback.
    """
    from IPython.core.error import UsageError
    from IPython.display import display

    command = _COMMANDS.get(line or "status")
    if command is None:
        near = get_close_matches(line.split(maxsplit=1)[0], _COMMANDS, n=1)
        hint = f"Did you mean %provkg {near[0]}?" if near else f"Write one of {', '.join(_COMMANDS)}."
        raise UsageError(f"There is no %provkg {line}. {hint}")
    at_work = recorder()
    if at_work is None:
        sys.stdout.write(_idle())
        return
    with aside(at_work):
        display(command(at_work))  # type: ignore[no-untyped-call]


@contextmanager
def aside(at_work: Recorder) -> Iterator[None]:
    """Record nothing of what is done here: it is not the user's doing."""
    at_work.session.settle_imports()
    was = gate.recording, gate.own.values, gate.own.activities
    gate.recording = gate.own.values = gate.own.activities = False
    try:
        yield
    finally:
        at_work.session.ignore_imports()
        gate.recording, gate.own.values, gate.own.activities = was


def _idle() -> str:
    why = f"Nothing is recorded: {refusal()}" if refusal() else "Nothing is recorded."
    return f"{why}\nTo begin: %reload_ext provkg\n"


def _status(at_work: Recorder) -> Shown:
    recording = at_work.recording
    run = read_run(recording.home, recording.run) if recording.begun else None
    lines = {
        "recording": _state(at_work),
        "run": f"{recording.run}, since {recording.since:%Y-%m-%d %H:%M:%S} UTC"
        if run is not None
        else "begins with the next cell",
        "home": str(recording.home.path),
        "notebook": at_work.whereabouts.path,
        "cells": str(len(run.executions)) if run is not None else "0",
    }
    text = "\n".join(f"{name:<10} {value}" for name, value in lines.items() if value)
    notices = _notices(run) if run is not None else []
    if notices:
        more = [f"  and {len(notices) - _MAX_NOTICES} more"] if len(notices) > _MAX_NOTICES else []
        text += "\n".join(["\n\nNot recorded:", *notices[:_MAX_NOTICES], *more])
    from provkg.cli.output import harmless

    return Shown(harmless(text))


def _state(at_work: Recorder) -> str:
    if at_work.leaving:
        return "ends with this cell"
    if at_work.paused is None:
        return "on"
    return f"off since {at_work.paused:%H:%M:%S} UTC (go on with %provkg on)"


def _notices(run: Run) -> list[str]:
    return [
        f"  cell [{execution.execution_count or execution.order}]: {notice.where}: {notice.message}"
        for execution in run.executions
        for notice in execution.notices
    ]


def _show(at_work: Recorder) -> Shown:
    from provkg.cli.output import rich_html, rich_text
    from provkg.cli.summary_view import draw_summary
    from provkg.views import suggest, summarize

    recording = at_work.recording
    run = read_run(recording.home, recording.run) if recording.begun else None
    if run is None:
        return Shown("Nothing is recorded yet: the run begins with the next cell.")
    summary = summarize(run)
    drawn = draw_summary(summary, suggest(summary), WIDTH)
    return Shown(rich_text(drawn, WIDTH), rich_html(drawn, WIDTH))


def _off(at_work: Recorder) -> Shown:
    at_work.pause()
    return Shown("Recording is off from the next cell on. To go on: %provkg on")


def _on(at_work: Recorder) -> Shown:
    at_work.resume()
    return Shown("Recording is on from the next cell on.")


_COMMANDS: dict[str, Callable[[Recorder], Shown]] = {
    "status": _status,
    "show": _show,
    "off": _off,
    "on": _on,
}
