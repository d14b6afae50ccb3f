"""Kernels killed by force at random moments: every cell that finished is in the journal.

`benchmarks/kill.py` does the same a hundred times.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.kill import trial


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_a_kill_loses_no_cell_that_finished(tmp_path: Path, seed: int) -> None:
    assert trial(tmp_path, random.Random(seed)).faults == ()
