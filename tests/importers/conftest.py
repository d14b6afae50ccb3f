"""Notebooks made up cell by cell, and what is recorded of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from provkg import journal
from provkg.importers.ingesting import Ingester
from provkg.records import Run

if TYPE_CHECKING:
    from provkg.config import Home

Json = dict[str, Any]


def code(source: str, count: int | None = None, *outputs: Json, **fields: Any) -> Json:
    """A cell of code as it is saved."""
    return {
        "cell_type": "code",
        "metadata": {},
        "source": source,
        "execution_count": count,
        "outputs": list(outputs),
        **fields,
    }


def printed(text: str, name: str = "stdout") -> Json:
    return {"output_type": "stream", "name": name, "text": text}


def result(text: str, count: int | None = None) -> Json:
    data = {"text/plain": text}
    return {"output_type": "execute_result", "execution_count": count, "data": data, "metadata": {}}


def error(name: str, message: str, traceback: str = "") -> Json:
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": traceback.split("\n")}


class Told(Protocol):
    """Saves cells as a notebook, ingests it, and gives the runs that are recorded of it."""

    def __call__(self, *cells: Json, metadata: Json | None = None) -> Run: ...


@pytest.fixture
def all_told(home: Home, tmp_path: Path) -> Any:
    """All runs that a notebook tells of."""
    ingester = Ingester(home)

    def tell(*cells: Json, metadata: Json | None = None, **fields: Any) -> Sequence[Run]:
        document = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata or {}, "cells": cells, **fields}
        path = tmp_path / "saved.ipynb"
        path.write_text(json.dumps(document))
        done = ingester.ingest(path)
        assert not done.problem
        found = [journal.read_run(home, run) for run in done.runs]
        return [run for run in found if run is not None]

    return tell


@pytest.fixture
def told(all_told: Any) -> Told:
    """The one run that a notebook tells of."""

    def tell(*cells: Json, metadata: Json | None = None) -> Run:
        (run,) = all_told(*cells, metadata=metadata)
        assert isinstance(run, Run)
        return run

    return tell


def kinds(run: Run) -> list[str]:
    """The kinds of findings."""
    assert run.examined is not None
    return [finding.kind for finding in run.examined.findings]
