"""Derivation through every public method and function of pandas, each called on a real table in a kernel."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from pandas.core.resample import Resampler

from tests.capture.conftest import Execute

FILE = tomllib.loads(Path(__file__).with_name("pandas_calls.toml").read_text(encoding="utf-8"))
CALLS: dict[str, dict[str, str]] = FILE["calls"]
NEWEST_KNOWN = (3, 1)
TABLE = pd.DataFrame({"a": [1]})
OWNERS = {
    "DataFrame": pd.DataFrame,
    "Series": pd.Series,
    "DataFrameGroupBy": type(TABLE.groupby("a")),
    "SeriesGroupBy": type(TABLE.groupby("a")["a"]),
    "Rolling": type(TABLE.rolling(1)),
    "Expanding": type(TABLE.expanding()),
    "ExponentialMovingWindow": type(TABLE.ewm(1)),
    "Resampler": Resampler,
    "str": type(pd.Series(["a"]).str),
    "cat": type(pd.Series(["a"], dtype="category").cat),
    "Index": pd.Index,
    "functions": pd,
}


def expressions() -> Iterator[tuple[str, str, str]]:
    """Where the thing called is listed, its name, and the call; without what this pandas does not have."""
    for table, calls in CALLS.items():
        for name, call in calls.items():
            if not name.isidentifier() or hasattr(OWNERS.get(table, TABLE), name) or table not in OWNERS:
                yield table, name, call


@pytest.mark.usefixtures("tables")
def test_what_any_method_gives_back_leads_to_the_file_its_table_was_read_from(execute: Execute) -> None:
    named = {f"r{rank}": each for rank, each in enumerate(expressions())}
    lines = [f"{variable} = {call}" for variable, (_, _, call) in named.items()]
    cells = ["\n".join(lines[start : start + 60]) for start in range(0, len(lines), 60)]
    seen = execute("import warnings; warnings.simplefilter('ignore')", FILE["start"], *cells)
    assert seen.run.executions[-1].order == len(cells) + 2
    missing = []
    for variable, (table, name, call) in named.items():
        evidence = None if table in FILE["by_text"] else "observed"
        if "a.csv" not in seen.came_from(variable, evidence=evidence):
            missing.append(f"{table} {name}: {call}")
    assert missing == []


@pytest.mark.parametrize("table", OWNERS)
def test_every_public_name_of_pandas_is_known_to_give_data_or_none(table: str) -> None:
    version = tuple(int(part) for part in pd.__version__.split(".")[:2])
    if version > NEWEST_KNOWN:
        pytest.skip(f"pandas {pd.__version__} may have names that nobody has looked at yet")
    owner = OWNERS[table]
    public = {name for name in dir(owner) if not name.startswith("_")}
    if owner is pd:
        public = {name for name in public if callable(getattr(pd, name))}
        public = {name for name in public if not isinstance(getattr(pd, name), type)}
    known = CALLS[table].keys() | CALLS["plain"].keys() | set(FILE["not_data"][table])
    assert public - known == set()
