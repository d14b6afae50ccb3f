"""Records of data: values in memory, files, outputs."""

from __future__ import annotations

from provkg.records.kinds import Digest, Evidence, FileMode, OutputKind, Record, SplitRole, ValueKind

__all__ = ["Column", "Error", "File", "Fingerprint", "MediaContent", "Output", "Value"]


class Column(Record, frozen=True):
    """One column of a table: its name, element type and number of missing values where counted."""

    name: str
    type: str
    missing: int | None = None


class Fingerprint(Record, frozen=True):
    """A digest of a value's content in memory.

    ``algorithm`` names the canonical form too (``xxh3-frame``); two fingerprints compare only when
    their algorithms are equal. ``covers`` is partial when a size limit cut it short.
    """

    algorithm: str
    hex: str
    covers: Digest = Digest.FULL


class Value(Record, frozen=True):
    """One state of a program object that matters: a data set, a model, a prediction.

    ``object`` numbers the object in the run and ``version`` its states from 1; changing the object in
    place makes the next version, which names the one before in ``revision_of``. ``type`` is the
    qualified Python class; ``names`` are the variables bound to it when it was recorded; ``shape`` is in rows
    first; ``element_type`` is that of an array or column without a name (``float64``). ``role`` says which
    part of a split it is, and ``role_evidence`` how that is known: a splitter made it (observed, or declared
    where only the code tells), or only its name says so. ``fold`` is the rank of the fold from 1.
    ``evidence`` tells how it is known that there was such a value. ``found``
    says that it was there when recording began or went on, so that nothing is known of what made it.
    """

    id: str
    object: int
    version: int
    kind: ValueKind
    type: str
    names: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    columns: tuple[Column, ...] = ()
    element_type: str = ""
    fingerprint: Fingerprint | None = None
    role: SplitRole | None = None
    role_evidence: Evidence = Evidence.OBSERVED
    fold: int | None = None
    revision_of: str = ""
    evidence: Evidence = Evidence.OBSERVED
    found: bool = False


class File(Record, frozen=True):
    """A file at one path, as it was read or written: an occurrence of the content ``sha256`` names.

    ``path`` is absolute. What was read from the network has a ``url`` instead, without credentials; what a
    setting leaves out has neither. ``size`` is in bytes. ``sha256`` is lower-case hexadecimal, and empty when
    ``covers`` is ``none``. ``package`` names the distribution (``scikit-learn``) that ships the file.
    ``evidence`` tells how it is known that it was read or written. ``later_sha256`` and ``later_size`` are
    those of the content that an importer found at the path, which need not be what was there then.
    ``earlier_digest`` says that an earlier session took the digest, since when the file has not changed.
    """

    id: str
    path: str
    mode: FileMode
    sha256: str = ""
    size: int | None = None
    covers: Digest = Digest.FULL
    media_type: str = ""
    package: str = ""
    reason: str = ""
    """Why there is no digest."""
    url: str = ""
    evidence: Evidence = Evidence.OBSERVED
    later_sha256: str = ""
    later_size: int | None = None
    earlier_digest: bool = False

    @property
    def place(self) -> str:
        """Its path or address; empty for what was left out."""
        return self.path or self.url


class MediaContent(Record, frozen=True):
    """One representation of an output: media type, digest and size in bytes of its content."""

    media_type: str
    sha256: str
    size: int
    kept: bool = True
    """Whether the content is in the object folder."""


class Error(Record, frozen=True):
    """An exception: class name, message, traceback without colour, and the cell's line from 1."""

    name: str
    message: str
    traceback: str = ""
    line: int | None = None


class Output(Record, frozen=True):
    """Something a cell execution printed or displayed; ``text`` holds its plain text, cut to a limit."""

    id: str
    kind: OutputKind
    contents: tuple[MediaContent, ...] = ()
    text: str = ""
    truncated: bool = False
