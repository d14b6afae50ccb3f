"""Hooks on Lightning's ``Trainer``: fit, validate, test, predict, and checkpoints.

What happens epoch by epoch is told by a callback, which is among those of the trainer only while it fits.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.calls import Begin, arguments
from provkg.capture.hooks.lightning_steps import (
    Fitting,
    LightningCall,
    Predicting,
    Testing,
    Validating,
    checkpoint_saved,
)
from provkg.capture.hooks.randomness import seeding
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.wrap import is_replacement, listen, wrap_method

__all__ = ["AFTER_IMPORT"]

_STEPS: dict[str, type[LightningCall]] = {
    "fit": Fitting,
    "validate": Validating,
    "test": Testing,
    "predict": Predicting,
}
_NEEDED = ("callbacks", "callback_metrics", "save_checkpoint", "current_epoch", "global_step")


def _begin(make: type[LightningCall], function: Callable[..., Any]) -> Begin:
    signature = inspect.signature(function)

    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> LightningCall | None:
        session = gate.session
        return make(session, args[0], arguments(signature, args, kwargs)) if session is not None else None

    return begin


def _patch_trainer(module: Any) -> None:
    trainer = getattr(module, "Trainer", None)
    if trainer is None or any(not hasattr(trainer, name) for name in (*_STEPS, *_NEEDED[1:])):
        if gate.session is not None:
            gate.session.notice("lightning", "this version is not known here: Trainer is another one")
        return
    for name, make in _STEPS.items():
        wrap_method(trainer, name, _begin(make, trainer.__dict__[name]), is_fit=name == "fit")
    if not is_replacement(trainer.save_checkpoint):
        trainer.save_checkpoint = listen(trainer.save_checkpoint, checkpoint_saved)


def _patch_seeds(module: Any) -> None:
    told = [seeding(generator, ("seed",)) for generator in ("random", "numpy.random", "torch")]

    def hear(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        for tell in told:
            tell((), {"seed": result}, result)

    replace(module, "seed_everything", partial(listen, hear=hear))


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {
    "lightning.fabric.utilities.seed": (_patch_seeds,),
    "lightning.pytorch.trainer.trainer": (_patch_trainer,),
    "lightning_fabric.utilities.seed": (_patch_seeds,),
    "pytorch_lightning.trainer.trainer": (_patch_trainer,),
}
