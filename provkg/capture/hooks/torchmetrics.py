"""Hooks on torchmetrics: functions, and metrics that gather predictions batch by batch."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from weakref import ref

from provkg.capture.gate import gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.calls import Begin, Call, arguments
from provkg.capture.hooks.numbers import number, result_of
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.scorers import metric_name
from provkg.capture.hooks.settings import setting
from provkg.capture.hooks.torch.tensors import state_of
from provkg.capture.hooks.torch.watch import watch
from provkg.capture.hooks.wrap import follow, is_replacement, step
from provkg.capture.kinds import kind_of, type_name
from provkg.capture.memory import is_tensor
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import ActivityKind, Evidence, Role, Setting

__all__ = ["AFTER_IMPORT"]

_PAIR = ("preds", "target")
_TASKS = re.compile(r"^(binary|multiclass|multilabel)_")
_MAX_SERIES = 1000
_MAX_STATES = 20


def _name_of(function: str, average: Any) -> str:
    """The metric that a function or class computes.

    >>> _name_of("multiclass_f1_score", "macro"), _name_of("accuracy", "micro")
    ('f1_macro', 'accuracy')
    """
    suffix = f"_{average}" if average in ("macro", "weighted") else ""
    return metric_name(_TASKS.sub("", function)) + suffix


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


class _Gathered:
    """The states that a metric has seen since it was reset."""

    def __init__(self, metric: Any) -> None:
        self.metric = ref(metric)
        self.predictions: dict[Node, None] = {}
        self.targets: dict[Node, None] = {}


_gathered: dict[int, _Gathered] = {}


def _of(metric: Any) -> _Gathered:
    identity = id(metric)
    known = _gathered.get(identity)
    if known is None or known.metric() is not metric:
        known = _gathered[identity] = _Gathered(metric)
        known.metric = ref(metric, lambda _: _gathered.pop(identity, None))
    return known


class _Measuring(Call):
    """One number, or some, for predictions against a target."""

    kind = ActivityKind.EVALUATION

    def __init__(self, session: Session, function: str, metric: str) -> None:
        super().__init__(session, function, "torchmetrics")
        self.metric = metric
        self.judged: list[Node] = []
        self.truths: list[Node] = []

    def use_states(self, nodes: Sequence[Node], role: Role) -> None:
        """Use states that were met before, whatever became of the tensors."""
        for node in nodes:
            self.session.values.keep_state(node)
            self.use_state(node, role)

    def succeeded(self, result: Any, seconds: float) -> None:
        """The result is known."""
        if isinstance(result, dict):
            for name, value in dict.items(result):
                self._measured(str(name), value)
        else:
            self._measured(self.metric, result)
        self.add(seconds)

    def _measured(self, metric: str, value: Any) -> None:
        if self.crowded or not is_tensor(value):
            return
        held = value.detach().cpu()
        one = held.reshape(()).item() if held.numel() == 1 else None
        series: tuple[float | int | None, ...] = ()
        if held.dim() == 1 and 1 < held.numel() <= _MAX_SERIES:
            series = tuple(number(each)[0] for each in held.tolist())
        if one is None and not series:
            return
        keep = self.session.values.keep_state
        models = {node.model for node in self.judged if node.model is not None}
        data = dict.fromkeys(node.data for node in self.judged if node.data is not None) or dict.fromkeys(
            self.truths
        )
        roles = {node.role for node in (*data, *self.truths) if node.role is not None}
        self.results.append(
            result_of(
                self.session,
                metric,
                one,
                series=series,
                model=keep(models.pop()) if len(models) == 1 else "",
                data=tuple(keep(node) for node in data),
                role=roles.pop() if len(roles) == 1 else None,
                evidence=max((node.trust for node in self.judged), default=Evidence.OBSERVED, key=_doubt),
            )
        )


def _doubt(evidence: Evidence) -> int:
    return list(Evidence).index(evidence)


def _functional(original: Callable[..., Any]) -> Any:
    """A replacement for a metric function."""
    signature = inspect.signature(original)

    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Measuring | None:
        session = gate.session
        if session is None:
            return None
        given = {
            name: parameter.default
            for name, parameter in signature.parameters.items()
            if parameter.default is not inspect.Parameter.empty
        } | arguments(signature, args, kwargs)
        call = _Measuring(
            session,
            f"torchmetrics.functional.{original.__name__}",
            _name_of(original.__name__, given.get("average")),
        )
        for name, role, found in (
            (_PAIR[0], Role.PREDICTION, call.judged),
            (_PAIR[1], Role.TRUTH, call.truths),
        ):
            value = given.get(name)
            node = state_of(session, value) if is_tensor(value) else None
            node = node or (call.use(value, role, name) if kind_of(value) is not None else None)
            if node is not None:
                found.append(node)
                if not any(use.entity == node.id for use in call.used):
                    call.use_states([node], role)
        call.settings = tuple(
            setting(name, given[name], signature.parameters[name].default)
            for name in given
            if name not in _PAIR and name in signature.parameters and kind_of(given[name]) is None
        )
        return call

    return step(original, begin)


def _updated(metric: Any, signature: inspect.Signature) -> Callable[..., None]:
    reference = ref(metric)

    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        session, held = gate.session, reference()
        if session is None or held is None:
            return
        given = arguments(signature, args, kwargs)
        known = _of(held)
        for name, states in zip(_PAIR, (known.predictions, known.targets), strict=True):
            node = state_of(session, given[name]) if is_tensor(given.get(name)) else None
            if node is not None:
                states[node] = None

    return observe


def _computing(held_metric: Any) -> Begin:
    reference = ref(held_metric)

    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Measuring | None:
        session, held = gate.session, reference()
        if session is None or held is None or not watch.open:
            return None  # of one batch, when the metric itself was called
        kind = type(held)
        average = getattr(held, "average", None)
        call = _Measuring(
            session, f"{type_name(kind)}.compute", _name_of(_snake_case(kind.__name__), average)
        )
        call.implementation = type_name(kind)
        known = _of(held)
        call.judged, call.truths = list(known.predictions), list(known.targets)
        call.settings = tuple(_options(held))
        if len(call.judged) == 1:
            call.use_states(call.judged, Role.PREDICTION)
        else:  # the batches by themselves say nothing
            data = dict.fromkeys(node.data for node in call.judged if node.data is not None)
            call.use_states(list(data), Role.DATA)
        call.use_states(call.truths[:_MAX_STATES], Role.TRUTH)
        return call

    return begin


def _options(metric: Any) -> Iterator[Setting]:
    for name in ("num_classes", "average", "threshold", "top_k", "task", "num_labels", "ignore_index"):
        if hasattr(type(metric), name) or name in vars(metric):
            yield setting(name, getattr(metric, name))


def _patch(torchmetrics: Any) -> None:
    metric = getattr(torchmetrics, "Metric", None)
    needed = ("_wrap_update", "_wrap_compute", "reset")
    if metric is None or any(not callable(getattr(metric, name, None)) for name in needed):
        if gate.session is not None:
            version = getattr(torchmetrics, "__version__", "?")
            gate.session.notice("torchmetrics", f"version {version} is not known here")
        return
    _wrap_makers(metric)
    if not is_replacement(metric.reset):
        metric.reset = follow(metric.reset, _reset)
    modules = [
        module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "torchmetrics"
    ]
    public = sys.modules.get("torchmetrics.functional")
    packages = [public, *(each for each in modules if each.__name__.startswith("torchmetrics.functional."))]
    for package in filter(None, packages):
        for name, function in list(vars(package).items()):
            if inspect.isfunction(function) and _is_metric(name, function):
                owner = sys.modules.get(function.__module__)
                if owner is not None:
                    replace(owner, name, _functional, modules)


def _is_metric(name: str, function: Callable[..., Any]) -> bool:
    if name.startswith("_") or function.__module__.partition(".")[0] != "torchmetrics":
        return False
    return tuple(inspect.signature(function).parameters)[:2] == _PAIR


def _wrap_makers(metric: Any) -> None:
    """Each metric gets its ``update`` and ``compute`` made for it; those are what the user calls."""
    wrap_update, wrap_compute = metric._wrap_update, metric._wrap_compute
    if is_replacement(wrap_update) or getattr(wrap_update, "__module__", "") == __name__:
        return

    def _wrap_update(self: Any, update: Callable[..., Any]) -> Any:
        made = wrap_update(self, update)
        return follow(made, _updated(self, inspect.signature(update)))

    def _wrap_compute(self: Any, compute: Callable[..., Any]) -> Any:
        return step(wrap_compute(self, compute), _computing(self))

    metric._wrap_update, metric._wrap_compute = _wrap_update, _wrap_compute


def _reset(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    if watch.open:  # a metric resets itself when it is called with a batch
        _gathered.pop(id(args[0]), None)


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {"torchmetrics": (_patch,)}
