"""The steps of machine learning: activities with their uses and settings, models, and results."""

from __future__ import annotations

import json
from datetime import timedelta
from math import isfinite
from typing import TYPE_CHECKING

from provkg.mapping.prov import EVIDENCE, STATUS
from provkg.mapping.sameness import setting_digest
from provkg.mapping.settings import declare, settings_of
from provkg.mapping.values import SPLITS
from provkg.records import ActivityKind, Evidence, Role, SplitRole, ValueKind
from provkg.terms import Prov, Provkg, Rdfs

if TYPE_CHECKING:
    from datetime import datetime

    from provkg.mapping.scope import Scope
    from provkg.records import Activity, CellExecution, Result, Use

__all__ = ["activities"]

_KINDS = {
    ActivityKind.LOADING: Provkg.DataLoading,
    ActivityKind.PREPROCESSING: Provkg.Preprocessing,
    ActivityKind.SPLITTING: Provkg.Splitting,
    ActivityKind.TRAINING: Provkg.Training,
    ActivityKind.TUNING: Provkg.Tuning,
    ActivityKind.EVALUATION: Provkg.Evaluation,
    ActivityKind.PREDICTION: Provkg.Prediction,
    ActivityKind.SAVING: Provkg.Saving,
}
_ROLES = {
    Role.DATA: Provkg.DataRole,
    Role.TARGET: Provkg.TargetRole,
    Role.MODEL: Provkg.ModelRole,
    Role.TRUTH: Provkg.TruthRole,
    Role.PREDICTION: Provkg.PredictionRole,
    Role.VALIDATION: Provkg.ValidationRole,
    Role.FILE: Provkg.FileRole,
    Role.INPUT: Provkg.InputRole,
}
_USES = {
    Role.DATA: Provkg.usedData,
    Role.TARGET: Provkg.usedTrainingTarget,
    Role.MODEL: Provkg.usedModel,
    Role.TRUTH: Provkg.usedTruth,
    Role.PREDICTION: Provkg.usedPrediction,
    Role.VALIDATION: Provkg.usedValidationData,
    Role.FILE: Provkg.usedFile,
}
_FITTING = {ActivityKind.TRAINING, ActivityKind.TUNING, ActivityKind.PREPROCESSING}
_MODELS = {ValueKind.MODEL, ValueKind.TRANSFORMER}


def activities(scope: Scope) -> None:
    """All activities of the run, and the seeds set between them."""
    for execution in scope.run.executions:
        for activity in execution.activities:
            _activity(scope, execution, activity)


def _activity(scope: Scope, execution: CellExecution, activity: Activity) -> None:
    quads, iri = scope.quads, scope.thing(activity.id)
    quads.types(iri, Prov.Activity, Provkg.MLActivity, _KINDS[activity.kind])
    quads.link(iri, Provkg.partOfRun, scope.iri)
    quads.link(iri, Provkg.partOfExecution, scope.execution(execution.order))
    if activity.parent in scope.activities:  # of a run that was killed, the whole may be missing
        quads.link(iri, Provkg.partOfActivity, scope.thing(activity.parent))
    quads.known(iri, Provkg.calledFunction, activity.function)
    quads.integer(iri, Provkg.sourceLine, activity.line)
    quads.known(iri, Provkg.sourcePath, activity.file)
    if activity.started_at is not None:
        quads.time(iri, Prov.startedAtTime, activity.started_at)
    quads.time(iri, Prov.endedAtTime, _ended_at(activity))
    quads.double(iri, Provkg.duration, activity.duration)
    quads.link(iri, Provkg.hasStatus, STATUS[activity.status])
    quads.link(iri, Provkg.evidence, EVIDENCE[activity.evidence])
    if activity.best:
        quads.link(iri, Provkg.choseCandidate, scope.thing(activity.best))
    if activity.fits:
        quads.integer(iri, Provkg.fitCount, activity.fits)
    if activity.unseeded:
        quads.boolean(iri, Provkg.isUnseeded, True)
    trained = [name for name in activity.generated if _is_trained(scope, activity, name)]
    implementation = _implementation(scope, activity, iri)
    settings = settings_of(scope, activity, iri)
    for rank, use in enumerate(activity.used, 1):
        _use(scope, activity, use, f"{iri}/usage/{rank}", fits=bool(trained))
    if trained:
        quads.known(iri, Provkg.settingDigest, setting_digest(activity))
    for name in trained:
        _trained(scope, activity, scope.thing(name), implementation, settings)
    for result in activity.results:
        _result(scope, execution, activity, result)


def _ended_at(activity: Activity) -> datetime | None:
    """When an activity ended; None where that is not known or its duration makes no sense."""
    if activity.started_at is None or activity.duration is None:
        return None
    try:
        return activity.started_at + timedelta(seconds=activity.duration)
    except (OverflowError, ValueError):
        return None


def _is_trained(scope: Scope, activity: Activity, name: str) -> bool:
    """Whether an activity, and none nested in it, fitted a model."""
    value = scope.values.get(name)
    fitting = activity.kind in _FITTING and scope.generator.get(name) == activity.id
    return fitting and value is not None and value.kind in _MODELS


def _implementation(scope: Scope, activity: Activity, iri: str) -> str:
    """The class at work, or else the function that was called."""
    qualified = activity.implementation or activity.function
    if not qualified:
        return ""
    quads, package = scope.quads, activity.package
    node = scope.names.implementation(qualified, package, scope.packages.get(package, ""))
    if quads.first(node):
        quads.types(node, Prov.Entity, Provkg.Implementation)
        quads.text(node, Provkg.qualifiedName, qualified)
        quads.text(node, Rdfs.label, qualified.rpartition(".")[2])
        if package:
            quads.link(node, Provkg.providedBy, scope.package(package))
    quads.link(iri, Prov.used, node)
    quads.link(iri, Provkg.usedImplementation, node)
    return node


def _use(scope: Scope, activity: Activity, use: Use, node: str, *, fits: bool) -> None:
    quads, iri, entity = scope.quads, scope.thing(activity.id), scope.thing(use.entity)
    fitted_to = use.role is Role.DATA and (fits or activity.kind in _FITTING - {ActivityKind.PREPROCESSING})
    if quads.first(f"{iri} {entity}"):
        quads.link(iri, Prov.used, entity)
    if use.evidence is Evidence.OBSERVED and quads.first(f"{iri} {entity} seen"):
        quads.link(iri, Provkg.observedUse, entity)
    if use.role in _USES:
        quads.link(iri, Provkg.usedTrainingData if fitted_to else _USES[use.role], entity)
    quads.link(iri, Prov.qualifiedUsage, node)
    quads.types(node, Prov.Usage)
    quads.link(node, Prov.entity, entity)
    quads.link(node, Prov.hadRole, _ROLES[use.role])
    quads.link(node, Provkg.evidence, EVIDENCE[use.evidence])
    quads.known(node, Provkg.argument, use.argument)
    if activity.kind is ActivityKind.EVALUATION and use.role is Role.MODEL:
        _evaluated(scope, iri, entity)


def _trained(
    scope: Scope, activity: Activity, model: str, implementation: str, settings: tuple[str, ...]
) -> None:
    quads = scope.quads
    quads.link(model, Provkg.trainedBy, scope.thing(activity.id))
    for data in dict.fromkeys(use.entity for use in activity.used if use.role is Role.DATA):
        quads.link(model, Provkg.trainedOn, scope.thing(data))
    if implementation:
        quads.link(model, Provkg.hasImplementation, implementation)
    for setting in settings:
        quads.link(model, Provkg.hasSetting, setting)


def _evaluated(scope: Scope, activity: str, model: str) -> None:
    if scope.quads.first(f"{activity} {model} evaluated"):
        scope.quads.link(activity, Provkg.evaluatedModel, model)


def _result(scope: Scope, execution: CellExecution, activity: Activity, result: Result) -> None:
    quads, iri = scope.quads, scope.thing(result.id)
    metric = declare(scope, scope.names.metric(result.metric), result.metric, Provkg.Metric, Provkg.runMetric)
    quads.types(iri, Prov.Entity, Provkg.Result)
    quads.text(iri, Provkg.metricName, result.metric)
    quads.link(iri, Provkg.measures, metric)
    quads.known(iri, Provkg.resultText, result.text)
    quads.link(iri, Provkg.evidence, EVIDENCE[result.evidence])
    if result.series:
        quads.text(iri, Provkg.series, _series(result.series))
        quads.known(iri, Provkg.seriesBy, result.series_by or "")
    if result.role is not None:
        quads.link(iri, Provkg.splitRole, SPLITS[result.role])
    quads.known(iri, Provkg.classLabel, result.label)
    scope.made(result.id, execution.order)
    _judged(scope, activity, result, iri)
    if result.value is not None and isfinite(result.value):
        quads.scalar(iri, Provkg.resultValue, result.value)
        if not activity.parent and not result.label:
            _direct(scope, result, result.value)


def _series(series: tuple[float | None, ...]) -> str:
    """JSON has no numbers that are not finite."""
    return json.dumps([value if value is not None and isfinite(value) else None for value in series])


def _judged(scope: Scope, activity: Activity, result: Result, iri: str) -> None:
    """The model and the data that a result is about."""
    quads, data = scope.quads, [scope.thing(name) for name in result.data]
    for one in data:
        quads.link(iri, Provkg.measuredOn, one)
    if not result.model:
        return
    model = scope.thing(result.model)
    quads.link(iri, Provkg.resultOf, model)
    if activity.kind is ActivityKind.EVALUATION:
        _evaluated(scope, scope.thing(activity.id), model)
    for one in data:
        if quads.first(f"{model} {one} evaluated on"):
            quads.link(model, Provkg.evaluatedOn, one)


def _direct(scope: Scope, result: Result, value: float) -> None:
    """The number on the run itself. One measured on training data must not pass for another."""
    name = f"training_{result.metric}" if result.role is SplitRole.TRAINING else result.metric
    metric = declare(scope, scope.names.metric(name), name, Provkg.Metric, Provkg.runMetric)
    if scope.quads.first(f"{metric} {value!r}"):
        scope.quads.scalar(scope.iri, metric, value)
