from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from benchmarks.generate_runs import generate_run, write_runs
from provkg.config import Home, create_home, find_home
from provkg.errors import StoreBusyError, StoreError
from provkg.identity import Names
from provkg.journal import Journal, journal_path
from provkg.store import Report, Store, open_store, rebuild
from provkg.store.catalog import Catalog, mapping_digest, read_catalog
from provkg.terms import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Callable

    Content = Callable[..., set[str]]
    WriteRuns = Callable[..., list[str]]


def graphs(store: Store) -> set[str]:
    """The runs that have a graph."""
    answer = store.query("SELECT DISTINCT ?graph WHERE { GRAPH ?graph { ?s ?p ?o } }")
    assert isinstance(answer, ox.QuerySolutions)
    prefix = Names(store.base).run_graph("")
    names = {row["graph"].value for row in answer}
    return {name.removeprefix(prefix) for name in names if name.startswith(prefix)}


def stored(home: Home, content: Content) -> set[str]:
    with open_store(home) as store:
        return content(store)


def fresh(home: Home, content: Content) -> set[str]:
    """What a store made from nothing holds."""
    rebuild(home)
    return stored(home, content)


def test_opening_makes_a_graph_of_each_run(home: Home, journal: WriteRuns) -> None:
    runs = journal(3)
    with open_store(home) as store:
        assert graphs(store) == set(runs)
        assert store.report.runs == 3
        assert store.report.notices == ()


def test_a_home_without_runs_has_a_store(home: Home) -> None:
    with open_store(home) as store:
        assert graphs(store) == set()


def test_opening_again_does_nothing(home: Home, journal: WriteRuns, content: Content) -> None:
    journal(2)
    before = stored(home, content)
    with open_store(home) as store:
        assert (store.report.runs, store.report.dropped, store.report.rebuilt) == (0, 0, False)
        assert content(store) == before


def test_how_many_runs_are_new_is_told_before_they_are_added(home: Home, journal: WriteRuns) -> None:
    told: list[int] = []
    journal(3)
    open_store(home, begin=told.append).close()
    journal(2, seed=1)
    open_store(home, begin=told.append).close()
    open_store(home, begin=told.append).close()
    assert told == [3, 2, 0]


def test_only_what_is_new_or_grew_is_made_again(home: Home, journal: WriteRuns, content: Content) -> None:
    journal(3)
    open_store(home).close()
    (run,), events = journal(1, seed=1, events=slice(2)), generate_run(0, seed=1)
    with open_store(home) as store:
        assert store.report.runs == 1
    with Journal(home, run) as file:
        file.append(events[2])
    with open_store(home) as store:
        assert store.report.runs == 1
        made = content(store)
    assert made == fresh(home, content)


def test_a_run_seen_at_every_step_ends_as_one_seen_at_its_end(
    home: Home, journal: WriteRuns, content: Content
) -> None:
    (run,) = journal(1, events=slice(1))
    for event in generate_run(0)[1:]:
        open_store(home).close()
        with Journal(home, run) as file:
            file.append(event)
    assert stored(home, content) == fresh(home, content)


def test_a_deleted_journal_takes_its_graph_with_it(home: Home, journal: WriteRuns, content: Content) -> None:
    first, second = journal(2)
    open_store(home).close()
    journal_path(home, first).unlink()
    with open_store(home) as store:
        assert graphs(store) == {second}
        assert store.report.dropped == 1
        made = content(store)
    assert made == fresh(home, content)


def test_a_deleted_store_comes_back_the_same(home: Home, journal: WriteRuns, content: Content) -> None:
    journal(3)
    before = stored(home, content)
    for path in home.store_folder.iterdir():
        path.unlink()
    home.store_folder.rmdir()
    assert stored(home, content) == before


def test_rebuilding_gives_the_same_store(home: Home, journal: WriteRuns, content: Content) -> None:
    journal(3)
    before = stored(home, content)
    report = rebuild(home)
    assert (report.runs, report.rebuilt) == (3, True)
    assert re.fullmatch(r"3 runs \(\d,\d{3} quads\) in \d+\.\d s", str(report))
    assert stored(home, content) == before


def overwrite(home: Home, pattern: str, content: bytes) -> None:
    for path in home.store_folder.glob(pattern):
        path.write_bytes(content)


def flip(home: Home, pattern: str) -> None:
    for path in home.store_folder.glob(pattern):
        path.write_bytes(
            bytes(byte ^ 0xFF if place % 97 == 0 else byte for place, byte in enumerate(path.read_bytes()))
        )


def remove(home: Home, pattern: str) -> None:
    for path in home.store_folder.glob(pattern):
        path.unlink()


def replace_by_a_file(home: Home, pattern: str) -> None:
    remove(home, pattern)
    home.store_folder.rmdir()
    home.store_folder.write_text("not a store")


@pytest.mark.parametrize(
    "damage",
    [
        lambda home: overwrite(home, "CURRENT", b"garbage"),
        lambda home: overwrite(home, "MANIFEST*", b""),
        lambda home: overwrite(home, "*.sst", b""),
        lambda home: flip(home, "MANIFEST*"),
        lambda home: flip(home, "*.sst"),
        lambda home: remove(home, "*.sst"),
        lambda home: replace_by_a_file(home, "*"),
    ],
    ids=["current", "manifest cut", "tables cut", "manifest", "tables", "no tables", "a file"],
)
def test_a_damaged_store_is_made_anew_with_a_notice(
    home: Home, journal: WriteRuns, content: Content, damage: Callable[[Home], None]
) -> None:
    journal(2)
    before = stored(home, content)
    damage(home)
    with open_store(home) as store:
        assert store.report.rebuilt
        assert "damaged" in store.report.notices[0].message
        assert content(store) == before


def test_a_store_whose_last_writes_are_lost_catches_up(
    home: Home, journal: WriteRuns, content: Content
) -> None:
    journal(1)
    open_store(home).close()
    journal(2)
    before = stored(home, content)
    flip(home, "*.log")
    with open_store(home) as store:
        assert content(store) == before


def test_a_store_of_another_mapping_is_made_anew(home: Home, journal: WriteRuns, content: Content) -> None:
    (run,) = journal(1)
    before = stored(home, content)
    names = Names(home.base)
    with open_store(home) as store:
        other = Catalog(mapping="0" * 64, sizes={run: journal_path(home, run).stat().st_size})
        store.replace_graph(names.catalog_graph(), other.nquads(names))
        graph = names.run_graph(run)
        store.replace_graph(graph, f"<{graph}> <{home.base}said> <{home.base}before> <{graph}> .\n")
    with open_store(home) as store:
        assert store.report.rebuilt
        assert content(store) == before


def test_the_graph_of_an_older_ontology_gives_way_to_the_installed_one(
    home: Home, journal: WriteRuns, content: Content
) -> None:
    (run,) = journal(1)
    before = stored(home, content)
    names = Names(home.base)
    old = names.ontology_graph("0.0.1")
    size = journal_path(home, run).stat().st_size
    with open_store(home) as store:
        for graph in read_catalog(store).ontologies:
            store.drop_graph(graph)
        store.replace_graph(old, f"<{old}> <{home.base}said> <{home.base}before> <{old}> .\n")
        catalog = Catalog(mapping=mapping_digest(), sizes={run: size}, ontologies={old: "0" * 64})
        store.replace_graph(names.catalog_graph(), catalog.nquads(names))
    with open_store(home) as store:
        assert not store.report.rebuilt
        assert content(store) == before
        assert store.query(f"ASK {{ GRAPH ?graph {{ ?class a <{PREFIXES['owl']}Class> }} }}")


def test_with_another_base_nothing_keeps_the_old_one(
    home: Home, journal: WriteRuns, content: Content
) -> None:
    journal(1)
    before = stored(home, content)
    config = home.path / "config.toml"
    config.write_text(config.read_text().replace(home.base, "https://example.org/lab/"))
    moved = find_home(path=home.path)
    with open_store(moved) as store:
        assert not any(home.base in line for line in content(store))
        assert content(store, home.base) == before


def test_an_unreadable_line_is_noticed_and_the_rest_counts(home: Home, journal: WriteRuns) -> None:
    (run,) = journal(1, events=slice(6))
    with journal_path(home, run).open("ab") as file:
        file.write(b'{"event":"cell-fin')
    with open_store(home) as store:
        assert graphs(store) == {run}
        (notice,) = store.report.notices
        assert run in notice.where
        assert "cut short" in notice.message


def test_a_journal_without_beginning_makes_no_graph_and_is_not_read_again(
    home: Home, journal: WriteRuns
) -> None:
    (run,) = journal(1)
    lines = journal_path(home, run).read_bytes().splitlines(keepends=True)
    journal_path(home, run).write_bytes(b"".join(lines[1:]))
    with open_store(home) as store:
        assert graphs(store) == set()
    with open_store(home) as store:
        assert store.report.runs == 0


def test_a_journal_that_cannot_be_read_is_noticed_and_the_others_count(
    home: Home, journal: WriteRuns
) -> None:
    (run,) = journal(1)
    journal_path(home, "folder").mkdir()
    with open_store(home) as store:
        assert graphs(store) == {run}
        assert "folder" in store.report.notices[0].where


def test_a_journal_under_the_name_of_another_run_is_noticed_and_left_out(
    home: Home, journal: WriteRuns
) -> None:
    (run,) = journal(1)
    journal_path(home, "copy").write_bytes(journal_path(home, run).read_bytes())
    with open_store(home) as store:
        assert graphs(store) == {run}
        (notice,) = store.report.notices
        assert notice.where == "run copy"
        assert run in notice.message


# --- who has it open --------------------------------------------------------------------------------

HOLD = """
import sys
from provkg.config import find_home
from provkg.store import open_store
store = open_store(find_home(path=sys.argv[1]))
print("open", flush=True)
sys.stdin.readline()
"""


def holder(home: Home) -> subprocess.Popen[str]:
    """Another process that has the store open until it is told to end."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def test_a_store_open_in_another_process_is_busy_and_names_it(home: Home, journal: WriteRuns) -> None:
    journal(1)
    process = holder(home)
    for attempt in (open_store, rebuild):
        with pytest.raises(StoreBusyError, match=rf"open in process {process.pid}\b") as caught:
            attempt(home, timeout=0.1)
        assert caught.value.remedy
    process.communicate("\n")
    open_store(home, timeout=0).close()


def test_a_killed_process_holds_nothing(home: Home, journal: WriteRuns, content: Content) -> None:
    journal(1)
    process = holder(home)
    process.kill()
    process.communicate()
    assert stored(home, content) == fresh(home, content)


def test_opening_waits_for_another_to_end(home: Home) -> None:
    first = open_store(home)
    threading.Timer(0.2, first.close).start()
    began = time.monotonic()
    open_store(home, timeout=10).close()
    assert 0.1 < time.monotonic() - began < 5


def test_a_store_open_in_this_process_says_so(home: Home) -> None:
    with open_store(home), pytest.raises(StoreBusyError, match="in this process"):
        open_store(home, timeout=0)


def test_a_failed_opening_holds_nothing(home: Home) -> None:
    home.journal_folder.rmdir()
    home.journal_folder.write_text("not a folder")
    for _ in range(2):
        with pytest.raises(Exception, match="Not a directory"):
            open_store(home, timeout=0)


# --- faults -----------------------------------------------------------------------------------------

FILL = """
import sys
from provkg.config import find_home
from provkg.store import open_store, rebuild
home = find_home(path=sys.argv[1])
print("begins", flush=True)
rebuild(home) if sys.argv[2] == "rebuild" else open_store(home).close()
"""


@pytest.mark.parametrize("task", ["open", "rebuild"])
@pytest.mark.parametrize("delay", [0.0, 0.05, 0.12, 0.25])
def test_a_kill_at_any_moment_loses_nothing(
    home: Home, journal: WriteRuns, content: Content, task: str, delay: float
) -> None:
    journal(2)
    if task == "rebuild":
        open_store(home).close()
    journal(8)
    process = subprocess.Popen(
        [sys.executable, "-c", FILL, str(home.path), task], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with open_store(home) as store:
        assert len(graphs(store)) == 8
        made = content(store)
    assert made == fresh(home, content)
    assert not list(home.path.glob("store.[no]*"))


def test_a_kill_between_the_two_steps_of_a_swap_loses_nothing(
    home: Home, journal: WriteRuns, content: Content
) -> None:
    journal(2)
    before = stored(home, content)
    home.store_folder.rename(home.path / "store.new")
    with open_store(home) as store:
        assert store.report.runs == 0
        assert content(store) == before


FULL = """
import resource, signal, sys
from provkg.config import find_home
from provkg.errors import StoreError
from provkg.store import open_store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    open_store(find_home(path=sys.argv[1]))
except StoreError as error:
    print(error.message, error.remedy)
"""


def test_a_full_disk_is_told_and_costs_nothing_that_was_there(
    home: Home, journal: WriteRuns, content: Content
) -> None:
    journal(12)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(home.path)], capture_output=True, text=True, check=False
    )
    assert "Cannot" in done.stdout
    assert "space" in done.stdout
    with open_store(home) as store:
        assert len(graphs(store)) == 12


def test_a_home_that_cannot_be_written_answers_from_memory() -> None:
    with tempfile.TemporaryDirectory() as name:
        home = create_home(Path(name) / ".provkg")
        (run,) = write_runs(home, [generate_run(0)])
        paths = [Path(name), *Path(name).rglob("*")]
        for path in paths:
            path.chmod(0o555 if path.is_dir() else 0o444)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            with open_store(home) as store:
                assert graphs(store) == {run}
                assert "in memory" in store.report.notices[0].message
            with pytest.raises(StoreError, match="Permission denied"):
                rebuild(home)
        finally:
            if root:
                os.seteuid(0)
            for path in paths:
                path.chmod(0o755)
        assert not home.store_folder.exists()


def test_a_report_says_what_was_done() -> None:
    assert (
        str(Report(runs=1, quads=1234, seconds=0.04, dropped=2)) == "1 run (1,234 quads) in 0.0 s, 2 dropped"
    )
