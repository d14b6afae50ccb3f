from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from provkg.store.embedded import EmbeddedStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BASE = "https://example.org/"
QUAD = f'<{BASE}s> <{BASE}p> "0" <{BASE}g> .\n'
NEVER = pytest.fail


@pytest.mark.parametrize("on_disk", [True, False])
def test_what_was_read_is_kept_until_the_store_is_written(tmp_path: Path, on_disk: bool) -> None:
    with EmbeddedStore(tmp_path / "store" if on_disk else None, BASE) as store:
        writes: tuple[Callable[[], None], ...] = (
            lambda: store.load(QUAD),
            lambda: store.replace_graph(f"{BASE}g", QUAD.replace('"0"', '"1"')),
            lambda: store.drop_graph(f"{BASE}g"),
        )
        for write in writes:
            assert store.remember("answer", lambda: b"old") == b"old"
            assert store.remember("answer", lambda: NEVER("it is kept")) == b"old"
            write()
            assert store.remember("answer", lambda: b"new") == b"new"
            write()


def test_what_is_kept_outlives_the_process_and_the_engine_does_not_mind(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path / "store", BASE) as store:
        store.load(QUAD)
        store.remember("answer", lambda: b"kept")
    for _ in range(2):
        with EmbeddedStore(tmp_path / "store", BASE) as store:
            assert store.remember("answer", lambda: NEVER("it is kept")) == b"kept"
            assert bool(store.query("ASK { ?s ?p ?o }"))


def test_what_was_read_before_a_write_is_not_kept_after_it(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path / "store", BASE) as store:

        def read_while_another_writes() -> bytes:
            store.load(QUAD)
            return b"stale"

        assert store.remember("answer", read_while_another_writes) == b"stale"
        assert store.remember("answer", lambda: b"fresh") == b"fresh"


def test_a_name_cannot_lead_elsewhere(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path / "store", BASE) as store, pytest.raises(ValueError, match="cannot name"):
        store.remember("../answer", lambda: b"")
