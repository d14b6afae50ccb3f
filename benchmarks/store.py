"""Measures the way from the journal to the store.

The records of generated runs are read, folded, mapped and loaded into a store on disk, in turn with the
engine's own bulk loading of the same quads from text, which is the limit: of the named graphs alone, and with
the merge of them all, which provkg keeps as the default graph. Rates count the quads of named graphs. Then
what one run costs that is new, one that grew, one whose journal is gone, and an opening with nothing to do;
and what the journal costs whoever appends to it.

    python -m benchmarks.store --runs 100 --repeat 5
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyoxigraph

from benchmarks.generate_runs import generate_run, generate_runs, write_runs
from provkg.config import Home, create_home
from provkg.journal import Journal, journal_path, read_run, runs
from provkg.mapping import nquads
from provkg.records import Event, Run, encode_event
from provkg.store import open_store
from provkg.store.embedded import EmbeddedStore
from provkg.store.materialize import bring_up_to_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PIECE = 20_000_000
"""Characters in a piece, as provkg loads them."""


class Cost(NamedTuple):
    """Seconds of wall time and of processor time in all threads."""

    wall: float
    cpu: float


def cost(task: Callable[[], object]) -> Cost:
    """What a task costs."""
    wall, cpu = time.perf_counter(), time.process_time()
    task()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def print_row(name: str, values: list[float], unit: str, *, note: str = "", digits: int = 0) -> None:
    """A line of the table: median, then the smallest and the largest."""
    low, middle, high = min(values), statistics.median(values), max(values)
    spread = f"{low:,.{digits}f} … {high:,.{digits}f}"
    print(f"{name:<46} {middle:>12,.{digits}f} {unit:<14} {spread:>23}  {note}".rstrip())


@contextmanager
def fresh_folder(folder: Path) -> Iterator[Path]:
    """A place for a store, empty before and after."""
    place = Path(tempfile.mkdtemp(dir=folder)) / "store"
    try:
        yield place
    finally:
        shutil.rmtree(place.parent)


def materialized(home: Home, folder: Path) -> Cost:
    """The journal to a store on disk, by provkg."""
    with fresh_folder(folder) as place, EmbeddedStore(place, home.base) as store:
        return cost(lambda: bring_up_to_date(store, home))


def bulk_loaded(pieces: list[str], folder: Path) -> Cost:
    """Text to a store on disk, by the engine alone."""
    with fresh_folder(folder) as place:
        store = pyoxigraph.Store(str(place))
        spent = cost(partial(load_pieces, store, pieces))
        del store  # closes its files
        return spent


def load_pieces(store: pyoxigraph.Store, pieces: list[str]) -> None:
    """The engine's way."""
    for piece in pieces:
        store.bulk_load(piece, pyoxigraph.RdfFormat.N_QUADS)
    store.flush()


def in_pieces(texts: list[str]) -> list[str]:
    """The texts joined to pieces of the size provkg loads."""
    pieces: list[str] = []
    waiting: list[str] = []
    for text in texts:
        waiting.append(text)
        if sum(map(len, waiting)) >= PIECE:
            pieces.append("".join(waiting))
            waiting = []
    return [*pieces, "".join(waiting)]


def merge_of(texts: list[str]) -> str:
    """The triples of all graphs, each once, as quads of the default graph."""
    triples = {quad.triple for text in texts for quad in pyoxigraph.parse(text, pyoxigraph.RdfFormat.N_QUADS)}
    text = BytesIO()
    pyoxigraph.serialize(triples, text, pyoxigraph.RdfFormat.N_TRIPLES)
    return text.getvalue().decode()


def measure_bulk(home: Home, folder: Path, repeat: int) -> None:
    """From records to quads on disk, against the engine's own loading of the same quads."""
    told: list[Run] = []
    texts: list[str] = []
    merge = ""

    def read() -> None:
        told[:] = [run for name in runs(home) if (run := read_run(home, name))]

    def map_all() -> None:
        texts[:] = [nquads(run, home.base) for run in told]

    rows = {
        "read and fold": "journal to records",
        "map": "records to text",
        "provkg": "journal to store, end to end",
        "pieces": "bulk_load of the text, in the same pieces",
        "whole": "bulk_load of the text, in one call",
        "merge": "bulk_load of the text and the merge, in one",
    }
    sides: dict[str, list[Cost]] = {side: [] for side in rows}
    for _ in range(repeat):
        sides["read and fold"].append(cost(read))
        sides["map"].append(cost(map_all))
        sides["provkg"].append(materialized(home, folder))
        sides["pieces"].append(bulk_loaded(in_pieces(texts), folder))
        sides["whole"].append(bulk_loaded(["".join(texts)], folder))
        merge = merge or merge_of(texts)
        sides["merge"].append(bulk_loaded(["".join([*texts, merge])], folder))
    quads, size = sum(text.count("\n") for text in texts), sum(map(len, texts)) / 1e6
    print(
        f"{len(told):,} runs, {quads:,} quads ({quads / len(told):,.0f} a run), {size:,.0f} MB of text; "
        f"their merge has {merge.count(chr(10)):,} triples\n"
    )
    for side, name in rows.items():
        by_cpu = statistics.median(quads / spent.cpu for spent in sides[side])
        rates = [quads / spent.wall for spent in sides[side]]
        print_row(name, rates, "quads/s", note=f"{by_cpu:>10,.0f} per CPU second")
    for side in ("pieces", "whole", "merge"):
        pairs = list(zip(sides[side], sides["provkg"], strict=True))
        by_cpu = statistics.median(limit.cpu / ours.cpu for limit, ours in pairs)
        ratios = [limit.wall / ours.wall for limit, ours in pairs]
        print_row(f"speed of provkg to bulk_load, {side}", ratios, "", digits=2, note=f"{by_cpu:.2f} by CPU")


def measure_single(home: Home, repeat: int, first: int) -> None:
    """One run more, one that grew, and nothing to do, in a store that is full already."""
    sides: dict[str, list[float]] = {"new": [], "grown": [], "idle": [], "gone": [], "opening": []}
    for number in range(first, first + 2 * repeat):
        with open_store(home) as store:
            events = generate_run(number)
            (run,) = write_runs(home, [events[:-4]])

            update = partial(bring_up_to_date, store, home)
            sides["new"].append(1e3 * cost(update).wall)
            with Journal(home, run) as journal:
                journal.append(events[-4])
                journal.append(events[-3])
            sides["grown"].append(1e3 * cost(update).wall)
            sides["idle"].append(1e3 * cost(update).wall)
        sides["opening"].append(1e3 * cost(lambda: open_store(home).close()).wall)
        journal_path(home, run).unlink()
        with EmbeddedStore(home.store_folder, home.base) as store:
            sides["gone"].append(1e3 * cost(partial(bring_up_to_date, store, home)).wall)
    print_row("a run more, into the full store", sides["new"], "ms", digits=1)
    print_row("a cell more in a run", sides["grown"], "ms", digits=1)
    print_row("a run whose journal is gone", sides["gone"], "ms", digits=1)
    print_row("nothing to do, store open", sides["idle"], "ms", digits=1)
    print_row("open_store() and close(), nothing to do", sides["opening"], "ms", digits=1)


def append_all(journal: Journal, events: list[Event]) -> None:
    """Capture's way."""
    for event in events:
        journal.append(event)


def measure_journal(home: Home, repeat: int) -> None:
    """What a run's events cost whoever appends them."""
    events: list[Event] = [event for run in generate_runs(20) for event in run]
    size = statistics.mean(len(encode_event(event)) + 1 for event in events)
    append: list[float] = []
    sync: list[float] = []
    for _ in range(repeat):
        with Journal(home, "measured") as journal:
            append.append(1e6 * cost(partial(append_all, journal, events)).wall / len(events))
            sync.append(1e3 * cost(journal.sync).wall)
        journal.path.unlink()
    print_row("journal: an event appended", append, "µs", digits=1, note=f"of {size:,.0f} bytes on average")
    print_row(f"journal: fsync after {len(events):,} events", sync, "ms", digits=1)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--runs", type=int, default=100, help="how many runs (default 100)")
    parser.add_argument("--repeat", type=int, default=5, help="how often each side is measured (default 5)")
    parser.add_argument("--folder", type=Path, help="where the stores are made (default: temporary files)")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="provkg-", dir=options.folder))
    try:
        home = create_home(folder / ".provkg")
        write_runs(home, generate_runs(options.runs))
        print(f"{'':<46} {'median':>12} {'':<14} {'smallest … largest':>23}")
        measure_bulk(home, folder, options.repeat)
        measure_single(home, options.repeat, options.runs)
        measure_journal(home, options.repeat)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
