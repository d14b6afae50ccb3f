"""In what the environments of runs differ, and how they ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provkg.records import Environment, Error
from provkg.views.comparison.found import Found, anchor
from provkg.views.comparison.model import Aspect, Change, Detail, Difference, change_of
from provkg.views.comparison.sides import Side

__all__ = ["environment_differences", "outcome_differences"]


def environment_differences(sides: Sequence[Side]) -> Iterator[Found]:
    """Versions of Python and of packages, the kernel, the platform and the machine."""
    environments = [side.run.environment for side in sides]
    if len({side.run.id for side in sides}) == 1 or None in environments:
        return
    known = [environment for environment in environments if environment is not None]
    yield from _facts(known)
    versions = [{package.name: package.version for package in one.packages} for one in known]
    used = set().union(*(_used(side) for side in sides))
    names = sorted(set().union(*versions), key=lambda name: (name not in used, name.lower()))
    for name in names:
        values = tuple(version.get(name) for version in versions)
        if len(set(values)) < 2:
            continue
        detail = () if name in used else (Detail("used", tuple("not by the code" for _ in values)),)
        yield Found(
            Difference(Aspect.ENVIRONMENT, name, change_of(values), values, details=detail),
            tuple(frozenset({anchor("package", name)}) for _ in sides),
        )


def _used(side: Side) -> set[str]:
    """The packages that the code names or whose functions it called."""
    named = {one.package for execution in side.run.executions for one in execution.imports}
    return named | {one.package for execution in side.run.executions for one in execution.activities}


def _facts(environments: Sequence[Environment]) -> Iterator[Found]:
    facts = {
        "Python": [f"{one.implementation} {one.python}" if one.python else "" for one in environments],
        "language": [f"{one.language} {one.language_version}".strip() for one in environments],
        "kernel": [one.kernel for one in environments],
        "platform": [one.platform for one in environments],
        "processor": [one.hardware.processor or one.hardware.machine for one in environments],
        "cores": [str(one.hardware.cores or "") for one in environments],
        "memory": [
            f"{one.hardware.memory / 1e9:.1f} GB" if one.hardware.memory else "" for one in environments
        ],
        "accelerators": [", ".join(one.hardware.accelerators) for one in environments],
    }
    for name, texts in facts.items():
        values = tuple(text or None for text in texts)
        if len(set(values)) > 1:
            anchors = tuple(frozenset({anchor("circumstance", name)}) for _ in environments)
            yield Found(Difference(Aspect.ENVIRONMENT, name, change_of(values), values), anchors)


def outcome_differences(sides: Sequence[Side]) -> Iterator[Found]:
    """How they ended, and the error that ended them."""
    values = tuple(_ended(side) for side in sides)
    if len(set(values)) > 1:
        yield Found(
            Difference(Aspect.OUTCOME, "ended", Change.CHANGED, values, tuple(_where(side) for side in sides))
        )


def _error(side: Side) -> Error | None:
    if side.focus is not None:
        return side.inventory.executions[side.focus].error
    stopped = [one.error for one in side.run.executions if one.error]
    return (side.run.finished.error if side.run.finished else None) or (stopped[-1] if stopped else None)


def _ended(side: Side) -> str:
    error = _error(side)
    status = side.compared.status
    what = status.value if status else "not known to have ended"
    return f"{what}: {error.name}: {error.message}" if error and what != "succeeded" else what


def _where(side: Side) -> str:
    finished = side.run.finished
    return side.place(finished.order) if finished and finished.order and side.focus is None else ""
