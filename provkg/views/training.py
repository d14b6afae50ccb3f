"""The trainings of a run: which model was made of what, on what data, with which settings."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import msgspec

from provkg.records import Activity, ActivityKind, Evidence, Role, Scalar, Setting, Status, Value, ValueKind
from provkg.views.inventory import Inventory

__all__ = ["Training", "is_list_of_parts", "is_seen", "names_of", "trainings"]

_LONGEST = 60
_SEARCHED = ("param_distributions", "param_grid")
_LISTS_OF_PARTS = ("steps", "transformers", "estimators", "transformer_list")


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """A training or tuning: the model it made, on what, from which files, with which settings.

    ``parts`` are the classes that the model is made of (of a pipeline, its steps in their order).
    ``settings`` are those that differ from their defaults or have none. ``fits`` counts the trainings
    nested inside. ``files`` are paths. Where ``status`` is not success, there is no trained model.
    """

    model: str
    id: str
    implementation: str
    parts: tuple[str, ...]
    kind: ActivityKind
    data: tuple[str, ...]
    rows: int | None
    role: str
    files: tuple[str, ...]
    settings: dict[str, Scalar]
    seconds: float | None
    fits: int
    order: int
    evidence: Evidence
    status: Status = Status.SUCCEEDED


def trainings(inventory: Inventory) -> tuple[Training, ...]:
    """The trainings and tunings of a run that are not part of another one."""
    found = inventory.activities(ActivityKind.TRAINING, ActivityKind.TUNING)
    return tuple(_training(inventory, activity) for activity in found)


def _training(inventory: Inventory, activity: Activity) -> Training:
    made = [value for name in activity.generated if isinstance(value := inventory.things.get(name), Value)]
    models = [value for value in made if value.kind is ValueKind.MODEL] or made
    data = _used(inventory, activity, Role.DATA)
    tables = data or _used(inventory, activity, Role.INPUT)
    sources = dict.fromkeys(file.place for value in tables for file in inventory.origins(value.id))
    implementation = activity.implementation or activity.function
    parts = _parts(activity.settings)
    return Training(
        model=inventory.name(models[0].id) if models else implementation.rpartition(".")[2],
        id=models[0].id if models else activity.id,
        implementation=implementation,
        parts=tuple(parts.values()),
        kind=activity.kind,
        data=names_of(inventory, tables),
        rows=next((value.shape[0] for value in tables if value.shape), None),
        role=next((value.role.value for value in tables if value.role and is_seen(value)), ""),
        files=tuple(sources),
        settings={setting.name: setting.value for setting in activity.settings if _chosen(setting)},
        seconds=activity.duration,
        fits=activity.fits,
        order=inventory.order[activity.id],
        evidence=activity.evidence,
        status=activity.status,
    )


def is_seen(value: Value) -> bool:
    """Whether the part of a split that a value is does not only follow from its name."""
    return value.role_evidence is not Evidence.INFERRED


def _is_part(setting: Setting) -> bool:
    """Whether a setting is an estimator inside another: its value is the name of its class."""
    package, _, name = setting.type.rpartition(".")
    return setting.explicit is not False and bool(package) and name == setting.value


def is_list_of_parts(name: str) -> bool:
    """Whether a setting lists the estimators inside another one, which have settings of their own."""
    return name.rpartition("__")[2] in _LISTS_OF_PARTS


def _chosen(setting: Setting) -> bool:
    if setting.explicit is None:
        if len(str(setting.value)) > _LONGEST and setting.name not in _SEARCHED:
            return False  # a description, as of the layers of a network
        return not _is_part(setting) and not is_list_of_parts(setting.name)
    return setting.explicit


def _parts(settings: Sequence[Setting]) -> dict[str, str]:
    """The innermost estimators by the name of their setting, in the order their containers list them."""
    named = {setting.name: str(setting.value) for setting in settings if _is_part(setting)}
    lists = {
        setting.name.rpartition("__")[0]: str(setting.value)
        for setting in settings
        if setting.name.rpartition("__")[2] in _LISTS_OF_PARTS
    }

    def position(name: str) -> list[int]:
        """Where each container on the way to a part lists the next one; a long list may be cut short."""
        levels = name.split("__")
        places = [
            lists.get("__".join(levels[:depth]), "").find(f"'{level}'") for depth, level in enumerate(levels)
        ]
        return [place if place >= 0 else sys.maxsize for place in places]

    inner = [name for name in named if not any(other.startswith(f"{name}__") for other in named)]
    return {name: named[name] for name in sorted(inner, key=position)}


def _used(inventory: Inventory, activity: Activity, role: Role) -> list[Value]:
    used = [inventory.things.get(use.entity) for use in activity.used if use.role is role]
    return [thing for thing in used if isinstance(thing, Value)]


def names_of(inventory: Inventory, values: Iterable[Value]) -> tuple[str, ...]:
    """The variables' names of values, each once, in order; a value without one is left out."""
    return tuple(dict.fromkeys(filter(None, map(inventory.variable, values))))
