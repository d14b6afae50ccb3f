"""Digests from earlier sessions: taken of files that cannot have changed since, and of no others."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from provkg.capture import digest_book
from provkg.capture.digest_book import DigestBook
from provkg.capture.digests import Stamp, content_of, stamp_of
from provkg.config import Home
from provkg.identity import sha256
from tests.capture.test_limits import configure, recorded

SIZE = 1_200_000


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A large file that counts as left alone at once."""
    monkeypatch.setattr(digest_book, "_AGE", 0)
    path = tmp_path / "large.bin"
    path.write_bytes(b"a" * SIZE)
    while time.time_ns() - path.stat().st_ctime_ns < 20_000_000:
        pass  # the clock of the file system goes in steps of some milliseconds
    return path


def digest(file: Path, book: DigestBook) -> tuple[str, bool]:
    found = content_of(str(file), SIZE * 2, 0, book)
    return found.sha256, found.known


def book_at(file: Path) -> DigestBook:
    """The book as a new session finds it."""
    return DigestBook(str(file.with_name("digests.txt")))


def test_an_unchanged_file_is_not_read_again(file: Path) -> None:
    first = sha256(b"a" * SIZE)
    assert digest(file, book_at(file)) == (first, False)
    assert digest(file, book_at(file)) == (first, True)
    moved = file.rename(file.with_name("moved.bin"))
    assert digest(moved, book_at(file)) == (first, False)  # its time of change is another
    link = file.with_name("link.bin")
    link.symlink_to(moved)
    assert digest(link, book_at(file)) == (first, True)


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"b")


def overwrite_and_set_back(path: Path) -> None:
    times = path.stat()
    overwrite(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def replace(path: Path) -> None:
    times = path.stat()
    other = path.with_name("other")
    other.write_bytes(b"b" * SIZE)
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [overwrite, overwrite_and_set_back, replace])
def test_a_changed_file_is_read_though_size_and_time_of_modification_are_the_same(
    change: Callable[[Path], None], file: Path
) -> None:
    old, _ = digest(file, book_at(file))
    change(file)
    new, known = digest(file, book_at(file))
    assert (known, new) == (False, sha256(file.read_bytes()))
    assert new != old


def test_a_file_that_was_just_written_or_changes_meanwhile_is_not_remembered(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp = stamp_of(str(file))
    assert stamp is not None
    book_at(file).add(stamp, stamp._replace(changed=stamp.changed + 1), "0" * 64)
    book_at(file).add(stamp, None, "0" * 64)
    monkeypatch.setattr(digest_book, "_AGE", 60_000_000_000)
    assert digest(file, book_at(file)) == digest(file, book_at(file)) == (sha256(b"a" * SIZE), False)
    small = Stamp(999_999, 1, 1, 1, 1, regular=True)
    book_at(file).add(small, small, "0" * 64)
    assert not file.with_name("digests.txt").exists()
    old = small._replace(size=SIZE, changed=time.time_ns() - 61_000_000_000)
    book_at(file).add(old, old, "0" * 64)
    assert book_at(file).find(old) == "0" * 64


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff" * 999, b"1 2 3 4 5 abc\n" * 9, b"1 2 3 4 5 " + b"0" * 63, b"\n" * 99]
)
def test_a_damaged_book_is_passed_over_and_written_on(content: bytes, file: Path) -> None:
    file.with_name("digests.txt").write_bytes(content)
    assert [digest(file, book_at(file))[1] for _ in range(2)] == [False, True]


def test_a_book_that_cannot_be_read_or_written_is_none(file: Path) -> None:
    file.with_name("digests.txt").mkdir()
    assert [digest(file, book_at(file))[1] for _ in range(2)] == [False, False]


def test_a_book_does_not_grow_without_end(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest_book, "_MOST", 10)
    stamps = [Stamp(SIZE, number, 1, number, 1, regular=True) for number in range(25)]
    for stamp in stamps:
        book_at(file).add(stamp, stamp, f"{stamp.inode:064}")
    assert [book_at(file).find(stamp)[-2:] for stamp in stamps] == [""] * 15 + [str(n) for n in range(15, 25)]
    assert len(file.with_name("digests.txt").read_text().split()) == 60


def test_the_record_says_that_a_digest_is_from_an_earlier_session(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_text("a\n" + "1\n" * 600_000)
    stamp = stamp_of(str(path))
    assert stamp is not None
    line = f"{stamp.device} {stamp.inode} {stamp.size} {stamp.modified} {stamp.changed} {'5' * 64}\n"
    (home.path / "digests.txt").write_text(line)
    cell = "import pandas as pd\ntable = pd.read_csv('large.csv'); table.to_csv('copy.csv', index=False)"
    first = recorded(home, cell)
    seen = first.file("large.csv")
    assert (seen.sha256, seen.earlier_digest, seen.covers) == ("5" * 64, True, "full")
    assert not first.file("copy.csv").earlier_digest
    second = recorded(configure(home, reuse_digests=False), cell)
    assert (second.file("large.csv").sha256, second.file("large.csv").earlier_digest) == (
        sha256(path.read_bytes()),
        False,
    )
