"""What the parts of one mapping share: the run, the names of its things, and where each thing was made."""

from __future__ import annotations

from dataclasses import dataclass, field

from provkg.identity import Names, package_iri
from provkg.mapping.quads import Quads
from provkg.mapping.versions import sort_key
from provkg.records import (
    Activity,
    ActivityKind,
    CellExecution,
    Code,
    CodeKind,
    Evidence,
    File,
    FileMode,
    Package,
    Run,
    Value,
)
from provkg.terms import Prov, Provkg

__all__ = ["Scope", "survey"]


@dataclass(frozen=True, slots=True)
class Scope:
    """One run while it is being mapped. All mappings are by short identifier in the run.

    ``generator`` names the innermost activity that made a thing, ``made_in`` the rank of the execution in
    which it came to be; what was only read is in neither. ``packages`` holds versions by package name.
    ``document`` is the IRI of the notebook or script, ``plan`` that of its content; empty when not known.
    """

    run: Run
    names: Names
    quads: Quads
    iri: str
    interpreter: str
    document: str
    plan: str
    values: dict[str, Value]
    files: dict[str, File]
    activities: dict[str, Activity]
    generator: dict[str, str]
    made_in: dict[str, int]
    packages: dict[str, str]
    _things: dict[str, str] = field(default_factory=dict)
    _executions: dict[int, str] = field(default_factory=dict)

    def thing(self, name: str) -> str:
        """The IRI of what a short identifier stands for."""
        iri = self._things.get(name)
        if iri is None:
            iri = self._things[name] = self.names.thing(self.run.id, name)
        return iri

    def execution(self, order: int) -> str:
        """The IRI of the execution of one rank."""
        iri = self._executions.get(order)
        if iri is None:
            iri = self._executions[order] = self.names.execution(self.run.id, order)
        return iri

    def was_seen(self, file: str) -> bool:
        """Whether a file was seen to be read or written, rather than named in the text."""
        return file not in self.files or self.files[file].evidence is Evidence.OBSERVED

    def is_split(self, value: Value) -> bool:
        """Whether a splitting made a value."""
        generator = self.activities.get(self.generator.get(value.id, ""))
        return generator is not None and generator.kind is ActivityKind.SPLITTING

    def made(self, name: str, order: int) -> None:
        """Say which activity or execution made a thing, and in which execution that was."""
        quads, iri, execution = self.quads, self.thing(name), self.execution(order)
        activity = self.generator.get(name)
        quads.link(iri, Prov.wasGeneratedBy, self.thing(activity) if activity else execution)
        quads.link(iri, Provkg.generatedIn, execution)

    def package(self, name: str) -> str:
        """The IRI of a package in the version that the run's environment holds; it is described once."""
        version = self.packages.get(name, "")
        iri = package_iri(name, version)
        if self.quads.first(iri):
            self.quads.types(iri, Prov.Entity, Provkg.SoftwarePackage)
            self.quads.text(iri, Provkg.packageName, name)
            self.quads.known(iri, Provkg.packageVersion, version)
            self.quads.known(iri, Provkg.versionKey, sort_key(version))
        return iri

    def content(self, sha256: str, class_: str, size: int | None = None) -> str:
        """The IRI of a content, described once for each class it has."""
        iri = self.names.content(sha256)
        if self.quads.first(iri):
            self.quads.types(iri, Prov.Entity)
            self.quads.text(iri, Provkg.sha256, sha256)
        if self.quads.first(f"{iri} {class_}"):
            self.quads.types(iri, class_)
        if size is not None and self.quads.first(f"{iri} {size}"):
            self.quads.integer(iri, Provkg.byteSize, size)
        return iri

    def holds_content(self, subject: str, content: str) -> None:
        """Say that a thing is an occurrence of a content."""
        self.quads.link(subject, Provkg.hasContent, content)
        self.quads.link(subject, Prov.specializationOf, content)


def survey(run: Run, base: str) -> Scope:
    """Look through a run once, before anything is written."""
    names = Names(base)
    activities = {activity.id: activity for execution in run.executions for activity in execution.activities}
    files = {file.id: file for execution in run.executions for file in execution.files}
    return Scope(
        run=run,
        names=names,
        quads=Quads(names.run_graph(run.id)),
        iri=names.run(run.id),
        interpreter=names.interpreter(run.id),
        document=_document(names, run.started.code),
        plan=names.content(run.started.code.sha256) if run.started.code and run.started.code.sha256 else "",
        values={value.id: value for execution in run.executions for value in execution.values},
        files=files,
        activities=activities,
        generator=_generators(activities),
        made_in=_made_in(run, files),
        packages={package.name: package.version for package in _packages(run)},
    )


def _document(names: Names, code: Code | None) -> str:
    if code is None:
        return ""
    if code.kind is CodeKind.NOTEBOOK:
        return names.notebook(code.notebook_id or code.path)
    return names.script(code.path)


def _packages(run: Run) -> list[Package]:
    seen = list(run.environment.packages) if run.environment else []
    return seen + [package for execution in run.executions for package in execution.packages]


def _generators(activities: dict[str, Activity]) -> dict[str, str]:
    """The activity that made each thing; of nested ones the innermost, of unrelated ones the first."""
    generator: dict[str, str] = {}
    for activity in activities.values():
        outer = _ancestors(activity, activities)
        for name in (*activity.generated, *(result.id for result in activity.results)):
            if generator.get(name, activity.id) == activity.id or generator[name] in outer:
                generator[name] = activity.id
    return generator


def _ancestors(activity: Activity, activities: dict[str, Activity]) -> set[str]:
    found: set[str] = set()
    parent = activity.parent
    while parent and parent not in found:
        found.add(parent)
        parent = activities[parent].parent if parent in activities else ""
    return found


def _made_in(run: Run, files: dict[str, File]) -> dict[str, int]:
    made: dict[str, int] = {}
    for execution in run.executions:
        for name in _made_by(execution, files):
            made.setdefault(name, execution.order)
    return made


def _made_by(execution: CellExecution, files: dict[str, File]) -> list[str]:
    by_activities = {name for activity in execution.activities for name in activity.generated}
    written = [*execution.written_files, *(file.id for file in execution.files)]
    return [
        *(value.id for value in execution.values if not value.found or value.id in by_activities),
        *(name for name in written if name in files and files[name].mode is FileMode.WRITTEN),
        *(result.id for activity in execution.activities for result in activity.results),
        *(output.id for output in execution.outputs),
    ]
