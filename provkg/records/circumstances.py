"""Records of a run's circumstances: environment, machine, commit, person, findings, what went unseen."""

from __future__ import annotations

from provkg.records.kinds import Evidence, Record

__all__ = ["Agent", "Commit", "Environment", "Finding", "Hardware", "Notice", "Package"]


class Package(Record, frozen=True):
    """An installed distribution, by its published name, and the top-level modules that were imported."""

    name: str
    version: str
    modules: tuple[str, ...] = ()


class Hardware(Record, frozen=True):
    """A machine: architecture, processor, logical cores, memory in bytes, accelerators by name."""

    machine: str = ""
    processor: str = ""
    cores: int | None = None
    memory: int | None = None
    accelerators: tuple[str, ...] = ()


class Commit(Record, frozen=True):
    """A commit of the repository that holds the code.

    ``dirty`` is True when tracked files had changes that were not committed. ``repository`` is the
    origin's URL without credentials.
    """

    hash: str
    branch: str = ""
    dirty: bool | None = None
    repository: str = ""


class Environment(Record, frozen=True):
    """The software and hardware a run took place in.

    ``python`` is the version of Python, and empty where the code is in another language. ``language`` and
    ``language_version`` are what the kernel calls its language, where only its messages were seen.
    """

    python: str
    implementation: str = "CPython"
    platform: str = ""
    kernel: str = ""
    """Name and version of the kernel implementation (``ipykernel 7.4.0``)."""
    packages: tuple[Package, ...] = ()
    hardware: Hardware = Hardware()
    language: str = ""
    language_version: str = ""


class Agent(Record, frozen=True):
    """A person: login name, full name and ORCID where known."""

    user: str
    name: str = ""
    orcid: str = ""


class Notice(Record, frozen=True):
    """Something capture could not do: where, what, and how often in this execution."""

    where: str
    message: str
    count: int = 1


class Finding(Record, frozen=True):
    """Something that a look at the whole record concluded, such as an output its cell cannot have made.

    ``kind`` is a short name that findings of one kind share, ``message`` one sentence with the proof.
    ``orders`` are the executions it is about, ``cells`` positions in the document from 0.
    """

    kind: str
    message: str
    orders: tuple[int, ...] = ()
    cells: tuple[int, ...] = ()
    evidence: Evidence = Evidence.INFERRED
