"""Hooks on Optuna: studies with their trials, samplers and pruners with their settings."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.calls import arguments, begin_with
from provkg.capture.hooks.known import known_class, known_signature
from provkg.capture.hooks.replacing import replace_method
from provkg.capture.hooks.settings import setting
from provkg.capture.hooks.studies import Telling, made_with, surround
from provkg.capture.hooks.wrap import listen, step

__all__ = ["AFTER_IMPORT"]


def _patch_study(module: ModuleType) -> None:
    study = known_class(module, "Study", "tell")
    known_signature(study, "optimize", "self", "func", "n_jobs", "callbacks")
    told = known_signature(study, "tell", "trial")
    replace_method(study, "optimize", surround)
    replace_method(study, "tell", partial(step, begin=begin_with(Telling, told)))


def _patch_makers(module: ModuleType) -> None:
    """Samplers, or pruners: what each is made with."""
    base: Any = known_class(module, "BaseSampler" if hasattr(module, "BaseSampler") else "BasePruner")
    if "__init_subclass__" in vars(base):
        return

    def made(cls: Any, /, **kwargs: Any) -> None:
        super(base, cls).__init_subclass__(**kwargs)
        _watch_making(cls)

    base.__init_subclass__ = classmethod(made)
    for known in _subclasses(base):
        _watch_making(known)


def _subclasses(base: type) -> Iterator[type]:
    children: list[type] = base.__subclasses__()
    for child in children:
        yield child
        yield from _subclasses(child)


def _watch_making(maker: type) -> None:
    def watched(original: Any) -> Any:
        signature = inspect.signature(original)
        return listen(original, partial(_made, signature), always=True)

    try:
        replace_method(maker, "__init__", watched)
    except Exception as error:
        if gate.session is not None:
            gate.session.notice(f"hooks on {maker.__qualname__}", error)


def _made(signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    named = arguments(signature, args, kwargs)
    parameters = list(signature.parameters.values())[1:]
    made_with(
        args[0],
        tuple(
            setting(each.name, named.get(each.name, each.default), each.default)
            for each in parameters
            if each.default is not inspect.Parameter.empty or each.name in named
        ),
    )


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {
    "optuna.pruners._base": (_patch_makers,),
    "optuna.samplers._base": (_patch_makers,),
    "optuna.study.study": (_patch_study,),
}
