"""Hooks on CatBoost: pools, models, ``train`` and ``cv``. Its estimators are no classes of scikit-learn's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from inspect import Signature
from types import ModuleType
from typing import Any

from msgspec.structs import replace as replace_fields

from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.boosting import (
    MAX_SETS,
    Best,
    EvaluationSet,
    Learning,
    Restoring,
    add_history,
    given_settings,
    go_on_from,
    measured_on,
    saving,
    use_target,
)
from provkg.capture.hooks.calls import Call, Given, arguments, begin_with
from provkg.capture.hooks.cross_validation import FoldRounds
from provkg.capture.hooks.estimators import ADDITIONS, Fitting, Predicting, Scoring
from provkg.capture.hooks.known import known_class, known_signature
from provkg.capture.hooks.matrices import Assembling, Changing, Deriving
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.wrap import step, wrap_method
from provkg.capture.kinds import shape_of, type_name
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import Role, SplitRole

__all__ = ["AFTER_IMPORT"]

_PACKAGE = "catboost"
_ESTIMATORS = ("CatBoost", "CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker")
_CHANGING = ("set_weight", "set_baseline", "set_group_id", "set_group_weight", "set_pairs", "set_timestamp")
_NOT_PARAMETERS = frozenset(
    {
        "pool",
        "params",
        "dtrain",
        "evals",
        "eval_set",
        "init_model",
        "log_cerr",
        "log_cout",
        "plot",
        "plot_file",
    }
)
_NOT_SETTINGS = frozenset({"class_names", "pool_metainfo_options"})
_SAME = {
    "colsample_bylevel": "rsm",
    "early_stopping_rounds": "od_wait",
    "eta": "learning_rate",
    "max_bin": "border_count",
    "max_depth": "depth",
    "min_child_samples": "min_data_in_leaf",
    "n_estimators": "iterations",
    "num_boost_round": "iterations",
    "num_leaves": "max_leaves",
    "num_trees": "iterations",
    "objective": "loss_function",
    "random_state": "random_seed",
    "reg_lambda": "l2_leaf_reg",
}
"""The names by which CatBoost tells the settings that it also takes by other names."""


def _in_force(model: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a model was trained with and nobody gave. CatBoost computes in single precision."""
    told = {_SAME.get(name, name) for name in given} | _NOT_SETTINGS
    return {
        name: float(f"{value:.7g}") if type(value) is float else value
        for name, value in sorted(model.get_all_params().items())
        if name not in told
    }


def _best(model: Any, sets: Mapping[str, EvaluationSet]) -> Best | None:
    """The best round on the evaluation sets, where there were any: the last of them decides.

    By default the model is cut off after it.
    """
    told = model.get_best_iteration()
    if told is None:
        return None
    cut = bool(model.get_all_params().get("use_best_model"))
    return Best(told, told, list(sets)[-1], "use_best_model" if cut else "early stopping", kept=cut)


class _Training(Learning):
    """``catboost.train``."""

    def __init__(self, session: Session, given: Given) -> None:
        super().__init__(session, "catboost.train", _PACKAGE)
        self.implementation = "catboost.CatBoost"
        named = given.named
        argument = "pool" if named.get("pool") is not None else "dtrain"
        learnt = self.learn_from(named.get(argument), Role.DATA, argument)
        go_on_from(self, self.sources, named.get("init_model"), "init_model")
        given_sets = "eval_set" if named.get("eval_set") is not None else "evals"
        self.sets = _measured_on(self, named.get(given_sets), given_sets, learnt)
        parameters = named.get("params")
        self.chosen = dict(parameters) if isinstance(parameters, dict) else {}
        self.chosen |= {name: value for name, value in named.items() if name not in _NOT_PARAMETERS}
        self.begins()

    def succeeded(self, result: Any, seconds: float) -> None:
        """The model is trained."""
        if not self.crowded:
            self.settings = given_settings(self.chosen, _in_force(result, self.chosen))
        self.finish(result, seconds, result.get_evals_result(), _best(result, self.sets))


class _Folds(FoldRounds):
    """``catboost.cv``. CatBoost tells the means over the folds alone."""

    def __init__(self, session: Session, given: Given) -> None:
        named = given.named
        argument = "pool" if named.get("pool") is not None else "dtrain"
        super().__init__(session, "catboost.cv", _PACKAGE, named.get(argument), argument)
        self.implementation = "catboost.CatBoost"
        parameters = named.get("params")
        chosen = dict(parameters) if isinstance(parameters, dict) else {}
        chosen |= {name: value for name, value in named.items() if name not in _NOT_PARAMETERS}
        self.settings = given_settings(chosen, {})

    def means(self, result: Any) -> Iterator[tuple[str, str, list[float]]]:
        """Of columns such as ``test-Logloss-mean``."""
        table, models = result if isinstance(result, tuple) else (result, ())
        self.fits = len(models)
        for model in models:
            self.tracker.derive(model, [self.data] if self.data is not None else [], self.function)
        for column in table:
            if str(column).endswith("-mean"):
                part, _, metric = str(column).removesuffix("-mean").partition("-")
                yield part, metric, [float(value) for value in table[column]]


class _EstimatorAddition:
    """What a training of a CatBoost model has besides."""

    def __init__(self, fit: Signature, fitting: Fitting, estimator: Any, prefix: str) -> None:
        self._model = estimator
        self._prefix = prefix
        positional = (estimator, *fitting.positional) if not prefix else (estimator,)
        given = {name.removeprefix(prefix): value for name, value in fitting.named.items()}
        named = arguments(fit, positional, given)
        if fitting.data is not None:
            use_target(fitting, fitting.sources, fitting.data, "X")
        go_on_from(fitting, fitting.sources, named.get("X") if not prefix else None, "X")
        go_on_from(fitting, fitting.sources, named.get("init_model"), "init_model")
        self._sets = _measured_on(fitting, named.get("eval_set"), "eval_set", fitting.data)
        self._given = {name: value for name, value in named.items() if name == "early_stopping_rounds"}

    def fitted(self, fitting: Fitting, node: Node) -> None:
        """The model is trained."""
        model = self._model
        if not fitting.crowded:
            given = model.get_params() | self._given
            names = {f"{self._prefix}{name}" for name in given}
            others = (each for each in fitting.settings if each.name not in names)
            found = given_settings(given, _in_force(model, given))
            fitting.settings = (
                *others,
                *(replace_fields(each, name=self._prefix + each.name) for each in found),
            )
        add_history(fitting, node, self._sets, model.get_evals_result(), _best(model, self._sets))


def _measured_on(call: Call, given: Any, argument: str, learnt: Node | None) -> dict[str, EvaluationSet]:
    """The evaluation sets of a training, by the names that CatBoost gives them."""
    sets = {"learn": EvaluationSet(learnt, SplitRole.TRAINING)}
    pairs = given if isinstance(given, list) else [given] if given is not None else []
    for rank, pair in enumerate(pairs[:MAX_SETS]):
        data, target = pair if isinstance(pair, tuple) and len(pair) == 2 else (pair, None)
        name = "validation" if len(pairs) == 1 else f"validation_{rank}"
        sets[name] = measured_on(call, data, argument, learnt, target)
    return sets


class _Predicting(Predicting):
    """``predict`` and its relatives."""

    data_names = ("data", "X")


def _patch(module: ModuleType) -> None:
    told = ("get_all_params", "get_best_iteration", "get_evals_result", "load_model", "save_model")
    fit = known_signature(known_class(module, "CatBoost", *told), "fit", "X", "eval_set", "init_model")
    train = known_signature(module, "train", "pool", "dtrain", "eval_set", "evals")
    cv = known_signature(module, "cv", "pool", "dtrain")
    replace(module, "train", partial(step, begin=begin_with(_Training, train), is_fit=True))
    replace(module, "cv", partial(step, begin=begin_with(_Folds, cv)))
    for name in _ESTIMATORS:
        if hasattr(module, name):
            _patch_estimator(getattr(module, name))
    ADDITIONS[_PACKAGE] = partial(_EstimatorAddition, fit)
    pool = known_class(module, "Pool", "slice")
    put_together = known_signature(pool, "__init__", "data", "label")
    wrap_method(pool, "__init__", begin_with(_assembling, put_together, wanted="data"))
    for name in ("slice", *_CHANGING):
        if hasattr(pool, name):
            make = partial(_following, Deriving if name == "slice" else Changing, name)
            wrap_method(pool, name, begin_with(make, known_signature(pool, name)))


def _patch_estimator(model: type) -> None:
    wrap_method(model, "fit", Fitting.of("fit"), is_fit=True)
    wrap_method(model, "score", Scoring.of("score"))
    for name in ("predict", "predict_proba", "predict_log_proba"):
        wrap_method(model, name, _Predicting.of(name))
    wrap_method(model, "save_model", saving(f"{_PACKAGE}.{model.__name__}.save_model", _PACKAGE))
    if "load_model" in vars(model):
        read = known_signature(model, "load_model", "fname")
        wrap_method(model, "load_model", begin_with(_restoring, read, wanted="fname"))


def _restoring(session: Session, given: Given) -> Restoring:
    model = given.args[0]
    return Restoring(session, f"{type_name(type(model))}.load_model", _PACKAGE, model, given.named["fname"])


def _assembling(session: Session, given: Given) -> Assembling:
    return Assembling(session, f"{_PACKAGE}.Pool", _PACKAGE, given, shape_of)


def _following(call: Callable[[Session, str, Given], Any], name: str, session: Session, given: Given) -> Any:
    return call(session, f"{_PACKAGE}.Pool.{name}", given)


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {"catboost.core": (_patch,)}
