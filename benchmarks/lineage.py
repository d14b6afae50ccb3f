"""How long lineage takes in a home of many runs: upstream of a model, downstream of the file most runs share.

    python -m benchmarks.lineage --runs 200 1000

Runs are generated (`benchmarks.generate_runs`). A store is opened once; each figure is the median of five in
it. Downstream takes time by what it finds: its figures stand beside the number of things.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.generate_runs import generate_runs, write_runs
from provkg.config import create_home
from provkg.lineage import asked, readable, to_prov, to_svg, trace
from provkg.queries.source import rows
from provkg.queries.sparql import prepare
from provkg.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from provkg.lineage import Lineage
    from provkg.store.port import Store

_READ = (
    """SELECT ?content ?file WHERE { GRAPH ?g { ?file a provkg:ReadFile ; provkg:hasContent ?content } }"""
)
_REPEATS = 5


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, nargs="+", default=[200, 1000])
    counts = parser.parse_args().runs
    print(f"{'runs':>6}  {'what':<34}{'things':>8}{'steps':>8}{'median':>12}")
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            home = create_home(Path(folder) / ".provkg")
            write_runs(home, generate_runs(count))
            with open_store(home) as store:
                measure(store, count)


def measure(store: Store, count: int) -> None:
    """Print the figures of one store."""
    shared, readers = Counter(
        content for content, _ in rows(store, prepare(_READ, store.prefixes))
    ).most_common(1)[0]
    model = asked(store, "forest")
    downstream = trace(store, shared, downstream=True)
    upstream = trace(store, model)
    tell(count, "upstream of a model", lambda: trace(store, model), upstream)
    what = f"downstream of a file of {readers} runs"
    tell(count, what, lambda: trace(store, shared, downstream=True), downstream)
    tell(count, "  made readable", lambda: readable(downstream), readable(downstream))
    tell(count, "  as PROV-O", lambda: to_prov(store, downstream), downstream)
    tell(count, "  as SVG", lambda: to_svg(readable(downstream)), downstream)


def tell(count: int, what: str, do: Callable[[], object], found: Lineage) -> None:
    """One row: the median time of doing it."""
    times = []
    for _ in range(_REPEATS):
        began = perf_counter()
        do()
        times.append(perf_counter() - began)
    things, steps = len(found.nodes), len(found.steps)
    print(f"{count:>6,}  {what:<34}{things:>8,}{steps:>8,}{median(times) * 1000:>9,.1f} ms", flush=True)


if __name__ == "__main__":
    main()
