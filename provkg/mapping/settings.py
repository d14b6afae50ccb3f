"""Settings: of activities, parameters of the run, and random seeds; and their direct form on the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provkg.records import Setting
from provkg.terms import Owl, Provkg, Rdfs

if TYPE_CHECKING:
    from provkg.mapping.scope import Scope
    from provkg.records import Activity, Scalar, Seed

__all__ = ["declare", "exact_text", "parameters", "seeds", "settings_of"]


def exact_text(value: Scalar) -> str:
    """The text of a setting's value as Python prints it.

    >>> exact_text(None), exact_text(0.1), exact_text("l2")
    ('None', '0.1', 'l2')
    """
    return str(value)


def declare(scope: Scope, iri: str, name: str, class_: str, parent: str) -> str:
    """Declare a metric or parameter, which is also the direct property for its value on a run."""
    quads = scope.quads
    if quads.first(iri):
        quads.types(iri, Owl.DatatypeProperty, class_)
        quads.link(iri, Rdfs.subPropertyOf, parent)
        quads.text(iri, Rdfs.label, name)
    return iri


def settings_of(scope: Scope, activity: Activity, iri: str) -> tuple[str, ...]:
    """Write the settings of an activity; returns their IRIs."""
    quads = scope.quads
    owner = activity.implementation or activity.function
    class_ = Provkg.HyperParameterSetting if activity.implementation else Provkg.Setting
    written = []
    for setting in activity.settings:
        node = _setting(scope, owner, setting, class_)
        quads.link(iri, Provkg.usedSetting, node)
        if setting.explicit is not None:
            chosen = Provkg.usedChosenSetting if setting.explicit else Provkg.usedDefaultSetting
            quads.link(iri, chosen, node)
        if not activity.parent:
            _direct(scope, setting)
        written.append(node)
    return tuple(written)


def parameters(scope: Scope) -> None:
    """The parameters that the user gave to the run."""
    for setting in scope.run.started.parameters:
        node = _setting(scope, "", setting, Provkg.Setting)
        scope.quads.link(scope.iri, Provkg.hasParameter, node)
        scope.quads.link(scope.iri, Provkg.usedSetting, node)
        _direct(scope, setting)


def seeds(scope: Scope) -> None:
    """The random generators that executions seeded, or left unseeded."""
    for execution in scope.run.executions:
        iri = scope.execution(execution.order)
        for seed in execution.seeds:
            _seed(scope, iri, seed)


def _seed(scope: Scope, execution: str, seed: Seed) -> None:
    if seed.value is None:
        scope.quads.text(execution, Provkg.leftUnseeded, seed.generator)
        return
    setting = Setting(name=f"{seed.generator}.seed", value=seed.value, type=type(seed.value).__name__)
    node = _setting(scope, seed.generator, setting, Provkg.RandomSeed)
    scope.quads.link(execution, Provkg.usedSetting, node)


def _setting(scope: Scope, owner: str, setting: Setting, class_: str) -> str:
    quads, names = scope.quads, scope.names
    node = names.setting_value(owner, setting.name, setting.value, setting.type)
    if quads.first(node):
        quads.types(node, class_)
        quads.text(node, Provkg.settingName, setting.name)
        quads.link(node, Provkg.settingOf, _parameter(scope, setting.name))
        quads.scalar(node, Provkg.settingValue, setting.value)
        quads.text(node, Provkg.settingText, exact_text(setting.value))
    return node


def _parameter(scope: Scope, name: str) -> str:
    return declare(scope, scope.names.setting(name), name, Provkg.Parameter, Provkg.runSetting)


def _direct(scope: Scope, setting: Setting) -> None:
    """The value on the run itself, each once; None, which RDF cannot say, only stands in the node."""
    iri = _parameter(scope, setting.name)
    if setting.value is not None and scope.quads.first(f"{iri} {type(setting.value)} {setting.value}"):
        scope.quads.scalar(scope.iri, iri, setting.value)
