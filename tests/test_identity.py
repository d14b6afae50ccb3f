"""Digests are canonical, and every name makes a valid IRI."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provkg.identity import Names, commit_iri, digest, escape, package_iri, person_iri, sha256

BASE = "arcp://uuid,32a423d6-52ab-47e3-a9cd-54f418a48571/"
names = Names(BASE)
any_text = st.text(st.characters(), max_size=30)  # lone surrogates and control characters too


def parses_as_iri(iri: str) -> bool:
    quads = list(ox.parse(f"<{iri}> <{iri}> <{iri}> <{iri}> .\n", format=ox.RdfFormat.N_QUADS))
    return len(quads) == 1 and isinstance(quads[0].subject, ox.NamedNode) and quads[0].subject.value == iri


@given(any_text)
def test_any_text_becomes_one_segment_of_a_valid_iri(text: str) -> None:
    segment = escape(text)
    assert segment.isascii()
    assert not set(segment) & set("/?#: ")
    assert segment not in {".", ".."}
    assert parses_as_iri(f"{BASE}run/{segment}")


@given(any_text, any_text)
def test_different_texts_become_different_segments(one: str, other: str) -> None:
    assert (escape(one) == escape(other)) == (one == other)


@given(any_text, any_text, any_text)
def test_every_kind_of_name_is_a_valid_iri(one: str, other: str, third: str) -> None:
    for iri in (
        names.thing(one, other),
        names.variable_state(one, other, 3),
        names.cell_version(one, other, 1),
        names.cell(one, other),
        names.notebook(one),
        names.implementation(one, other, third),
        names.setting_value(one, other, third, "str"),
        names.metric(one),
        package_iri(one, other),
        commit_iri(BASE, one),
        person_iri(BASE, one, other),
    ):
        assert parses_as_iri(iri)


def test_the_digest_of_a_content_is_its_sha256() -> None:
    assert sha256(b"species\n") == hashlib.sha256(b"species\n").hexdigest()


@given(st.dictionaries(st.text(), st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text())))
def test_the_digest_of_a_mapping_does_not_depend_on_its_order(value: dict[str, object]) -> None:
    backwards = dict(reversed(list(value.items())))
    assert digest(value) == digest(backwards)  # type: ignore[arg-type]


def test_numbers_that_are_spelled_differently_have_different_digests() -> None:
    assert len({digest(1), digest(1.0), digest(True), digest("1"), digest(float("nan")), digest(None)}) == 6


def test_the_digest_is_of_the_json_form_that_other_programs_would_write() -> None:
    value = {"name": "größe", "n": [1, 2.5, None, True]}
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    assert digest(value) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("name", "folder"),
    [("7.2", "value"), ("f3", "file"), ("a5", "activity"), ("r2", "result"), ("o4", "output")],
)
def test_a_short_identifier_says_what_kind_of_thing_it_names(name: str, folder: str) -> None:
    assert names.thing("0b5c", name) == f"{BASE}run/0b5c/{folder}/{name}"


def test_one_value_of_one_parameter_has_one_name() -> None:
    same = {
        names.setting_value("sklearn.svm.SVC", "C", 5, "int"),
        names.setting_value("sklearn.svm.SVC", "C", 5, "numpy.int64"),
    }
    different = {
        names.setting_value("sklearn.svm.SVC", "C", 5.0, "float"),
        names.setting_value("sklearn.svm.SVR", "C", 5, "int"),
        names.setting_value("sklearn.svm.SVC", "gamma", 5, "int"),
        names.setting_value("sklearn.svm.SVC", "C", "5", "str"),
        names.setting_value("sklearn.svm.SVC", "C", "5", "decimal.Decimal"),
    }
    assert len(same) == 1
    assert len(same | different) == 6


def test_commits_and_people_have_names_that_others_use_too() -> None:
    assert commit_iri(BASE, "a" * 40) == f"swh:1:rev:{'a' * 40}"
    assert commit_iri(BASE, "a" * 64) == f"{BASE}commit/{'a' * 64}"
    assert person_iri(BASE, "ada", "0000-0002-1825-0097") == "https://orcid.org/0000-0002-1825-0097"
    assert person_iri(BASE, "ada", "https://orcid.org/0000-0002-1825-009X").endswith("/0000-0002-1825-009X")
    assert person_iri(BASE, "ada", "not an orcid") == f"{BASE}agent/ada"


def test_only_the_base_differs_between_homes() -> None:
    elsewhere = Names("https://example.org/kg/")
    for one, other in (
        (names.run("x"), elsewhere.run("x")),
        (names.content("ab"), elsewhere.content("ab")),
        (names.notebook("/a/b.ipynb"), elsewhere.notebook("/a/b.ipynb")),
    ):
        assert one.removeprefix(names.base) == other.removeprefix(elsewhere.base)


def test_a_kernel_can_load_it_without_the_libraries_of_the_store() -> None:
    code = (
        "import sys, provkg.identity; "
        "print(sorted(set(sys.modules) & {'pyoxigraph', 'rdflib', 'click', 'rich', 'asyncio', 'nbformat'}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
