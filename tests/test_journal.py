from __future__ import annotations

import errno
import hashlib
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import typing
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provkg.config import Home, create_home
from provkg.errors import JournalError
from provkg.journal import (
    Journal,
    annotate_run,
    get_object,
    journal_path,
    put_object,
    read_events,
    read_run,
    runs,
)
from provkg.records import (
    Annotated,
    CellExecution,
    CellFinished,
    CellStarted,
    DocumentSeen,
    EnvironmentSeen,
    Event,
    Notice,
    RunFinished,
    RunKind,
    RunStarted,
    Status,
    encode_event,
    fold,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN = "6b1a7c5e-6a3c-4f0e-9b06-0c9b8a3f2d11"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
START = RunStarted(run=RUN, kind=RunKind.NOTEBOOK, started_at=NOON, recorder="provkg 0.1.0")
END = RunFinished(ended_at=NOON, status=Status.SUCCEEDED)


def cell(order: int, source: str = "x = 1") -> CellFinished:
    digest = hashlib.sha256(source.encode()).hexdigest()
    return CellFinished(execution=CellExecution(order=order, source=source, sha256=digest, started_at=NOON))


PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    NoneType: st.none(),
    bool: st.booleans(),
    str: st.text(max_size=8),
    int: st.integers(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    datetime: st.datetimes(
        min_value=datetime(1970, 1, 2),  # noqa: DTZ001 (the zone is drawn beside it)
        timezones=st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours))),
    ),
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Every value of a type that records are made of."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (Union, UnionType):
        return st.one_of(*(values_of(argument) for argument in arguments))
    if origin is tuple:
        return st.lists(values_of(arguments[0]), max_size=2).map(tuple)
    if kind in PLAIN:
        return PLAIN[kind]
    return records(kind) if issubclass(kind, msgspec.Struct) else st.sampled_from(list(kind))


def records(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    fields = {name: values_of(hints[name]) for name in kind.__struct_fields__}
    required = {
        field.name: fields.pop(field.name) for field in msgspec.structs.fields(kind) if field.required
    }
    return st.fixed_dictionaries(required, optional=fields).map(lambda chosen: kind(**chosen))


EVENTS = st.one_of(
    *(
        records(kind)
        for kind in (RunStarted, EnvironmentSeen, DocumentSeen, CellStarted, CellFinished, RunFinished)
    )
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return create_home(tmp_path / ".provkg")


def read(path: Path) -> tuple[list[Event], list[Notice]]:
    notices: list[Notice] = []
    return [event for event, _ in read_events(path, report=notices.append)], notices


def test_events_come_back_as_they_were_appended(home: Home) -> None:
    with Journal(home, RUN) as journal:
        for event in (START, cell(1), END):
            journal.append(event)
        journal.sync()
    assert read(journal_path(home, RUN)) == ([START, cell(1), END], [])
    assert read_run(home, RUN) == fold([START, cell(1), END])


@settings(max_examples=60, deadline=None)
@given(st.lists(EVENTS, max_size=4))
def test_every_event_survives_the_journal(events: list[Event]) -> None:
    with tempfile.TemporaryDirectory() as name:
        home = create_home(Path(name) / ".provkg")
        with Journal(home, RUN) as journal:
            for event in events:
                journal.append(event)
        if events:
            assert read(journal.path) == (events, [])
        else:
            assert not journal.path.exists()


def check_cut(events: list[Event], cut: int) -> None:
    """A journal that ends at a byte gives every whole line, and so does one that goes on from there."""
    whole = b"".join(encode_event(event) + b"\n" for event in events)
    kept = whole[:cut]
    # A line is whole with its last byte, the line feed or not.
    survivors = events[: kept.count(b"\n") + (whole[cut : cut + 1] == b"\n")]
    torn = bool(kept) and len(b"".join(encode_event(event) + b"\n" for event in survivors)) < cut
    with tempfile.TemporaryDirectory() as name:
        home = create_home(Path(name) / ".provkg")
        path = journal_path(home, RUN)
        path.write_bytes(kept)
        found, notices = read(path)
        assert found == survivors
        assert bool(notices) == torn
        with Journal(home, RUN) as journal:
            journal.append(END)
            journal.append(START)
        found, notices = read(path)
        assert found == [*survivors, END, START]
        assert bool(notices) == torn


def test_a_journal_cut_at_any_byte_gives_every_whole_line_and_takes_more() -> None:
    events: list[Event] = [START, cell(1, "größe = 'a\\n'"), END]
    for cut in range(sum(len(encode_event(event)) + 1 for event in events) + 1):
        check_cut(events, cut)


@settings(max_examples=60, deadline=None)
@given(st.lists(EVENTS, min_size=1, max_size=3), st.data())
def test_any_journal_may_be_cut_anywhere(events: list[Event], data: st.DataObject) -> None:
    size = sum(len(encode_event(event)) + 1 for event in events)
    check_cut(events, data.draw(st.integers(0, size)))


def test_a_line_cut_short_is_noticed_with_its_place(home: Home) -> None:
    with Journal(home, RUN) as journal:
        journal.append(START)
    size = journal.path.stat().st_size
    with journal.path.open("ab") as file:
        file.write(b'{"event":"cell-fin')
    assert read(journal.path)[1] == [
        Notice(
            where=f"{RUN}.jsonl, byte {size}",
            message="the last line was cut short (18 bytes) and is left out",
        )
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            b'{"event":"cell-finished/2","execution":{}}',
            "cell-finished/2 is left out: it needs a newer provkg",
        ),
        (b'{"event":"run-finished/1"}', "run-finished/1 is left out: .*`ended_at`"),
        (b"\x00" * 4096, "damaged line"),
        (b"\xff\xfe\xfa", "damaged line"),
        (b"[1, 2]", "damaged line"),
        (b'{"event":"run-started/1","run":"\xff"}', "run-started/1 is left out: .*utf-8"),
    ],
)
def test_an_unreadable_line_costs_only_itself(home: Home, line: bytes, reason: str) -> None:
    path = journal_path(home, RUN)
    path.write_bytes(b"\n".join([encode_event(START), line, encode_event(END), b""]))
    events, notices = read(path)
    assert events == [START, END]
    (notice,) = notices
    assert re.search(reason, notice.message)


def test_reading_goes_on_from_the_last_offset(home: Home) -> None:
    with Journal(home, RUN) as journal:
        journal.append(START)
        ((_, end),) = read_events(journal.path)
        journal.append(cell(1))
        journal.append(END)
    assert [event for event, _ in read_events(journal.path, from_offset=end)] == [cell(1), END]


def test_a_second_writer_does_not_glue_onto_what_the_first_left_while_both_are_open(home: Home) -> None:
    runner, kernel = Journal(home, RUN), Journal(home, RUN)
    runner.append(START)
    kernel.append(cell(1))
    with kernel.path.open("ab") as killed:
        killed.write(encode_event(cell(2))[:-30])
    runner.append(END)
    runner.close()
    kernel.close()
    events, notices = read(runner.path)
    assert events == [START, cell(1), END]
    assert len(notices) == 1


def test_a_process_killed_while_it_appends_leaves_every_acknowledged_event(home: Home) -> None:
    program = """
import sys
from datetime import datetime, UTC
from provkg.config import find_home
from provkg.journal import Journal
from provkg.records import CellExecution, CellFinished
journal = Journal(find_home(path=sys.argv[1]), sys.argv[2])
order = 0
while True:
    order += 1
    journal.append(CellFinished(execution=CellExecution(
        order=order, source="#" * 50_000, sha256="00", started_at=datetime.now(UTC))))
    print(order, flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(home.path), RUN], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    while int(process.stdout.readline()) < 50:
        pass
    process.send_signal(signal.SIGKILL)
    acknowledged = 50
    for line in process.stdout.read().splitlines():
        acknowledged = int(line)
    process.wait()
    process.stdout.close()
    orders = [
        event.execution.order for event in read(journal_path(home, RUN))[0] if isinstance(event, CellFinished)
    ]
    assert orders[:acknowledged] == list(range(1, acknowledged + 1))
    assert len(orders) <= acknowledged + 1


SPACE = 4096


@contextmanager
def little_space() -> Iterator[None]:
    """A limit on file sizes stands in for a full disk: both let the first part of a write through.

    It holds for this whole process, so it is over before pytest writes its next word.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SPACE, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_costs_only_the_event_that_did_not_fit(home: Home) -> None:
    with Journal(home, RUN) as journal:
        with little_space():
            journal.append(START)
            size = journal.path.stat().st_size
            with pytest.raises(JournalError, match="File too large") as caught:
                journal.append(cell(1, "#" * SPACE))
            journal.append(END)
        assert "space" in caught.value.remedy
        assert journal.path.stat().st_size > size
    assert read(journal.path) == ([START, END], [])


def test_a_full_disk_leaves_no_part_of_an_object(home: Home) -> None:
    with little_space(), pytest.raises(JournalError, match="File too large"):
        put_object(home, b"#" * (SPACE + 1))
    assert [path for path in home.objects_folder.rglob("*") if path.is_file()] == []


def test_a_real_full_disk_is_told_as_such(home: Home) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    journal_path(home, RUN).symlink_to("/dev/full")
    with Journal(home, RUN) as journal, pytest.raises(JournalError, match=os.strerror(errno.ENOSPC)):
        journal.append(START)


def test_a_journal_folder_that_is_gone_is_made_again(home: Home) -> None:
    home.journal_folder.rmdir()
    with Journal(home, RUN) as journal:
        journal.append(START)
    assert read(journal.path)[0] == [START]


def test_a_journal_that_cannot_be_written_is_an_error_with_a_remedy(home: Home) -> None:
    journal_path(home, RUN).mkdir()
    with Journal(home, RUN) as journal, pytest.raises(JournalError, match="Is a directory") as caught:
        journal.append(START)
    assert caught.value.remedy


def test_text_that_utf8_cannot_hold_is_written_escaped(home: Home) -> None:
    path = os.fsdecode(b"/data/caf\xe9.csv")
    with Journal(home, RUN) as journal:
        journal.append(msgspec.structs.replace(START, folder=path))
    (event,) = read(journal.path)[0]
    assert isinstance(event, RunStarted)
    assert event.folder == "/data/caf\\udce9.csv"


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a/b", ".hidden", "a\n"])
def test_a_run_id_cannot_leave_the_journal(home: Home, name: str) -> None:
    with pytest.raises(JournalError, match="Not a run id"):
        Journal(home, name)


def test_runs_are_the_journals_with_their_sizes(home: Home) -> None:
    assert runs(home) == {}
    for name in ("b", "a"):
        with Journal(home, name) as journal:
            journal.append(START)
    (home.journal_folder / "notes.txt").write_text("not a journal")
    size = len(encode_event(START)) + 1
    assert list(runs(home).items()) == [("a", size), ("b", size)]


def said(key: str, value: str, about: str = "") -> Annotated:
    return Annotated(about=about, key=key, value=value, at=NOON)


class TestAnnotations:
    @pytest.fixture
    def written(self, home: Home) -> Home:
        with Journal(home, RUN) as journal:
            journal.append(START)
        return home

    def test_what_is_said_later_belongs_to_the_run_and_makes_its_size_grow(self, written: Home) -> None:
        before = runs(written)[RUN]
        journal = journal_path(written, RUN).read_bytes()
        annotate_run(
            written, RUN, [said("licence", "MIT"), said("licence", "Apache-2.0"), said("licence", "MIT")]
        )
        run = read_run(written, RUN)
        assert run is not None
        assert sorted(one.value for one in run.annotations) == ["Apache-2.0", "MIT"]
        assert runs(written)[RUN] > before
        assert journal_path(written, RUN).read_bytes() == journal

    def test_an_empty_value_takes_back_what_one_key_said_of_one_thing(self, written: Home) -> None:
        annotate_run(written, RUN, [said("a", "1"), said("b", "1"), said("a", "1", "5.2"), said("a", "")])
        annotate_run(written, RUN, [said("a", "2")])
        run = read_run(written, RUN)
        assert run is not None
        assert [(one.about, one.key, one.value) for one in run.annotations] == [
            ("", "b", "1"),
            ("5.2", "a", "1"),
            ("", "a", "2"),
        ]

    def test_a_torn_annotation_costs_itself_alone(self, written: Home) -> None:
        annotate_run(written, RUN, [said("a", "1")])
        with journal_path(written, RUN).with_suffix(".annotations").open("ab") as file:
            file.write(b'{"event":"annotated/1","key":"b"')
        annotate_run(written, RUN, [said("c", "1")])
        run = read_run(written, RUN)
        assert run is not None
        assert [one.key for one in run.annotations] == ["a", "c"]

    def test_a_run_that_is_not_there_cannot_be_annotated(self, home: Home) -> None:
        with pytest.raises(JournalError, match="There is no journal"):
            annotate_run(home, RUN, [said("a", "1")])
        assert runs(home) == {}

    def test_annotations_without_their_run_are_no_run(self, written: Home) -> None:
        annotate_run(written, RUN, [said("a", "1")])
        journal_path(written, RUN).unlink()
        assert runs(written) == {}


def test_a_home_without_a_journal_has_no_runs(home: Home) -> None:
    home.journal_folder.rmdir()
    assert runs(home) == {}


def test_reading_a_journal_that_is_not_there_is_an_error(home: Home) -> None:
    with pytest.raises(JournalError, match="No such file"):
        read_run(home, RUN)


def test_a_journal_without_beginning_tells_of_no_run(home: Home) -> None:
    with Journal(home, RUN) as journal:
        journal.append(cell(1))
    assert read_run(home, RUN) is None


def test_an_object_is_named_by_its_digest_and_kept_once(home: Home) -> None:
    digest, kept = put_object(home, b"figure")
    assert (digest, kept) == (hashlib.sha256(b"figure").hexdigest(), True)
    assert put_object(home, b"figure") == (digest, True)
    assert [path.name for path in home.objects_folder.rglob("*") if path.is_file()] == [digest]
    assert get_object(home, digest) == b"figure"


def test_a_content_beyond_the_limit_is_digested_and_not_kept(home: Home) -> None:
    small = msgspec.structs.replace(home, limits=msgspec.structs.replace(home.limits, object_bytes=3))
    assert put_object(small, b"abc")[1]
    digest, kept = put_object(small, b"abcd")
    assert (digest, kept) == (hashlib.sha256(b"abcd").hexdigest(), False)
    with pytest.raises(JournalError, match="No object"):
        get_object(small, digest)


def test_a_changed_object_is_refused(home: Home) -> None:
    digest, _ = put_object(home, b"figure")
    (home.objects_folder / digest[:2] / digest).write_bytes(b"forged")
    with pytest.raises(JournalError, match="damaged"):
        get_object(home, digest)


def test_an_object_cut_short_by_a_power_failure_is_mended_by_the_next_one(home: Home) -> None:
    digest, _ = put_object(home, b"figure")
    (home.objects_folder / digest[:2] / digest).write_bytes(b"")
    put_object(home, b"figure")
    assert get_object(home, digest) == b"figure"


def test_writers_of_the_same_object_at_once_leave_one_whole_object(home: Home) -> None:
    content = os.urandom(2_000_000)
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: put_object(home, content), range(16)))
    ((digest, kept),) = answers
    assert kept
    assert get_object(home, digest) == content
    assert len([path for path in home.objects_folder.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("digest", ["", "../../../etc/passwd", "AB" * 32, "ab" * 31])
def test_only_a_digest_names_an_object(home: Home, digest: str) -> None:
    with pytest.raises(JournalError, match="Not a SHA-256 digest"):
        get_object(home, digest)
