"""The ontology is in OWL 2 DL and OWL 2 RL, and an example that uses every term is consistent with PROV-O.

The checks are those of the OWL API and of HermiT, both of which owlready2 brings along; `Check.java` is
compiled and run as a single source file, which takes a Java development kit.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pyoxigraph as ox
import pytest

from provkg.mapping import nquads
from provkg.terms import PREFIXES, Prov, Provkg
from tests.mapping.example import BASE, RUN, example_run
from tests.ontology.files import TERM_KINDS, load, own_terms, short, triples

HERE = Path(__file__).parent
FILES = ("provkg.ttl", "alignments.ttl", "prov-axioms.ttl")
TYPE = ox.NamedNode(f"{PREFIXES['rdf']}type")
BREAKS_PROFILES = """
    :both a owl:ObjectProperty , owl:DatatypeProperty .
    :some a owl:Class ;
        rdfs:subClassOf [ a owl:Restriction ; owl:onProperty prov:used ; owl:someValuesFrom :some ] .
"""


def needs() -> str:
    """Why these tests cannot run here; empty when they can."""
    if shutil.which("java") is None or shutil.which("javac") is None:
        return "needs a Java development kit (java and javac)"
    if importlib.util.find_spec("owlready2") is None:
        return "needs owlready2, which brings HermiT"
    return ""


pytestmark = [pytest.mark.java, pytest.mark.skipif(bool(needs()), reason=needs() or "ready")]


def check(what: str, data: tuple[ox.Triple, ...], folder: Path) -> list[str]:
    """The lines that Check.java prints for these triples."""
    # Found without importing it: owlready2 opens a database when it is imported.
    spec = importlib.util.find_spec("owlready2")
    assert spec is not None
    assert spec.origin is not None
    jar = Path(spec.origin).parent / "hermit" / "HermiT.jar"
    path = folder / "data.rdf"
    path.write_bytes(ox.serialize(data, format=ox.RdfFormat.RDF_XML) or b"")
    run = subprocess.run(
        ["java", "-cp", str(jar), str(HERE / "Check.java"), what, str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def turtle(text: str) -> tuple[ox.Triple, ...]:
    prefixes = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
    found = ox.parse(f"{prefixes}PREFIX : <{BASE}>\n{text}", format=ox.RdfFormat.TURTLE)
    return tuple(ox.Triple(quad.subject, quad.predicate, quad.object) for quad in found)


def example() -> tuple[ox.Triple, ...]:
    """The example session and the rest, as individuals."""
    mapped = ox.parse(nquads(example_run(), BASE), format=ox.RdfFormat.N_QUADS)
    return tuple(ox.Triple(quad.subject, quad.predicate, quad.object) for quad in mapped) + triples(
        HERE / "rest.ttl"
    )


@pytest.mark.parametrize("files", [FILES[:1], FILES[2:], FILES[:2], FILES], ids=" and ".join)
def test_the_files_are_in_both_profiles(files: tuple[str, ...], tmp_path: Path) -> None:
    axioms, *violations = check("profiles", triples(*files), tmp_path)
    assert violations == []
    assert int(axioms.removeprefix("axioms ")) > 200


def test_what_is_outside_of_the_profiles_would_be_found(tmp_path: Path) -> None:
    _, *violations = check("profiles", triples(*FILES) + turtle(BREAKS_PROFILES), tmp_path)
    assert any(line.startswith("OWL 2 DL") for line in violations)
    assert any(line.startswith("OWL 2 RL") for line in violations)


def test_the_example_uses_every_term() -> None:
    occurring = {
        str(getattr(part, "value", "")) for t in example() for part in (t.subject, t.predicate, t.object)
    }
    store = load("provkg.ttl")
    inferred_only = {Provkg.FailedExecution, Provkg.PinnedRun, Provkg.TraceableModel}
    abstract = {Provkg.Evidence, Provkg.ExecutionStatus, Provkg.SplitRole}
    unused = {short(term) for term in set(own_terms(store)) - occurring - inferred_only - abstract}
    assert unused == set()
    assert set(TERM_KINDS.values()) == set(own_terms(store).values())


def test_the_example_is_consistent_and_every_class_can_have_members(tmp_path: Path) -> None:
    verdict, *lines = check("reason", triples(*FILES) + example(), tmp_path)
    assert verdict == "consistent"
    assert [line for line in lines if line.startswith("empty ")] == []
    types = {tuple(line.split()[1:]) for line in lines if line.startswith("type ")}
    run = f"{BASE}run/{RUN}"
    for thing, class_ in (
        (f"{run}/execution/6", Provkg.FailedExecution),
        (run, Provkg.PinnedRun),
        (f"{run}/value/8.2", Provkg.TraceableModel),
        (f"{run}/value/8.2", f"{PREFIXES['fair4ml']}MLModel"),
        (f"{run}/activity/a4", f"{PREFIXES['mls']}Run"),
        (f"{run}/cell/c4/1", f"{PREFIXES['p-plan']}Step"),
    ):
        assert (thing, class_) in types, (thing, short(class_))
    assert (f"{run}/value/8.1", Provkg.TraceableModel) not in types
    assert (f"{run}/execution/1", Provkg.FailedExecution) not in types


@pytest.mark.parametrize(
    "contradiction",
    [
        (f"{BASE}run/{RUN}/activity/a4", Prov.Entity),
        (f"{BASE}run/{RUN}/value/8.2", Provkg.Content),
        (f"{BASE}run/{RUN}/value/8.2", Provkg.Run),
    ],
    ids=lambda pair: short(pair[1]),
)
def test_a_contradiction_would_be_found(contradiction: tuple[str, str], tmp_path: Path) -> None:
    thing, class_ = contradiction
    wrong = (ox.Triple(ox.NamedNode(thing), TYPE, ox.NamedNode(class_)),)
    assert check("reason", triples(*FILES) + example() + wrong, tmp_path)[0] == "inconsistent"
