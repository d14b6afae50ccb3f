"""Digests, and the IRIs of instances that are derived from them.

Contents are named by digest and happenings by the run's UUID and a short identifier in it, so that the
same thing has the same IRI in every run of a home. Only the base differs from home to home. This module
is loaded in kernels for its digests: it stays cheap to import.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

__all__ = ["Json", "Names", "commit_iri", "digest", "escape", "package_iri", "person_iri", "sha256"]

Json: TypeAlias = str | int | float | bool | Sequence["Json"] | Mapping[str, "Json"] | None

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PLAIN = re.compile(r"[A-Za-z0-9\-_~][A-Za-z0-9\-._~]*", re.ASCII).fullmatch
_ORCID = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])", re.ASCII).fullmatch
_GIT_SHA1 = re.compile(r"[0-9a-f]{40}", re.ASCII).fullmatch
_THINGS = {"f": "file", "a": "activity", "r": "result", "o": "output"}


def sha256(content: bytes) -> str:
    """The SHA-256 digest of a content, in lower-case hexadecimal.

    >>> sha256(b"")[:16]
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(content).hexdigest()


def digest(value: Json) -> str:
    """The SHA-256 digest of the canonical JSON form of a value: sorted keys, no spaces, ASCII.

    Numbers are told apart by their spelling: ``1``, ``1.0`` and ``true`` are three values.

    >>> digest({"b": 1, "a": [True, None]}) == sha256(b'{"a":[true,null],"b":1}')
    True
    """
    return sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii"))


def escape(part: str) -> str:
    """One segment of an IRI path: everything but letters, digits and ``-._~`` percent-encoded as UTF-8.

    Never fails: lone surrogates, as in names of files that are not UTF-8, are encoded as if they were
    characters. Segments that begin with a dot have it encoded, so that none is ``.`` or ``..``.

    >>> escape("mean error/2"), escape("größe"), escape("..")
    ('mean%20error%2F2', 'gr%C3%B6%C3%9Fe', '%2E.')
    """
    if _PLAIN(part):
        return part
    encoded = "".join(
        chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in part.encode("utf-8", "surrogatepass")
    )
    return f"%2E{encoded[1:]}" if encoded.startswith(".") else encoded


def package_iri(name: str, version: str = "") -> str:
    """The package URL (ECMA-427) of a Python distribution, without a version when that is not known.

    >>> package_iri("scikit_learn", "1.9.1"), package_iri("Torch", "2.1+cpu")
    ('pkg:pypi/scikit-learn@1.9.1', 'pkg:pypi/torch@2.1%2Bcpu')
    """
    normal = escape(name.lower().replace("_", "-"))
    return f"pkg:pypi/{normal}@{escape(version)}" if version else f"pkg:pypi/{normal}"


def commit_iri(base: str, commit: str) -> str:
    """The Software Heritage identifier of a git commit, or an IRI below the base for other hashes.

    >>> commit_iri("https://example.org/", "0" * 40)[:15]
    'swh:1:rev:00000'
    """
    return f"swh:1:rev:{commit}" if _GIT_SHA1(commit) else f"{base}commit/{escape(commit)}"


def person_iri(base: str, user: str, orcid: str = "") -> str:
    """A person's ORCID where it is known and well formed, else an IRI made of the login name.

    >>> person_iri("https://example.org/", "ada")
    'https://example.org/agent/ada'
    """
    match = _ORCID(orcid)
    return f"https://orcid.org/{match[1]}" if match else f"{base}agent/{escape(user)}"


class Names(msgspec.Struct, frozen=True):
    """The IRIs of instances below one base, which ends in ``/``.

    >>> names = Names("https://example.org/")
    >>> names.thing("0b5c", "7.2"), names.thing("0b5c", "f3")
    ('https://example.org/run/0b5c/value/7.2', 'https://example.org/run/0b5c/file/f3')
    """

    base: str

    # what happens: named within its run

    def run(self, run: str) -> str:
        """A run."""
        return f"{self.base}run/{escape(run)}"

    def run_graph(self, run: str) -> str:
        """The named graph that describes a run."""
        return f"{self.base}graph/run/{escape(run)}"

    def inferred_graph(self, run: str) -> str:
        """The named graph of what is inferred about a run."""
        return f"{self.base}graph/inferred/{escape(run)}"

    def ontology_graph(self, version: str) -> str:
        """The named graph that holds one version of the ontology."""
        return f"{self.base}graph/ontology/{escape(version)}"

    def catalog_graph(self) -> str:
        """The named graph that describes the store."""
        return f"{self.base}graph/catalog"

    def execution(self, run: str, order: int) -> str:
        """The cell execution of one rank in a run."""
        return f"{self.run(run)}/execution/{order}"

    def thing(self, run: str, name: str) -> str:
        """What a record's short identifier stands for: a value, file, activity, result or output."""
        return f"{self.run(run)}/{_THINGS.get(name[:1], 'value')}/{escape(name)}"

    @staticmethod
    def columns(value: str, rank: int) -> str:
        """The columns of one rank, from 1, that have a history in common; of the value of an IRI."""
        return f"{value}/columns/{rank}"

    def variable(self, run: str, name: str) -> str:
        """A variable of a run."""
        return f"{self.run(run)}/variable/{escape(name)}"

    def variable_state(self, run: str, name: str, order: int) -> str:
        """The state of a variable that the execution of one rank set."""
        return f"{self.run(run)}/variable/{escape(name)}/{order}"

    def imported(self, run: str, order: int, rank: int) -> str:
        """The name bound by the import of one rank, from 1, in an execution."""
        return f"{self.run(run)}/execution/{order}/import/{rank}"

    def cell_version(self, run: str, cell: str, rank: int) -> str:
        """The text of one rank, from 1, that a cell had in a run when it was executed."""
        return f"{self.run(run)}/cell/{escape(cell)}/{rank}"

    def document_state(self, run: str, rank: int) -> str:
        """The state of the document of one rank, from 1, that was seen in a run."""
        return f"{self.run(run)}/document/{rank}"

    def document_cell(self, run: str, rank: int, index: int) -> str:
        """The cell at one position of a state of the document."""
        return f"{self.run(run)}/document/{rank}/{index}"

    def interpreter(self, run: str) -> str:
        """The kernel or interpreter process of a run."""
        return f"{self.run(run)}/interpreter"

    # what lasts: named by digest or by name, the same in every run

    def content(self, hexadecimal: str) -> str:
        """A content, by its SHA-256 digest."""
        return f"{self.base}sha256/{escape(hexadecimal)}"

    def notebook(self, identity: str) -> str:
        """A notebook, by the identifier in its metadata or else its path."""
        return f"{self.base}notebook/{self.document_key(identity)}"

    def script(self, identity: str) -> str:
        """A script, by its path."""
        return f"{self.base}script/{self.document_key(identity)}"

    def cell(self, document: str, cell: str) -> str:
        """A cell, by the identity of its document and its own id."""
        return f"{self.base}cell/{self.document_key(document)}/{escape(cell)}"

    @staticmethod
    def document_key(identity: str) -> str:
        """The hash that names a document: 32 hexadecimal digits."""
        return digest(identity)[:32]

    def environment(self, hexadecimal: str) -> str:
        """An environment, by the digest of its description."""
        return f"{self.base}environment/{hexadecimal}"

    def hardware(self, hexadecimal: str) -> str:
        """A machine, by the digest of its description."""
        return f"{self.base}hardware/{hexadecimal}"

    def table_schema(self, hexadecimal: str) -> str:
        """The columns of a table in their order, by the digest of their names and types."""
        return f"{self.base}table-schema/{hexadecimal}"

    def column(self, name: str, kind: str) -> str:
        """A column, by its name and element type."""
        return f"{self.base}column/{digest([name, kind])}"

    def implementation(self, qualified: str, package: str = "", version: str = "") -> str:
        """A class or function of one version of a package, by its qualified name."""
        provider = f"{escape(package)}@{escape(version)}/" if package else ""
        return f"{self.base}implementation/{provider}{escape(qualified)}"

    def setting_value(self, implementation: str, name: str, value: Json, kind: str) -> str:
        """One value of one parameter of one implementation.

        ``kind`` is the value's Python class; it counts only where the value stands as text for something
        that is no JSON scalar.
        """
        stands_for = kind if isinstance(value, str) and kind != "str" else ""
        return f"{self.base}setting-value/{digest([implementation, name, value, stands_for])}"

    def setting(self, name: str) -> str:
        """The parameter of one name, and the direct property for it on a run."""
        return f"{self.base}setting/{escape(name)}"

    def metric(self, name: str) -> str:
        """The metric of one name, and the direct property for it on a run."""
        return f"{self.base}metric/{escape(name)}"

    def agent(self, name: str) -> str:
        """A person or a program, by name."""
        return f"{self.base}agent/{escape(name)}"
