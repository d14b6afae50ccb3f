"""Digests by which runs, and trainings, that did the same are told: one comparison instead of many joins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from provkg.identity import digest
from provkg.mapping.prov import environment_digest
from provkg.records import Digest, FileMode, RunKind
from provkg.terms import Provkg

if TYPE_CHECKING:
    from provkg.identity import Json
    from provkg.mapping.scope import Scope
    from provkg.records import Activity, File, Run

__all__ = ["sameness", "setting_digest"]

_SEED = re.compile(r"(?:^|_)(?:random_state|seed)$")


def sameness(scope: Scope) -> None:
    """What tells that runs had the same circumstances, and that they gave the same results."""
    run = scope.run
    scope.quads.known(scope.iri, Provkg.circumstanceDigest, _circumstances(run))
    seeds = _seeds(run)
    if seeds:
        scope.quads.text(scope.iri, Provkg.seedDigest, digest(seeds))
    results = _results(run)
    if results:
        scope.quads.text(scope.iri, Provkg.resultDigest, digest(results))


def setting_digest(activity: Activity) -> str:
    """The settings in force in an activity, except seeds; empty where it has none.

    Trainings of one class that agree in it repeat each other, with other seeds or the same.
    """
    if not activity.settings:
        return ""
    told = [
        [setting.name, setting.value, setting.type]
        for setting in activity.settings
        if not _is_seed(setting.name)
    ]
    return digest([activity.implementation, sorted(told, key=str)])


def _is_seed(setting: str) -> bool:
    return _SEED.search(setting) is not None


def _seeds(run: Run) -> list[Json]:
    """What was given as a seed, each once: generators, and settings that are seeds."""
    told = {
        (seed.generator, "", str(seed.value))
        for execution in run.executions
        for seed in execution.seeds
        if seed.value is not None
    }
    told |= {
        (activity.implementation or activity.function, setting.name, str(setting.value))
        for execution in run.executions
        for activity in execution.activities
        for setting in activity.settings
        if _is_seed(setting.name) and setting.value is not None
    }
    return sorted([list(one) for one in told], key=str)


def _circumstances(run: Run) -> str:
    """Empty where something of the circumstances is not known: absent is not the same as equal."""
    if run.started.kind is RunKind.IMPORTED or run.environment is None or not run.executions:
        return ""
    files = [file for execution in run.executions for file in execution.files]
    written = {file.sha256 for file in files if file.mode is FileMode.WRITTEN}
    read = [file for file in files if file.mode is not FileMode.WRITTEN]
    if not all(_is_whole(file) for file in read):
        return ""
    inputs = sorted({file.sha256 for file in read} - written)
    return digest(
        {
            "code": [execution.sha256 for execution in run.executions],
            "inputs": inputs,
            "environment": environment_digest(run.environment),
            "settings": _settings(run),
        }
    )


def _is_whole(file: File) -> bool:
    return bool(file.sha256) and file.covers is Digest.FULL


def _settings(run: Run) -> list[Json]:
    told: list[Json] = [["", one.name, one.value, one.type] for one in run.started.parameters]
    for execution in run.executions:
        told += [["seed", seed.generator, seed.value] for seed in execution.seeds]
        for activity in execution.activities:
            owner = activity.implementation or activity.function
            told += [[owner, one.name, one.value, one.type] for one in activity.settings]
    return sorted(told, key=str)


def _results(run: Run) -> list[Json]:
    told: list[Json] = [
        [result.metric, result.label, result.text, result.role]
        for execution in run.executions
        for activity in execution.activities
        for result in activity.results
    ]
    return sorted(told, key=str)
