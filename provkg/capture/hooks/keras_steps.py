"""The steps of one Keras model: fit, evaluate, predict."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from provkg.capture.hooks.calls import Call
from provkg.capture.hooks.numbers import number, result_of
from provkg.capture.hooks.settings import defaults_of, scalar, setting
from provkg.capture.kinds import kind_of, type_name
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import ActivityKind, Role, SeriesBy, Setting, SplitRole, Status, ValueKind

__all__ = ["Evaluating", "Fitting", "KerasCall", "Predicting"]

_OWN_ARGUMENTS = frozenset({"self", "x", "y", "validation_data", "callbacks", "verbose", "sample_weight"})
_LAYER_OPTIONS = ("units", "filters", "kernel_size", "rate", "activation", "pool_size", "output_dim")
_MAX_LAYERS = 200
_MAX_TEXT = 4000
_MAX_EPOCHS = 1000
_VALIDATION = "val_"
_OPTIMIZERS = "keras.src.optimizers."


class KerasCall(Call):
    """A method call on a Keras model."""

    method = ""
    seeded = True
    """Keras draws from generators of its own, whose seed is not known here."""

    def __init__(self, session: Session, model: Any, given: Mapping[str, Any]) -> None:
        super().__init__(session, f"keras.Model.{self.method}", "keras")
        self.model = model
        self.given = given
        self.implementation = type_name(type(model))

    def data(self, name: str, role: Role, others: tuple[Any, ...] = ()) -> Node | None:
        """The state of an argument that is data, or that draws data."""
        value = self.given.get(name)
        if value is None:
            return None
        if type(value) is tuple or type(value) is list:
            nodes = [self.use(part, role, name, others) for part in value if kind_of(part) is not None]
            return next((node for node in nodes if node is not None), None)
        dataset = getattr(value, "dataset", None) if type(value).__module__.startswith("torch.") else None
        if kind_of(value) is None and dataset is not None:
            value = dataset
        return self.use(value, role, name, others) if kind_of(value) is not None else None


class Fitting(KerasCall):
    """``fit``: a new state of the model, and the history of its metrics."""

    kind = ActivityKind.TRAINING
    method = "fit"

    def __init__(self, session: Session, model: Any, given: Mapping[str, Any]) -> None:
        super().__init__(session, model, given)
        self.sources = [
            self.data("x", Role.DATA, (given.get("y"),)),
            self.data("y", Role.TARGET, (given.get("x"),)),
        ]
        validation = given.get("validation_data")
        held: Any = validation if type(validation) in (tuple, list) else (validation,)
        self.validation = None
        for part in held:
            if kind_of(part) is not None:
                node = self.use(part, Role.VALIDATION, "validation_data")
                self.validation = self.validation or node
        if not self.crowded:
            self.settings = (*_fit_settings(type(model), given), *_compiled(model))

    def succeeded(self, result: Any, seconds: float) -> None:
        """The model has learnt."""
        self._learnt(seconds, Status.SUCCEEDED)

    def failed(self, error: BaseException, seconds: float) -> None:
        """The call raised, perhaps after some epochs."""
        cut = Status.INTERRUPTED if isinstance(error, KeyboardInterrupt) else Status.FAILED
        if self._history():
            self._learnt(seconds, cut)
        else:
            self.add(seconds, cut)

    def _history(self) -> dict[str, Any]:
        history = getattr(getattr(self.model, "history", None), "history", None)
        return history if type(history) is dict else {}

    def _learnt(self, seconds: float, status: Status) -> None:
        tracker, model = self.tracker, self.model
        known = [node for node in self.sources if node is not None]
        revise = tracker.revise if tracker.find(model) is not None else tracker.derive
        state = revise(model, known, self.function)
        self.make(state, model)
        if not self.crowded:
            history = self._history()
            length = max(map(len, history.values()), default=0)
            # Before the first fit there are no layers to tell of.
            self.settings += (Setting(name="epochs_done", value=length, type="int"), *_architecture(model))
            for name, values in history.items():
                self._result(state, name, values)
        self.add(seconds, status)

    def _result(self, state: Node | None, name: str, values: Any) -> None:
        validates = name.startswith(_VALIDATION)
        on = self.validation if validates else self.sources[0]
        series = tuple(number(each)[0] for each in values[-_MAX_EPOCHS:])
        self.results.append(
            result_of(
                self.session,
                name.removeprefix(_VALIDATION),
                values[-1] if values else None,
                series=series,
                series_by=SeriesBy.EPOCH,
                model=state.id if state is not None else "",
                data=(on.id,) if on is not None and on.id else (),
                role=SplitRole.VALIDATION if validates else SplitRole.TRAINING,
            )
        )


class Evaluating(KerasCall):
    """``evaluate``: the loss and metrics of a model on data."""

    kind = ActivityKind.EVALUATION
    method = "evaluate"

    def __init__(self, session: Session, model: Any, given: Mapping[str, Any]) -> None:
        super().__init__(session, model, given)
        self.state = self.use(model, Role.MODEL)
        self.on = self.data("x", Role.DATA, (given.get("y"),))
        self.data("y", Role.TRUTH, (given.get("x"),))

    def succeeded(self, result: Any, seconds: float) -> None:
        """The numbers are known."""
        named = result if type(result) is dict else dict(self._named(result))
        for metric, value in named.items():
            if number(value)[1]:
                self.results.append(
                    result_of(
                        self.session,
                        metric,
                        value,
                        model=self.state.id if self.state is not None else "",
                        data=(self.on.id,) if self.on is not None and self.on.id else (),
                        role=self.on.role if self.on is not None else None,
                    )
                )
        self.add(seconds)

    def _named(self, result: Any) -> Iterator[tuple[str, Any]]:
        """The numbers by the names of the metrics, in whose order Keras returns them."""
        names: list[str] = []
        for metric in self.model.metrics:
            names += [each.name for each in getattr(metric, "metrics", ())] or [metric.name]
        values = list(result) if type(result) in (list, tuple) else [result]
        names = ["loss", *(name for name in names if name != "loss")]
        if len(names) == len(values):
            yield from zip(names, values, strict=True)


class Predicting(KerasCall):
    """``predict``: predictions from data, by a model."""

    kind = ActivityKind.PREDICTION
    method = "predict"

    def __init__(self, session: Session, model: Any, given: Mapping[str, Any]) -> None:
        super().__init__(session, model, given)
        self.state = self.use(model, Role.MODEL)
        self.on = self.data("x", Role.DATA)

    def succeeded(self, result: Any, seconds: float) -> None:
        """The predictions are known, and remember their model and data."""
        sources = [node for node in (self.state, self.on) if node is not None]
        for part in result if type(result) in (list, tuple) else (result,):
            if kind_of(part) is None:
                continue
            made = self.tracker.derive(part, sources, self.function, kind=ValueKind.PREDICTION)
            if made is not None:
                made.model, made.data = self.state, self.on
                made.role = self.on.role if self.on is not None else None
            self.make(made, part)
        self.add(seconds)


# --- settings ---------------------------------------------------------------------------------------


def _fit_settings(kind: type, given: Mapping[str, Any]) -> Iterator[Setting]:
    parameters = inspect.signature(kind.fit).parameters  # type: ignore[attr-defined]
    for name, parameter in parameters.items():
        if name not in _OWN_ARGUMENTS:
            yield setting(name, given.get(name, parameter.default), parameter.default)


def _compiled(model: Any) -> Iterator[Setting]:
    """What ``compile`` was given: optimizer with its options, loss, metrics."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and type(optimizer).__module__.startswith("keras."):
        # Backends may have an optimizer of their own, derived from the public one.
        parents = (each for each in type(optimizer).__mro__ if each.__module__.startswith(_OPTIMIZERS))
        kind = next(parents, type(optimizer))
        yield Setting(name="optimizer", value=type_name(kind), type="str", explicit=True)
        defaults = defaults_of(kind)
        for name, value in sorted(optimizer.get_config().items()):
            if name != "name" and not isinstance(value, dict | list):
                yield setting(name, value, defaults.get(name, inspect.Parameter.empty))
    loss = getattr(model, "loss", None)
    if loss is not None:
        own = type(loss).__module__.startswith("keras.")
        shown, type_ = scalar(loss)
        if own and not callable_name(loss):
            shown, type_ = type_name(type(loss)), "str"
        yield Setting(name="loss", value=shown, type=type_, explicit=True)


def callable_name(value: Any) -> str:
    """The name of a function; empty for anything else."""
    return getattr(value, "__name__", "") if inspect.isfunction(value) else ""


def _architecture(model: Any) -> Iterator[Setting]:
    layers = [_layer(layer) for layer in model.layers[:_MAX_LAYERS]]
    if len(model.layers) > _MAX_LAYERS:
        layers.append(f"… ({len(model.layers)} layers)")
    yield Setting(name="layers", value=", ".join(layers)[:_MAX_TEXT], type="str")
    if model.built:
        yield Setting(name="parameters", value=int(model.count_params()), type="int")


def _layer(layer: Any) -> str:
    """A layer as text; of a class of the user's only the name."""
    if not type(layer).__module__.startswith("keras."):
        return type(layer).__name__
    told = []
    for name in _LAYER_OPTIONS:
        value = getattr(layer, name, None)
        if value is not None:
            told.append(f"{name}={callable_name(value) or scalar(value)[0]}")
    return f"{type(layer).__name__}({', '.join(told)})"
