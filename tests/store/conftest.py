"""What the tests of the store share."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from benchmarks.generate_runs import generate_runs, write_runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from provkg.config import Home
    from provkg.store import Store

    Content = Callable[..., set[str]]
    WriteRuns = Callable[..., list[str]]


@pytest.fixture
def content() -> Content:
    """Tells the quads of a store, alike for two stores that differ in the names of blank nodes only.

    ``base`` is what to write for the store's base.
    """

    def read(store: Store, base: str = "") -> set[str]:
        dump = BytesIO()
        store.dump(dump)
        text = dump.getvalue().decode().replace(store.base, base or store.base)
        lines = [line for line in text.split("\n") if line]
        named = {line for line in lines if "_:" not in line}
        dataset = ox.Dataset(ox.parse("\n".join({*lines} - named), ox.RdfFormat.N_QUADS))
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        return named | set(map(str, dataset))

    return read


@pytest.fixture
def journal(home: Home) -> WriteRuns:
    """Writes generated runs to the journal and gives their ids; some events of theirs, when asked."""

    def write(count: int, *, events: slice = slice(None), seed: int = 0) -> list[str]:
        return write_runs(home, (run[events] for run in generate_runs(count, seed)))

    return write
