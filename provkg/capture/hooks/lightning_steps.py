"""The steps of one Lightning trainer: fit, validate, test, predict."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from provkg.capture.file_states import FileState
from provkg.capture.gate import gate
from provkg.capture.hooks.calls import Call
from provkg.capture.hooks.numbers import number, result_of
from provkg.capture.hooks.settings import setting
from provkg.capture.hooks.torch.describing import module_settings, optimizer_settings
from provkg.capture.hooks.torch.history import History, measured
from provkg.capture.hooks.torch.loaders import Loader
from provkg.capture.hooks.torch.seeds import is_unseeded
from provkg.capture.kinds import kind_of, type_name
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import Activity, ActivityKind, Role, SeriesBy, Setting, SplitRole, Status, Use, ValueKind

__all__ = ["Fitting", "LightningCall", "Predicting", "Testing", "Validating", "checkpoint_saved"]

_TRAINER_OPTIONS = ("max_epochs", "max_steps", "accumulate_grad_batches", "gradient_clip_val", "precision")
_STAGES = {
    "train": SplitRole.TRAINING,
    "training": SplitRole.TRAINING,
    "val": SplitRole.VALIDATION,
    "valid": SplitRole.VALIDATION,
    "validation": SplitRole.VALIDATION,
    "test": SplitRole.TEST,
}
_MAX_EPOCHS = 1000
_MAX_BATCHES = 1000
_MAX_LOADERS = 20


def _stage_of(name: str) -> tuple[str, SplitRole | None]:
    """A metric as it was logged, without the stage that its name begins with.

    >>> _stage_of("val_loss"), _stage_of("test/acc"), _stage_of("lr")
    (('loss', <SplitRole.VALIDATION: 'validation'>), ('acc', <SplitRole.TEST: 'test'>), ('lr', None))
    """
    for separator in ("_", "/"):
        stage, found, metric = name.partition(separator)
        if found and metric and stage in _STAGES:
            return metric.removesuffix("_epoch"), _STAGES[stage]
    return name.removesuffix("_epoch"), None


def _loaders(held: Any) -> Iterator[Any]:
    """The data loaders in what a trainer holds: one, or several in lists and dictionaries."""
    if held is None:
        return
    if hasattr(held, "dataset") and hasattr(held, "batch_size"):
        yield held
    elif isinstance(held, dict):
        for each in list(held.values())[:_MAX_LOADERS]:
            yield from _loaders(each)
    elif isinstance(held, list | tuple):
        for each in held[:_MAX_LOADERS]:
            yield from _loaders(each)


class LightningCall(Call):
    """A method call on a trainer, about a model."""

    method = ""
    seeded = True

    def __init__(self, session: Session, trainer: Any, given: Mapping[str, Any]) -> None:
        super().__init__(session, f"lightning.pytorch.Trainer.{self.method}", "lightning")
        self.trainer = trainer
        self.given = given
        self.model = given.get("model") or getattr(trainer, "lightning_module", None)
        if self.model is not None:
            self.implementation = type_name(type(self.model))

    def use_loaders(self, held: Any, role: Role) -> list[Node]:
        """Use what data loaders draw from."""
        nodes = []
        for loader in _loaders(held):
            known = Loader(self.session, loader)
            node = known.state(None)
            if node is not None and self.session.values.keep_state(node):
                self.use_state(node, role, "dataloaders")
                nodes.append(node)
        return nodes


class Fitting(LightningCall):
    """``fit``: a new state of the model, the metrics that were logged, the checkpoints that were written."""

    kind = ActivityKind.TRAINING
    method = "fit"

    def __init__(self, session: Session, trainer: Any, given: Mapping[str, Any]) -> None:
        super().__init__(session, trainer, given)
        self.history = History()
        self.logged: dict[str, list[float | None]] = {}
        self.states: list[Node] = []
        self.saved: dict[str, tuple[FileState, Node]] = {}
        """What was written last to each path."""
        self._step = 0
        self.callback = _callback_for(self)
        if self.callback is not None:
            trainer.callbacks.append(self.callback)

    def succeeded(self, result: Any, seconds: float) -> None:
        """The model has learnt; Lightning also returns when it was interrupted."""
        cut = getattr(self.trainer, "interrupted", False) is True
        self._finish(seconds, Status.INTERRUPTED if cut else Status.SUCCEEDED)

    def failed(self, error: BaseException, seconds: float) -> None:
        """The call raised, perhaps after some steps."""
        interrupted = isinstance(error, KeyboardInterrupt | SystemExit)
        self._finish(seconds, Status.INTERRUPTED if interrupted else Status.FAILED)

    def _finish(self, seconds: float, status: Status) -> None:
        trainer = self.trainer
        if self.callback in trainer.callbacks:
            trainer.callbacks.remove(self.callback)
        if self.model is None or kind_of(self.model) is None or not trainer.global_step:
            self.add(seconds, status)
            return
        data = self.use_loaders(trainer.train_dataloader, Role.DATA)
        validation = self.use_loaders(trainer.val_dataloaders, Role.VALIDATION)
        state = self.new_state()
        for each in self.states:
            self.tracker.extend(each, data, self.function)
            self.session.values.keep_state(each)
        self.generated += [each.id for each in self.states if each.id]
        if not self.crowded:
            self.settings = tuple(self._settings())
            self._results(state, data, validation)
            for file, of in self.saved.values():
                if os.path.isfile(file.path):  # older checkpoints make room for better ones
                    self.parts.append(_saving(self.session, file, of, self.id, self.line))
        self.add(seconds, status)

    def new_state(self) -> Node | None:
        """The state of the model as it is now."""
        step = int(self.trainer.global_step)
        if self.states and step == self._step:
            return self.states[-1]
        self._step = step
        revise = self.tracker.revise if self.tracker.find(self.model) is not None else self.tracker.derive
        state = revise(self.model, (), self.function)
        if state is not None:
            self.states.append(state)
        return state

    # --- what the callback tells ---

    def stepped(self, outputs: Any) -> None:
        """A batch was trained on."""
        loss: Any = outputs.get("loss") if isinstance(outputs, dict) else outputs
        if hasattr(loss, "untyped_storage") and loss.numel() == 1:
            self.history.add((measured(loss),))

    def ended_epoch(self, trainer: Any, stage: SplitRole) -> None:
        """An epoch, or the validation after it, is over: what was logged counts."""
        if stage is SplitRole.TRAINING:
            self.history.end_epoch()
        for name, value in list(trainer.callback_metrics.items()):
            if name.endswith("_step") or f"{name}_epoch" in trainer.callback_metrics:
                continue
            role = _stage_of(name)[1] or SplitRole.TRAINING
            series = self.logged.setdefault(name, [])
            if role is stage and len(series) < _MAX_EPOCHS:
                shown, _ = number(value.detach().cpu() if hasattr(value, "detach") else value)
                series.append(shown)

    # --- what is told ---

    def _settings(self) -> Iterator[Setting]:
        trainer, model = self.trainer, self.model
        for name in _TRAINER_OPTIONS:
            if hasattr(trainer, name):
                yield setting(name, getattr(trainer, name))
        hyperparameters = getattr(model, "_hparams", None)
        for name, value in sorted(dict(hyperparameters or {}).items()):
            yield setting(f"hparams.{name}", value)
        optimizers = getattr(trainer, "optimizers", ())
        for optimizer in optimizers[:1]:
            yield from optimizer_settings(getattr(optimizer, "optimizer", optimizer))
        yield from module_settings([model])
        for loader in _loaders(trainer.train_dataloader):
            yield from Loader(self.session, loader).settings
            break
        yield Setting(name="epochs", value=int(trainer.current_epoch), type="int")
        yield Setting(name="steps", value=int(trainer.global_step), type="int")

    def _results(self, state: Node | None, data: list[Node], validation: list[Node]) -> None:
        self.history.end()
        model = state.id if state is not None else ""
        logged: dict[tuple[str, SplitRole | None], list[float | None]] = {}
        own = self.history.epochs.series()
        if own:
            logged["loss", SplitRole.TRAINING] = list(own)
        logged |= {_stage_of(name): series for name, series in self.logged.items() if series}
        for (metric, stage), series in logged.items():
            role = stage or SplitRole.TRAINING
            on = validation if role is SplitRole.VALIDATION else data
            self.results.append(
                result_of(
                    self.session,
                    metric,
                    series[-1],
                    series=tuple(series),
                    series_by=SeriesBy.EPOCH,
                    model=model,
                    data=tuple(node.id for node in on),
                    role=role,
                )
            )

    def unseeded(self, estimator: Any) -> bool:
        """Whether first parameters, the order of data or dropout came from a generator without a seed."""
        if self.model is None:
            return False
        loaders = [Loader(self.session, each) for each in _loaders(self.trainer.train_dataloader)]
        return is_unseeded([self.model], shuffled=any(each.draws_unseeded for each in loaders))


def _callback_for(fitting: Fitting) -> Any:
    """A callback that tells a fit what happens; it is made here because its class is Lightning's."""
    package = "lightning.pytorch" if "lightning.pytorch" in sys.modules else "pytorch_lightning"
    base = getattr(sys.modules.get(package), "Callback", None)
    if base is None:
        return None

    class Telling(base):  # type: ignore[misc, valid-type]
        def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, *rest: Any) -> None:
            _told(fitting.stepped, outputs)

        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            _told(fitting.ended_epoch, trainer, SplitRole.TRAINING)

        def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            if not trainer.sanity_checking:
                _told(fitting.ended_epoch, trainer, SplitRole.VALIDATION)

        def __reduce__(self) -> tuple[Any, ...]:
            # Processes that are started for a fit get a callback that tells nobody.
            return base, ()

    return Telling()


def _told(hear: Any, *what: Any) -> None:
    try:
        hear(*what)
    except Exception as error:
        if gate.session is not None:
            gate.session.notice("callback of Lightning", error)


def checkpoint_saved(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """``Trainer.save_checkpoint`` returned, also inside a fit."""
    session, trainer = gate.session, args[0]
    path = args[1] if len(args) > 1 else kwargs.get("filepath")
    model = getattr(trainer, "lightning_module", None)
    if session is None or model is None or not path or not trainer.is_global_zero:
        return
    file = session.files.written(os.fspath(path))
    if file is None or not os.path.isfile(file.path):
        return
    telling = [each for each in trainer.callbacks if type(each).__name__ == "Telling"]
    fitting = _fitting_of(telling[0]) if telling else None
    if fitting is not None:
        state = fitting.new_state()
        if state is not None:
            fitting.saved[file.path] = (file, state)
        return
    state = session.values.tracker.node(model)
    if state is not None:
        session.add(_saving(session, file, state, "", session.values.line()))


def _fitting_of(callback: Any) -> Fitting | None:
    cells = type(callback).on_train_epoch_end.__closure__ or ()
    return next((cell.cell_contents for cell in cells if isinstance(cell.cell_contents, Fitting)), None)


def _saving(session: Session, file: FileState, state: Node, parent: str, line: int | None) -> Activity:
    file.claimed = True
    entity = session.values.keep_state(state)
    session.values.link(file.id, (state,), "lightning.pytorch.Trainer.save_checkpoint")
    return Activity(
        id=session.next_activity(),
        kind=ActivityKind.SAVING,
        function="lightning.pytorch.Trainer.save_checkpoint",
        package="lightning",
        started_at=datetime.now(UTC),
        used=(Use(entity=entity, role=Role.INPUT),),
        generated=(file.id,),
        parent=parent,
        line=line,
    )


class Testing(LightningCall):
    """``test``: results of a model on test data."""

    kind = ActivityKind.EVALUATION
    method = "test"
    role = SplitRole.TEST
    loaders = "test_dataloaders"

    def succeeded(self, result: Any, seconds: float) -> None:
        """The results are known, one set for each data loader."""
        state = self._state()
        nodes = self.use_loaders(getattr(self.trainer, self.loaders), Role.DATA)
        for rank, named in enumerate(result if isinstance(result, list) else ()):
            on = nodes[rank : rank + 1] if len(nodes) == len(result) else nodes
            for name, value in named.items():
                metric, stage = _stage_of(name.partition("/dataloader_idx_")[0])
                self.results.append(
                    result_of(
                        self.session,
                        metric,
                        value,
                        model=state.id if state is not None else "",
                        data=tuple(node.id for node in on),
                        role=stage or self.role,
                    )
                )
        self.add(seconds)

    def _state(self) -> Node | None:
        """The state that was tested: where a checkpoint was named, the one that was read from it."""
        path = getattr(self.trainer, "ckpt_path", None)
        if self.model is None:
            self.model = getattr(self.trainer, "lightning_module", None)
        if self.given.get("ckpt_path") and path:
            file = self.session.files.read(os.fspath(path), named=True)
            if file is not None:
                self.tracker.replace(self.model, (file,), f"{self.function}(ckpt_path)")
        return self.use(self.model, Role.MODEL) if kind_of(self.model) is not None else None


class Validating(Testing):
    """``validate``: results of a model on validation data."""

    method = "validate"
    role = SplitRole.VALIDATION
    loaders = "val_dataloaders"


class Predicting(Testing):
    """``predict``: predictions batch by batch."""

    kind = ActivityKind.PREDICTION
    method = "predict"
    loaders = "predict_dataloaders"

    def succeeded(self, result: Any, seconds: float) -> None:
        """The predictions are known, and remember their model and data."""
        state = self._state()
        nodes = self.use_loaders(self.trainer.predict_dataloaders, Role.DATA)
        data = nodes[0] if len(nodes) == 1 else None
        sources = [node for node in (state, *nodes) if node is not None]
        first: Node | None = None
        for batch in (result if isinstance(result, list) else [])[:_MAX_BATCHES]:
            for part in batch if isinstance(batch, list | tuple) else (batch,):
                if kind_of(part) is not None:
                    made = self.tracker.derive(part, sources, self.function, kind=ValueKind.PREDICTION)
                    if made is not None:
                        made.model, made.data = state, data
                        made.role = data.role if data is not None else None
                        first = first or made
        if first is not None:
            self.session.values.made_here(first, frozenset(sources))
        self.add(seconds)
