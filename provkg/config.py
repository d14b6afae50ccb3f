"""The home folder `.provkg/`: where it is, and what its `config.toml` says.

A home is found by walking up from a folder, as git finds `.git`. ``PROVKG_HOME`` or an explicit path
goes before that. This module is imported in kernels: it stays cheap.
"""

from __future__ import annotations

import os
import re
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias
from uuid import UUID, uuid4

import msgspec

from provkg.errors import HomeError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Capture", "Check", "Home", "Knowledge", "Limits", "create_home", "ensure_home", "find_home"]

FOLDER = ".provkg"
VARIABLE = "PROVKG_HOME"
CONFIG = "config.toml"

Size: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of what was seen is kept or read."""

    object_bytes: Size = 10_000_000
    """Largest content kept in the object folder, in bytes; of a larger one only the digest is kept."""
    output_characters: Size = 20_000
    """Longest plain text of one output kept in the journal, in characters."""
    digest_bytes: Size = 1_000_000_000
    """Largest file that is read whole for its digest, in bytes."""
    digest_part_bytes: Size = 16_000_000
    """Of a larger file, so many bytes from its beginning are digested; 0 for none."""
    file_count: Size = 10_000
    """Most files recorded of one execution."""
    notebook_bytes: Size = 100_000_000
    """Largest notebook file that `provkg ingest` reads, in bytes."""
    fingerprint_bytes: Size = 100_000_000
    """Largest value in memory whose fingerprint is of its whole content, in bytes."""
    fingerprint_part_bytes: Size = 16_000_000
    """Of a larger value, rows of about so many bytes, spread over all, get a fingerprint; 0 for none."""


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """What is recorded of a run besides its code and activities."""

    outputs: bool = True
    """Texts of outputs go into the journal; their contents and the notebook file into the object folder."""
    files: bool = True
    """Files read and written."""
    reuse_digests: bool = True
    """Of a large file that has not changed since an earlier session digested it, that digest is taken."""
    leave_out_paths: tuple[str, ...] = ()
    """Files and addresses that are neither named nor digested: ``*/private/*``."""
    person: bool = True
    """Who ran it: login name and full name."""
    leave_out_columns: tuple[str, ...] = ()
    """Columns of tables that are not named: patterns as of a shell (``patient_*``)."""
    leave_out_hooks: tuple[str, ...] = ()
    """Hooks that shall not be used: names in `provkg.capture.hooks.HOOKS` (``pandas``)."""


class Knowledge(msgspec.Struct, frozen=True, kw_only=True):
    """What library calls mean, besides what provkg knows."""

    files: tuple[str, ...] = ()
    """Knowledge files besides `knowledge.toml` in the home, as paths from there."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """Which rules `provkg check` applies."""

    leave_out: tuple[str, ...] = ()
    """Rules that are switched off: names as `provkg check --list` shows them."""
    rules: tuple[str, ...] = ()
    """Folders with rules besides those of provkg, as paths from the home."""


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """A home folder and its configuration.

    ``path`` is absolute. ``base`` is the IRI that every instance's IRI begins with; it ends in ``/``.
    ``notices`` say what in the configuration was not understood and therefore ignored.
    """

    path: Path
    id: UUID
    base: str
    limits: Limits = Limits()
    capture: Capture = Capture()
    knowledge: Knowledge = Knowledge()
    check: Check = Check()
    notices: tuple[str, ...] = ()

    @property
    def knowledge_files(self) -> tuple[Path, ...]:
        """The user's own knowledge files, the first of most weight."""
        own = self.path / "knowledge.toml"
        named = tuple(self.path / Path(name).expanduser() for name in self.knowledge.files)
        return (own, *named) if own.exists() else named

    @property
    def journal_folder(self) -> Path:
        """One file per run."""
        return self.path / "journal"

    @property
    def objects_folder(self) -> Path:
        """Contents by digest."""
        return self.path / "objects"

    @property
    def store_folder(self) -> Path:
        """The Oxigraph database; disposable."""
        return self.path / "store"


def find_home(
    start: str | os.PathLike[str] | None = None, *, path: str | os.PathLike[str] | None = None
) -> Home:
    """The home that holds for the folder `start` (default: the working folder).

    `path` names the home folder, or the folder it is in, and goes before ``PROVKG_HOME``, which goes
    before walking up from `start`.

    Raises:
        HomeError: there is none, or its `config.toml` cannot be read or makes no sense.
    """
    found, wanted = _locate(start, path)
    if found is None:
        raise HomeError(
            f"No home {FOLDER} {'at' if wanted.name == FOLDER else 'in or above'} {wanted}.",
            "Make one with `provkg init`, or name one with --home or PROVKG_HOME.",
        )
    return _load(found)


def create_home(path: str | os.PathLike[str], base: str | None = None) -> Home:
    """Makes `path` a home and returns it; a home that is already there is returned as it is.

    `base` is the IRI that the IRIs of instances begin with, by default ``arcp://uuid,<store id>/``. When
    several processes make the same home at once, all get the same one.

    Raises:
        HomeError: `base` is not an absolute IRI ending in ``/``, differs from the base of the home that
            is already there, or the folder cannot be written.
    """
    if base is not None:
        _check_base(base, "The base IRI")
    folder = Path(path).resolve()
    try:
        if not (folder / CONFIG).exists():
            (folder / "journal").mkdir(parents=True, exist_ok=True)
            (folder / "objects").mkdir(exist_ok=True)
            _create_once(folder / ".gitignore", "store*/\nstore.lock\nserver.json\ndigests.txt*\n")
            _create_once(folder / CONFIG, _config_text(uuid4(), base))
    except OSError as error:
        raise HomeError(
            f"Cannot make the home {folder}: {error.strerror}.",
            "Choose a folder you can write with --home or PROVKG_HOME.",
        ) from error
    home = _load(folder)
    if base is not None and home.base != base:
        raise HomeError(
            f"The home {folder} already exists, with the base IRI {home.base}.",
            f"To change it, edit `base` in {folder / CONFIG}.",
        )
    return home


def ensure_home(
    start: str | os.PathLike[str] | None = None, *, path: str | os.PathLike[str] | None = None
) -> Home:
    """The home that `find_home` finds; where there is none, it is made.

    It is made at `path`, at ``PROVKG_HOME``, or as ``.provkg`` in `start`.

    Raises:
        HomeError: the home is damaged, or cannot be made.
    """
    found, wanted = _locate(start, path)
    if found is not None:
        return _load(found)
    named = path is not None or os.environ.get(VARIABLE)
    return create_home(wanted if named else wanted / FOLDER)


def _locate(
    start: str | os.PathLike[str] | None, path: str | os.PathLike[str] | None
) -> tuple[Path | None, Path]:
    """The home folder, where there is one, and where it was looked for."""
    named = path if path is not None else os.environ.get(VARIABLE)
    if named:
        wanted = Path(named).resolve()
        for folder in (wanted, wanted / FOLDER):
            if (folder / CONFIG).is_file():
                return folder, wanted
        return None, wanted
    wanted = Path(start if start is not None else os.curdir).resolve()
    for above in (wanted, *wanted.parents):
        if (above / FOLDER / CONFIG).is_file():
            return above / FOLDER, wanted
    return None, wanted


def _create_once(path: Path, text: str) -> None:
    """Writes a file whole, unless it exists; of several writers at once exactly one wins."""
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        draft.write_text(text, encoding="utf-8")
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        except OSError:  # a file system without hard links: readers wait for the text (_read_config)
            try:
                with path.open("x", encoding="utf-8") as file:
                    file.write(text)
            except FileExistsError:
                return
    finally:
        draft.unlink(missing_ok=True)


def _config_text(store_id: UUID, base: str | None) -> str:
    limits, capture = Limits(), Capture()
    return f"""\
# The home of provkg's records; `provkg doctor` checks it.

[store]
id = "{store_id}"
# Every IRI of a run, file or value begins with this.
base = "{base or f"arcp://uuid,{store_id}/"}"

[limits]
# Largest content kept in objects/, in bytes; of a larger one only the digest is kept.
object_bytes = {limits.object_bytes:_}
# Longest plain text of one output kept in the journal, in characters.
output_characters = {limits.output_characters:_}
# Largest file that is read whole for its digest, in bytes.
digest_bytes = {limits.digest_bytes:_}
# Of a larger file, so many bytes from its beginning are digested; 0 for none.
digest_part_bytes = {limits.digest_part_bytes:_}
# Most files recorded of one cell.
file_count = {limits.file_count:_}
# Largest notebook file that `provkg ingest` reads, in bytes.
notebook_bytes = {limits.notebook_bytes:_}
# Largest value in memory whose fingerprint is of its whole content, in bytes.
fingerprint_bytes = {limits.fingerprint_bytes:_}
# Of a larger value, rows of about so many bytes, spread over all, get a fingerprint; 0 for none.
fingerprint_part_bytes = {limits.fingerprint_part_bytes:_}

[capture]
# Keep the texts of outputs, and their contents and the notebook file in objects/. Without, only digests
# and sizes are recorded (and the messages of errors).
outputs = {str(capture.outputs).lower()}
# Record the files that are read and written.
files = {str(capture.files).lower()}
# Take the digest of a large file from an earlier session when its times show that it has not changed since.
reuse_digests = {str(capture.reuse_digests).lower()}
# Files and addresses that shall be neither named nor digested, such as "*/private/*"; * also stands for /.
leave_out_paths = []
# Record who ran it.
person = {str(capture.person).lower()}
# Columns that are not named in the record of a table: ["patient_*", "ssn"]. The source of cells is kept as it
# is, and so are outputs that show them.
leave_out_columns = []
# Hooks on libraries that shall not be used, such as "pandas" or "sklearn".
leave_out_hooks = []

[knowledge]
# Files that say what the functions of your own libraries do, besides knowledge.toml in this folder.
files = []

[check]
# Rules that `provkg check` shall not apply; `provkg check --list` names them.
leave_out = []
# Folders with rules of your own.
rules = []
"""


class _Store(msgspec.Struct):
    id: UUID
    base: str = ""


class _Content(msgspec.Struct):
    store: _Store
    limits: Limits = Limits()
    capture: Capture = Capture()
    knowledge: Knowledge = Knowledge()
    check: Check = Check()


def _load(folder: Path) -> Home:
    path = folder / CONFIG
    written = _read_config(path)
    try:
        content = msgspec.convert(written, _Content)
    except msgspec.ValidationError as error:
        raise HomeError(
            f"{path} does not fit: {error}.",
            "Correct the value, or delete its line for the default; only `store.id` has none.",
        ) from error
    base = content.store.base or f"arcp://uuid,{content.store.id}/"
    _check_base(base, f"`store.base` in {path}")
    return Home(
        path=folder,
        id=content.store.id,
        base=base,
        limits=content.limits,
        capture=content.capture,
        knowledge=content.knowledge,
        check=content.check,
        notices=tuple(f"{path}: `{key}` is not known and was ignored." for key in _unknown(written)),
    )


def _unknown(written: dict[str, Any]) -> Iterator[str]:
    sections = {"store": _Store, "limits": Limits, "capture": Capture, "knowledge": Knowledge, "check": Check}
    for name, section in written.items():
        if name not in sections:
            yield name
        else:
            yield from (f"{name}.{key}" for key in section if key not in sections[name].__struct_fields__)


def _read_config(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
        deadline = time.monotonic() + 1.0
        while not content and time.monotonic() < deadline:  # another process is just writing it
            time.sleep(0.01)
            content = path.read_bytes()
        if not content:
            raise HomeError(f"{path} is empty.", "Delete it and run `provkg init` again.")
        return tomllib.loads(content.decode())
    except OSError as error:
        raise HomeError(f"Cannot read {path}: {error.strerror}.", "Check the file's permissions.") from error
    except UnicodeDecodeError as error:
        raise HomeError(f"{path} is not UTF-8 text: {error.reason}.", "Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise HomeError(f"{path} is not valid TOML: {error}.", "Correct that line.") from error


# RFC 3987, narrowed on purpose: no query or fragment, since names are added behind the base; no IP literal
# as host; beyond ASCII only letters and digits.
_BASE = re.compile(
    r"""(?xi)
    (?: https?:// (?: (?: [\w.~!$&'()*+,;=:-] | %[0-9a-f]{2} )* @ )?
        (?: [\w.~!$&'()*+,;=-] | %[0-9a-f]{2} )+ (?: :[0-9]+ )? (?= / )
    |   (?! https?: ) [a-z][a-z0-9+.-]* : )
    (?: [\w.~!$&'()*+,;=:@/-] | %[0-9a-f]{2} )* / """
)


def _check_base(base: object, what: str) -> None:
    if not isinstance(base, str) or not _BASE.fullmatch(base):
        raise HomeError(
            f"{what} is not an absolute IRI ending in `/`: {base!r}.",
            "Write one such as https://example.org/runs/.",
        )
