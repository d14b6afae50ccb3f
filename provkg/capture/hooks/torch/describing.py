"""Settings of modules, optimizers, schedulers and losses, and which modules an optimizer trains.

No code of the user's is run: a module's parts are read from where `torch.nn.Module` keeps them.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from types import FrameType, FunctionType, ModuleType
from typing import Any

from provkg.capture.gate import is_hidden
from provkg.capture.hooks.settings import defaults_of, scalar, setting
from provkg.capture.hooks.torch.entrance import is_entered
from provkg.capture.kinds import type_name
from provkg.capture.namespace import locals_of
from provkg.capture.session import Session
from provkg.records import Setting

__all__ = [
    "called_here",
    "in_sight",
    "is_module",
    "loss_settings",
    "module_settings",
    "modules_in",
    "optimizer_settings",
    "parameters_of",
    "scheduler_settings",
    "trained_by",
    "unwrapped",
]

_HOLDING_NOTHING = frozenset({int, float, str, bool, bytes, type(None), type, FunctionType, ModuleType})
_MAX_TEXT = 4000
_MAX_LAYERS = 200
_MAX_MODULES = 5000
_MAX_FRAMES = 60
_MAX_ELEMENTS = 50
_MAX_GROUPS = 10
_NO_OPTIONS = frozenset({"params", "param_names", "initial_lr"})
_WRAPPERS = {"OptimizedModule": "_orig_mod", "DataParallel": "module", "DistributedDataParallel": "module"}


def _held(module: Any, name: str) -> dict[str, Any]:
    held = object.__getattribute__(module, "__dict__").get(name, {})
    return {key: value for key, value in held.items() if value is not None}


def is_module(value: object) -> bool:
    """Whether a value is a torch module."""
    base = getattr(sys.modules.get("torch.nn.modules.module"), "Module", ())
    return issubclass(type(value), base)


def unwrapped(module: Any) -> Any:
    """The module inside of what compiles it or spreads it over devices."""
    for _ in range(3):
        inside = _WRAPPERS.get(type(module).__name__)
        if inside is None or not type(module).__module__.startswith("torch."):
            break
        module = _held(module, "_modules").get(inside, module)
    return module


def modules_in(module: Any) -> Iterator[Any]:
    """A module and all in it, each once."""
    pending, seen = [module], set[int]()
    while pending and len(seen) < _MAX_MODULES:
        one = pending.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            pending += reversed(_held(one, "_modules").values())


def parameters_of(module: Any) -> dict[int, Any]:
    """The parameters of a module and of all in it, by identity."""
    return {
        id(parameter): parameter
        for one in modules_in(module)
        for parameter in _held(one, "_parameters").values()
    }


# --- which modules an optimizer trains --------------------------------------------------------------


def trained_by(optimizer: Any, called: Iterable[Any], seen: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    """The modules that hold the parameters of an optimizer, and others that have some of them.

    One module that holds them all is preferred, as it is called or as it is small; else those that were
    called.

    Parameters:
        called: modules that were called in the training.
        seen: modules in variables of the functions at work.
    """
    wanted = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    by_call = {id(module): module for module in called}
    known = by_call | {id(module): module for module in seen}
    held = {key: set(parameters_of(module)) for key, module in known.items()}
    sharing = [key for key in known if held[key] & wanted]
    whole = [key for key in sharing if held[key] >= wanted]
    whole.sort(key=lambda key: (key not in by_call, len(held[key])))
    chosen = whole[:1]
    if not chosen:
        parts = [key for key in sharing if key in by_call] or sharing
        chosen = [key for key in parts if not any(held[key] < held[other] for other in parts)]
    return [known[key] for key in chosen], [known[key] for key in sharing if key not in chosen]


def called_here(session: Session) -> bool:
    """Whether torch was called by the user's cells themselves, so that their text tells of its arguments."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (is_hidden(frame.f_code) or _is_ours(frame) or is_entered(frame.f_code)):
        frame = frame.f_back
    return frame is not None and frame is session.values.frame()


def _is_ours(frame: FrameType) -> bool:
    return bool(frame.f_globals.get("__name__", "").startswith("provkg."))


def in_sight() -> tuple[list[Any], list[Any]]:
    """The modules and the schedulers in the variables of all functions at work, and what these hold."""
    base = getattr(sys.modules.get("torch.optim.lr_scheduler"), "LRScheduler", ())
    module = sys.modules["torch.nn.modules.module"].Module
    modules: dict[int, Any] = {}
    schedulers: dict[int, Any] = {}
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_MAX_FRAMES):
        if frame is None:
            break
        if not is_hidden(frame.f_code) and not _is_ours(frame):
            for held in locals_of(frame).values():
                for value in _within(held, module):
                    if issubclass(type(value), module):
                        modules[id(value)] = unwrapped(value)
                    elif issubclass(type(value), base):
                        schedulers[id(value)] = value
        if frame.f_code.co_name == "<module>":
            break
        frame = frame.f_back
    return list(modules.values()), list(schedulers.values())


def _within(held: Any, module: type) -> Iterator[Any]:
    """A value and, but for those that cannot hold modules, what it holds."""
    yield held
    if type(held) in _HOLDING_NOTHING:
        return
    if type(held) in (list, tuple):
        yield from held[:_MAX_ELEMENTS]
    elif type(held) is dict:
        yield from list(held.values())[:_MAX_ELEMENTS]
    elif not issubclass(type(held), module):
        try:
            yield from list(object.__getattribute__(held, "__dict__").values())[:_MAX_ELEMENTS]
        except (AttributeError, TypeError):
            return


# --- settings ---------------------------------------------------------------------------------------


def optimizer_settings(optimizer: Any) -> tuple[Setting, ...]:
    """An optimizer's class and options; of further groups of parameters, what is different there."""
    kind = type(optimizer)
    found = [Setting(name="optimizer", value=type_name(kind), type="str", explicit=True)]
    defaults = defaults_of(kind)
    groups = optimizer.param_groups[:_MAX_GROUPS]
    for rank, group in enumerate(groups):
        for name in sorted(group):
            value = _plain(group[name])
            if name in _NO_OPTIONS or (rank and value == _plain(groups[0].get(name))):
                continue
            default = defaults.get(name, inspect.Parameter.empty)
            found.append(setting(f"{name}[{rank}]" if rank else name, value, default))
    return tuple(found)


def _plain(value: Any) -> Any:
    is_number = hasattr(value, "untyped_storage") and value.dim() == 0 and value.device.type == "cpu"
    return value.item() if is_number else value


def scheduler_settings(optimizer: Any, schedulers: Iterable[Any]) -> tuple[Setting, ...]:
    """The class and options of the schedulers that set an optimizer's learning rate."""
    found: list[Setting] = []
    for scheduler in schedulers:
        attributes = dict(object.__getattribute__(scheduler, "__dict__"))
        if attributes.get("optimizer") is not optimizer:
            continue
        prefix = "scheduler" if not found else f"scheduler{len(found)}"
        found.append(Setting(name=prefix, value=type_name(type(scheduler)), type="str", explicit=True))
        names = inspect.signature(type(scheduler)).parameters
        plain = [
            name
            for name in names
            if name != "last_epoch" and type(attributes.get(name)) in (int, float, str, bool, list)
        ]
        found += [setting(f"{prefix}__{name}", attributes[name]) for name in plain]
    return tuple(found)


def module_settings(modules: Iterable[Any]) -> tuple[Setting, ...]:
    """The layers of the modules that are trained, their number of parameters, where and what these are."""
    modules = list(modules)
    parameters = {key: each for module in modules for key, each in parameters_of(module).items()}
    if not parameters:
        return ()
    leaves = [part for module in modules for part in modules_in(module) if not _held(part, "_modules")]
    layers = ", ".join(_line(leaf) for leaf in leaves[:_MAX_LAYERS])
    more = f", … ({len(leaves)} layers)" if len(leaves) > _MAX_LAYERS else ""
    text = "\n".join(_text(module) for module in modules)
    first = next(iter(parameters.values()))
    return (
        _told("architecture", _cut(text)),
        _told("layers", _cut(layers + more)),
        _told("parameters", sum(_size(each) for each in parameters.values())),
        _told("trainable_parameters", sum(_size(each) for each in parameters.values() if each.requires_grad)),
        _told("device", str(first.device)),
        _told("dtype", str(first.dtype).removeprefix("torch.")),
    )


def loss_settings(loss: Any) -> tuple[Setting, ...]:
    """The class of a loss module, and the options that it shows as attributes."""
    found = [_told("loss", type_name(type(loss)))]
    attributes = object.__getattribute__(loss, "__dict__")
    for name, default in defaults_of(type(loss)).items():
        if type(attributes.get(name)) in (int, float, str, bool):
            found.append(setting(f"loss__{name}", attributes[name], default))
    return tuple(found)


def _told(name: str, value: Any) -> Setting:
    shown, kind = (value, "str") if type(value) is str else scalar(value)
    return Setting(name=name, value=shown, type=kind)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"


def _size(parameter: Any) -> int:
    # Of a lazy module, the parameters have no shape yet.
    return 0 if "Uninitialized" in type(parameter).__name__ else int(parameter.numel())


def _line(module: Any) -> str:
    """A module as one line; what is special to it is asked of torch's own classes only."""
    own = type(module).__module__.startswith("torch.")
    return f"{type(module).__name__}({module.extra_repr() if own else ''})"


def _text(module: Any, depth: int = 0, name: str = "") -> str:
    """A module with what is in it, much as torch prints it."""
    indent = "  " * depth
    label = f"{indent}({name}): " if name else indent
    parts = _held(module, "_modules")
    if not parts or depth > 20:
        return label + _line(module)
    inside = "\n".join(_text(part, depth + 1, key) for key, part in list(parts.items())[:_MAX_LAYERS])
    return f"{label}{type(module).__name__}(\n{inside}\n{indent})"
