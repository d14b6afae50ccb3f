"""Runs notebooks for real, brings the store up to date, and asks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from provkg.config import Home
from provkg.queries import run_query
from provkg.results import Solutions
from provkg.store import open_store
from tests.capture.conftest import execute, live

__all__ = ["Asked", "execute", "live"]

Asked = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def asked(home: Home) -> Asked:
    """The rows that a SPARQL query gives, on a store made from the journal of the home."""

    def ask_store(query: str) -> list[dict[str, Any]]:
        with open_store(home) as store:
            shown = run_query(store, query)
        assert isinstance(shown, Solutions)
        return [dict(row) for row in shown]

    return ask_store
