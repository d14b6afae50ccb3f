"""Hooks on what reads lists and dictionaries from text: JSON, YAML and TOML files that the notebook opens."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

from provkg.capture.file_states import TELLING, FileState
from provkg.capture.gate import gate
from provkg.capture.holders import Source
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.loading import argument, guessed
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.wrap import follow
from provkg.capture.session import Session
from provkg.capture.targets import bytes_of, named_path

__all__ = ["AFTER_IMPORT"]

_NAMES = ("fp", "s", "stream")


def _read(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    session = gate.session
    if session is None or type(result) not in (list, dict):
        return
    plain = session.files.plain
    plain.forget(result)
    state = _source(session, argument(args, kwargs, 0, _NAMES))
    if state is not None and session.values.called_by_user(session.files.is_packaged):
        plain.put(result, (state,))


def _source(session: Session, target: Any) -> Source | None:
    """The file or answer that a text was read from: one that the notebook opened; of a text, a guess."""
    if type(target) is str and len(target) < TELLING:
        return None
    held = session.files.holders.held(target)
    if held and isinstance(held[0], FileState):
        return held[0]
    content = bytes_of(target)
    if content is not None:
        return guessed(session, content)
    path = named_path(target)
    return session.files.last(path) if path else None


def _patch(*names: str) -> AfterImport:
    def hook(module: ModuleType) -> None:
        for name in names:
            replace(module, name, partial(follow, observe=_read))

    return hook


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {
    "json": (_patch("load", "loads"),),
    "tomllib": (_patch("load", "loads"),),
    "yaml": (_patch("load", "safe_load"),),
}
