"""What any provenance record has: the graph, its run, who was at work, and under which circumstances."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from provkg.identity import commit_iri, digest, person_iri
from provkg.records import CodeKind, Evidence, Hardware, RunKind, Status
from provkg.terms import DcTerms, Foaf, Prov, Provkg, Rdfs

if TYPE_CHECKING:
    from datetime import datetime

    from provkg.mapping.scope import Scope
    from provkg.records import Agent, Code, Commit, Environment, Finding, Notice

__all__ = [
    "EVIDENCE",
    "STATUS",
    "associate",
    "circumstances",
    "environment_digest",
    "notices",
    "people",
    "person",
    "run_graph",
    "seconds_between",
    "the_run",
]

EVIDENCE = {
    Evidence.OBSERVED: Provkg.Observed,
    Evidence.DECLARED: Provkg.Declared,
    Evidence.INFERRED: Provkg.InferredFromSource,
    Evidence.IMPORTED: Provkg.Imported,
}
STATUS = {
    Status.SUCCEEDED: Provkg.Succeeded,
    Status.FAILED: Provkg.Failed,
    Status.INTERRUPTED: Provkg.Interrupted,
}
_RUNS = {
    RunKind.NOTEBOOK: Provkg.NotebookSession,
    RunKind.SCRIPT: Provkg.ScriptRun,
    RunKind.IMPORTED: Provkg.ImportedRun,
}


def run_graph(scope: Scope) -> None:
    """The graph as a bundle: which run it describes, and which recorder made the record and when."""
    quads, started, finished = scope.quads, scope.run.started, scope.run.finished
    graph = scope.names.run_graph(scope.run.id)
    quads.types(graph, Prov.Entity, Prov.Bundle, Provkg.RunGraph)
    quads.link(graph, Provkg.describesRun, scope.iri)
    for program in filter(None, (started.recorder, started.origin)):
        recorder = scope.names.agent(program)
        quads.types(recorder, Prov.Agent, Prov.SoftwareAgent)
        quads.text(recorder, Rdfs.label, program)
        quads.link(graph, Prov.wasAttributedTo, recorder)
    if started.source_sha256:
        same = started.code is not None and started.code.sha256 == started.source_sha256
        source = Provkg.NotebookVersion if same else Provkg.FileVersion
        quads.link(graph, Prov.hadPrimarySource, scope.content(started.source_sha256, source))
    quads.time(graph, Prov.generatedAtTime, finished.ended_at if finished else started.imported_at)


def the_run(scope: Scope) -> None:
    """The run itself: its kind, times, end, command and code."""
    quads, run, iri = scope.quads, scope.run, scope.iri
    started, finished = run.started, run.finished
    quads.types(iri, Prov.Activity, Provkg.Run, _RUNS[started.kind])
    quads.time(iri, Prov.startedAtTime, started.started_at)
    if finished is not None:
        quads.time(iri, Prov.endedAtTime, finished.ended_at)
        quads.double(iri, Provkg.duration, seconds_between(started.started_at, finished.ended_at))
        quads.link(iri, Provkg.hasStatus, STATUS[finished.status])
        if any(execution.order == finished.order for execution in run.executions):
            quads.link(iri, Provkg.failedExecution, scope.execution(finished.order))
        notices(scope, iri, finished.notices)
    if run.examined is not None:
        notices(scope, f"{iri}/examined", run.examined.notices, subject=iri)
        _findings(scope, run.examined.findings)
    quads.known(iri, Rdfs.label, started.name)
    quads.known(iri, Provkg.command, shlex.join(started.command))
    quads.known(iri, Provkg.workingFolder, started.folder)
    quads.known(iri, Provkg.userAgent, started.client)
    if started.code is not None:
        _code(scope, started.code)


def _code(scope: Scope, code: Code) -> None:
    quads, document = scope.quads, scope.document
    kind = Provkg.Notebook if code.kind is CodeKind.NOTEBOOK else Provkg.Script
    quads.types(document, Prov.Entity, kind)
    quads.text(document, Provkg.path, code.path)
    quads.known(document, DcTerms.title, code.title)
    quads.link(scope.iri, Provkg.runOf, document)
    if scope.plan:
        version = Provkg.NotebookVersion if kind == Provkg.Notebook else Provkg.ScriptVersion
        scope.content(code.sha256, version, code.size)
        quads.types(scope.plan, Prov.Plan)
        quads.link(scope.iri, Provkg.executedCode, scope.plan)
        quads.link(scope.iri, Prov.used, scope.plan)


def people(scope: Scope) -> None:
    """Who ran it, and the interpreter that did the work on that person's behalf."""
    quads, started = scope.quads, scope.run.started
    interpreter = scope.interpreter
    quads.types(interpreter, Prov.Agent, Prov.SoftwareAgent)
    if scope.run.environment is not None:
        quads.known(interpreter, Rdfs.label, scope.run.environment.kernel)
    quads.link(scope.iri, Prov.wasAssociatedWith, interpreter)
    responsible = interpreter
    if started.agent is not None:
        responsible = person(scope, started.agent)
        quads.link(scope.iri, Prov.wasAssociatedWith, responsible)
        quads.link(interpreter, Prov.actedOnBehalfOf, responsible)
    if scope.plan:
        associate(scope, scope.iri, responsible, scope.plan)


def person(scope: Scope, agent: Agent) -> str:
    """Describe a person; returns the IRI."""
    iri = person_iri(scope.names.base, agent.user, agent.orcid)
    if scope.quads.first(iri):
        scope.quads.types(iri, Prov.Agent, Prov.Person)
        scope.quads.known(iri, Provkg.userName, agent.user)
        scope.quads.known(iri, Foaf.name, agent.name)
    return iri


def associate(scope: Scope, activity: str, agent: str, plan: str) -> None:
    """That an agent carried out an activity by a plan (PROV-O, qualified association)."""
    quads, node = scope.quads, f"{activity}/association"
    quads.link(activity, Prov.qualifiedAssociation, node)
    quads.types(node, Prov.Association)
    quads.link(node, Prov.agent, agent)
    quads.link(node, Prov.hadPlan, plan)


def circumstances(scope: Scope) -> None:
    """The environment and the commit of the run."""
    if scope.run.environment is not None:
        environment = _environment(scope, scope.run.environment)
        scope.quads.link(scope.iri, Provkg.inEnvironment, environment)
        scope.quads.link(scope.iri, Prov.used, environment)
    if scope.run.started.commit is not None:
        _commit(scope, scope.run.started.commit)


def _environment(scope: Scope, environment: Environment) -> str:
    quads = scope.quads
    iri = scope.names.environment(environment_digest(environment))
    quads.types(iri, Prov.Entity, Prov.Collection, Provkg.Environment)
    quads.known(iri, Provkg.pythonVersion, environment.python)
    quads.known(iri, Provkg.pythonImplementation, environment.implementation)
    quads.known(iri, Provkg.programmingLanguage, environment.language)
    quads.known(iri, Provkg.languageVersion, environment.language_version)
    quads.known(iri, Provkg.operatingSystem, environment.platform)
    quads.known(iri, Provkg.kernelVersion, environment.kernel)
    for package in environment.packages:
        one = scope.package(package.name)
        quads.link(iri, Provkg.hasPackage, one)
        quads.link(iri, Prov.hadMember, one)
        for module in package.modules:
            quads.text(one, Provkg.providesModule, module)
    if environment.hardware != Hardware():
        hardware = scope.names.hardware(digest(_hardware_fields(environment.hardware)))
        _hardware(scope, hardware, environment.hardware)
        quads.link(iri, Provkg.onHardware, hardware)
    return iri


def environment_digest(environment: Environment) -> str:
    """What was imported from a package is the run's doing: it takes no part in the digest."""
    language = [environment.language, environment.language_version]
    return digest(
        {
            "python": environment.python,
            "implementation": environment.implementation,
            "platform": environment.platform,
            "kernel": environment.kernel,
            "packages": sorted([package.name, package.version] for package in environment.packages),
            "hardware": _hardware_fields(environment.hardware),
            **({"language": language} if environment.language else {}),
        }
    )


def _hardware_fields(hardware: Hardware) -> dict[str, str | int | list[str] | None]:
    return {
        "machine": hardware.machine,
        "processor": hardware.processor,
        "cores": hardware.cores,
        "memory": hardware.memory,
        "accelerators": list(hardware.accelerators),
    }


def _hardware(scope: Scope, iri: str, hardware: Hardware) -> None:
    quads = scope.quads
    quads.types(iri, Provkg.Hardware)
    quads.known(iri, Provkg.architecture, hardware.machine)
    quads.known(iri, Provkg.processor, hardware.processor)
    quads.integer(iri, Provkg.coreCount, hardware.cores)
    quads.integer(iri, Provkg.memorySize, hardware.memory)
    for accelerator in sorted(set(hardware.accelerators)):
        quads.text(iri, Provkg.accelerator, accelerator)


def _commit(scope: Scope, commit: Commit) -> None:
    quads = scope.quads
    iri = commit_iri(scope.names.base, commit.hash)
    quads.types(iri, Prov.Entity, Provkg.Commit)
    quads.text(iri, Provkg.commitHash, commit.hash)
    quads.known(iri, Provkg.repository, commit.repository)
    quads.link(scope.iri, Provkg.atCommit, iri)
    quads.link(scope.iri, Prov.used, iri)
    quads.known(scope.iri, Provkg.branch, commit.branch)
    quads.boolean(scope.iri, Provkg.isDirty, commit.dirty)


def notices(scope: Scope, prefix: str, made: tuple[Notice, ...], subject: str = "") -> None:
    """What capture could not do, in a run or an execution; ``prefix`` begins the names of the notices."""
    quads, subject = scope.quads, subject or prefix
    for rank, notice in enumerate(made, 1):
        iri = f"{prefix}/notice/{rank}"
        quads.types(iri, Provkg.Notice)
        quads.text(iri, Provkg.noticeWhere, notice.where)
        quads.text(iri, Provkg.noticeMessage, notice.message)
        quads.integer(iri, Provkg.noticeCount, notice.count)
        quads.link(subject, Provkg.hasNotice, iri)


def _findings(scope: Scope, made: tuple[Finding, ...]) -> None:
    """What looking at the whole record concluded, and what each conclusion is about."""
    quads = scope.quads
    known = {execution.order for execution in scope.run.executions}
    last = scope.run.documents[-1].document if scope.run.documents else None
    for rank, finding in enumerate(made, 1):
        iri = f"{scope.iri}/finding/{rank}"
        quads.types(iri, Prov.Entity, Provkg.Finding)
        quads.text(iri, Provkg.findingKind, finding.kind)
        quads.text(iri, Provkg.findingMessage, finding.message)
        quads.link(iri, Provkg.evidence, EVIDENCE[finding.evidence])
        quads.link(scope.iri, Provkg.hasFinding, iri)
        for order in dict.fromkeys(finding.orders):
            if order in known:
                quads.link(iri, Provkg.isAbout, scope.execution(order))
        for index in dict.fromkeys(finding.cells):
            if last is not None and 0 <= index < len(last.cells):
                quads.integer(iri, Provkg.aboutCellIndex, index)


def seconds_between(start: datetime | None, end: datetime) -> float | None:
    """Seconds from one time to another; None when the first is not known or only one of them has a zone."""
    if start is None or (start.utcoffset() is None) != (end.utcoffset() is None):
        return None
    return (end - start).total_seconds()
