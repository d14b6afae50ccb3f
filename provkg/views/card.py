"""All that a run's record says of one thing in it: a pure view, for `show` to print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from provkg.identity import Names
from provkg.records import (
    Activity,
    CellExecution,
    Digest,
    Evidence,
    File,
    Output,
    OutputKind,
    Result,
    Setting,
    Value,
)
from provkg.views.card_parts import Card, Section
from provkg.views.inventory import Inventory, Step, Thing
from provkg.views.operations import brief

__all__ = ["describe"]

_LONG = 20


def describe(inventory: Inventory, thing: Thing | CellExecution, base: str) -> Card:
    """The card of a thing of a run; ``base`` is the home's base IRI."""
    names, run = Names(base), inventory.run.id
    if isinstance(thing, CellExecution):
        return _execution(inventory, thing, names.execution(run, thing.order))
    facts: dict[str, str]
    sections: list[Section]
    text = ""
    match thing:
        case Value():
            kind, facts, sections = thing.kind.value, _value_facts(thing), _value_sections(inventory, thing)
        case File():
            kind, facts, sections = f"file {thing.mode.value}", _file_facts(thing), []
        case Activity():
            kind, facts = thing.kind.value, _activity_facts(inventory, thing)
            sections = _activity_sections(inventory, thing)
        case Result():
            kind, facts = "result", _result_facts(inventory, thing)
            sections = _other_results(inventory, thing)
        case Output():
            kind, facts, text = f"output ({thing.kind.value})", _output_facts(thing), thing.text
            sections = _may_show(inventory, thing)
    return Card(
        name=inventory.name(thing.id),
        kind=kind,
        id=thing.id,
        run=run,
        iri=names.thing(run, thing.id),
        facts={**facts, **_origin(inventory, thing)},
        sections=(*sections, *_links(inventory, thing)),
        text=text,
        see=_variable(inventory, thing),
    )


def _variable(inventory: Inventory, thing: Thing) -> tuple[tuple[str, str], ...]:
    """The variable that a value was in, where its states are known."""
    name = inventory.called.get(thing.object, "") if isinstance(thing, Value) else ""
    known = any(state.name == name for one in inventory.run.executions for state in one.defines)
    return ((f"variable {inventory.run.id[:8]}/{name}", "who set the variable, and who read it"),) * known


def _may_show(inventory: Inventory, output: Output) -> list[Section]:
    """What the cell of an output read, where it was not seen what the output shows."""
    execution = inventory.executions[inventory.order[output.id]]
    if inventory.sources.get(output.id) or output.kind not in {OutputKind.DISPLAY, OutputKind.RESULT}:
        return []
    last: dict[str, str] = {
        state.name: state.value
        for one in inventory.run.executions
        if one.order < execution.order
        for state in one.defines
    }
    held = [last.get(read.name, "") for read in execution.reads]
    rows = tuple(
        (inventory.name(one), _what(inventory.things.get(one)), one, Evidence.INFERRED.value)
        for one in dict.fromkeys(held)
        if one
    )
    columns = ("name", "what", "id", "known")
    return [Section(title="May show what its cell reads", columns=columns, rows=rows)] if rows else []


def _other_results(inventory: Inventory, result: Result) -> list[Section]:
    """Where the same metric was measured again in the run."""
    others = [one for one in inventory.results() if one.metric == result.metric and one.id != result.id]
    return [
        replace(
            section,
            title=f"Also {result.metric}",
            columns=("metric", "value", "model", "data", "part", "id"),
            rows=tuple(
                (row[0], row[1], inventory.name(one.model) if one.model else "", *row[2:])
                for row, one in zip(section.rows, others, strict=True)
            ),
        )
        for section in _results(inventory, others)
    ]


def _origin(inventory: Inventory, thing: Thing) -> dict[str, str]:
    """Which activity made a thing, and in which cell it was recorded."""
    maker = inventory.things.get(inventory.generator.get(thing.id, ""))
    made = {"made by": f"{maker.function} ({maker.id})"} if isinstance(maker, Activity) else {}
    step = maker if isinstance(maker, Activity) else thing
    place = (step.line, step.file) if isinstance(step, Activity) else (None, "")
    return {**made, "in": inventory.place(inventory.order[thing.id], *place)}


def _links(inventory: Inventory, thing: Thing) -> list[Section]:
    sources = () if isinstance(thing, Result) else inventory.sources.get(thing.id, ())
    outcomes = [
        step for step in inventory.outcomes.get(thing.id, ()) if not _is_result_of(inventory, step, thing)
    ]
    both = (("Came from", sources), ("Became or was used for", outcomes))
    return [
        Section(title=title, columns=("name", "what", "id", "by", "known"), rows=_steps(inventory, steps))
        for title, steps in both
        if steps
    ]


def _is_result_of(inventory: Inventory, step: Step, model: Thing) -> bool:
    """Whether a step leads to a number that a model reached: those have a section of their own."""
    found = inventory.things.get(step.thing)
    return isinstance(found, Result) and found.model == model.id


def _steps(inventory: Inventory, steps: Sequence[Step]) -> tuple[tuple[str, ...], ...]:
    """One row for each thing at the other end, whichever ways lead to it."""
    ways = {step.thing: [way for way in steps if way.thing == step.thing] for step in steps}
    return tuple(
        (
            inventory.name(thing),
            _what(inventory.things.get(thing)),
            thing,
            ", ".join(dict.fromkeys(brief(step.operation) for step in same if step.operation)),
            ", ".join(dict.fromkeys(step.evidence.value for step in same)),
        )
        for thing, same in ways.items()
    )


def _what(thing: Thing | None) -> str:
    match thing:
        case Value():
            return f"{thing.kind.value}{_rows(thing.shape)}"
        case File():
            return f"file {thing.mode.value}"
        case Activity():
            return thing.kind.value
        case Result():
            return f"result {thing.value if thing.value is not None else thing.text}"
        case Output():
            return "output"
        case None:
            return ""


def _rows(shape: Sequence[int]) -> str:
    return f", {' × '.join(f'{length:,}' for length in shape)}" if shape else ""


def _filled(facts: dict[str, str]) -> dict[str, str]:
    return {label: text for label, text in facts.items() if text}


def _value_facts(value: Value) -> dict[str, str]:
    fingerprint = value.fingerprint
    partial = " (of a part)" if fingerprint and fingerprint.covers is not Digest.FULL else ""
    return _filled(
        {
            "class": value.type,
            "variables": ", ".join(value.names),
            "shape": " × ".join(f"{length:,}" for length in value.shape),
            "element type": value.element_type,
            "part": _part(value),
            "state": f"{value.version} of object {value.object}" if value.version > 1 else "",
            "fingerprint": f"{fingerprint.algorithm} {fingerprint.hex}{partial}" if fingerprint else "",
        }
    )


def _value_sections(inventory: Inventory, value: Value) -> list[Section]:
    sections = []
    if value.columns:
        rows = tuple(
            (column.name, column.type, "" if column.missing is None else str(column.missing))
            for column in value.columns
        )
        sections.append(Section(title="Columns", columns=("name", "type", "missing"), rows=rows))
    maker = inventory.things.get(inventory.generator.get(value.id, ""))
    if isinstance(maker, Activity) and maker.settings and maker.implementation == value.type:
        sections += _settings(maker.settings)
    sections += _results(inventory, (one for one in inventory.results() if one.model == value.id))
    return sections


def _settings(settings: Sequence[Setting]) -> list[Section]:
    chosen = [setting for setting in settings if setting.explicit]
    required = [setting for setting in settings if setting.explicit is None]
    default = [setting for setting in settings if setting.explicit is False]
    tables = (
        ("Settings", (*chosen, *required), False),
        ("Settings left at their defaults", default, True),
    )
    return [
        Section(
            title=title,
            columns=("name", "value"),
            rows=tuple((setting.name, str(setting.value)) for setting in some),
            minor=minor,
        )
        for title, some, minor in tables
        if some
    ]


def _results(inventory: Inventory, results: Iterable[Result]) -> list[Section]:
    rows = tuple(
        (
            f"{result.metric} of {result.label}" if result.label else result.metric,
            str(result.value) if result.value is not None else result.text,
            ", ".join(dict.fromkeys(inventory.name(name) for name in result.data)),
            result.role.value if result.role else "",
            result.id,
        )
        for result in results
    )
    columns = ("metric", "value", "data", "part", "id")
    return [Section(title="Results", columns=columns, rows=rows)] if rows else []


def _part(value: Value) -> str:
    """The part of a split that a value is: ``validation, fold 3``."""
    role = value.role.value if value.role else ""
    if role and value.role_evidence is not Evidence.OBSERVED:
        role = f"{role} ({value.role_evidence.value})"
    fold = f"fold {value.fold}" if value.fold else ""
    return ", ".join(part for part in (role, fold) if part)


def _file_facts(file: File) -> dict[str, str]:
    covers = {Digest.FULL: "", Digest.PARTIAL: " (of a part)", Digest.NONE: ""}[file.covers]
    earlier = " (taken in an earlier session, unchanged since)" if file.earlier_digest else ""
    return _filled(
        {
            "path": file.path,
            "URL": file.url,
            "size": f"{file.size:,} bytes" if file.size is not None else "",
            "sha256": f"{file.sha256}{covers}{earlier}" if file.sha256 else f"none: {file.reason}",
            "media type": file.media_type,
            "shipped with": file.package,
        }
    )


def _activity_facts(inventory: Inventory, activity: Activity) -> dict[str, str]:
    packages = inventory.run.environment.packages if inventory.run.environment else ()
    version = next((package.version for package in packages if package.name == activity.package), "")
    return _filled(
        {
            "function": activity.function,
            "class": activity.implementation,
            "package": f"{activity.package} {version}".strip(),
            "began": _moment(activity.started_at),
            "took": f"{activity.duration:.3f} s" if activity.duration is not None else "",
            "fits inside": str(activity.fits) if activity.fits else "",
            "seed": "none of its own, though it draws random numbers" if activity.unseeded else "",
            "part of": activity.parent,
            "status": activity.status.value,
            "known": activity.evidence.value if activity.evidence is not Evidence.OBSERVED else "",
        }
    )


def _moment(time: datetime | None) -> str:
    return time.astimezone().isoformat(sep=" ", timespec="seconds") if time is not None else ""


def _activity_sections(inventory: Inventory, activity: Activity) -> list[Section]:
    sections = _settings(activity.settings)
    used = tuple(
        (
            inventory.name(use.entity),
            _what(inventory.things.get(use.entity)),
            use.entity,
            use.role.value,
            use.evidence.value,
        )
        for use in activity.used
    )
    made = tuple(
        (inventory.name(name), _what(inventory.things.get(name)), name) for name in activity.generated
    )
    if used:
        sections.append(Section(title="Used", columns=("name", "what", "id", "as", "known"), rows=used))
    if made:
        sections.append(Section(title="Made", columns=("name", "what", "id"), rows=made))
    return [*sections, *_results(inventory, activity.results)]


def _result_facts(inventory: Inventory, result: Result) -> dict[str, str]:
    return _filled(
        {
            "value": result.text or str(result.value),
            "model": f"{inventory.name(result.model)} ({result.model})" if result.model else "not known",
            "data": ", ".join(f"{inventory.name(name)} ({name})" for name in result.data) or "not known",
            "part": result.role.value if result.role else "",
            "class": result.label,
            f"by {result.series_by.value if result.series_by else 'fold or step'}": _series(result.series),
            "known": result.evidence.value,
        }
    )


def _series(values: Sequence[float | None]) -> str:
    """A series of numbers, the middle of a long one left out."""
    told = ["none" if value is None else f"{value:.6g}" for value in values]
    if len(told) > _LONG:
        told = [*told[: _LONG // 2], f"… ({len(told):,} values)", *told[-_LONG // 2 :]]
    return ", ".join(told)


def _output_facts(output: Output) -> dict[str, str]:
    shown = [f"{content.media_type}, {content.size:,} bytes" for content in output.contents]
    return _filled({"contents": "; ".join(shown), "text": "cut to a limit" if output.truncated else ""})


def _execution(inventory: Inventory, execution: CellExecution, iri: str) -> Card:
    began, ended = execution.started_at, execution.ended_at
    took = (ended - began).total_seconds() if began and ended else None
    error = execution.error
    facts = _filled(
        {
            "status": execution.status.value,
            "error": f"{error.name}: {error.message}" if error else "",
            "began": _moment(began),
            "took": f"{took:.3f} s" if took is not None else "",
            "notebook's cell": str(execution.index + 1) if execution.index is not None else "",
            "deleted": ", ".join(execution.deletes),
        }
    )
    reads = tuple(
        (read.name, str(read.count), inventory.place(read.definer) if read.definer else "not recorded")
        for read in execution.reads
    )
    sets = tuple(
        (state.name, state.type, state.value or state.text, state.evidence.value)
        for state in execution.defines
    )
    things: list[Thing] = [*execution.files, *execution.values, *execution.activities, *execution.outputs]
    recorded = tuple((inventory.name(thing.id), _what(thing), thing.id) for thing in things)
    tables = (
        Section(title="Reads", columns=("variable", "times", "set in"), rows=reads),
        Section(title="Sets", columns=("variable", "class", "value", "known"), rows=sets),
        Section(title="Recorded", columns=("name", "what", "id"), rows=recorded),
    )
    return Card(
        name=inventory.place(execution.order),
        kind="execution" if inventory.is_script else "cell execution",
        id=str(execution.order),
        run=inventory.run.id,
        iri=iri,
        facts=facts,
        sections=tuple(table for table in tables if table.rows),
        text=execution.source,
    )
