"""What is watched of an IPython shell besides its cells: displays, tracebacks, messages of widgets.

Each function puts one watch in place and returns what takes it away again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from provkg.capture.session import Session
from provkg.capture.tracebacks import without_hooks
from provkg.records import OutputKind

__all__ = ["watch_callbacks", "watch_displays", "watch_tracebacks"]

Undo = Callable[[], None]


def watch_displays(shell: Any, session: Session) -> list[Undo]:
    """Tell the session's outputs of displays and results; in a terminal there are no such messages."""
    undo: list[Undo] = []
    for publisher, kind in (
        (shell.display_pub, OutputKind.DISPLAY),
        (shell.displayhook, OutputKind.RESULT),
    ):
        if hasattr(publisher, "register_hook"):
            undo.append(_watch_display(publisher, kind, session))
    return undo


def _watch_display(publisher: Any, kind: OutputKind, session: Session) -> Undo:
    def hook(message: dict[str, Any]) -> dict[str, Any]:
        try:
            session.outputs.message(kind, message)
        except Exception as error:
            session.notice("display", error)
        return message

    publisher.register_hook(hook)
    return lambda: publisher.unregister_hook(hook)


def watch_tracebacks(shell: Any, session: Session, shown: Callable[[str], None]) -> list[Undo]:
    """Hide our frames from the tracebacks that are shown.

    Parameters:
        shown: is told the text of each.
    """
    get_exc_info, show = shell._get_exc_info, shell._showtraceback

    def _get_exc_info(exc_tuple: Any = None) -> Any:
        kind, value, traceback = get_exc_info(exc_tuple)
        session.settle_imports()
        clean = without_hooks(traceback)
        if value is not None and value.__traceback__ is traceback:
            value.__traceback__ = clean
        return kind, value, clean

    def _showtraceback(etype: Any, evalue: Any, stb: list[str]) -> Any:
        shown("\n".join(stb))
        session.ignore_imports()
        return show(etype, evalue, stb)

    shell._get_exc_info, shell._showtraceback = _get_exc_info, _showtraceback
    return [lambda: delattr(shell, "_get_exc_info"), lambda: delattr(shell, "_showtraceback")]


def watch_callbacks(shell: Any, told: Callable[[], None]) -> list[Undo]:
    """Notice the messages of widgets, whose callbacks run code of the user's between cells.

    Parameters:
        told: is called before each.
    """
    handlers = getattr(getattr(shell, "kernel", None), "shell_handlers", {})
    return [_watch_handler(handlers, kind, told) for kind in ("comm_open", "comm_msg") if kind in handlers]


def _watch_handler(handlers: dict[str, Any], kind: str, told: Callable[[], None]) -> Undo:
    handle = handlers[kind]

    def handler(*args: Any, **kwargs: Any) -> Any:
        told()
        return handle(*args, **kwargs)

    handlers[kind] = handler
    return lambda: handlers.update({kind: handle})
