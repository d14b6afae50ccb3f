"""What a saved notebook tells is mapped as what it is: imported or inferred, never seen."""

from __future__ import annotations

from datetime import UTC, datetime

import pyoxigraph as ox
import pytest

from provkg.mapping import nquads
from provkg.records import (
    Activity,
    ActivityKind,
    CellExecution,
    Document,
    DocumentCell,
    DocumentSeen,
    Evidence,
    File,
    FileMode,
    Finding,
    FindingsMade,
    Link,
    Notice,
    Role,
    Run,
    RunKind,
    RunStarted,
    Use,
    Value,
    ValueKind,
)
from provkg.terms import Prov, Provkg

BASE = "https://example.org/"
RUN = f"{BASE}run/5a3c"
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
GUESSED = Evidence.INFERRED


def imported() -> Run:
    table = Value(
        id="1.1", object=1, version=1, kind=ValueKind.DATASET, type="", names=("df",), evidence=GUESSED
    )
    changed = Value(
        id="1.2", object=1, version=2, kind=ValueKind.DATASET, type="", revision_of="1.1", evidence=GUESSED
    )
    file = File(
        id="f1", path="/a.csv", mode=FileMode.READ, evidence=GUESSED, later_sha256="ab" * 32, later_size=7
    )
    loading = Activity(
        id="a1",
        kind=ActivityKind.LOADING,
        function="pandas.read_csv",
        duration=None,
        used=(Use(entity="f1", role=Role.FILE, evidence=GUESSED),),
        generated=("1.1",),
        evidence=GUESSED,
    )
    first = CellExecution(
        order=1, source="", sha256="", values=(table,), files=(file,), activities=(loading,)
    )
    second = CellExecution(
        order=2,
        source="",
        sha256="",
        values=(changed,),
        read_files=("f1",),
        links=(Link(target="1.2", source="1.1", evidence=GUESSED),),
    )
    cells = (DocumentCell(id="c", index=0, type="code", sha256=""),)
    return Run(
        started=RunStarted(run="5a3c", kind=RunKind.IMPORTED, imported_at=NOW),
        executions=(first, second),
        documents=(DocumentSeen(at=NOW, document=Document(cells=cells)),),
        examined=FindingsMade(
            findings=(Finding(kind="gap", message="2 is missing.", orders=(1, 9), cells=(0, 5)),),
            notices=(Notice(where="papermill", message="no times"),),
        ),
    )


@pytest.fixture(scope="module")
def graph() -> set[tuple[str, str, str]]:
    def text(term: object) -> str:
        return str(getattr(term, "value", term))

    quads = ox.parse(nquads(imported(), BASE), format=ox.RdfFormat.N_QUADS)
    return {(text(q.subject), text(q.predicate), text(q.object)) for q in quads}


def objects(graph: set[tuple[str, str, str]], subject: str, predicate: str) -> set[str]:
    return {o for s, p, o in graph if (s, p) == (subject, predicate)}


def test_nothing_is_said_to_have_been_observed(graph: set[tuple[str, str, str]]) -> None:
    seen = {Provkg.observedUse, Provkg.observedDerivation, Provkg.observedDependency}
    assert not [triple for triple in graph if triple[1] in seen or triple[2] == Provkg.Observed]
    for thing in ("value/1.1", "value/1.2", "file/f1", "activity/a1"):
        assert objects(graph, f"{RUN}/{thing}", Provkg.evidence) == {Provkg.InferredFromSource}


def test_links_stand_with_their_evidence(graph: set[tuple[str, str, str]]) -> None:
    assert objects(graph, f"{RUN}/value/1.2", Prov.wasRevisionOf) == {f"{RUN}/value/1.1"}
    qualified = objects(graph, f"{RUN}/value/1.2", Prov.qualifiedDerivation)
    assert {o for node in qualified for o in objects(graph, node, Provkg.evidence)} == {
        Provkg.InferredFromSource
    }
    assert objects(graph, f"{RUN}/execution/2", Prov.used) >= {f"{RUN}/file/f1"}


def test_times_that_are_not_known_are_left_out(graph: set[tuple[str, str, str]]) -> None:
    assert {s for s, p, _ in graph if p == Prov.startedAtTime} == set()
    assert {s for s, p, _ in graph if p == Provkg.duration} == set()
    assert objects(graph, f"{BASE}graph/run/5a3c", Prov.generatedAtTime) == {"2026-11-23T10:00:00Z"}


def test_a_content_found_later_is_not_that_of_the_file(graph: set[tuple[str, str, str]]) -> None:
    assert objects(graph, f"{RUN}/file/f1", Provkg.laterContent) == {f"{BASE}sha256/{'ab' * 32}"}
    assert objects(graph, f"{RUN}/file/f1", Provkg.hasContent) == set()


def test_findings_say_what_they_are_about(graph: set[tuple[str, str, str]]) -> None:
    (finding,) = objects(graph, RUN, Provkg.hasFinding)
    assert objects(graph, finding, Provkg.findingKind) == {"gap"}
    assert objects(graph, finding, Provkg.isAbout) == {f"{RUN}/execution/1"}
    assert objects(graph, finding, Provkg.aboutCellIndex) == {"0"}
    (notice,) = objects(graph, RUN, Provkg.hasNotice)
    assert objects(graph, notice, Provkg.noticeMessage) == {"no times"}
