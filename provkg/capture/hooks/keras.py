"""Hooks on Keras 3, whichever backend it runs on: fit, evaluate, predict, and models in files."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.calls import Begin, arguments
from provkg.capture.hooks.keras_steps import Evaluating, Fitting, KerasCall, Predicting
from provkg.capture.hooks.loading import Loading, Saving
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.wrap import step, wrap_method
from provkg.records import Status

__all__ = ["AFTER_IMPORT"]

_NEEDED = frozenset({"x", "y", "batch_size", "epochs", "validation_data"})


def _begin(make: type[KerasCall], function: Callable[..., Any]) -> Begin:
    signature = inspect.signature(function)

    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> KerasCall | None:
        session = gate.session
        return make(session, args[0], arguments(signature, args, kwargs)) if session is not None else None

    return begin


def _trainer(name: str) -> tuple[AfterImport, ...]:
    def hook(module: ModuleType) -> None:
        trainer = getattr(module, name, None)
        fit = getattr(trainer, "fit", None)
        if trainer is None or fit is None or not inspect.signature(fit).parameters.keys() >= _NEEDED:
            _stand_aside(f"{name}.fit")
            return
        for method, make in (("fit", Fitting), ("evaluate", Evaluating), ("predict", Predicting)):
            original = trainer.__dict__.get(method)
            if original is not None:
                wrap_method(trainer, method, _begin(make, original), is_fit=method == "fit")

    return (hook,)


def _stand_aside(missing: str) -> None:
    if gate.session is not None:
        version = getattr(sys.modules.get("keras.src.version"), "__version__", "?")
        gate.session.notice("keras", f"version {version} is not known here: {missing} not found")


def _patch_saving(module: ModuleType) -> None:
    for name, function in (("save_model", "keras.Model.save"), ("save_weights", "keras.Model.save_weights")):
        begin = Saving.of(function, "keras", value=0, target=1, value_names=("model",), names=("filepath",))
        replace(module, name, partial(step, begin=begin))
    load = Loading.of("keras.saving.load_model", "keras", names=("filepath",))
    replace(module, "load_model", partial(step, begin=load))
    replace(module, "load_weights", partial(step, begin=_LoadingWeights.begin))


class _LoadingWeights(Loading):
    """The weights of a model are read from a file: that is what it comes from then."""

    model: Any = None

    @staticmethod
    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> _LoadingWeights | None:
        """A call begins."""
        session = gate.session
        given = dict(zip(("model", "filepath"), args, strict=False)) | kwargs
        if session is None:
            return None
        call = _LoadingWeights(session, "keras.Model.load_weights", "keras", given.get("filepath"))
        call.model = given.get("model")
        return call

    def succeeded(self, result: Any, seconds: float) -> None:
        """The model is in a new state."""
        values, sources = self._session.values, self._sources(succeeded=True)
        node = values.tracker.revise(self.model, sources, "keras.Model.load_weights")
        self._add(sources, (values.keep(node, self.model),), seconds, Status.SUCCEEDED)


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {
    "keras.src.backend.jax.trainer": _trainer("JAXTrainer"),
    "keras.src.backend.tensorflow.trainer": _trainer("TensorFlowTrainer"),
    "keras.src.backend.torch.trainer": _trainer("TorchTrainer"),
    "keras.src.saving.saving_api": (_patch_saving,),
}
