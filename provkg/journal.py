"""The journal: one append-only file of events per run, one for what is said of it later, and objects.

The journal is the truth; everything else can be made again from it. One process at a time appends to a
run's file, each event as one write of one whole line, so a kill at any byte costs at most the event that
was being written. This module is imported in kernels: it stays cheap.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self
from uuid import uuid4

import msgspec

from provkg.confidential import cleaned, holds_credentials
from provkg.errors import JournalError
from provkg.records import Notice, decode_event, encode_event, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from provkg.config import Home
    from provkg.records import Annotated, Event, Run

__all__ = [
    "Journal",
    "annotate_run",
    "get_object",
    "is_whole",
    "journal_path",
    "put_object",
    "read_events",
    "read_run",
    "runs",
    "write_run",
]

_SUFFIX = ".jsonl"
_ANNOTATIONS = ".annotations"
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class Journal:
    """Appends the events of one run.

    Usable as a context manager. The file is made with the first event.

    Raises:
        JournalError: `run` is not a run id.
    """

    def __init__(self, home: Home, run: str) -> None:
        self.path = journal_path(home, run)
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, event: Event) -> None:
        """Writes one event behind the others.

        Raises:
            JournalError: it could not be written whole (a full disk, a read-only folder). The file then
                ends as before, and the next event can be tried.
        """
        try:
            if self._descriptor is None:
                self._descriptor = _open_for_appending(self.path)
            _append_line(self._descriptor, _line_of(event))
        except OSError as error:
            raise JournalError(
                f"Cannot write to the journal {self.path}: {error.strerror}.",
                "Free some space or check the folder's permissions; what was written before is kept.",
            ) from error

    def sync(self) -> None:
        """Returns when all events are on the disk itself; for a run's end, as it takes milliseconds.

        Raises:
            JournalError: the disk reports an error.
        """
        if self._descriptor is None:
            return
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise JournalError(f"Cannot sync the journal {self.path}: {error.strerror}.") from error

    def close(self) -> None:
        """Closes the file; a later `append` opens it again."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)


def _line_of(event: Event) -> bytes:
    """The line of an event, without the credentials that its texts hold."""
    line = encode_event(event)
    if holds_credentials(line):
        line = msgspec.json.encode(cleaned(msgspec.json.decode(line)))
    return line + b"\n"


def _open_for_appending(path: Path) -> int:
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o666)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, flags, 0o666)


def _append_line(descriptor: int, line: bytes) -> None:
    size = os.fstat(descriptor).st_size
    # Whoever wrote before may have been killed within a line: do not glue onto it.
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        line = b"\n" + line
    written = 0
    try:
        while written < len(line):
            written += os.write(descriptor, line[written:] if written else line)
    except OSError:
        if written and os.fstat(descriptor).st_size == size + written:
            os.ftruncate(descriptor, size)
        raise


def write_run(home: Home, run: str, events: Iterable[Event]) -> None:
    """Writes the whole journal of a run that is over; others see all of it or none.

    It is not synced to the disk, as many may be written at a time: `is_whole` tells after a power cut.

    Raises:
        JournalError: `run` is not a run id, or it could not be written.
    """
    path = journal_path(home, run)
    try:
        events = list(events)
        lines = b"\n".join([*map(encode_event, events), b""])
        if holds_credentials(lines):
            lines = b"".join(map(_line_of, events))
        _write_whole(path, lines)
    except OSError as error:
        raise JournalError(
            f"Cannot write the journal {path}: {error.strerror}.",
            "Free some space or check the folder's permissions.",
        ) from error


def annotate_run(home: Home, run: str, annotations: Iterable[Annotated]) -> None:
    """Adds what was said of a run to the file beside its journal, which outlasts that a run is read anew.

    Raises:
        JournalError: the run has no journal, or it could not be written.
    """
    path = journal_path(home, run)
    if not path.exists():
        raise JournalError(f"There is no journal {path}.", "`provkg runs` lists the runs that there are.")
    path = path.with_suffix(_ANNOTATIONS)
    try:
        descriptor = _open_for_appending(path)
        try:
            _append_line(descriptor, b"".join(map(_line_of, annotations)))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise JournalError(f"Cannot write {path}: {error.strerror}.") from error


def _write_whole(path: str | Path, content: bytes) -> None:
    """Writes a file so that others see all of it or none."""
    # By plain calls of the system, as there may be thousands.
    folder = os.path.split(path)[0]
    draft = f"{folder}{os.sep}.{uuid4().hex}"
    try:
        try:
            descriptor = os.open(draft, _NEW_FILE, 0o666)
        except FileNotFoundError:
            Path(folder).mkdir(parents=True, exist_ok=True)
            descriptor = os.open(draft, _NEW_FILE, 0o666)
        try:
            written = os.write(descriptor, content)
            while written < len(content):
                written += os.write(descriptor, memoryview(content)[written:])
        finally:
            os.close(descriptor)
        os.replace(draft, path)  # noqa: PTH105
    except BaseException:
        with suppress(OSError):
            Path(draft).unlink()
        raise


def is_whole(home: Home, run: str, last: str) -> bool:
    """Whether a run has a journal whose last line is an event with the tag `last`.

    Raises:
        JournalError: `run` is not a run id.
    """
    beginning = f'{{"event":"{last}"'.encode()
    try:
        with journal_path(home, run).open("rb") as lines:
            end = lines.seek(0, os.SEEK_END)
            tail, size = b"", 0
            while size < end and tail.rstrip(b"\n").find(b"\n") < 0:
                size = min(end, max(4096, size * 8))
                lines.seek(end - size)
                tail = lines.read(size)
    except OSError:
        return False
    return tail.endswith(b"\n") and tail.rstrip(b"\n").rpartition(b"\n")[2].startswith(beginning)


def journal_path(home: Home, run: str) -> Path:
    """The file of a run's events, whether or not it exists.

    Raises:
        JournalError: `run` is not a run id.
    """
    if not _RUN.fullmatch(run):
        raise JournalError(f"Not a run id: {run!r}.", "A run id is a UUID.")
    return home.journal_folder / f"{run}{_SUFFIX}"


def runs(home: Home) -> dict[str, int]:
    """The runs that have a journal, each with the size of its files in bytes, in order of their ids.

    Raises:
        JournalError: the folder cannot be read.
    """
    sizes: dict[str, int] = {}
    more: dict[str, int] = {}
    try:
        with os.scandir(home.journal_folder) as entries:
            for entry in entries:
                name, dot, suffix = entry.name.rpartition(".")
                of = {_SUFFIX: sizes, _ANNOTATIONS: more}.get(dot + suffix)
                if of is not None and _RUN.fullmatch(name):
                    of[name] = entry.stat().st_size
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise JournalError(f"Cannot read the journal {home.journal_folder}: {error.strerror}.") from error
    return {run: size + more.get(run, 0) for run, size in sorted(sizes.items())}


def read_events(
    path: Path,
    from_offset: int = 0,
    report: Callable[[Notice], None] | None = None,
) -> Iterator[tuple[Event, int]]:
    """The events of a journal, each with the offset in bytes at which its line ends.

    Reading can go on later from the last offset given. A last line cut short, a damaged line and an event
    of a newer schema are left out; `report` is told of each.

    Raises:
        JournalError: the file cannot be read.
    """
    try:
        with path.open("rb") as lines:
            yield from _decoded(lines, from_offset, report, path.name)
    except OSError as error:
        raise JournalError(f"Cannot read the journal {path}: {error.strerror}.") from error


def _decoded(
    lines: BinaryIO, end: int, report: Callable[[Notice], None] | None, name: str
) -> Iterator[tuple[Event, int]]:
    lines.seek(end)
    for line in lines:
        start, end = end, end + len(line)
        if line.isspace():
            continue
        try:
            event = decode_event(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            if report is not None:
                report(Notice(where=f"{name}, byte {start}", message=_reason(line, error)))
            continue
        # A line without its line feed that decodes is whole: no proper beginning of an object is JSON.
        yield event, end


class _Tag(msgspec.Struct):
    event: str


def _reason(line: bytes, error: Exception) -> str:
    if not line.endswith(b"\n"):
        return f"the last line was cut short ({len(line)} bytes) and is left out"
    try:
        tag = msgspec.json.decode(line, type=_Tag).event
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return f"a damaged line ({len(line)} bytes) is left out: {error}"
    if isinstance(error, msgspec.ValidationError) and str(error).endswith("at `$.event`"):
        return f"the event {tag} is left out: it needs a newer provkg"
    return f"the event {tag} is left out: {error}"


def read_run(home: Home, run: str, report: Callable[[Notice], None] | None = None) -> Run | None:
    """The run that its journal tells of; None when the journal has no readable beginning.

    Raises:
        JournalError: there is no such journal, or it cannot be read.
    """
    path = journal_path(home, run)
    events = read_events(path, report=report)
    said = path.with_suffix(_ANNOTATIONS)
    if said.exists():
        events = chain(events, read_events(said, report=report))
    return fold(event for event, _ in events)


def put_object(home: Home, content: bytes) -> tuple[str, bool]:
    """Keeps a content in the object folder; returns its SHA-256 and whether it is kept.

    It is not kept when it is larger than ``home.limits.object_bytes`` or holds credentials. Other
    processes see the whole object or none.

    Raises:
        JournalError: it could not be written.
    """
    digest = hashlib.sha256(content).hexdigest()
    if len(content) > home.limits.object_bytes or holds_credentials(content):
        return digest, False
    path = f"{home.objects_folder}/{digest[:2]}/{digest}"
    try:
        if _size(path) != len(content):
            _write_whole(path, content)
    except OSError as error:
        raise JournalError(
            f"Cannot keep an object of {len(content)} bytes in {home.objects_folder}: {error.strerror}.",
            "Free some space or check the folder's permissions.",
        ) from error
    return digest, True


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except FileNotFoundError:
        return None


def get_object(home: Home, digest: str) -> bytes:
    """The content whose SHA-256 is `digest`, verified.

    Raises:
        JournalError: it is not kept here, cannot be read, or its content has changed.
    """
    path = _object_path(home, digest)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise JournalError(
            f"No object {digest} in {home.objects_folder}.",
            "Only contents up to `limits.object_bytes` that hold no credentials are kept.",
        ) from error
    except OSError as error:
        raise JournalError(f"Cannot read the object {path}: {error.strerror}.") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise JournalError(
            f"The object {path} is damaged: its content has another digest.", "Delete the file."
        )
    return content


def _object_path(home: Home, digest: str) -> Path:
    if not _DIGEST.fullmatch(digest):
        raise JournalError(f"Not a SHA-256 digest: {digest!r}.", "It has 64 lower-case hexadecimal digits.")
    return home.objects_folder / digest[:2] / digest
