"""Hooks on XGBoost's own interface: matrices, boosters, ``train`` and ``cv``.

Its scikit-learn classes are estimators; what those have besides is added to their trainings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any

from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.boosting import (
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
from provkg.capture.hooks.calls import Given, begin_with
from provkg.capture.hooks.cross_validation import FoldRounds
from provkg.capture.hooks.estimators import ADDITIONS, Fitting, Predicting
from provkg.capture.hooks.judging import Judging
from provkg.capture.hooks.known import known_class, known_signature
from provkg.capture.hooks.matrices import Assembling, Changing, Deriving
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.wrap import listen, step, wrap_method
from provkg.capture.hooks.xgboost_settings import (
    SAME,
    best_round,
    in_force,
    parameters_of,
    without_aliases,
)
from provkg.capture.kinds import label_text
from provkg.capture.session import Session
from provkg.capture.values import Node
from provkg.records import Role

__all__ = ["AFTER_IMPORT"]

_PACKAGE = "xgboost"
_BOOSTER = "xgboost.Booster"
_EXPLAINING = ("pred_leaf", "pred_contribs", "approx_contribs", "pred_interactions")
_MATRICES = ("DMatrix", "QuantileDMatrix")


class _Training(Learning):
    """``xgboost.train``."""

    def __init__(self, session: Session, given: Given) -> None:
        super().__init__(session, "xgboost.train", _PACKAGE)
        self.implementation = _BOOSTER
        self.named = named = given.named
        learnt = self.learn_from(named.get("dtrain"), Role.DATA, "dtrain")
        go_on_from(self, self.sources, named.get("xgb_model"), "xgb_model")
        evals = named.get("evals")
        for pair in evals if isinstance(evals, list | tuple) else ():
            if isinstance(pair, tuple) and len(pair) == 2:
                self.measure_on(label_text(pair[1]), pair[0], "evals", learnt)
        if self.sets and named.get("evals_result") is None:
            given.kwargs["evals_result"] = named["evals_result"] = {}
        self.begins()

    def succeeded(self, result: Any, seconds: float) -> None:
        """The booster is trained."""
        named = self.named
        if not self.crowded:
            chosen = parameters_of(named)
            self.settings = given_settings(chosen, without_aliases(chosen, in_force(result)))
        history = named.get("evals_result") or {}
        seen = {name: history[name] for name in self.sets if name in history}
        best = best_round(result, named.get("early_stopping_rounds"), named.get("callbacks"), self.sets)
        self.finish(result, seconds, seen, best)


class _BoosterPredicting(Predicting):
    """``Booster.predict`` and ``inplace_predict``."""

    data_names = ("data",)

    def succeeded(self, result: Any, seconds: float) -> None:
        """Numbers that explain predictions are not predictions."""
        if any(self.named.get(name) for name in _EXPLAINING):
            sources = [node for node in (self.model, self.data) if node is not None]
            self.make(self.tracker.derive(result, sources, self.function), result)
            self.add(seconds)
            return
        super().succeeded(result, seconds)


class _Folds(FoldRounds):
    """``xgboost.cv``."""

    def __init__(self, session: Session, given: Given) -> None:
        super().__init__(session, "xgboost.cv", _PACKAGE, given.named.get("dtrain"), "dtrain")
        self.implementation = _BOOSTER
        self.settings = given_settings(parameters_of(given.named), {})

    def means(self, result: Any) -> Iterator[tuple[str, str, list[float]]]:
        """Of columns such as ``test-logloss-mean``."""
        for column in result:
            if str(column).endswith("-mean"):
                part, _, metric = str(column).removesuffix("-mean").partition("-")
                yield part, metric, [float(value) for value in result[column]]

    def folds(self, heard: Any) -> Iterator[tuple[str, str, float]]:
        """Of a text for each fold."""
        for line in heard:
            yield from _told(line)


def _told(line: str) -> Iterator[tuple[str, str, float]]:
    """Matrix, metric and value from a text such as ``[0] train-logloss:0.6 test-logloss:0.7``."""
    for item in line.split()[1:]:
        key, _, value = item.rpartition(":")
        name, _, metric = key.partition("-")
        yield name, metric, float(value)


class _EstimatorAddition:
    """What a training of ``XGBClassifier`` and its relatives has besides."""

    def __init__(self, fitting: Fitting, estimator: Any, prefix: str) -> None:
        self._estimator = estimator
        self._prefix = prefix
        self._sets: dict[str, EvaluationSet] = {}
        go_on_from(fitting, fitting.sources, fitting.named.get(f"{prefix}xgb_model"), "xgb_model")
        pairs = fitting.named.get(f"{prefix}eval_set")
        for rank, pair in enumerate(pairs if isinstance(pairs, list | tuple) else ()):
            if isinstance(pair, list | tuple) and len(pair) == 2:
                self._sets[f"validation_{rank}"] = measured_on(
                    fitting, pair[0], "eval_set", fitting.data, pair[1]
                )

    def fitted(self, fitting: Fitting, node: Node) -> None:
        """The estimator has a booster."""
        estimator = self._estimator
        booster = vars(estimator).get("_Booster")
        if booster is None:
            return
        fitting.tracker.derive(booster, (node,), f"{type(estimator).__name__}.get_booster")
        if not fitting.crowded:
            rounds = {"n_estimators": estimator.get_num_boosting_rounds()}
            fitting.settings = filled_in(fitting.settings, in_force(booster) | rounds, SAME, self._prefix)
        history = vars(estimator).get("evals_result_", {}) if self._sets else {}
        best = best_round(booster, estimator.early_stopping_rounds, estimator.callbacks, self._sets)
        # The estimators predict with the best round.
        add_history(fitting, node, self._sets, history, best._replace(kept=True) if best else None)


def _patch_training(module: ModuleType) -> None:
    train = known_signature(module, "train", "params", "dtrain", "evals", "evals_result", "xgb_model")
    cv = known_signature(module, "cv", "params", "dtrain", "nfold", "metrics")
    replace(module, "train", partial(step, begin=begin_with(_Training, train), is_fit=True))
    replace(module, "cv", partial(step, begin=begin_with(_Folds, cv)))


def _patch_callback(module: ModuleType) -> None:
    known_signature(module, "_aggcv", "rlist")
    replace(module, "_aggcv", partial(listen, hear=_Folds.hear))


def _patch_core(module: ModuleType) -> None:
    booster = known_class(module, "Booster", "attr", "save_config", "save_model")
    _restoring(booster, "__init__", _BOOSTER, "model_file")
    _restoring(booster, "load_model", f"{_BOOSTER}.load_model", "fname")
    wrap_method(booster, "save_model", saving(f"{_BOOSTER}.save_model", _PACKAGE))
    for name in ("update", "boost"):
        begin = begin_with(partial(_updating, name), known_signature(booster, name, "dtrain"))
        wrap_method(booster, name, begin, is_fit=True)
    for name in ("predict", "inplace_predict"):
        known_signature(booster, name, "data")
        wrap_method(booster, name, _BoosterPredicting.of(name))
    for name in ("eval", "eval_set"):
        wrap_method(booster, name, begin_with(partial(_judging, name), known_signature(booster, name)))
    _following(booster, "__getitem__", Deriving)
    for name in _MATRICES:
        _assembling(known_class(module, name, "num_row", "num_col"))


def _judging(method: str, session: Session, given: Given) -> Judging:
    named = given.named
    sets = named.get("evals") if method == "eval_set" else [(named.get("data"), named.get("name", "eval"))]
    pairs = [(pair[1], pair[0]) for pair in sets] if isinstance(sets, list | tuple) else []
    return Judging(session, method, given.args[0], pairs, _told)


def _updating(method: str, session: Session, given: Given) -> Updating:
    data = given.named.get("dtrain")
    return Updating(session, f"{_BOOSTER}.{method}", _PACKAGE, given.args[0], data, in_force)


def _assembling(matrix: type) -> None:
    label = f"{_PACKAGE}.{matrix.__name__}"

    def make(session: Session, given: Given) -> Assembling:
        return Assembling(session, label, _PACKAGE, given, _shape)

    signature = known_signature(matrix, "__init__", "data", "label")
    wrap_method(matrix, "__init__", begin_with(make, signature, wanted="data"))
    for name in ("set_label", "set_info", "set_weight", "set_base_margin"):
        _following(matrix, name, Changing)
    _following(matrix, "slice", Deriving)


def _following(owner: type, name: str, call: Callable[[Session, str, Given], Any]) -> None:
    def make(session: Session, given: Given) -> Any:
        return call(session, f"{_PACKAGE}.{owner.__name__}.{name}", given)

    if name in vars(owner):
        wrap_method(owner, name, begin_with(make, known_signature(owner, name)))


def _shape(matrix: Any) -> tuple[int, int]:
    return matrix.num_row(), matrix.num_col()


def _restoring(owner: type, method: str, label: str, parameter: str) -> None:
    def make(session: Session, given: Given) -> Restoring:
        return Restoring(session, label, _PACKAGE, given.args[0], given.named[parameter])

    signature = known_signature(owner, method, parameter)
    wrap_method(owner, method, begin_with(make, signature, wanted=parameter))


def _patch_estimators(module: ModuleType) -> None:
    model = known_class(module, "XGBModel", "get_booster", "get_num_boosting_rounds", "save_model")
    known_signature(model, "fit", "eval_set", "xgb_model")
    known_signature(model, "__init__", "early_stopping_rounds", "callbacks")
    _restoring(model, "load_model", f"{_PACKAGE}.XGBModel.load_model", "fname")
    wrap_method(model, "save_model", saving(f"{_PACKAGE}.XGBModel.save_model", _PACKAGE))
    ADDITIONS[_PACKAGE] = _EstimatorAddition


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {
    "xgboost.core": (_patch_core,),
    "xgboost.callback": (_patch_callback,),
    "xgboost.training": (_patch_training,),
    "xgboost.sklearn": (_patch_estimators,),
}
