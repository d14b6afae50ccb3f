"""Hooks on torch: training loops, what they learn from, predictions, and what is stored and loaded.

A loop is seen by what it cannot do without: ``backward``, which starts from the loss, and the steps of the
optimizer (a hook that torch offers). Modules tell when the user calls them rather than another module.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.replacing import is_late, replace
from provkg.capture.hooks.torch.calling import enter_backward, enter_calls, scaled, stand_aside, stepped
from provkg.capture.hooks.torch.checkpoints import Loading, Saving, state_loaded
from provkg.capture.hooks.torch.loaders import begun, drawing
from provkg.capture.hooks.torch.seeds import import_seen
from provkg.capture.hooks.torch.splitting import Splitting
from provkg.capture.hooks.torch.tensors import following, row_numbers
from provkg.capture.hooks.wrap import follow, is_replacement, listen, step

__all__ = ["AFTER_IMPORT"]

_METHODS = (
    *("to", "type", "float", "double", "half", "bfloat16", "long", "int", "bool", "cpu", "cuda", "clone"),
    *("argmax", "argmin", "max", "topk", "softmax", "log_softmax", "sigmoid", "exp", "round"),
    *("__gt__", "__ge__", "__lt__", "gt", "ge", "lt"),
)
_FUNCTIONS = ("tensor", "as_tensor", "asarray", "from_numpy")
"""Those that make tensors. Of others, classes of tensors are told by identity (``__torch_function__``)."""
_NEEDED = (
    "Tensor.backward",
    "_C._get_tracing_state",
    "compiler.is_compiling",
    "nn.Module.__call__",
    "nn.Module.load_state_dict",
    "optim.optimizer.register_optimizer_step_post_hook",
    "optim.optimizer._global_optimizer_post_hooks",
    "utils.data.DataLoader.__iter__",
    "utils.data.dataloader._BaseDataLoaderIter.__next__",
    "serialization.save",
    "serialization.load",
)


def _patch(torch: Any) -> None:
    missing = [path for path in _NEEDED if _find(torch, path) is None]
    if missing:
        if gate.session is not None:
            found = getattr(torch, "__version__", "?")
            gate.session.notice("torch", f"version {found} is not known here: {', '.join(missing)} not found")
        return
    stand_aside(torch)
    try:
        enter_calls(torch)
        enter_backward(torch)
    except ValueError as error:
        if gate.session is not None:
            gate.session.notice("torch", error)
        return
    import_seen(torch)
    _set(torch.nn.Module, "load_state_dict", lambda original: listen(original, state_loaded))
    if stepped not in _find(torch, "optim.optimizer._global_optimizer_post_hooks").values():
        _find(torch, "optim.optimizer.register_optimizer_step_post_hook")(stepped)
    _set(torch.utils.data.DataLoader, "__iter__", lambda original: listen(original, begun))
    _set(_find(torch, "utils.data.dataloader._BaseDataLoaderIter"), "__next__", drawing)
    scaler = _find(torch, "amp.GradScaler")
    if scaler is not None and hasattr(scaler, "scale"):
        _set(scaler, "scale", lambda original: listen(original, scaled))
    for name, begin in (("save", Saving.begin), ("load", Loading.begin)):
        replace(sys.modules["torch.serialization"], name, partial(step, begin=begin), (torch,))
    splits = sys.modules["torch.utils.data.dataset"]
    replace(splits, "random_split", lambda each: step(each, Splitting.of(each)), (torch.utils.data,))
    for name in _METHODS:
        _set(torch.Tensor, name, following(f"torch.Tensor.{name}"))
    if not (is_late() and "torch._dynamo" in sys.modules):  # the compiler knows functions by identity
        for name in _FUNCTIONS:
            original = getattr(torch, name, None)
            replace(torch, name, following(f"torch.{name}"))
            _tell_scripting(original, getattr(torch, name, None))
        replace(torch, "randperm", lambda original: follow(original, row_numbers))


def _find(torch: Any, path: str) -> Any:
    """What stands at a path; modules are looked up by name, as packages may hold something else by it."""
    found, at = torch, "torch"
    for name in path.split("."):
        at = f"{at}.{name}"
        found = sys.modules.get(at) or getattr(found, name, None)
    return found


def _set(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    original = getattr(owner, name, None)
    if original is not None and not is_replacement(original):
        setattr(owner, name, make(original))


def _tell_scripting(original: Any, replacement: Any) -> None:
    """Let TorchScript, where it has listed torch's functions already, know a replacement as the original."""
    listed = getattr(sys.modules.get("torch.jit._builtins"), "_builtin_table", None)
    if listed is not None and id(original) in listed:
        listed[id(replacement)] = listed[id(original)]


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {"torch": (_patch,)}
