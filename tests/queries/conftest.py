"""The store that the tests of questions ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from provkg.store import open_store
from tests.queries.manifest import make_home
from tests.queries.stories import FIXTURES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provkg.store.port import Store as OpenStore


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenStore]:
    """A store on disk, made from a journal that holds all sessions."""
    data = tuple(sorted(FIXTURES.glob("*.jsonl")))
    with open_store(make_home(tmp_path_factory.mktemp("questions"), data)) as opened:
        yield opened
