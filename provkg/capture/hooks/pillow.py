"""Hooks on Pillow: images read from and written to files, and images made from others and from arrays."""

from __future__ import annotations

from functools import partial
from types import FunctionType, ModuleType
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.known import known_class
from provkg.capture.hooks.loading import Loading, Saving
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.sources import sources_in
from provkg.capture.hooks.wrap import Follower, follow, step
from provkg.capture.kinds import kind_of

__all__ = ["AFTER_IMPORT"]

_FUNCTIONS = ("fromarray", "frombuffer", "merge", "blend", "composite", "alpha_composite", "eval")
_CHANGING = frozenset({"paste", "putdata", "putpixel", "putalpha", "putpalette", "thumbnail", "draft"})
_NOT_DERIVING = frozenset({"close", "load", "open", "save", "seek", "show", "verify", "tell"})


def _patch(module: ModuleType) -> None:
    image: Any = known_class(module, "Image", "convert", "save")
    replace(module, "open", partial(step, begin=Loading.of("PIL.Image.open", "pillow", names=("fp",))))
    for name in _FUNCTIONS:
        replace(module, name, partial(follow, observe=_derived(f"PIL.Image.{name}")))
    for name, found in list(vars(image).items()):
        if isinstance(found, FunctionType) and name[:1] != "_" and name not in _NOT_DERIVING:
            replace(image, name, partial(follow, observe=_derived(f"PIL.Image.Image.{name}")))
    saving = Saving.of("PIL.Image.Image.save", "pillow", names=("fp",))
    replace(image, "save", partial(step, begin=saving))


def _derived(label: str) -> Follower:
    changes = label.rpartition(".")[2] in _CHANGING

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session = gate.session
        if session is None:
            return
        if changes:
            session.values.tracker.revise(args[0], tuple(sources_in(session, args[1:], kwargs)), label)
            return
        for made in result if type(result) is tuple else (result,):
            if kind_of(made) is not None and made is not args[0]:
                session.values.tracker.derive(made, tuple(sources_in(session, args, kwargs)), label)

    return observe


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {"PIL.Image": (_patch,)}
