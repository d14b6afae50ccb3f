"""Hooks on LightGBM's own interface: data sets, boosters, ``train`` and ``cv``.

Its scikit-learn classes are estimators; what those have besides is added to their trainings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from inspect import Signature
from types import ModuleType
from typing import Any

from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.boosting import (
    Best,
    EvaluationSet,
    Learning,
    Restoring,
    Updating,
    add_history,
    filled_in,
    given_settings,
    go_on_from,
    measured_on,
    saving,
)
from provkg.capture.hooks.calls import Given, arguments, begin_with
from provkg.capture.hooks.cross_validation import FoldRounds
from provkg.capture.hooks.estimators import ADDITIONS, Fitting, Predicting
from provkg.capture.hooks.judging import Judging
from provkg.capture.hooks.known import known_class, known_signature
from provkg.capture.hooks.lightgbm_settings import in_force, other_names, parameters_of, without_aliases
from provkg.capture.hooks.loading import named_path
from provkg.capture.hooks.matrices import Assembling, Changing, Deriving
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.wrap import listen, step, wrap_method
from provkg.capture.kinds import kind_of, label_text, shape_of
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import Role, SplitRole, Use, ValueKind

__all__ = ["AFTER_IMPORT"]

_PACKAGE = "lightgbm"
_BOOSTER = "lightgbm.Booster"
_EXPLAINING = ("pred_leaf", "pred_contrib")
_CHANGING = ("set_label", "set_weight", "set_group", "set_init_score", "set_field", "set_position")


class _Rounds:
    """A callback that notes what each round measured. It is called first and changes nothing."""

    order = -1_000_000
    before_iteration = False

    def __init__(self) -> None:
        self.history: dict[str, dict[str, list[Any]]] = {}
        self.begun = 0

    def __call__(self, env: Any) -> None:
        self.begun = env.begin_iteration
        for each in env.evaluation_result_list or ():
            self.history.setdefault(each[0], {}).setdefault(each[1], []).append(each[2])


class _Training(Learning):
    """``lightgbm.train``."""

    def __init__(self, session: Session, given: Given) -> None:
        super().__init__(session, "lightgbm.train", _PACKAGE)
        self.implementation = _BOOSTER
        self.named = named = given.named
        learnt = self.learn_from(named.get("train_set"), Role.DATA, "train_set")
        go_on_from(self, self.sources, named.get("init_model"), "init_model")
        sets = named.get("valid_sets")
        sets = sets if isinstance(sets, list | tuple) else [sets] if sets is not None else []
        names = named.get("valid_names")
        names = [names] if isinstance(names, str) else names if isinstance(names, list | tuple) else []
        for rank, data in enumerate(sets):
            default = "training" if data is named.get("train_set") else f"valid_{rank}"
            name = label_text(names[rank]) if rank < len(names) else default
            self.measure_on(name, data, "valid_sets", learnt)
        self.rounds = _Rounds()
        callbacks = named.get("callbacks")
        # In front, because LightGBM numbers the others by how far they are from the end.
        by_name = "callbacks" in given.kwargs or "callbacks" not in named
        if self.sets and by_name and (callbacks is None or isinstance(callbacks, list | tuple | set)):
            given.kwargs["callbacks"] = [self.rounds, *(callbacks or ())]
        self.begins()

    def succeeded(self, result: Any, seconds: float) -> None:
        """The booster is trained."""
        if not self.crowded:
            chosen = parameters_of(self.named)
            self.settings = given_settings(chosen, without_aliases(chosen, in_force(result)))
        self.finish(result, seconds, self.rounds.history, _best(result, self.rounds.begun))


def _best(booster: Any, begun: int) -> Best | None:
    """The best round of a training that was to stop early; LightGBM counts from 1, over all trainings."""
    told = booster.best_iteration
    return Best(told - 1 - begun, told) if told > begun else None


class _Refitting(Learning):
    """``Booster.refit``: a new booster with the trees of another and the leaves of other data."""

    def __init__(self, session: Session, given: Given) -> None:
        super().__init__(session, f"{_BOOSTER}.refit", _PACKAGE)
        self.implementation = _BOOSTER
        go_on_from(self, self.sources, given.args[0], "")
        self.learn_from(given.named.get("data"), Role.DATA, "data")
        self.learn_from(given.named.get("label"), Role.TARGET, "label")
        self.settings = given_settings({"decay_rate": given.named.get("decay_rate", 0.9)}, {})
        self.begins()

    def succeeded(self, result: Any, seconds: float) -> None:
        """The new booster is known."""
        self.finish(result, seconds, {}, None)


class _BoosterPredicting(Predicting):
    """``Booster.predict``, also of what is in a file."""

    data_names = ("data",)

    def __init__(self, session: Session, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__(session, method, args, kwargs)
        path = named_path(self.argument(0, *self.data_names)[1])
        self.file = session.files.read(path) if path else None
        if self.file is not None:
            self.used.append(Use(entity=self.file.id, role=Role.FILE, argument="data"))

    def succeeded(self, result: Any, seconds: float) -> None:
        """Numbers that explain predictions are not predictions."""
        if self.file is None and not any(self.named.get(name) for name in _EXPLAINING):
            super().succeeded(result, seconds)
            return
        sources = [each for each in (self.model, self.data, self.file) if each is not None]
        made = self.tracker.derive(result, sources, self.function)
        if made is not None and self.file is not None and not any(map(self.named.get, _EXPLAINING)):
            made.kind, made.model = ValueKind.PREDICTION, self.model
        self.make(made, result)
        self.add(seconds)


class _Folds(FoldRounds):
    """``lightgbm.cv``."""

    def __init__(self, session: Session, given: Given) -> None:
        super().__init__(session, "lightgbm.cv", _PACKAGE, given.named.get("train_set"), "train_set")
        self.implementation = _BOOSTER
        self.settings = given_settings(parameters_of(given.named), {})

    def means(self, result: Any) -> Iterator[tuple[str, str, list[float]]]:
        """Of lists such as ``valid binary_logloss-mean``."""
        for name, values in result.items():
            if name.endswith("-mean"):
                part, _, metric = name.removesuffix("-mean").partition(" ")
                yield part, metric, values

    def folds(self, heard: Any) -> Iterator[tuple[str, str, float]]:
        """Of a list for each fold, of tuples that begin with part of the data, metric and value."""
        for fold in heard:
            for each in fold:
                yield each[0], each[1], each[2]

    def succeeded(self, result: Any, seconds: float) -> None:
        """The boosters of the folds come from the data too, where they are given back."""
        super().succeeded(result, seconds)
        for booster in getattr(result.get("cvbooster"), "boosters", ()):
            self.tracker.derive(booster, [self.data] if self.data is not None else [], self.function)


class _EstimatorAddition:
    """What a training of ``LGBMClassifier`` and its relatives has besides."""

    def __init__(self, signature: Signature, fitting: Fitting, estimator: Any, prefix: str) -> None:
        self._estimator = estimator
        self._prefix = prefix
        self._sets: dict[str, EvaluationSet] = {}
        positional = (estimator, *fitting.positional) if not prefix else (estimator,)
        given = {name.removeprefix(prefix): value for name, value in fitting.named.items()}
        named = arguments(signature, positional, given)
        go_on_from(fitting, fitting.sources, named.get("init_model"), "init_model")
        self._continues = named.get("init_model") is not None
        names = named.get("eval_names")
        names = names if isinstance(names, list | tuple) else ()
        for rank, (data, target) in enumerate(_pairs(named)):
            measured = measured_on(fitting, data, "eval_set", fitting.data, target)
            # LightGBM has two names for the training data, depending on how it was given.
            for name in (names[rank],) if rank < len(names) else (f"valid_{rank}", "training"):
                if name != "training" or measured.role is SplitRole.TRAINING:
                    self._sets[name] = measured

    def fitted(self, fitting: Fitting, node: Node) -> None:
        """The estimator has a booster."""
        held = vars(self._estimator)
        booster = held.get("_Booster")
        if booster is None:
            return
        fitting.tracker.derive(booster, (node,), f"{type(self._estimator).__name__}.booster_")
        if not fitting.crowded:
            fitting.settings = filled_in(fitting.settings, in_force(booster), other_names(), self._prefix)
        best = _best(booster, 0) if not self._continues else None
        add_history(fitting, node, self._sets, held.get("_evals_result") or {}, best)


def _pairs(named: dict[str, Any]) -> list[tuple[Any, Any]]:
    """The evaluation sets of a ``fit``, each with its target."""
    sets = named.get("eval_set")
    if isinstance(sets, tuple):
        sets = [sets]
    sets = sets if isinstance(sets, list) else []
    found = [tuple(each) for each in sets if isinstance(each, list | tuple) and len(each) == 2]
    data, target = named.get("eval_X"), named.get("eval_y")
    if data is not None and target is not None:
        together = isinstance(data, tuple) and isinstance(target, tuple)
        found += zip(data, target, strict=False) if together else [(data, target)]
    return found


def _patch_engine(module: ModuleType) -> None:
    train = known_signature(module, "train", "params", "train_set", "valid_sets", "callbacks", "init_model")
    cv = known_signature(module, "cv", "params", "train_set", "nfold")
    known_signature(module, "_agg_cv_result", "raw_results")
    replace(module, "train", partial(step, begin=begin_with(_Training, train), is_fit=True))
    replace(module, "cv", partial(step, begin=begin_with(_Folds, cv)))
    replace(module, "_agg_cv_result", partial(listen, hear=_Folds.hear))


def _patch_basic(module: ModuleType) -> None:
    booster = known_class(module, "Booster", "model_to_string", "save_model", "current_iteration")
    dataset = known_class(module, "Dataset", "construct", "subset")
    wrap_method(booster, "save_model", saving(f"{_BOOSTER}.save_model", _PACKAGE))
    known_signature(booster, "predict", "data")
    wrap_method(booster, "predict", _BoosterPredicting.of("predict"))
    made = known_signature(booster, "__init__", "model_file")
    wrap_method(booster, "__init__", begin_with(_restoring, made, wanted="model_file"))
    updated = known_signature(booster, "update", "train_set")
    wrap_method(booster, "update", begin_with(_updating, updated), is_fit=True)
    refitted = known_signature(booster, "refit", "data", "label")
    wrap_method(booster, "refit", begin_with(_Refitting, refitted), is_fit=True)
    for name in ("eval", "eval_train", "eval_valid"):
        wrap_method(booster, name, begin_with(partial(_judging, name), known_signature(booster, name)))
    put_together = known_signature(dataset, "__init__", "data", "label")
    wrap_method(dataset, "__init__", begin_with(_assembling, put_together, wanted="data"))
    wrap_method(dataset, "construct", begin_with(_Inside, known_signature(dataset, "construct")))
    wrap_method(
        dataset,
        "subset",
        begin_with(partial(_following, Deriving, "subset"), known_signature(dataset, "subset")),
    )
    for name in _CHANGING:
        if hasattr(dataset, name):
            begin = begin_with(partial(_following, Changing, name), known_signature(dataset, name))
            wrap_method(dataset, name, begin)


class _Inside:
    """A call in which a library works on its own objects, and nothing happens to be recorded."""

    def __init__(self, session: Session, given: Given) -> None:
        pass

    def succeeded(self, result: Any, seconds: float) -> None:
        """The call returned."""

    def failed(self, error: BaseException, seconds: float) -> None:
        """The call raised."""


def _following(call: Callable[[Session, str, Given], Any], name: str, session: Session, given: Given) -> Any:
    return call(session, f"{_PACKAGE}.Dataset.{name}", given)


def _restoring(session: Session, given: Given) -> Restoring:
    return Restoring(session, _BOOSTER, _PACKAGE, given.args[0], given.named["model_file"])


def _judging(method: str, session: Session, given: Given) -> Judging:
    booster, named = given.args[0], given.named
    sets: list[tuple[Any, Any]] = []
    if method == "eval":
        sets = [(named.get("name"), named.get("data"))]
    elif method == "eval_train":
        sets = [(getattr(booster, "_train_data_name", "training"), getattr(booster, "train_set", None))]
    elif hasattr(booster, "name_valid_sets") and hasattr(booster, "valid_sets"):
        sets = list(zip(booster.name_valid_sets, booster.valid_sets, strict=False))
    return Judging(
        session, method, booster, sets, lambda told: ((each[0], each[1], each[2]) for each in told)
    )


def _updating(session: Session, given: Given) -> Updating:
    booster = given.args[0]
    data = given.named.get("train_set")
    data = data if data is not None else getattr(booster, "train_set", None)
    return Updating(session, f"{_BOOSTER}.update", _PACKAGE, booster, data, in_force)


def _assembling(session: Session, given: Given) -> Assembling:
    return Assembling(session, f"{_PACKAGE}.Dataset", _PACKAGE, given, _shape)


def _shape(dataset: Any) -> tuple[int, ...]:
    return shape_of(dataset.data) if kind_of(dataset.data) is ValueKind.DATASET else ()


def _patch_estimators(module: ModuleType) -> None:
    model = known_class(module, "LGBMModel", "fit")
    fit = known_signature(model, "fit", "eval_set", "eval_names", "init_model")
    ADDITIONS[_PACKAGE] = partial(_EstimatorAddition, fit)


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {
    "lightgbm.basic": (_patch_basic,),
    "lightgbm.engine": (_patch_engine,),
    "lightgbm.sklearn": (_patch_estimators,),
}
