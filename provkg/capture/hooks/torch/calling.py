"""What torch's functions tell while a training loop runs: calls of modules, losses, steps of optimizers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import get_ident
from types import FunctionType
from typing import Any
from weakref import ref

from provkg.capture.gate import gate
from provkg.capture.hooks.torch.entrance import enter
from provkg.capture.hooks.torch.history import measured
from provkg.capture.hooks.torch.watch import at_work, watch
from provkg.capture.hooks.wrap import hide, report

__all__ = ["enter_backward", "enter_calls", "scaled", "stand_aside", "stepped"]

_CHUNK = 1023
_CALL = """
if _provkg_watch.open and _provkg_gate.own.activities:
    if (
        _provkg_watch.quiet
        and (id(self), _provkg_getframe(1).f_lasti) in _provkg_settled
        and self.training
        and _provkg_recording()
    ):
        _provkg_watch.open = False
        if _provkg_watch.loop is None:
            try:
                BODY
            finally:
                _provkg_watch.open = True
    elif _provkg_passing and (id(self), _provkg_getframe(1).f_lasti) in _provkg_passing:
        _provkg_watch.open = False
        try:
            BODY
        finally:
            _provkg_watch.open = True
    elif not _provkg_aside():
        try:
            return _provkg_outermost(self, args, kwargs)
        except BaseException as failure:
            BaseException.with_traceback(failure, _provkg_exc_info()[2].tb_next)
            raise
BODY
"""
_BACKWARD = """
if _provkg_watch.counting and type(self) is _provkg_Tensor and self.numel() == 1:
    if _provkg_thread() == _provkg_gate.thread:
        _provkg_losses.append(self.item())
elif _provkg_watch.open and _provkg_gate.own.activities and not _provkg_aside():
    _provkg_lost(self)
BODY
"""


def stand_aside(torch: Any) -> None:
    """Look at nothing while torch compiles or traces."""
    compiling, tracing = torch.compiler.is_compiling, torch._C._get_tracing_state

    def aside() -> bool:
        return compiling() or tracing() is not None

    watch.aside = aside


def enter_calls(torch: Any) -> None:
    """See calls of modules that no other module makes; those of a known training are let pass."""
    function: FunctionType = torch.nn.Module.__call__
    original = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, None
    )
    names = {
        "_provkg_watch": watch,
        "_provkg_gate": gate,
        "_provkg_getframe": sys._getframe,
        "_provkg_settled": watch.settled,
        "_provkg_passing": watch.passing,
        "_provkg_recording": torch.is_grad_enabled,
        "_provkg_aside": watch.aside,
        "_provkg_exc_info": sys.exc_info,
        "_provkg_outermost": _looking(original),
    }
    enter(function, _CALL, names)


def enter_backward(torch: Any) -> None:
    """See the tensors that ``backward`` starts from."""
    names = {
        "_provkg_watch": watch,
        "_provkg_gate": gate,
        "_provkg_Tensor": torch.Tensor,
        "_provkg_losses": watch.losses,
        "_provkg_thread": get_ident,
        "_provkg_aside": watch.aside,
        "_provkg_lost": _lost,
    }
    enter(torch.Tensor.backward, _BACKWARD, names)


def _looking(original: Callable[..., Any]) -> Callable[..., Any]:
    def outermost(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        mine = get_ident() == gate.thread and gate.belongs() == gate.openings
        if mine:
            watch.open = False
        try:
            result = original(module, *args, **kwargs)
            session = gate.session
            if mine and session is not None:
                try:
                    caller = sys._getframe(2)
                    execution = watch.execution or watch.of(session)
                    execution.called(module, args, kwargs, result, (id(module), caller.f_lasti))
                except RecursionError:
                    gate.exhausted = True
                except Exception as error:
                    report(original, error)
            return result
        except BaseException as failure:
            BaseException.with_traceback(failure, sys.exc_info()[2].tb_next)  # type: ignore[union-attr]
            raise
        finally:
            if mine:
                watch.open = True

    return outermost


hide(_looking)


def _lost(loss: Any) -> None:
    session = at_work()
    if session is None:
        return
    try:
        execution = watch.execution or watch.of(session)
        if execution.learning:
            execution.look_at(loss)
        execution.lost(loss)
    except RecursionError:
        gate.exhausted = True
    except Exception as error:
        session.notice("hook of backward", error)


def scaled(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """``GradScaler.scale`` returned: the loss is what it was given."""
    loss: Any = args[1] if len(args) > 1 else kwargs.get("outputs")
    if at_work() is not None and hasattr(result, "untyped_storage") and loss is not result:
        watch.scaled = ref(result), measured(loss)


def stepped(optimizer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """An optimizer made a step (torch's own hook)."""
    loop = watch.loop
    if loop is not None and loop.optimizer() is optimizer:
        loop.steps += 1
        watch.open = True
        if not loop.steps & _CHUNK:
            loop.take_losses()
        return
    session = at_work()
    if session is None:
        return
    try:
        (watch.execution or watch.of(session)).stepped(optimizer)
    except Exception as error:
        session.notice("step of an optimizer", error)
